//! Every stream connection: by id for answers, by peer address for reuse, counted by peer for the caps.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use base::wire::ConnId;
use base::{ShardId, limits};
use bytes::Bytes;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

use crate::config::ConnectionLimits;

/// Octets to write, and whom to tell when that fails.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) data: Bytes,
    pub(crate) report: Option<Report>,
}

/// A ticket and the shard that holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) shard: ShardId,
    pub(crate) ticket: u64,
}

/// Which connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) id: ConnId,
    pub(crate) remote: SocketAddr,
}

/// Who opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opener {
    Us,
    Peer,
}

/// The owner's end of a connection's entry. The table forgets the connection when its owner says so.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) key: Key,
    pub(crate) opener: Opener,
    pub(crate) writes: mpsc::Receiver<Write>,
    pub(crate) close: Arc<Notify>,
}

/// Why a write was not taken.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The connection is gone, or the peer has closed its side and this is no answer.
    Gone(Write),
    /// Its queue is full; it is being closed.
    Full,
}

/// What became of a write towards an address.
#[derive(Debug)]
pub(crate) enum Towards {
    /// A connection has it.
    Queued,
    /// A new connection has it first in its queue; somebody must open it.
    Open(Opened),
    /// At a cap, or the connection's queue is full.
    Refused,
}

struct Entered {
    writes: mpsc::Sender<Write>,
    close: Arc<Notify>,
    /// The peer sends no more: it may still read answers, but a request would wait for its answer in vain.
    finished: AtomicBool,
}

pub(crate) struct Table {
    limits: ConnectionLimits,
    next: AtomicU64,
    count: AtomicUsize,
    by_id: DashMap<ConnId, Entered>,
    by_remote: DashMap<SocketAddr, ConnId>,
    by_source: DashMap<IpAddr, usize>,
}

