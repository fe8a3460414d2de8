//! Where a SIP message came from and where one goes: the words between the network and a shard.

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;

use crate::dns::Host;

use crate::dns::Listens;

/// The transport protocol of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A byte stream in the clear.
    Tcp,
    /// A byte stream under TLS.
    Tls,
    /// WebSocket messages in the clear (RFC 7118).
    Ws,
    /// WebSocket messages under TLS (RFC 7118).
    Wss,
}

impl Transport {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// As written in a Via header: `UDP`, `TCP`, `TLS`, `WS`, `WSS`.
    #[must_use]
    pub fn via(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// As written in a URI's `transport` parameter: `udp`, `tcp`, `tls`, and `ws` for both kinds of WebSocket (RFC 7118 §5.2).
    #[must_use]
    pub fn param(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws | Self::Wss => "ws",
        }
    }

    /// The port a URI or Via without one means (RFC 3261 §19.1.2, RFC 7118 §5).
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// Whether its messages travel on connections; their `Flow` then names one.
    #[must_use]
    pub fn is_connected(self) -> bool {
        self != Self::Udp
    }

    /// Whether TLS protects the hop.
    #[must_use]
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// Whether the network keeps the borders of messages: a datagram or a WebSocket message is one SIP message.
    #[must_use]
    pub fn keeps_borders(self) -> bool {
        match self {
            Self::Udp | Self::Ws | Self::Wss => true,
            Self::Tcp | Self::Tls => false,
        }
    }

    /// Whether the transport resends by itself, so that transactions need not.
    #[must_use]
    pub fn is_reliable(self) -> bool {
        self.is_connected()
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.via())
    }
}

/// One connection of a stream transport, unique for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// A path between us and one peer: enough to send an answer back the way its request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// Which protocol.
    pub transport: Transport,
    /// Our address on this path; for UDP also the socket to send from.
    pub local: SocketAddr,
    /// The peer's address as seen on the wire.
    pub remote: SocketAddr,
    /// The connection, for stream transports.
    pub conn: Option<ConnId>,
}

/// Whom a connection under TLS must prove to reach: one host of one trunk, as the network was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerKey(u64);

impl PeerKey {
    /// The same trunk and host give the same key on every node.
    #[must_use]
    pub fn of(trunk: &str, host: &Host) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0100_0000_01b3;
        let host = host.to_string();
        let octets = trunk.bytes().chain([0]).chain(host.bytes());
        Self(octets.fold(OFFSET, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(PRIME)))
    }
}

/// What the certificate of a connection's far end has proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whose word it is: the file of a trunk's own authorities as set up, or nothing for the node's.
    pub authority: String,
    /// The SIP domains and addresses it speaks for (RFC 5922 §7.1), in lower case.
    pub names: Vec<String>,
}

/// Where to send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Along a known path. A TCP stream whose connection is gone is opened anew towards `remote`; under TLS and
    /// WebSocket nobody can tell who would answer there, so that the message fails.
    Flow(Flow),
    /// To a peer that must prove its name; a connection is shared only with messages to the same peer (RFC 5923).
    Peer {
        /// Which protocol; one that is secure.
        transport: Transport,
        /// Where.
        remote: SocketAddr,
        /// Who.
        peer: PeerKey,
    },
    /// To an address; the network picks the local socket of that protocol and family, reusing a connection.
    Addr {
        /// Which protocol.
        transport: Transport,
        /// Where.
        remote: SocketAddr,
    },
}

impl Target {
    /// The protocol of the hop.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match self {
            Self::Flow(flow) => flow.transport,
            Self::Peer { transport, .. } | Self::Addr { transport, .. } => *transport,
        }
    }

    /// The far end's address.
    #[must_use]
    pub fn remote(&self) -> SocketAddr {
        match self {
            Self::Flow(flow) => flow.remote,
            Self::Peer { remote, .. } | Self::Addr { remote, .. } => *remote,
        }
    }
}

/// A whole SIP message as received: one datagram, or one framed message of a stream.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The octets.
    pub data: Bytes,
    /// The path it came by.
    pub flow: Flow,
}

/// A whole SIP message to send.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// The octets.
    pub data: Bytes,
    /// Where to.
    pub target: Target,
    /// Returned in `SendFailed` when the message could not be delivered; 0 wants no report.
    pub ticket: u64,
}

/// Tells which of our addresses faces a peer, for Via, Contact and SDP. The edge asks the routing table
/// (and caches); a simulation answers from its plan.
pub trait Locals: Send {
    /// Our listening address of this protocol towards `remote`, with `external_ip` already applied;
    /// `None` when no socket of that protocol and family listens.
    fn signalling(&self, transport: Transport, remote: SocketAddr) -> Option<SocketAddr>;
    /// The address to write into SDP for media towards `remote`.
    fn media(&self, remote: SocketAddr) -> std::net::IpAddr;
    /// For which protocols and families some socket listens.
    fn listens(&self) -> Listens;
}

/// The Call-ID of a leg of ours: the shard that owns it stands in front, so that the network can find it.
#[must_use]
pub fn marked_call_id(shard: crate::ShardId, high: u64, low: u64) -> String {
    format!("td{:02x}-{high:016x}{low:016x}", shard.0)
}

/// The shard in a Call-ID that `marked_call_id` made; `None` for a foreign one.
#[must_use]
pub fn marked_shard(call_id: &[u8]) -> Option<crate::ShardId> {
    let rest = call_id.strip_prefix(b"td")?;
    if rest.len() != 35 || rest.get(2) != Some(&b'-') {
        return None;
    }
    let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
    u8::from_str_radix(digits, 16).ok().map(crate::ShardId)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShardId;

    #[test]
    fn a_peer_key_tells_trunks_and_hosts_apart() {
        let key = |trunk, host| PeerKey::of(trunk, &Host::named(host));
        assert_eq!(key("a", "b.example"), key("a", "B.example."));
        assert_ne!(key("a", "b.example"), key("ab", ".example"));
        assert_ne!(key("a", "b.example"), key("a", "c.example"));
    }

    #[test]
    fn a_call_id_of_ours_names_its_shard_and_a_foreign_one_does_not() {
        let ours = marked_call_id(ShardId(3), 1, 2);
        assert_eq!(marked_shard(ours.as_bytes()), Some(ShardId(3)));
        assert_eq!(marked_shard(b"td03"), None);
        assert_eq!(marked_shard(b"a84b4c76e66710@pc33.example.com"), None);
    }
}
