//! The thread that makes segments durable against power loss and marks that the process lives, once a second.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use base::Now;

use crate::files::{self, SegmentFile};

/// New segments waiting to be looked after; there is one per shard and rotation.
const NEW_SEGMENTS: usize = 1_024;
const EVERY: Duration = Duration::from_secs(1);

/// Starts the thread. It ends, having made everything durable, when the last sender is dropped or within a second
/// of the stop sign. `clock` says until when the process was alive.
pub(crate) fn start(
    dir: &Path,
    clock: impl Fn() -> Now + Send + 'static,
    stop: Arc<OnceLock<Duration>>,
) -> io::Result<(SyncSender<Arc<SegmentFile>>, JoinHandle<()>)> {
    let (sender, segments) = sync_channel(NEW_SEGMENTS);
    let dir = dir.to_owned();
    let thread = thread::Builder::new()
        .name("journal-sync".into())
        .spawn(move || run(&dir, clock, &segments, &stop))?;
    Ok((sender, thread))
}

fn run(
    dir: &Path,
    clock: impl Fn() -> Now,
    segments: &Receiver<Arc<SegmentFile>>,
    stop: &OnceLock<Duration>,
) {
    let mut watched: Vec<Arc<SegmentFile>> = Vec::new();
    loop {
        let last_round = stop.get().is_some();
        let before = watched.len();
        let ended = match segments.recv_timeout(if last_round { Duration::ZERO } else { EVERY }) {
            Ok(segment) => {
                watched.push(segment);
                false
            }
            Err(RecvTimeoutError::Timeout) => false,
            Err(RecvTimeoutError::Disconnected) => true,
        };
        watched.extend(segments.try_iter());
        if watched.len() > before {
            log_failure(File::open(dir).and_then(|dir| dir.sync_all()), &dir.display());
        }
        watched.retain(make_durable);
        let now = files::to_the_millisecond(clock().wall);
        watched.iter().for_each(|segment| mark_alive(segment, now));
        if ended || last_round {
            return;
        }
    }
}

/// Whether the segment is to be looked after further: somebody still writes to it, or it could not be synced.
fn make_durable(segment: &Arc<SegmentFile>) -> bool {
    let written_to = Arc::strong_count(segment) > 1;
    if !segment.dirty.swap(false, Ordering::AcqRel) {
        return written_to;
    }
    log_failure(segment.file.sync_data(), &segment.name);
    written_to
}

/// A call without an end is recovered as lasting until then, however long its shard had nothing to write.
fn mark_alive(segment: &SegmentFile, now: SystemTime) {
    if let Err(error) = segment.file.set_modified(now) {
        tracing::warn!(segment = %segment.name, %error, "cannot mark until when the process was alive");
    }
}

fn log_failure(done: io::Result<()>, what: &dyn std::fmt::Display) {
    if let Err(error) = done {
        tracing::error!(%what, %error, "cannot make the journal durable against power loss");
    }
}
