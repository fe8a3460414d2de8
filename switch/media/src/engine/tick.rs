//! The beat of all audio work: every ten milliseconds while some port needs it.

use std::time::Duration;

use base::media::{MediaEvent, Payload};
use base::{Mono, PortId, ShardId};

use super::play::Sources;
use super::{Engine, digits, play, tap};
use crate::frame::{Frame, TICK_MS};
use crate::play::Clips;
use crate::rtp::Header;

const BEAT: Duration = Duration::from_millis(TICK_MS as u64);
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

/// What the work on one port in one beat may use beside the port itself.
#[derive(Debug)]
pub(crate) struct Beat<'a> {
    pub(crate) now: Mono,
    pub(crate) port: PortId,
    pub(crate) clips: &'a dyn Clips,
    shard: ShardId,
    events: &'a mut std::collections::VecDeque<(ShardId, MediaEvent)>,
}

impl Beat<'_> {
    /// Tells the shard that leased the port.
    pub(crate) fn tell(&mut self, event: MediaEvent) {
        self.events.push_back((self.shard, event));
    }
}

impl Engine {
    /// Does what is due.
    pub fn tick(&mut self, now: Mono) {
        self.watch(now);
        for done in 0.. {
            let Some(at) = self.next_beat.filter(|at| *at <= now) else { return };
            self.sweep();
            if self.working.is_empty() {
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

    pub(super) fn begin_beats(&mut self, now: Mono) {
        let grid = BEAT.as_micros() as u64;
        self.next_beat = Some(Mono(now.0.next_multiple_of(grid)));
    }

    /// A packet whose audio may be wanted.
    pub(super) fn take_in(
        &mut self,
        _now: Mono,
        _slot: u32,
        _header: &Header,
        _payload: &Payload,
        _packet: &[u8],
    ) {
    }

    fn beat(&mut self, now: Mono) {
        for index in 0..self.working.len() {
            if let Some(slot) = self.working.get(index).copied() {
                self.listen_to(now, slot);
            }
        }
        for index in 0..self.working.len() {
            if let Some(slot) = self.working.get(index).copied() {
                self.speak_to(now, slot);
            }
        }
        self.record_beat(now);
        self.tap_beat(now);
    }

    /// What the far end said.
    fn listen_to(&mut self, now: Mono, slot: u32) {
        let id = self.id(slot);
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.as_deref_mut()) else {
            return;
        };
        let Some(audio) = port.audio.as_deref_mut() else { return };
        let mut beat =
            Beat { now, port: id, clips: &*self.clips, shard: port.shard, events: &mut self.events };
        let said = audio.said.clone();
        digits::listen(&mut beat, audio, &said);
    }

    /// What the far end hears.
    fn speak_to(&mut self, now: Mono, slot: u32) {
        let id = self.id(slot);
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.as_deref_mut()) else {
            return;
        };
        let mut beat =
            Beat { now, port: id, clips: &*self.clips, shard: port.shard, events: &mut self.events };
        let Some(audio) = port.audio.as_deref_mut() else { return };
        let wanted_before = audio.is_wanted_out();
        let mut out = Frame::silent(audio.heard.rate());
        match play::sound(&mut beat, audio, &mut out) {
            Sources::Heard | Sources::Covered => {}
        }
        tap::tapped_in(&mut beat, audio, &mut out);
        let wanted = audio.is_wanted_out();
        audio.heard.samples_mut().copy_from_slice(out.samples());
        digits::press(&mut beat, port, &mut out);
        if wanted_before && !wanted {
            self.reconsider(now, slot);
        }
    }
}
