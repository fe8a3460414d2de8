//! A leg's audio over a WebSocket while the call runs: out for transcription, in for voice bots.
//!
//! Binary messages are audio both ways: signed 16 bit samples, little end first, one channel, at the rate asked for; out
//! come 20 ms at a time. Text messages are JSON: `{"event":"started",…}` first and `{"event":"ended"}` last from us,
//! `{"event":"clear"}` to us for what was sent and is not played yet.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode, header};
use base::media::TapWord;
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use super::orders::{live, refused};
use crate::auth::{Credential, Identity, Right, identify, same_origin};
use crate::ports::TapLine;
use crate::problem::Problem;
use crate::router::Web;

/// Octets of one message to us: some 20 s at 16 kHz.
const MESSAGE: usize = 640 * 1_024;
/// How long until the first audio: the call may have ended meanwhile.
const BEGIN: Duration = Duration::from_secs(3);
/// How often it is looked whether who listens still may.
const STILL_MAY: Duration = Duration::from_secs(30);
/// How long somebody may be too slow to read or we to play.
const STUCK: Duration = Duration::from_secs(10);
const RATES: [u32; 3] = [8_000, 16_000, 48_000];

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What the address says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// `says` for the far end's voice, `hears` for what it hears.
    #[serde(default)]
    audio: Audio,
    #[serde(default = "wide")]
    hz: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Audio {
    #[default]
    Says,
    Hears,
}

fn wide() -> u32 {
    16_000
}

/// Opens the stream.
pub(crate) async fn tap(
    State(web): State<Web>,
    who: Identity,
    Path((id, leg)): Path<(String, usize)>,
    Query(asked): Query<Asked>,
    mut request: Request,
) -> Result<Response<Body>, Problem> {
    let (call, view) = live(&web, &who, &id)?;
    let headers = request.headers();
    if who.by == Credential::Session && same_origin(headers, &web.ports.public_url) != Some(true) {
        return Err(Problem::forbidden("a page of another site may not listen"));
    }
    let Some(accept) = accept_of(headers) else {
        return Err(Problem::new(StatusCode::UPGRADE_REQUIRED, "this address is a WebSocket (RFC 6455)"));
    };
    if view.legs.get(leg).is_none_or(|leg| leg.state == "ended") {
        return Err(Problem::field("leg", format!("found {leg}; allowed: the place of a leg that is up")));
    }
    if !RATES.contains(&asked.hz) {
        return Err(Problem::field("hz", format!("found {}; allowed: 8000, 16000, 48000", asked.hz)));
    }
    let upgrade = request.extensions_mut().remove::<OnUpgrade>().ok_or_else(|| {
        Problem::new(StatusCode::UPGRADE_REQUIRED, "this connection cannot become a WebSocket")
    })?;
    let line =
        web.ports.node.tap(call, leg, asked.audio == Audio::Hears, asked.hz, &who.name).map_err(refused)?;
    tracing::info!(%call, leg, by = who.name, "a leg is tapped");
    let began =
        json!({ "event": "started", "call": id, "leg": leg, "hz": asked.hz, "encoding": "pcm_s16le" });
    let rights = Rights { web, who, request: request.into_parts().0 };
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            serve(upgraded, line, began, &rights).await;
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, header::HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// Why somebody may listen, to be looked at again.
struct Rights {
    web: Web,
    who: Identity,
    /// With the token or session that was shown.
    request: Parts,
}

impl Rights {
    /// Whether the same token or session is still there and may do what a tap needs.
    async fn stand(&self) -> bool {
        let now = identify(&self.web, &self.request).await;
        now.is_ok_and(|now| now.name == self.who.name && now.may(Right::Manage))
    }
}

/// The key that shows that we speak WebSocket; `None` when that was not asked for.
fn accept_of(headers: &HeaderMap) -> Option<header::HeaderValue> {
    let says = |name, word: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)).then_some(())
    };
    says(header::CONNECTION, "upgrade")?;
    says(header::UPGRADE, "websocket")?;
    says(header::SEC_WEBSOCKET_VERSION, "13")?;
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    derive_accept_key(key.as_bytes()).parse().ok()
}

async fn serve(upgraded: Upgraded, mut line: TapLine, began: Value, rights: &Rights) {
    let config = WebSocketConfig::default().max_message_size(Some(MESSAGE)).max_frame_size(Some(MESSAGE));
    let mut socket = Socket::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let closing = match timeout(BEGIN, line.audio.recv()).await {
        Ok(Some(_first)) if say(&mut socket, Message::text(began.to_string())).await => {
            converse(&mut socket, &mut line, rights).await
        }
        Ok(_) | Err(_) => Some((CloseCode::Error, "the leg is not to be tapped")),
    };
    if let Some((code, reason)) = closing {
        let close = CloseFrame { code, reason: reason.into() };
        let _gone = timeout(STUCK, socket.close(Some(close))).await;
    }
}

/// Until one side ends; what the other is told, if it is still there.
async fn converse(
    socket: &mut Socket,
    line: &mut TapLine,
    rights: &Rights,
) -> Option<(CloseCode, &'static str)> {
    let mut look = interval_at(Instant::now() + STILL_MAY, STILL_MAY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _at = look.tick() => {
                if !rights.stand().await {
                    return Some((CloseCode::Policy, "the token or session may not listen any more"));
                }
            }
            block = line.audio.recv() => {
                let Some(block) = block else {
                    say(socket, Message::text(json!({ "event": "ended" }).to_string())).await;
                    return Some((CloseCode::Normal, "the leg has ended"));
                };
                let octets: Vec<u8> = block.iter().flat_map(|sample| sample.to_le_bytes()).collect();
                if !say(socket, Message::binary(octets)).await {
                    return None;
                }
            }
            heard = socket.next() => match word(heard?.ok()?) {
                Heard::Word(word) => {
                    if !matches!(timeout(STUCK, line.words.send(word)).await, Ok(Ok(()))) {
                        return Some((CloseCode::Normal, "the leg has ended"));
                    }
                }
                Heard::Nothing => {}
                Heard::End => return None,
                Heard::Wrong(reason) => return Some((CloseCode::Invalid, reason)),
            },
        }
    }
}

enum Heard {
    Word(TapWord),
    Nothing,
    End,
    Wrong(&'static str),
}

fn word(message: Message) -> Heard {
    match message {
        Message::Binary(octets) if octets.len().is_multiple_of(2) => {
            let samples = octets.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
            Heard::Word(TapWord::Audio(samples.collect()))
        }
        Message::Binary(_) => Heard::Wrong("audio is samples of two octets"),
        Message::Text(text) => {
            let read = serde_json::from_str::<Value>(&text).ok();
            let is_clear = read.is_some_and(|read| read["event"] == "clear");
            if is_clear { Heard::Word(TapWord::Clear) } else { Heard::Wrong("the only event taken is clear") }
        }
        Message::Close(_) => Heard::End,
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Heard::Nothing,
    }
}

/// Whether it went out in time.
async fn say(socket: &mut Socket, message: Message) -> bool {
    matches!(timeout(STUCK, socket.send(message)).await, Ok(Ok(())))
}
