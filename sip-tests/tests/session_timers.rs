//! Session timers on each leg (RFC 4028), and the deadlines that every call has.

use std::time::Duration;

use base::wire::Transport;
use base::{Cause, Party, SessionTimers};
use sip_tests::{BUSY, Line, Msg, RING, Reinvite, Reply, SILENT, State, World, office};

const HALF: Duration = Duration::from_secs(900);
/// 1800 s less 32.
const END: Duration = Duration::from_secs(1_768);

/// A phone that says this in its 2xx, and a call up to it.
fn up(lines: &[&str]) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(9);
    world.agents[phone].lines = lines.iter().map(|line| (*line).to_owned()).collect();
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    (world, caller, callee)
}

/// A call up from a caller with these lines in its INVITE.
fn called_with(lines: &[&str]) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(9);
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let caller = world.dial_as(carrier, None, "+4930123", true, &lines);
    world.settle();
    let callee = world.incoming(phone);
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    (world, caller, callee)
}

fn answer_of(world: &World, line: Line) -> Msg {
    let call_id = &world.talk(line).call_id;
    let found =
        world.agents[line.agent].heard.iter().rev().find(|msg| {
            msg.status() == Some(200) && msg.must("Call-ID") == call_id && msg.cseq().1 == "INVITE"
        });
    found.expect("an answered INVITE").clone()
}

fn invites(world: &World, line: Line) -> Vec<Msg> {
    world.agents[line.agent].requests("INVITE").cloned().collect()
}

fn origin(body: &str) -> &str {
    body.lines().find(|line| line.starts_with("o=")).unwrap_or_default()
}

#[test]
fn an_invite_of_ours_asks_for_a_timer_and_names_the_extension() {
    let (world, _, callee) = up(&[]);
    let invite = &world.talk(callee).invite;
    assert_eq!(invite.must("Session-Expires"), "1800");
    assert!(invite.must("Supported").contains("timer"));
}

/// RFC 4028 §7.4: re-INVITE with the same body where UPDATE is not allowed.
#[test]
fn we_refresh_at_half_the_interval_with_the_body_as_it_stands_and_the_caller_hears_nothing_of_it() {
    let (mut world, caller, callee) = up(&["Session-Expires: 1800;refresher=uac", "Require: timer"]);
    let heard = world.agents[caller.agent].heard.len();
    world.run_for(HALF);
    world.settle();
    let invites = invites(&world, callee);
    assert_eq!(invites.len(), 2, "{}", world.ladder());
    assert_eq!(invites[1].must("Session-Expires"), "1800;refresher=uac");
    assert_eq!(origin(&invites[1].body), origin(&invites[0].body), "RFC 3264 §8: no change");
    assert_eq!(world.agents[caller.agent].heard.len(), heard);
    assert!(world.hear_each_other(caller, callee));
    world.run_for(HALF * 4);
    assert!(world.talk(caller).is_up(), "refreshed again and again");
    world.bye(caller);
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Normal);
}

/// RFC 4028 §7.4: UPDATE is recommended, since it offers nothing.
#[test]
fn a_far_end_that_takes_update_is_refreshed_without_an_offer_and_by_re_invite_once_it_refuses_that() {
    let (mut world, carrier, phone) = office(9);
    world.able(&[phone]);
    world.agents[phone].lines = vec!["Session-Expires: 1800;refresher=uac".to_owned()];
    let (caller, _) = world.connect(carrier, "+4930123", phone);
    world.run_for(HALF + Duration::from_secs(1));
    let updates: Vec<Msg> = world.agents[phone].requests("UPDATE").cloned().collect();
    assert_eq!(updates.len(), 1, "{}", world.ladder());
    assert_eq!((updates[0].must("Session-Expires"), updates[0].body.as_str()), ("1800;refresher=uac", ""));
    world.agents[phone].updates = Reinvite::Refuse(405);
    world.run_for(HALF);
    world.settle();
    assert_eq!(world.agents[phone].requests("UPDATE").count(), 2);
    assert_eq!(world.agents[phone].requests("INVITE").count(), 2, "{}", world.ladder());
    world.run_for(HALF * 3);
    assert!(world.talk(caller).is_up());
    world.bye(caller);
    world.assert_clean();
}

/// Conformance 4028: `A>` stops refreshing → BYE on both legs.
#[test]
fn a_caller_that_stops_refreshing_ends_both_legs_32_seconds_before_the_end() {
    let (mut world, caller, callee) = called_with(&["Supported: timer"]);
    let answer = answer_of(&world, caller);
    assert_eq!(answer.must("Session-Expires"), "1800;refresher=uac");
    assert_eq!(answer.must("Require"), "timer");
    world.run_for(END - Duration::from_secs(5));
    assert!(world.talk(caller).is_up() && world.talk(callee).is_up());
    world.run_for(Duration::from_secs(6));
    assert!(world.talk(caller).bye.is_some() && world.talk(callee).bye.is_some(), "{}", world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::SessionExpired, 200, Party::System));
}

