//! What a shard asks of the media workers and what they tell it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::{HostMask, PortId};

mod codec;
mod command;
mod detect;
mod digit;
mod event;
mod keys;
mod quality;
mod recording;
mod sound;
mod tap;

pub use codec::{Codec, Foreign, OpusWishes, Payload, Wishes};
pub use command::MediaCommand;
pub use detect::{Announcement, Detected, Listen, ListenFor};
pub use digit::{Collect, CollectEnd, CollectId, DigitBy, DigitSet, Dtmf, digit_of, event_of};
pub use event::{MediaEvent, PlayEnd};
pub use keys::{MasterKey, Srtp, StreamKeys, Suite};
pub use quality::{LegMedia, Trouble};
pub use recording::{
    Channels, Ear, Gap, Recorder, RecordingAct, RecordingFault, RecordingFile, RecordingFormat, WhenFull,
};
pub use sound::{Gain, Over, Play, PlayId, PromptName, Sound, Tone, TonePart};
pub use tap::{Tap, TapId, TapWord};

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
    /// Payload types agreed for this stream, both directions. Packets of others are counted as strays. The first that
    /// carries speech is what we send; of two with one codec, the first has the far end's number.
    pub payloads: SmallVec<[Payload; 4]>,
    /// How it wants what we send.
    pub wishes: Wishes,
    /// Keys, when the stream is secured.
    pub keys: Option<Arc<StreamKeys>>,
    /// What the packets are.
    pub carries: Carries,
    /// Which way media flows, from our side.
    pub flow: MediaFlow,
    /// The host its signalling comes from; `None` when unknown.
    pub host: Option<IpAddr>,
    /// Whose media else is taken for the far end's.
    pub rule: MediaRule,
    /// Whether it has shown that it reads what we send.
    pub standing: Standing,
    /// How it takes digits.
    pub dtmf: Dtmf,
}

impl Default for Remote {
    /// Nothing agreed, nothing flows.
    fn default() -> Self {
        Self {
            rtp: None,
            rtcp: None,
            mux: false,
            payloads: SmallVec::new(),
            wishes: Wishes::default(),
            keys: None,
            carries: Carries::default(),
            flow: MediaFlow::Neither,
            host: None,
            rule: MediaRule::default(),
            standing: Standing::default(),
            dtmf: Dtmf::default(),
        }
    }
}

/// What a stream's packets are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carries {
    /// RTP, and RTCP beside it.
    #[default]
    Rtp,
    /// UDPTL of a fax (ITU-T T.38): relayed unread between two ports that both carry it.
    Udptl,
}

/// One whom a far end hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Whose far end; the listener's own for an echo.
    pub port: PortId,
    /// How loud.
    pub gain: Gain,
}

impl Heard {
    /// As loud as it comes.
    #[must_use]
    pub fn plain(port: PortId) -> Self {
        Self { port, gain: Gain::UNITY }
    }
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
