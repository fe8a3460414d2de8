//! RFC 4475 and RFC 5118: what becomes of each message, against the corpus's own list.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use sip::message::{Framing, Header, Message, Method, ParseErrorKind};

/// What the message layer decides before any transaction sees the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passes,
    Refused(u16),
    Dropped,
}

struct Row {
    file: String,
    class: String,
    accepted: String,
}

#[test]
fn every_file_is_passed_refused_or_dropped_as_its_class_demands() {
    let rows = index();
    assert_eq!(rows.len(), 74);
    for row in rows {
        let outcome = outcome(&row.file);
        let fits = match row.class.as_str() {
            "valid" | "valid-response" | "compat" => outcome == Outcome::Passes,
            "invalid" => outcome != Outcome::Passes || TOLERATED.contains(&row.file.as_str()),
            "invalid-response" => outcome == Outcome::Dropped,
            "semantic" | "semantic-response" | "robustness" => true,
            other => panic!("unknown class {other}"),
        };
        assert!(fits && is_accepted(outcome, &row), "{}: {} gave {outcome:?}", row.file, row.class);
    }
}

/// Invalid for a reason that is not the message layer's: the Date header is ignored.
const TOLERATED: [&str; 1] = ["rfc4475/baddate.dat"];

#[test]
fn an_invalid_request_is_answered_with_the_best_status() {
    for (name, status) in [
        ("badinv01", 400),
        ("clerr", 400),
        ("ncl", 400),
        ("scalar02", 400),
        ("quotbal", 400),
        ("ltgtruri", 400),
        ("lwsruri", 400),
        ("lwsstart", 400),
        ("trws", 400),
        ("escruri", 400),
        ("regbadct", 400),
        ("badaspec", 400),
        ("baddn", 400),
        ("badvers", 505),
        ("mismatch01", 400),
        ("mismatch02", 400),
        ("insuf", 400),
        ("unkscm", 416),
        ("novelsc", 416),
        ("multi01", 400),
        ("mcl01", 400),
    ] {
        assert_eq!(outcome(&format!("rfc4475/{name}.dat")), Outcome::Refused(status), "{name}");
    }
    assert_eq!(outcome("rfc5118-crlf/ipv6-bad.dat"), Outcome::Refused(400));
    for name in ["test", "scalarlg", "bigcode"] {
        assert_eq!(outcome(&format!("rfc4475/{name}.dat")), Outcome::Dropped, "{name}");
    }
}

