//! Every stream connection: by id for answers, by peer address for reuse, counted by peer for the caps.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use base::limits;
use base::wire::{ConnId, Transport};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

use crate::config::ConnectionLimits;
use crate::opened::{Key, Opened, Opener, Refused, Towards, Way, Write};
use crate::standing::{Address, Standing};
use crate::strangers::{Admitted, Strangers};

struct Entered {
    writes: mpsc::Sender<Write>,
    close: Arc<Notify>,
    standing: Arc<Standing>,
    /// The peer sends no more: it may still read answers, but a request would wait for its answer in vain.
    finished: AtomicBool,
}

pub(crate) struct Table {
    limits: ConnectionLimits,
    next: AtomicU64,
    count: AtomicUsize,
    strangers: Strangers,
    by_id: DashMap<ConnId, Entered>,
    by_way: DashMap<Way, ConnId>,
    by_source: DashMap<IpAddr, usize>,
}

impl Table {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self {
            limits,
            next: AtomicU64::new(1),
            count: AtomicUsize::new(0),
            strangers: Strangers::new(limits.strangers, limits.strangers_per_source),
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

    /// Connections over which nobody has shown yet who it is, from addresses where nobody is known.
    pub(crate) fn strangers(&self) -> usize {
        self.strangers.len()
    }

    /// Enters a connection that `remote` opened, whose address we may know; `None` at a cap. Only one in the clear
    /// takes messages for that address; under TLS it has not proven that it may have them.
    pub(crate) fn accept(
        &self,
        transport: Transport,
        remote: SocketAddr,
        address: Address,
    ) -> Option<Opened> {
        let way = Way { transport, remote, peer: None };
        let opened = self.enter(way, Opener::Peer, address)?;
        if transport == Transport::Tcp {
            self.by_way.insert(way, opened.key.id);
        }
        Some(opened)
    }

    /// Over this connection speaks somebody we know.
    pub(crate) fn know(&self, id: ConnId) {
        let Some(entered) = self.by_id.get(&id) else { return };
        entered.standing.know();
        drop(entered);
        self.strangers.leave(id);
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
        let Some(opened) = self.enter(way, Opener::Us, Address::Listed) else { return Towards::Refused };
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
        self.strangers.leave(opened.key.id);
        self.release(opened.key.way.remote.ip());
    }

    /// Asks every connection to end.
    pub(crate) fn close_all(&self) {
        for entered in &self.by_id {
            entered.close.notify_one();
        }
    }

    fn enter(&self, way: Way, opener: Opener, address: Address) -> Option<Opened> {
        let source = way.remote.ip();
        if !self.reserve(source) {
            return None;
        }
        let id = ConnId(self.next.fetch_add(1, Ordering::Relaxed));
        let close = Arc::new(Notify::new());
        let admitted = match address {
            Address::Strange => self.strangers.enter(id, source, &close),
            Address::Familiar | Address::Listed => Admitted::Room,
        };
        if admitted == Admitted::Refused {
            self.release(source);
            return None;
        }
        let (sender, writes) = mpsc::channel(limits::CONNECTION_WRITES);
        let standing = Arc::new(Standing::new(address == Address::Listed));
        let entered = Entered {
            writes: sender,
            close: Arc::clone(&close),
            standing: Arc::clone(&standing),
            finished: AtomicBool::new(false),
        };
        self.by_id.insert(id, entered);
        let instead = admitted == Admitted::Instead;
        Some(Opened { key: Key { id, way }, opener, writes, close, standing, instead })
    }

    fn reserve(&self, source: IpAddr) -> bool {
        let before = self.count.fetch_add(1, Ordering::Relaxed);
        let mut held = self.by_source.entry(source).or_default();
        let fits = before < self.limits.total && *held < self.limits.per_source;
        if fits {
            *held += 1;
            return true;
        }
        drop(held);
        self.by_source.remove_if(&source, |_, held| *held == 0);
        self.count.fetch_sub(1, Ordering::Relaxed);
        false
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
#[path = "table_tests.rs"]
mod tests;
