//! What blocks hold, against what was said and when (issue row "Recording": stereo, true gaps, both channels in step).

use std::sync::Arc;
use std::time::Duration;

use base::media::{
    Channels, Ear, Gap, MediaEvent, Recorder, RecordingAct, RecordingFault, RecordingFormat, WhenFull,
};
use base::{CallIds, Mono, PortId, RecordingId, ShardId, TenantId, Wall};
use smallvec::smallvec;

use super::{Parcel, Recordings};
use crate::frame::{Frame, Rate};

const CUSTOMER: PortId = PortId { worker: 0, slot: 1 };
const AGENT: PortId = PortId { worker: 0, slot: 2 };
const START: Wall = Wall(1_700_000_000_000_000);

/// A worker's recordings on a grid of ticks, and what the disk was given.
struct Desk {
    recordings: Recordings,
    now: Mono,
    audio: Vec<i16>,
    story: Vec<String>,
    keeps_blocks: bool,
}

impl Desk {
    fn new() -> Self {
        let recordings = Recordings::new(0);
        Self { recordings, now: Mono(0), audio: Vec::new(), story: Vec::new(), keeps_blocks: false }
    }

    fn start(&mut self, recorder: Recorder) -> RecordingId {
        let id = recorder.id;
        self.recordings.record(ShardId(0), CUSTOMER, recorder, Rate::Hz8000);
        id
    }

    /// Ticks with the customer's samples at one value and the agent's at another; `None` says nothing.
    fn hear(&mut self, ticks: usize, customer: Option<i16>, agent: Option<i16>) {
        let (customer, agent) = (customer.map(flat), agent.map(flat));
        for _ in 0..ticks {
            self.recordings.tick(self.now, &|ear| match ear {
                Ear::From(CUSTOMER) => customer.as_ref(),
                Ear::From(AGENT) => agent.as_ref(),
                Ear::From(_) | Ear::To(_) | Ear::Room(_) => None,
            });
            self.now += Duration::from_millis(10);
            self.write();
        }
    }

    fn write(&mut self) {
        while let Some(parcel) = self.recordings.poll() {
            match parcel {
                Parcel::Open(opening) => self.story.push(format!("open {} channels", opening.channels)),
                Parcel::Audio { block, .. } => {
                    self.audio.extend_from_slice(block.samples());
                    if !self.keeps_blocks {
                        self.recordings.recycle(block);
                    }
                }
                Parcel::Gap { gap: Gap { at_ms, ms }, .. } => self.story.push(format!("gap {ms} at {at_ms}")),
                Parcel::Close { at, .. } => {
                    self.story.push(format!("close after {}", at.since(START).as_millis()));
                }
            }
        }
    }

    fn stop(&mut self, id: RecordingId) {
        self.recordings.act(id, RecordingAct::Stop);
        self.write();
    }

    /// Runs of one value on a channel: `(value, milliseconds)`.
    fn runs(&self, channel: usize, channels: usize) -> Vec<(i16, usize)> {
        let mut runs: Vec<(i16, usize)> = Vec::new();
        for sample in self.audio.iter().skip(channel).step_by(channels) {
            match runs.last_mut() {
                Some((value, samples)) if value == sample => *samples += 1,
                Some(_) | None => runs.push((*sample, 1)),
            }
        }
        runs.into_iter().map(|(value, samples)| (value, samples / 8)).collect()
    }
}

fn flat(value: i16) -> Frame {
    let mut frame = Frame::silent(Rate::Hz8000);
    frame.samples_mut().fill(value);
    frame
}

fn recorder(channels: Channels) -> Recorder {
    let mut ids = CallIds::new(ShardId(0), START);
    Recorder {
        id: ids.recording(),
        tenant: TenantId::DEFAULT,
        call: ids.call(),
        at: START,
        policy: Arc::from("all"),
        of: smallvec![Ear::From(CUSTOMER), Ear::From(AGENT)],
        channels,
        format: RecordingFormat::Wav,
        when_full: WhenFull::GoOn,
        encrypted: false,
        at_most: Duration::from_secs(3_600),
        keep_days: 0,
        mail: None,
    }
}

#[test]
fn the_customer_is_left_the_agent_right_and_both_stay_in_step_when_one_says_nothing() {
    let mut desk = Desk::new();
    let id = desk.start(recorder(Channels::Stereo));
    desk.hear(37, Some(1_000), None);
    desk.hear(20, None, Some(-2_000));
    desk.hear(10, Some(3_000), Some(4_000));
    desk.stop(id);
    assert_eq!(desk.runs(0, 2), [(1_000, 370), (0, 200), (3_000, 100)]);
    assert_eq!(desk.runs(1, 2), [(0, 370), (-2_000, 200), (4_000, 100)]);
    assert_eq!(desk.story, ["open 2 channels", "close after 670"]);
}

#[test]
fn a_mono_recording_holds_the_sum_and_does_not_wrap_around() {
    let mut desk = Desk::new();
    let id = desk.start(recorder(Channels::Mono));
    desk.hear(10, Some(1_000), Some(500));
    desk.hear(10, Some(30_000), Some(30_000));
    desk.stop(id);
    assert_eq!(desk.runs(0, 1), [(1_500, 100), (i16::MAX, 100)]);
}

#[test]
fn a_pause_leaves_exactly_its_own_time_out_and_says_where() {
    let mut desk = Desk::new();
    let id = desk.start(recorder(Channels::Stereo));
    desk.hear(33, Some(1), None);
    desk.recordings.act(id, RecordingAct::Pause);
    desk.hear(123, Some(2), None);
    desk.recordings.act(id, RecordingAct::Resume);
    desk.hear(50, Some(3), None);
    desk.stop(id);
    assert_eq!(desk.runs(0, 2), [(1, 330), (3, 500)]);
    assert_eq!(desk.story, ["open 2 channels", "gap 1230 at 330", "close after 2060"]);
}

