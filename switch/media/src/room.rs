//! A room: who is heard by everybody in it, and who listens.

use base::media::Gain;

/// One room of a worker.
#[derive(Debug, Default)]
pub(crate) struct Room {
    pub(crate) speakers: Vec<Speaker>,
    /// Slots of the ports that hear the room.
    pub(crate) listeners: Vec<u32>,
    /// How many want the audio of all who speak here.
    pub(crate) wanted: u32,
}

/// One who is heard by everybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker {
    pub(crate) slot: u32,
    pub(crate) gain: Gain,
}

impl Room {
    pub(crate) fn is_empty(&self) -> bool {
        self.speakers.is_empty() && self.listeners.is_empty() && self.wanted == 0
    }
}
