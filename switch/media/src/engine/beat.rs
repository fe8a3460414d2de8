//! What the work on one port in one beat may use.

use std::collections::VecDeque;

use base::media::MediaEvent;
use base::{Mono, PortId, ShardId};

use super::Engine;
use crate::digits::Key;
use crate::frame::{FRAME_MAX, Frame, Rate};
use crate::mix::Sum;
use crate::play::Clips;
use crate::speech::PAYLOAD_OCTETS;

/// One port's turn in one beat, beside the port itself.
#[derive(Debug)]
pub(crate) struct Beat<'a> {
    pub(crate) now: Mono,
    pub(crate) port: PortId,
    pub(crate) clips: &'a dyn Clips,
    shard: ShardId,
    events: &'a mut VecDeque<(ShardId, MediaEvent)>,
    changed: &'a mut Vec<u32>,
}

impl Beat<'_> {
    /// Tells the shard that leased the port.
    pub(crate) fn tell(&mut self, event: MediaEvent) {
        self.events.push_back((self.shard, event));
    }

    /// Something of the port has ended: after this beat it is looked at anew whether its audio is still needed.
    pub(crate) fn reconsider(&mut self) {
        self.changed.push(self.port.slot);
    }
}

/// Where sums and payloads are made, used anew by each port.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) sum: Sum,
    pub(super) played: Frame,
    pub(super) payload: [u8; PAYLOAD_OCTETS],
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
    pub(super) fn turn<'a>(
        &'a mut self,
        now: Mono,
        slot: u32,
        changed: &'a mut Vec<u32>,
    ) -> Option<Beat<'a>> {
        let (port, shard) = (self.id(slot), self.port(slot)?.shard);
        Some(Beat { now, port, clips: &*self.clips, shard, events: &mut self.events, changed })
    }
}
