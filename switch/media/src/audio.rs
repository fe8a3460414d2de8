//! What a port has while its audio is worked on. A port that only relays has none of it.

use crate::engine::play::Plays;
use crate::frame::{Frame, Rate};
use crate::receive::Receiver;

/// Audio of one port. Each part belongs to the file of its name in `engine/`.
#[derive(Debug)]
pub(crate) struct Audio {
    /// Where the port stands in the engine's list of those worked on.
    pub(crate) place: usize,
    /// Makes even audio of the far end's packets; there from the first of them.
    pub(crate) receiver: Option<Box<Receiver>>,
    /// What the far end said in this beat.
    pub(crate) said: Frame,
    /// What it heard.
    pub(crate) heard: Frame,
    /// What plays to it.
    pub(crate) plays: Plays,
}

impl Audio {
    pub(crate) fn new(place: usize) -> Self {
        let silent = Frame::silent(Rate::default());
        Self { place, receiver: None, said: silent.clone(), heard: silent, plays: Plays::default() }
    }

    /// Whether something of its own needs what the far end says.
    pub(crate) fn is_wanted_in(&self) -> bool {
        false
    }

    /// Whether something of its own is to be heard by the far end.
    pub(crate) fn is_wanted_out(&self) -> bool {
        !self.plays.is_empty()
    }
}
