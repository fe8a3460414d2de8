//! What comes out of a far end.

use std::net::SocketAddr;

use base::wire::Outbound;

use super::CallKey;
use crate::demo::coding::Coding;
use crate::demo::cue::Hold;
use crate::demo::tone::Side;

/// What a far end wants done or tells.
#[derive(Debug)]
pub(in crate::demo) enum Said {
    /// Put this on the wire.
    Send(Outbound),
    /// Speak on this channel.
    Speak {
        /// In which call.
        key: CallKey,
        /// Which of the channels it was given.
        channel: usize,
        /// The switch's RTP address.
        to: SocketAddr,
        /// Which end it is.
        side: Side,
        /// Its codec.
        coding: Coding,
    },
    /// The other end agrees: it waits, or no longer.
    Hold {
        /// On which channel.
        channel: usize,
        /// What it agrees to.
        hold: Hold,
    },
    /// Speak no more on this channel.
    Hush {
        /// Which.
        channel: usize,
    },
    /// For its owner.
    Told(News),
}

/// What happened to a far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum News {
    /// It is registered for so many seconds.
    Registered(u32),
    /// It is not: the status, 408 for no answer.
    NotRegistered(u16),
    /// A call comes in; it wants `ring`, `answer` or `refuse`.
    Incoming(CallKey),
    /// A call is up.
    Answered(CallKey),
    /// The other end is not held, or held for good: the status.
    NotHeld(u16),
    /// A call is over.
    Ended(CallKey, End),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum End {
    /// It was refused, by either end.
    Refused(u16),
    /// The caller gave up.
    Cancelled,
    /// One end hung up.
    HungUp,
    /// As it should not.
    Trouble(&'static str),
}
