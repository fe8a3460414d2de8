//! The folder of recordings and the threads that write it.
//!
//! Threads: `rec-write-N` take audio from the media workers, make files of it and encode Opus; `rec-close` brings
//! closed files to the disk and takes their SHA-256, so that no other recording waits for either; `rec-count` runs
//! once at the start, counts what there is and closes what an earlier process left behind.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};

use base::limits::{RECORDING_BLOCKS, RECORDINGS};
use media::record::{Block, Parcel};

use super::budget::Budget;
use super::cipher::random;
use super::closing::{Closer, Closing};
use super::entry::Entry;
use super::keys::{KeyError, Keys, make_folder};
use super::leftovers;
use super::library::Library;
use super::teller::Teller;
use super::writer::Writer;
use crate::config::EventSink;

/// Where recordings go and how much of them.
#[derive(Clone, Debug)]
pub struct ArchiveConfig {
    /// The folder; made when it is not there.
    pub folder: PathBuf,
    /// The folder of messages and greetings of mailboxes; made when it is not there.
    pub mail_folder: PathBuf,
    /// The node's keys; made when it is not there.
    pub key_file: PathBuf,
    /// Octets that recordings may use; 0 for as many as the disk has.
    pub budget_octets: u64,
    /// Threads that write and encode, at least 1.
    pub writers: u8,
    /// Where closed recordings go, to be entered in the database; `limits::RECORDING_ENTRIES` wide.
    pub to_database: SyncSender<Entry>,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder cannot be made, or a thread not started.
    #[error("{path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The node's keys cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The threads. Dropping it, when all desks are gone, closes every file and waits for that.
pub struct Archive {
    threads: Vec<JoinHandle<()>>,
    library: Library,
}

/// A media worker's way to them.
#[derive(Debug)]
pub struct Desk {
    writers: Vec<SyncSender<Parcel>>,
    emptied: Receiver<Block>,
}

/// What all threads know.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) folder: PathBuf,
    pub(crate) mail_folder: PathBuf,
    pub(crate) keys: Keys,
    pub(crate) budget: Budget,
    /// This process among those that ever wrote here.
    pub(crate) epoch: u64,
}

impl Shared {
    /// The folder that a recording lies below.
    pub(crate) fn root(&self, kind: Shelving) -> &Path {
        match kind {
            Shelving::Call => &self.folder,
            Shelving::Mail => &self.mail_folder,
        }
    }
}

/// Among what a recording is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelving {
    /// Recordings of calls.
    Call,
    /// Messages and greetings of mailboxes.
    Mail,
}

impl Archive {
    /// Opens the folder and starts the threads; a desk for each of `workers`.
    ///
    /// # Errors
    /// When the folder, a key or a thread cannot be had.
    pub fn start(
        config: &ArchiveConfig,
        workers: u8,
        sink: &EventSink,
    ) -> Result<(Self, Vec<Desk>), ArchiveError> {
        let io = |source| ArchiveError::Io { path: config.folder.clone(), source };
        make_folder(&config.folder).map_err(io)?;
        make_folder(&config.mail_folder)
            .map_err(|source| ArchiveError::Io { path: config.mail_folder.clone(), source })?;
        let keys = Keys::open(&config.key_file, &config.folder)?;
        let epoch = u64::from_le_bytes(random().map_err(io)?);
        let budget = Budget::new(config.budget_octets);
        let (folder, mail_folder) = (config.folder.clone(), config.mail_folder.clone());
        let shared = Arc::new(Shared { folder, mail_folder, keys, budget, epoch });
        let to_database = config.to_database.clone();
        let library = Library::new(Arc::clone(&shared));
        let mut archive = Self { threads: Vec::new(), library };

        let (to_closer, closings) = mpsc::sync_channel::<Closing>(RECORDINGS);
        let closer = Closer::new(Arc::clone(&shared), Teller::new(Arc::clone(sink)), to_database.clone());
        archive.spawn("rec-close", move || closer.run(&closings)).map_err(io)?;
        let count = Arc::clone(&shared);
        archive.spawn("rec-count", move || leftovers::count_and_close(&count, &to_database)).map_err(io)?;

        let (homes, emptied): (Vec<_>, Vec<_>) =
            (0..workers).map(|_worker| mpsc::sync_channel(RECORDING_BLOCKS)).unzip();
        let mut writers = Vec::new();
        for number in 0..config.writers.max(1) {
            let (to_writer, parcels) = mpsc::sync_channel(RECORDING_BLOCKS + 4 * RECORDINGS);
            let teller = Teller::new(Arc::clone(sink));
            let writer = Writer::new(Arc::clone(&shared), teller, homes.clone(), to_closer.clone());
            archive.spawn(&format!("rec-write-{number}"), move || writer.run(&parcels)).map_err(io)?;
            writers.push(to_writer);
        }
        let desks = emptied.into_iter().map(|emptied| Desk { writers: writers.clone(), emptied }).collect();
        Ok((archive, desks))
    }

    /// A handle for those who listen and delete.
    #[must_use]
    pub fn library(&self) -> Library {
        self.library.clone()
    }

    fn spawn(&mut self, name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        self.threads.push(thread::Builder::new().name(name.to_owned()).spawn(run)?);
        Ok(())
    }
}

impl Drop for Archive {
    /// The desks are gone by now: the writers come to the end of their inboxes.
    fn drop(&mut self) {
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread that writes recordings had panicked");
            }
        }
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Desk {
    /// Passes a parcel on without blocking. Those of one recording come to one thread.
    ///
    /// # Errors
    /// Gives it back when that thread's inbox is full or the thread gone.
    pub fn send(&self, parcel: Parcel) -> Result<(), Parcel> {
        let writer = lane_of(&parcel, self.writers.len());
        let Some(writer) = self.writers.get(writer) else { return Err(parcel) };
        writer.try_send(parcel).map_err(|refused| match refused {
            TrySendError::Full(parcel) | TrySendError::Disconnected(parcel) => parcel,
        })
    }

    /// A block that has been written.
    #[must_use]
    pub fn emptied(&self) -> Option<Block> {
        // Both an empty and an abandoned inbox hold nothing.
        self.emptied.try_recv().ok()
    }
}

fn lane_of(parcel: &Parcel, lanes: usize) -> usize {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    parcel.recording().hash(&mut hasher);
    (hasher.finish() % lanes.max(1) as u64) as usize
}
