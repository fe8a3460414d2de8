//! Media before the answer (RFC 3960).

use std::time::Duration;

use base::fact::What;
use sip_tests::{EARLY, SILENT, State, office};

#[test]
fn the_caller_hears_the_far_end_before_it_answers() {
    let (mut world, carrier, phone) = office(7);
    world.agents[phone].manner = EARLY;
    let caller = world.dial(carrier, "+4930123");
    world.run_for(Duration::from_millis(100));
    let callee = world.incoming(phone);
    assert_eq!((world.state(caller), world.talk(caller).status()), (State::Ringing, 183));
    assert!(world.hear_each_other(caller, callee));
    world.settle();
    assert!(world.hear_each_other(caller, callee));
    world.bye(callee);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn an_answer_without_a_body_keeps_what_early_media_agreed() {
    let (mut world, carrier, phone) = office(7);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    world.say_with_body(callee, 183);
    world.settle();
    world.say(callee, 200);
    world.settle();
    assert!(world.talk(caller).is_up());
    assert!(world.hear_each_other(caller, callee));
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_183_without_a_body_is_told_as_ringing_and_the_body_follows() {
    let (mut world, carrier, phone) = office(7);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    world.say(callee, 183);
    world.settle();
    assert_eq!(world.talk(caller).status(), 180);
    world.say_with_body(callee, 183);
    world.settle();
    assert_eq!(world.talk(caller).status(), 183);
    world.cancel(caller);
    world.settle();
    world.assert_clean();
}

#[test]
fn the_record_says_that_there_was_early_media() {
    let (mut world, carrier, phone) = office(7);
    world.agents[phone].manner = EARLY;
    world.connect(carrier, "+4930123", phone);
    world.end_all();
    world.assert_clean();
    let early = |what: &What| matches!(what, What::LegRinging { early_media: true, .. });
    assert_eq!(world.facts.iter().filter(|fact| early(&fact.what)).count(), 1);
}

#[test]
fn a_180_after_early_media_is_told_once() {
    let (mut world, carrier, phone) = office(7);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    world.say_with_body(callee, 183);
    world.settle();
    world.say(callee, 180);
    world.settle();
    assert_eq!(world.talk(caller).status(), 180);
    assert!(world.hear_each_other(caller, callee), "the early media goes on");
    world.cancel(caller);
    world.settle();
    world.assert_clean();
}
