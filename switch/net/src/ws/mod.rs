//! WebSocket: one SIP message is one WebSocket message (RFC 7118).

mod fed;
mod origins;
mod upgrade;

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use base::limits;
use bytes::Bytes;
use fed::{Fed, Watched};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::connection::{End, Session, in_time};
use crate::counters::count;
use crate::octets::LINGER;
use crate::opened::{Opened, Report, Write};
use crate::patience::{Awaited, Heard};
use crate::shared::Shared;

pub use origins::Origins;

/// Octets that are read ahead of one connection.
const READ: usize = 4_096;
/// How long a peer is not read that sends more pings than are answered.
const PING_PAUSE: Duration = Duration::from_secs(1);

type Socket<S> = WebSocketStream<Watched<S>>;

/// Why reading ended.
enum SocketEnd {
    /// As any connection may end.
    Plain(End),
    /// A frame that must not be; the peer is told so.
    Wrong(CloseCode),
}

pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut session: Session<'_>,
    stream: S,
    opened: &mut Opened,
    in_flight: &mut Option<Report>,
) {
    let shared = session.shared;
    let Opened { key, writes, close, .. } = opened;
    let Some(Some((socket, fed))) = in_time(shared, close, open(shared, stream)).await else {
        return count(&shared.counters.ws_refused);
    };
    count(&shared.counters.ws_opened);
    let (mut sink, mut source) = socket.split();
    let ended = {
        let mut writing = pin!(write_all(shared, writes, &mut sink, in_flight));
        let ended = tokio::select! {
            ended = read_all(&mut session, &mut source, &fed) => ended,
            () = &mut writing => return,
            () = close.notified() => return,
        };
        if matches!(ended, SocketEnd::Plain(End::Finished)) {
            shared.table.mute(*key);
            // Lateness is no error here: the peer had its chance to take the answers.
            timeout(LINGER, writing).await.ok();
        }
        ended
    };
    let code = match ended {
        SocketEnd::Plain(End::Broken | End::Finished) => return,
        SocketEnd::Plain(End::Late) => {
            count(&shared.counters.tcp_timeouts);
            CloseCode::Away
        }
        SocketEnd::Wrong(code) => {
            count(&shared.counters.ws_errors);
            code
        }
    };
    let frame = CloseFrame { code, reason: Utf8Bytes::default() };
    // Who does not take the farewell is closed without.
    timeout(LINGER, sink.send(Message::Close(Some(frame)))).await.ok();
}

/// Answers the request to become a WebSocket.
async fn open<S: AsyncRead + AsyncWrite + Unpin>(shared: &Shared, mut stream: S) -> Option<(Socket<S>, Fed)> {
    let read_ahead = upgrade::answer(&mut stream, &shared.origins).await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ)
        .write_buffer_size(0)
        .max_write_buffer_size(2 * limits::SIP_STREAM_OCTETS)
        .max_message_size(Some(limits::SIP_STREAM_OCTETS))
        .max_frame_size(Some(limits::SIP_STREAM_OCTETS));
    let (stream, fed) = Watched::new(stream);
    let socket = WebSocketStream::from_partially_read(stream, read_ahead, Role::Server, Some(config));
    Some((socket.await, fed))
}

async fn read_all<S: AsyncRead + AsyncWrite + Unpin>(
    session: &mut Session<'_>,
    source: &mut SplitStream<Socket<S>>,
    fed: &Fed,
) -> SocketEnd {
    let mut patience = session.patience();
    loop {
        if patience.is_over(Instant::now()) {
            return SocketEnd::Plain(End::Late);
        }
        let data = match timeout_at(patience.deadline(), next(source, fed)).await {
            Err(_late_unless_known_by_now) => continue,
            Ok(Came::Part) => {
                patience.goes_on(Instant::now(), Awaited::Body, Heard::Nothing);
                continue;
            }
            Ok(Came::Nothing) => return SocketEnd::Plain(End::Finished),
            Ok(Came::Whole(Err(error))) => return why(&error),
            Ok(Came::Whole(Ok(Message::Text(text)))) => Bytes::from(text),
            Ok(Came::Whole(Ok(Message::Binary(data)))) => data,
            // The library answers the ones before when it reads on.
            Ok(Came::Whole(Ok(Message::Ping(_)))) if !session.may_pong() => {
                sleep(PING_PAUSE).await;
                continue;
            }
            // Pings and closes are answered by the library.
            Ok(Came::Whole(Ok(
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_),
            ))) => Bytes::new(),
        };
        let whole = data.iter().any(|octet| !matches!(octet, b'\r' | b'\n'));
        let mut heard = Heard::Nothing;
        if whole {
            let Some(this) = session.take_in(data).await else {
                return SocketEnd::Plain(End::Late);
            };
            heard = this;
        } else if data.len() >= 4 {
            session.pong();
        }
        patience.goes_on(Instant::now(), Awaited::Message, heard);
    }
}

/// What reading has brought.
enum Came {
    Whole(Result<Message, Error>),
    /// Octets of a message that is not whole.
    Part,
    Nothing,
}

async fn next<S: AsyncRead + AsyncWrite + Unpin>(source: &mut SplitStream<Socket<S>>, fed: &Fed) -> Came {
    poll_fn(|cx| {
        let polled = source.poll_next_unpin(cx);
        match (polled, fed.take()) {
            (Poll::Ready(Some(message)), _) => Poll::Ready(Came::Whole(message)),
            (Poll::Ready(None), _) => Poll::Ready(Came::Nothing),
            (Poll::Pending, true) => Poll::Ready(Came::Part),
            (Poll::Pending, false) => Poll::Pending,
        }
    })
    .await
}

/// How a connection ends after what the library says of it (RFC 6455 §7.4.1).
#[expect(clippy::wildcard_enum_match_arm, reason = "the library has more errors than a server can meet")]
fn why(error: &Error) -> SocketEnd {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => SocketEnd::Plain(End::Finished),
        Error::Capacity(CapacityError::MessageTooLong { .. }) => SocketEnd::Wrong(CloseCode::Size),
        Error::Utf8(_) => SocketEnd::Wrong(CloseCode::Invalid),
        Error::Protocol(_) => SocketEnd::Wrong(CloseCode::Protocol),
        _ => SocketEnd::Plain(End::Broken),
    }
}

async fn write_all<S: AsyncRead + AsyncWrite + Unpin>(
    shared: &Shared,
    writes: &mut mpsc::Receiver<Write>,
    sink: &mut SplitSink<Socket<S>, Message>,
    in_flight: &mut Option<Report>,
) {
    while let Some(write) = writes.recv().await {
        *in_flight = write.report;
        // What is text goes as text, since not every client reads binary messages (RFC 7118 §5).
        let message = match Utf8Bytes::try_from(write.data.clone()) {
            Ok(text) => Message::Text(text),
            Err(_no_text) => Message::Binary(write.data),
        };
        let written = timeout(limits::CONNECTION_WRITE, sink.send(message)).await;
        if !matches!(written, Ok(Ok(()))) {
            count(&shared.counters.tcp_send_errors);
            return;
        }
        count(&shared.counters.tcp_sent);
        *in_flight = None;
    }
}
