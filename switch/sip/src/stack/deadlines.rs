//! When each transaction next wants to be woken.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use base::Mono;

/// Which transaction a deadline belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Client(u64),
    Server(u64),
}

/// The one entry of a transaction that counts; an entry that says otherwise is out of date.
pub(super) type Waiting = Option<Mono>;

/// A heap with at most one valid entry for each transaction.
///
/// A deadline that moves away leaves its entry in place: the transaction is woken early, finds nothing due
/// and is entered anew. Most timers are moved many times and fire never, so this saves most of the work.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<(Mono, Owner)>>,
}

impl Deadlines {
    /// Makes sure that the owner is woken no later than `at`.
    pub(super) fn want(&mut self, waiting: &mut Waiting, at: Option<Mono>, owner: Owner) {
        let Some(at) = at else { return };
        if waiting.is_some_and(|entered| entered <= at) {
            return;
        }
        *waiting = Some(at);
        self.heap.push(Reverse((at, owner)));
    }

    /// Takes one entry that is due.
    pub(super) fn due(&mut self, now: Mono) -> Option<(Mono, Owner)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// When the first entry is due; the transaction may turn out to want nothing yet.
    pub(super) fn next(&self) -> Option<Mono> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_moves_away_adds_no_entry_and_one_that_comes_nearer_does() {
        let mut deadlines = Deadlines::default();
        let mut waiting = None;
        let owner = Owner::Client(1);
        deadlines.want(&mut waiting, Some(Mono(500)), owner);
        deadlines.want(&mut waiting, Some(Mono(900)), owner);
        assert_eq!(deadlines.heap.len(), 1);
        deadlines.want(&mut waiting, Some(Mono(100)), owner);
        assert_eq!(deadlines.next(), Some(Mono(100)));
        assert_eq!(deadlines.due(Mono(99)), None);
        assert_eq!(deadlines.due(Mono(100)), Some((Mono(100), owner)));
    }
}
