//! The words between a player, its stage and the tally.

use std::net::SocketAddr;

use base::wire::{Inbound, Outbound};

use super::tone::Side;

/// What a player hears.
#[derive(Debug)]
pub(super) enum Cue {
    /// A datagram.
    Sip(Inbound),
    /// The play is over: no new calls, and those who called hang up.
    Curtain,
}

/// What a player does.
#[derive(Debug)]
pub(super) enum Act {
    /// Sends a datagram.
    Send(Outbound),
    /// Speaks on a channel.
    Speak {
        /// Which.
        channel: usize,
        /// To whom.
        to: SocketAddr,
        /// As which end.
        side: Side,
    },
    /// Is silent again on a channel.
    Hush {
        /// Which.
        channel: usize,
    },
    /// For the tally.
    Tell(Story),
}

/// What is counted. A call is told by its caller, trouble by either end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Story {
    /// A phone is registered, the first time.
    Registered,
    /// A call was placed.
    Placed,
    /// It was answered.
    Answered,
    /// It was over after an answer.
    Finished,
    /// The called end was busy.
    Busy,
    /// Nobody answered.
    Unanswered,
    /// The caller gave up.
    Cancelled,
    /// Anything else: what happened.
    Failed(String),
}
