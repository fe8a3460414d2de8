//! Who hears whom: what shards want, and for each port the cheapest way to it.

use std::collections::BTreeMap;

use base::media::{Ear, Gain, Heard};
use base::{Mono, RoomId};
use smallvec::SmallVec;

use super::{Engine, Slot};
use crate::audio::Audio;
use crate::frame::{Frame, Rate};
use crate::hearing::{Crowd, Hearing, Way};
use crate::port::Port;
use crate::room::Room;
use crate::speech::best_rate;

/// In a room with more speakers than this, audio is worked on for everybody, whoever comes or goes.
const SMALL_ROOM: usize = 3;

impl Engine {
    /// Whom the far end of `slot` hears. Sources of other workers are left out.
    pub(super) fn hear(
        &mut self,
        now: Mono,
        slot: u32,
        room: Option<RoomId>,
        mut sources: SmallVec<[Heard; 2]>,
    ) {
        let worker = self.worker;
        sources.retain(|heard| heard.port.worker == worker && (heard.port.slot as usize) < self.slots.len());
        sources.truncate(base::limits::SOURCES);
        let Some(hearing) = self.port(slot).map(|port| &port.hearing) else { return };
        if hearing.room == room && hearing.sources == sources {
            return;
        }
        self.let_go(slot);
        let Some(port) = self.port_mut(slot) else { return };
        let old_room = std::mem::replace(&mut port.hearing.room, room);
        let old = std::mem::replace(&mut port.hearing.sources, sources.clone());
        for heard in old {
            self.entry_of(heard).retain(|listener| *listener != slot);
        }
        for heard in sources {
            let listeners = self.entry_of(heard);
            if !listeners.contains(&slot) {
                listeners.push(slot);
            }
        }
        if old_room != room {
            self.change_room(old_room, |room| room.ignore(slot));
            if let Some(room) = room {
                self.rooms.entry(room).or_default().attend(slot);
            }
        }
        self.reconsider(now, slot);
    }

    /// Where the far end of `slot` is heard by everybody.
    pub(super) fn speak(&mut self, now: Mono, slot: u32, room: Option<RoomId>, gain: Gain) {
        let wanted = room.map(|room| (room, gain));
        let Some(port) = self.port_mut(slot) else { return };
        let before = std::mem::replace(&mut port.hearing.speaks, wanted);
        if before == wanted {
            return;
        }
        if let Some((old, _)) = before {
            let held = self.rooms.get(&old).is_some_and(|room| room.wanted > 0);
            self.change_room(Some(old), |room| room.depart(slot));
            self.want(slot, held, false);
        }
        if let Some((new, gain)) = wanted {
            let room = self.rooms.entry(new).or_default();
            room.enter(slot, gain);
            let held = room.wanted > 0;
            self.want(slot, held, true);
        }
        for (room, _) in before.into_iter().chain(wanted) {
            self.reconsider_room(now, room);
        }
    }

