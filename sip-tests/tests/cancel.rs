//! CANCEL at every stage of a call (RFC 3261 §9).

use std::time::Duration;

use base::{Cause, Party};
use sip_tests::{RING, SILENT, State, World, office};

/// A call to a phone that says nothing of its own accord.
fn to_a_silent_phone() -> (World, sip_tests::Line, usize) {
    let (mut world, carrier, phone) = office(2);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    (world, caller, phone)
}

fn cancels(world: &World, agent: usize) -> usize {
    world.agents[agent].requests("CANCEL").count()
}

#[test]
fn a_cancel_before_any_answer_waits_for_the_first_provisional_one() {
    let (mut world, caller, phone) = to_a_silent_phone();
    world.cancel(caller);
    world.settle();
    assert_eq!((world.state(caller), world.talk(caller).status()), (State::Over, 487));
    assert_eq!(cancels(&world, phone), 0, "RFC 3261 §9.1: not before a provisional response");
    let callee = world.incoming(phone);
    world.say(callee, 180);
    world.settle();
    assert_eq!((cancels(&world, phone), world.state(callee)), (1, State::Over));
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Cancelled, 487, Party::Caller));
}

#[test]
fn a_cancel_after_100_reaches_the_phone() {
    let (mut world, caller, phone) = to_a_silent_phone();
    let callee = world.incoming(phone);
    world.say(callee, 100);
    world.settle();
    world.cancel(caller);
    world.settle();
    assert_eq!((world.state(caller), world.state(callee)), (State::Over, State::Over));
    assert_eq!(cancels(&world, phone), 1);
    world.assert_clean();
}

#[test]
fn a_cancel_while_it_rings_ends_both_legs_with_487() {
    let (mut world, carrier, phone) = office(2);
    world.agents[phone].manner = RING;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    world.cancel(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Cancelled, 487, Party::Caller));
}

#[test]
fn an_answer_that_crosses_our_cancel_gets_ack_and_bye() {
    let (mut world, caller, phone) = to_a_silent_phone();
    let callee = world.incoming(phone);
    world.say(callee, 180);
    world.settle();
    world.cancel(caller);
    world.run_for(Duration::from_millis(1));
    world.say_with_body(callee, 200);
    world.settle();
    assert_eq!(world.talk(caller).status(), 487);
    assert_eq!((world.talk(callee).acks, world.state(callee)), (1, State::Over), "{}", world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Cancelled, 487, Party::Caller));
}

#[test]
fn a_cancel_that_crosses_our_answer_changes_nothing() {
    let (mut world, caller, phone) = to_a_silent_phone();
    let callee = world.incoming(phone);
    world.say(callee, 180);
    world.settle();
    world.say_with_body(callee, 200);
    world.run_for(Duration::from_millis(1));
    world.cancel(caller);
    world.settle();
    assert_eq!(world.talk(caller).status(), 200, "{}", world.ladder());
    assert!(world.agents[caller.agent].results.contains(&("CANCEL".to_owned(), 200)));
    assert_eq!(world.state(callee), State::Over, "the caller hangs up what it no longer wanted");
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Caller));
}

#[test]
fn a_cancel_after_the_answer_is_answered_and_the_call_goes_on() {
    let (mut world, carrier, phone) = office(2);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.cancel(caller);
    world.settle();
    assert!(world.agents[carrier].results.contains(&("CANCEL".to_owned(), 200)));
    assert!(world.talk(caller).is_up() && world.talk(callee).is_up());
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

#[test]
fn a_cancelled_call_to_a_phone_that_never_speaks_leaves_nothing() {
    let (mut world, caller, phone) = to_a_silent_phone();
    world.agents[phone].dead = true;
    world.cancel(caller);
    world.settle();
    world.assert_clean();
    assert_eq!(cancels(&world, phone), 0);
}

#[test]
fn a_reason_on_the_callers_cancel_is_kept_for_the_record() {
    let (mut world, caller, phone) = to_a_silent_phone();
    let callee = world.incoming(phone);
    world.say(callee, 180);
    world.settle();
    world.cancel(caller);
    world.settle();
    let cancel = world.agents[phone].requests("CANCEL").next().expect("the phone was cancelled");
    assert_eq!(cancel.header("Reason"), Some("Q.850;cause=16;text=\"cancelled\""));
    world.assert_clean();
}
