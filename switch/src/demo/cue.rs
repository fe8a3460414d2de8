//! The words between a player, its stage and the tally.

use std::net::SocketAddr;

use base::wire::{Inbound, Outbound};

use super::coding::Coding;
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
        /// How.
        speech: Speech,
    },
    /// Holds the other end, or no longer: speaks no more on a channel, or again.
    Hold {
        /// Which.
        channel: usize,
        /// What is wanted.
        hold: Hold,
    },
    /// Is silent again on a channel.
    Hush {
        /// Which.
        channel: usize,
    },
    /// For the tally.
    Tell(Story),
}

/// How an end of a call speaks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speech {
    /// To whom.
    pub(super) to: SocketAddr,
    /// As which end.
    pub(super) side: Side,
    /// In what kind of call.
    pub(super) kind: Kind,
    /// In which codec.
    pub(super) coding: Coding,
}

/// What a call is for, and so what is to be heard in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Two ends talk.
    Talk,
    /// The switch says something.
    Announcement,
    /// Several talk.
    Conference,
}

/// Whether the other end waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// It is to wait.
    On,
    /// It waits no longer.
    Off,
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
