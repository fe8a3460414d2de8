//! Every stream connection: by id for answers, by peer address for reuse, counted by peer for the caps.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use base::wire::{ConnId, PeerKey, Transport};
use base::{ShardId, limits};
use bytes::Bytes;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

use crate::config::ConnectionLimits;
use crate::standing::Standing;

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

/// Where a connection leads. Messages to the same way share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Way {
    pub(crate) transport: Transport,
    pub(crate) remote: SocketAddr,
    /// Whom the far end must prove to be (RFC 5923 §5).
    pub(crate) peer: Option<PeerKey>,
}

/// Which connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) id: ConnId,
    pub(crate) way: Way,
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
    pub(crate) standing: Arc<Standing>,
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
    standing: Arc<Standing>,
    source: IpAddr,
    /// The peer sends no more: it may still read answers, but a request would wait for its answer in vain.
    finished: AtomicBool,
}

pub(crate) struct Table {
    limits: ConnectionLimits,
    next: AtomicU64,
    count: AtomicUsize,
    strangers: AtomicUsize,
    by_id: DashMap<ConnId, Entered>,
    by_way: DashMap<Way, ConnId>,
    by_source: DashMap<IpAddr, Held>,
}

/// Connections with one address.
#[derive(Debug, Default)]
struct Held {
    all: usize,
    strangers: usize,
}

impl Table {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self {
            limits,
            next: AtomicU64::new(1),
            count: AtomicUsize::new(0),
            strangers: AtomicUsize::new(0),
            by_id: DashMap::new(),
            by_way: DashMap::new(),
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

    /// Connections over which nobody has shown yet who it is.
    pub(crate) fn strangers(&self) -> usize {
        self.strangers.load(Ordering::Relaxed)
    }

    /// Enters a connection that `remote` opened, whose address we may know; `None` at a cap. Only one in the clear
    /// takes messages for that address; under TLS it has not proven that it may have them.
    pub(crate) fn accept(&self, transport: Transport, remote: SocketAddr, known: bool) -> Option<Opened> {
        let way = Way { transport, remote, peer: None };
        let opened = self.enter(way, Opener::Peer, known)?;
        if transport == Transport::Tcp {
            self.by_way.insert(way, opened.key.id);
        }
        Some(opened)
    }

    /// Over this connection speaks somebody we know.
    pub(crate) fn know(&self, id: ConnId) {
        let Some(entered) = self.by_id.get(&id) else { return };
        if entered.standing.know() {
            let source = entered.source;
            drop(entered);
            self.no_stranger(source);
        }
    }

