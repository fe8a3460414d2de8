//! What the network layer is told at start.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base::limits;

/// Listeners, addresses to show, and bounds.
#[derive(Clone, Debug)]
pub struct NetConfig {
    /// UDP listeners; port 0 takes a free one.
    pub udp: Vec<SocketAddr>,
    /// TCP listeners; port 0 takes a free one.
    pub tcp: Vec<SocketAddr>,
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
}

/// Bounds of stream connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Connections of the node, both directions.
    pub total: usize,
    /// Connections with one peer address.
    pub per_source: usize,
    /// How long the first message may take, and any message once begun.
    pub message: Duration,
    /// How long a connection may say nothing.
    pub idle: Duration,
    /// How long opening one may take.
    pub connect: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            total: limits::CONNECTIONS,
            per_source: limits::CONNECTIONS_PER_SOURCE,
            message: limits::CONNECTION_MESSAGE,
            idle: limits::CONNECTION_IDLE,
            connect: limits::CONNECT,
        }
    }
}
