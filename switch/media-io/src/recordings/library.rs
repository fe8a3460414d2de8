//! What others may do with recordings: listen, delete, and say that they are in the database.

use std::fs;
use std::io;
use std::sync::Arc;

use base::media::{Recorder, RecordingFault};
use base::{PortId, RecordingId, ShardId};
use media::frame::Rate;
use media::record::Opening;

use super::archive::{Shared, Shelving};
use super::closing::close;
use super::entry::{Entry, beside};
use super::file::OpenFile;
use super::name::{path_of, within};
use super::playback::{Playback, PlaybackError};

/// Samples that are written in one piece.
const PIECE: usize = 16_000;

/// A handle to the folder of recordings. Its methods read and write files: not for a thread that must not wait.
#[derive(Clone, Debug)]
pub struct Library {
    shared: Arc<Shared>,
}

impl Library {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Opens a recording to be listened to, also one that still runs. `closed` is whether its last second must be there.
    ///
    /// # Errors
    /// When there is no such file, no key, or it was changed.
    pub fn open(&self, path: &str, recording: RecordingId, closed: bool) -> Result<Playback, PlaybackError> {
        self.open_from(Shelving::Call, path, recording, closed)
    }

    /// Opens a message or a greeting of a mailbox.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_mail(&self, path: &str, recording: RecordingId) -> Result<Playback, PlaybackError> {
        self.open_from(Shelving::Mail, path, recording, true)
    }

    fn open_from(
        &self,
        from: Shelving,
        path: &str,
        recording: RecordingId,
        closed: bool,
    ) -> Result<Playback, PlaybackError> {
        let path = within(self.shared.root(from), path).ok_or(PlaybackError::Gone)?;
        Playback::open(&path, recording, closed, &self.shared.keys)
    }

    /// Keeps audio that no call brought, mono at 16 kHz: whole and on the disk, or not at all.
    ///
    /// # Errors
    /// Why the disk does not take it.
    pub fn keep(&self, recorder: Recorder, samples: &[i16]) -> Result<Entry, RecordingFault> {
        let from = if recorder.mail.is_some() { Shelving::Mail } else { Shelving::Call };
        let path = path_of(&recorder);
        let kept = self.write(recorder, samples);
        if kept.is_err()
            && let Err(error) = self.delete_from(from, &path)
        {
            tracing::warn!(%error, path, "what could not be kept as a whole is left behind");
        }
        kept
    }

    fn write(&self, recorder: Recorder, samples: &[i16]) -> Result<Entry, RecordingFault> {
        let (at, shared) = (recorder.at, &*self.shared);
        // Nobody is told of it: neither shard nor port matters.
        let (shard, port) = (ShardId(0), PortId { worker: 0, slot: 0 });
        let opening = Opening { shard, port, recorder, rate: Rate::Hz16000, channels: 1 };
        let mut file = OpenFile::create(shared, &opening)?;
        let taken = samples.chunks(PIECE).try_for_each(|piece| file.take(shared, piece));
        let (finished, ended) = file.finish(shared, at);
        taken.and(ended)?;
        close(shared, finished).map_err(|error| {
            tracing::warn!(%error, "a file cannot be brought to the disk");
            RecordingFault::Disk
        })
    }

    /// Deletes a recording and what stands beside it. One that is gone already counts as deleted.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn delete(&self, path: &str) -> io::Result<()> {
        self.delete_from(Shelving::Call, path)
    }

    /// Deletes a message or a greeting.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn delete_mail(&self, path: &str) -> io::Result<()> {
        self.delete_from(Shelving::Mail, path)
    }

    fn delete_from(&self, from: Shelving, path: &str) -> io::Result<()> {
        let Some(file) = within(self.shared.root(from), path) else { return Ok(()) };
        match fs::metadata(&file) {
            Ok(metadata) => {
                fs::remove_file(&file)?;
                self.shared.budget.give_back(metadata.len());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        self.forget(from, path)
    }

    /// The recording is in the database: what stands beside its file has done its duty.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn entered(&self, entry: &Entry) -> io::Result<()> {
        self.forget(entry.shelving(), &entry.file.path)
    }

    /// Octets that recordings use.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.shared.budget.used()
    }

    /// Octets to be deleted, the oldest recordings first, so that a twentieth of the budget is free.
    #[must_use]
    pub fn too_much(&self) -> u64 {
        self.shared.budget.too_much()
    }

    fn forget(&self, from: Shelving, path: &str) -> io::Result<()> {
        match fs::remove_file(beside(self.shared.root(from), path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
