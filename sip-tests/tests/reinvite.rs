//! Sessions that change: re-INVITE through both legs (RFC 3261 §14, RFC 3264 §8).

use std::time::Duration;

use base::{Cause, Party};
use sip_tests::{Line, Reinvite, Reply, World, direction_of, office, over};

fn up(seed: u64) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(seed);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.forget_ladder();
    (world, caller, callee)
}

#[test]
fn the_caller_holds_and_takes_the_call_back() {
    let (mut world, caller, callee) = up(5);
    world.reinvite(caller, "sendonly");
    world.settle();
    assert_eq!(direction_of(&world.talk(callee).remote_body), "sendonly");
    assert_eq!(direction_of(&world.talk(caller).remote_body), "recvonly");
    world.reinvite(caller, "sendrecv");
    world.settle();
    assert_eq!(direction_of(&world.talk(caller).remote_body), "sendrecv");
    assert!(world.hear_each_other(caller, callee));
    insta::assert_snapshot!(world.ladder());
    over(world, caller);
}

#[test]
fn the_callee_holds_with_inactive() {
    let (mut world, caller, callee) = up(5);
    world.reinvite(callee, "inactive");
    world.settle();
    assert_eq!(direction_of(&world.talk(caller).remote_body), "sendonly", "the held side hears music");
    assert_eq!(direction_of(&world.talk(callee).remote_body), "inactive");
    assert_eq!(world.talk(callee).reinvites, [200]);
    over(world, callee);
}

#[test]
fn a_hold_by_a_zero_address_is_passed_on_as_no_wish_for_media() {
    let (mut world, caller, callee) = up(5);
    let offer = world.body_for(caller).replace("c=IN IP4 198.51.100.10", "c=IN IP4 0.0.0.0");
    world.with_agent(caller.agent, |agent, now| agent.reinvite_with(now, caller.talk, &offer));
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [200]);
    let told = &world.talk(callee).remote_body;
    assert!(direction_of(told) != "sendrecv" || told.contains("0.0.0.0"), "{told}");
    over(world, caller);
}

#[test]
fn the_version_of_our_body_rises_with_every_change_and_its_id_stays() {
    let (mut world, caller, callee) = up(5);
    let origin = |world: &World| {
        let body = world.talk(callee).remote_body.clone();
        let line = body.lines().find(|line| line.starts_with("o=")).unwrap_or_default().to_owned();
        let mut words = line.split(' ').map(str::to_owned).skip(1);
        (words.next().unwrap(), words.next().unwrap().parse::<u64>().unwrap())
    };
    let (id, first) = origin(&world);
    world.reinvite(caller, "sendonly");
    world.settle();
    let (same, second) = origin(&world);
    assert_eq!((same, second), (id, first + 1), "RFC 3264 §8");
    over(world, caller);
}

#[test]
fn re_invites_that_meet_are_both_refused_with_491() {
    let (mut world, caller, callee) = up(5);
    world.reinvite(caller, "sendonly");
    world.reinvite(callee, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [491], "{}", world.ladder());
    assert_eq!(world.talk(callee).reinvites, [491], "{}", world.ladder());
    world.reinvite(caller, "sendrecv");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [491, 200]);
    over(world, caller);
}

#[test]
fn a_second_re_invite_while_the_first_is_open_gets_500_with_retry_after() {
    let (mut world, caller, callee) = up(5);
    world.agents[callee.agent].reinvites = Reinvite::Wait;
    world.reinvite(caller, "sendonly");
    world.settle();
    let open = world.talk(caller).reinvites.len();
    world.reinvite(caller, "inactive");
    world.settle();
    assert_eq!((open, world.talk(caller).reinvites.clone()), (0, vec![500]), "{}", world.ladder());
    let refused = world.agents[caller.agent].heard.iter().find(|msg| msg.status() == Some(500)).unwrap();
    assert!(refused.must("Retry-After").parse::<u8>().unwrap() <= 10, "RFC 3261 §14.2");
    world.with_agent(callee.agent, |agent, now| agent.accept_reinvite(now, callee.talk));
    world.settle();
    over(world, callee);
}

#[test]
fn a_refused_re_invite_leaves_the_session_as_it_was() {
    let (mut world, caller, callee) = up(5);
    world.agents[callee.agent].reinvites = Reinvite::Refuse(488);
    world.reinvite(caller, "inactive");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [488]);
    assert!(world.hear_each_other(caller, callee));
    over(world, callee);
}

#[test]
fn a_re_invite_answered_481_ends_the_call() {
    let (mut world, caller, callee) = up(5);
    world.agents[callee.agent].reinvites = Reinvite::Refuse(481);
    world.reinvite(caller, "inactive");
    world.settle();
    world.assert_clean_but(callee);
    assert_eq!(world.talk(caller).reinvites, [481]);
}

