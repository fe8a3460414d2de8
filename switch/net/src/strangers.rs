//! Connections over which nobody has shown yet who it is: how many there are, and which one makes room for another.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::wire::ConnId;
use tokio::sync::Notify;

/// What became of a stranger's connection at the caps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// There was room.
    Room,
    /// The oldest stranger's connection ends instead.
    Instead,
    /// Its address holds as many as it may.
    Refused,
}

/// All of them. Who has proven nothing for longest goes first, so that nobody keeps others out by staying.
#[derive(Debug)]
pub(crate) struct Strangers {
    most: usize,
    most_per_source: usize,
    held: Mutex<Held>,
}

/// Numbers of connections grow with time: the first is the oldest.
#[derive(Debug, Default)]
struct Held {
    by_age: BTreeMap<ConnId, (IpAddr, Arc<Notify>)>,
    by_source: HashMap<IpAddr, usize>,
}

impl Strangers {
    pub(crate) fn new(most: usize, most_per_source: usize) -> Self {
        Self { most, most_per_source, held: Mutex::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.held().by_age.len()
    }

    /// Counts a connection in, which `close` ends.
    pub(crate) fn enter(&self, id: ConnId, source: IpAddr, close: &Arc<Notify>) -> Admitted {
        let mut held = self.held();
        if held.by_source.get(&source).is_some_and(|count| *count >= self.most_per_source) {
            return Admitted::Refused;
        }
        let oldest = if held.by_age.len() >= self.most { held.by_age.keys().next().copied() } else { None };
        let ended = oldest.and_then(|oldest| held.remove(oldest));
        held.by_age.insert(id, (source, Arc::clone(close)));
        *held.by_source.entry(source).or_default() += 1;
        match ended {
            Some(ended) => {
                ended.notify_one();
                Admitted::Instead
            }
            None => Admitted::Room,
        }
    }

    /// Counts one out that is known now or has ended, if it still counts.
    pub(crate) fn leave(&self, id: ConnId) {
        self.held().remove(id);
    }

    /// A count is right even when its last keeper panicked.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn remove(&mut self, id: ConnId) -> Option<Arc<Notify>> {
        let (source, close) = self.by_age.remove(&id)?;
        if let Some(count) = self.by_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&source);
            }
        }
        Some(close)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, timeout};

    use super::*;

    /// Conformance S11.
    #[tokio::test]
    async fn who_has_proven_nothing_for_longest_makes_room() {
        let strangers = Strangers::new(2, 2);
        let closes: Vec<Arc<Notify>> = (0..4).map(|_| Arc::default()).collect();
        let enter = |id: u8, source| {
            strangers.enter(ConnId(id.into()), IpAddr::from([127, 0, 0, source]), &closes[usize::from(id)])
        };
        assert_eq!([enter(0, 1), enter(1, 1)], [Admitted::Room; 2]);
        assert_eq!(enter(2, 1), Admitted::Refused, "of one address, which ends nobody else's");
        strangers.leave(ConnId(0));
        assert_eq!([enter(2, 2), enter(3, 2)], [Admitted::Room, Admitted::Instead]);
        let mut ended = Vec::new();
        for close in &closes {
            ended.push(timeout(Duration::ZERO, close.notified()).await.is_ok());
        }
        assert_eq!(ended, [false, true, false, false]);
        for id in 0..4 {
            strangers.leave(ConnId(id));
        }
        assert_eq!((strangers.len(), strangers.held().by_source.len()), (0, 0));
    }
}
