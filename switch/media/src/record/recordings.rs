//! All recordings of a worker, and what they hand over.

use std::collections::VecDeque;

use base::limits::{RECORDING_BLOCKS, RECORDINGS};
use base::media::{Ear, MediaEvent, Recorder, RecordingAct, RecordingFault};
use base::{Mono, PortId, RecordingId, ShardId};
use smallvec::SmallVec;

use super::block::{Block, Opening, Parcel};
use super::recording::{Recording, channel_count};
use crate::frame::{Frame, Rate};

/// Recordings on their way to another worker.
#[derive(Debug)]
pub(crate) struct Packed {
    running: Vec<Recording>,
    parcels: Vec<Parcel>,
}

impl Packed {
    /// Whom they listen to.
    pub(crate) fn ears(&self) -> SmallVec<[Ear; 2]> {
        self.running.iter().flat_map(Recording::ears).collect()
    }

    /// A piece that had been handed over already comes back in front.
    pub(crate) fn put_back(&mut self, parcel: Parcel) -> Result<(), Parcel> {
        if self.running.iter().all(|recording| recording.id != parcel.recording()) {
            return Err(parcel);
        }
        self.parcels.insert(0, parcel);
        Ok(())
    }
}

/// The recordings of one media worker.
#[derive(Debug)]
pub struct Recordings {
    worker: u8,
    running: Vec<Recording>,
    parcels: VecDeque<Parcel>,
    events: VecDeque<(ShardId, MediaEvent)>,
    /// Whom no recording listens to any more, once for each that did.
    released: Vec<Ear>,
    spare: Vec<Block>,
    /// Blocks that exist.
    blocks: usize,
    most_blocks: usize,
}

impl Recordings {
    /// None yet.
    #[must_use]
    pub fn new(worker: u8) -> Self {
        Self {
            worker,
            running: Vec::new(),
            parcels: VecDeque::new(),
            events: VecDeque::new(),
            released: Vec::new(),
            spare: Vec::new(),
            blocks: 0,
            most_blocks: RECORDING_BLOCKS,
        }
    }

    /// Whether there is any, so that a tick need not be shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Starts a recording that hangs on `port`, or changes whom a running one listens to. Its audio begins with the next
    /// tick. `rate` is the best of those it listens to; above 16 kHz counts as 16 kHz.
    pub fn record(&mut self, shard: ShardId, port: PortId, recorder: Recorder, rate: Rate) {
        let Self { running, released, .. } = self;
        if let Some(known) = running.iter_mut().find(|recording| recording.id == recorder.id) {
            released.extend(known.ears());
            return known.listen_to(&recorder);
        }
        let (id, call) = (recorder.id, recorder.call);
        let Some(block) = self.admit(&recorder) else {
            let fault =
                if recorder.of.is_empty() { RecordingFault::NoSource } else { RecordingFault::TooMany };
            self.events.push_back((shard, MediaEvent::RecordingFailed { port, call, recording: id, fault }));
            return;
        };
        let channels = channel_count(recorder.channels);
        let opening = Opening { shard, port, recorder, rate: rate.min(Rate::Hz16000), channels };
        self.running.push(Recording::new(&opening, block));
        self.parcels.push_back(Parcel::Open(Box::new(opening)));
    }

    /// Pauses, resumes or stops one. The moment is the one of the last tick. Nothing happens to an unknown one.
    pub fn act(&mut self, id: RecordingId, act: RecordingAct) {
        let Some(index) = self.running.iter().position(|recording| recording.id == id) else { return };
        match act {
            RecordingAct::Pause => {
                self.hand_over(index);
                self.running[index].pause();
            }
            RecordingAct::Resume => self.running[index].resume(),
            RecordingAct::Stop => self.close(index),
        }
    }

    /// Ends all that hang on a port; the others hear silence from it.
    pub fn end_port(&mut self, port: PortId) {
        self.running.iter_mut().for_each(|recording| recording.forget(port));
        while let Some(index) = self.running.iter().position(|recording| recording.port == port) {
            self.close(index);
        }
    }

    /// Whom a recording listens to; nobody when it does not run.
    #[must_use]
    pub fn ears(&self, id: RecordingId) -> SmallVec<[Ear; 2]> {
        let running = self.running.iter().find(|recording| recording.id == id);
        running.map(|recording| recording.ears().collect()).unwrap_or_default()
    }

    /// Whom all of them listen to.
    pub(crate) fn all_ears(&self) -> SmallVec<[Ear; 2]> {
        self.running.iter().flat_map(Recording::ears).collect()
    }

