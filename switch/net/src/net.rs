//! Starting and ending the network.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use base::ShardId;
use base::wire::Transport;
use mio::Waker;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

use crate::config::NetConfig;
use crate::counters::{Counters, NetStats};
use crate::demux::Demux;
use crate::event::Sink;
use crate::locals::{NetLocals, Shown};
use crate::routes::Routes;
use crate::sender::Sender;
use crate::shared::Shared;
use crate::socket;
use crate::table::Table;
use crate::tcp;
use crate::tls::{Callers, Tls, TlsSetup};
use crate::udp::{Receiver, SOCKETS_PER_THREAD, UdpListener};

/// Why the network could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener's address cannot be had.
    #[error("SIP over {transport} cannot listen on {address}: {source}")]
    Listen {
        /// Which protocol.
        transport: Transport,
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The system refuses threads or polling.
    #[error("the thread that receives SIP cannot start: {0}")]
    Thread(#[from] io::Error),
}

/// The running network: sockets, their threads and connections.
pub struct Net {
    shared: Arc<Shared>,
    routes: Routes,
    epoch: Arc<AtomicU64>,
    threads: Vec<(JoinHandle<()>, Waker)>,
    acceptors: Vec<AbortHandle>,
}

impl Net {
    /// Binds every listener, then begins to receive. `sink` is called from several threads and must not wait.
    ///
    /// # Errors
    /// The first address that cannot be bound; nothing listens then.
    pub fn start(config: &NetConfig, runtime: Handle, sink: Sink) -> Result<Self, StartError> {
        let mut net = Self::listen(config, runtime, sink)?;
        net.receive()?;
        Ok(net)
    }

    /// Like `start`, but with no thread for datagrams: whoever holds the receiver takes them in. The waker ends the
    /// receiver's sleep.
    ///
    /// # Errors
    /// Those of `start`.
    pub fn start_without_thread(
        config: &NetConfig,
        runtime: Handle,
        sink: Sink,
    ) -> Result<(Self, Receiver, Waker), StartError> {
        let net = Self::listen(config, runtime, sink)?;
        let (receiver, waker) =
            Receiver::new(Arc::clone(&net.shared), 0..net.shared.udp.len(), net.routes.clone())?;
        Ok((net, receiver, waker))
    }

    fn listen(config: &NetConfig, runtime: Handle, sink: Sink) -> Result<Self, StartError> {
        let udp = config.udp.iter().map(|address| listen_udp(*address)).collect::<Result<Vec<_>, _>>()?;
        let streams = Streams::listen(config)?;
        let shown = Shown {
            udp: udp.iter().map(|listener| listener.local).collect(),
            tcp: streams.addresses(Transport::Tcp),
            tls: streams.addresses(Transport::Tls),
            ws: streams.addresses(Transport::Ws),
            wss: streams.addresses(Transport::Wss),
            external_ip: config.external_ip,
            media_external_ip: config.media_external_ip,
            media_ip: config.media_ip,
        };
        let shared = Arc::new(Shared {
            shown: Arc::new(shown),
            udp,
            table: Table::new(config.connections),
            demux: Demux::new(config.shards),
            tls: Tls::new(&config.security),
            origins: config.origins.clone(),
            sink,
            guard: config.guard.clone(),
            counters: Counters::default(),
            runtime,
            stopping: AtomicBool::new(false),
        });
        let epoch = Arc::new(AtomicU64::new(0));
        let routes = Routes::new(Arc::clone(&epoch));
        let mut net = Self { shared, routes, epoch, threads: Vec::new(), acceptors: Vec::new() };
        net.accept(streams)?;
        Ok(net)
    }

    /// The way out for one shard.
    #[must_use]
    pub fn sender(&self, shard: ShardId) -> Sender {
        Sender::new(Arc::clone(&self.shared), self.routes.clone(), shard)
    }

    /// Our addresses as peers see them, for one shard.
    #[must_use]
    pub fn locals(&self) -> NetLocals {
        NetLocals::new(Arc::clone(&self.shared.shown), self.routes.clone())
    }

    /// The listeners of a protocol as bound.
    #[must_use]
    pub fn addresses(&self, transport: Transport) -> &[SocketAddr] {
        self.shared.shown.listeners(transport)
    }

    /// What was counted since the start.
    #[must_use]
    pub fn stats(&self) -> NetStats {
        self.shared.counters.snapshot()
    }

    /// A handle for readers.
    #[must_use]
    pub fn gauge(&self) -> NetGauge {
        NetGauge { shared: Arc::clone(&self.shared), epoch: Arc::clone(&self.epoch) }
    }

    /// Stops receiving and ends every connection; returns when the receiving threads are gone. Senders that are
    /// still held can go on sending datagrams, and a receiver that is still held can take them in.
    pub fn shutdown(self) {
        drop(self);
    }

    fn receive(&mut self) -> io::Result<()> {
        let sockets = self.shared.udp.len();
        for first in (0..sockets).step_by(SOCKETS_PER_THREAD) {
            let share = first..sockets.min(first + SOCKETS_PER_THREAD);
            let (receiver, waker) = Receiver::new(Arc::clone(&self.shared), share, self.routes.clone())?;
            let name = format!("net-{}", first / SOCKETS_PER_THREAD);
            let thread = std::thread::Builder::new().name(name).spawn(|| receiver.run())?;
            self.threads.push((thread, waker));
        }
        Ok(())
    }

    fn accept(&mut self, streams: Streams) -> io::Result<()> {
        let runtime = self.shared.runtime.clone();
        let _entered = runtime.enter();
        for Bound { transport, listener, .. } in streams.0 {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let task = runtime.spawn(tcp::accept(Arc::clone(&self.shared), listener, transport));
            self.acceptors.push(task.abort_handle());
        }
        Ok(())
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        for acceptor in &self.acceptors {
            acceptor.abort();
        }
        self.shared.table.close_all();
        for (thread, waker) in self.threads.drain(..) {
            // A thread that cannot be woken is not waited for; one that panicked has said so already.
            if waker.wake().is_ok() {
                thread.join().ok();
            }
        }
    }
}

/// Shows what the network does; does not keep it running.
#[derive(Clone)]
pub struct NetGauge {
    shared: Arc<Shared>,
    epoch: Arc<AtomicU64>,
}

impl NetGauge {
    /// What was counted since the start.
    #[must_use]
    pub fn stats(&self) -> NetStats {
        self.shared.counters.snapshot()
    }

    /// Stream connections now.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.table.len()
    }

    /// Stream connections over which nobody has shown yet who it is.
    #[must_use]
    pub fn strangers(&self) -> usize {
        self.shared.table.strangers()
    }

    /// New connections under TLS use this; those that exist go on as they are.
    pub fn secure(&self, setup: &TlsSetup) {
        self.shared.tls.replace(setup);
    }

    /// What a connection from a browser is taken in with under TLS, as set up now; `None` without a certificate. For
    /// listeners that are not ours.
    #[must_use]
    pub fn web_acceptor(&self) -> Option<TlsAcceptor> {
        self.shared.tls.acceptor(Callers::Web)
    }

    /// Makes everybody ask the routing table anew; call it now and then, since addresses change.
    pub fn forget_routes(&self) {
        self.epoch.fetch_add(1, Ordering::Relaxed);
    }
}

