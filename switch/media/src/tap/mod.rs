//! A stream of a leg's audio out of the switch, and of other audio into it.
//!
//! Deliberately absent: the connection to whoever listens and speaks there; `media-io` and the web layer have it.

mod inlet;
mod outlet;

pub(crate) use inlet::Inlet;
pub(crate) use outlet::Outlet;

use crate::frame::Rate;

/// Milliseconds of audio in a block that goes out.
pub const BLOCK_MS: usize = 20;

/// What comes out of a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tapped {
    /// The next 20 ms, at the tap's rate.
    Audio(Box<[i16]>),
    /// Nothing any more: the tap is over.
    Over,
}

/// The rate of so many samples a second; `None` for one that taps do not have.
#[must_use]
pub fn rate_of(hz: u32) -> Option<Rate> {
    [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000].into_iter().find(|rate| rate.hz() == hz)
}
