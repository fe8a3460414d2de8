//! INVITEs without a body: the answer comes in the ACK (RFC 3261 §13.2.1, RFC 3264).

use std::time::Duration;

use base::Cause;
use sip_tests::{EARLY, State, media_of, office};

#[test]
fn a_caller_without_an_offer_gets_the_callees_and_answers_in_its_ack() {
    let (mut world, carrier, phone) = office(6);
    let caller = world.dial_as(carrier, None, "+4930123", false, &[]);
    world.settle();
    let callee = world.incoming(phone);
    assert_eq!(world.talk(callee).invite.body, "", "the other side is asked for its offer too");
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    let ack = world.agents[phone].requests("ACK").last().expect("an ACK").clone();
    assert!(media_of(&ack.body).is_some(), "the answer is in the ACK:\n{ack}");
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn a_lost_ack_of_a_delayed_offer_is_made_good() {
    let (mut world, carrier, phone) = office(6);
    world.agents[carrier].withhold_acks = true;
    let caller = world.dial_as(carrier, None, "+4930123", false, &[]);
    world.run_for(Duration::from_secs(3));
    let callee = world.incoming(phone);
    assert_eq!(world.talk(callee).acks, 0, "our ACK waits for theirs");
    world.agents[carrier].withhold_acks = false;
    world.run_for(Duration::from_secs(5));
    assert!(world.talk(callee).acks > 0);
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_delayed_offer_whose_ack_never_comes_ends_both_legs() {
    let (mut world, carrier, phone) = office(6);
    world.agents[carrier].withhold_acks = true;
    let caller = world.dial_as(carrier, None, "+4930123", false, &[]);
    world.run_for(Duration::from_secs(40));
    assert!(world.talk(caller).bye.is_some(), "{}", world.ladder());
    assert_eq!(world.state(world.incoming(phone)), State::Over);
    world.assert_clean();
}

#[test]
fn an_ack_without_the_answer_it_owes_ends_the_call() {
    let (mut world, carrier, phone) = office(6);
    world.agents[carrier].forgets_bodies = true;
    let caller = world.dial_as(carrier, None, "+4930123", false, &[]);
    world.settle();
    assert!(world.talk(caller).bye.is_some(), "{}", world.ladder());
    assert!(world.talk(world.incoming(phone)).bye.is_some());
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Incompatible);
}

#[test]
fn a_phone_that_calls_echo_without_an_offer_is_offered_ours() {
    let (mut world, _, phone) = office(6);
    let caller = world.dial_as(phone, None, "*43", false, &[]);
    world.settle();
    assert!(world.talk(caller).is_up());
    let far = world.talk(caller).media;
    let (port, _, _, hears) = world.media.towards(far).expect("our port sends to the phone");
    assert_eq!(hears, [port]);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

#[test]
fn early_media_is_not_passed_where_the_caller_made_no_offer() {
    let (mut world, carrier, phone) = office(6);
    world.agents[phone].manner = EARLY;
    let caller = world.dial_as(carrier, None, "+4930123", false, &[]);
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    let provisional = world.agents[carrier].heard.iter().find(|msg| msg.status() == Some(180));
    assert_eq!(provisional.map(|msg| msg.body.as_str()), Some(""));
    world.end_all();
    world.assert_clean();
}

#[test]
fn an_answer_without_a_body_ends_the_call_that_had_an_offer() {
    let (mut world, carrier, phone) = office(6);
    world.agents[phone].manner = sip_tests::SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    world.say(callee, 200);
    world.settle();
    assert_eq!(world.talk(caller).status(), 488, "{}", world.ladder());
    assert!(world.talk(callee).bye.is_some());
    world.assert_clean();
}

/// RFC 3261 §14.2: who is re-invited without an offer makes one.
#[test]
fn a_re_invite_without_an_offer_gets_one_from_echo_too() {
    let (mut world, _, phone) = office(6);
    let caller = world.dial(phone, "*43");
    world.settle();
    world.with_agent(caller.agent, |agent, now| agent.reinvite_with(now, caller.talk, ""));
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [200], "{}", world.ladder());
    let (port, _, _, hears) =
        world.media.towards(world.talk(caller).media).expect("our port sends to the phone");
    assert_eq!(hears, [port]);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}
