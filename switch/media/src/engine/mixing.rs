//! What far ends hear: sums over rooms and lists.

use std::collections::BTreeMap;

use base::media::MediaEvent;
use base::{RoomId, ShardId};
use smallvec::SmallVec;

use super::Engine;
use crate::audio::Audio;
use crate::frame::Rate;
use crate::mix::{self, Ramp};
use crate::room::Room;
use crate::speech::best_rate;

/// The rate for a far end that hears nobody, only what plays.
const PLAYED: Rate = Rate::Hz16000;

impl Engine {
    /// Each room's rate: the best that somebody can hear of somebody else.
    pub(super) fn choose_rates(&self, rooms: &mut BTreeMap<RoomId, Room>) {
        for room in rooms.values_mut().filter(|room| room.stale && room.wanted > 0) {
            room.stale = false;
            let spoken = |slot| self.port(slot)?.spoken();
            let told = |slot| self.port(slot)?.speech();
            let (mut first, mut second) = ((None, Rate::default()), Rate::default());
            for speaker in room.speakers() {
                let rate = best_rate(spoken(speaker.slot));
                if rate > first.1 || first.0.is_none() {
                    (first, second) = ((Some(speaker.slot), rate), first.1);
                } else {
                    second = second.max(rate);
                }
            }
            let heard = room.listeners.iter().map(|slot| {
                let best = best_rate(told(*slot));
                best.min(if first.0 == Some(*slot) { second } else { first.1 })
            });
            room.rate = heard.max().unwrap_or(first.1);
        }
    }

    /// The rate at which it is made what the far end of `slot` hears.
    pub(super) fn hearing_rate(&self, slot: u32, rooms: &BTreeMap<RoomId, Room>) -> Rate {
        let Some(port) = self.port(slot) else { return Rate::default() };
        if let Some(room) = port.hearing.room.and_then(|id| rooms.get(&id)) {
            return room.rate;
        }
        let of = |slot| self.port(slot).map(|port| best_rate(port.spoken()));
        let sources = port.hearing.sources.iter().filter_map(|heard| of(heard.slot)).max();
        let best = best_rate(port.speech());
        sources.unwrap_or(PLAYED).min(best)
    }

    /// Adds up what is said in a room.
    pub(super) fn gather(&mut self, id: RoomId, room: &mut Room) {
        if room.wanted == 0 {
            return;
        }
        let stamp = self.stamp;
        room.gather(|slot, rate, part| {
            let Some(audio) = self.port_mut(slot).and_then(|port| port.audio.as_deref_mut()) else {
                return 0.0;
            };
            if let Some((ramp, sum)) = part
                && let Some(said) = audio.said_at(stamp, rate)
            {
                mix::add(sum, said.samples(), ramp);
                audio.part = Some((id, ramp));
            }
            audio.power
        });
        if let Some(speaker) = room.floor.change() {
            self.tell_speaker(id, room, speaker);
        }
    }

    /// Adds up whom the far end of `slot` hears; `audio` is its own.
    pub(super) fn mix_sources(
        &mut self,
        slot: u32,
        audio: &mut Audio,
        rooms: &BTreeMap<RoomId, Room>,
        sum: &mut [i32],
    ) {
        let (stamp, rate) = (self.stamp, audio.heard.rate());
        let Some(hearing) = self.port(slot).map(|port| &port.hearing) else { return };
        let id = hearing.room;
        audio.follow_list(&hearing.sources);
        if let Some(room) = id.and_then(|id| rooms.get(&id)) {
            mix::add_sum(sum, room.sum());
            if let Some((_, ramp)) = audio.part.filter(|part| Some(part.0) == id)
                && let Some(said) = audio.said_at(stamp, rate)
            {
                mix::take_out(sum, said.samples(), ramp);
            }
        }
        for index in 0..audio.levels.len() {
            let Some((source, ramp)) = audio.levels.get(index).copied() else { continue };
            if source == slot {
                if let Some(said) = audio.said_at(stamp, rate) {
                    mix::add(sum, said.samples(), ramp);
                }
            } else if let Some(other) = self.port_mut(source).and_then(|port| port.audio.as_deref_mut()) {
                let part = other.part.filter(|part| Some(part.0) == id).map(|(_, part)| part);
                add_listed(sum, other, stamp, rate, ramp, part);
            }
        }
    }

    /// One event for each shard that has a port in the room.
    fn tell_speaker(&mut self, id: RoomId, room: &Room, speaker: Option<u32>) {
        let speaker = speaker.map(|slot| self.id(slot));
        let mut told: SmallVec<[ShardId; 8]> = SmallVec::new();
        let members = room.speakers().map(|speaker| speaker.slot).chain(room.listeners.iter().copied());
        for slot in members {
            let Some(shard) = self.port(slot).map(|port| port.shard) else { continue };
            if !told.contains(&shard) {
                told.push(shard);
                self.events
                    .push_back((shard, MediaEvent::Speaker { port: self.id(slot), room: id, speaker }));
            }
        }
    }
}

/// Adds one of a list, in place of its part in the room.
fn add_listed(sum: &mut [i32], other: &mut Audio, stamp: u64, rate: Rate, ramp: Ramp, part: Option<Ramp>) {
    let Some(said) = other.said_at(stamp, rate) else { return };
    if let Some(part) = part {
        mix::take_out(sum, said.samples(), part);
    }
    if !ramp.is_silent() {
        mix::add(sum, said.samples(), ramp);
    }
}
