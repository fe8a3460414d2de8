//! SIP: messages, streams, URIs, addresses and digests.

use ::sip::message::multipart::parts;
use ::sip::message::{
    Challenge, Contacts, Credentials, Draft, Framed, Framer, Framing, Header, Message, NameAddr, Params, Uri,
    Via, peek,
};
use bytes::Bytes;

/// Octets of one read of a connection.
const READ: usize = 4_096;

/// What is read prints so that it is read the same, and every request can be answered. RFC 3261 §7, §25.
pub(super) fn message(octets: &[u8]) {
    let data = Bytes::copy_from_slice(octets);
    let peeked = peek(&data).is_some();
    for framing in [Framing::Datagram, Framing::Stream] {
        match Message::parse(data.clone(), framing) {
            Ok(message) => {
                assert!(
                    peeked || message.header(Header::CallId).is_none(),
                    "the demultiplexer sees what we read"
                );
                is_read_as_printed(&message, framing);
                look_at(&message);
            }
            Err(error) => error.partial.iter().for_each(look_at),
        }
    }
}

fn is_read_as_printed(message: &Message, framing: Framing) {
    let printed = Draft::from(message).finish();
    let again = Message::parse(printed.clone(), framing).expect("what we print, we read");
    assert_eq!((message.method(), message.status()), (again.method(), again.status()));
    assert_eq!(message.body(), again.body());
    let lines = |message: &Message| {
        let all = message.lines().filter(|(name, _)| *name != Header::ContentLength);
        all.map(|(name, value)| (name.to_string(), value.to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(lines(message), lines(&again));
    assert_eq!(Draft::from(&again).finish(), printed, "printing is stable");
}

/// All that layers above ask of a message, and an answer to it.
fn look_at(message: &Message) {
    let valid = message.validate().is_ok();
    let read = (message.top_via(), message.from(), message.to(), message.cseq(), message.contacts());
    if valid {
        assert!(read.0.is_ok() && read.1.is_ok() && read.2.is_ok() && read.3.is_ok() && read.4.is_ok());
    }
    let _ = (message.max_forwards(), message.expires(), message.routes(), message.record_routes());
    let _ = (message.uri(), message.from_tag(), message.to_tag(), message.call_id(), message.reason().len());
    if message.is_request() {
        let mut draft = Draft::response(message, 400, "");
        let answer = Message::parse(draft.add_to_tag("t").finish(), Framing::Stream);
        assert_eq!(answer.expect("an answer of ours").status(), Some(400));
    }
}

/// However a stream is cut, the same messages come out, and the parser ends where the framer does. The first octet
/// says how it is cut.
pub(super) fn framer(octets: &[u8]) {
    let Some((seed, stream)) = octets.split_first() else { return };
    let whole = items(stream, |_| READ);
    let step = usize::from(*seed);
    let cut = items(stream, |read| 1 + (read * 7 + step) % (step + 1));
    assert_eq!(whole, cut, "the cut decides nothing");
    for data in whole.into_iter().filter_map(Result::ok).filter_map(message_of) {
        if let Ok(message) = Message::parse(data.clone(), Framing::Stream) {
            assert_eq!(message.bytes().len(), data.len(), "no octet is left for another message");
        }
    }
}

fn message_of(item: Framed) -> Option<Bytes> {
    match item {
        Framed::Message(data) => Some(data),
        Framed::Ping | Framed::Pong => None,
    }
}

fn items(mut stream: &[u8], size: impl Fn(usize) -> usize) -> Vec<Result<Framed, u16>> {
    let mut framer = Framer::default();
    let mut items = Vec::new();
    for read in 0.. {
        let (part, rest) = stream.split_at(size(read).min(stream.len()));
        if part.is_empty() {
            break;
        }
        framer.feed(part);
        assert!(framer.pending() <= base::limits::SIP_STREAM_OCTETS + 2 * READ);
        while let Some(item) = framer.next() {
            items.push(item.map_err(|error| error.status));
        }
        stream = rest;
    }
    items
}

/// What is added to a URI.
const PARAM: &str = ";transport=tcp";

/// RFC 3261 §19.1.
pub(super) fn uri(octets: &[u8]) {
    let Ok(text) = str::from_utf8(octets) else { return };
    let Ok(uri) = Uri::parse(text) else { return };
    assert_eq!(uri.to_string(), text, "a URI stays as it was written");
    assert!(uri.matches(&uri));
    let bare = uri.without_headers();
    assert!(bare.headers().is_none(), "no header is left in {bare}");
    let _ = (uri.user_decoded(), uri.password(), uri.number(), uri.params().count());
    let has_room = text.len() + PARAM.len() <= base::limits::SIP_URI_OCTETS;
    if uri.host().is_some() && has_room {
        let set = uri.with_param("transport", Some("tcp"));
        assert_eq!((set.param("transport"), set.host()), (Some("tcp"), uri.host()));
        assert_eq!(Uri::parse(set.as_str()).as_ref(), Ok(&set));
        assert_eq!(set.without_param("transport").param("transport"), None);
    }
}

/// Name-addr, Via, Contact and parameters: RFC 3261 §20.10, §20.42, §25.1.
pub(super) fn addresses(octets: &[u8]) {
    let Some(text) = line(octets) else { return };
    if let Ok(address) = NameAddr::parse(text) {
        let printed = address.to_string();
        let again = NameAddr::parse(&printed).expect("what we print, we read");
        assert_eq!((&again.display, &again.uri), (&address.display, &address.uri));
        assert_eq!(again.to_string().trim_end(), printed.trim_end());
        assert_eq!(address.clone().with_tag("t").tag(), Some("t"));
        assert!(address.q_milli() <= 1_000);
    }
    if let Ok(mut via) = Via::parse(text) {
        let printed = via.to_string();
        let again = Via::parse(&printed).expect("what we print, we read");
        assert_eq!(again.to_string().trim_end(), printed.trim_end());
        via.set_received([192, 0, 2, 1].into());
        via.set_rport(Some(5_060));
        let again = Via::parse(&via.to_string()).expect("what we wrote");
        assert_eq!(again.rport(), Some(Some(5_060)));
    }
    if let Ok(contacts) = Contacts::parse([text].into_iter()) {
        assert!(contacts.list().len() <= octets.len());
    }
    if let Ok(params) = Params::parse(text, "fuzz") {
        assert_eq!(Params::parse(&params.to_string(), "fuzz"), Ok(params));
    }
}

/// A header's value as messages give it: folds are gone (RFC 3261 §7.3.1).
fn line(octets: &[u8]) -> Option<&str> {
    str::from_utf8(octets).ok().filter(|text| !text.contains(['\r', '\n']))
}

/// RFC 7616.
pub(super) fn digest(octets: &[u8]) {
    let Some(text) = line(octets) else { return };
    if let Ok(challenge) = Challenge::parse(text) {
        assert_eq!(Challenge::parse(&challenge.to_string()).as_ref(), Ok(&challenge), "{challenge}");
    }
    if let Ok(credentials) = Credentials::parse(text) {
        assert_eq!(Credentials::parse(&credentials.to_string()).as_ref(), Ok(&credentials), "{credentials}");
    }
}

/// RFC 2046 §5.1. The first line is the content type, the rest the body.
pub(super) fn multipart(octets: &[u8]) {
    let end = octets.iter().position(|octet| *octet == b'\n').unwrap_or(octets.len());
    let (first, body) = octets.split_at(end);
    let (Ok(kind), body) = (str::from_utf8(first), body.get(1..).unwrap_or_default()) else { return };
    let Ok(parts) = parts(kind.trim_end(), body) else { return };
    assert!(parts.len() <= base::limits::BODY_PARTS);
    let octets: usize = parts.iter().map(|part| part.whole.len()).sum();
    assert!(octets <= body.len(), "no octet belongs to two parts");
    for part in &parts {
        assert!(part.whole.ends_with(part.body));
        let _ = (part.is("application/sdp"), part.is_required());
    }
}
