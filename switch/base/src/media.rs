//! What a shard asks of the media workers and what they tell it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::{HostMask, PortId, ShardId};

/// A pair of bound sockets that a shard may write into SDP. RTCP is on the next port up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortLease {
    /// Which sockets.
    pub port: PortId,
    /// The RTP port number, even.
    pub rtp: u16,
}

/// What the far end's SDP said about where and how it takes media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Where it wants RTP; `None` when it wants none (port 0, no body yet).
    pub rtp: Option<SocketAddr>,
    /// Where it wants RTCP: `a=rtcp`, or the port after RTP's. Ignored under `mux`.
    pub rtcp: Option<SocketAddr>,
    /// RTP and RTCP share the RTP port (RFC 5761), agreed by both sides.
    pub mux: bool,
    /// Payload types agreed for this stream, both directions. Packets of others are counted as strays.
    pub payloads: SmallVec<[Payload; 4]>,
    /// Which way media flows, from our side.
    pub flow: MediaFlow,
    /// The host its signalling comes from; `None` when unknown.
    pub host: Option<IpAddr>,
    /// Whose media else is taken for the far end's.
    pub rule: MediaRule,
    /// Whether it has shown that it reads what we send.
    pub standing: Standing,
}

/// Whose media is taken for a far end's when it comes from another address than SDP names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaRule {
    /// Whether other ports of the host that SDP names and of the one that signalling comes from count.
    pub nat: Nat,
    /// Networks of a carrier whose media comes from third addresses. What is sent goes where SDP says all the same.
    pub from: Option<Arc<[HostMask]>>,
}

/// How a far end behind an address translator is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nat {
    /// Its real address is learned from its packets (RFC 7362).
    #[default]
    Learn,
    /// Only the address that SDP names counts.
    Off,
}

/// What a far end has shown of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Its request may bear a forged source: a third host that it names gets little before it is heard.
    Early,
    /// It has answered to something only its true address can have read.
    #[default]
    Settled,
}

/// One agreed payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// 0…127 as it stands in packets.
    pub number: u8,
    /// RTP timestamp ticks per second, for jitter.
    pub clock_hz: u32,
}

/// Direction of a stream, from our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaFlow {
    /// Both ways.
    Both,
    /// We only send to it.
    Send,
    /// We only receive from it.
    Receive,
    /// Nothing flows: hold.
    Neither,
}

impl MediaFlow {
    /// Whether we may send to the far end.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::Both | Self::Send)
    }

    /// Whether the far end may send to us.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::Both | Self::Receive)
    }
}

/// What a shard asks. Commands of one port arrive in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaCommand {
    /// Asks for `count` more leases from `worker`; answered by `Leased`, with fewer when the range is used up.
    Lease {
        /// Who asks.
        shard: ShardId,
        /// Which worker.
        worker: u8,
        /// How many.
        count: usize,
    },
    /// Takes a leased port into use. Until then its packets are dropped uncounted.
    Open {
        /// The port.
        port: PortId,
    },
    /// The far end's side of the latest negotiation; a changed address opens a new latching window.
    Remote {
        /// The port.
        port: PortId,
        /// The agreed remote side.
        remote: Remote,
    },
    /// Whom the far end of `port` hears: a list of ports of the same worker, itself for an echo, none for
    /// silence. The wanted result; it replaces what was before.
    Hear {
        /// The listener.
        port: PortId,
        /// The heard.
        sources: SmallVec<[PortId; 2]>,
    },
    /// The far end's standing is `Settled` from now on.
    Settle {
        /// The port.
        port: PortId,
    },
    /// Ends the use of a port; answered by `Closed`, and the port may be leased again.
    Close {
        /// The port.
        port: PortId,
    },
}

impl MediaCommand {
    /// The worker it is for.
    #[must_use]
    pub fn worker(&self) -> u8 {
        match self {
            Self::Lease { worker, .. } => *worker,
            Self::Open { port }
            | Self::Remote { port, .. }
            | Self::Hear { port, .. }
            | Self::Settle { port }
            | Self::Close { port } => port.worker,
        }
    }
}

/// What media workers tell the shard that leased the port.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaEvent {
    /// New leases. An empty list: the range is used up.
    Leased {
        /// From which worker.
        worker: u8,
        /// The leases.
        leases: Vec<PortLease>,
    },
    /// The source of the far end's media is known and kept from now on.
    Latched {
        /// The port.
        port: PortId,
        /// Where it really sends from.
        from: SocketAddr,
    },
    /// Media should come and none has: since opening, or since the last packet.
    Silent {
        /// The port.
        port: PortId,
        /// Whether any packet ever came.
        ever_heard: bool,
        /// How long nothing came.
        quiet: Duration,
    },
    /// A silent port speaks (again).
    Heard {
        /// The port.
        port: PortId,
    },
    /// The port is closed; its figures are final.
    Closed {
        /// The port.
        port: PortId,
        /// The figures.
        media: LegMedia,
    },
}

/// Figures of one leg's stream, seen from our side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LegMedia {
    /// RTP packets received from the far end and accepted.
    pub received: u64,
    /// Payload octets received.
    pub received_octets: u64,
    /// RTP packets sent to the far end.
    pub sent: u64,
    /// RTP packets the far end sent that never came, by sequence numbers (RFC 3550 A.3), 0 when duplicates outweigh.
    pub lost: u64,
    /// Interarrival jitter in microseconds (RFC 3550 A.8), the last value.
    pub jitter_us: u32,
    /// Packets lost on the way to the far end, as its RTCP reports say.
    pub far_lost: u64,
    /// Packets from other sources, of other payload types or malformed: dropped.
    pub strays: u64,
    /// RTCP packets received and accepted.
    pub rtcp: u64,
}
