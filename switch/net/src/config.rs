//! What the network layer is told at start.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base::limits;

use crate::guard::GuardConfig;
use crate::tls::TlsSetup;
use crate::ws::Origins;

/// Listeners, addresses to show, and bounds.
#[derive(Clone, Debug)]
pub struct NetConfig {
    /// UDP listeners; port 0 takes a free one.
    pub udp: Vec<SocketAddr>,
    /// TCP listeners; port 0 takes a free one.
    pub tcp: Vec<SocketAddr>,
    /// TLS listeners; port 0 takes a free one.
    pub tls: Vec<SocketAddr>,
    /// WebSocket listeners; port 0 takes a free one.
    pub ws: Vec<SocketAddr>,
    /// Listeners for WebSocket under TLS; port 0 takes a free one.
    pub wss: Vec<SocketAddr>,
    /// Who we are under TLS, and whom we believe.
    pub security: TlsSetup,
    /// Web pages that may open a WebSocket.
    pub origins: Origins,
    /// The address to show in Via and Contact instead of the interface's, for peers of its family that are not on loopback.
    pub external_ip: Option<IpAddr>,
    /// The same for SDP.
    pub media_external_ip: Option<IpAddr>,
    /// The only local address that media uses; `None` when it uses all of them.
    pub media_ip: Option<IpAddr>,
    /// Number of shards, at least 1.
    pub shards: u8,
    /// Bounds of stream connections.
    pub connections: ConnectionLimits,
    /// Who is heard.
    pub guard: GuardConfig,
}

/// Bounds of stream connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections of the node, both directions.
    pub total: usize,
    /// Connections with one peer address.
    pub per_source: usize,
    /// Connections of the node over which nobody has shown yet who it is, from addresses where nobody is known.
    pub strangers: usize,
    /// The same with one peer address.
    pub strangers_per_source: usize,
    /// How long a TLS handshake may take, and the one of WebSocket.
    pub handshake: Duration,
    /// How long the headers of a message may take once begun.
    pub headers: Duration,
    /// How long a body may take after its headers.
    pub body: Duration,
    /// How long a connection may say nothing.
    pub idle: Duration,
    /// How long a stranger's connection may ask nothing that gets an answer.
    pub stranger_idle: Duration,
    /// How long a connection may be a stranger's, whatever it says.
    pub stranger: Duration,
    /// How long opening one may take.
    pub connect: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: limits::CONNECTIONS,
            per_source: limits::CONNECTIONS_PER_SOURCE,
            strangers: limits::STRANGERS,
            strangers_per_source: limits::STRANGERS_PER_SOURCE,
            handshake: limits::CONNECTION_HANDSHAKE,
            headers: limits::CONNECTION_HEADERS,
            body: limits::CONNECTION_BODY,
            idle: limits::CONNECTION_IDLE,
            stranger_idle: limits::STRANGER_IDLE,
            stranger: limits::STRANGER_TIME,
            connect: limits::CONNECT,
        }
    }
}
