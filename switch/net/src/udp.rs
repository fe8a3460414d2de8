//! Datagrams: one thread for several sockets, drained in batches. It is a thread of the network's own, or that of
//! the only shard: then no datagram crosses threads.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use base::wire::{Flow, Inbound, Transport};
use base::{Mono, limits};
use bytes::Bytes;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use peer::guard::{Admission, Door, KnockKind};
use sip::message::peek;

use crate::counters::count;
use crate::event::NetEvent;
use crate::returned;
use crate::routes::Routes;
use crate::shared::Shared;
use crate::{guard, overload, stun};

/// Datagrams taken from one socket before the next has its turn. More than a shard handles in one turn: under
/// overload it is the inbox that fills, where new calls are refused at once, and not the socket's buffer.
const BATCH: usize = 1_024;
/// Sockets of one thread.
pub(crate) const SOCKETS_PER_THREAD: usize = 8;
const WAKE: Token = Token(usize::MAX);
/// A datagram this short holds a NAT binding open and says nothing (RFC 5626 §3.5.1 and what phones really send).
const JUNK_OCTETS: usize = 4;

/// A bound socket; any thread may send on it.
#[derive(Debug)]
pub(crate) struct UdpListener {
    pub(crate) socket: UdpSocket,
    pub(crate) local: SocketAddr,
}

/// One thread's share of the sockets.
pub struct Receiver {
    shared: Arc<Shared>,
    poll: Poll,
    events: Events,
    /// Index in `shared.udp`, and whether more may be waiting: readiness is told once, on its edge.
    sockets: Vec<(usize, bool)>,
    routes: Routes,
    door: Door,
    buffer: Box<[u8]>,
}

enum Drained {
    Empty,
    MoreMayWait,
}

