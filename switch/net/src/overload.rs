//! The answer to a new INVITE when its shard has no room: 503 without keeping anything (RFC 3261 §8.2.7, §21.5.4).

use std::net::SocketAddr;

use bytes::Bytes;
use sip::message::{Draft, Framing, Header, Message, Method, Peek};

/// Seconds a caller should stay away; a carrier tries its next gateway at once.
const RETRY_AFTER: &str = "2";
const SIP_PORT: u16 = 5060;

/// Whether a datagram is an INVITE that begins a call.
pub(crate) fn is_new_invite(peek: &Peek<'_>) -> bool {
    peek.is("INVITE") && !peek.has_to_tag
}

/// The 503 and where it goes; `tag` must be the same for every copy of the request. `None` when the request is
/// too broken to answer.
pub(crate) fn refuse(data: &Bytes, from: SocketAddr, tag: u64) -> Option<(Bytes, SocketAddr)> {
    // What does not parse gets no answer here; the sender's next copy may find room and be told.
    let request = Message::parse(data.clone(), Framing::Datagram).ok()?;
    if request.method() != Some(&Method::Invite) {
        return None;
    }
    let mut via = request.top_via().ok()?;
    let mut to = request.to().ok()?;
    via.set_received(from.ip());
    let target = if via.rport().is_some() {
        via.set_rport(Some(from.port()));
        from
    } else {
        SocketAddr::new(from.ip(), via.port().unwrap_or(SIP_PORT))
    };
    to.set_tag(&format!("{tag:016x}"));
    let mut draft = Draft::response(&request, 503, "");
    draft.replace_first(Header::Via, &via.to_string());
    draft.set(Header::To, &to.to_string());
    draft.set(Header::RetryAfter, RETRY_AFTER);
    let answer = draft.finish();
    // Whoever forges his address gains nothing by us (S14).
    (answer.len() <= data.len() + data.len() / 5).then_some((answer, target))
}
