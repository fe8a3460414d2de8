//! SIPp calls through the built switch: every pair of trunk and phone, over UDP and TCP (RFC 3665 §3, RFC 3666).

use serde_json::Value;
use sip_tests::wire::{Block, Node, Sipp, Transport, until};

const CALLS: u32 = 20;
const TALK_MS: u32 = 500;

/// Either side of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Trunk,
    Phone,
}

#[test]
fn a_trunk_calls_a_phone_over_udp() {
    calls(Side::Trunk, Side::Phone, Transport::Udp);
}

#[test]
fn a_trunk_calls_a_phone_over_tcp() {
    calls(Side::Trunk, Side::Phone, Transport::Tcp);
}

#[test]
fn a_phone_calls_a_phone_over_udp() {
    calls(Side::Phone, Side::Phone, Transport::Udp);
}

#[test]
fn a_phone_calls_a_phone_over_tcp() {
    calls(Side::Phone, Side::Phone, Transport::Tcp);
}

#[test]
fn a_phone_calls_a_trunk_over_udp() {
    calls(Side::Phone, Side::Trunk, Transport::Udp);
}

#[test]
fn a_phone_calls_a_trunk_over_tcp() {
    calls(Side::Phone, Side::Trunk, Transport::Tcp);
}

#[test]
fn a_trunk_calls_a_trunk_over_udp() {
    calls(Side::Trunk, Side::Trunk, Transport::Udp);
}

#[test]
fn a_trunk_calls_a_trunk_over_tcp() {
    calls(Side::Trunk, Side::Trunk, Transport::Tcp);
}

/// Twenty calls, ten a second: each is answered, talks, ends with the caller's BYE and leaves its record.
fn calls(from: Side, to: Side, transport: Transport) {
    let block = Block::claim();
    let provisioning = provisioning(&block, transport);
    let node = Node::start(block, &provisioning);
    let files = node.block.folder().to_owned();
    let phone = node.block.at(12, 5_060);
    if to == Side::Phone {
        let registers = Sipp::new("phone-registers.xml", &files, phone, transport);
        let registers = registers.from("1002").password("1002", "secret-1002");
        assert_eq!(registers.calls(1).call(node.sip()).end().successful, 1);
    }
    let answers = match to {
        Side::Phone => Sipp::new("answers.xml", &files, phone, transport),
        Side::Trunk => Sipp::new("answers.xml", &files, node.block.at(3, 5_060), transport),
    };
    let answers = answers.calls(CALLS).listen();
    let number = if to == Side::Phone { "1002" } else { "+15550199" };
    let caller = match from {
        Side::Trunk => {
            Sipp::new("trunk-calls.xml", &files, node.block.at(2, 5_060), transport).from("+15550123")
        }
        Side::Phone => Sipp::new("phone-calls.xml", &files, node.block.at(11, 5_060), transport)
            .from("1001")
            .password("1001", "secret-1001"),
    };
    let called = caller.to(number).calls(CALLS).talking_ms(TALK_MS).call(node.sip()).end();
    assert_eq!(called.successful, u64::from(CALLS));
    assert_eq!(answers.end().successful, u64::from(CALLS));

    let (answered_by, from) = match (from, to) {
        (Side::Trunk, Side::Trunk) => ("trunk:callee", "trunk:caller"),
        (Side::Trunk, Side::Phone) => ("station:1002", "trunk:caller"),
        (Side::Phone, Side::Trunk) => ("trunk:callee", "station:1001"),
        (Side::Phone, Side::Phone) => ("station:1002", "station:1001"),
    };
    for record in node.records(usize::try_from(CALLS).expect("few")) {
        assert_eq!(record["from"], from, "{record:#}");
        assert_eq!(record["answered_by"], answered_by, "{record:#}");
        assert_eq!(record["dialled"], number, "{record:#}");
        assert_eq!(record["cause"], "normal", "{record:#}");
        assert_ne!(record["answered_at"], Value::Null, "{record:#}");
        assert_eq!(record["session_id"].as_str().map(str::len), Some(32), "RFC 7989: {record:#}");
    }
    until("every call to be gone", || node.live().is_empty().then_some(()));
}

fn provisioning(block: &Block, transport: Transport) -> String {
    let (caller, callee, word) = (block.ip(2), block.at(3, 5_060), transport.word());
    format!(
        r#"
[[trunk]]
name = "caller"
hosts = ["{caller}"]
health_secs = 0

[[trunk]]
name = "callee"
peer = "sip:{callee}"
transport = "{word}"
health_secs = 0

[[station]]
extension = "1001"
password = "secret-1001"
max_calls = 50

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

[[dial_rule]]
pattern = "^\\+1555[0-9]{{4}}$"
trunks = ["callee"]
"#
    )
}
