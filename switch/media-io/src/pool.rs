//! Which port pairs are free, leased or cooling down. Knows no sockets: `S` is whatever is bound to a pair.

use std::collections::VecDeque;
use std::time::Duration;

use base::{Mono, ShardId};

/// A pair is not leased again before nothing came to it for this long: packets of the last call may still
/// be on their way.
const COOL: Duration = Duration::from_secs(2);
/// Pairs tried for one lease, of those bound and of those not: a bound on the work in one turn.
const TRIES: usize = 32;

/// The pairs of one worker; slot `n` is the pair at `first + 2n`. Behind them are slots for pairs of other workers.
#[derive(Debug)]
pub(crate) struct Pool<S> {
    first: u16,
    entries: Vec<Entry<S>>,
    /// Bound and not leased, the longest free first.
    bound: VecDeque<u32>,
    unbound: VecDeque<u32>,
    leased: usize,
}

#[derive(Debug)]
struct Entry<S> {
    sockets: Option<S>,
    lease: Lease,
}

/// Whose pair it is that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// This worker's own.
    Own,
    /// Another's.
    Guest,
}

#[derive(Clone, Copy, Debug)]
enum Lease {
    Free { from: Mono },
    Leased { to: ShardId },
}

impl<S> Pool<S> {
    /// `pairs` pairs from `first`, an even number.
    pub(crate) fn new(first: u16, pairs: u32) -> Self {
        let entries = (0..pairs).map(|_| Entry { sockets: None, lease: Lease::Free { from: Mono(0) } });
        let (entries, unbound) = (entries.collect(), (0..pairs).collect());
        Self { first, entries, bound: VecDeque::new(), unbound, leased: 0 }
    }

    /// Leases a pair: a bound one that has cooled down, else one that `bind` can bind now.
    pub(crate) fn lease(
        &mut self,
        now: Mono,
        shard: ShardId,
        bind: impl FnMut(u32, u16) -> Option<S>,
    ) -> Option<(u32, u16)> {
        let slot = self.cooled(now).or_else(|| self.bind_next(bind))?;
        self.entries.get_mut(slot as usize)?.lease = Lease::Leased { to: shard };
        self.leased += 1;
        Some((slot, self.rtp_port(slot)?))
    }

    /// Ends a lease.
    pub(crate) fn release(&mut self, now: Mono, slot: u32) {
        let Some(entry) = self.entries.get_mut(slot as usize) else { return };
        if let Lease::Leased { .. } = entry.lease {
            entry.lease = Lease::Free { from: now + COOL };
            self.bound.push_back(slot);
            self.leased -= 1;
        }
    }

    /// A packet came to the pair: free, it stays so until nothing comes.
    pub(crate) fn disturb(&mut self, now: Mono, slot: u32) {
        if let Some(Entry { lease: Lease::Free { from }, .. }) = self.entries.get_mut(slot as usize) {
            *from = now + COOL;
        }
    }

    /// Takes in a pair that another worker leased, or its own again. Slots up to that one are made.
    pub(crate) fn host(&mut self, slot: u32, shard: ShardId, sockets: S) {
        while self.entries.len() <= slot as usize {
            self.entries.push(Entry { sockets: None, lease: Lease::Free { from: Mono(0) } });
        }
        if let Some(entry) = self.entries.get_mut(slot as usize) {
            (entry.sockets, entry.lease) = (Some(sockets), Lease::Leased { to: shard });
        }
    }

    /// Gives sockets away; an own pair stays leased.
    pub(crate) fn give_away(&mut self, slot: u32, whose: Whose) -> Option<S> {
        let entry = self.entries.get_mut(slot as usize)?;
        if whose == Whose::Guest {
            entry.lease = Lease::Free { from: Mono(0) };
        }
        entry.sockets.take()
    }

    /// Who leased it.
    pub(crate) fn lessee(&self, slot: u32) -> Option<ShardId> {
        match self.entries.get(slot as usize)?.lease {
            Lease::Leased { to } => Some(to),
            Lease::Free { .. } => None,
        }
    }

    pub(crate) fn sockets(&self, slot: u32) -> Option<&S> {
        self.entries.get(slot as usize)?.sockets.as_ref()
    }

    pub(crate) fn leased(&self) -> usize {
        self.leased
    }

    fn cooled(&mut self, now: Mono) -> Option<u32> {
        for _ in 0..self.bound.len().min(TRIES) {
            let slot = self.bound.pop_front()?;
            match self.entries.get(slot as usize)?.lease {
                Lease::Free { from } if from <= now => return Some(slot),
                Lease::Free { .. } | Lease::Leased { .. } => self.bound.push_back(slot),
            }
        }
        None
    }

    fn bind_next(&mut self, mut bind: impl FnMut(u32, u16) -> Option<S>) -> Option<u32> {
        for _ in 0..self.unbound.len().min(TRIES) {
            let slot = self.unbound.pop_front()?;
            let port = self.rtp_port(slot)?;
            if let Some(sockets) = bind(slot, port) {
                self.entries.get_mut(slot as usize)?.sockets = Some(sockets);
                return Some(slot);
            }
            self.unbound.push_back(slot);
        }
        None
    }

    fn rtp_port(&self, slot: u32) -> Option<u16> {
        u16::try_from(slot.checked_mul(2)?).ok()?.checked_add(self.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARD: ShardId = ShardId(1);

    fn lease(pool: &mut Pool<()>, seconds: u64) -> Option<u16> {
        pool.lease(Mono(seconds * 1_000_000), SHARD, |_, _| Some(())).map(|(_, port)| port)
    }

    #[test]
    fn pairs_are_leased_until_none_is_left_and_again_when_cool() {
        let mut pool = Pool::new(10_000, 2);
        assert_eq!(lease(&mut pool, 10), Some(10_000));
        assert_eq!(lease(&mut pool, 10), Some(10_002));
        assert_eq!(lease(&mut pool, 10), None);
        pool.release(Mono(10_000_000), 0);
        pool.release(Mono(10_000_000), 0);
        assert_eq!((pool.leased(), lease(&mut pool, 11)), (1, None));
        assert_eq!(lease(&mut pool, 12), Some(10_000));
    }

    #[test]
    fn a_pair_that_still_gets_packets_stays_free() {
        let mut pool = Pool::new(10_000, 1);
        lease(&mut pool, 0);
        pool.release(Mono(0), 0);
        pool.disturb(Mono(5_000_000), 0);
        assert_eq!(lease(&mut pool, 6), None);
        assert_eq!(lease(&mut pool, 7), Some(10_000));
    }

    #[test]
    fn bound_pairs_are_used_again_before_more_are_bound() {
        let mut pool = Pool::new(10_000, 9);
        lease(&mut pool, 0);
        pool.release(Mono(0), 0);
        assert_eq!(lease(&mut pool, 3), Some(10_000));
        assert_eq!(pool.lessee(0), Some(SHARD));
    }

    #[test]
    fn a_pair_somebody_else_has_bound_is_passed_over() {
        let mut pool: Pool<()> = Pool::new(10_000, 3);
        let taken = |_, port| (port != 10_000).then_some(());
        assert_eq!(pool.lease(Mono(0), SHARD, taken), Some((1, 10_002)));
        assert_eq!(pool.lease(Mono(0), SHARD, |_, _| None), None);
    }
}