    /// Nobody hears the port any more, and it hears nobody.
    pub(super) fn leave(&mut self, now: Mono, slot: u32) {
        self.hear(now, slot, None, SmallVec::new());
        self.speak(now, slot, None, Gain::UNITY);
        let Some(entry) = self.slots.get_mut(slot as usize) else { return };
        for listener in std::mem::take(&mut entry.heard_by) {
            self.let_go(listener);
            if let Some(port) = self.port_mut(listener) {
                port.hearing.sources.retain(|heard| heard.port.slot != slot);
            }
            self.reconsider(now, listener);
        }
        self.drop_audio(slot);
    }

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
                if let Some(port) = self.port_mut(port.slot) {
                    count(&mut port.hearing.ears, on);
                }
                self.want(port.slot, true, on);
                self.keep_beating(now);
            }
            Ear::To(port) => {
                if let Some(port) = self.port_mut(port.slot) {
                    count(&mut port.hearing.overheard, on);
                }
                self.reconsider(now, port.slot);
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
        match ear {
            Ear::From(port) => best_rate(self.port(port.slot).and_then(Port::spoken)),
            Ear::To(port) => self.hearing_rate(port.slot, &self.rooms),
            Ear::Room(room) => self.rooms.get(&room).map_or_else(Rate::default, |room| room.rate),
        }
    }

    /// Decides anew how the far end of `slot` gets what it hears.
    pub(super) fn reconsider(&mut self, now: Mono, slot: u32) {
        let way = self.way_for_now(slot);
        let Some(port) = self.port_mut(slot) else { return };
        let holds = way == Way::Work || port.hearing.overheard > 0;
        let before = std::mem::replace(&mut port.hearing.way, way);
        let held = port.hearing.holds;
        if before != way {
            if let Way::Relay(source) = before
                && let Some(entry) = self.slots.get_mut(source as usize)
            {
                entry.relays_to.retain(|listener| *listener != slot);
            }
            if let Way::Relay(source) = way
                && let Some(entry) = self.slots.get_mut(source as usize)
            {
                entry.relays_to.push(slot);
            }
        }
        match (held, holds) {
            (false, true) => self.take_hold(slot),
            (true, false) => self.let_go(slot),
            (true, true) | (false, false) => {}
        }
        self.keep_audio(slot);
        if before != way {
            self.change_way(slot, before, way);
        }
        self.keep_beating(now);
    }

    fn keep_beating(&mut self, now: Mono) {
        if !self.working.is_empty() && self.next_beat.is_none() {
            self.begin_beats(now);
        }
    }

    /// The same for a port and all who may hear it.
    pub(super) fn reconsider_around(&mut self, now: Mono, slot: u32) {
        self.reconsider(now, slot);
        let Some(entry) = self.slots.get(slot as usize) else { return };
        for listener in entry.heard_by.clone() {
            self.reconsider(now, listener);
        }
        let Some(Hearing { room, speaks, .. }) = self.port(slot).map(|port| &port.hearing) else { return };
        let (hears, speaks) = (*room, speaks.map(|(room, _)| room));
        for room in hears.into_iter().chain(speaks) {
            self.change_room(Some(room), |room| room.stale = true);
        }
        if let Some(room) = speaks {
            self.reconsider_room(now, room);
        }
    }

    /// For all who listen in a room where a single speaker may be, or just was, all that somebody hears.
    fn reconsider_room(&mut self, now: Mono, room: RoomId) {
        let small = self.rooms.get(&room).filter(|room| room.speakers().count() <= SMALL_ROOM + 1);
        for index in 0..small.map_or(0, |room| room.listeners.len()) {
            let listener = self.rooms.get(&room).and_then(|room| room.listeners.get(index).copied());
            if let Some(listener) = listener {
                self.reconsider(now, listener);
            }
        }
    }

    pub(super) fn way_of(&self, slot: u32) -> Way {
        let Some(port) = self.port(slot) else { return Way::Nothing };
        let own = port.audio.as_ref().is_some_and(|audio| audio.is_wanted_out());
        let crowd = self.crowd(slot, port);
        let can_work = port.speech().is_some_and(|payload| payload.codec.is_speech());
        match crowd {
            // Who waits in a room for others gets silence, so that nobody takes its call for dead.
            Crowd::Nobody if can_work && (own || port.hearing.room.is_some()) => Way::Work,
            Crowd::Nobody => Way::Nothing,
            Crowd::One(source, gain) => {
                let plain = gain == Gain::UNITY && !own && !self.must_lose_tones(source, port);
                if can_work && !(plain && self.fits(source, port)) { Way::Work } else { Way::Relay(source) }
            }
            Crowd::Many if can_work => Way::Work,
            Crowd::Many => Way::Nothing,
        }
    }

    pub(super) fn crowd(&self, slot: u32, port: &Port) -> Crowd {
        let listed = &port.hearing.sources;
        let crowd = listed.iter().fold(Crowd::Nobody, |crowd, heard| crowd.and(heard.port.slot, heard.gain));
        let Some(room) = port.hearing.room.and_then(|room| self.rooms.get(&room)) else { return crowd };
        if room.speakers().nth(SMALL_ROOM).is_some() {
            return Crowd::Many;
        }
        let others = room.speakers().filter(|speaker| {
            speaker.slot != slot && listed.iter().all(|heard| heard.port.slot != speaker.slot)
        });
        others.fold(crowd, |crowd, speaker| crowd.and(speaker.slot, speaker.gain))
    }

    /// Whether the far end of `listener` can take the packets of `source` as they come. What cannot be decoded here is
    /// only ever passed on.
    fn fits(&self, source: u32, listener: &Port) -> bool {
        let Some(spoken) = self.port(source).and_then(Port::spoken) else { return true };
        !spoken.codec.is_speech() || listener.same(&spoken).is_some()
    }

    fn take_hold(&mut self, slot: u32) {
        self.hold(slot, true);
    }

    fn let_go(&mut self, slot: u32) {
        self.hold(slot, false);
    }

    /// Tells all whom `slot` hears that their audio is wanted for it, or not any more.
    fn hold(&mut self, slot: u32, on: bool) {
        let Some(port) = self.port_mut(slot).filter(|port| port.hearing.holds != on) else { return };
        port.hearing.holds = on;
        let (room, sources) = (port.hearing.room, port.hearing.sources.clone());
        for heard in sources {
            self.want(heard.port.slot, true, on);
        }
        if let Some(room) = room {
            self.want_room(room, on);
        }
    }

    /// A room is there while somebody wants it, be it empty.
    fn want_room(&mut self, id: RoomId, on: bool) {
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
    fn want(&mut self, slot: u32, really: bool, on: bool) {
        if let Some(port) = self.port_mut(slot).filter(|_| really) {
            count(&mut port.hearing.wanted, on);
            self.keep_audio(slot);
        }
    }

    /// Audio is there from the moment it is needed; what is not needed any more goes with the next beat.
    fn keep_audio(&mut self, slot: u32) {
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

    fn drop_audio(&mut self, slot: u32) {
        let Some(audio) = self.port_mut(slot).and_then(Port::drop_audio) else { return };
        self.working.swap_remove(audio.place);
        let moved = self.working.get(audio.place).copied();
        if let Some(other) = moved.and_then(|moved| self.port_mut(moved)?.audio.as_mut()) {
            other.place = audio.place;
        }
    }

    fn entry_of(&mut self, heard: Heard) -> &mut SmallVec<[u32; 2]> {
        &mut self.slots[heard.port.slot as usize].heard_by
    }

    fn change_room(&mut self, id: Option<RoomId>, change: impl FnOnce(&mut Room)) {
        let Some(id) = id else { return };
        let Some(room) = self.rooms.get_mut(&id) else { return };
        change(room);
        if room.is_empty() {
            self.rooms.remove(&id);
        }
    }
}

/// What an attached ear hears in this beat; `None` for silence.
pub(super) fn overhear<'a>(
    slots: &'a [Slot],
    rooms: &'a BTreeMap<RoomId, Room>,
    ear: Ear,
) -> Option<&'a Frame> {
    let audio = |slot: u32| slots.get(slot as usize)?.port.as_ref()?.audio.as_deref();
    match ear {
        Ear::From(port) => audio(port.slot).filter(|audio| audio.power > 0.0).map(|audio| &audio.said),
        Ear::To(port) => audio(port.slot).map(|audio| &audio.heard),
        Ear::Room(room) => rooms.get(&room)?.overheard(),
    }
}

/// Whether something has to be worked on for a port.
fn needs_audio(port: &Port) -> bool {
    let own = port.audio.as_ref().is_some_and(|audio| audio.is_wanted_in() || audio.is_wanted_out());
    let Hearing { way, wanted, overheard, .. } = port.hearing;
    own || way == Way::Work || wanted > 0 || overheard > 0
}

fn count(counter: &mut u32, on: bool) {
    *counter = if on { *counter + 1 } else { counter.saturating_sub(1) };
}
