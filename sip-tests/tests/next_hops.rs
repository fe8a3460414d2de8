//! Where requests inside a call go: route set, remote target and their changes (RFC 3261 §12.2).

use base::wire::Transport;
use sip_tests::{Reply, World};

const PHONE: &str = "+4930123";

fn office() -> (World, usize, usize) {
    sip_tests::office(41)
}

fn over(mut world: World) {
    world.settle();
    world.assert_clean();
}

#[test]
fn a_bye_goes_to_the_port_that_the_carriers_route_names() {
    let (mut world, carrier, phone) = office();
    let proxy = world.agent("proxy", "198.51.100.10:5090", Transport::Udp);
    let route = "Record-Route: <sip:198.51.100.10:5090;lr>".to_owned();
    world.dial_as(carrier, Some("+4940999"), PHONE, true, &[route]);
    world.settle();
    let callee = world.incoming(phone);
    world.bye(callee);
    world.settle();
    assert_eq!(world.agents[carrier].requests("BYE").count(), 0, "{}", world.ladder());
    let byes: Vec<_> = world.agents[proxy].requests("BYE").collect();
    assert_eq!(byes.len(), 1, "{}", world.ladder());
    assert_eq!(byes[0].uri(), Some("sip:carrier@198.51.100.10:5060"));
}

#[test]
fn a_carrier_that_names_a_new_address_in_a_re_invite_is_asked_there() {
    let (mut world, carrier, phone) = office();
    // Another address has to be the trunk's (S13).
    world.edit_trunk("carrier", |trunk| trunk.hosts.push("198.51.100.77".parse().unwrap()));
    world.set_up();
    let (caller, callee) = world.connect(carrier, PHONE, phone);
    world.agents[carrier].addr = "198.51.100.77:5080".parse().unwrap();
    world.reinvite(caller, "sendrecv");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [200], "{}", world.ladder());
    world.bye(callee);
    world.settle();
    assert_eq!(world.agents[carrier].requests("BYE").count(), 1, "{}", world.ladder());
    over(world);
}

/// RFC 3261 §8.2.2.3.
#[test]
fn a_request_inside_a_call_that_requires_what_we_lack_gets_420_and_changes_nothing() {
    let (mut world, carrier, phone) = office();
    let (_, callee) = world.connect(carrier, PHONE, phone);
    let answer =
        world.agents[carrier].heard.iter().rfind(|msg| msg.status() == Some(200)).expect("200").clone();
    let text = format!(
        "INFO {} SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKrq\r\nMax-Forwards: 70\r\n\
         From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 20 INFO\r\nRequire: nothing\r\nContent-Length: 0\r\n\r\n",
        answer.contact().expect("a Contact"),
        answer.must("From"),
        answer.must("To"),
        answer.must("Call-ID")
    );
    world.with_agent(carrier, |agent, _| agent.say(&text));
    world.settle();
    let refusal = world.agents[carrier].heard.iter().rfind(|msg| msg.status() == Some(420)).expect("420");
    assert_eq!(refusal.must("Unsupported"), "nothing");
    assert_eq!(world.agents[phone].requests("INFO").count(), 0);
    world.bye(callee);
    over(world);
}

/// RFC 3261 §13.2.2.4: the answer of another fork is another dialog, with an answer of its own to the offer.
#[test]
fn a_fork_that_answers_after_another_sent_media_is_a_new_dialog_for_the_caller() {
    let (mut world, carrier, phone) = office();
    world.agents[carrier].manner = sip_tests::SILENT;
    let caller = world.dial(phone, "040999");
    world.settle();
    let callee = world.incoming(carrier);
    world.say_with_body(callee, 183);
    world.settle();
    let early = world.agents[phone].heard.iter().rfind(|msg| msg.status() == Some(183)).expect("183").clone();
    world.with_agent(carrier, |agent, now| agent.answer_as_fork(now, callee.talk, "other"));
    world.settle();
    let answer =
        world.agents[phone].heard.iter().rfind(|msg| msg.status() == Some(200)).expect("200").clone();
    assert_ne!(early.to_tag(), answer.to_tag(), "{}", world.ladder());
    assert!(world.talk(caller).is_up());
}

#[test]
fn the_caller_hears_that_it_rings_after_the_call_was_forwarded() {
    let (mut world, carrier, phone) = office();
    world.agents[carrier].manner = sip_tests::SILENT;
    let caller = world.dial(phone, "040999");
    world.settle();
    let callee = world.incoming(carrier);
    for status in [181, 180, 180] {
        world.reply(callee, Reply { status, ..Reply::default() });
        world.settle();
    }
    let told: Vec<u16> =
        world.talk(caller).statuses.iter().copied().filter(|it| (101..200).contains(it)).collect();
    assert_eq!(told, [181, 180], "{}", world.ladder());
}

/// RFC 3261 §8.1.1.8: without a Contact no dialog can follow, so nobody is rung.
#[test]
fn an_invite_without_contact_gets_400_before_anybody_rings() {
    let (mut world, carrier, phone) = office();
    let text = "INVITE sip:+4930123@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.10:5060;branch=z9hG4bKnc\r\n\
                Max-Forwards: 70\r\nFrom: <sip:a@198.51.100.10>;tag=a\r\nTo: <sip:+4930123@192.0.2.1>\r\n\
                Call-ID: nc\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";
    world.with_agent(carrier, |agent, _| agent.say(text));
    world.settle();
    assert_eq!(world.agents[carrier].heard.last().and_then(sip_tests::Msg::status), Some(400));
    assert_eq!(world.agents[phone].requests("INVITE").count(), 0);
}
