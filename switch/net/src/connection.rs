//! One connection from its beginning to its end: handshakes first, then messages in to shards and queued ones out.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use base::limits;
use base::wire::{Flow, Inbound, Transport};
use bytes::Bytes;
use peer::guard::Tap;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsStream;

use crate::counters::count;
use crate::event::NetEvent;
use crate::octets;
use crate::opened::{Opened, Opener, Report, Write};
use crate::patience::{Heard, Patience, Pongs};
use crate::shared::Shared;
use crate::socket;
use crate::standing::{Standing, asks};
use crate::tls::Callers;
use crate::ws;

/// Why reading ended.
pub(crate) enum End {
    /// The peer sends no more.
    Finished,
    /// The connection broke.
    Broken,
    /// A message took too long, or nothing came for too long.
    Late,
}

/// Serves a connection until it ends, then tells everybody.
pub(crate) async fn run(shared: Arc<Shared>, stream: TcpStream, mut opened: Opened) {
    socket::tune(&stream);
    let mut in_flight = None;
    serve(&shared, stream, &mut opened, &mut in_flight).await;
    end(&shared, opened, in_flight).await;
}

/// Forgets a connection; what it did not write has failed.
pub(crate) async fn end(shared: &Shared, mut opened: Opened, in_flight: Option<Report>) {
    shared.table.leave(&opened);
    count(&shared.counters.tcp_closed);
    opened.writes.close();
    let mut failed: Vec<Report> = in_flight.into_iter().collect();
    while let Ok(write) = opened.writes.try_recv() {
        count(&shared.counters.tcp_send_errors);
        failed.extend(write.report);
    }
    for Report { shard, ticket } in failed {
        shared.deliver(shard, NetEvent::SendFailed { ticket }).await;
    }
    shared.tell_all(&NetEvent::ConnClosed(opened.key.id)).await;
}

async fn serve(shared: &Shared, mut stream: TcpStream, opened: &mut Opened, in_flight: &mut Option<Report>) {
    let Ok(local) = stream.local_addr() else { return };
    let transport = opened.key.way.transport;
    match transport {
        Transport::Udp => {}
        Transport::Tcp => {
            let (reader, writer) = stream.split();
            Session::new(shared, opened, local).octets(reader, writer, opened, in_flight).await;
        }
        Transport::Tls => {
            let Some(stream) = secured(shared, opened, stream, Callers::Sip).await else { return };
            let (reader, writer) = tokio::io::split(stream);
            Session::new(shared, opened, local).octets(reader, writer, opened, in_flight).await;
        }
        Transport::Ws => ws::serve(Session::new(shared, opened, local), stream, opened, in_flight).await,
        Transport::Wss => {
            let Some(stream) = secured(shared, opened, stream, Callers::Web).await else { return };
            ws::serve(Session::new(shared, opened, local), stream, opened, in_flight).await;
        }
    }
}

/// Makes TLS of a stream, and tells what its far end has proven.
async fn secured(
    shared: &Shared,
    opened: &Opened,
    stream: TcpStream,
    callers: Callers,
) -> Option<TlsStream<TcpStream>> {
    let shaken = shake(shared, opened, stream, callers);
    let secured = in_time(shared, &opened.close, shaken).await;
    match secured {
        Some(Ok(stream)) => {
            count(&shared.counters.tls_handshakes);
            let proofs = shared.tls.proofs(stream.get_ref().1.peer_certificates().unwrap_or_default());
            if !proofs.is_empty() {
                count(&shared.counters.tls_proven);
                shared.tell_all(&NetEvent::ConnProven(opened.key.id, proofs.into())).await;
            }
            Some(stream)
        }
        failed => {
            count(&shared.counters.tls_failures);
            let error = failed.and_then(Result::err);
            let (remote, opener) = (opened.key.way.remote, opened.opener);
            match (opener, error) {
                (Opener::Us, Some(error)) => {
                    tracing::warn!(%remote, %error, "a peer is not reached under TLS")
                }
                (_, error) => tracing::debug!(%remote, ?error, "a TLS handshake failed"),
            }
            None
        }
    }
}