/// RFC 4475 §3.1.1.1.
#[test]
fn the_tortuous_invite_is_read_to_its_last_blank() {
    let message = parse("rfc4475/wsinv.dat");
    let vias = message.vias().unwrap();
    let hosts: Vec<_> = vias.iter().map(|via| via.host().to_string()).collect();
    assert_eq!(hosts, ["192.0.2.2", "spindle.example.com", "192.168.255.111"]);
    assert_eq!(vias[0].branch(), Some("390skdjuw"));
    assert_eq!(message.to_tag(), Some("1918181833n"));
    assert_eq!(message.from_tag(), Some("98asjd8"));
    assert_eq!(message.from().unwrap().display.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(message.max_forwards(), Ok(Some(68)));
    let cseq = message.cseq().unwrap();
    assert_eq!((cseq.number, cseq.method), (9, Method::Invite));
    assert_eq!(message.header(Header::Subject), Some(""));
    assert_eq!(message.header(Header::Other("unknownheaderwithunusualvalue")), Some(";;,,;;,;"));
    let contacts = message.contacts().unwrap();
    assert_eq!(contacts.list()[0].params.get("newparam"), Some("newvalue"));
    assert_eq!(contacts.list()[0].params.get("q"), Some("0.33"));
    assert_eq!(message.body().len(), 150);
}

/// RFC 4475 §3.1.1.2, §3.1.1.5: unusual tokens are themselves, a percent sign escapes nothing.
#[test]
fn odd_tokens_are_opaque() {
    let message = parse("rfc4475/intmeth.dat");
    assert_eq!(message.method().unwrap().as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    let display = message.to().unwrap().display.unwrap();
    assert_eq!(display, "BEL:\u{7} NUL:\0 DEL:\u{7f}");
    let message = parse("rfc4475/esc02.dat");
    assert_eq!(message.method().unwrap().as_str(), "RE%47IST%45R");
    assert!(message.has(Header::Other("C%6Fntact")));
    assert_eq!(message.count(Header::Contact), 2);
}

/// RFC 4475 §3.1.1.3, §3.1.1.4, §3.1.1.9.
#[test]
fn escapes_in_users_are_resolved_once_and_nul_cuts_nothing() {
    let message = parse("rfc4475/esc01.dat");
    assert_eq!(message.uri().unwrap().user_decoded().as_deref(), Some("sips:user@example.com"));
    let message = parse("rfc4475/escnull.dat");
    let contacts = message.contacts().unwrap();
    assert_eq!(contacts.list().len(), 2);
    assert!(!contacts.list()[0].uri.matches(&contacts.list()[1].uri));
    let message = parse("rfc4475/semiuri.dat");
    assert_eq!(message.uri().unwrap().user_decoded().as_deref(), Some("user;par=u@example.net"));
}

/// RFC 4475 §3.1.1.8: on a stream the same octets are two requests.
#[test]
fn octets_behind_a_datagrams_message_are_not_part_of_it() {
    let message = parse("rfc4475/dblreq.dat");
    assert_eq!(message.method(), Some(&Method::Register));
    assert!(message.bytes().ends_with(b"Content-Length: 0\r\n\r\n"));
    let mut framer = sip::message::Framer::default();
    framer.feed(&read("rfc4475/dblreq.dat"));
    let messages = std::iter::from_fn(|| framer.next())
        .filter(|item| matches!(item, Ok(sip::message::Framed::Message(_))))
        .count();
    assert_eq!(messages, 2);
}

/// RFC 4475 §3.1.1.11.
#[test]
fn a_binary_body_is_cut_by_its_length_alone() {
    let message = parse("rfc4475/mpart01.dat");
    let length: usize = message.header(Header::ContentLength).unwrap().parse().unwrap();
    assert_eq!(message.body().len(), length);
    assert!(message.body().contains(&0));
}

/// RFC 4475 §3.3.13, §3.3.14.
#[test]
fn parameters_and_escaped_headers_stay_where_they_were_written() {
    assert!(contact("rfc4475/cparam01.dat").params.has("unknownparam"));
    assert_eq!(contact("rfc4475/cparam02.dat").uri.param("unknownparam"), Some(""));
    let message = parse("rfc4475/regescrt.dat");
    assert!(!message.has(Header::Route));
    assert_eq!(contact("rfc4475/regescrt.dat").uri.headers(), Some("Route=%3Csip:sip.example.com%3E"));
}

/// RFC 5118 §4: the archive's files have bare line feeds, which we refuse; nothing answers.
#[test]
fn bare_line_feeds_are_no_message() {
    for row in index().iter().filter(|row| row.class == "robustness") {
        assert_eq!(outcome(&row.file), Outcome::Dropped, "{}", row.file);
    }
    let error = Message::parse(read("rfc5118/ipv6-good.dat"), Framing::Datagram).unwrap_err();
    assert_ne!(error.kind, ParseErrorKind::Empty);
}

fn contact(file: &str) -> sip::message::NameAddr {
    parse(file).contacts().expect("a Contact").list()[0].clone()
}

fn outcome(file: &str) -> Outcome {
    let refused = |request: bool, status| if request { Outcome::Refused(status) } else { Outcome::Dropped };
    match Message::parse(read(file), Framing::Datagram) {
        Err(error) => refused(error.answerable().is_some(), error.status),
        Ok(message) => match message.validate() {
            Ok(()) => Outcome::Passes,
            Err(invalid) => refused(message.is_request(), invalid.status),
        },
    }
}

/// `uas_accepted` lists final statuses, `1xx` and `drop`; a `?` marks a doubtful one. A message that passes
/// gets whatever the layers above decide, so any status but the message layer's own must be allowed.
fn is_accepted(outcome: Outcome, row: &Row) -> bool {
    let mut words = row.accepted.split(' ').map(|word| word.trim_end_matches('?'));
    match outcome {
        Outcome::Refused(status) => words.any(|word| word == status.to_string()),
        Outcome::Dropped => words.any(|word| word == "drop"),
        Outcome::Passes => {
            row.class.ends_with("response") || words.any(|word| !["400", "505", "drop"].contains(&word))
        }
    }
}

fn index() -> Vec<Row> {
    let text = std::fs::read_to_string(corpus().join("index.tsv")).expect("the corpus is in the repository");
    text.lines().skip(1).map(row).collect()
}

fn row(line: &str) -> Row {
    let cells: Vec<&str> = line.split('\t').collect();
    Row { file: cells[0].to_owned(), class: cells[4].to_owned(), accepted: cells[6].to_owned() }
}

fn parse(file: &str) -> Message {
    Message::parse(read(file), Framing::Datagram).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn read(file: &str) -> Bytes {
    std::fs::read(corpus().join(file)).expect("the corpus is in the repository").into()
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sip-tests/corpus/torture")
}
