//! UPDATE: a session that changes without a new INVITE (RFC 3311), through both legs.

use std::time::Duration;

use base::media::MediaEvent;
use base::{Cause, Party};
use sip_tests::{Line, Reinvite, World, abilities, direction_of, office, over};

/// A call that is up between two that take UPDATE.
fn up(seed: u64) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(seed);
    world.able(&[carrier, phone]);
    let caller = world.dial_as(carrier, None, "+4930123", true, &abilities());
    world.settle();
    let callee = world.incoming(phone);
    assert!(world.talk(caller).is_up() && world.talk(callee).is_up(), "{}", world.ladder());
    world.forget_ladder();
    (world, caller, callee)
}

/// RFC 3311 §5.1, RFC 6337 pattern 6.
#[test]
fn an_update_holds_the_other_side_and_takes_it_back() {
    let (mut world, caller, callee) = up(21);
    world.update(caller, "sendonly");
    world.settle();
    assert_eq!(direction_of(&world.talk(callee).remote_body), "sendonly");
    assert_eq!(direction_of(&world.talk(caller).remote_body), "recvonly");
    world.update(callee, "sendrecv");
    world.settle();
    assert_eq!(direction_of(&world.talk(caller).remote_body), "sendrecv");
    assert!(world.hear_each_other(caller, callee));
    insta::assert_snapshot!(world.ladder());
    over(world, callee);
}

/// RFC 3311 §5.2: without an offer it refreshes the target and no more.
#[test]
fn an_update_without_a_body_is_answered_here() {
    let (mut world, caller, callee) = up(21);
    world.with_agent(caller.agent, |agent, now| agent.ask_inside(now, caller.talk, "UPDATE", ""));
    world.settle();
    assert_eq!(world.talk(caller).updates, [200]);
    assert_eq!(world.agents[callee.agent].requests("UPDATE").count(), 0);
    let answer = world.agents[caller.agent].heard.last().expect("the 200").clone();
    assert!(answer.header("Contact").is_some(), "{answer}");
    assert!(answer.must("Allow").contains("UPDATE"), "{answer}");
    over(world, caller);
}

/// To a far end that does not list UPDATE in Allow, the offer goes as a re-INVITE.
#[test]
fn an_update_becomes_a_re_invite_for_a_far_end_that_takes_none() {
    let (mut world, carrier, phone) = office(22);
    let caller = world.dial_as(carrier, None, "+4930123", true, &abilities());
    world.settle();
    let callee = world.incoming(phone);
    world.forget_ladder();
    world.update(caller, "inactive");
    world.settle();
    assert_eq!(world.talk(caller).updates, [200], "{}", world.ladder());
    assert_eq!(direction_of(&world.talk(callee).remote_body), "sendonly", "the held side hears music");
    insta::assert_snapshot!(world.ladder());
    over(world, callee);
}

/// RFC 3311 §5.2, RFC 6337 §4.3: offers that meet get 491 on both sides.
#[test]
fn updates_that_meet_are_both_refused_with_491() {
    let (mut world, caller, callee) = up(23);
    world.update(caller, "sendonly");
    world.update(callee, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).updates, [491], "{}", world.ladder());
    assert_eq!(world.talk(callee).updates, [491], "{}", world.ladder());
    over(world, caller);
}

/// RFC 5407 §3.2.3, race 5: a re-INVITE of one side meets an UPDATE of the other.
#[test]
fn a_re_invite_and_an_update_that_meet_leave_the_session_alone() {
    for (seed, update_first) in [(24, true), (25, false)] {
        let (mut world, caller, callee) = up(seed);
        if update_first {
            world.update(caller, "sendonly");
            world.reinvite(callee, "sendonly");
        } else {
            world.reinvite(caller, "sendonly");
            world.update(callee, "sendonly");
        }
        world.settle();
        let told: Vec<u16> = [caller, callee]
            .iter()
            .flat_map(|line| world.talk(*line).updates.iter().chain(&world.talk(*line).reinvites))
            .copied()
            .collect();
        assert_eq!(told, [491, 491], "{}", world.ladder());
        assert!(world.hear_each_other(caller, callee));
        over(world, caller);
    }
}