    /// Queues a write on a connection.
    pub(crate) fn write(&self, id: ConnId, write: Write) -> Result<(), Refused> {
        let Some(entered) = self.by_id.get(&id) else { return Err(Refused::Gone(write)) };
        if entered.finished.load(Ordering::Relaxed) && !write.data.starts_with(b"SIP/2.0 ") {
            return Err(Refused::Gone(write));
        }
        entered.standing.said(&write.data);
        match entered.writes.try_send(write) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(write)) => Err(Refused::Gone(write)),
            Err(TrySendError::Full(_)) => {
                entered.close.notify_one();
                Err(Refused::Full)
            }
        }
    }

    /// Queues a write on the connection that leads there, entering a new one when there is none.
    pub(crate) fn write_to(&self, way: Way, write: Write) -> Towards {
        let mut entry = self.by_way.entry(way);
        let write = match &mut entry {
            Entry::Vacant(_) => write,
            Entry::Occupied(known) => match self.write(*known.get(), write) {
                Ok(()) => return Towards::Queued,
                Err(Refused::Full) => return Towards::Refused,
                Err(Refused::Gone(write)) => write,
            },
        };
        let Some(opened) = self.enter(way, Opener::Us, true) else { return Towards::Refused };
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
        self.by_way.remove_if(&key.way, |_, id| *id == key.id);
    }

    /// No message goes to this connection any more; its queue ends after what is in it.
    pub(crate) fn mute(&self, key: Key) {
        self.by_id.remove(&key.id);
        self.retire(key);
    }

    /// Forgets a connection.
    pub(crate) fn leave(&self, opened: &Opened) {
        self.mute(opened.key);
        // From here on nobody finds it to make it known, so that it is counted out once.
        if opened.standing.know() {
            self.no_stranger(opened.key.way.remote.ip());
        }
        self.release(opened.key.way.remote.ip());
    }

    /// Asks every connection to end.
    pub(crate) fn close_all(&self) {
        for entered in &self.by_id {
            entered.close.notify_one();
        }
    }

    fn enter(&self, way: Way, opener: Opener, known: bool) -> Option<Opened> {
        let source = way.remote.ip();
        if !self.reserve(source, known) {
            return None;
        }
        let id = ConnId(self.next.fetch_add(1, Ordering::Relaxed));
        let (sender, writes) = mpsc::channel(limits::CONNECTION_WRITES);
        let close = Arc::new(Notify::new());
        let standing = Arc::new(Standing::new(known));
        let entered = Entered {
            writes: sender,
            close: Arc::clone(&close),
            standing: Arc::clone(&standing),
            source,
            finished: AtomicBool::new(false),
        };
        self.by_id.insert(id, entered);
        Some(Opened { key: Key { id, way }, opener, writes, close, standing })
    }

    fn reserve(&self, source: IpAddr, known: bool) -> bool {
        let stranger = usize::from(!known);
        let ConnectionLimits { total, per_source, strangers, strangers_per_source, .. } = self.limits;
        let all_before = self.count.fetch_add(1, Ordering::Relaxed);
        let strangers_before = self.strangers.fetch_add(stranger, Ordering::Relaxed);
        let mut held = self.by_source.entry(source).or_default();
        let fits = all_before < total && held.all < per_source;
        let fits = fits
            && (stranger == 0 || (strangers_before < strangers && held.strangers < strangers_per_source));
        if fits {
            held.all += 1;
            held.strangers += stranger;
            return true;
        }
        let unused = held.all == 0;
        drop(held);
        if unused {
            self.by_source.remove_if(&source, |_, held| held.all == 0);
        }
        self.count.fetch_sub(1, Ordering::Relaxed);
        self.strangers.fetch_sub(stranger, Ordering::Relaxed);
        false
    }

    fn no_stranger(&self, source: IpAddr) {
        self.strangers.fetch_sub(1, Ordering::Relaxed);
        if let Some(mut held) = self.by_source.get_mut(&source) {
            held.strangers = held.strangers.saturating_sub(1);
        }
    }

    fn release(&self, source: IpAddr) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        if let Entry::Occupied(mut held) = self.by_source.entry(source) {
            held.get_mut().all = held.get().all.saturating_sub(1);
            if held.get().all == 0 {
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

    fn way(port: u16) -> Way {
        Way { transport: Transport::Tcp, remote: peer(port), peer: None }
    }

    fn write() -> Write {
        Write { data: Bytes::from_static(b"x"), report: None }
    }

    #[test]
    fn a_second_write_to_an_address_uses_the_connection_of_the_first() {
        let table = table(10, 10);
        let Towards::Open(_opened) = table.write_to(way(1), write()) else { panic!("a new connection") };
        assert!(matches!(table.write_to(way(1), write()), Towards::Queued));
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_peer_at_its_cap_is_refused_until_a_connection_ends() {
        let table = table(10, 1);
        let first = table.accept(Transport::Tcp, peer(1), false).expect("room");
        assert!(table.accept(Transport::Tcp, peer(2), false).is_none());
        table.leave(&first);
        assert!(table.accept(Transport::Tcp, peer(2), false).is_some());
    }

    #[test]
    fn the_node_at_its_cap_refuses_everybody() {
        let table = table(1, 10);
        let _held = table.accept(Transport::Tcp, peer(1), false).expect("room");
        assert!(table.accept(Transport::Tcp, SocketAddr::from(([127, 0, 0, 8], 1)), false).is_none());
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn a_peer_that_has_closed_its_side_gets_answers_but_no_requests_there() {
        let table = table(10, 10);
        let opened = table.accept(Transport::Tcp, peer(1), false).expect("room");
        table.retire(opened.key);
        let answer = Write { data: Bytes::from_static(b"SIP/2.0 200 OK"), report: None };
        assert!(table.write(opened.key.id, answer).is_ok());
        assert!(matches!(table.write(opened.key.id, write()), Err(Refused::Gone(_))));
        assert!(matches!(table.write_to(way(1), write()), Towards::Open(_)));
    }

    #[test]
    fn a_peer_that_does_not_read_is_cut_off() {
        let table = table(10, 10);
        let opened = table.accept(Transport::Tcp, peer(1), false).expect("room");
        for _ in 0..limits::CONNECTION_WRITES {
            table.write(opened.key.id, write()).expect("room in the queue");
        }
        assert!(matches!(table.write(opened.key.id, write()), Err(Refused::Full)));
    }

    /// Conformance S11: unauthenticated connections per source and of the node.
    #[test]
    fn strangers_have_caps_of_their_own_until_they_are_known() {
        let limits =
            ConnectionLimits { strangers: 3, strangers_per_source: 2, ..ConnectionLimits::default() };
        let table = Table::new(limits);
        let accept =
            |octet, port| table.accept(Transport::Tls, SocketAddr::from(([127, 0, 0, octet], port)), false);
        let first = accept(9, 1).expect("room");
        let second = accept(9, 2).expect("room");
        assert!(accept(9, 3).is_none(), "of one source");
        let other = accept(8, 1).expect("room");
        assert!(accept(7, 1).is_none(), "of the node");
        table.know(first.key.id);
        table.know(first.key.id);
        assert_eq!(table.strangers(), 2);
        let third = accept(9, 3).expect("one of its connections is known");
        for opened in [&first, &second, &other, &third] {
            table.leave(opened);
        }
        assert_eq!((table.len(), table.strangers(), table.by_source.len()), (0, 0, 0));
    }

    /// RFC 5923 §5: a connection is shared only with messages for the same proven peer.
    #[test]
    fn messages_for_another_name_at_the_same_address_open_a_connection_of_their_own() {
        let table = table(10, 10);
        let to = |host| Way {
            transport: Transport::Tls,
            remote: peer(1),
            peer: Some(PeerKey::of("t", &base::dns::Host::named(host))),
        };
        let Towards::Open(_one) = table.write_to(to("a"), write()) else { panic!("a new connection") };
        assert!(matches!(table.write_to(to("a"), write()), Towards::Queued));
        assert!(matches!(table.write_to(to("b"), write()), Towards::Open(_)));
    }

    #[test]
    fn a_connection_under_tls_that_a_peer_opened_takes_no_messages_for_its_address() {
        let table = table(10, 10);
        let _opened = table.accept(Transport::Tls, peer(1), false).expect("room");
        let to = Way { transport: Transport::Tls, remote: peer(1), peer: None };
        assert!(matches!(table.write_to(to, write()), Towards::Open(_)));
    }
}
