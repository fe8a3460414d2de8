//! Messages that cross, get lost or come twice (RFC 5407, RFC 6026).

use std::time::Duration;

use base::{Cause, Party};
use sip_tests::{State, World, office};

#[test]
fn byes_that_cross_are_both_answered_and_one_record_is_made() {
    let (mut world, carrier, phone) = office(8);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.bye(caller);
    world.bye(callee);
    world.settle();
    assert_eq!((world.state(caller), world.state(callee)), (State::Over, State::Over));
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Caller));
}

#[test]
fn a_bye_before_the_ack_ends_the_call_at_both_ends() {
    let (mut world, carrier, phone) = office(8);
    world.agents[carrier].withhold_acks = true;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    world.bye(caller);
    world.settle();
    let callee = world.incoming(phone);
    assert_eq!((world.state(caller), world.state(callee)), (State::Over, State::Over));
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Caller));
}

#[test]
fn a_callee_that_hangs_up_before_the_callers_ack_makes_our_bye_wait_for_it() {
    let (mut world, carrier, phone) = office(8);
    world.agents[carrier].withhold_acks = true;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    world.bye(callee);
    world.settle();
    assert!(world.talk(caller).is_up(), "RFC 3261 §15: no BYE before the ACK");
    world.agents[carrier].withhold_acks = false;
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.state(caller), State::Over);
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Callee));
}

#[test]
fn a_bye_that_overtakes_its_ack_ends_a_leg_that_was_about_to_end_and_our_answer_rests() {
    let (mut world, carrier, phone) = office(8);
    world.agents[carrier].withhold_acks = true;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    world.bye(world.incoming(phone));
    world.settle();
    world.bye(caller);
    world.settle();
    let answers =
        |world: &World| world.agents[carrier].heard.iter().filter(|msg| msg.status() == Some(200)).count();
    let heard = answers(&world);
    world.run_for(Duration::from_secs(20));
    assert_eq!(answers(&world), heard);
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Callee));
}

#[test]
fn an_answer_that_is_never_acknowledged_is_repeated_and_ended_after_64_t1() {
    let (mut world, carrier, phone) = office(8);
    world.agents[carrier].withhold_acks = true;
    let caller = world.dial(carrier, "+4930123");
    world.run_for(Duration::from_secs(31));
    let answers = world.agents[carrier].heard.iter().filter(|msg| msg.status() == Some(200)).count();
    assert!((10..=11).contains(&answers), "{answers} answers in 31 s");
    world.run_for(Duration::from_secs(3));
    assert!(world.talk(caller).bye.is_some() && world.talk(world.incoming(phone)).bye.is_some());
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Timeout);
}

#[test]
fn an_answer_that_comes_three_times_is_acknowledged_three_times() {
    let (mut world, carrier, phone) = office(8);
    let (_, callee) = world.connect(carrier, "+4930123", phone);
    let before = world.agents[phone].requests("ACK").count();
    world.with_agent(phone, |agent, _| agent.repeat_answer(callee.talk));
    world.with_agent(phone, |agent, _| agent.repeat_answer(callee.talk));
    world.settle();
    assert_eq!(world.agents[phone].requests("ACK").count(), before + 2, "RFC 3261 §13.2.2.4");
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_phone_that_has_lost_our_bye_is_told_again() {
    let (mut world, carrier, phone) = office(8);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.links[phone].lost = 1_000;
    world.bye(caller);
    world.run_for(Duration::from_secs(2));
    assert!(world.talk(callee).is_up());
    world.links[phone].lost = 0;
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.state(callee), State::Over);
    world.assert_clean();
}

#[test]
fn a_phone_whose_network_dies_in_mid_call_is_forgotten_when_the_other_hangs_up() {
    let (mut world, carrier, phone) = office(8);
    let (caller, _) = world.connect(carrier, "+4930123", phone);
    world.agents[phone].dead = true;
    world.bye(caller);
    world.settle();
    assert_eq!(world.state(caller), State::Over);
    world.assert_clean();
}

#[test]
fn requests_after_the_end_get_481() {
    let (mut world, carrier, phone) = office(8);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.bye(callee);
    world.settle();
    world.run_for(Duration::from_secs(60));
    world.with_agent(carrier, |agent, now| agent.ask_inside(now, caller.talk, "INFO", ""));
    world.settle();
    assert_eq!(world.agents[carrier].results.last(), Some(&("INFO".to_owned(), 481)));
    world.assert_clean();
}