/// RFC 3311 §5.2: a second offer before the answer to the first gets 500 with Retry-After of 0…10 s.
#[test]
fn a_second_update_before_the_first_is_answered_gets_500() {
    let (mut world, caller, callee) = up(26);
    world.agents[callee.agent].updates = Reinvite::Wait;
    world.update(caller, "sendonly");
    world.settle();
    world.update(caller, "inactive");
    world.settle();
    assert_eq!(world.talk(caller).updates, [500], "{}", world.ladder());
    let refused = world.agents[caller.agent].heard.iter().find(|msg| msg.status() == Some(500)).expect("500");
    assert!(refused.must("Retry-After").parse::<u8>().expect("a number") <= 10);
    world.with_agent(callee.agent, |agent, now| agent.accept_update(now, callee.talk));
    world.settle();
    assert_eq!(world.talk(caller).updates, [500, 200]);
    over(world, callee);
}

/// RFC 3311 §5.1: a refused offer leaves the session as it was.
#[test]
fn a_refused_update_leaves_the_session_as_it_was() {
    let (mut world, caller, callee) = up(27);
    world.agents[callee.agent].updates = Reinvite::Refuse(488);
    world.update(caller, "inactive");
    world.settle();
    assert_eq!(world.talk(caller).updates, [488]);
    assert!(world.hear_each_other(caller, callee));
    over(world, callee);
}

/// RFC 5057 §5.2: 481 to an UPDATE says that the dialog is gone.
#[test]
fn an_update_answered_481_ends_the_call() {
    let (mut world, caller, callee) = up(28);
    world.agents[callee.agent].updates = Reinvite::Refuse(481);
    world.update(caller, "inactive");
    world.settle();
    assert_eq!(world.talk(caller).updates, [481]);
    world.assert_clean_but(callee);
}

#[test]
fn an_update_nobody_answers_ends_the_call_and_is_never_answered_408() {
    let (mut world, caller, callee) = up(29);
    world.agents[callee.agent].dead = true;
    world.update(caller, "inactive");
    world.run_for(Duration::from_secs(40));
    assert!(!world.talk(caller).updates.contains(&408), "RFC 4320 §4.1");
    world.assert_clean();
}

#[test]
fn echo_answers_an_update_with_an_offer() {
    let (mut world, _, phone) = office(30);
    let caller = world.dial(phone, "*43");
    world.settle();
    world.update(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).updates, [200], "{}", world.ladder());
    assert_eq!(direction_of(&world.talk(caller).remote_body), "recvonly");
    over(world, caller);
}

/// A bye while an UPDATE waits: its sender learns that the dialog is gone.
#[test]
fn a_bye_ends_a_call_whose_update_is_open() {
    let (mut world, caller, callee) = up(31);
    world.agents[callee.agent].updates = Reinvite::Wait;
    world.update(caller, "sendonly");
    world.settle();
    world.bye(callee);
    world.settle();
    assert_eq!(world.talk(caller).updates, [481], "{}", world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Callee));
}

/// An UPDATE for a dialog that nobody knows (RFC 3261 §12.2.2).
#[test]
fn an_update_outside_any_dialog_gets_481() {
    let (mut world, caller, callee) = up(32);
    world.bye(callee);
    world.settle();
    world.run_for(Duration::from_secs(60));
    world.with_agent(caller.agent, |agent, now| agent.ask_inside(now, caller.talk, "UPDATE", ""));
    world.settle();
    assert_eq!(world.talk(caller).updates, [481]);
    world.assert_clean();
}

/// A far end whose media stops is asked whether it lives; one that is gone ends the call.
#[test]
fn a_far_end_that_falls_silent_is_asked_by_update_whether_it_lives() {
    let (mut world, caller, callee) = up(33);
    let (port, shard, _, _) = world.media.towards(world.talk(callee).media).expect("our port sends to it");
    let quiet = Duration::from_secs(10);
    world.tell_media(shard.0.into(), MediaEvent::Silent { port, ever_heard: true, quiet });
    world.settle();
    assert_eq!(world.agents[callee.agent].requests("UPDATE").count(), 1, "{}", world.ladder());
    world.run_for(Duration::from_secs(1));
    assert!(world.talk(callee).is_up());
    over(world, caller);
}
