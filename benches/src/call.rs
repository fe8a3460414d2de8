//! One call of the load, and how all of them are made.

use std::net::SocketAddr;
use std::time::Duration;

use crate::callee::CalleeLeg;
use crate::caller::CallerLeg;
use crate::figures::Spread;
use crate::plane::Plan;

/// How calls are placed and taken.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The switch's SIP address, or a callee's for a run without a switch.
    pub switch: SocketAddr,
    /// The callers' SIP address.
    pub caller: SocketAddr,
    /// The callees' SIP address; `None` leaves answering to someone else.
    pub callee: Option<SocketAddr>,
    /// Digits before the seven that count the calls.
    pub prefix: String,
    /// Time from 180 to 200.
    pub ring: Duration,
    /// How long to wait for a final answer, and for the release.
    pub give_up: Duration,
    /// Where RTP is, sent or only announced.
    pub media: Plan,
    /// Whether RTP is sent.
    pub rtp: bool,
}

/// One call, both ends.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) slot: u16,
    pub(crate) begun_ns: u64,
    pub(crate) released_ns: u64,
    pub(crate) hold: Option<Duration>,
    pub(crate) caller: CallerLeg,
    pub(crate) callee: CalleeLeg,
    /// Where the caller and the callee send their RTP, once known.
    pub(crate) to: [Option<SocketAddr>; 2],
    pub(crate) flowing: bool,
}

/// What happens to a call later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    InviteAgain(u32),
    ByeAgain(u32),
    AnswerAgain(u32),
    Answer,
    Hush,
    Hangup,
    GiveUpInvite,
    GiveUpBye,
}

/// Delays measured over all calls.
#[derive(Debug, Default)]
pub struct Delays {
    /// INVITE to 18x.
    pub post_dial: Spread,
    /// INVITE to 200.
    pub setup: Spread,
    /// INVITE at the caller to INVITE at the callee.
    pub through: Spread,
    /// BYE at the caller to BYE at the callee.
    pub release: Spread,
}
