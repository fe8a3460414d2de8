//! The thread that brings closed files to the disk.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::time::Duration;

use base::media::{MediaEvent, RecordingFault};
use base::{PortId, ShardId};
use sha2::{Digest, Sha256};

use super::archive::Shared;
use super::entry::Entry;
use super::file::Finished;
use super::keys::{sync_folder, to_hex};
use super::teller::Teller;

const RETRY: Duration = Duration::from_millis(20);
/// Octets read at a time for a digest.
const READ_OCTETS: usize = 65_536;

/// A file to be closed, and who is told.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) shard: ShardId,
    pub(crate) port: PortId,
    pub(crate) finished: Finished,
}

pub(crate) struct Closer {
    shared: Arc<Shared>,
    teller: Teller,
    to_database: SyncSender<Entry>,
}

impl Closer {
    pub(crate) fn new(shared: Arc<Shared>, teller: Teller, to_database: SyncSender<Entry>) -> Self {
        Self { shared, teller, to_database }
    }

    /// Closes until the writers are gone.
    pub(crate) fn run(mut self, closings: &Receiver<Closing>) {
        loop {
            let wait = if self.teller.is_waiting() { RETRY } else { Duration::MAX };
            match closings.recv_timeout(wait) {
                Ok(closing) => self.close(closing),
                Err(RecvTimeoutError::Timeout) => self.teller.retry(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn close(&mut self, closing: Closing) {
        let Closing { shard, port, finished } = closing;
        let (call, recording) = (finished.entry.call, finished.entry.recording);
        let event = match close(&self.shared, finished) {
            Ok(entry) => {
                let file = Box::new(entry.file.clone());
                enter(&self.to_database, entry);
                MediaEvent::Recorded { port, call, recording, file }
            }
            Err(error) => {
                tracing::warn!(%error, %recording, "a recording cannot be closed; it is at the next start");
                MediaEvent::RecordingFailed { port, call, recording, fault: RecordingFault::Disk }
            }
        };
        self.teller.tell(shard, event);
    }
}

/// Forces a file to the disk, takes its digest and says beside it that it is closed.
pub(crate) fn close(shared: &Shared, finished: Finished) -> io::Result<Entry> {
    let Finished { mut entry, mut file, digest } = finished;
    file.sync_all()?;
    let digest = match digest {
        Some(digest) => digest,
        None => digest_of(&mut file)?,
    };
    entry.file.sha256 = to_hex(&digest.finalize());
    entry.writer = None;
    entry.save(shared)?;
    if let Some(folder) = shared.root(entry.shelving()).join(&entry.file.path).parent() {
        sync_folder(folder)?;
    }
    Ok(entry)
}

/// What finds no room stays beside its file and is entered at the next start.
pub(crate) fn enter(to_database: &SyncSender<Entry>, entry: Entry) {
    match to_database.try_send(entry) {
        Ok(()) | Err(TrySendError::Disconnected(_)) => {}
        Err(TrySendError::Full(entry)) => {
            tracing::warn!(recording = %entry.recording, "a recording waits for the next start to be entered");
        }
    }
}

pub(crate) fn digest_of(file: &mut File) -> io::Result<Sha256> {
    file.seek(SeekFrom::Start(0))?;
    let (mut digest, mut octets) = (Sha256::new(), vec![0; READ_OCTETS]);
    loop {
        match file.read(&mut octets)? {
            0 => return Ok(digest),
            read => digest.update(&octets[..read]),
        }
    }
}
