//! Recordings.

use base::media::{Ear, Recorder, RecordingAct};
use base::{Mono, RecordingId};

use super::{Engine, Slot};
use crate::frame::{Frame, Rate};
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
        let rate = recorder.of.iter().map(|ear| self.rate_of(*ear)).max().unwrap_or_default();
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
        let Self { recordings, slots, .. } = self;
        recordings.tick(now, &|ear| overheard(slots, ear));
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

    fn is_there(&self, ear: Ear) -> bool {
        match ear {
            Ear::From(port) | Ear::To(port) => port.worker == self.worker && self.port(port.slot).is_some(),
            Ear::Room(room) => room.worker() == self.worker,
        }
    }

    fn rate_of(&self, ear: Ear) -> Rate {
        let codec_of =
            |slot: u32| self.port(slot).and_then(|port| port.spoken()).map(|payload| payload.codec);
        let wide = |slot: u32| codec_of(slot).is_some_and(|codec| codec.audio_hz() > Rate::Hz8000.hz());
        let is_wide = match ear {
            Ear::From(port) | Ear::To(port) => wide(port.slot),
            Ear::Room(room) => {
                self.rooms.get(&room).is_some_and(|room| room.speakers().any(|speaker| wide(speaker.slot)))
            }
        };
        if is_wide { Rate::Hz16000 } else { Rate::Hz8000 }
    }
}

/// What an ear hears in this beat.
fn overheard(slots: &[Slot], ear: Ear) -> Option<&Frame> {
    let audio = |slot: u32| slots.get(slot as usize)?.port.as_ref()?.audio.as_deref();
    match ear {
        Ear::From(port) => audio(port.slot).map(|audio| &audio.said),
        Ear::To(port) => audio(port.slot).map(|audio| &audio.heard),
        Ear::Room(_) => None,
    }
}
