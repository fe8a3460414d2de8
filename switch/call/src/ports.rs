//! RTP ports leased ahead of need, so that an SDP answer is written at once.

use std::collections::VecDeque;
use std::time::Duration;

use base::limits::LEASE_BATCH;
use base::media::{MediaCommand, PortLease};
use base::{Mono, ShardId};

/// The leases of one shard, by media worker.
#[derive(Debug)]
pub(crate) struct Ports {
    shard: ShardId,
    workers: Vec<Pool>,
    next: usize,
    in_use: usize,
    /// Some worker has leased a port since the start.
    begun: bool,
}

#[derive(Debug, Default)]
struct Pool {
    free: VecDeque<PortLease>,
    asked: bool,
    /// A worker that had none left is left in peace until then.
    patient_until: Mono,
}

/// How long a worker whose range was used up is not asked again; ports rest for 2 s after their last use.
const PATIENCE: Duration = Duration::from_millis(250);

impl Ports {
    pub(crate) fn new(shard: ShardId, workers: u8) -> Self {
        let workers = (0..workers.max(1)).map(|_| Pool::default()).collect();
        Self { shard, workers, next: 0, in_use: 0, begun: false }
    }

    /// The worker for the next call's legs: one call's legs share a worker, calls take turns among those that have
    /// ports for both.
    pub(crate) fn home(&mut self) -> u8 {
        let count = self.workers.len().max(1);
        let has_room = |worker: &usize| self.workers.get(*worker).is_some_and(|pool| pool.free.len() >= 2);
        let mut turns = (1..=count).map(|step| (self.next + step) % count);
        self.next = turns.find(has_room).unwrap_or((self.next + 1) % count);
        u8::try_from(self.next).unwrap_or(0)
    }

    /// A port of that worker; `None` when every leased one is in use and the worker has sent no more yet.
    pub(crate) fn take(&mut self, worker: u8) -> Option<PortLease> {
        let lease = self.workers.get_mut(usize::from(worker))?.free.pop_front()?;
        self.in_use += 1;
        Some(lease)
    }

    /// A leg has come from another shard with its port.
    pub(crate) fn came(&mut self) {
        self.in_use += 1;
    }

    /// A port is closed; its worker may lease it again.
    pub(crate) fn closed(&mut self) {
        self.in_use = self.in_use.saturating_sub(1);
    }

    pub(crate) fn leased(&mut self, now: Mono, worker: u8, leases: Vec<PortLease>) {
        if let Some(pool) = self.workers.get_mut(usize::from(worker)) {
            pool.asked = false;
            if leases.is_empty() {
                pool.patient_until = now + PATIENCE;
            }
            self.begun |= !leases.is_empty();
            pool.free.extend(leases);
        }
    }

    /// Asks workers whose pool has run below half a batch, each once until it has answered.
    pub(crate) fn refill(&mut self, now: Mono, mut ask: impl FnMut(MediaCommand)) {
        for (worker, pool) in (0_u8..).zip(&mut self.workers) {
            if !pool.asked && pool.free.len() < LEASE_BATCH / 2 && now >= pool.patient_until {
                pool.asked = true;
                ask(MediaCommand::Lease { shard: self.shard, worker, count: LEASE_BATCH });
            }
        }
    }

    /// Whether the first leases have come; before, no call gets media.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Ports that legs hold.
    pub(crate) fn in_use(&self) -> usize {
        self.in_use
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::PortId;

    #[test]
    fn a_call_goes_to_a_worker_that_has_ports_while_another_has_none_yet() {
        let mut ports = Ports::new(ShardId(0), 3);
        let lease = |slot| PortLease { port: PortId { worker: 1, slot }, rtp: 10_000 };
        assert_eq!([ports.home(), ports.home()], [1, 2], "nobody has any");
        ports.leased(Mono(0), 2, Vec::new());
        assert!(!ports.has_begun());
        ports.leased(Mono(0), 1, vec![lease(0), lease(1)]);
        assert_eq!([ports.home(), ports.home()], [1, 1]);
        assert!(ports.has_begun());
    }

    #[test]
    fn a_worker_is_asked_once_until_it_answers() {
        let mut ports = Ports::new(ShardId(0), 2);
        let mut asked = Vec::new();
        ports.refill(Mono(0), |command| asked.push(command.worker()));
        ports.refill(Mono(0), |command| asked.push(command.worker()));
        assert_eq!(asked, [0, 1]);
        ports.leased(Mono(0), 1, vec![PortLease { port: PortId { worker: 1, slot: 0 }, rtp: 10_000 }]);
        ports.refill(Mono(0), |command| asked.push(command.worker()));
        assert_eq!(asked, [0, 1, 1]);
        ports.leased(Mono(0), 1, Vec::new());
        ports.refill(Mono(1), |command| asked.push(command.worker()));
        assert_eq!(asked, [0, 1, 1], "a worker that has none is not asked again at once");
        ports.refill(Mono(0) + PATIENCE, |command| asked.push(command.worker()));
        assert_eq!(asked, [0, 1, 1, 1]);
        assert!(ports.take(0).is_none());
        assert!(ports.take(1).is_some());
        assert_eq!(ports.in_use(), 1);
    }
}
