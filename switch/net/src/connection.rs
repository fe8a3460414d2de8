//! One stream connection: messages in to shards, queued messages out, keep-alives answered.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base::limits;
use base::wire::{Flow, Inbound, Transport};
use bytes::Bytes;
use sip::message::{Draft, Framed, Framer, ParseError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::counters::count;
use crate::event::NetEvent;
use crate::shared::Shared;
use crate::socket;
use crate::table::{Key, Opened, Opener, Report, Write};

/// Octets of one read.
const READ: usize = 4_096;
/// How long answers may still go out after the peer has said that it sends no more.
const LINGER: Duration = Duration::from_secs(1);
const CRLF: Bytes = Bytes::from_static(b"\r\n");

/// Why reading ended.
enum End {
    /// The peer sends no more.
    Finished,
    /// The connection broke.
    Broken,
    /// A message took too long, or nothing came for too long.
    Late,
    /// These octets are no SIP.
    Unframed(Box<ParseError>),
}

/// Serves a connection until it ends, then tells everybody.
pub(crate) async fn run(shared: Arc<Shared>, mut stream: TcpStream, mut opened: Opened) {
    socket::tune(&stream);
    let mut in_flight = None;
    serve(&shared, &mut stream, &mut opened, &mut in_flight).await;
    drop(stream);
    end(&shared, opened, in_flight).await;
}

/// Forgets a connection; what it did not write has failed.
pub(crate) async fn end(shared: &Shared, mut opened: Opened, in_flight: Option<Report>) {
    shared.table.leave(opened.key);
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
    for shard in shared.demux.shards() {
        shared.deliver(shard, NetEvent::ConnClosed(opened.key.id)).await;
    }
}

async fn serve(shared: &Shared, stream: &mut TcpStream, opened: &mut Opened, in_flight: &mut Option<Report>) {
    let Ok(local) = stream.local_addr() else { return };
    let Opened { key, opener, writes, close } = opened;
    let flow = Flow { transport: Transport::Tcp, local, remote: key.remote, conn: Some(key.id) };
    let (mut reader, mut writer) = stream.split();
    {
        let mut writing = pin!(write_all(shared, writes, &mut writer, in_flight));
        let ended = tokio::select! {
            ended = read_all(shared, &mut reader, flow, *opener) => ended,
            () = &mut writing => return,
            () = close.notified() => return,
        };
        match ended {
            End::Broken => return,
            End::Late => {
                count(&shared.counters.tcp_timeouts);
                return;
            }
            End::Finished => shared.table.retire(*key),
            End::Unframed(error) => part(shared, *key, &error),
        }
        // Lateness is no error here: the peer had its chance to take the answers.
        timeout(LINGER, writing).await.ok();
    }
    // Octets left unread would turn the close into a reset that overtakes the answer.
    if writer.shutdown().await.is_ok() {
        timeout(LINGER, discard(&mut reader)).await.ok();
    }
}

/// Answers what cannot be framed, as its last message.
fn part(shared: &Shared, key: Key, error: &ParseError) {
    count(&shared.counters.tcp_framing_errors);
    tracing::debug!(%error, "a stream is no SIP; closing it");
    if let Some(request) = error.answerable() {
        let data = Draft::response(request, error.status, "").finish();
        // A full queue has no room for an answer, and the connection ends anyway.
        shared.table.write(key.id, Write { data, report: None }).ok();
    }
    shared.table.mute(key);
}

async fn read_all(shared: &Shared, reader: &mut (impl AsyncRead + Unpin), flow: Flow, opener: Opener) -> End {
    let limits = shared.table.limits();
    let mut framer = Framer::default();
    let mut buffer = vec![0; READ];
    let mut trusted = opener == Opener::Us;
    let mut begun = !trusted;
    let mut deadline = Instant::now() + if trusted { limits.idle } else { limits.message };
    loop {
        let octets = match timeout_at(deadline, reader.read(&mut buffer)).await {
            Err(_late) => return End::Late,
            Ok(Err(_broken)) => return End::Broken,
            Ok(Ok(0)) => return End::Finished,
            Ok(Ok(octets)) => octets,
        };
        framer.feed(buffer.get(..octets).unwrap_or_default());
        let mut whole = false;
        while let Some(item) = framer.next() {
            match item {
                Err(error) => return End::Unframed(Box::new(error)),
                Ok(Framed::Pong) => {}
                Ok(Framed::Ping) => pong(shared, flow),
                Ok(Framed::Message(data)) => {
                    take_in(shared, data, flow).await;
                    whole = true;
                }
            }
        }
        trusted |= whole;
        if trusted && framer.pending() == 0 {
            (begun, deadline) = (false, Instant::now() + limits.idle);
        } else if trusted && (whole || !begun) {
            (begun, deadline) = (true, Instant::now() + limits.message);
        }
    }
}

async fn take_in(shared: &Shared, data: Bytes, flow: Flow) {
    count(&shared.counters.tcp_received);
    let shard = shared.demux.shard(&data);
    shared.deliver(shard, NetEvent::Wire(Inbound { data, flow })).await;
}

fn pong(shared: &Shared, flow: Flow) {
    count(&shared.counters.tcp_pings);
    if let Some(id) = flow.conn {
        // A connection with a full queue is being closed.
        shared.table.write(id, Write { data: CRLF, report: None }).ok();
    }
}

async fn write_all(
    shared: &Shared,
    writes: &mut mpsc::Receiver<Write>,
    writer: &mut (impl AsyncWrite + Unpin),
    in_flight: &mut Option<Report>,
) {
    while let Some(write) = writes.recv().await {
        *in_flight = write.report;
        let written = timeout(limits::CONNECTION_WRITE, writer.write_all(&write.data)).await;
        if !matches!(written, Ok(Ok(()))) {
            count(&shared.counters.tcp_send_errors);
            return;
        }
        count(&shared.counters.tcp_sent);
        *in_flight = None;
    }
}

async fn discard(reader: &mut (impl AsyncRead + Unpin)) {
    let mut rest = vec![0; READ];
    while matches!(reader.read(&mut rest).await, Ok(octets) if octets > 0) {}
}