#[test]
fn a_caller_that_refreshes_in_time_talks_on_and_keeps_its_role() {
    let (mut world, caller, callee) = called_with(&["Supported: timer", "Session-Expires: 600"]);
    world.agents[caller.agent].lines =
        vec!["Supported: timer".to_owned(), "Session-Expires: 600;refresher=uac".to_owned()];
    for _ in 0..4 {
        world.run_for(Duration::from_secs(300));
        world.reinvite(caller, "sendrecv");
        world.settle();
    }
    assert_eq!(answer_of(&world, caller).must("Session-Expires"), "600;refresher=uac");
    assert!(world.talk(caller).is_up() && world.talk(callee).is_up());
    world.bye(callee);
    world.assert_clean();
}

#[test]
fn the_refresher_changes_when_a_re_invite_says_so() {
    let (mut world, caller, _) = called_with(&["Supported: timer", "Session-Expires: 600"]);
    world.agents[caller.agent].lines =
        vec!["Supported: timer".to_owned(), "Session-Expires: 600;refresher=uas".to_owned()];
    world.reinvite(caller, "sendrecv");
    world.settle();
    assert_eq!(answer_of(&world, caller).must("Session-Expires"), "600;refresher=uas");
    world.agents[caller.agent].lines = vec!["Session-Expires: 600;refresher=uac".to_owned()];
    world.run_for(Duration::from_secs(305));
    assert_eq!(world.agents[caller.agent].requests("INVITE").count(), 1, "now we refresh");
    world.run_for(Duration::from_secs(700));
    assert!(world.talk(caller).is_up());
    world.bye(caller);
    world.assert_clean();
}

/// RFC 4028 §10: no answer to the refresh ends the session.
#[test]
fn a_phone_that_has_vanished_is_noticed_by_our_refresh_and_both_legs_end() {
    let (mut world, caller, callee) = up(&["Session-Expires: 1800;refresher=uac", "Require: timer"]);
    world.agents[callee.agent].dead = true;
    world.run_for(HALF + Duration::from_secs(33));
    assert_eq!(world.state(caller), State::Over, "{}", world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::SessionExpired, 200, Party::System));
}

/// No connection leads to the phone for a while: that is no answer, and the next try reaches it.
#[test]
fn a_refresh_that_cannot_be_sent_is_tried_again_while_the_session_lasts() {
    let mut world = World::new(9);
    let carrier = world.trunk("carrier");
    let phone = world.phone_at("1001", "203.0.113.20:5060", Transport::Tcp);
    world.number("+4930123", "station:1001");
    world.open(&[phone]);
    world.agents[phone].lines = vec!["Session-Expires: 1800;refresher=uac".to_owned()];
    let (caller, _) = world.connect(carrier, "+4930123", phone);
    world.agents[phone].dead = true;
    world.run_for(HALF + Duration::from_secs(60));
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    world.agents[phone].dead = false;
    world.run_for(HALF * 2);
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    assert!(world.agents[phone].requests("INVITE").count() > 1);
    world.agents[phone].dead = true;
    world.run_for(HALF * 2);
    assert_eq!(world.state(caller), State::Over);
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::SessionExpired);
}

#[test]
fn echo_refreshes_a_caller_without_timers_where_its_trunk_requires_them() {
    let (mut world, carrier, _) = office(9);
    world.number("+4930199", "echo");
    world.edit_trunk("carrier", |trunk| trunk.session_timers = SessionTimers::Require);
    world.set_up();
    let caller = world.dial(carrier, "+4930199");
    world.settle();
    world.agents[carrier].lines = vec!["Session-Expires: 1800;refresher=uac".to_owned()];
    world.run_for(HALF + Duration::from_secs(1));
    let asked = world.agents[carrier].requests("INVITE").next().expect("a refresh").clone();
    assert_eq!(asked.must("Session-Expires"), "1800;refresher=uac");
    assert!(asked.body.contains("m=audio"));
    world.bye(caller);
    world.assert_clean();
}

