//! `[sip]` and `[tls]`: where it is spoken, and how we prove who we are.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use provision::HostMask;

use super::error::ConfigError;
use super::read::Reader;

/// `[sip]`: signalling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipConfig {
    /// UDP listeners.
    pub udp: Vec<SocketAddr>,
    /// TCP listeners.
    pub tcp: Vec<SocketAddr>,
    /// TLS listeners.
    pub tls: Vec<SocketAddr>,
    /// WebSocket listeners.
    pub ws: Vec<SocketAddr>,
    /// Listeners for WebSocket under TLS.
    pub wss: Vec<SocketAddr>,
    /// Web pages that may open a WebSocket, `https://HOST[:PORT]` or `*`; empty allows those of the same host.
    pub origins: Vec<String>,
    /// The address that others see instead of the interface's; port unchanged.
    pub external_ip: Option<IpAddr>,
    /// Proxies in front of phones, by address.
    pub edges: Vec<HostMask>,
    /// The digest realm.
    pub realm: String,
    /// The text of User-Agent and Server.
    pub user_agent: String,
    /// The session interval asked for, 90 to 86400 seconds (RFC 4028).
    pub session_expires: u32,
    /// The smallest session interval taken, 90 seconds up to `session_expires`.
    pub min_se: u32,
}

impl SipConfig {
    pub(super) fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let session_expires = reader.number("sip", "session_expires", 90..=86_400, 1_800)?;
        Ok(Self {
            udp: reader.addresses("sip", "udp", "0.0.0.0:5060")?,
            tcp: reader.addresses("sip", "tcp", "0.0.0.0:5060")?,
            tls: reader.addresses("sip", "tls", "")?,
            ws: reader.addresses("sip", "ws", "")?,
            wss: reader.addresses("sip", "wss", "")?,
            origins: reader.origins("sip", "origins")?,
            external_ip: reader.ip("sip", "external_ip")?,
            edges: reader.hosts("sip", "edges")?,
            realm: reader.text("sip", "realm", "tandem")?,
            user_agent: reader.text("sip", "user_agent", "Tandem")?,
            session_expires,
            min_se: reader.number("sip", "min_se", 90..=session_expires, 90)?,
        })
    }
}

/// `[tls]`: who we are and whom we believe. Every file is PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Our certificate and those between it and its authority; made by ourselves without one.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// The authorities that vouch for peers; the system's without one.
    pub ca: Option<PathBuf>,
}

impl TlsConfig {
    pub(super) fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            cert: reader.path("tls", "cert")?,
            key: reader.path("tls", "key")?,
            ca: reader.path("tls", "ca")?,
        })
    }
}
