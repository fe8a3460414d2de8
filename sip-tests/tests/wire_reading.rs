//! What we accept and what we send is read the same by tshark (conformance §4): a difference is a way to smuggle.

use std::fs;
use std::path::{Path, PathBuf};

use sip::message::{Draft, Framing, Header, Message};
use sip_tests::wire::{Block, read_by_tshark};

/// Fields of tshark, and ours in the same order.
const FIELDS: [&str; 8] = [
    "sip.Method",
    "sip.Status-Code",
    "sip.Call-ID",
    "sip.CSeq.seq",
    "sip.CSeq.method",
    "sip.from.tag",
    "sip.to.tag",
    "sip.Content-Length",
];

/// Messages that tshark 4.0 reads otherwise: it knows no method by a name like this and no header line that ends after a
/// byte order mark (RFC 4475 §3.1.1.2), and no blanks around the tag's equal sign (§3.1.1.1, RFC 3261 §25.1 EQUAL).
const TSHARK_DIFFERS: [&str; 2] = ["intmeth.dat", "wsinv.dat"];

fn corpus() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folders =
        ["torture/rfc4475", "torture/rfc5118-crlf", "fuzz/message"].map(|folder| corpus.join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("the corpus is there"));
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("readable").path()).collect();
    files.sort();
    files
}

/// What both readers say of a message.
fn read_by_us(message: &Message) -> Vec<String> {
    let cseq = message.cseq().expect("valid");
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    vec![
        text(message.method().map(|method| method.as_str())),
        message.status().map(|status| status.to_string()).unwrap_or_default(),
        text(message.call_id()),
        cseq.number.to_string(),
        cseq.method.to_string(),
        text(message.from_tag()),
        text(message.to_tag()),
        message.body().len().to_string(),
    ]
}

fn is_read_the_same(messages: &[(String, Message)]) {
    let block = Block::claim();
    let datagrams: Vec<Vec<u8>> = messages.iter().map(|(_, message)| message.bytes().to_vec()).collect();
    let mut different = Vec::new();
    for ((name, message), theirs) in messages.iter().zip(read_by_tshark(block.folder(), &datagrams, &FIELDS))
    {
        if TSHARK_DIFFERS.iter().any(|known| name.ends_with(known)) {
            continue;
        }
        let mut ours = read_by_us(message);
        if !message.has(Header::ContentLength) {
            ours[7] = String::new();
        }
        if ours != theirs {
            different.push(format!("{name}:\n  ours   {ours:?}\n  tshark {theirs:?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

fn accepted() -> Vec<(String, Message)> {
    let read = |file: &PathBuf| {
        let name = file.file_name()?.to_string_lossy().into_owned();
        let message = Message::parse(fs::read(file).ok()?.into(), Framing::Datagram).ok()?;
        message.validate().is_ok().then_some((name, message))
    };
    corpus().iter().filter_map(read).collect()
}

#[test]
fn what_we_accept_is_read_the_same_by_tshark() {
    let messages = accepted();
    assert!(messages.len() >= 35, "{}", messages.len());
    is_read_the_same(&messages);
}

#[test]
fn what_we_make_of_what_we_accept_is_read_the_same_by_tshark() {
    let again = |(name, message): (String, Message)| {
        let copy = Message::parse(Draft::from(&message).finish(), Framing::Datagram).expect("what we write");
        let answer =
            message.is_request().then(|| Draft::response(&message, 200, "").add_to_tag("ours").finish());
        let answer = answer.map(|octets| Message::parse(octets, Framing::Datagram).expect("what we write"));
        answer.map(|answer| (format!("200 to {name}"), answer)).into_iter().chain([(name, copy)])
    };
    is_read_the_same(&accepted().into_iter().flat_map(again).collect::<Vec<_>>());
}
