//! Whom a far end hears and where it is heard, as the shard wants it and as it is done.

use base::RoomId;
use base::media::Gain;
use smallvec::SmallVec;

/// One port's place among the others.
#[derive(Debug, Default)]
pub(crate) struct Hearing {
    /// Everyone who speaks there, itself left out.
    pub(crate) room: Option<RoomId>,
    /// Ports one by one; what stands here goes before the room.
    pub(crate) sources: SmallVec<[Source; 2]>,
    /// Where its far end is heard by everybody.
    pub(crate) speaks: Option<(RoomId, Gain)>,
    /// How it gets what it hears.
    pub(crate) way: Way,
    /// Whether its sources were told that their audio is wanted for it.
    pub(crate) holds: bool,
    /// How many want the audio of its far end.
    pub(crate) wanted: u32,
    /// Of them, recordings and taps.
    pub(crate) ears: u32,
    /// How many want what its far end hears.
    pub(crate) overheard: u32,
}

/// One whom a far end hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Where it stands, or will once it has come here.
    pub(crate) slot: u32,
    pub(crate) gain: Gain,
}

/// How a far end gets what it hears.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// It hears nothing.
    #[default]
    Nothing,
    /// It gets the packets of that slot as they come.
    Relay(u32),
    /// Its audio is made here.
    Work,
}

/// Those whom a far end hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowd {
    Nobody,
    One(u32, Gain),
    Many,
}

impl Crowd {
    /// With one more of them.
    #[must_use]
    pub(crate) fn and(self, slot: u32, gain: Gain) -> Self {
        match self {
            _ if gain == Gain::OFF => self,
            Self::Nobody => Self::One(slot, gain),
            Self::One(..) | Self::Many => Self::Many,
        }
    }
}