impl Table {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self {
            limits,
            next: AtomicU64::new(1),
            count: AtomicUsize::new(0),
            by_id: DashMap::new(),
            by_remote: DashMap::new(),
            by_source: DashMap::new(),
        }
    }

    pub(crate) fn limits(&self) -> &ConnectionLimits {
        &self.limits
    }

    /// Connections now.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Enters a connection that `remote` opened; `None` at a cap.
    pub(crate) fn accept(&self, remote: SocketAddr) -> Option<Opened> {
        let opened = self.enter(remote, Opener::Peer)?;
        self.by_remote.insert(remote, opened.key.id);
        Some(opened)
    }

    /// Queues a write on a connection.
    pub(crate) fn write(&self, id: ConnId, write: Write) -> Result<(), Refused> {
        let Some(entered) = self.by_id.get(&id) else { return Err(Refused::Gone(write)) };
        if entered.finished.load(Ordering::Relaxed) && !write.data.starts_with(b"SIP/2.0 ") {
            return Err(Refused::Gone(write));
        }
        match entered.writes.try_send(write) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(write)) => Err(Refused::Gone(write)),
            Err(TrySendError::Full(_)) => {
                entered.close.notify_one();
                Err(Refused::Full)
            }
        }
    }

    /// Queues a write on the connection with `remote`, entering a new one when there is none.
    pub(crate) fn write_to(&self, remote: SocketAddr, write: Write) -> Towards {
        let mut entry = self.by_remote.entry(remote);
        let write = match &mut entry {
            Entry::Vacant(_) => write,
            Entry::Occupied(known) => match self.write(*known.get(), write) {
                Ok(()) => return Towards::Queued,
                Err(Refused::Full) => return Towards::Refused,
                Err(Refused::Gone(write)) => write,
            },
        };
        let Some(opened) = self.enter(remote, Opener::Us) else { return Towards::Refused };
        entry.insert(opened.key.id);
        match self.write(opened.key.id, write) {
            Ok(()) => Towards::Open(opened),
            Err(Refused::Gone(_) | Refused::Full) => Towards::Refused,
        }
    }

    /// No request goes to this connection any more; answers on it still do.
    pub(crate) fn retire(&self, key: Key) {
        if let Some(entered) = self.by_id.get(&key.id) {
            entered.finished.store(true, Ordering::Relaxed);
        }
        self.by_remote.remove_if(&key.remote, |_, id| *id == key.id);
    }

    /// No message goes to this connection any more; its queue ends after what is in it.
    pub(crate) fn mute(&self, key: Key) {
        self.by_id.remove(&key.id);
        self.retire(key);
    }

    /// Forgets a connection.
    pub(crate) fn leave(&self, key: Key) {
        self.mute(key);
        self.release(key.remote.ip());
    }

    /// Asks every connection to end.
    pub(crate) fn close_all(&self) {
        for entered in &self.by_id {
            entered.close.notify_one();
        }
    }

    fn enter(&self, remote: SocketAddr, opener: Opener) -> Option<Opened> {
        if !self.reserve(remote.ip()) {
            return None;
        }
        let id = ConnId(self.next.fetch_add(1, Ordering::Relaxed));
        let (sender, writes) = mpsc::channel(limits::CONNECTION_WRITES);
        let close = Arc::new(Notify::new());
        self.by_id.insert(
            id,
            Entered { writes: sender, close: Arc::clone(&close), finished: AtomicBool::new(false) },
        );
        Some(Opened { key: Key { id, remote }, opener, writes, close })
    }

    fn reserve(&self, source: IpAddr) -> bool {
        if self.count.fetch_add(1, Ordering::Relaxed) >= self.limits.total {
            self.count.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        let mut held = self.by_source.entry(source).or_insert(0);
        if *held >= self.limits.per_source {
            drop(held);
            self.count.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        *held += 1;
        true
    }

    fn release(&self, source: IpAddr) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        if let Entry::Occupied(mut held) = self.by_source.entry(source) {
            *held.get_mut() = held.get().saturating_sub(1);
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(total: usize, per_source: usize) -> Table {
        Table::new(ConnectionLimits { total, per_source, ..ConnectionLimits::default() })
    }

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 9], port))
    }

    fn write() -> Write {
        Write { data: Bytes::from_static(b"x"), report: None }
    }

    #[test]
    fn a_second_write_to_an_address_uses_the_connection_of_the_first() {
        let table = table(10, 10);
        let Towards::Open(_opened) = table.write_to(peer(1), write()) else { panic!("a new connection") };
        assert!(matches!(table.write_to(peer(1), write()), Towards::Queued));
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_peer_at_its_cap_is_refused_until_a_connection_ends() {
        let table = table(10, 1);
        let first = table.accept(peer(1)).expect("room");
        assert!(table.accept(peer(2)).is_none());
        table.leave(first.key);
        assert!(table.accept(peer(2)).is_some());
    }

    #[test]
    fn the_node_at_its_cap_refuses_everybody() {
        let table = table(1, 10);
        let _held = table.accept(peer(1)).expect("room");
        assert!(table.accept(SocketAddr::from(([127, 0, 0, 8], 1))).is_none());
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_peer_that_has_closed_its_side_gets_answers_but_no_requests_there() {
        let table = table(10, 10);
        let opened = table.accept(peer(1)).expect("room");
        table.retire(opened.key);
        let answer = Write { data: Bytes::from_static(b"SIP/2.0 200 OK"), report: None };
        assert!(table.write(opened.key.id, answer).is_ok());
        assert!(matches!(table.write(opened.key.id, write()), Err(Refused::Gone(_))));
        assert!(matches!(table.write_to(peer(1), write()), Towards::Open(_)));
    }

    #[test]
    fn a_peer_that_does_not_read_is_cut_off() {
        let table = table(10, 10);
        let opened = table.accept(peer(1)).expect("room");
        for _ in 0..limits::CONNECTION_WRITES {
            table.write(opened.key.id, write()).expect("room in the queue");
        }
        assert!(matches!(table.write(opened.key.id, write()), Err(Refused::Full)));
    }
}
