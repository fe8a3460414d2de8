//! Figures of a stream, and what is wrong with it.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

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
    /// Of them, packets on an encrypted stream that did not authenticate or came a second time.
    pub unauthentic: u64,
    /// RTCP packets received and accepted.
    pub rtcp: u64,
    /// Packets that came too late to be played; 0 on a stream that was only relayed.
    pub late: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Milliseconds of audio that we made up for what was lost or late.
    pub concealed_ms: u64,
    /// Interarrival jitter at the far end in microseconds, as its last report says.
    pub far_jitter_us: u32,
    /// Round trip in microseconds, from the last report; 0 before the first.
    pub round_trip_us: u32,
    /// Hundredths of a mean opinion score (ITU-T G.107) of what came from the far end; 0 when unknown. While the call
    /// is up, of the last five seconds; afterwards of all of it.
    pub mos_centi: u16,
    /// The same of what went to the far end, from its reports.
    pub far_mos_centi: u16,
    /// For how many milliseconds of the conversation media flowed one way only; noted by the call.
    pub one_way_ms: u32,
    /// The same for packets without a sound in them.
    pub dead_air_ms: u32,
    /// The same for RTP from an address that was not the far end's.
    pub from_nowhere_ms: u32,
}

/// Something wrong with a leg's media, or no longer wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "trouble")]
pub enum Trouble {
    /// Media flows one way only, and both were agreed.
    OneWay,
    /// Packets come, and there has been nothing to hear in them.
    DeadAir,
    /// RTP comes from an address that is not the far end's.
    FromNowhere {
        /// Where from.
        from: SocketAddr,
    },
}

impl Trouble {
    /// Its word: `one_way`, `dead_air`, `from_nowhere`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::OneWay => "one_way",
            Self::DeadAir => "dead_air",
            Self::FromNowhere { .. } => "from_nowhere",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneWay | Self::DeadAir => f.write_str(self.word()),
            Self::FromNowhere { from } => write!(f, "{} {from}", self.word()),
        }
    }
}
