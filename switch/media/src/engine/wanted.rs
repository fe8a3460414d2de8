//! Whose audio is wanted, by how many; and audio for as long as it is.

use base::{Mono, RoomId};
use smallvec::SmallVec;

use super::Engine;
use crate::audio::Audio;
use crate::hearing::{Hearing, Way};
use crate::port::Port;

impl Engine {
    pub(super) fn take_hold(&mut self, slot: u32) {
        self.hold(slot, true);
    }

    pub(super) fn let_go(&mut self, slot: u32) {
        self.hold(slot, false);
    }

    /// Tells all whom `slot` hears that their audio is wanted for it, or not any more.
    pub(super) fn hold(&mut self, slot: u32, on: bool) {
        let Some(port) = self.port_mut(slot).filter(|port| port.hearing.holds != on) else { return };
        port.hearing.holds = on;
        let (room, sources) = (port.hearing.room, port.hearing.sources.clone());
        for heard in sources {
            self.want(heard.slot, true, on);
        }
        if let Some(room) = room {
            self.want_room(room, on);
        }
    }

    /// A room is there while somebody wants it, be it empty.
    pub(super) fn want_room(&mut self, id: RoomId, on: bool) {
        let room = self.rooms.entry(id).or_default();
        let before = room.wanted > 0;
        count(&mut room.wanted, on);
        if before != (room.wanted > 0) {
            room.awake();
            let speakers: SmallVec<[u32; 8]> = room.speakers().map(|speaker| speaker.slot).collect();
            for speaker in speakers {
                self.want(speaker, true, on);
            }
        }
        self.change_room(Some(id), |_| {});
    }

    /// `really` spares callers a condition.
    pub(super) fn want(&mut self, slot: u32, really: bool, on: bool) {
        if let Some(port) = self.port_mut(slot).filter(|_| really) {
            count(&mut port.hearing.wanted, on);
            self.keep_audio(slot);
        }
    }

    /// Audio is there from the moment it is needed; what is not needed any more goes with the next beat.
    pub(super) fn keep_audio(&mut self, slot: u32) {
        if self.port(slot).is_some_and(needs_audio) {
            self.audio_mut(slot);
        }
    }

    /// Ports that need no audio any more lose it.
    pub(super) fn sweep(&mut self) {
        for index in (0..self.working.len()).rev() {
            let Some(slot) = self.working.get(index).copied() else { continue };
            if !self.port(slot).is_some_and(needs_audio) {
                self.drop_audio(slot);
            }
        }
    }

    /// The audio of an open port, made if it has none. What keeps it must be said to `reconsider`.
    pub(super) fn audio_mut(&mut self, slot: u32) -> Option<&mut Audio> {
        let place = self.working.len();
        let port = self.slots.get_mut(slot as usize)?.port.as_deref_mut()?;
        if port.audio.is_none() {
            self.working.push(slot);
        }
        Some(port.audio.get_or_insert_with(|| Box::new(Audio::new(place))))
    }

    pub(super) fn drop_audio(&mut self, slot: u32) {
        let Some(audio) = self.port_mut(slot).and_then(Port::drop_audio) else { return };
        self.take_off(audio.place);
    }

    /// Nobody stands at that place of the list any more: the last one takes it.
    pub(super) fn take_off(&mut self, place: usize) {
        self.working.swap_remove(place);
        let moved = self.working.get(place).copied();
        if let Some(other) = moved.and_then(|moved| self.port_mut(moved)?.audio.as_mut()) {
            other.place = place;
        }
    }

    pub(super) fn keep_beating(&mut self, now: Mono) {
        if self.has_beats() && self.next_beat.is_none() {
            self.begin_beats(now);
        }
    }

    /// A recording goes on in silence while whom it hears is at another worker.
    pub(super) fn has_beats(&self) -> bool {
        !self.working.is_empty() || !self.recordings.is_empty()
    }
}

/// Whether something has to be worked on for a port.
fn needs_audio(port: &Port) -> bool {
    let own = port.audio.as_ref().is_some_and(|audio| audio.is_wanted_in() || audio.is_wanted_out());
    let Hearing { way, wanted, overheard, .. } = port.hearing;
    own || way == Way::Work || wanted > 0 || overheard > 0
}

/// One more or one less.
pub(super) fn count(counter: &mut u32, on: bool) {
    *counter = if on { *counter + 1 } else { counter.saturating_sub(1) };
}
