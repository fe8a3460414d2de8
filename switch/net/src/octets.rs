//! A stream of octets: TCP and TLS. Messages are cut out of it by their Content-Length (RFC 3261 §18.3).

use std::pin::pin;
use std::time::Duration;

use base::limits;
use bytes::Bytes;
use sip::message::{Draft, Framed, Framer, ParseError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::alien::{Alien, NO_HTTP, alien};
use crate::connection::{End, Session};
use crate::counters::count;
use crate::opened::{Key, Opened, Report, Write};
use crate::patience::{Awaited, Heard};
use crate::shared::Shared;

/// Octets of one read.
const READ: usize = 4_096;
/// How long answers may still go out after the peer has said that it sends no more.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// Why reading a stream ended.
enum StreamEnd {
    /// As any connection may end.
    Plain(End),
    /// These octets are no SIP.
    Unframed(Box<ParseError>),
    /// Another protocol.
    Alien(Alien),
}

pub(crate) async fn serve(
    mut session: Session<'_>,
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    opened: &mut Opened,
    in_flight: &mut Option<Report>,
) {
    let shared = session.shared;
    let Opened { key, writes, close, .. } = opened;
    {
        let mut writing = pin!(write_all(shared, writes, &mut writer, in_flight));
        let ended = tokio::select! {
            ended = read_all(&mut session, &mut reader) => ended,
            () = &mut writing => return,
            () = close.notified() => return,
        };
        match ended {
            StreamEnd::Plain(End::Broken) => return,
            StreamEnd::Plain(End::Late) => {
                count(&shared.counters.tcp_timeouts);
                return;
            }
            StreamEnd::Plain(End::Finished) => shared.table.retire(*key),
            StreamEnd::Unframed(error) => part(shared, *key, &error),
            StreamEnd::Alien(what) => send_away(shared, *key, what),
        }
        // Lateness is no error here: the peer had its chance to take the answers.
        timeout(LINGER, writing).await.ok();
    }
    // Octets left unread would turn the close into a reset that overtakes the answer.
    if matches!(timeout(LINGER, writer.shutdown()).await, Ok(Ok(()))) {
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

/// Closes at once; HTTP is told why.
fn send_away(shared: &Shared, key: Key, what: Alien) {
    count(&shared.counters.tcp_aliens);
    match what {
        Alien::Http => {
            let data = Bytes::from_static(NO_HTTP);
            // As above.
            shared.table.write(key.id, Write { data, report: None }).ok();
        }
        Alien::Other => {}
    }
    shared.table.mute(key);
}

async fn read_all(session: &mut Session<'_>, reader: &mut (impl AsyncRead + Unpin)) -> StreamEnd {
    let mut framer = Framer::default();
    let mut buffer = vec![0; READ];
    let mut patience = session.patience();
    let mut first = true;
    loop {
        // Octets that never cease would never let the time below run out.
        if patience.is_over(Instant::now()) {
            return StreamEnd::Plain(End::Late);
        }
        let octets = match timeout_at(patience.deadline(), reader.read(&mut buffer)).await {
            Err(_late_unless_known_by_now) => continue,
            Ok(Err(_broken)) => return StreamEnd::Plain(End::Broken),
            Ok(Ok(0)) => return StreamEnd::Plain(End::Finished),
            Ok(Ok(octets)) => buffer.get(..octets).unwrap_or_default(),
        };
        if std::mem::take(&mut first)
            && let Some(alien) = alien(octets)
        {
            return StreamEnd::Alien(alien);
        }
        framer.feed(octets);
        let mut heard = Heard::Nothing;
        while let Some(item) = framer.next() {
            match item {
                Err(error) => return StreamEnd::Unframed(Box::new(error)),
                Ok(Framed::Pong) => {}
                Ok(Framed::Ping) => session.pong(),
                Ok(Framed::Message(data)) => {
                    let Some(this) = session.take_in(data).await else {
                        return StreamEnd::Plain(End::Late);
                    };
                    heard = heard.max(this);
                }
            }
        }
        patience.goes_on(Instant::now(), awaited(&framer), heard);
    }
}

fn awaited(framer: &Framer) -> Awaited {
    match (framer.pending(), framer.awaits_body()) {
        (0, _) => Awaited::Message,
        (_, false) => Awaited::Headers,
        (_, true) => Awaited::Body,
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
        let written = timeout(limits::CONNECTION_WRITE, put(writer, &write.data)).await;
        if !matches!(written, Ok(Ok(()))) {
            count(&shared.counters.tcp_send_errors);
            return;
        }
        count(&shared.counters.tcp_sent);
        *in_flight = None;
    }
}

/// TLS keeps a buffer of its own, which has to be told that nothing more comes.
async fn put(writer: &mut (impl AsyncWrite + Unpin), data: &[u8]) -> std::io::Result<()> {
    writer.write_all(data).await?;
    writer.flush().await
}

async fn discard(reader: &mut (impl AsyncRead + Unpin)) {
    let mut rest = vec![0; READ];
    while matches!(reader.read(&mut rest).await, Ok(octets) if octets > 0) {}
}
