//! Recordings.

use base::media::{Ear, Recorder, RecordingAct};
use base::{Mono, RecordingId};

use super::Engine;
use super::ears::overhear;
use crate::record::{Block, Parcel};

impl Engine {
    /// The next piece of a recording, for the threads that write.
    pub fn poll_parcel(&mut self) -> Option<Parcel> {
        self.recordings.poll()
    }

    /// Takes back a block that has been written.
    pub fn recycle(&mut self, block: Block) {
        self.recordings.recycle(block);
    }

    /// Begins a recording that hangs on `slot`, or changes whom it listens to.
    pub(super) fn record(&mut self, now: Mono, slot: u32, mut recorder: Recorder) {
        let Some(shard) = self.port(slot).map(|port| port.shard) else { return };
        let (port, id) = (self.id(slot), recorder.id);
        recorder.of.retain(|ear| self.is_there(*ear));
        let rate = recorder.of.iter().map(|ear| self.ear_rate(*ear)).max().unwrap_or_default();
        self.recordings.record(shard, port, recorder, rate);
        for ear in self.recordings.ears(id) {
            self.attach(now, ear);
        }
        self.settle_recordings(now);
    }

    /// Pauses, resumes or stops one.
    pub(super) fn act_on_recording(&mut self, now: Mono, id: RecordingId, act: RecordingAct) {
        self.recordings.act(id, act);
        self.settle_recordings(now);
    }

    /// The port closes: what hangs on it ends.
    pub(super) fn end_recordings(&mut self, now: Mono, slot: u32) {
        if !self.recordings.is_empty() {
            self.recordings.end_port(self.id(slot));
            self.settle_recordings(now);
        }
    }

    /// After all ports have said and heard what they do in this beat.
    pub(super) fn record_beat(&mut self, now: Mono) {
        if self.recordings.is_empty() {
            return;
        }
        let Self { recordings, places, slots, rooms, .. } = self;
        recordings.tick(now, &|ear| overhear(places, slots, rooms, ear));
        self.settle_recordings(now);
    }

    /// Nobody's audio is worked on for a recording that is over, and its shard is told.
    fn settle_recordings(&mut self, now: Mono) {
        while let Some(ear) = self.recordings.poll_released() {
            self.detach(now, ear);
        }
        while let Some(event) = self.recordings.poll_event() {
            self.events.push_back(event);
        }
    }

    /// Whether there is or will be something to hear: of another worker's ports that is known there.
    pub(super) fn is_there(&self, ear: Ear) -> bool {
        match ear {
            Ear::From(port) | Ear::To(port) => {
                !self.places.is_own(port)
                    || self.places.away.contains(&port.slot)
                    || self.places.slot(port).and_then(|slot| self.port(slot)).is_some()
            }
            Ear::Room(room) => room.worker() == self.worker,
        }
    }
}
