//! The beat of all audio work: every ten milliseconds while some port needs it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use base::{Mono, RoomId};

use super::Engine;
use super::beat::Bench;
use crate::frame::TICK_MS;
use crate::room::Room;

/// How far apart beats are.
pub(super) const BEAT: Duration = Duration::from_millis(TICK_MS as u64);
/// Beats that are made up for at once after the worker was late; older ones are left out.
const CATCH_UP: u32 = 5;

/// How much audio work there is, and how well it keeps time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Ports whose audio is worked on.
    pub ports: u64,
    /// Rooms.
    pub rooms: u64,
    /// Beats done.
    pub beats: u64,
    /// Of them, those done a whole beat late or later.
    pub late: u64,
    /// Beats left out, since the worker was too late.
    pub skipped: u64,
}

impl Engine {
    /// Does what is due.
    pub fn tick(&mut self, now: Mono) {
        self.at_work = None;
        self.watch(now);
        for done in 0.. {
            let Some(at) = self.next_beat.filter(|at| *at <= now) else { return };
            if !self.has_beats() {
                self.next_beat = None;
                return;
            }
            self.next_beat = Some(at + BEAT);
            if done >= CATCH_UP {
                self.load.skipped += 1;
                continue;
            }
            self.load.beats += 1;
            self.load.late += u64::from(now.since(at) >= BEAT);
            self.beat(at);
        }
    }

    /// Audio is worked on from the next whole beat of the clock on.
    pub(super) fn begin_beats(&mut self, now: Mono) {
        self.next_beat = Some(Mono(now.0.next_multiple_of(BEAT.as_micros() as u64)));
    }

    fn beat(&mut self, now: Mono) {
        let Some(mut bench) = self.bench.take() else { return };
        let mut rooms = std::mem::take(&mut self.rooms);
        self.stamp += 1;
        // Rooms and bench come back whatever happens; what else a panic leaves behind is for `mend`.
        let worked = catch_unwind(AssertUnwindSafe(|| self.work(now, &mut rooms, &mut bench)));
        self.rooms = rooms;
        self.bench = Some(bench);
        if let Err(panic) = worked {
            resume_unwind(panic);
        }
        self.record_beat(now);
        self.tap_beat(now);
        self.look_again(now);
        self.sweep();
    }

    fn work(&mut self, now: Mono, rooms: &mut BTreeMap<RoomId, Room>, bench: &mut Bench) {
        self.choose_rates(rooms);
        for index in 0..self.working.len() {
            if let Some(slot) = self.working.get(index).copied() {
                self.at_work = Some(slot);
                self.listen_to(now, slot, rooms, bench);
            }
        }
        self.at_work = None;
        for (id, room) in &mut *rooms {
            self.gather(*id, room);
            self.serve_audience(now, *id, room);
        }
        for index in 0..self.working.len() {
            if let Some(slot) = self.working.get(index).copied() {
                self.at_work = Some(slot);
                self.speak_to(now, slot, rooms, bench);
            }
        }
        self.at_work = None;
    }

    /// At what ended in a beat.
    fn look_again(&mut self, now: Mono) {
        self.take_keys(now);
        while let Some(slot) = self.bench.as_mut().and_then(|bench| bench.changed.pop()) {
            self.at_work = Some(slot);
            self.note_playing(now, slot);
            self.reconsider(now, slot);
        }
        self.at_work = None;
        self.close_seams(now);
    }
}