/// RFC 4028 §7.3.
#[test]
fn a_422_makes_the_invite_go_out_again_with_the_interval_wanted() {
    let (mut world, carrier, phone) = office(9);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let first = world.incoming(phone);
    world.reply(first, Reply { status: 422, headers: vec!["Min-SE: 3600".to_owned()], ..Reply::default() });
    world.settle();
    let second = world.incoming(phone);
    let (before, after) = (&world.talk(first).invite, &world.talk(second).invite);
    assert_eq!(after.must("Call-ID"), before.must("Call-ID"));
    assert_eq!((before.cseq().0, after.cseq().0), (1, 2));
    assert_eq!((after.must("Session-Expires"), after.must("Min-SE")), ("3600", "3600"));
    assert_ne!(after.branch(), before.branch());
    let agent = &mut world.agents[phone];
    agent.lines = vec!["Session-Expires: 3600;refresher=uac".to_owned()];
    world.say_with_body(second, 200);
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    world.run_for(HALF * 2 + Duration::from_secs(1));
    assert_eq!(world.agents[phone].requests("INVITE").count(), 3, "refreshed after 1,800 s");
    world.bye(caller);
    world.assert_clean();
}

#[test]
fn a_far_end_that_wants_ever_longer_intervals_is_given_up() {
    let (mut world, carrier, phone) = office(9);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    for more in 1..10 {
        let line = world.incoming(phone);
        if !world.talk(line).is_open() {
            break;
        }
        let headers = vec![format!("Min-SE: {}", 2_000 + more)];
        world.reply(line, Reply { status: 422, headers, ..Reply::default() });
        world.settle();
    }
    assert_eq!(world.agents[phone].requests("INVITE").count(), 4);
    assert_eq!(world.state(caller), State::Over);
    world.assert_clean();
}

/// RFC 4028 §6, §9.
#[test]
fn an_invite_with_too_small_an_interval_gets_422_with_min_se_and_makes_no_call() {
    let (mut world, carrier, _) = office(9);
    let lines = ["Supported: timer".to_owned(), "Session-Expires: 60".to_owned()];
    let caller = world.dial_as(carrier, None, "+4930123", true, &lines);
    world.settle();
    let refusal = world.talk(caller).refusal.clone().expect("a refusal");
    assert_eq!((refusal.status(), refusal.must("Min-SE")), (Some(422), "90"));
    assert!(world.facts.is_empty());
    world.assert_clean();
}

#[test]
fn a_re_invite_with_too_small_an_interval_gets_422_and_the_call_goes_on() {
    let (mut world, caller, callee) = called_with(&["Supported: timer"]);
    world.agents[caller.agent].lines = vec!["Supported: timer".to_owned(), "Session-Expires: 89".to_owned()];
    world.reinvite(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [422]);
    assert!(world.hear_each_other(caller, callee));
    world.bye(caller);
    world.assert_clean();
}

#[test]
fn a_hold_refreshes_both_legs_each_with_its_own_interval() {
    let (mut world, carrier, phone) = office(9);
    world.agents[phone].lines = vec!["Session-Expires: 1200;refresher=uac".to_owned()];
    let lines = ["Supported: timer".to_owned(), "Session-Expires: 600".to_owned()];
    let caller = world.dial_as(carrier, None, "+4930123", true, &lines);
    world.settle();
    world.agents[carrier].lines = lines.to_vec();
    world.reinvite(caller, "sendonly");
    world.settle();
    let callee = world.incoming(phone);
    assert_eq!(invites(&world, callee)[1].must("Session-Expires"), "1200;refresher=uac");
    assert_eq!(answer_of(&world, caller).must("Session-Expires"), "600;refresher=uac");
    world.bye(caller);
    world.assert_clean();
}

/// RFC 4028 §7.4 with RFC 3261 §14.1; race 15: refresh × hold.
#[test]
fn a_refresh_that_meets_a_hold_waits_and_follows() {
    let (mut world, caller, callee) = up(&["Session-Expires: 1800;refresher=uac", "Require: timer"]);
    world.agents[callee.agent].reinvites = Reinvite::Refuse(491);
    world.run_for(HALF + Duration::from_secs(1));
    assert_eq!(world.agents[callee.agent].requests("INVITE").count(), 2);
    world.agents[callee.agent].reinvites = Reinvite::Accept;
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.agents[callee.agent].requests("INVITE").count(), 3, "{}", world.ladder());
    assert!(world.talk(caller).is_up());
    world.bye(caller);
    world.assert_clean();
}

