//! A stream of a leg's audio out of the switch, and back into it.

use super::Ear;
use crate::PortId;

/// Names a tap; unique in the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TapId(pub u64);

/// What is said into a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TapWord {
    /// Audio at the tap's rate, after all that was said before.
    Audio(Box<[i16]>),
    /// What was said and is not played yet is not to be played.
    Clear,
}

/// A tap to be set. Its audio goes to whoever holds the other end of that name, 20 ms at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Which.
    pub id: TapId,
    /// The port that it hangs on; what comes in is played to its far end.
    pub port: PortId,
    /// What goes out.
    pub ear: Ear,
    /// Samples a second: 8,000, 16,000 or 48,000.
    pub hz: u32,
}