    /// All that hang on a port go to another worker, with what is not handed over yet: what was before the disk sees
    /// before what follows.
    pub(crate) fn pack(&mut self, port: PortId) -> Packed {
        let (running, stay) = std::mem::take(&mut self.running).into_iter().partition(|it| it.port == port);
        self.running = stay;
        let running: Vec<Recording> = running;
        let goes = |parcel: &Parcel| running.iter().any(|recording| recording.id == parcel.recording());
        let (parcels, stay): (VecDeque<_>, _) = std::mem::take(&mut self.parcels).into_iter().partition(goes);
        self.parcels = stay;
        Packed { running, parcels: Vec::from(parcels) }
    }

    /// They have come, and count beside as many as may begin here.
    pub(crate) fn unpack(&mut self, packed: Packed) {
        self.parcels.extend(packed.parcels);
        self.running.extend(packed.running);
    }

    /// A port of another worker is closed: it may come again as somebody else's.
    pub(crate) fn forget(&mut self, port: PortId) {
        self.running.iter_mut().for_each(|recording| recording.forget(port));
    }

    /// One tick of 10 ms for all: `audio` gives what an ear hears in it, `None` for silence.
    pub fn tick<'a>(&mut self, now: Mono, audio: &(dyn Fn(Ear) -> Option<&'a Frame> + 'a)) {
        let mut index = 0;
        while let Some(recording) = self.running.get_mut(index) {
            if recording.is_behind(now) {
                self.hand_over(index);
                self.running[index].catch_up(now);
            }
            let recording = &mut self.running[index];
            recording.take(now, audio);
            if recording.is_full() {
                self.close(index);
                continue;
            }
            if !recording.has_room() {
                self.hand_over(index);
            }
            index += 1;
        }
    }

    /// What goes to the threads that write.
    pub fn poll(&mut self) -> Option<Parcel> {
        self.parcels.pop_front()
    }

    /// What a shard is to be told.
    pub fn poll_event(&mut self) -> Option<(ShardId, MediaEvent)> {
        self.events.pop_front()
    }

    /// An ear that a recording listens to no more; once for each recording and ear. Those of closed ports are left out.
    pub fn poll_released(&mut self) -> Option<Ear> {
        self.released.pop()
    }

    /// Takes back a block that has been written.
    pub fn recycle(&mut self, mut block: Block) {
        block.clear();
        self.spare.push(block);
    }

    #[cfg(test)]
    pub(crate) fn with_blocks(mut self, most: usize) -> Self {
        self.most_blocks = most;
        self
    }

    #[cfg(test)]
    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }

    fn admit(&mut self, recorder: &Recorder) -> Option<Block> {
        if recorder.of.is_empty() || self.running.len() >= RECORDINGS {
            return None;
        }
        self.empty_block()
    }

    fn empty_block(&mut self) -> Option<Block> {
        if let Some(block) = self.spare.pop() {
            return Some(block);
        }
        if self.blocks >= self.most_blocks {
            return None;
        }
        self.blocks += 1;
        Some(Block::new(self.worker))
    }

    /// Sends off the block at hand with the gap before it. Without an empty one to go on with, it is lost instead.
    fn hand_over(&mut self, index: usize) {
        if self.running[index].block.samples().is_empty() {
            return;
        }
        let empty = self.empty_block();
        let recording = &mut self.running[index];
        let Some(empty) = empty else {
            recording.lose();
            if !std::mem::replace(&mut recording.told_slow, true) {
                let (port, call, recording, shard) =
                    (recording.port, recording.call, recording.id, recording.shard);
                let fault = RecordingFault::TooSlow;
                self.events.push_back((shard, MediaEvent::RecordingFailed { port, call, recording, fault }));
            }
            return;
        };
        let id = recording.id;
        if let Some(gap) = recording.take_gap() {
            self.parcels.push_back(Parcel::Gap { recording: id, gap });
        }
        let block = std::mem::replace(&mut recording.block, empty);
        self.parcels.push_back(Parcel::Audio { recording: id, block });
    }

    fn close(&mut self, index: usize) {
        let mut recording = self.running.swap_remove(index);
        let (id, at) = (recording.id, recording.now());
        self.released.extend(recording.ears());
        if let Some(gap) = recording.take_gap() {
            self.parcels.push_back(Parcel::Gap { recording: id, gap });
        }
        if recording.block.samples().is_empty() {
            self.spare.push(recording.block);
        } else {
            self.parcels.push_back(Parcel::Audio { recording: id, block: recording.block });
        }
        self.parcels.push_back(Parcel::Close { recording: id, at });
    }
}
