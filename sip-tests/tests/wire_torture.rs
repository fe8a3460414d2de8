//! The torture messages of RFC 4475 and RFC 5118 over UDP and TCP: each gets the answer that stands in our table, and
//! whatever came, others are served as before (conformance §3).

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use sip_tests::wire::{Block, Node, Party, connect, header};

/// The corpus has 50 messages of RFC 4475 and twice 12 of RFC 5118.
const MESSAGES: usize = 74;
/// Ports that the corpus names in sent-by; answers go there.
const SENT_BY: [u16; 5] = [5_060, 5_050, 5_070, 6_050, 19_823];
/// How long an answer that must not come is waited for, once another party was served.
const SILENCE: Duration = Duration::from_millis(15);

/// One message and the final status it gets over UDP and over TCP; `None` for silence.
struct Row {
    file: String,
    octets: Vec<u8>,
    udp: Option<u16>,
    tcp: Option<u16>,
}

/// The corpus in the order of our table. Messages that share branch, sent-by and method with an earlier one would be its
/// repetitions (RFC 3261 §17.2.3), so the branch of the later one gets a number.
fn rows() -> Vec<Row> {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/torture"));
    let table = fs::read_to_string(corpus.join("answers.tsv")).expect("the table");
    let mut seen = HashSet::new();
    let rows: Vec<Row> = (0..)
        .zip(table.lines().skip(1))
        .map(|(number, line)| {
            let mut cells = line.split('\t');
            let file = cells.next().expect("a file").to_owned();
            let octets = fs::read(corpus.join(&file)).expect("the corpus is complete");
            let mut status = || cells.next().expect("a cell").parse().ok(); // "-" is silence
            let (udp, tcp) = (status(), status());
            Row { octets: with_own_branch(octets, number, &mut seen), file, udp, tcp }
        })
        .collect();
    assert_eq!(rows.len(), MESSAGES);
    rows
}

fn with_own_branch(octets: Vec<u8>, number: usize, seen: &mut HashSet<(String, String)>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&octets).into_owned();
    let via = text.lines().find(|line| line.to_ascii_lowercase().starts_with("via")).unwrap_or_default();
    let method = text.split(' ').next().unwrap_or_default();
    let at = text.find("z9hG4bK").filter(|at| text[at + 7..].starts_with(|c: char| c.is_alphanumeric()));
    match at {
        Some(_) if seen.insert((method.to_owned(), via.to_owned())) => octets,
        Some(at) => [&octets[..at + 7], format!("{number}x").as_bytes(), &octets[at + 7..]].concat(),
        None => octets,
    }
}

/// The example provisioning of conformance §1.1 on our own addresses.
fn node() -> Node {
    let block = Block::claim();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../switch/examples/config/conformance.toml");
    let mut provisioning = fs::read_to_string(example).expect("the example");
    for host in [1, 2, 3] {
        provisioning = provisioning.replace(&format!("127.0.0.{host}"), &block.ip(host).to_string());
    }
    // The party that must be served is known, or it would share the strangers' rate.
    let other = format!("\n[[trunk]]\nname = \"other\"\nhosts = [\"{}\"]\nhealth_secs = 0\n", block.ip(4));
    Node::start(block, &(provisioning + &other))
}

