//! A port goes to another worker in the middle of what it does, and comes back.
//!
//! ```text
//!   here   depart: whom it hears, its recordings and taps are put into names ─► Moving ─► nobody is in its slot
//!   there  arrive: names become slots of that worker ─► it hears, is heard and recorded as before
//! ```
//!
//! Who hears it goes on listening to its slot, which stays as long as somebody does: in silence until it is back.

use base::media::{Ear, Gain, Heard};
use base::{Mono, PortId, RoomId};
use smallvec::SmallVec;

use super::{Engine, Slot, tap};
use crate::hearing::{Hearing, Way};
use crate::port::Port;
use crate::record::{Packed, Parcel};

/// A port on its way from one worker to another.
#[derive(Debug)]
pub struct Moving {
    name: PortId,
    port: Box<Port>,
    room: Option<RoomId>,
    sources: SmallVec<[Heard; 2]>,
    speaks: Option<(RoomId, Gain)>,
    way: Way,
    /// The first beat that was not done for it.
    beat: Option<Mono>,
    /// Whose packets it was passed last.
    passed: Option<PortId>,
    recordings: Packed,
    taps: Vec<tap::Set>,
}

impl Moving {
    /// Whether a tap hangs on it.
    #[must_use]
    pub fn has_tap(&self, tap: base::media::TapId) -> bool {
        self.taps.iter().any(|set| set.tap.id == tap)
    }

    /// A piece of one of its recordings that was taken and not written yet goes with it.
    ///
    /// # Errors
    /// Gives it back when it is of none of them.
    pub fn put_back(&mut self, parcel: Parcel) -> Result<(), Parcel> {
        self.recordings.put_back(parcel)
    }
}

impl Engine {
    /// Makes a place for a port whose sockets come here, and says which; `None` for a name that nobody has.
    pub fn host(&mut self, name: PortId) -> Option<u32> {
        let slot = self.give_place(name)?;
        if !self.places.is_own(name) {
            self.places.hosted.insert(slot);
        }
        Some(slot)
    }

    /// The sockets of a guest have gone.
    pub fn unhost(&mut self, slot: u32) {
        self.places.hosted.remove(&slot);
        self.vacate(slot);
    }

    pub(super) fn give_place(&mut self, name: PortId) -> Option<u32> {
        let slot = self.places.give(name, self.stamp)?;
        if slot as usize >= self.slots.len() {
            self.slots.resize_with(slot as usize + 1, Slot::default);
        }
        Some(slot)
    }

    /// Where a port stands here; `None` for one of another worker of whom nothing is known here.
    #[must_use]
    pub fn place_of(&self, name: PortId) -> Option<u32> {
        self.places.slot(name)
    }

    /// Takes a port out, to be given to another worker's engine; `None` when it is not open here. Beats that are due are
    /// to be done before, here and there, so that none is done twice for it.
    pub fn depart(&mut self, now: Mono, name: PortId) -> Option<Box<Moving>> {
        let slot = self.places.slot(name)?;
        self.at_work = Some(slot);
        let Port { hearing, out, .. } = self.port(slot)?;
        let Hearing { room, speaks, way, .. } = *hearing;
        let sources =
            hearing.sources.iter().map(|it| Heard { port: self.id(it.slot), gain: it.gain }).collect();
        let (out, passed) = (*out, out.source().map(|source| self.id(source)));
        let (beat, (recordings, taps)) = (self.next_beat, self.pack(now, name));
        self.hear(now, slot, None, SmallVec::new());
        self.speak(now, slot, None, Gain::UNITY);
        let mut port = self.take_out(now, slot)?;
        port.out = out;
        if self.places.is_own(name) {
            self.places.away.insert(slot);
        }
        self.close_seams(now);
        self.vacate(slot);
        Some(Box::new(Moving { name, port, room, sources, speaks, way, beat, passed, recordings, taps }))
    }

