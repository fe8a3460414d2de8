//! The way from a shard to the media workers.

use std::sync::Arc;

use base::Mono;
use base::media::MediaCommand;
use media_io::MediaIo;

use crate::drive::round_after;
use crate::outbox::Outbox;

/// The way to the media workers. A worker obeys its commands before it reads a packet, whatever woke it. So a packet
/// never comes too early for them, and a worker that sleeps may sleep on until the next round.
pub(crate) struct MediaSide {
    io: Arc<MediaIo>,
    /// By worker, so that a busy one does not hold up the others.
    ways: Vec<Way>,
}

struct Way {
    outbox: Outbox<MediaCommand>,
    /// When the worker is to be woken to what it got.
    ring_at: Option<Mono>,
}

impl MediaSide {
    pub(crate) fn new(io: Arc<MediaIo>) -> Self {
        let ways = (0..io.workers()).map(|_| Way { outbox: Outbox::new(), ring_at: None }).collect();
        Self { io, ways }
    }

    /// Passes a command on after all that wait for its worker.
    pub(crate) fn push(&mut self, now: Mono, command: MediaCommand) {
        let Some(way) = self.ways.get_mut(usize::from(command.worker())) else {
            tracing::error!(?command, "a media command names no worker");
            return;
        };
        // New calls wait for leases.
        let at = if matches!(command, MediaCommand::Lease { .. }) { now } else { round_after(now) };
        way.ring_at = Some(way.ring_at.map_or(at, |sooner| sooner.min(at)));
        way.outbox.push(command, |command| self.io.send(command).err());
    }

    /// Tries again what a full inbox would not take, and wakes the workers for which it is time.
    pub(crate) fn flush(&mut self, now: Mono) {
        for (worker, way) in (0_u8..).zip(&mut self.ways) {
            let full = !way.outbox.is_empty();
            way.outbox.flush(|command| self.io.send(command).err());
            if full || way.ring_at.is_some_and(|at| at <= now) {
                way.ring_at = None;
                self.io.ring(worker);
            }
        }
    }

    /// Whether a full inbox holds commands back.
    pub(crate) fn holds_back(&self) -> bool {
        self.ways.iter().any(|way| !way.outbox.is_empty())
    }

    /// When a worker is to be woken.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.ways.iter().filter_map(|way| way.ring_at).min()
    }
}
