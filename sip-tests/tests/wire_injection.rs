//! Names that mean harm: to a database, a page, a terminal, a shell or a spreadsheet (conformance S15, S16, S17). They are
//! text and stay text.

use std::process::Command;

use sip_tests::wire::{Block, Node, Party, node_path};

const PASSWORD: &str = "a-long-password-for-tests";

/// What a caller says its name is.
const NAMES: [&str; 12] = [
    "' OR 1=1--",
    "Robert'); DROP TABLE calls;--",
    "%_\\",
    "*)(uid=*",
    "<img src=x onerror=alert(1)>",
    "</script><svg onload=alert(1)>",
    "$(id) `id` ;id|id ${SHELL(id)}",
    "=cmd|' /C calc'!A0",
    "{{7*7}} {% raw %} ${7*7}",
    "\u{202e}gnp.exe \u{1f600}",
    "\u{1b}[31mred\u{1b}[0m\u{7}",
    "a\u{0}b",
];

fn node() -> Node {
    let block = Block::claim();
    let caller = block.ip(2);
    let provisioning = format!(
        "[[user]]\nlogin = \"boss\"\nrole = \"admin\"\npassword = \"{PASSWORD}\"\n\n\
         [[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"busy\"\nto = \"test:busy\"\n"
    );
    Node::start(block, &provisioning)
}

/// A name as it stands between quotes in a header.
fn quoted(name: &str) -> String {
    let escaped = |c: char| {
        if c == '"' || c == '\\' || c.is_ascii_control() { format!("\\{c}") } else { c.to_string() }
    };
    name.chars().map(escaped).collect()
}

/// A name as the user part of a URI.
fn as_user(name: &str) -> String {
    name.bytes()
        .map(|octet| {
            if octet.is_ascii_alphanumeric() {
                char::from(octet).to_string()
            } else {
                format!("%{octet:02x}")
            }
        })
        .collect()
}

/// A call to a busy number by somebody with this name, with the same text wherever a record or a log could take it from.
fn call(party: &Party, node: &Node, name: &str, id: usize) {
    let (me, switch) = (party.address(), node.sip());
    let sdp = party.sdp();
    let agent: String = name.chars().filter(|c| !c.is_ascii_control()).collect();
    party.send(
        switch,
        format!(
            "INVITE sip:busy@{switch} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bKname{id}\r\nMax-Forwards: 70\r\n\
             From: \"{}\" <sip:{}@{me}>;tag=n{id}\r\nTo: <sip:busy@{switch}>\r\nCall-ID: name{id}@{me}\r\nCSeq: 1 INVITE\r\n\
             Contact: <sip:n@{me}>\r\nUser-Agent: {agent}\r\nSubject: {agent}\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{sdp}",
            quoted(name),
            as_user(name),
            sdp.len()
        ),
    );
    let busy = party.expect("SIP/2.0 486");
    party.refused(&busy, switch);
}

#[test]
fn names_that_mean_harm_stand_in_the_record_as_they_are() {
    let mut node = node();
    let party = Party::new(node.block.at(2, 5_060));
    for (id, name) in NAMES.iter().enumerate() {
        call(&party, &node, name, id);
    }
    let records = node.records(NAMES.len());
    for (name, record) in NAMES.iter().zip(records.iter().rev()) {
        // A NUL is no text for a database; whatever stands in its place, nothing behind it is cut off.
        if name.contains('\0') {
            assert!(record["caller_name"].as_str().is_some_and(|kept| kept.ends_with('b')), "{record:#}");
            continue;
        }
        assert_eq!(record["caller_name"], *name, "{record:#}");
        // Behind a semicolon in the user part stand parameters of a number (RFC 3261 §19.1.6).
        assert_eq!(record["caller"], name.split(';').next().unwrap_or_default(), "{record:#}");
    }
    assert!(node.lives());
    let raw = node.log().chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(raw, None, "a log line holds a control character");
}

#[test]
fn names_that_mean_harm_are_text_on_the_page() {
    let node = node();
    let party = Party::new(node.block.at(2, 5_060));
    let shown = [NAMES[4], NAMES[5], NAMES[7], NAMES[8]];
    for (id, name) in shown.iter().enumerate() {
        call(&party, &node, name, id);
    }
    node.records(shown.len());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/hostile-names.mjs");
    let looked = Command::new("timeout")
        .args(["-k", "2", "100", "node", script, &format!("http://{}", node.http()), "boss", PASSWORD])
        .args(shown)
        .env("TANDEM_TEST_NODE_PATH", node_path())
        .output()
        .expect("Node is installed, as sip-tests/run does");
    assert!(looked.status.success(), "{}", String::from_utf8_lossy(&looked.stderr));
}
