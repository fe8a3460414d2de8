//! What outlives the process: records of calls that were up, registrations, and calls while the node drains.

use std::time::Duration;

use sip_tests::wire::{Block, Node, Postgres, Sipp, Transport, still, until};

const CALLS: u32 = 10;
/// Longer than any test here lasts.
const FOREVER_MS: u32 = 80_000;

fn provisioning(block: &Block) -> String {
    let (caller, callee) = (block.ip(2), block.at(3, 5_060));
    format!(
        r#"
[[trunk]]
name = "caller"
hosts = ["{caller}"]
health_secs = 0

[[trunk]]
name = "callee"
peer = "sip:{callee}"
health_secs = 0

[[station]]
extension = "1002"
password = "secret-1002"
max_calls = 50

[[number]]
did = "1002"
to = "station:1002"

[[number]]
did = "+15550199"
to = "trunk:callee"
"#
    )
}

fn node() -> Node {
    let block = Block::claim();
    let provisioning = provisioning(&block);
    Node::start(block, &provisioning)
}

fn sipp(node: &Node, scenario: &str, host: u8) -> Sipp {
    Sipp::new(scenario, node.block.folder(), node.block.at(host, 5_060), Transport::Udp)
}

fn trunk_calls(node: &Node) -> Sipp {
    sipp(node, "trunk-calls.xml", 2).from("+15550123").to("+15550199").calls(CALLS)
}

/// Waits until `count` calls talk.
fn talking(node: &Node, count: usize) {
    until("the calls to talk", || {
        let live = node.live();
        (live.len() == count && live.iter().all(|call| call["state"] == "talking")).then_some(())
    });
}

#[test]
fn calls_that_were_up_when_the_process_was_killed_have_records_with_the_cause_interrupted() {
    let mut node = node();
    let _answers = sipp(&node, "answers.xml", 3).listen();
    let _calls = trunk_calls(&node).talking_ms(FOREVER_MS).call(node.sip());
    talking(&node, 10);
    node.kill();
    node.serve();
    for record in node.records(10) {
        assert_eq!(record["cause"], "interrupted", "{record:#}");
        assert!(record["answered_at"].is_string(), "{record:#}");
        assert!(record["ended_at"].is_string(), "{record:#}");
    }
    assert!(node.live().is_empty());
}

#[test]
fn calls_that_had_ended_when_the_process_was_killed_keep_their_records_once() {
    let mut node = node();
    let answers = sipp(&node, "answers.xml", 3).calls(CALLS).listen();
    trunk_calls(&node).talking_ms(100).call(node.sip()).end();
    answers.end();
    node.kill();
    node.serve();
    assert!(node.records(10).iter().all(|record| record["cause"] == "normal"));
    node.kill();
    node.serve();
    assert_eq!(node.records(10).len(), 10);
}

#[test]
fn a_phone_that_registered_before_a_restart_is_reached_after_it() {
    let mut node = node();
    let registers = sipp(&node, "phone-registers.xml", 12).from("1002").password("1002", "secret-1002");
    registers.calls(1).call(node.sip()).end();
    until("the registration to be shown", || {
        (node.api().items("/api/v1/registrations").len() == 1).then_some(())
    });
    for ended_by_a_crash in [true, false] {
        if ended_by_a_crash {
            node.kill();
        } else {
            node.terminate();
            assert!(node.ended().success());
        }
        node.serve();
        let answers = sipp(&node, "answers.xml", 12).calls(CALLS).listen();
        let calls =
            sipp(&node, "trunk-calls.xml", 2).from("+15550123").to("1002").calls(CALLS).talking_ms(100);
        assert_eq!(calls.call(node.sip()).end().successful, u64::from(CALLS));
        answers.end();
    }
}

#[test]
fn sigterm_lets_live_calls_end_by_themselves_and_takes_no_new_ones() {
    let mut node = node();
    let answers = sipp(&node, "answers.xml", 3).calls(CALLS).listen();
    let calls = trunk_calls(&node).talking_ms(6_000).call(node.sip());
    talking(&node, 10);
    node.terminate();
    until("the node to refuse", || node.api().get("/readyz").ok().filter(|(status, _)| *status == 503));
    let refused = sip_tests::wire::Party::new(node.block.at(2, 5_070));
    refused.invite(node.sip(), "+15550199", "draining");
    assert!(refused.expect("SIP/2.0 5").starts_with("SIP/2.0 503"));
    still("the node drains while calls are up", Duration::from_secs(1), || node.lives());
    assert_eq!(calls.end().successful, u64::from(CALLS));
    assert_eq!(answers.end().successful, u64::from(CALLS));
    assert!(node.ended().success());
    node.serve();
    assert!(node.records(10).iter().all(|record| record["cause"] == "normal"));
}

#[test]
fn a_second_sigterm_ends_live_calls_with_bye() {
    let mut node = node();
    let _answers = sipp(&node, "answers.xml", 3).listen();
    let _calls = trunk_calls(&node).talking_ms(FOREVER_MS).call(node.sip());
    talking(&node, 10);
    node.terminate();
    still("the node drains while calls are up", Duration::from_millis(500), || node.lives());
    node.terminate();
    assert!(node.ended().success());
    node.serve();
    let records = node.records(10);
    assert!(records.iter().all(|record| record["cause"] != "interrupted"), "{records:#?}");
}

#[test]
fn with_postgresql_behind_it_calls_leave_their_records_there() {
    let block = Block::claim();
    let postgres = Postgres::start(&block);
    let provisioning = provisioning(&block);
    let store = format!("[store]\nurl = \"{}\"\n", postgres.url());
    let mut node = Node::start_with(block, &provisioning, &store);
    let answers = sipp(&node, "answers.xml", 3).calls(CALLS).listen();
    trunk_calls(&node).talking_ms(100).call(node.sip()).end();
    answers.end();
    assert!(node.records(10).iter().all(|record| record["cause"] == "normal"));
    let _answers = sipp(&node, "answers.xml", 3).listen();
    let _calls = trunk_calls(&node).talking_ms(FOREVER_MS).call(node.sip());
    talking(&node, 10);
    node.kill();
    node.serve();
    let records = node.records(20);
    assert_eq!(records.iter().filter(|record| record["cause"] == "interrupted").count(), 10);
}
