//! Reliable provisional responses and UPDATE with SIPp at both ends of the built switch (RFC 3262, RFC 3311).

use sip_tests::wire::{Block, Node, Sipp, Transport, until};

const CALLS: u32 = 10;

#[test]
fn both_ends_ring_reliably_and_one_holds_by_update_over_udp() {
    calls("trunk-calls-reliably.xml", Some("answers-reliably.xml"), Transport::Udp);
}

#[test]
fn both_ends_ring_reliably_and_one_holds_by_update_over_tcp() {
    calls("trunk-calls-reliably.xml", Some("answers-reliably.xml"), Transport::Tcp);
}

#[test]
fn a_plain_caller_reaches_a_callee_that_rings_reliably() {
    calls("trunk-calls.xml", Some("answers-reliably.xml"), Transport::Udp);
}

#[test]
fn the_test_number_rings_reliably_and_takes_an_update() {
    calls("trunk-calls-reliably.xml", None, Transport::Udp);
}

/// Ten calls, ten a second; without a callee they go to `test:reliable`.
fn calls(caller: &str, callee: Option<&str>, transport: Transport) {
    let block = Block::claim();
    let (trunk, far, word) = (block.ip(2), block.at(3, 5_060), transport.word());
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{trunk}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"callee\"\npeer = \"sip:{far}\"\ntransport = \"{word}\"\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:callee\"\n\n\
         [[number]]\ndid = \"+15550777\"\nto = \"test:reliable\"\n"
    );
    let node = Node::start(block, &provisioning);
    let files = node.block.folder().to_owned();
    let answers = callee.map(|scenario| Sipp::new(scenario, &files, far, transport).calls(CALLS).listen());
    let number = if callee.is_some() { "+15550199" } else { "+15550777" };
    let calls = Sipp::new(caller, &files, node.block.at(2, 5_060), transport).from("+15550123").to(number);
    let called = calls.calls(CALLS).talking_ms(100).call(node.sip()).end();
    assert_eq!(called.successful, u64::from(CALLS));
    if let Some(answers) = answers {
        assert_eq!(answers.end().successful, u64::from(CALLS));
    }
    let records = node.records(usize::try_from(CALLS).expect("few"));
    assert!(records.iter().all(|record| record["cause"] == "normal"), "{records:#?}");
    until("every call to be gone", || node.live().is_empty().then_some(()));
}
