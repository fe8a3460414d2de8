//! Every bound on what may be sent to us, exactly reached and passed by one (conformance S10).

use base::limits::{
    BODY_DEPTH, BODY_PARTS, SIP_BODY_OCTETS, SIP_CONTACTS, SIP_DATAGRAM_OCTETS, SIP_HEADER_OCTETS,
    SIP_HEADERS, SIP_ROUTES, SIP_STREAM_OCTETS, SIP_URI_OCTETS, SIP_VIAS,
};
use bytes::Bytes;
use sip::message::multipart::{BadMultipart, parts};
use sip::message::{Framed, Framer, Framing, Message};

/// The status of a message that is taken.
const TAKEN: u16 = 200;
const URI: &str = "sip:h";
/// Header lines and Via values of [`request`].
const LINES: usize = 6;

/// A whole request with these lines more, each ended by CRLF.
fn request(uri: &str, lines: &str, body: &str) -> String {
    format!(
        "OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n\
         Call-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: {}\r\n{lines}\r\n{body}",
        body.len()
    )
}

fn with(lines: &str) -> String {
    request(URI, lines, "")
}

/// One header line of so many octets.
fn line(octets: usize) -> String {
    format!("X: {}", "x".repeat(octets - 3))
}

/// A URI of so many octets.
fn uri(octets: usize) -> String {
    format!("sip:{}@h", "u".repeat(octets - 6))
}

/// A header line that lists a value so often.
fn list(name: &str, value: &str, count: usize) -> String {
    with(&format!("{name}: {}\r\n", vec![value; count].join(",")))
}

/// A header line for each value.
fn each(name: &str, value: &str, count: usize) -> String {
    with(&format!("{name}: {value}\r\n").repeat(count))
}

/// A request of so many octets, of which as many are body as may be.
fn message(octets: usize) -> String {
    let body = SIP_BODY_OCTETS.min(octets / 2);
    let fill = |lines: &str| request(URI, lines, &"b".repeat(body));
    let mut lines = String::new();
    loop {
        let missing = octets - fill(&lines).len();
        // The last line has room for itself; the one before leaves it some.
        if missing <= SIP_HEADER_OCTETS {
            lines += &format!("{}\r\n", line(missing - 2));
            return fill(&lines);
        }
        lines += &format!("{}\r\n", line((missing - 100).min(SIP_HEADER_OCTETS)));
    }
}

fn status(octets: &str, framing: Framing) -> u16 {
    match Message::parse(Bytes::copy_from_slice(octets.as_bytes()), framing) {
        Ok(message) => message.validate().map_or_else(|invalid| invalid.status, |()| TAKEN),
        Err(error) => {
            assert!(error.answerable().is_some(), "{error}: whoever is refused is told so");
            error.status
        }
    }
}

/// The same for octets that come in reads of a stream.
fn status_on_stream(octets: &str) -> u16 {
    let mut framer = Framer::default();
    for read in octets.as_bytes().chunks(4_096) {
        framer.feed(read);
        match framer.next() {
            Some(Ok(Framed::Message(data))) => {
                return status(str::from_utf8(&data).expect("text, as it came"), Framing::Stream);
            }
            Some(Ok(other)) => panic!("{other:?}"),
            Some(Err(error)) => {
                assert!(error.answerable().is_some(), "{error}: whoever is refused is told so");
                return error.status;
            }
            None => {}
        }
    }
    panic!("the message is whole");
}

