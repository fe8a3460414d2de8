//! Carriers by name through the built switch and a real DNS server (RFC 3263, conformance.md row 3263), and large
//! requests over TCP (RFC 3261 §18.1.1).

use serde_json::Value;
use sip_tests::wire::{Block, Names, Node, Sipp, Transport, until};

/// A caller on host 2, and behind +15550199 a carrier with this peer.
fn provisioning(block: &Block, peer: &str, more: &str) -> String {
    let caller = block.ip(2);
    format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"carrier\"\npeer = \"{peer}\"\nhealth_secs = 0\n{more}\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:carrier\"\n"
    )
}

fn calls(node: &Node, count: u32) {
    let caller = Sipp::new("trunk-calls.xml", node.block.folder(), node.block.at(2, 5_060), Transport::Udp);
    let calls = caller.from("+15550123").to("+15550199").calls(count).talking_ms(100);
    assert_eq!(calls.call(node.sip()).end().successful, u64::from(count));
}

fn answers(node: &Node, host: u8, transport: Transport) -> Sipp {
    Sipp::new("answers.xml", node.block.folder(), node.block.at(host, 5_060), transport)
}

/// Waits until a figure of `/metrics` is this.
fn counts(node: &Node, name: &str, wanted: u32) {
    let line = format!("{name} {wanted}");
    until(&line, || {
        let (_, metrics) = node.api().get("/metrics").ok()?;
        metrics.lines().any(|found| found == line || found == format!("{line}.0")).then_some(())
    });
}

/// Three hosts behind NAPTR and SRV, the first of them silent.
#[test]
fn a_dead_host_of_a_carrier_by_name_costs_the_first_call_less_than_four_seconds_and_the_next_nothing() {
    let block = Block::claim();
    let host = |number: u8| format!("host-record=gw{number}.carrier.test,{}", block.ip(number));
    let srv =
        |number: u8| format!("srv-host=_sip._udp.carrier.test,gw{number}.carrier.test,5060,{number},10");
    let naptr = "naptr-record=carrier.test,10,10,s,SIP+D2U,,_sip._udp.carrier.test".to_owned();
    let records: Vec<String> = [3, 4, 5].into_iter().flat_map(|number| [host(number), srv(number)]).collect();
    let names = Names::serve(&block, &[records, vec![naptr]].concat());
    let provisioning = provisioning(&block, "sip:carrier.test", "");
    // A host that is there and says nothing: a closed port would be told at once.
    let _silent = std::net::UdpSocket::bind(block.at(3, 5_060)).expect("an address of the block");
    let node = Node::start_with(block, &provisioning, &names.configuration());
    let targets = until("the carrier's hosts to be found", || {
        let status = node.api().get("/api/v1/status").map(|(_, text)| text).unwrap_or_default();
        let status: Value = serde_json::from_str(&status).unwrap_or_default();
        let trunk = status["trunks"].as_array()?.iter().find(|trunk| trunk["name"] == "carrier")?.clone();
        let targets = trunk["peers"][0]["targets"].as_array()?.clone();
        (targets.len() == 3).then_some(targets)
    });
    assert_eq!(targets[0]["address"], node.block.at(3, 5_060).to_string());
    let second = answers(&node, 4, Transport::Udp).calls(2).listen();
    let _third = answers(&node, 5, Transport::Udp).calls(1).listen();
    calls(&node, 1);
    calls(&node, 1);
    assert_eq!(second.end().successful, 2);
    let waited: Vec<u64> = node.records(2).iter().map(setup_ms).collect();
    assert!(waited[1] < 4_000 && waited[0] < 1_000, "the second and the first call: {waited:?} ms");
}

/// From the INVITE to the answer.
fn setup_ms(record: &Value) -> u64 {
    let of_day = |name: &str| -> u64 {
        let text = record[name].as_str().and_then(|text| text.get(11..23)).expect("a time");
        let parts: Vec<u64> = text.split([':', '.']).map(|part| part.parse().expect("a number")).collect();
        ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1_000 + parts[3]
    };
    let day = 86_400_000;
    (day + of_day("answered_at") - of_day("started_at")) % day
}

/// RFC 3261 §18.4: a port where nobody listens is told by ICMP, so that the first call loses no time either.
#[test]
fn a_closed_port_is_passed_over_at_once() {
    let block = Block::claim();
    let (closed, open) = (block.at(3, 5_060), block.at(4, 5_060));
    let provisioning = provisioning(&block, &format!("sip:{closed}"), "");
    let two =
        provisioning.replace(&format!("\"sip:{closed}\""), &format!("[\"sip:{closed}\", \"sip:{open}\"]"));
    let node = Node::start(block, &two);
    let second = answers(&node, 4, Transport::Udp).calls(1).listen();
    calls(&node, 1);
    assert_eq!(second.end().successful, 1);
    let waited = setup_ms(&node.records(1)[0]);
    assert!(waited < 1_000, "{waited} ms");
    counts(&node, "tandem_sip_returned_total", 1);
}

const LARGE: &str = "headers = [{ name = \"X-Large\", value = \"xxx\" }]";

fn large() -> String {
    LARGE.replace("xxx", &"x".repeat(1_000))
}

#[test]
fn a_large_invite_reaches_a_carrier_over_tcp() {
    let block = Block::claim();
    let peer = format!("sip:{}", block.at(3, 5_060));
    let provisioning = provisioning(&block, &peer, &large());
    let node = Node::start(block, &provisioning);
    let answers = answers(&node, 3, Transport::Tcp).calls(3).listen();
    calls(&node, 3);
    assert_eq!(answers.end().successful, 3);
    counts(&node, "tandem_sip_by_stream_total", 3);
}

#[test]
fn a_large_invite_to_a_carrier_without_tcp_comes_by_udp() {
    let block = Block::claim();
    let peer = format!("sip:{}", block.at(3, 5_060));
    let provisioning = provisioning(&block, &peer, &large());
    let node = Node::start(block, &provisioning);
    let answers = answers(&node, 3, Transport::Udp).calls(3).listen();
    calls(&node, 1);
    calls(&node, 2);
    assert_eq!(answers.end().successful, 3);
    // Tried once, and remembered.
    counts(&node, "tandem_sip_by_stream_total", 1);
    counts(&node, "tandem_sip_streams_refused_total", 1);
}
