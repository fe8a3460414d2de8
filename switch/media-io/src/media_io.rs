//! The handle to all media workers.

use std::fmt;
use std::io;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use base::media::MediaCommand;
use mio::{Poll, Waker};

use crate::config::{EventSink, MediaIoConfig, StartError};
use crate::inbox::{Inbox, Outbox, inbox};
use crate::recordings::{Archive, Desk, Library};
use crate::sockets::Local;
use crate::stats::{Gauges, WorkerStats};
use crate::taps::Taps;
use crate::worker::{Ended, INBOX, Parts, Worker};

/// The media workers. Dropping it ends them.
pub struct MediaIo {
    workers: Vec<Handle>,
    outboxes: Arc<[Outbox]>,
    /// Ends after the workers.
    archive: Option<Archive>,
    taps: Taps,
}

struct Handle {
    gauges: Arc<Gauges>,
    thread: Option<JoinHandle<()>>,
}

impl MediaIo {
    /// Starts the workers, threads `media-0` and on. Sockets are bound when they are leased.
    ///
    /// # Errors
    /// When the range is too small, or the system gives no socket, poll or thread.
    pub fn start(config: &MediaIoConfig, sink: EventSink) -> Result<Self, StartError> {
        let (first, pairs) = pairs_of(&config.ports);
        let workers = config.workers;
        let each = pairs.checked_div(u32::from(workers)).unwrap_or(0);
        if each == 0 {
            return Err(StartError::Ports { pairs: pairs as usize, workers });
        }
        let local = Local::choose(config.bind)?;
        let (archive, mut desks) = match &config.archive {
            Some(archive) => {
                Archive::start(archive, workers, &sink).map(|(archive, desks)| (Some(archive), desks))?
            }
            None => (None, Vec::new()),
        };
        desks.reverse();
        let (outboxes, ends): (Vec<_>, Vec<_>) =
            (0..workers).map(|_id| mailbox()).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let outboxes: Arc<[Outbox]> = outboxes.into();
        let mut started =
            Self { workers: Vec::new(), outboxes: Arc::clone(&outboxes), archive, taps: Taps::default() };
        for (id, (poll, inbox)) in (0..workers).zip(ends) {
            let first_port = first + (u32::from(id) * each * 2) as u16;
            let part = Part { id, local, first_port, pairs: each };
            let ways = Ways {
                poll,
                inbox,
                peers: Arc::clone(&outboxes),
                desk: desks.pop(),
                taps: started.taps.clone(),
            };
            started.workers.push(start_worker(part, config, Arc::clone(&sink), ways)?);
        }
        Ok(started)
    }

    /// Passes a command to its worker without blocking and without waking it: it sees the command after the next
    /// `ring`, or by itself within half a second.
    ///
    /// # Errors
    /// Gives the command back when the worker's inbox is full, or there is no such worker.
    #[expect(clippy::result_large_err, reason = "the refused command itself, on a path taken only when full")]
    pub fn send(&self, command: MediaCommand) -> Result<(), MediaCommand> {
        match self.outboxes.get(usize::from(command.worker())) {
            Some(outbox) => outbox.send(command),
            None => Err(command),
        }
    }

    /// Wakes a worker to its commands; cheap when it is awake.
    pub fn ring(&self, worker: u8) {
        if let Some(outbox) = self.outboxes.get(usize::from(worker)) {
            outbox.ring();
        }
    }

    /// A handle for those who listen to recordings and delete them; `None` for a node that keeps none.
    #[must_use]
    pub fn library(&self) -> Option<Library> {
        self.archive.as_ref().map(Archive::library)
    }

    /// A handle for those who listen to legs and speak to them while they talk.
    #[must_use]
    pub fn taps(&self) -> Taps {
        self.taps.clone()
    }

    /// How many workers there are; commands may name `0..workers()`.
    #[must_use]
    pub fn workers(&self) -> u8 {
        u8::try_from(self.workers.len()).unwrap_or(u8::MAX)
    }

    /// Figures of each worker, half a second old at most.
    pub fn stats(&self) -> impl Iterator<Item = WorkerStats> {
        self.workers.iter().map(|worker| worker.gauges.read())
    }

    /// Workers that have ended unasked: their calls are mute, and the node has to end.
    pub fn ended(&self) -> impl Iterator<Item = u8> {
        let workers = (0..=u8::MAX).zip(&self.workers);
        workers.filter(|(_, worker)| worker.gauges.has_ended()).map(|(id, _)| id)
    }

    /// Ends the workers and waits for them. Calls in progress lose their media.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for MediaIo {
    fn drop(&mut self) {
        self.outboxes.iter().for_each(Outbox::stop);
        for thread in self.workers.iter_mut().filter_map(|worker| worker.thread.take()) {
            if thread.join().is_err() {
                tracing::error!("a media worker had panicked");
            }
        }
    }
}

impl fmt::Debug for MediaIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaIo").field("workers", &self.workers.len()).finish()
    }
}

#[derive(Clone, Copy)]
struct Part {
    id: u8,
    local: Local,
    first_port: u16,
    pairs: u32,
}

/// Ways into a worker and out of it that are neither sockets nor its shard.
struct Ways {
    poll: Poll,
    inbox: Inbox,
    peers: Arc<[Outbox]>,
    desk: Option<Desk>,
    taps: Taps,
}

/// The two ends of a worker's inbox, and the poll that its bell wakes.
fn mailbox() -> io::Result<(Outbox, (Poll, Inbox))> {
    let poll = Poll::new()?;
    let (outbox, inbox) = inbox(Waker::new(poll.registry(), INBOX)?);
    Ok((outbox, (poll, inbox)))
}

fn start_worker(
    part: Part,
    config: &MediaIoConfig,
    sink: EventSink,
    ways: Ways,
) -> Result<Handle, StartError> {
    let gauges = Arc::new(Gauges::default());
    let worker = Worker::new(Parts {
        id: part.id,
        local: part.local,
        first_port: part.first_port,
        pairs: part.pairs,
        poll: ways.poll,
        inbox: ways.inbox,
        peers: ways.peers,
        clock: Arc::clone(&config.clock),
        entropy: (config.entropy)(),
        clips: Arc::clone(&config.clips),
        sink,
        desk: ways.desk,
        taps: ways.taps,
        gauges: Arc::clone(&gauges),
    });
    let end = Arc::clone(&gauges);
    let run = move || {
        // The worker is gone after a panic: nothing of it is seen again.
        if catch_unwind(AssertUnwindSafe(|| worker.run())).unwrap_or(Ended::Broken) == Ended::Broken {
            tracing::error!(worker = part.id, "a media worker has ended");
            end.end();
        }
    };
    let thread = std::thread::Builder::new().name(format!("media-{}", part.id)).spawn(run)?;
    Ok(Handle { gauges, thread: Some(thread) })
}

/// The first even port of a range, and how many whole pairs follow.
fn pairs_of(ports: &RangeInclusive<u16>) -> (u16, u32) {
    let first = ports.start().saturating_add(ports.start() % 2);
    let end = u32::from(*ports.end()) + 1;
    (first, end.saturating_sub(u32::from(first)) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_begin_even_and_are_whole() {
        assert_eq!(pairs_of(&(10_000..=10_003)), (10_000, 2));
        assert_eq!(pairs_of(&(10_001..=10_004)), (10_002, 1));
        assert_eq!(pairs_of(&(65_534..=65_535)), (65_534, 1));
        assert_eq!(pairs_of(&(20_001..=20_001)).1, 0);
    }
}
