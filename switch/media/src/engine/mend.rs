//! What a panic leaves behind, put in order: it costs the port it came from, and no other.

use base::{Mono, PortId};

use super::Engine;
use crate::audio::Audio;

/// What was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// Ports that were closed; their shards are told.
    pub closed: Vec<PortId>,
    /// Whether it is known which port was at fault. Else all were closed whose audio was worked on.
    pub is_known: bool,
}

impl Engine {
    /// Makes the engine fit for use after a panic in `handle`, `receive` or `tick`. The port whose turn it was is closed
    /// and its shard told so.
    pub fn mend(&mut self, now: Mono) -> Mended {
        let at_fault = self.at_work.take().filter(|slot| self.port(*slot).is_some());
        self.departures.mend();
        self.bench.get_or_insert_default();
        self.give_audio_again();
        let slots = at_fault.map_or_else(|| self.working.clone(), |slot| vec![slot]);
        let closed = slots.into_iter().filter_map(|slot| self.give_up(now, slot)).collect();
        self.close_seams(now);
        Mended { closed, is_known: at_fault.is_some() }
    }

    /// Audio that was taken to work on it went with the panic: its port begins anew.
    fn give_audio_again(&mut self) {
        let Self { working, slots, .. } = self;
        for (place, slot) in working.iter().enumerate() {
            let port = slots.get_mut(*slot as usize).and_then(|entry| entry.port.as_deref_mut());
            if let Some(port) = port.filter(|port| port.audio.is_none()) {
                port.audio = Some(Box::new(Audio::new(place)));
            }
        }
    }

    /// The lease stays with the shard until it closes the port itself.
    fn give_up(&mut self, now: Mono, slot: u32) -> Option<PortId> {
        let (id, shard) = (self.id(slot), self.port(slot)?.shard);
        self.close(now, slot, shard);
        for entry in &mut self.slots {
            entry.relays_to.retain(|listener| *listener != slot);
            entry.heard_by.retain(|listener| *listener != slot);
        }
        Some(id)
    }
}