/// A bound, its figure, the status beyond it, and a message that has so much.
type Bound = (&'static str, usize, u16, fn(usize) -> String);

const BOUNDS: [Bound; 15] = [
    ("header lines", SIP_HEADERS, 400, |count| each("X", "1", count - LINES)),
    ("octets of a header line", SIP_HEADER_OCTETS, 400, |octets| with(&format!("{}\r\n", line(octets)))),
    ("octets of a folded header line", SIP_HEADER_OCTETS, 400, |octets| {
        with(&format!("{}\r\n {}\r\n", line(octets / 2), "y".repeat(octets - octets / 2 - 3)))
    }),
    ("Via values of one line", SIP_VIAS, 400, |count| list("Via", "SIP/2.0/TCP h", count - 1)),
    ("Via lines", SIP_VIAS, 400, |count| each("v", "SIP/2.0/TCP h", count - 1)),
    ("Route values of one line", SIP_ROUTES, 400, |count| list("Route", "<sip:h;lr>", count)),
    ("Route lines", SIP_ROUTES, 400, |count| each("Route", "<sip:h;lr>", count)),
    ("Record-Route values of one line", SIP_ROUTES, 400, |count| list("Record-Route", "<sip:h;lr>", count)),
    ("Record-Route lines", SIP_ROUTES, 400, |count| each("Record-Route", "<sip:h;lr>", count)),
    ("Contact values of one line", SIP_CONTACTS, 400, |count| list("Contact", "<sip:h>", count)),
    ("Contact lines", SIP_CONTACTS, 400, |count| each("m", "<sip:h>", count)),
    ("octets of the Request-URI", SIP_URI_OCTETS, 414, |octets| request(&uri(octets), "", "")),
    ("octets of a Contact's URI", SIP_URI_OCTETS, 400, |octets| with(&format!("m: <{}>\r\n", uri(octets)))),
    ("octets of a Route's URI", SIP_URI_OCTETS, 400, |octets| {
        with(&format!("Route: <{};lr>\r\n", uri(octets - 3)))
    }),
    ("octets of a From's URI", SIP_URI_OCTETS, 400, |octets| with("").replace("sip:a@h", &uri(octets))),
];

#[test]
fn what_reaches_a_bound_is_taken_and_one_more_is_refused_with_its_status() {
    for (what, bound, refusal, of) in BOUNDS {
        let [at, above] = [of(bound), of(bound + 1)];
        for framing in [Framing::Datagram, Framing::Stream] {
            assert_eq!(status(&at, framing), TAKEN, "{bound} {what}, {framing:?}");
            assert_eq!(status(&above, framing), refusal, "{bound} {what} and one more, {framing:?}");
        }
        assert_eq!(status_on_stream(&at), TAKEN, "{bound} {what} on a stream");
        assert_eq!(status_on_stream(&above), refusal, "{bound} {what} and one more on a stream");
    }
}

#[test]
fn a_body_that_reaches_its_bound_is_taken_on_a_stream_and_one_octet_more_gets_413() {
    let of = |octets: usize| request(URI, "", &"b".repeat(octets));
    assert_eq!(status_on_stream(&of(SIP_BODY_OCTETS)), TAKEN);
    assert_eq!(status_on_stream(&of(SIP_BODY_OCTETS + 1)), 413);
    assert_eq!(status(&of(SIP_BODY_OCTETS + 1), Framing::Datagram), 413);
}

#[test]
fn a_message_that_reaches_the_bound_of_its_transport_is_taken_and_one_octet_more_gets_513() {
    assert_eq!(status(&message(SIP_DATAGRAM_OCTETS), Framing::Datagram), TAKEN);
    assert_eq!(status(&message(SIP_DATAGRAM_OCTETS + 1), Framing::Datagram), 513);
    assert_eq!(status_on_stream(&message(SIP_DATAGRAM_OCTETS + 1)), TAKEN);
    assert_eq!(status_on_stream(&message(SIP_STREAM_OCTETS)), TAKEN);
    assert_eq!(status_on_stream(&message(SIP_STREAM_OCTETS + 1)), 513);
}

/// So many parts side by side, in one that is `depth` deep.
fn body(count: usize, depth: usize) -> String {
    let inner = format!("{}--b{depth}--", format!("--b{depth}\r\n\r\nx\r\n").repeat(count));
    (1..depth).rev().fold(inner, |inner, at| {
        let kind = format!("multipart/mixed;boundary=b{}", at + 1);
        format!("--b{at}\r\nContent-Type: {kind}\r\n\r\n{inner}\r\n--b{at}--")
    })
}

/// What a body with these parts brings, of which a request with one that is refused gets 400.
#[test]
fn parts_and_their_depth_reach_their_bounds_and_no_further() {
    let read =
        |count, depth| parts("multipart/mixed;boundary=b1", body(count, depth).as_bytes()).map(|it| it.len());
    assert_eq!(read(BODY_PARTS, 1), Ok(BODY_PARTS));
    assert_eq!(read(BODY_PARTS + 1, 1), Err(BadMultipart::TooMany));
    assert_eq!(read(BODY_PARTS, BODY_DEPTH), Ok(BODY_PARTS));
    assert_eq!(read(BODY_PARTS + 1, BODY_DEPTH), Err(BadMultipart::TooMany));
    assert_eq!(read(1, BODY_DEPTH + 1), Err(BadMultipart::TooMany));
}
