//! Calls that go another way than planned, through the built switch: carriers that fail, callers who give up,
//! phones that are gone, offers that come late.

use serde_json::Value;
use sip_tests::wire::{Block, Node, Party, Sipp, Transport, header};

const CALLS: u32 = 10;

/// A caller on host 2 and a carrier with these peers behind +15550199, and a phone 1002 with an own password.
fn provisioning(block: &Block, peers: &str) -> String {
    let caller = block.ip(2);
    format!(
        r#"
[[trunk]]
name = "caller"
hosts = ["{caller}"]
health_secs = 0

[[trunk]]
name = "carrier"
peer = [{peers}]
health_secs = 0
failover_secs = 2

[[station]]
extension = "1002"
password = "secret-1002"
max_calls = 50

[[number]]
did = "1002"
to = "station:1002"

[[number]]
did = "+15550199"
to = "trunk:carrier"
"#
    )
}

fn peer(block: &Block, host: u8) -> String {
    format!("\"sip:{}\"", block.at(host, 5_060))
}

fn caller(node: &Node, scenario: &str) -> Sipp {
    let folder = node.block.folder();
    Sipp::new(scenario, folder, node.block.at(2, 5_060), Transport::Udp).from("+15550123").calls(CALLS)
}

fn answers(node: &Node, scenario: &str, host: u8) -> Sipp {
    Sipp::new(scenario, node.block.folder(), node.block.at(host, 5_060), Transport::Udp)
}

fn causes(records: &[Value]) -> Vec<&str> {
    records.iter().filter_map(|record| record["cause"].as_str()).collect()
}

#[test]
fn a_carrier_that_answers_503_hands_its_calls_to_the_next_peer() {
    let block = Block::claim();
    let peers = format!("{}, {}", peer(&block, 3), peer(&block, 4));
    let provisioning = provisioning(&block, &peers);
    let node = Node::start(block, &provisioning);
    let _refuses = answers(&node, "refuses.xml", 3).listen();
    let answers = answers(&node, "answers.xml", 4).calls(CALLS).listen();
    let called = caller(&node, "trunk-calls.xml").to("+15550199").talking_ms(200).call(node.sip()).end();
    assert_eq!(called.successful, u64::from(CALLS));
    assert_eq!(answers.end().successful, u64::from(CALLS));
    assert_eq!(causes(&node.records(10)), ["normal"; 10]);
}

#[test]
fn a_carrier_that_is_dead_is_passed_over_in_seconds() {
    let block = Block::claim();
    let peers = format!("{}, {}", peer(&block, 3), peer(&block, 4));
    let provisioning = provisioning(&block, &peers);
    let node = Node::start(block, &provisioning);
    let answers = answers(&node, "answers.xml", 4).calls(CALLS).listen();
    let called = caller(&node, "trunk-calls.xml").to("+15550199").talking_ms(200).call(node.sip()).end();
    assert_eq!(called.successful, u64::from(CALLS));
    assert_eq!(answers.end().successful, u64::from(CALLS));
    assert_eq!(causes(&node.records(10)), ["normal"; 10]);
}

#[test]
fn callers_who_give_up_while_it_rings_cancel_the_far_end_too() {
    let block = Block::claim();
    let provisioning = provisioning(&block, &peer(&block, 3));
    let node = Node::start(block, &provisioning);
    let rings = answers(&node, "rings-until-cancelled.xml", 3).calls(CALLS).listen();
    let gave_up = caller(&node, "trunk-gives-up.xml").to("+15550199").talking_ms(300).call(node.sip()).end();
    assert_eq!(gave_up.successful, u64::from(CALLS));
    assert_eq!(rings.end().successful, u64::from(CALLS));
    for record in node.records(10) {
        assert_eq!(record["cause"], "cancelled", "{record:#}");
        assert_eq!(record["answered_at"], Value::Null, "{record:#}");
        assert_eq!(record["released_by"], "caller", "{record:#}");
    }
}

