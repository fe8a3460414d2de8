//! Recordings and taps: who listens without being a party.

use std::collections::BTreeMap;

use base::media::Ear;
use base::{Mono, RoomId};

use super::places::Places;
use super::wanted::count;
use super::{Engine, Slot};
use crate::frame::{Frame, Rate};
use crate::port::Port;
use crate::room::Room;
use crate::speech::best_rate;

impl Engine {
    /// Somebody listens to what an ear hears, from now on.
    pub(super) fn attach(&mut self, now: Mono, ear: Ear) {
        self.turn_ear(now, ear, true);
    }

    /// Not any more. To be called once for each `attach`, unless the ear's port was closed in between.
    pub(super) fn detach(&mut self, now: Mono, ear: Ear) {
        self.turn_ear(now, ear, false);
    }

    fn turn_ear(&mut self, now: Mono, ear: Ear, on: bool) {
        match ear {
            Ear::From(port) => {
                let Some(slot) = self.places.slot(port) else { return };
                if let Some(port) = self.port_mut(slot) {
                    count(&mut port.hearing.ears, on);
                }
                self.want(slot, true, on);
                self.keep_beating(now);
            }
            Ear::To(port) => {
                let Some(slot) = self.places.slot(port) else { return };
                if let Some(port) = self.port_mut(slot) {
                    count(&mut port.hearing.overheard, on);
                }
                self.reconsider(now, slot);
            }
            Ear::Room(room) => {
                self.want_room(room, on);
                self.change_room(Some(room), |room| count(&mut room.ears, on));
                self.keep_beating(now);
            }
        }
    }

    /// The best rate of what an ear hears.
    pub(super) fn ear_rate(&self, ear: Ear) -> Rate {
        let slot = |port| self.places.slot(port);
        match ear {
            Ear::From(port) => best_rate(slot(port).and_then(|slot| self.port(slot)).and_then(Port::spoken)),
            Ear::To(port) => {
                slot(port).map_or_else(Rate::default, |slot| self.hearing_rate(slot, &self.rooms))
            }
            Ear::Room(room) => self.rooms.get(&room).map_or_else(Rate::default, |room| room.rate),
        }
    }
}

/// What an attached ear hears in this beat; `None` for silence, as for what is at another worker.
pub(super) fn overhear<'a>(
    places: &Places,
    slots: &'a [Slot],
    rooms: &'a BTreeMap<RoomId, Room>,
    ear: Ear,
) -> Option<&'a Frame> {
    let audio = |port| slots.get(places.slot(port)? as usize)?.port.as_ref()?.audio.as_deref();
    match ear {
        Ear::From(port) => audio(port).filter(|audio| audio.power > 0.0).map(|audio| &audio.said),
        Ear::To(port) => audio(port).map(|audio| &audio.heard),
        Ear::Room(room) => rooms.get(&room)?.overheard(),
    }
}