/// Asks with OPTIONS, as liveness checks do.
fn is_served(party: &Party, node: &Node, id: usize) {
    let (me, switch) = (party.address(), node.sip());
    let options = format!(
        "OPTIONS sip:{switch} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bKalive{id}\r\nMax-Forwards: 70\r\n\
         From: <sip:alive@{me}>;tag=a{id}\r\nTo: <sip:{switch}>\r\nCall-ID: alive{id}@{me}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    );
    party.send(switch, options);
    party.expect("SIP/2.0 200");
}

/// Whether this is a final answer to a message with this Call-ID.
fn answers(answer: &str, message: &str) -> bool {
    let is_final = answer.starts_with("SIP/2.0 ") && !answer.starts_with("SIP/2.0 1");
    is_final && call_id(message).is_none_or(|id| call_id(answer) == Some(id))
}

fn call_id(message: &str) -> Option<&str> {
    ["Call-ID", "i"].map(|name| header(message, name)).into_iter().find(|id| !id.is_empty())
}

fn status(answer: &str) -> Option<u16> {
    answer.get(8..11).and_then(|digits| digits.parse().ok())
}

/// What index.tsv asks of an answer beyond its status.
fn assert_told(file: &str, answer: &str, message: &str) {
    let name = file.rsplit('/').next().unwrap_or_default().trim_end_matches(".dat");
    let vias = |text: &str| {
        let lines = text.lines().take_while(|line| !line.is_empty());
        let names =
            lines.filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim().to_ascii_lowercase());
        names.filter(|name| name == "via" || name == "v").count()
    };
    match name {
        "intmeth" | "esc02" => assert!(header(answer, "Allow").contains("INVITE"), "{answer}"),
        "bext01" => {
            let unsupported = header(answer, "Unsupported");
            assert!(
                ["nothingSupportsThis", "nothingSupportsThisEither"]
                    .iter()
                    .all(|tag| unsupported.contains(tag))
            );
        }
        "invut" => assert!(header(answer, "Accept").contains("application/sdp"), "{answer}"),
        "mpart01" => assert!(header(answer, "Accept").contains("text/plain"), "{answer}"),
        "regaut01" => assert!(header(answer, "WWW-Authenticate").starts_with("Digest"), "{answer}"),
        "longreq" => assert_eq!((vias(answer), vias(message)), (34, 34)),
        "wsinv" => assert_eq!(vias(answer), 2, "its three values, on two lines as they came:\n{answer}"),
        "mult-ip-in-header" => assert_eq!(vias(answer), 3),
        _ => {}
    }
}

#[test]
fn each_torture_message_over_udp_gets_its_answer_and_the_next_party_is_served() {
    let mut node = node();
    let parties = SENT_BY.map(|port| (port, Party::new(node.block.at(2, port))));
    let parties: HashMap<u16, &Party> = parties.iter().map(|(port, party)| (*port, party)).collect();
    let other = Party::new(node.block.at(4, 5_060));
    for (id, row) in rows().iter().enumerate() {
        let message = String::from_utf8_lossy(&row.octets).into_owned();
        let sent_by = SENT_BY.iter().find(|port| message.contains(&format!(":{port};branch")));
        let torturer = parties[sent_by.unwrap_or(&5_060)];
        torturer.send(node.sip(), &row.octets);
        is_served(&other, &node, id);
        assert!(node.lives(), "{}", row.file);
        let patience = if row.udp.is_some() { None } else { Some(SILENCE) };
        let answer = torturer.message_where(patience, |answer| answers(answer, &message));
        assert_eq!(answer.as_deref().and_then(status), row.udp, "{}", row.file);
        answer.iter().for_each(|answer| assert_told(&row.file, answer, &message));
    }
    assert!(!node.log().contains("panic"), "{}", node.log());
    assert!(node.api().items("/api/v1/registrations").is_empty(), "nobody has shown a password");
}

#[test]
fn each_torture_message_over_tcp_gets_its_answer_and_the_next_party_is_served() {
    let mut node = node();
    let other = Party::new(node.block.at(4, 5_060));
    for (id, row) in rows().iter().enumerate() {
        let message = String::from_utf8_lossy(&row.octets).into_owned();
        let stream = connect(node.block.at(2, 0), node.sip());
        (&stream).write_all(&row.octets).expect("it takes octets");
        if row.file.ends_with("dblreq.dat") {
            continue; // octets that are no message follow, so the connection may end before the answer
        }
        let answer = read_answer(&stream, row.tcp.is_some(), &message);
        is_served(&other, &node, id);
        assert_eq!(answer.as_deref().and_then(status), row.tcp, "{}", row.file);
        assert!(node.lives(), "{}", row.file);
        answer.iter().for_each(|answer| assert_told(&row.file, answer, &message));
    }
    assert!(!node.log().contains("panic"), "{}", node.log());
}

fn read_answer(mut stream: &TcpStream, wanted: bool, message: &str) -> Option<String> {
    let patience = if wanted { Duration::from_secs(10) } else { SILENCE };
    stream.set_read_timeout(Some(patience)).expect("an open socket");
    let (mut heard, mut octets) = (String::new(), [0; 65_536]);
    loop {
        let found = heard.split("\r\n\r\n").find(|answer| answers(answer.trim_start(), message));
        if let Some(answer) = found {
            return Some(answer.trim_start().to_owned());
        }
        match stream.read(&mut octets) {
            Ok(length) if length > 0 => heard += &String::from_utf8_lossy(&octets[..length]),
            Ok(_) | Err(_) => return None, // closed, or silent for so long
        }
    }
}
