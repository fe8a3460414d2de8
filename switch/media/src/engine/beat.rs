//! What the work on one port in one beat may use.

use std::collections::VecDeque;

use base::media::MediaEvent;
use base::{PortId, ShardId};

use super::Engine;
use crate::digits::Key;
use crate::frame::{FRAME_MAX, Frame, Rate};
use crate::mix::Sum;
use crate::play::Clips;
use crate::speech::PAYLOAD_OCTETS;

/// One port's turn in one beat, beside the port itself.
#[derive(Debug)]
pub(crate) struct Beat<'a> {
    pub(crate) port: PortId,
    pub(crate) clips: &'a dyn Clips,
    shard: ShardId,
    events: &'a mut VecDeque<(ShardId, MediaEvent)>,
}

impl Beat<'_> {
    /// Tells the shard that leased the port.
    pub(crate) fn tell(&mut self, event: MediaEvent) {
        self.events.push_back((self.shard, event));
    }
}

/// Where sums and payloads are made, used anew by each port.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) sum: Sum,
    pub(super) played: Frame,
    pub(super) payload: [u8; PAYLOAD_OCTETS],
    /// Ports of which something has ended in this beat: it is looked at anew how they get what they hear.
    pub(super) changed: Vec<u32>,
    /// Keys that were heard, and whose.
    pub(super) keys: Vec<(u32, Key)>,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            sum: [0; FRAME_MAX],
            played: Frame::silent(Rate::default()),
            payload: [0; PAYLOAD_OCTETS],
            changed: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl Engine {
    /// A turn of the port in `slot`; `None` when it is closed.
    pub(super) fn turn(&mut self, slot: u32) -> Option<Beat<'_>> {
        let (port, shard) = (self.id(slot), self.port(slot)?.shard);
        Some(Beat { port, clips: &*self.clips, shard, events: &mut self.events })
    }
}