#[test]
fn a_pause_up_to_the_end_is_marked_too() {
    let mut desk = Desk::new();
    let id = desk.start(recorder(Channels::Mono));
    desk.hear(10, Some(1), None);
    desk.recordings.act(id, RecordingAct::Pause);
    desk.hear(5, Some(2), None);
    desk.stop(id);
    assert_eq!(desk.story, ["open 1 channels", "gap 50 at 100", "close after 150"]);
}

#[test]
fn ticks_that_a_stalled_worker_left_out_are_a_gap_and_a_late_tick_is_none() {
    let mut desk = Desk::new();
    let id = desk.start(recorder(Channels::Mono));
    desk.hear(10, Some(1), None);
    desk.now += Duration::from_millis(350);
    desk.hear(10, Some(2), None);
    desk.now += Duration::from_millis(40);
    desk.hear(5, Some(2), None);
    desk.stop(id);
    assert_eq!(desk.runs(0, 1), [(1, 100), (2, 150)]);
    assert_eq!(desk.story, ["open 1 channels", "gap 350 at 100", "close after 600"]);
}

#[test]
fn behind_a_disk_that_is_too_slow_a_block_is_lost_as_a_gap_and_the_owner_told_once() {
    let mut desk = Desk::new();
    desk.recordings = Recordings::new(0).with_blocks(3);
    desk.keeps_blocks = true;
    let id = desk.start(recorder(Channels::Stereo));
    desk.hear(100, Some(1), None);
    desk.stop(id);
    assert_eq!(desk.runs(0, 2), [(1, 400)]);
    assert_eq!(desk.story, ["open 2 channels", "gap 600 at 400", "close after 1000"]);
    let (_shard, event) = desk.recordings.poll_event().expect("the owner is told");
    assert!(matches!(event, MediaEvent::RecordingFailed { fault: RecordingFault::TooSlow, .. }));
    assert_eq!(desk.recordings.poll_event(), None);
}

#[test]
fn a_recording_ends_with_its_port_and_at_its_longest() {
    let mut desk = Desk::new();
    desk.start(Recorder { at_most: Duration::from_millis(120), ..recorder(Channels::Mono) });
    desk.hear(50, Some(1), None);
    assert_eq!(desk.story, ["open 1 channels", "close after 120"]);
    desk.start(recorder(Channels::Mono));
    desk.hear(7, Some(1), None);
    desk.recordings.end_port(CUSTOMER);
    desk.write();
    assert_eq!(desk.story[2..], ["open 1 channels", "close after 70"]);
    assert!(desk.recordings.is_empty());
}

#[test]
fn a_transfer_changes_who_is_right_within_one_file() {
    let mut desk = Desk::new();
    let first = recorder(Channels::Stereo);
    let id = desk.start(first.clone());
    desk.hear(10, Some(1), Some(2));
    desk.start(Recorder { of: smallvec![Ear::From(CUSTOMER), Ear::To(AGENT)], ..first });
    desk.hear(10, Some(1), Some(2));
    desk.stop(id);
    assert_eq!(desk.runs(1, 2), [(2, 100), (0, 100)]);
    assert_eq!(desk.story, ["open 2 channels", "close after 200"]);
}

/// The two sides of a call need not have one codec, nor keep the one they began with.
#[test]
fn a_wide_band_side_is_heard_in_a_narrow_recording_at_its_level() {
    let mut recordings = Recordings::new(0);
    let recorder = recorder(Channels::Stereo);
    recordings.record(ShardId(0), CUSTOMER, recorder, Rate::Hz8000);
    let mut right = Vec::new();
    for tick in 0..100 {
        let mut frame = Frame::silent(Rate::Hz16000);
        for (at, sample) in frame.samples_mut().iter_mut().enumerate() {
            let turn = (tick * 160 + at) as f64 * 1_000.0 / 16_000.0;
            *sample = (10_000.0 * (turn * std::f64::consts::TAU).sin()) as i16;
        }
        recordings.tick(Mono(tick as u64 * 10_000), &|ear| (ear == Ear::From(AGENT)).then_some(&frame));
        while let Some(parcel) = recordings.poll() {
            if let Parcel::Audio { block, .. } = parcel {
                right.extend(block.samples().iter().skip(1).step_by(2).copied());
            }
        }
    }
    assert_eq!(right.len(), 8_000);
    let level = crate::dsp::level::tone_dbm0(&right[800..], 1_000, 8_000);
    let sent = 3.17 + 20.0 * (10_000f32 / 32_768.0).log10();
    assert!((level - sent).abs() < 0.2, "{level} dBm0, sent {sent}");
}

#[test]
fn blocks_are_used_again_and_no_more_are_made_than_are_away() {
    let mut desk = Desk::new();
    let id = desk.start(recorder(Channels::Stereo));
    desk.hear(2_000, Some(1), Some(2));
    assert_eq!(desk.recordings.blocks(), 2);
    desk.stop(id);
    desk.hear(1, None, None);
    let none = Recorder { of: smallvec![], ..recorder(Channels::Mono) };
    desk.start(none);
    let (_shard, event) = desk.recordings.poll_event().expect("the owner is told");
    assert!(matches!(event, MediaEvent::RecordingFailed { fault: RecordingFault::NoSource, .. }));
}