/// RFC 5057 §5.3: of the refusals only 408 and 481 end the dialog.
#[test]
fn a_refused_refresh_ends_the_call_only_when_the_far_end_knows_it_no_more() {
    for (status, ends) in [(403, false), (488, false), (500, false), (603, false), (408, true), (481, true)] {
        let (mut world, caller, callee) = up(&["Session-Expires: 1800;refresher=uac"]);
        world.agents[callee.agent].reinvites = Reinvite::Refuse(status);
        world.run_for(HALF + Duration::from_secs(2));
        assert_eq!(world.state(caller) == State::Over, ends, "{status}:\n{}", world.ladder());
        if ends {
            world.assert_clean_but(callee);
            assert_eq!(world.ending().0, Cause::SessionExpired);
        } else {
            world.agents[callee.agent].reinvites = Reinvite::Accept;
            world.run_for(HALF);
            assert!(world.talk(caller).is_up(), "refreshed before the end");
            world.bye(caller);
            world.assert_clean();
        }
    }
}

#[test]
fn a_refresh_that_is_never_allowed_ends_the_call_when_the_session_is_over() {
    let (mut world, caller, callee) = up(&["Session-Expires: 1800;refresher=uac"]);
    world.agents[callee.agent].reinvites = Reinvite::Refuse(500);
    world.run_for(END + Duration::from_secs(1));
    assert_eq!(world.state(caller), State::Over);
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::SessionExpired);
}

#[test]
fn a_far_end_without_timers_is_left_alone() {
    let (mut world, caller, callee) = up(&[]);
    assert_eq!(answer_of(&world, caller).header("Session-Expires"), None);
    world.run_for(HALF * 8);
    assert_eq!(world.agents[callee.agent].requests("INVITE").count(), 1);
    assert!(world.talk(caller).is_up());
    world.bye(caller);
    world.assert_clean();
}

#[test]
fn a_trunk_says_how_much_is_made_of_timers() {
    for (timers, asked, requires, supports, answered) in [
        (SessionTimers::Off, None, None, None, None),
        (SessionTimers::Accept, None, None, Some("timer"), None),
        (SessionTimers::Ask, Some("1800"), None, Some("timer"), None),
        (SessionTimers::Require, Some("1800"), Some("timer"), Some("timer"), Some("1800;refresher=uas")),
    ] {
        let (mut world, carrier, phone) = office(9);
        world.edit_trunk("carrier", |trunk| trunk.session_timers = timers);
        world.set_up();
        let out = world.dial(phone, "0301");
        world.settle();
        let invite = &world.talk(world.incoming(carrier)).invite;
        let says = |name| invite.header(name).and_then(|value| value.split(", ").find(|it| *it == "timer"));
        assert_eq!(invite.header("Session-Expires"), asked, "{timers}");
        assert_eq!((says("Require"), says("Supported")), (requires, supports), "{timers}");
        world.bye(out);
        let inward = world.dial(carrier, "+4930123");
        world.settle();
        assert_eq!(answer_of(&world, inward).header("Session-Expires"), answered, "{timers}");
        world.bye(inward);
        world.assert_clean();
    }
}

/// RFC 3261 §13.3.1: an INVITE that expires before its final response gets 487.
#[test]
fn an_invite_that_expires_while_it_rings_gets_487_and_the_phone_a_cancel() {
    let (mut world, carrier, phone) = office(9);
    world.agents[phone].manner = RING;
    let caller = world.dial_as(carrier, None, "+4930123", true, &["Expires: 20".to_owned()]);
    world.run_for(Duration::from_secs(19));
    assert_eq!(world.state(caller), State::Ringing);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.talk(caller).status(), 487);
    assert_eq!(world.agents[phone].requests("CANCEL").count(), 1);
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::NoAnswer, 487, Party::System));
}

#[test]
fn an_invite_that_is_answered_in_time_does_not_expire_later_and_a_next_peer_has_the_time_that_is_left() {
    let (mut world, carrier, phone) = office(9);
    let caller = world.dial_as(carrier, None, "+4930123", true, &["Expires: 5".to_owned()]);
    world.run_for(Duration::from_secs(60));
    assert!(world.talk(caller).is_up());
    world.bye(caller);
    world.settle();
    world.agents[carrier].manner = BUSY;
    let busy = world.dial_as(phone, None, "0301", true, &["Expires: 5".to_owned()]);
    world.settle();
    assert_eq!(world.talk(busy).status(), 486);
    world.assert_clean();
}

/// S20: every call has a hard end, whatever its far ends say or leave unsaid.
#[test]
fn a_call_that_nobody_ends_is_ended_after_a_day() {
    let (mut world, caller, callee) = up(&[]);
    world.run_for(Duration::from_secs(24 * 3_600 - 10));
    assert!(world.talk(caller).is_up());
    world.run_for(Duration::from_secs(20));
    assert!(world.talk(caller).bye.is_some() && world.talk(callee).bye.is_some());
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Timeout);
}
