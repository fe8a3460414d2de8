//! Recordings of two-party calls, written at the pace of time: all threads of the process count.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use base::media::{Channels, Ear, MediaEvent, Recorder, RecordingAct, RecordingFormat, WhenFull};
use base::{CallIds, Mono, RecordingId, ShardId, TenantId, Wall};
use benches::clock;
use media::frame::{Frame, Rate};
use media::record::{Parcel, Recordings};
use media_io::recordings::{Archive, ArchiveConfig, Desk};

use crate::cpu;
use crate::crowd::port;
use crate::signal;

const SHARD: ShardId = ShardId(0);
const BEAT: Duration = Duration::from_millis(10);
/// Beats in what the floor writes at a time: as many as the switch does.
const BEATS_OF_BLOCK: u64 = 20;

/// What recording so many calls for a while took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// CPU time of all threads over the time that went by: 1 is a core.
    pub(crate) cores: f64,
    /// Blocks that were dropped since the disk was too slow, and recordings that failed.
    pub(crate) faults: u64,
}

/// Records `calls` calls for `time`.
pub(crate) fn recorded(calls: u32, time: Duration, format: RecordingFormat) -> Result<Cost, String> {
    let folder = Folder::new().map_err(|error| error.to_string())?;
    let config = ArchiveConfig {
        folder: folder.0.join("recordings"),
        mail_folder: folder.0.join("voicemail"),
        key_file: folder.0.join("key"),
        budget_octets: 0,
        writers: 1,
        to_database: sync_channel(calls as usize).0,
    };
    #[expect(clippy::result_large_err, reason = "an event that finds no room is handed back")]
    let sink = |_shard: ShardId, _event: MediaEvent| Ok(());
    let started = Archive::start(&config, 1, &(Arc::new(sink) as _)).map_err(|error| error.to_string())?;
    let (archive, mut desks) = started;
    let desk = desks.pop().ok_or("no desk")?;
    let mut recordings = Recordings::new(0);
    let running = begin(&mut recordings, calls, format);
    let said = said(calls);
    let mut faults = 0;
    carry(&mut recordings, &desk, &mut faults);
    let cores = paced(time, |beat| {
        let now = Mono(1_000_000 + beat * BEAT.as_micros() as u64);
        recordings.tick(now, &|ear| match ear {
            Ear::From(port) => said.get(port.slot as usize),
            Ear::To(_) | Ear::Room(_) => None,
        });
        carry(&mut recordings, &desk, &mut faults);
    });
    running.into_iter().for_each(|id| recordings.act(id, RecordingAct::Stop));
    carry(&mut recordings, &desk, &mut faults);
    drop(desk);
    drop(archive);
    Ok(Cost { cores, faults })
}

/// Copies the same audio into files of the same number, as often: the floor.
pub(crate) fn copied(calls: u32, time: Duration) -> Result<Cost, String> {
    let folder = Folder::new().map_err(|error| error.to_string())?;
    let open = |call: u32| File::create(folder.0.join(format!("{call}.raw"))).map(|file| (file, Vec::new()));
    let mut files: Vec<(File, Vec<u8>)> =
        (0..calls).map(open).collect::<io::Result<_>>().map_err(|error| error.to_string())?;
    let said = said(calls);
    let mut faults = 0;
    let cores = paced(time, |beat| {
        for (call, (file, block)) in files.iter_mut().enumerate() {
            let (left, right) = (said[2 * call].samples(), said[2 * call + 1].samples());
            for (left, right) in left.iter().zip(right) {
                block.extend_from_slice(&left.to_le_bytes());
                block.extend_from_slice(&right.to_le_bytes());
            }
            if (beat + call as u64).is_multiple_of(BEATS_OF_BLOCK) {
                faults += u64::from(file.write_all(block).is_err());
                block.clear();
            }
        }
    });
    Ok(Cost { cores, faults })
}

/// Does the beats of `time` each when it is due, and says how many cores that took.
fn paced(time: Duration, mut beat: impl FnMut(u64)) -> f64 {
    let (began, cpu_before) = (clock::nanos(), cpu::process_ns());
    let beats = (time.as_micros() / BEAT.as_micros()) as u64;
    for number in 0..beats {
        let due = began + clock::span_ns(BEAT) * number;
        clock::wait(Duration::from_nanos(due.saturating_sub(clock::nanos())));
        beat(number);
    }
    let (passed, used) = (clock::nanos() - began, cpu::process_ns() - cpu_before);
    used as f64 / passed.max(1) as f64
}

fn begin(recordings: &mut Recordings, calls: u32, format: RecordingFormat) -> Vec<RecordingId> {
    let mut ids = CallIds::new(SHARD, Wall(1_700_000_000_000_000));
    let mut begin = |call: u32| {
        let ends = [2 * call, 2 * call + 1].map(port);
        let recorder = Recorder {
            id: ids.recording(),
            tenant: TenantId::DEFAULT,
            call: ids.call(),
            at: Wall(1_700_000_000_000_000),
            policy: Arc::from("all"),
            of: ends.map(Ear::From).into_iter().collect(),
            channels: Channels::Stereo,
            format,
            when_full: WhenFull::GoOn,
            encrypted: false,
            at_most: Duration::from_secs(3_600),
            keep_days: 1,
            mail: None,
        };
        let id = recorder.id;
        recordings.record(SHARD, ends[0], recorder, Rate::Hz8000);
        id
    };
    (0..calls).map(&mut begin).collect()
}

fn carry(recordings: &mut Recordings, desk: &Desk, faults: &mut u64) {
    while let Some(block) = desk.emptied() {
        recordings.recycle(block);
    }
    while let Some(parcel) = recordings.poll() {
        *faults += u64::from(matches!(parcel, Parcel::Gap { .. }));
        *faults += u64::from(desk.send(parcel).is_err());
    }
    while recordings.poll_event().is_some() {
        *faults += 1;
    }
}

/// A frame for each leg.
fn said(calls: u32) -> Vec<Frame> {
    let frame = |leg: u32| {
        let mut frame = Frame::silent(Rate::Hz8000);
        frame.samples_mut().copy_from_slice(&signal::voice(Rate::Hz8000, leg, 80));
        frame
    };
    (0..2 * calls).map(frame).collect()
}

/// A folder that goes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let path: &Path = &std::env::temp_dir().join(format!("tandem-audio-{}", std::process::id()));
        fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok(); // what cannot be removed stays in the folder for such things
    }
}
