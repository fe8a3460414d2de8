//! Twice as many calls as the node may take, on the wire (conformance S7, row 7339): whoever is in stays in, whoever is
//! refused is told when to come again, and everything else goes on.

use std::time::Duration;

use sip_tests::wire::{Block, Node, Party, Sipp, Transport, answers_during, until};

/// New calls a second that the node may take, and how many are asked for.
const CAPACITY: u32 = 20;
const ASKED: u32 = 40;
/// Four seconds of them.
const CALLS: u32 = 4 * ASKED;
const REGISTRATIONS: u32 = 20;
/// Emergency calls in the middle of it.
const EMERGENCIES: u32 = 5;
/// Calls refused for the node's own limits.
const REFUSED: &str = "tandem_calls_over_limit_total";

const CALLER: u8 = 2;
const CARRIER: u8 = 3;
const OTHER: u8 = 4;
const PHONE: u8 = 11;
const HELPLESS: u8 = 12;

fn node() -> Node {
    let block = Block::claim();
    let (caller, other, carrier) = (block.ip(CALLER), block.ip(OTHER), block.at(CARRIER, 5_060));
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"other\"\nhosts = [\"{other}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"carrier\"\npeer = \"sip:{carrier}\"\nhealth_secs = 0\n\n\
         [[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n\n\
         [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
         [[dial_rule]]\npattern = \"^112$\"\ntrunks = [\"carrier\"]\nemergency = true\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:carrier\"\n"
    );
    // Neither the calls at a time nor the calls a second are enough for what comes.
    Node::start_with(block, &provisioning, &format!("[limits]\ncalls = 12\ncalls_per_sec = {CAPACITY}\n"))
}

#[test]
fn at_twice_its_capacity_it_keeps_what_it_took_and_refuses_the_rest_with_a_time() {
    let node = node();
    let sipp = |scenario: &str, host: u8| {
        Sipp::new(scenario, node.block.folder(), node.block.at(host, 5_060), Transport::Udp)
    };
    let _answers = sipp("answers.xml", CARRIER).listen();
    let other = node.block.at(OTHER, 5_060);
    answers_during(&node, other, || {
        let caller = sipp("trunk-calls-or-waits.xml", CALLER).from("+15550123").to("+15550199");
        let (calls, rate) = (CALLS.to_string(), ASKED.to_string());
        let calling = caller.talking_ms(500).with(&["-m", &calls, "-r", &rate]).call(node.sip());
        until("the node to be full", || (node.gauge(REFUSED) > 0).then_some(()));
        let registers = sipp("phone-registers.xml", PHONE).from("1001").password("1001", "secret-1001");
        let registering = registers.calls(REGISTRATIONS).call(node.sip());
        let in_need = sipp("phone-calls.xml", HELPLESS).from("1002").password("1002", "secret-1002");
        let in_need = in_need.to("112").talking_ms(200).calls(EMERGENCIES).call(node.sip());
        assert_eq!(in_need.end().successful, u64::from(EMERGENCIES), "whoever needs help gets it");
        assert_eq!(registering.end().successful, u64::from(REGISTRATIONS));
        // Each call ended with an answered BYE, or began with a 503 that says when to come again.
        assert_eq!(calling.end().successful, u64::from(CALLS));
    });
    let refused = node.gauge(REFUSED);
    let taken = u64::from(CALLS) - refused;
    assert!((20..=100).contains(&taken), "{taken} taken, {refused} refused");

    std::thread::park_timeout(Duration::from_secs(1));
    let party = Party::new(other);
    party.invite(node.sip(), "+15550199", "after");
    let ok = party.expect("SIP/2.0 200");
    party.acknowledge(&ok, node.sip(), "after");
    party.hang_up(&ok, node.sip(), "after");
    until("all calls to be over", || node.live().is_empty().then_some(()));
    assert!(!node.log().contains("panic"), "{}", node.log());
}
