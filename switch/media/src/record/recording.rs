//! One running recording.

use std::time::Duration;

use base::limits::RECORDING_EARS;
use base::media::{Channels, Ear, Gap, Recorder};
use base::{CallId, Mono, PortId, RecordingId, ShardId, Wall};

use super::block::{Block, Opening};
use super::lane::Lane;
use crate::frame::{Frame, Rate, TICK_MS};

/// One tick.
const TICK: Duration = Duration::from_millis(TICK_MS as u64);
/// Ticks that came later than this have left something out; what is earlier is only late.
const LATE: Duration = Duration::from_millis(100);

/// Where its audio is shown to a recording, in the tick at hand.
pub(crate) type Audio<'a> = dyn Fn(Ear) -> Option<&'a Frame> + 'a;

#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) id: RecordingId,
    pub(crate) call: CallId,
    pub(crate) shard: ShardId,
    pub(crate) port: PortId,
    pub(crate) block: Block,
    /// A piece was lost and its owner was told.
    pub(crate) told_slow: bool,
    rate: Rate,
    channels: Channels,
    lanes: [Lane; 2],
    at: Wall,
    at_most_ms: u64,
    /// Milliseconds since the start, pauses counted.
    clock_ms: u64,
    /// Milliseconds of audio, those in the block counted.
    audio_ms: u64,
    /// When the next tick is due.
    due: Option<Mono>,
    paused: bool,
    /// What is left out right before the block at hand.
    gap: Option<Gap>,
}

impl Recording {
    pub(crate) fn new(opening: &Opening, block: Block) -> Self {
        let recorder = &opening.recorder;
        let mut recording = Self {
            id: recorder.id,
            call: recorder.call,
            shard: opening.shard,
            port: opening.port,
            block,
            told_slow: false,
            rate: opening.rate,
            channels: recorder.channels,
            lanes: [Lane::new(opening.rate), Lane::new(opening.rate)],
            at: recorder.at,
            at_most_ms: millis(recorder.at_most),
            clock_ms: 0,
            audio_ms: 0,
            due: None,
            paused: false,
            gap: None,
        };
        recording.listen_to(recorder);
        recording
    }

    pub(crate) fn listen_to(&mut self, recorder: &Recorder) {
        let ears = recorder.of.iter().take(RECORDING_EARS).copied();
        let left = match self.channels {
            Channels::Stereo => 1,
            Channels::Mono => RECORDING_EARS,
        };
        self.lanes[0].listen_to(ears.clone().take(left));
        self.lanes[1].listen_to(ears.skip(left));
    }

    /// The port is closed; another may come to stand in its slot.
    pub(crate) fn forget(&mut self, port: PortId) {
        self.lanes.iter_mut().for_each(|lane| lane.forget(port));
    }

    pub(crate) fn ears(&self) -> impl Iterator<Item = Ear> + '_ {
        self.lanes.iter().flat_map(Lane::ears)
    }

    pub(crate) fn pause(&mut self) {
        self.paused = true;
    }

    pub(crate) fn resume(&mut self) {
        self.paused = false;
    }

    /// Whether the block has room for a tick.
    pub(crate) fn has_room(&self) -> bool {
        self.block.room_for(self.rate.frame() * usize::from(channel_count(self.channels)))
    }

    pub(crate) fn is_full(&self) -> bool {
        self.audio_ms >= self.at_most_ms
    }

    /// The moment it has come to.
    pub(crate) fn now(&self) -> Wall {
        self.at + Duration::from_millis(self.clock_ms)
    }

    /// What is left out before the block at hand; told once.
    pub(crate) fn take_gap(&mut self) -> Option<Gap> {
        self.gap.take()
    }

    /// Whether what ticks left out since the last one makes a gap: the block at hand ends before it.
    pub(crate) fn is_behind(&self, now: Mono) -> bool {
        self.due.is_some_and(|due| now.since(due) > LATE)
    }

    /// Makes a gap of the time that no tick came in.
    pub(crate) fn catch_up(&mut self, now: Mono) {
        let Some(due) = self.due else { return };
        let missed = millis(now.since(due)) / TICK_MS as u64 * TICK_MS as u64;
        self.leave_out(missed);
        self.due = Some(due + Duration::from_millis(missed));
    }

    /// Takes a tick: as audio, or as more of the pause.
    pub(crate) fn take(&mut self, now: Mono, audio: &Audio<'_>) {
        self.due = Some(self.due.unwrap_or(now) + TICK);
        if self.paused {
            self.leave_out(TICK_MS as u64);
            return;
        }
        self.lanes[0].sum(audio);
        if self.channels == Channels::Stereo {
            self.lanes[1].sum(audio);
        }
        self.write();
        self.clock_ms += TICK_MS as u64;
        self.audio_ms += TICK_MS as u64;
    }

    /// Drops the block at hand: it was never recorded.
    pub(crate) fn lose(&mut self) {
        let frame = self.rate.frame() * usize::from(channel_count(self.channels));
        let ms = (self.block.samples().len() / frame * TICK_MS) as u64;
        self.block.clear();
        self.audio_ms -= ms;
        self.clock_ms -= ms;
        self.leave_out(ms);
    }

    fn leave_out(&mut self, ms: u64) {
        if ms == 0 {
            return;
        }
        let at_ms = self.audio_ms;
        self.gap.get_or_insert(Gap { at_ms, ms: 0 }).ms += ms;
        self.clock_ms += ms;
    }

    fn write(&mut self) {
        let [left, right] = &self.lanes;
        match self.channels {
            Channels::Mono => self.block.extend(left.samples().iter().copied()),
            Channels::Stereo => {
                self.block.extend(left.samples().iter().zip(right.samples()).flat_map(|(l, r)| [*l, *r]));
            }
        }
    }
}

pub(crate) fn channel_count(channels: Channels) -> u8 {
    match channels {
        Channels::Stereo => 2,
        Channels::Mono => 1,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