#[test]
fn a_re_invite_without_an_answer_ends_the_call_at_both_ends() {
    let (mut world, caller, callee) = up(5);
    world.agents[callee.agent].reinvites = Reinvite::Wait;
    world.agents[callee.agent].dead = true;
    world.reinvite(caller, "inactive");
    world.run_for(Duration::from_secs(40));
    assert_eq!(world.talk(caller).reinvites, [408]);
    world.assert_clean();
}

#[test]
fn a_re_invite_that_is_taken_back_changes_nothing() {
    let (mut world, caller, callee) = up(5);
    world.agents[callee.agent].reinvites = Reinvite::Wait;
    world.reinvite(caller, "inactive");
    world.settle();
    world.with_agent(callee.agent, |agent, now| {
        agent.respond(now, callee.talk, Reply { status: 100, ..Reply::default() });
    });
    world.settle();
    world.cancel(caller);
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [487], "{}", world.ladder());
    assert!(world.talk(caller).is_up() && world.talk(callee).is_up());
    assert_eq!(world.agents[callee.agent].requests("CANCEL").count(), 1, "{}", world.ladder());
    over(world, caller);
}

#[test]
fn a_re_invite_without_a_body_asks_the_other_side_for_its_offer() {
    let (mut world, caller, callee) = up(5);
    world.with_agent(caller.agent, |agent, now| agent.reinvite_with(now, caller.talk, ""));
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [200], "{}", world.ladder());
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    insta::assert_snapshot!(world.ladder());
    over(world, callee);
}

#[test]
fn a_bye_ends_a_call_whose_re_invite_is_open() {
    let (mut world, caller, callee) = up(5);
    world.agents[callee.agent].reinvites = Reinvite::Wait;
    world.reinvite(caller, "sendonly");
    world.settle();
    world.bye(callee);
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [487], "{}", world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Callee));
}

#[test]
fn a_re_invite_before_the_ack_of_the_first_invite_is_asked_to_wait() {
    let (mut world, carrier, phone) = office(5);
    let caller = world.dial(carrier, "+4930123");
    world.agents[carrier].withhold_acks = true;
    world.settle();
    let callee = world.incoming(phone);
    assert!(world.talk(caller).is_up());
    world.reinvite(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [500], "RFC 3261 §14.2");
    world.reinvite(callee, "sendonly");
    world.settle();
    assert_eq!(world.talk(callee).reinvites, [491]);
    world.agents[carrier].withhold_acks = false;
    world.run_for(Duration::from_secs(5));
    over(world, caller);
}

#[test]
fn a_request_out_of_order_gets_500_and_the_call_goes_on() {
    let (mut world, caller, callee) = up(5);
    world.with_agent(caller.agent, |agent, now| {
        agent.rewind(caller.talk, -10);
        agent.ask_inside(now, caller.talk, "INFO", "");
    });
    world.settle();
    world.with_agent(caller.agent, |agent, now| {
        agent.rewind(caller.talk, 5);
        agent.ask_inside(now, caller.talk, "INFO", "");
    });
    world.settle();
    assert_eq!(world.agents[caller.agent].results.last(), Some(&("INFO".to_owned(), 500)));
    over(world, callee);
}

#[test]
fn an_info_passes_to_the_other_side_and_its_answer_back() {
    let (mut world, caller, callee) = up(5);
    world.with_agent(caller.agent, |agent, now| agent.ask_inside(now, caller.talk, "INFO", "Signal=1\r\n"));
    world.settle();
    let info = world.agents[callee.agent].requests("INFO").next().expect("INFO came through");
    assert_eq!(info.body, "Signal=1\r\n");
    assert_eq!(world.agents[caller.agent].results.last(), Some(&("INFO".to_owned(), 200)));
    over(world, caller);
}

#[test]
fn the_end_of_a_call_is_told_to_whoever_asked_for_it() {
    let (mut world, caller, callee) = up(5);
    world.bye(callee);
    world.settle();
    world.assert_clean();
    let bye = world.talk(caller).bye.clone().expect("the caller got a BYE");
    assert_eq!(bye.header("Reason"), Some("Q.850;cause=16;text=\"normal\""));
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Callee));
}

/// RFC 3261 §9.1: a CANCEL that crosses the 2xx has no effect; both sides end up with the same session.
#[test]
fn a_cancel_that_crosses_the_2xx_of_a_re_invite_leaves_both_sides_in_step() {
    let (mut world, caller, callee) = up(5);
    world.agents[callee.agent].reinvites = Reinvite::Wait;
    world.reinvite(caller, "sendonly");
    world.settle();
    world.with_agent(callee.agent, |agent, now| {
        agent.respond(now, callee.talk, Reply { status: 100, ..Reply::default() });
    });
    world.settle();
    world.cancel(caller);
    world.with_agent(callee.agent, |agent, now| agent.accept_reinvite(now, callee.talk));
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [200], "{}", world.ladder());
    assert_eq!(direction_of(&world.talk(callee).remote_body), "sendonly");
    assert_eq!(direction_of(&world.talk(caller).remote_body), "recvonly");
    over(world, caller);
}
