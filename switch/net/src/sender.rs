//! Sending: datagrams on the caller's thread, stream messages by their connection.

use std::net::SocketAddr;
use std::sync::Arc;

use base::ShardId;
use base::wire::{ConnId, Flow, Outbound, Target, Transport};

use crate::counters::count;
use crate::event::SendFailed;
use crate::facing::facing;
use crate::opened::{Refused, Report, Towards, Way, Write};
use crate::routes::Routes;
use crate::shared::Shared;
use crate::tcp;
use crate::udp::UdpListener;

/// One shard's way out; cheap to copy, one per thread.
#[derive(Clone)]
pub struct Sender {
    shared: Arc<Shared>,
    routes: Routes,
    shard: ShardId,
}

impl Sender {
    pub(crate) fn new(shared: Arc<Shared>, routes: Routes, shard: ShardId) -> Self {
        Self { shared, routes, shard }
    }

    /// Sends a message without waiting. A stream's message may still fail later: its shard's inbox then gets
    /// `NetEvent::SendFailed`.
    ///
    /// # Errors
    /// What is known at once to fail: no socket, no route, too long, a connection at its bound.
    pub fn send(&self, outbound: Outbound) -> Result<(), SendFailed> {
        let ticket = outbound.ticket;
        let sent = match outbound.target.transport() {
            Transport::Udp => self.send_udp(&outbound),
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => self.send_stream(outbound),
        };
        sent.ok_or(SendFailed { ticket })
    }

    /// Over this connection speaks somebody we know: the bounds of strangers no longer apply to it.
    pub fn known(&self, conn: ConnId) {
        self.shared.table.know(conn);
    }

    fn send_udp(&self, outbound: &Outbound) -> Option<()> {
        let counters = &self.shared.counters;
        let sent = self.udp_listener(&outbound.target).map(|listener| {
            // A full send buffer counts as lost on the way: transactions send again.
            let send = || listener.socket.send_to(&outbound.data, outbound.target.remote());
            // The socket may report here what became of an earlier datagram to somebody else; told, it is forgotten.
            match send().or_else(|_of_an_earlier_one| send()) {
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => Err(error),
                sent => Ok(sent),
            }
        });
        if let Some(Ok(_)) = sent {
            count(&counters.udp_sent);
            Some(())
        } else {
            count(&counters.udp_send_errors);
            None
        }
    }

    /// The socket a flow came by, else the one that faces the peer.
    fn udp_listener(&self, target: &Target) -> Option<&UdpListener> {
        let listeners = &self.shared.udp;
        let by_flow = match target {
            Target::Flow(flow) => {
                let same = listeners.iter().find(|listener| listener.local == flow.local);
                same.or_else(|| listeners.iter().find(|listener| covers(listener.local, flow.local)))
            }
            Target::Peer { .. } | Target::Addr { .. } => None,
        };
        by_flow.or_else(|| listeners.get(facing(&self.shared.shown.udp, target.remote(), &self.routes)?))
    }

    fn send_stream(&self, outbound: Outbound) -> Option<()> {
        let report = (outbound.ticket != 0).then_some(Report { shard: self.shard, ticket: outbound.ticket });
        let mut write = Write { data: outbound.data, report };
        if let Target::Flow(Flow { conn: Some(conn), .. }) = outbound.target {
            write = match self.shared.table.write(conn, write) {
                Ok(()) => return Some(()),
                Err(Refused::Gone(write)) => write,
                Err(Refused::Full) => return self.overflowed(),
            };
        }
        let Some(way) = way_of(&outbound.target) else {
            count(&self.shared.counters.tcp_send_errors);
            return None;
        };
        match self.shared.table.write_to(way, write) {
            Towards::Queued => Some(()),
            Towards::Refused => self.overflowed(),
            Towards::Open(opened) => {
                let from = self.source(&outbound.target);
                self.shared.runtime.spawn(tcp::open(Arc::clone(&self.shared), opened, from));
                Some(())
            }
        }
    }

    fn overflowed(&self) -> Option<()> {
        count(&self.shared.counters.tcp_overflows);
        count(&self.shared.counters.tcp_send_errors);
        None
    }

    /// The address to open a connection from: that of the listener which faces the peer, unless it is on every address.
    fn source(&self, target: &Target) -> Option<SocketAddr> {
        let listeners = self.shared.shown.listeners(target.transport());
        let listener = listeners.get(facing(listeners, target.remote(), &self.routes)?)?;
        (!listener.ip().is_unspecified()).then(|| SocketAddr::new(listener.ip(), 0))
    }
}

/// The connection that may be opened for a message; `None` where nobody could tell who would answer.
fn way_of(target: &Target) -> Option<Way> {
    match *target {
        Target::Peer { transport: transport @ Transport::Tls, remote, peer } => {
            Some(Way { transport, remote, peer: Some(peer) })
        }
        Target::Flow(Flow { transport: transport @ Transport::Tcp, remote, .. })
        | Target::Addr { transport: transport @ Transport::Tcp, remote } => {
            Some(Way { transport, remote, peer: None })
        }
        Target::Flow(_) | Target::Peer { .. } | Target::Addr { .. } => None,
    }
}

/// Whether a socket on every address is the one that has `local`.
fn covers(bound: SocketAddr, local: SocketAddr) -> bool {
    bound.ip().is_unspecified() && bound.is_ipv4() == local.is_ipv4() && bound.port() == local.port()
}
