//! Recordings that are closed come into the store; those that need not be kept, or have no room, go.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base::RecordingId;
use media_io::recordings::{Entry, Library, Playback, PlaybackError};
use store::{NewRecording, Store, StoreError, StoredRecording};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use webadmin::{RecordingAudio, RecordingFiles};

use crate::clock::Clock;
use crate::mail::PostWord;

#[cfg(test)]
mod tests;

/// How often is looked whether the disk has room.
const ROOM_LOOK: Duration = Duration::from_secs(2);
/// Rounds of looking for room to one of looking for what need not be kept.
const ROUNDS: u32 = 30;
/// Recordings deleted between two lines of the log, and in one round.
const BATCH: u32 = 500;
/// How long a store that does not answer is left alone.
const PATIENCE: Duration = Duration::from_secs(2);
const DAY: Duration = Duration::from_secs(86_400);

/// What the thread works with.
pub(crate) struct Keeper {
    pub(crate) library: Library,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) runtime: Handle,
    /// Where files for mailboxes go.
    pub(crate) post: mpsc::Sender<PostWord>,
}

impl Keeper {
    /// Starts the thread `recordings`; it ends when nobody can record any more.
    pub(crate) fn start(self, entries: Receiver<Entry>) -> io::Result<JoinHandle<()>> {
        thread::Builder::new().name("recordings".to_owned()).spawn(move || self.run(&entries))
    }

    fn run(self, entries: &Receiver<Entry>) {
        for round in (0..ROUNDS).cycle() {
            if round == 0 {
                self.sweep("retention", |store, now| store.unkept_recordings(now, BATCH), || true);
            }
            self.make_room();
            match entries.recv_timeout(ROOM_LOOK) {
                Ok(entry) => self.enter(entry, entries),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Enters what waits. A store that fails gets it at the next start: it stands beside its file until then.
    fn enter(&self, first: Entry, entries: &Receiver<Entry>) {
        let mut next = Some(first);
        while let Some(entry) = next.take().or_else(|| entries.try_recv().ok()) {
            let recording = entry.recording;
            if entry.mail.is_some() {
                self.post(entry);
                continue;
            }
            if let Err(error) = self.keep(&entry) {
                tracing::warn!(%error, %recording, "a recording is not entered in the store yet");
                if error.is_transient() && self.retry(&entry).is_err() {
                    return;
                }
            }
        }
    }

    /// A post that is gone gets it at the next start.
    fn post(&self, entry: Entry) {
        if self.post.blocking_send(PostWord::Closed(Box::new(entry))).is_err() {
            tracing::debug!("a file for a mailbox waits for the next start");
        }
    }

    fn retry(&self, entry: &Entry) -> Result<(), StoreError> {
        thread::park_timeout(PATIENCE);
        self.keep(entry)
    }

    fn keep(&self, entry: &Entry) -> Result<(), StoreError> {
        self.runtime.block_on(self.store.add_recording(&row(entry)))?;
        if let Err(error) = self.library.entered(entry) {
            tracing::warn!(%error, recording = %entry.recording, "a recording is entered again at the next start");
        }
        Ok(())
    }

    fn make_room(&self) {
        let too_much = || self.library.too_much() > 0;
        if !too_much() {
            return;
        }
        tracing::warn!(
            octets = self.library.too_much(),
            "the budget of recordings is nearly used up: the oldest go"
        );
        while too_much() && self.sweep("budget", |store, _now| store.oldest_recordings(10), too_much) {}
    }

    /// Deletes what `find` names, in its order, for as long as that is `wanted`; `false` when that was nothing.
    fn sweep<'a, F>(
        &'a self,
        by: &str,
        find: impl FnOnce(&'a Store, base::Wall) -> F,
        wanted: impl Fn() -> bool,
    ) -> bool
    where
        F: Future<Output = Result<Vec<StoredRecording>, StoreError>>,
    {
        let now = self.clock.now().wall;
        let found = match self.runtime.block_on(find(&self.store, now)) {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, "the store does not say which recordings may go");
                return false;
            }
        };
        let due = found.iter().take_while(|_recording| wanted());
        let deleted: Vec<_> = due.filter(|recording| self.delete(recording, by)).collect();
        let Some(oldest) = deleted.first().map(|recording| recording.recording) else { return false };
        let octets: u64 = deleted.iter().map(|recording| recording.file.octets).sum();
        let (deleted, used) = (deleted.len(), self.library.used());
        tracing::info!(deleted, octets, by, %oldest, used, "recordings deleted");
        true
    }

    fn delete(&self, recording: &StoredRecording, by: &str) -> bool {
        let now = self.clock.now().wall;
        if let Err(error) = self.library.delete(&recording.file.path) {
            tracing::warn!(%error, recording = %recording.recording, "a recording cannot be deleted");
            return false;
        }
        match self.runtime.block_on(self.store.recording_deleted(recording.recording, now, by)) {
            Ok(_changed) => true,
            Err(error) => {
                tracing::warn!(%error, recording = %recording.recording, "a deleted recording is still listed");
                false
            }
        }
    }
}

fn row(entry: &Entry) -> NewRecording {
    let kept = DAY * u32::from(entry.keep_days);
    NewRecording {
        recording: entry.recording,
        call: entry.call,
        tenant: entry.tenant,
        policy: entry.policy.clone(),
        keep_until: (entry.keep_days > 0).then(|| entry.file.ended_at + kept),
        cut: entry.cut,
        file: entry.file.clone(),
    }
}

/// The files as the web layer sees them.
pub(crate) struct Files(pub(crate) Library);

impl RecordingFiles for Files {
    fn open(&self, path: &str, recording: RecordingId) -> io::Result<Arc<dyn RecordingAudio>> {
        let playback = self.0.open(path, recording, true).map_err(as_io)?;
        Ok(Arc::new(Audio(playback)))
    }

    fn delete(&self, path: &str) -> io::Result<()> {
        self.0.delete(path)
    }
}

struct Audio(Playback);

impl RecordingAudio for Audio {
    fn octets(&self) -> u64 {
        self.0.octets()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(at, into).map_err(as_io)
    }
}

/// The files of mailboxes as the web layer sees them.
pub(crate) struct MailFiles(pub(crate) Library);

impl RecordingFiles for MailFiles {
    fn open(&self, path: &str, recording: RecordingId) -> io::Result<Arc<dyn RecordingAudio>> {
        let playback = self.0.open_mail(path, recording).map_err(as_io)?;
        Ok(Arc::new(Audio(playback)))
    }

    fn delete(&self, path: &str) -> io::Result<()> {
        self.0.delete_mail(path)
    }
}

fn as_io(error: PlaybackError) -> io::Error {
    match error {
        PlaybackError::Gone => io::ErrorKind::NotFound.into(),
        PlaybackError::Io(error) => error,
        PlaybackError::Sealed(error) => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}
