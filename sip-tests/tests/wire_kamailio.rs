//! Kamailio of Debian in front of the switch as an edge proxy, and behind it as a carrier.

use std::net::SocketAddr;

use sip_tests::wire::{Baresip, Block, Kamailio, Node, Sipp, Transport, until};

const CALLS: u32 = 5;
const TALK_MS: u32 = 300;

fn stations() -> String {
    ["1001", "1002"]
        .map(|user| format!("[[station]]\nextension = \"{user}\"\npassword = \"secret-{user}\"\n"))
        .concat()
}

fn node_behind_an_edge(tls: bool) -> (Node, SocketAddr, Kamailio) {
    let block = Block::claim();
    let edge = block.at(9, 5_060);
    let mut sip = format!("edges = [\"{}\"]\n", edge.ip());
    if tls {
        sip.push_str(&format!("tls = [\"{}\"]\n", block.at(1, 5_061)));
    }
    let words = [("edge", edge.ip().to_string()), ("switch", block.ip(1).to_string())];
    let kamailio = Kamailio::start(&block, "edge.cfg", edge, &words);
    let node = Node::start_sip(block, &stations(), &sip);
    (node, edge, kamailio)
}

/// RFC 3327, RFC 5626 §5: phones that only the edge can reach register and call each other through it.
#[test]
fn phones_register_and_call_through_kamailio_with_path_and_flow_tokens() {
    let (node, edge, _kamailio) = node_behind_an_edge(false);
    let files = node.block.folder().to_owned();
    let phone = node.block.at(12, 5_060);
    let registers = Sipp::new("phone-registers-a-flow.xml", &files, phone, Transport::Udp);
    let registers = registers.from("1002").password("1002", "secret-1002").calls(1);
    assert_eq!(registers.call(edge).end().successful, 1);
    let answers =
        Sipp::new("answers-behind-a-proxy.xml", &files, phone, Transport::Udp).calls(CALLS).listen();
    let caller = Sipp::new("phone-calls.xml", &files, node.block.at(11, 5_060), Transport::Udp);
    let caller = caller.from("1001").password("1001", "secret-1001").to("1002").calls(CALLS);
    assert_eq!(caller.talking_ms(TALK_MS).call(edge).end().successful, u64::from(CALLS));
    assert_eq!(answers.end().successful, u64::from(CALLS));
    for record in node.records(CALLS as usize) {
        assert_eq!(record["answered_by"], "station:1002");
        assert_eq!(record["from"], "station:1001");
    }
}

/// The same over TLS from the phone to the edge and from the edge to the switch.
#[test]
fn phones_register_and_call_through_kamailio_over_tls() {
    let (node, edge, _kamailio) = node_behind_an_edge(true);
    let tls = SocketAddr::new(edge.ip(), 5_061);
    let callee = Baresip::start_at(&node.block, 12, "1002", (tls, "tls"), 800.0);
    let mut caller = Baresip::start_at(&node.block, 11, "1001", (tls, "tls"), 500.0);
    until("both to be registered", || (node.api().items("/api/v1/registrations").len() == 2).then_some(()));
    caller.command("dial", "1002");
    caller.event("CALL_ESTABLISHED");
    until("both to hear something", || {
        (!callee.heard().is_empty() && !caller.heard().is_empty()).then_some(())
    });
    caller.command("hangup", "");
    let records = node.records(1);
    assert_eq!(
        (&records[0]["answered_by"], &records[0]["from"]),
        (&"station:1002".into(), &"station:1001".into())
    );
}

/// RFC 3261 §16.12, §22.3: a carrier that asks for a password and stays in the path.
#[test]
fn a_trunk_calls_through_kamailio_as_a_carrier() {
    let block = Block::claim();
    let (carrier, callee) = (block.at(3, 5_060), block.at(4, 5_060));
    let words = [("carrier", carrier.ip().to_string()), ("callee", callee.to_string())];
    let _kamailio = Kamailio::start(&block, "carrier.cfg", carrier, &words);
    let provisioning = stations()
        + &format!(
            "[[trunk]]\nname = \"carrier\"\nhosts = [\"{}\"]\nusername = \"tandem\"\npassword = \"secret-carrier\"\n\
             peer = \"sip:{carrier}\"\n[[dial_rule]]\npattern = \"^\\\\+\"\ntrunks = [\"carrier\"]\n",
            carrier.ip()
        );
    let node = Node::start(block, &provisioning);
    let files = node.block.folder().to_owned();
    let answers =
        Sipp::new("answers-behind-a-proxy.xml", &files, callee, Transport::Udp).calls(CALLS).listen();
    let caller = Sipp::new("phone-calls.xml", &files, node.block.at(11, 5_060), Transport::Udp);
    let caller = caller.from("1001").password("1001", "secret-1001").to("+15550199").calls(CALLS);
    assert_eq!(caller.talking_ms(TALK_MS).call(node.sip()).end().successful, u64::from(CALLS));
    assert_eq!(answers.end().successful, u64::from(CALLS));
    for record in node.records(CALLS as usize) {
        assert_eq!(record["answered_by"], "trunk:carrier");
    }
}