fn listen_udp(address: SocketAddr) -> Result<UdpListener, StartError> {
    let bound = socket::udp(address).and_then(|socket| Ok((socket.local_addr()?, socket)));
    let (local, socket) = bound.map_err(|source| failed(Transport::Udp, address, source))?;
    Ok(UdpListener { socket, local })
}

/// The listeners for connections.
struct Streams(Vec<Bound>);

struct Bound {
    transport: Transport,
    listener: std::net::TcpListener,
    local: SocketAddr,
}

impl Streams {
    fn listen(config: &NetConfig) -> Result<Self, StartError> {
        let wanted = [
            (Transport::Tcp, &config.tcp),
            (Transport::Tls, &config.tls),
            (Transport::Ws, &config.ws),
            (Transport::Wss, &config.wss),
        ];
        let each = wanted.iter().flat_map(|(transport, addresses)| {
            addresses.iter().map(|address| {
                let bound = socket::tcp(*address).and_then(|listener| Ok((listener.local_addr()?, listener)));
                let (local, listener) = bound.map_err(|source| failed(*transport, *address, source))?;
                Ok(Bound { transport: *transport, listener, local })
            })
        });
        each.collect::<Result<_, _>>().map(Self)
    }

    fn addresses(&self, transport: Transport) -> Vec<SocketAddr> {
        self.0.iter().filter(|bound| bound.transport == transport).map(|bound| bound.local).collect()
    }
}

fn failed(transport: Transport, address: SocketAddr, source: io::Error) -> StartError {
    StartError::Listen { transport, address, source }
}
