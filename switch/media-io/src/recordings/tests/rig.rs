//! A media worker's side of the archive, with a tone at each ear.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::media::{
    Channels, Ear, MediaEvent, Recorder, RecordingAct, RecordingFault, RecordingFile, RecordingFormat,
    WhenFull,
};
use base::{CallIds, Mono, PortId, RecordingId, ShardId, TenantId, Wall};
use media::dsp::level;
use media::frame::{Frame, Rate};
use media::record::Recordings;

use super::super::archive::{Archive, ArchiveConfig, Desk};
use super::super::entry::Entry;
use super::super::library::Library;
use super::super::playback::PlaybackError;

pub(super) const CUSTOMER: PortId = PortId { worker: 0, slot: 1 };
pub(super) const AGENT: PortId = PortId { worker: 0, slot: 2 };
pub(super) const START: Wall = Wall(1_700_000_000_000_000);
/// Longer than any answer of the threads takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder that goes with its owner.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("tandem-recordings-{}-{number}", std::process::id())))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn config(&self) -> ArchiveConfig {
        config(&self.0)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok(); // it may never have been made
    }
}

/// Entries go nowhere unless a [`Rig`] is started with it.
pub(super) fn config(folder: &Path) -> ArchiveConfig {
    ArchiveConfig {
        to_database: sync_channel(0).0,
        folder: folder.join("recordings"),
        mail_folder: folder.join("voicemail"),
        key_file: folder.join("recording.key"),
        budget_octets: 0,
        writers: 2,
    }
}

pub(super) struct Rig {
    pub(super) recordings: Recordings,
    pub(super) library: Library,
    pub(super) entries: Receiver<Entry>,
    pub(super) events: Receiver<MediaEvent>,
    /// Blocks that came back written.
    pub(super) written: usize,
    desk: Desk,
    now: Mono,
    ids: CallIds,
    _archive: Archive,
}

impl Rig {
    pub(super) fn start(config: &ArchiveConfig) -> Self {
        let (tell, events) = sync_channel(1_000);
        let tell = Mutex::new(tell);
        #[expect(clippy::result_large_err, reason = "an event that finds no room is handed back")]
        let sink = move |_shard: ShardId, event: MediaEvent| {
            let tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
            tell.send(event).expect("the test listens");
            Ok(())
        };
        let (to_database, entries) = sync_channel(1_000);
        let config = ArchiveConfig { to_database, ..config.clone() };
        let (archive, mut desks) = Archive::start(&config, 1, &(Arc::new(sink) as _)).unwrap();
        Self {
            recordings: Recordings::new(0),
            library: archive.library(),
            entries,
            events,
            written: 0,
            desk: desks.remove(0),
            now: Mono(0),
            ids: later_ids(),
            _archive: archive,
        }
    }

    pub(super) fn recorder(&mut self, format: RecordingFormat, channels: Channels) -> Recorder {
        Recorder {
            id: self.ids.recording(),
            tenant: TenantId::DEFAULT,
            call: self.ids.call(),
            at: START,
            policy: Arc::from("all"),
            of: [Ear::From(CUSTOMER), Ear::From(AGENT)].into_iter().collect(),
            channels,
            format,
            when_full: WhenFull::GoOn,
            encrypted: false,
            at_most: Duration::from_secs(3_600),
            keep_days: 30,
            mail: None,
        }
    }

    pub(super) fn record(&mut self, recorder: Recorder, rate: Rate) -> RecordingId {
        let id = recorder.id;
        self.recordings.record(ShardId(0), CUSTOMER, recorder, rate);
        id
    }

    /// Lets so many milliseconds go by with a tone at each ear; 0 Hz is silence.
    pub(super) fn hear(&mut self, ms: u64, customer_hz: u32, agent_hz: u32) {
        let mut frames = [Frame::silent(Rate::Hz8000), Frame::silent(Rate::Hz8000)];
        for _ in 0..ms / 10 {
            let at = self.now.0 / 1_000 * 8;
            sine(frames[0].samples_mut(), customer_hz, at);
            sine(frames[1].samples_mut(), agent_hz, at);
            self.recordings.tick(self.now, &|ear| match ear {
                Ear::From(CUSTOMER) => Some(&frames[0]),
                Ear::From(AGENT) => Some(&frames[1]),
                Ear::From(_) | Ear::To(_) | Ear::Room(_) => None,
            });
            self.now += Duration::from_millis(10);
            self.carry();
        }
    }

    pub(super) fn act(&mut self, id: RecordingId, act: RecordingAct) {
        self.recordings.act(id, act);
        self.carry();
    }

    /// Stops it and waits for its file.
    pub(super) fn stop(&mut self, id: RecordingId) -> RecordingFile {
        self.act(id, RecordingAct::Stop);
        self.closed(id)
    }

    pub(super) fn closed(&mut self, id: RecordingId) -> RecordingFile {
        loop {
            let event = self.events.recv_timeout(PATIENCE).expect("its end is told");
            if let MediaEvent::Recorded { recording, file, .. } = event
                && recording == id
            {
                return *file;
            }
        }
    }

    pub(super) fn fault(&mut self) -> RecordingFault {
        loop {
            if let MediaEvent::RecordingFailed { fault, .. } =
                self.events.recv_timeout(PATIENCE).expect("a fault is told")
            {
                return fault;
            }
        }
    }

    pub(super) fn entry(&self) -> Entry {
        self.entries.recv_timeout(PATIENCE).expect("it is to be entered")
    }

    pub(super) fn plain(&self, id: RecordingId, file: &RecordingFile) -> Result<Vec<u8>, PlaybackError> {
        self.library.open(&file.path, id, true)?.read_all()
    }

    pub(super) fn carry(&mut self) {
        while let Some(parcel) = self.recordings.poll() {
            self.desk.send(parcel).expect("there is room");
        }
        while let Some(block) = self.desk.emptied() {
            self.written += 1;
            self.recordings.recycle(block);
        }
    }
}

/// Ids as a process has that starts after those before it.
fn later_ids() -> CallIds {
    static STARTS: AtomicU32 = AtomicU32::new(0);
    let starts = STARTS.fetch_add(1, Ordering::Relaxed);
    CallIds::new(ShardId(0), START + Duration::from_secs(starts.into()))
}

fn sine(samples: &mut [i16], hz: u32, from: u64) {
    for (at, sample) in samples.iter_mut().enumerate() {
        let turn = (from + at as u64) as f64 * f64::from(hz) / 8_000.0;
        *sample = (8_000.0 * (turn * std::f64::consts::TAU).sin()) as i16;
    }
}

/// One channel of a WAV file, read by a reader that is not ours.
pub(super) fn wav_channel(wav: &[u8], channel: usize) -> Vec<i16> {
    let reader = hound::WavReader::new(wav).unwrap();
    let channels = usize::from(reader.spec().channels);
    reader.into_samples::<i16>().map(Result::unwrap).skip(channel).step_by(channels).collect()
}

/// The one tone of each 100 ms: its frequency among `known`, 0 for silence.
pub(super) fn tones(samples: &[i16], hz: u32, known: &[u32]) -> Vec<u32> {
    let loudest = |window: &[i16]| {
        let is_there = |tone: &&u32| level::tone_dbm0(window, **tone, hz) > -20.0;
        let there: Vec<u32> = known.iter().filter(is_there).copied().collect();
        assert!(there.len() <= 1, "{there:?} at a time");
        there.first().copied().unwrap_or(0)
    };
    samples.chunks_exact(hz as usize / 10).map(loudest).collect()
}
