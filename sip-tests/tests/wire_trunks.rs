//! Two built switches with a trunk between them: one registers with the other and shows its password on calls.

use sip_tests::wire::{Block, Node, Sipp, Transport, until};

const CALLS: u32 = 10;

#[test]
fn a_trunk_registers_with_another_switch_and_calls_through_it_with_its_password() {
    linked(Transport::Udp);
}

#[test]
fn a_trunk_registers_and_calls_over_tcp_too() {
    linked(Transport::Tcp);
}

fn linked(transport: Transport) {
    let far = Node::start(
        Block::claim(),
        "[[station]]\nextension = \"9000\"\npassword = \"secret-9000\"\nmax_calls = 50\n\n\
         [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\nmax_calls = 50\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"station:1002\"\n",
    );
    let block = Block::claim();
    let (caller, uplink, word) = (block.ip(2), far.sip(), transport.word());
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"uplink\"\npeer = \"sip:{uplink}\"\ntransport = \"{word}\"\nregister = true\n\
         username = \"9000\"\npassword = \"secret-9000\"\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:uplink\"\n"
    );
    let near = Node::start(block, &provisioning);
    until("the trunk to be registered", || {
        let phones = far.api().items("/api/v1/registrations");
        phones.iter().any(|phone| phone["extension"] == "9000").then_some(())
    });
    let phone = |scenario| Sipp::new(scenario, far.block.folder(), far.block.at(12, 5_060), Transport::Udp);
    let registers = phone("phone-registers.xml").from("1002").password("1002", "secret-1002");
    registers.calls(1).call(far.sip()).end();
    let answers = phone("answers.xml").calls(CALLS).listen();
    let calls = Sipp::new("trunk-calls.xml", near.block.folder(), near.block.at(2, 5_060), Transport::Udp)
        .from("+15550123")
        .to("+15550199");
    assert_eq!(calls.calls(CALLS).talking_ms(200).call(near.sip()).end().successful, u64::from(CALLS));
    assert_eq!(answers.end().successful, u64::from(CALLS));
    assert!(near.records(10).iter().all(|record| record["answered_by"] == "trunk:uplink"));
    assert!(far.records(10).iter().all(|record| record["from"] == "station:9000"));
}
