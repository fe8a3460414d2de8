//! S20: after bursts of calls that fail in every way, the built switch holds what it held before.

use sip_tests::wire::{Block, Node, Script, Sipp, Transport, until};

/// Calls of each kind: the block has 150 pairs of ports, and a closed pair rests before it is used again.
const BURST: u32 = 20;
/// Hosts of the block: a carrier that calls, one that is called, a stranger.
const CALLER: u8 = 2;
const CALLEE: u8 = 3;
const STRANGER: u8 = 9;

/// Everything that must go back to what it was.
const GAUGES: [&str; 7] = [
    "tandem_calls",
    "tandem_legs",
    "tandem_dialogs",
    "tandem_transactions",
    "tandem_rtp_ports",
    "tandem_rtp_open",
    "tandem_sip_connections",
];

/// The gauges, and the open files.
fn holds(node: &Node) -> (Vec<u64>, usize) {
    (GAUGES.iter().map(|name| node.gauge(name)).collect(), node.open_files())
}

fn sipp(node: &Node, name: &str, script: &Script, host: u8) -> Sipp {
    let at = node.block.at(host, 5_060);
    let sipp = Sipp::script(script, name, node.block.folder(), at, Transport::Tcp).from("+13145551111");
    sipp.calls(BURST).with(&["-r", "60"])
}

fn calls() -> Script {
    Script::new().sdp().ask("INVITE")
}

fn refused(status: u16) -> Script {
    calls().expect(status).ask("ACK-REFUSAL")
}

fn burst(node: &Node, name: &str, number: &str, caller: &Script, callee: Option<Script>) {
    let waiting = callee.map(|script| sipp(node, &format!("{name}-callee"), &script, CALLEE).listen());
    let called = sipp(node, name, caller, CALLER).to(number).call(node.sip()).end();
    assert_eq!(called.successful, u64::from(BURST), "{name}");
    if let Some(waiting) = waiting {
        assert_eq!(waiting.end().successful, u64::from(BURST), "{name}");
    }
}

/// AST-2017-011: calls refused by us, by the far end, by a limit, taken back by their caller, or never let in.
#[test]
fn bursts_of_failing_calls_leave_no_call_port_transaction_or_file_behind() {
    let block = Block::claim();
    let provisioning = provisioning(&block);
    let node = Node::start(block, &provisioning);
    let before = holds(&node);
    burst(&node, "unknown", "nobody", &refused(404), None);
    burst(&node, "busy", "+15550002", &refused(486), None);
    burst(&node, "capped", "+15550003", &refused(503), None);
    burst(
        &node,
        "refused",
        "+15550001",
        &refused(603),
        Some(Script::new().take("INVITE").reply(603).take("ACK")),
    );
    let rings = Script::new().take("INVITE").reply(180).take("CANCEL").reply(200).reply(487).take("ACK");
    let gives_up = calls().expect(180).ask("CANCEL").expect(200).expect(487).ask("ACK-REFUSAL");
    burst(&node, "cancelled", "+15550001", &gives_up, Some(rings));
    strangers(&node);
    until("everything to be given back", || {
        let (gauges, files) = holds(&node);
        (gauges == before.0 && files <= before.1 + 2).then_some(())
    });
    assert_eq!(node.live().len(), 0);
}

/// Attempts of somebody we do not know.
fn strangers(node: &Node) {
    let attempts = sipp(node, "strangers", &refused(407), STRANGER).to("+15550001");
    assert_eq!(attempts.call(node.sip()).end().successful, u64::from(BURST));
}

fn provisioning(block: &Block) -> String {
    let (caller, callee) = (block.ip(CALLER), block.at(CALLEE, 5_060));
    format!(
        r#"
[[trunk]]
name = "caller"
hosts = ["{caller}"]
health_secs = 0

[[trunk]]
name = "callee"
peer = "sip:{callee}"
transport = "tcp"
health_secs = 0

[[trunk]]
name = "full"
peer = "sip:{callee}"
transport = "tcp"
health_secs = 0
max_cps = 1

[[number]]
did = "+15550001"
to = "trunk:callee"

[[number]]
did = "+15550002"
to = "test:busy"

[[number]]
did = "+15550003"
to = "trunk:full"
"#
    )
}
