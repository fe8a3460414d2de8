//! Issue row "Recording": retention by days and by budget. The thread runs one round each time: nobody can record any
//! more.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use base::media::{MediaEvent, RecordingFile, RecordingFormat};
use base::{CallIds, ShardId, TenantId, Wall};
use media_io::EventSink;
use media_io::recordings::{Archive, ArchiveConfig};
use store::{NewRecording, RecordingFilter, Store, StoredRecording};
use tokio::runtime::Runtime;

use super::Keeper;
use crate::clock::Clock;

const OCTETS: u64 = 300_000;
const DAY_MS: i64 = 86_400_000;

/// A folder with recordings, the oldest first, and the store that knows them.
struct Place {
    folder: PathBuf,
    runtime: Runtime,
    store: Store,
    paths: Vec<String>,
}

impl Place {
    /// One recording for each of `kept`: the milliseconds from now on for which it is kept, or none for good.
    fn with(name: &str, kept: &[Option<i64>]) -> Self {
        let folder = std::env::temp_dir().join(format!("tandem-keeper-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("recordings/2026/11/20")).unwrap();
        let runtime = Runtime::new().unwrap();
        let url = format!("sqlite:{}", folder.join("db").display());
        let store = runtime.block_on(Store::open(&url)).unwrap();
        let now = Clock::start().now().wall;
        let mut ids = CallIds::new(ShardId(0), now);
        let mut paths = Vec::new();
        for (kept, number) in kept.iter().zip(0..) {
            let (call, recording) = (ids.call(), ids.recording());
            let path = format!("2026/11/20/{call}-{recording}.wav");
            fs::write(folder.join("recordings").join(&path), vec![0; OCTETS as usize]).unwrap();
            let keep_until = kept.map(|ms| Wall(now.0 + ms * 1_000));
            let file = file(&path, Wall(now.0 + number - DAY_MS * 1_000));
            let (tenant, policy) = (TenantId::DEFAULT, "p".to_owned());
            let new = NewRecording { recording, call, tenant, policy, keep_until, cut: false, file };
            runtime.block_on(store.add_recording(&new)).unwrap();
            paths.push(path);
        }
        Self { folder, runtime, store, paths }
    }

    /// One round of the thread, with this budget.
    fn round(&self, budget_octets: u64) {
        let config = ArchiveConfig {
            folder: self.folder.join("recordings"),
            mail_folder: self.folder.join("voicemail"),
            key_file: self.folder.join("recording.key"),
            budget_octets,
            writers: 1,
            to_database: sync_channel(1).0,
        };
        let sink: EventSink = Arc::new(taken);
        let (archive, _desks) = Archive::start(&config, 1, &sink).unwrap();
        let library = archive.library();
        let there = self.there().iter().filter(|there| **there).count() as u64 * OCTETS;
        for _look in 0..2_000 {
            if library.used() >= there {
                break;
            }
            thread::park_timeout(Duration::from_millis(5));
        }
        let (store, runtime) = (self.store.clone(), self.runtime.handle().clone());
        let keeper =
            Keeper { library, store, clock: Clock::start(), runtime, post: tokio::sync::mpsc::channel(1).0 };
        let (nobody, entries) = sync_channel(1);
        drop(nobody);
        keeper.start(entries).unwrap().join().unwrap();
    }

    /// Which of the files are there.
    fn there(&self) -> Vec<bool> {
        self.paths.iter().map(|path| self.folder.join("recordings").join(path).exists()).collect()
    }

    /// By what the rows say that each was deleted, the oldest first.
    fn deleted_by(&self) -> Vec<String> {
        let filter = RecordingFilter { deleted_too: true, ..RecordingFilter::default() };
        let page = self.runtime.block_on(self.store.recordings(&filter, None, 100)).unwrap();
        let by =
            |row: &StoredRecording| row.deleted.as_ref().map_or(String::new(), |deleted| deleted.by.clone());
        page.recordings.iter().rev().map(by).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
        fs::remove_dir_all(&self.folder).ok(); // a failed test has nothing to add
    }
}

/// The size is the one that every sink of events has.
#[expect(clippy::result_large_err, reason = "an event that finds no room is given back")]
fn taken(_shard: ShardId, _event: MediaEvent) -> Result<(), MediaEvent> {
    Ok(())
}

fn file(path: &str, at: Wall) -> RecordingFile {
    RecordingFile {
        path: path.to_owned(),
        octets: OCTETS,
        sha256: String::new(),
        audio_ms: 1_000,
        started_at: at,
        ended_at: at,
        gaps: Vec::new(),
        format: RecordingFormat::Wav,
        channels: 2,
        encrypted: false,
    }
}

#[test]
fn what_need_not_be_kept_any_more_goes_and_its_row_says_why() {
    let place = Place::with("days", &[Some(-1_000), Some(DAY_MS), None, Some(-DAY_MS)]);
    place.round(0);
    assert_eq!(place.there(), [false, true, true, false]);
    assert_eq!(place.deleted_by(), ["retention", "", "", "retention"]);
}

/// 1.2 MB of recordings, of which 950 kB may be: one has to go, and no other does.
#[test]
fn when_the_budget_is_nearly_used_up_the_oldest_go_and_no_more_than_must() {
    let place = Place::with("budget", &[None; 4]);
    place.round(2_000_000);
    assert_eq!(place.there(), [true; 4], "there is room");
    place.round(1_000_000);
    assert_eq!(place.there(), [false, true, true, true]);
    assert_eq!(place.deleted_by(), ["budget", "", "", ""]);
}