#[test]
fn a_call_without_an_offer_gets_the_far_ends_offer_and_its_answer_reaches_it() {
    let block = Block::claim();
    let provisioning = provisioning(&block, &peer(&block, 3));
    let node = Node::start(block, &provisioning);
    let answers = answers(&node, "answers-without-offer.xml", 3).calls(CALLS).listen();
    let called =
        caller(&node, "trunk-calls-without-offer.xml").to("+15550199").talking_ms(200).call(node.sip()).end();
    assert_eq!(called.successful, u64::from(CALLS));
    assert_eq!(answers.end().successful, u64::from(CALLS));
    assert_eq!(causes(&node.records(10)), ["normal"; 10]);
}

#[test]
fn a_call_to_a_phone_that_vanished_ends_with_480_and_says_so() {
    let block = Block::claim();
    let provisioning = provisioning(&block, &peer(&block, 3));
    let node = Node::start(block, &provisioning);
    let registers = answers(&node, "phone-registers.xml", 12).from("1002").password("1002", "secret-1002");
    registers.calls(1).call(node.sip()).end();
    let party = Party::new(node.block.at(2, 5_060));
    party.invite(node.sip(), "1002", "vanished");
    party.expect("SIP/2.0 100");
    let answer = party.expect("SIP/2.0 4");
    assert!(answer.starts_with("SIP/2.0 480"), "{answer}");
    assert!(header(&answer, "Reason").contains("cause="), "{answer}");
    assert_eq!(causes(&node.records(1)), ["no_response"]);
}

#[test]
fn numbers_nobody_has_and_callers_nobody_knows_are_refused_with_a_record_or_none() {
    let block = Block::claim();
    let provisioning = provisioning(&block, &peer(&block, 3));
    let node = Node::start(block, &provisioning);
    let party = Party::new(node.block.at(2, 5_060));
    party.invite(node.sip(), "nobody", "unknown");
    assert!(party.expect("SIP/2.0 4").starts_with("SIP/2.0 404"));
    let stranger = Party::new(node.block.at(9, 5_060));
    stranger.invite(node.sip(), "1002", "stranger");
    assert!(stranger.expect("SIP/2.0 4").starts_with("SIP/2.0 407"), "a stranger is asked for a password");
    let records = node.records(1);
    assert_eq!((&records[0]["dialled"], &records[0]["sip_status"]), (&"nobody".into(), &404.into()));
}

/// A request of the length that phones send: one that is shorter than both challenges gets MD5 alone.
#[test]
fn a_phone_that_trips_over_sha_256_is_asked_for_md5_alone_and_others_for_both() {
    let block = Block::claim();
    let provisioning = provisioning(&block, &peer(&block, 3));
    let node = Node::start(block, &provisioning);
    let party = Party::new(node.block.at(9, 5_060));
    for (id, phone, challenges) in [("old", "baresip v1.0.0 (x86_64/linux)", 1), ("new", "baresip v3.2.0", 2)]
    {
        let register = format!(
            "REGISTER sip:{switch} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bK{id}\r\nMax-Forwards: 70\r\n\
             From: <sip:1002@{switch}>;tag={id}\r\nTo: <sip:1002@{switch}>\r\nCall-ID: {id}\r\nCSeq: 1 REGISTER\r\n\
             Contact: <sip:1002@{me}>\r\nUser-Agent: {phone}\r\nAllow: {allow}\r\nSupported: outbound, path, gruu\r\n\
             Expires: 3600\r\nContent-Length: 0\r\n\r\n",
            allow = "INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, SUBSCRIBE, INFO, MESSAGE, UPDATE, REFER",
            switch = node.sip(),
            me = party.address(),
        );
        party.send(node.sip(), register);
        let asked = party.expect("SIP/2.0 401");
        assert_eq!(asked.matches("WWW-Authenticate:").count(), challenges, "{asked}");
        assert!(asked.contains("algorithm=MD5"), "{asked}");
    }
}