async fn shake(
    shared: &Shared,
    opened: &Opened,
    stream: TcpStream,
    callers: Callers,
) -> io::Result<TlsStream<TcpStream>> {
    let unknown = || io::Error::other("nothing is set up for it");
    match opened.opener {
        Opener::Peer => {
            let acceptor = shared.tls.acceptor(callers).ok_or_else(unknown)?;
            Ok(acceptor.accept(stream).await?.into())
        }
        Opener::Us => {
            let connector = opened.key.way.peer.and_then(|peer| shared.tls.connector(peer));
            let (connector, name) = connector.ok_or_else(unknown)?;
            Ok(connector.connect(name, stream).await?.into())
        }
    }
}

/// A handshake's outcome; `None` when it takes too long or the connection is to end.
pub(crate) async fn in_time<T>(
    shared: &Shared,
    close: &Notify,
    handshake: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        done = timeout(shared.table.limits().handshake, handshake) => done.ok(),
        () = close.notified() => None,
    }
}

/// What reading a connection needs.
pub(crate) struct Session<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) flow: Flow,
    pub(crate) standing: Arc<Standing>,
    pongs: Pongs,
    tap: Tap,
}

impl<'a> Session<'a> {
    fn new(shared: &'a Shared, opened: &Opened, local: SocketAddr) -> Self {
        let key = opened.key;
        let flow = Flow { transport: key.way.transport, local, remote: key.way.remote, conn: Some(key.id) };
        let standing = Arc::clone(&opened.standing);
        let pongs = Pongs::new(Instant::now(), limits::CONNECTION_PONGS);
        let tap = Tap::new(shared.guard.now(), &shared.guard.limits);
        Self { shared, flow, standing, pongs, tap }
    }

    /// How long the first octets may take.
    pub(crate) fn patience(&self) -> Patience {
        Patience::new(Instant::now(), self.shared.table.limits(), Arc::clone(&self.standing))
    }

    /// Passes a message to its shard, and says what it was; `None` when the peer has asked too much without being answered for too long.
    /// A peer beyond its budget is read later.
    pub(crate) async fn take_in(&mut self, data: Bytes) -> Option<Heard> {
        let guard = &self.shared.guard;
        let mut held = false;
        while !self.tap.draw(guard.now(), &guard.limits, &guard.roll, self.flow.remote) {
            if !std::mem::replace(&mut held, true) {
                count(&self.shared.counters.guard_held);
            }
            tokio::time::sleep(Tap::WAIT).await;
        }
        let patience = self.shared.table.limits().stranger_idle;
        if timeout(patience, self.standing.room()).await.is_err() {
            return None;
        }
        self.standing.heard(&data);
        let heard = if asks(&data) { Heard::Question } else { Heard::Statement };
        count(&self.shared.counters.tcp_received);
        let shard = self.shared.demux.shard(&data);
        self.shared.deliver(shard, NetEvent::Wire(Inbound { data, flow: self.flow })).await;
        Some(heard)
    }

    /// Answers a keep-alive (RFC 5626 §4.4.1).
    pub(crate) fn pong(&mut self) {
        const CRLF: Bytes = Bytes::from_static(b"\r\n");
        if self.may_pong()
            && let Some(id) = self.flow.conn
        {
            // A connection with a full queue is being closed.
            self.shared.table.write(id, Write { data: CRLF, report: None }).ok();
        }
    }

    /// Counts a ping; whether it is answered.
    pub(crate) fn may_pong(&mut self) -> bool {
        count(&self.shared.counters.tcp_pings);
        self.pongs.take(Instant::now())
    }

    async fn octets(
        self,
        reader: impl tokio::io::AsyncRead + Unpin,
        writer: impl tokio::io::AsyncWrite + Unpin,
        opened: &mut Opened,
        in_flight: &mut Option<Report>,
    ) {
        octets::serve(self, reader, writer, opened, in_flight).await;
    }
}
