//! Parts of a body beside its SDP that cross whole: the caller's place, and the signalling of telephone networks.

use base::Entropy;
use bytes::Bytes;
use sip::message::multipart::{Part, is_multipart, parts};
use sip::message::{Draft, Header, Message};

use super::{Border, Class};
use crate::reply::ACCEPT;

/// What crosses where the header that points to it would: a place (RFC 6442), and ISUP and QSIG (RFC 3204).
const CARRIED: [(&str, Class); 3] = [
    ("application/pidf+xml", Class::Place),
    ("application/isup", Class::Asserted),
    ("application/qsig", Class::Asserted),
];

/// Whether a part is of a kind that crosses to those who may read it.
pub(crate) fn is_carried(part: &Part<'_>) -> bool {
    CARRIED.iter().any(|(kind, _)| part.is(kind))
}

/// Adds to a draft, whose body is the SDP for that leg or nothing, the parts of a message that cross to it.
pub(crate) fn carry(from: &Message, to: &mut Draft, border: Border, entropy: &mut dyn Entropy) {
    let Some(kind) = from.header(Header::ContentType).filter(|kind| is_multipart(kind)) else { return };
    let body = from.body();
    let Ok(found) = parts(kind, &body) else { return };
    let crosses =
        |part: &&Part<'_>| CARRIED.iter().any(|(kind, class)| part.is(kind) && border.lets_class(*class));
    let carried: Vec<&[u8]> = found.iter().filter(crosses).map(|part| part.whole).collect();
    if carried.is_empty() {
        return;
    }
    let boundary = entropy.token();
    let sdp = to.payload();
    let mut whole = Vec::with_capacity(body.len() + 256);
    if !sdp.is_empty() {
        whole.extend_from_slice(format!("--{boundary}\r\nContent-Type: {ACCEPT}\r\n\r\n").as_bytes());
        whole.extend_from_slice(&sdp);
        whole.extend_from_slice(b"\r\n");
    }
    for part in carried {
        whole.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        whole.extend_from_slice(part);
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    to.set(Header::MimeVersion, "1.0");
    to.body(&format!("multipart/mixed;boundary={boundary}"), Bytes::from(whole));
}
