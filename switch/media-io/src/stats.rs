//! Figures of the workers, readable at any time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Figures of one worker. Counters run from the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerStats {
    /// Packets read from sockets, strays and packets to idle ports among them.
    pub received: u64,
    /// Packets sent.
    pub sent: u64,
    /// Packets the system refused to send.
    pub unsent: u64,
    /// Ports leased to shards, open ones among them.
    pub leased: u64,
    /// Ports open.
    pub open: u64,
    /// Ports whose audio is worked on: decoded, mixed, played to, recorded.
    pub worked: u64,
    /// Rooms with anybody in them.
    pub rooms: u64,
    /// Beats of 10 ms that audio was worked on in late, by a whole beat or more.
    pub beats_late: u64,
    /// Beats left out, since the worker was too late.
    pub beats_skipped: u64,
    /// Panics that were caught; each has cost the port it came from.
    pub panics: u64,
    /// Events left out, since their shard had taken none for long.
    pub untold: u64,
}

/// Written by the worker once per turn.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    received: AtomicU64,
    sent: AtomicU64,
    unsent: AtomicU64,
    leased: AtomicU64,
    open: AtomicU64,
    worked: AtomicU64,
    rooms: AtomicU64,
    beats_late: AtomicU64,
    beats_skipped: AtomicU64,
    panics: AtomicU64,
    untold: AtomicU64,
    ended: AtomicBool,
}

impl Gauges {
    /// The worker has ended unasked.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    pub(crate) fn write(&self, stats: &WorkerStats) {
        self.received.store(stats.received, Ordering::Relaxed);
        self.sent.store(stats.sent, Ordering::Relaxed);
        self.unsent.store(stats.unsent, Ordering::Relaxed);
        self.leased.store(stats.leased, Ordering::Relaxed);
        self.open.store(stats.open, Ordering::Relaxed);
        self.worked.store(stats.worked, Ordering::Relaxed);
        self.rooms.store(stats.rooms, Ordering::Relaxed);
        self.beats_late.store(stats.beats_late, Ordering::Relaxed);
        self.beats_skipped.store(stats.beats_skipped, Ordering::Relaxed);
        self.panics.store(stats.panics, Ordering::Relaxed);
        self.untold.store(stats.untold, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> WorkerStats {
        WorkerStats {
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            unsent: self.unsent.load(Ordering::Relaxed),
            leased: self.leased.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
            worked: self.worked.load(Ordering::Relaxed),
            rooms: self.rooms.load(Ordering::Relaxed),
            beats_late: self.beats_late.load(Ordering::Relaxed),
            beats_skipped: self.beats_skipped.load(Ordering::Relaxed),
            panics: self.panics.load(Ordering::Relaxed),
            untold: self.untold.load(Ordering::Relaxed),
        }
    }
}
