//! Who hears whom: what shards want, and for each port the cheapest way to it.

use base::media::{Gain, Heard};
use base::{Mono, RoomId};
use smallvec::SmallVec;

use super::Engine;
use crate::hearing::{Crowd, Hearing, Source, Way};
use crate::port::Port;
use crate::room::Room;

/// In a room with more speakers than this, audio is worked on for everybody, whoever comes or goes.
const SMALL_ROOM: usize = 3;

impl Engine {
    /// Whom the far end of `slot` hears. Who is at another worker is heard once it has come here.
    pub(super) fn hear(
        &mut self,
        now: Mono,
        slot: u32,
        room: Option<RoomId>,
        mut sources: SmallVec<[Heard; 2]>,
    ) {
        if self.port(slot).is_none() {
            return;
        }
        sources.truncate(base::limits::SOURCES);
        let place = |heard: Heard| Some(Source { slot: self.give_place(heard.port)?, gain: heard.gain });
        let sources: SmallVec<[Source; 2]> = sources.into_iter().filter_map(place).collect();
        let Some(hearing) = self.port(slot).map(|port| &port.hearing) else { return };
        if hearing.room == room && hearing.sources == sources {
            return;
        }
        self.let_go(slot);
        let Some(port) = self.port_mut(slot) else { return };
        let old_room = std::mem::replace(&mut port.hearing.room, room);
        let old = std::mem::replace(&mut port.hearing.sources, sources.clone());
        for heard in &old {
            self.entry_of(*heard).retain(|listener| *listener != slot);
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
        old.iter().for_each(|heard| self.vacate(heard.slot));
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
        self.go_unheard(now, slot);
        self.drop_audio(slot);
    }

    /// Nobody hears the port in `slot` one by one any more.
    pub(super) fn go_unheard(&mut self, now: Mono, slot: u32) {
        let Some(entry) = self.slots.get_mut(slot as usize) else { return };
        for listener in std::mem::take(&mut entry.heard_by) {
            self.let_go(listener);
            if let Some(port) = self.port_mut(listener) {
                port.hearing.sources.retain(|heard| heard.slot != slot);
            }
            self.reconsider(now, listener);
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
            // Who is on its way here, or back, goes on where it stopped.
            Crowd::One(source, _)
                if can_work && port.hearing.way == Way::Work && self.port(source).is_none() =>
            {
                Way::Work
            }
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
        let crowd = listed.iter().fold(Crowd::Nobody, |crowd, heard| crowd.and(heard.slot, heard.gain));
        let Some(room) = port.hearing.room.and_then(|room| self.rooms.get(&room)) else { return crowd };
        if room.speakers().nth(SMALL_ROOM).is_some() {
            return Crowd::Many;
        }
        let others = room
            .speakers()
            .filter(|speaker| speaker.slot != slot && listed.iter().all(|heard| heard.slot != speaker.slot));
        others.fold(crowd, |crowd, speaker| crowd.and(speaker.slot, speaker.gain))
    }

    /// Whether the far end of `listener` can take the packets of `source` as they come. What cannot be decoded here is
    /// only ever passed on.
    fn fits(&self, source: u32, listener: &Port) -> bool {
        let Some(speaker) = self.port(source) else { return true };
        let Some(spoken) = speaker.spoken().filter(|spoken| spoken.codec.is_speech()) else { return true };
        // Whose noise it cannot take would be dead air while nobody speaks.
        let takes_noise = speaker.noise().is_none_or(|noise| listener.same(&noise).is_some());
        takes_noise && listener.same(&spoken).is_some()
    }

    fn entry_of(&mut self, heard: Source) -> &mut SmallVec<[u32; 2]> {
        &mut self.slots[heard.slot as usize].heard_by
    }

    pub(super) fn change_room(&mut self, id: Option<RoomId>, change: impl FnOnce(&mut Room)) {
        let Some(id) = id else { return };
        let Some(room) = self.rooms.get_mut(&id) else { return };
        change(room);
        if room.is_empty() {
            self.rooms.remove(&id);
        }
    }
}