impl Receiver {
    /// Registers the sockets `share` of `shared.udp`; the waker ends `run` once `shared` is stopping.
    pub(crate) fn new(
        shared: Arc<Shared>,
        share: std::ops::Range<usize>,
        routes: Routes,
    ) -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let sockets: Vec<_> = share.map(|index| (index, true)).collect();
        for (place, (index, _)) in sockets.iter().enumerate() {
            let Some(listener) = shared.udp.get(*index) else { continue };
            let descriptor = listener.socket.as_raw_fd();
            poll.registry().register(&mut SourceFd(&descriptor), Token(place), Interest::READABLE)?;
        }
        let buffer = vec![0; limits::SIP_DATAGRAM_OCTETS].into_boxed_slice();
        let events = Events::with_capacity(sockets.len() + 1);
        let doors = shared.udp.len().div_ceil(SOCKETS_PER_THREAD);
        let door = shared.guard.door(doors);
        Ok((Self { shared, poll, events, sockets, routes, door, buffer }, waker))
    }

    /// Takes in datagrams until the network stops.
    pub(crate) fn run(mut self) {
        while !self.shared.is_stopping() {
            if let Err(error) = self.sleep(None) {
                tracing::error!(%error, "waiting for datagrams failed; this thread's sockets are deaf");
                return;
            }
            self.take_in();
        }
    }

    /// Sleeps until a datagram is there, the waker is used, or `patience` has passed; without it for ever.
    ///
    /// # Errors
    /// When the system refuses to wait; nothing will come in any more.
    pub fn sleep(&mut self, patience: Option<Duration>) -> io::Result<()> {
        let more = self.sockets.iter().any(|(_, more)| *more);
        let patience = if more { Some(Duration::ZERO) } else { patience };
        match self.poll.poll(&mut self.events, patience) {
            Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
            Ok(()) | Err(_) => {}
        }
        for event in &self.events {
            if let Some((index, more)) = self.sockets.get_mut(event.token().0) {
                *more = true;
                if event.is_error() {
                    take_back(&self.shared, *index);
                }
            }
        }
        Ok(())
    }

    /// Hands the datagrams that are there to the sink, a batch from each socket.
    pub fn take_in(&mut self) {
        for place in 0..self.sockets.len() {
            if let Some(&(index, true)) = self.sockets.get(place) {
                let more = matches!(self.drain(index), Drained::MoreMayWait);
                self.sockets[place].1 = more;
            }
        }
    }

    fn drain(&mut self, index: usize) -> Drained {
        let shared = Arc::clone(&self.shared);
        let Some(listener) = shared.udp.get(index) else { return Drained::Empty };
        let now = shared.guard.now();
        for _ in 0..BATCH {
            match listener.socket.recv_from(&mut self.buffer) {
                Ok((octets, remote)) => self.datagram(now, listener, octets, remote),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Drained::Empty,
                // An error an earlier send caused; the socket goes on.
                Err(_) => {}
            }
        }
        Drained::MoreMayWait
    }

    fn datagram(&mut self, now: Mono, listener: &UdpListener, octets: usize, remote: SocketAddr) {
        let counters = &self.shared.counters;
        count(&counters.udp_received);
        let data = self.buffer.get(..octets).unwrap_or_default();
        if is_keepalive(data) {
            count(&counters.udp_keepalives);
            // Strangers who send more than the guard lets through are not answered either.
            if let Some(answer) = stun::answer(data, remote)
                && guard::ask(&mut self.door, now, remote, data, counters) == Admission::Pass
                && listener.socket.send_to(&answer, remote).is_err()
            {
                count(&counters.udp_send_errors);
            }
            return;
        }
        match guard::ask(&mut self.door, now, remote, data, counters) {
            Admission::Pass => {}
            Admission::Refuse => return self.refuse(now, listener, octets, remote),
            Admission::Drop => return,
        }
        let shard = self.shared.demux.shard(data);
        if (self.shared.guard.crowded)(shard) && self.is_better_refused(now, data) {
            return self.refuse(now, listener, octets, remote);
        }
        let flow =
            Flow { transport: Transport::Udp, local: self.local(listener, remote), remote, conn: None };
        let inbound = Inbound { data: Bytes::copy_from_slice(data), flow };
        if (self.shared.sink)(shard, NetEvent::Wire(inbound)).is_err() {
            self.refuse(now, listener, octets, remote);
        }
    }

    /// A new call, unless it is an emergency: the rest of the room is for calls that run.
    fn is_better_refused(&self, now: Mono, data: &[u8]) -> bool {
        let kind = guard::kind_of(data);
        matches!(kind, KnockKind::Invite { .. }) && !self.door.is_emergency(now, kind)
    }

    /// The address the peer sees us at: replies leave by the route, whatever a wildcard socket is bound to.
    fn local(&self, listener: &UdpListener, remote: SocketAddr) -> SocketAddr {
        if !listener.local.ip().is_unspecified() {
            return listener.local;
        }
        let ip = self.routes.local_ip(remote.ip()).unwrap_or_else(|| listener.local.ip());
        SocketAddr::new(ip, listener.local.port())
    }

    /// A datagram for which there is no room: a new INVITE is told so, anything else comes again by itself.
    fn refuse(&mut self, now: Mono, listener: &UdpListener, octets: usize, remote: SocketAddr) {
        let data = self.buffer.get(..octets).unwrap_or_default();
        let call =
            peek(data).filter(overload::is_new_invite).map(|invite| self.shared.demux.hash(invite.call_id));
        let counters = &self.shared.counters;
        let answer = call
            .filter(|_| self.door.may_refuse(now))
            .and_then(|call| overload::refuse(&Bytes::copy_from_slice(data), remote, call));
        let Some((answer, target)) = answer else {
            count(&counters.udp_dropped);
            return;
        };
        count(&counters.udp_refused);
        if listener.socket.send_to(&answer, target).is_err() {
            count(&counters.udp_send_errors);
        }
    }
}

/// Tells shards of their datagrams that found nobody; with a full inbox their timers will.
fn take_back(shared: &Shared, index: usize) {
    let Some(listener) = shared.udp.get(index) else { return };
    for quoted in returned::take(&listener.socket).take(BATCH) {
        count(&shared.counters.udp_returned);
        let shard = shared.demux.shard(&quoted);
        (shared.sink)(shard, NetEvent::Returned(quoted)).ok();
    }
}

fn is_keepalive(data: &[u8]) -> bool {
    let blank = |octet: &u8| matches!(octet, b'\r' | b'\n' | 0);
    data.len() <= JUNK_OCTETS || stun::is_stun(data) || data.iter().all(blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_holds_a_nat_binding_open_is_told_from_sip() {
        let stun = [&[0, 1, 0, 0][..], &[0x21, 0x12, 0xa4, 0x42], &[7; 12]].concat();
        for keepalive in [&b""[..], b"\r\n\r\n", b"\0\0\0\0", b"jaK", b"\r\n\r\n\r\n\r\n", &stun] {
            assert!(is_keepalive(keepalive), "{keepalive:?}");
        }
        assert!(!is_keepalive(b"OPTIONS sip:a SIP/2.0\r\n\r\n"));
    }
}
