//! Calls over IPv6, and from IPv6 to IPv4: each leg speaks its own family (RFC 5118, RFC 6157).

use std::net::{SocketAddr, UdpSocket};

use sip_tests::wire::{Block, Node, Sipp, Transport};

const CALLS: u32 = 10;

#[test]
fn calls_over_ipv6_and_udp_are_carried() {
    calls(Transport::Udp, |block| block.at6(3));
}

#[test]
fn calls_over_ipv6_and_tcp_are_carried() {
    calls(Transport::Tcp, |block| block.at6(3));
}

#[test]
fn a_caller_over_ipv6_reaches_a_callee_over_ipv4() {
    calls(Transport::Udp, |block| block.at(3, 5_060));
}

fn calls(transport: Transport, callee: impl Fn(&Block) -> SocketAddr) {
    if UdpSocket::bind("[::1]:0").is_err() {
        return; // this machine has no IPv6
    }
    let block = Block::claim();
    let callee = callee(&block);
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"::1\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"callee\"\npeer = \"sip:{callee}\"\ntransport = \"{}\"\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:callee\"\n",
        transport.word()
    );
    let (switch, caller) = (block.at6(1), block.at6(2));
    let listeners = [block.at(1, 5_060), switch];
    let node = Node::start_on(block, &listeners, &provisioning, "");
    let folder = node.block.folder();
    let answers = Sipp::new("answers.xml", folder, callee, transport).calls(CALLS).listen();
    let calls = Sipp::new("trunk-calls.xml", folder, caller, transport).from("+15550123").to("+15550199");
    let called = calls.calls(CALLS).talking_ms(200).call(switch).end();
    assert_eq!(called.successful, u64::from(CALLS));
    assert_eq!(answers.end().successful, u64::from(CALLS));
    for record in node.records(10) {
        assert_eq!((&record["cause"], &record["codec"]), (&"normal".into(), &"PCMU".into()), "{record:#}");
    }
}
