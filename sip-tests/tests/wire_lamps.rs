//! Hundreds of SIPp phones watch one line of the built switch (RFC 4235), and ask for their messages (RFC 3842).

use std::fmt::Write as _;

use sip_tests::wire::{Block, Node, Sipp, Transport, until};

/// As many at each of three addresses as one socket of SIPp takes at once; 5,000 are measured in benches.
const WATCHERS: u32 = 100;

fn node() -> Node {
    let block = Block::claim();
    let caller = block.ip(2);
    let mut provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"1001\"\nto = \"station:1001\"\n"
    );
    for extension in ["1001", "1002"] {
        // Writing to a String cannot fail.
        write!(
            provisioning,
            "\n[[station]]\nextension = \"{extension}\"\npassword = \"secret-{extension}\"\n"
        )
        .unwrap_or_default();
    }
    Node::start(block, &provisioning)
}

fn sipp(node: &Node, scenario: &str, host: u8) -> Sipp {
    Sipp::new(scenario, node.block.folder(), node.block.at(host, 5_060), Transport::Udp)
}

fn watching(node: &Node, host: u8, scenario: &str, (event, kind): (&str, &str), whom: &str) -> Sipp {
    let watcher = sipp(node, scenario, host).from("1002").to(whom).password("1002", "secret-1002");
    watcher.key("event", event).key("kind", kind)
}

/// RFC 4235 §3.7.1, RFC 6665 §4.2.2: early, confirmed, terminated, in this order, at each of them.
#[test]
fn three_hundred_phones_see_a_line_ring_talk_and_end() {
    let node = node();
    let registers = sipp(&node, "phone-registers.xml", 11).from("1001").password("1001", "secret-1001");
    assert_eq!(registers.calls(1).call(node.sip()).end().successful, 1);
    let dialog = ("dialog", "application/dialog-info+xml");
    let watchers: Vec<_> = [12, 13, 14]
        .into_iter()
        .map(|host| {
            let watchers = watching(&node, host, "watches-a-line.xml", dialog, "1001");
            watchers.with(&["-m", &WATCHERS.to_string(), "-r", "200", "-l", "1000"]).call(node.sip())
        })
        .collect();
    let all = u64::from(WATCHERS) * 3;
    until("all to watch", || (node.gauge("tandem_notifies_sent_total") >= all).then_some(()));
    let phone = sipp(&node, "answers-after-a-while.xml", 11).calls(1).listen();
    let caller = sipp(&node, "trunk-calls.xml", 2).from("+15550123").to("1001").calls(1).talking_ms(1_000);
    assert_eq!(caller.call(node.sip()).end().successful, 1);
    assert_eq!(phone.end().successful, 1);
    for watchers in watchers {
        assert_eq!(watchers.end().successful, u64::from(WATCHERS));
    }
}

/// RFC 3842 §3: what waits is told at once.
#[test]
fn a_phone_learns_that_no_message_waits() {
    let node = node();
    let summary = ("message-summary", "application/simple-message-summary");
    let phone = watching(&node, 12, "watches-a-mailbox.xml", summary, "1002");
    assert_eq!(phone.calls(5).call(node.sip()).end().successful, 5);
}
