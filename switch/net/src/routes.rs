//! Which of the machine's addresses faces a peer, by asking the routing table once and remembering.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::limits;

/// A cache for one thread; `epoch` moves on when the routing table may have changed.
#[derive(Debug)]
pub(crate) struct Routes {
    epoch: Arc<AtomicU64>,
    seen: Cell<u64>,
    known: RefCell<HashMap<IpAddr, IpAddr>>,
}

impl Routes {
    pub(crate) fn new(epoch: Arc<AtomicU64>) -> Self {
        let seen = Cell::new(epoch.load(Ordering::Relaxed));
        Self { epoch, seen, known: RefCell::default() }
    }

    /// The source address the system would choose towards `remote`; `None` without a route.
    pub(crate) fn local_ip(&self, remote: IpAddr) -> Option<IpAddr> {
        self.forget_when_stale();
        if let Some(local) = self.known.borrow().get(&remote) {
            return Some(*local);
        }
        let local = ask(remote)?;
        self.known.borrow_mut().insert(remote, local);
        Some(local)
    }

    fn forget_when_stale(&self) {
        let epoch = self.epoch.load(Ordering::Relaxed);
        let mut known = self.known.borrow_mut();
        if self.seen.replace(epoch) != epoch || known.len() >= limits::ROUTES_REMEMBERED {
            known.clear();
        }
    }
}

impl Clone for Routes {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.epoch))
    }
}

/// Connecting a datagram socket sends nothing; it only makes the system choose.
fn ask(remote: IpAddr) -> Option<IpAddr> {
    const DISCARD: u16 = 9;
    let any: IpAddr = match remote {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // A failure of any of the three means there is no way to that peer.
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(remote, DISCARD)).ok()?;
    let local = socket.local_addr().ok()?.ip();
    (!local.is_unspecified()).then_some(local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_peer_is_faced_by_the_loopback_address() {
        let routes = Routes::new(Arc::default());
        assert_eq!(routes.local_ip(IpAddr::from([127, 0, 0, 9])), Some(IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn a_moved_epoch_forgets_what_was_remembered() {
        let epoch = Arc::new(AtomicU64::new(0));
        let routes = Routes::new(Arc::clone(&epoch));
        let remote = IpAddr::from([127, 0, 0, 9]);
        routes.known.borrow_mut().insert(remote, IpAddr::from([192, 0, 2, 1]));
        assert_eq!(routes.local_ip(remote), Some(IpAddr::from([192, 0, 2, 1])));
        epoch.fetch_add(1, Ordering::Relaxed);
        assert_eq!(routes.local_ip(remote), Some(IpAddr::from([127, 0, 0, 1])));
    }
}