    /// Puts a port in that another worker's engine has given.
    pub fn arrive(&mut self, now: Mono, moving: Box<Moving>) {
        let Moving { name, port, room, sources, speaks, way, beat, passed, recordings, taps } = *moving;
        let Some(slot) = self.give_place(name) else { return };
        self.at_work = Some(slot);
        if self.places.is_own(name) {
            self.places.away.remove(&slot);
        }
        self.put_in(slot, port, way);
        self.next_beat = self.next_beat.or(beat);
        for ear in self.ears_on(name) {
            self.attach(now, ear);
        }
        let source = passed.and_then(|passed| self.give_place(passed));
        let out = self.port_mut(slot).map(|port| {
            port.out.follow(source);
            port.out
        });
        self.hear(now, slot, room, sources);
        if let Some((room, gain)) = speaks {
            self.speak(now, slot, Some(room), gain);
        }
        self.unpack(now, recordings, taps);
        self.reconsider_around(now, slot);
        // What goes on as it was begins nothing new.
        if let Some((port, out)) = self.port_mut(slot).zip(out)
            && std::mem::discriminant(&port.hearing.way) == std::mem::discriminant(&way)
        {
            port.out = out;
        }
        self.queue_deadline(slot);
        self.close_seams(now);
        source.into_iter().for_each(|source| self.vacate(source));
    }

    /// A port of another worker, or one that was there, is closed: who waits for it here does so in vain, and shall not
    /// hear who has its name next.
    pub fn forget(&mut self, now: Mono, name: PortId) {
        if self.places.is_own(name) {
            self.places.away.remove(&name.slot);
        }
        self.recordings.forget(name);
        self.end_taps(now, name);
        let Some(slot) = self.places.slot(name).filter(|slot| self.port(*slot).is_none()) else { return };
        self.go_unheard(now, slot);
        self.vacate(slot);
    }

    /// A guest's slot in which nobody is, and to which nobody listens, is free.
    pub(super) fn vacate(&mut self, slot: u32) {
        let Some(entry) = self.slots.get(slot as usize) else { return };
        if entry.port.is_none() && entry.heard_by.is_empty() && !self.places.hosted.contains(&slot) {
            self.places.take_back(slot, self.stamp);
        }
    }

    fn take_out(&mut self, now: Mono, slot: u32) -> Option<Box<Port>> {
        let listeners = self.slots.get(slot as usize)?.heard_by.clone();
        listeners.iter().for_each(|listener| self.let_go(*listener));
        let mut port = self.slots.get_mut(slot as usize)?.port.take()?;
        self.open -= 1;
        if let Some(audio) = &port.audio {
            self.take_off(audio.place);
        }
        port.hearing = Hearing::default();
        port.silence.queued = None;
        listeners.iter().for_each(|listener| self.reconsider(now, *listener));
        Some(port)
    }

    fn put_in(&mut self, slot: u32, mut port: Box<Port>, way: Way) {
        let Some(entry) = self.slots.get(slot as usize) else { return };
        for listener in entry.heard_by.clone() {
            self.let_go(listener);
        }
        if way == Way::Work {
            port.hearing.way = way;
        }
        if let Some(audio) = &mut port.audio {
            audio.settle_in(self.working.len());
            self.working.push(slot);
        }
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            entry.port = Some(port);
            self.open += 1;
        }
    }

    /// What hangs on a port, with nobody listening for it here.
    fn pack(&mut self, now: Mono, name: PortId) -> (Packed, Vec<tap::Set>) {
        let recordings = self.recordings.pack(name);
        let (taps, stay) = std::mem::take(&mut self.taps).into_iter().partition(|set| set.tap.port == name);
        self.taps = stay;
        let taps: Vec<tap::Set> = taps;
        for ear in recordings.ears().into_iter().chain(taps.iter().map(|set| set.tap.ear)) {
            self.detach(now, ear);
        }
        (recordings, taps)
    }

    fn unpack(&mut self, now: Mono, recordings: Packed, taps: Vec<tap::Set>) {
        for ear in recordings.ears().into_iter().chain(taps.iter().map(|set| set.tap.ear)) {
            self.attach(now, ear);
        }
        self.recordings.unpack(recordings);
        self.taps.extend(taps);
    }

    /// Ears here, of what hangs on others, that are on a port.
    fn ears_on(&self, name: PortId) -> SmallVec<[Ear; 2]> {
        let all = self.recordings.all_ears().into_iter().chain(self.taps.iter().map(|set| set.tap.ear));
        all.filter(|ear| match ear {
            Ear::From(port) | Ear::To(port) => *port == name,
            Ear::Room(_) => false,
        })
        .collect()
    }
}
