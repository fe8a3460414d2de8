//! What is due when, one time per thing; every operation takes logarithmic time.

use std::collections::{BTreeMap, BTreeSet};

/// Times `T` of things `K`.
#[derive(Clone, Debug)]
pub(crate) struct Agenda<K, T> {
    by_time: BTreeSet<(T, K)>,
    by_thing: BTreeMap<K, T>,
}

impl<K: Ord + Clone, T: Ord + Copy> Agenda<K, T> {
    pub(crate) fn new() -> Self {
        Self { by_time: BTreeSet::new(), by_thing: BTreeMap::new() }
    }

    /// Sets or moves the time of a thing.
    pub(crate) fn set(&mut self, thing: K, at: T) {
        self.stop(&thing);
        self.by_time.insert((at, thing.clone()));
        self.by_thing.insert(thing, at);
    }

    /// Forgets a thing.
    pub(crate) fn stop(&mut self, thing: &K) {
        if let Some((thing, at)) = self.by_thing.remove_entry(thing) {
            self.by_time.remove(&(at, thing));
        }
    }

    /// Whether a thing has a time.
    pub(crate) fn has(&self, thing: &K) -> bool {
        self.by_thing.contains_key(thing)
    }

    /// Takes the earliest thing that is due at `now`.
    pub(crate) fn due(&mut self, now: T) -> Option<K> {
        let (_, thing) = self.by_time.first().filter(|(at, _)| *at <= now)?.clone();
        self.stop(&thing);
        Some(thing)
    }

    /// The earliest time.
    pub(crate) fn next(&self) -> Option<T> {
        self.by_time.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_has_one_time_and_comes_once() {
        let mut agenda = Agenda::new();
        agenda.set("a", 5);
        agenda.set("b", 3);
        agenda.set("a", 2);
        assert_eq!(agenda.next(), Some(2));
        assert_eq!(agenda.due(1), None);
        assert_eq!(agenda.due(9), Some("a"));
        assert_eq!(agenda.due(9), Some("b"));
        assert_eq!(agenda.due(9), None);
        agenda.set("c", 1);
        agenda.stop(&"c");
        assert!(!agenda.has(&"c"));
        assert_eq!(agenda.next(), None);
    }
}
