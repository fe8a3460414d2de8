//! One call, several phones or proxies: one winner (RFC 3261 §13.2.2.4, §16.7).

use std::time::Duration;

use base::wire::Transport;
use base::{Cause, Party};
use sip_tests::{BUSY, EARLY, Line, RING, Reply, SILENT, State, World};

/// Extension 1001 on two phones, and a carrier that calls it.
fn two_phones() -> (World, usize, [usize; 2]) {
    let mut world = World::new(3);
    let carrier = world.trunk("carrier");
    let desk = world.phone_at("1001", "203.0.113.21:5060", Transport::Udp);
    let mobile = world.phone_at("1001", "203.0.113.22:5060", Transport::Udp);
    world.agents[mobile].name = "mobile".to_owned();
    world.agents[desk].manner = RING;
    world.agents[mobile].manner = RING;
    world.number("+4930123", "station:1001");
    world.set_up();
    for phone in [desk, mobile] {
        world.with_agent(phone, |agent, now| agent.register_user(now, "1001", 3_600));
        world.settle();
    }
    world.forget_ladder();
    (world, carrier, [desk, mobile])
}

fn ring_both(world: &mut World, carrier: usize, phones: [usize; 2]) -> (Line, [Line; 2]) {
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    (caller, phones.map(|phone| world.incoming(phone)))
}

#[test]
fn the_phone_that_answers_first_wins_and_the_other_learns_that_the_call_was_completed_elsewhere() {
    let (mut world, carrier, phones) = two_phones();
    let (caller, [desk, mobile]) = ring_both(&mut world, carrier, phones);
    world.say_with_body(mobile, 200);
    world.settle();
    assert!(world.hear_each_other(caller, mobile));
    assert_eq!(world.state(desk), State::Over);
    let cancel = world.agents[phones[0]].requests("CANCEL").next().expect("the loser was cancelled");
    assert_eq!(cancel.header("Reason"), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Caller));
}

#[test]
fn of_two_answers_at_once_the_second_is_acknowledged_and_ended() {
    let (mut world, carrier, phones) = two_phones();
    let (caller, [desk, mobile]) = ring_both(&mut world, carrier, phones);
    world.say_with_body(desk, 200);
    world.say_with_body(mobile, 200);
    world.settle();
    assert!(world.hear_each_other(caller, desk));
    assert_eq!((world.talk(mobile).acks, world.state(mobile)), (1, State::Over), "{}", world.ladder());
    world.bye(desk);
    world.settle();
    world.assert_clean();
}

#[test]
fn a_busy_phone_leaves_the_other_ringing_and_two_busy_phones_are_busy() {
    let (mut world, carrier, phones) = two_phones();
    world.agents[phones[0]].manner = BUSY;
    let (caller, [_, mobile]) = ring_both(&mut world, carrier, phones);
    assert_eq!(world.state(caller), State::Ringing);
    world.say(mobile, 486);
    world.settle();
    assert_eq!(world.talk(caller).status(), 486);
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Busy, 486, Party::Callee));
}

#[test]
fn a_phone_that_declines_for_everybody_ends_the_ringing_of_all() {
    let (mut world, carrier, phones) = two_phones();
    let (caller, [desk, mobile]) = ring_both(&mut world, carrier, phones);
    world.say(desk, 603);
    world.settle();
    assert_eq!((world.talk(caller).status(), world.state(mobile)), (603, State::Over));
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Declined, 603, Party::Callee));
}

#[test]
fn a_phone_that_has_vanished_does_not_keep_the_other_from_answering() {
    let (mut world, carrier, phones) = two_phones();
    world.agents[phones[0]].dead = true;
    let caller = world.dial(carrier, "+4930123");
    world.run_for(Duration::from_secs(15));
    let mobile = world.incoming(phones[1]);
    assert_eq!(world.state(mobile), State::Ringing);
    world.say_with_body(mobile, 200);
    world.settle();
    assert!(world.hear_each_other(caller, mobile));
    world.end_all();
    world.assert_clean();
}

#[test]
fn two_answers_of_a_forking_proxy_behind_a_trunk_give_one_call() {
    let mut world = World::new(3);
    let carrier = world.trunk("carrier");
    let far = world.trunk("far");
    world.number("+4930123", "trunk:far");
    world.agents[far].manner = RING;
    world.open(&[]);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let first = world.incoming(far);
    world.say_with_body(first, 200);
    let second = world.with_agent(far, |agent, now| agent.answer_as_fork(now, first.talk, "fork-2"));
    let second = Line { agent: far, talk: second };
    world.settle();
    assert!(world.hear_each_other(caller, first));
    assert_eq!((world.talk(second).acks, world.state(second)), (1, State::Over), "{}", world.ladder());
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn early_media_of_two_forks_is_heard_one_at_a_time_and_the_answer_decides() {
    let (mut world, carrier, phones) = two_phones();
    for phone in phones {
        world.agents[phone].manner = EARLY;
    }
    world.agents[phones[0]].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.run_for(Duration::from_millis(100));
    let [desk, mobile] = phones.map(|phone| world.incoming(phone));
    assert!(world.hear_each_other(caller, mobile), "the first to send media is heard");
    world.say_with_body(desk, 183);
    world.run_for(Duration::from_millis(50));
    assert!(world.hear_each_other(caller, mobile));
    world.say_with_body(desk, 200);
    world.settle();
    assert!(world.hear_each_other(caller, desk), "{}", world.ladder());
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_provisional_answer_with_another_tag_from_a_fork_is_taken_for_ringing() {
    let mut world = World::new(3);
    let (carrier, far) = (world.trunk("carrier"), world.trunk("far"));
    world.number("+4930123", "trunk:far");
    world.agents[far].manner = SILENT;
    world.open(&[]);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(far);
    for tag in ["fork-1", "fork-2"] {
        world.reply(callee, Reply { status: 180, tag: Some(tag.to_owned()), ..Reply::default() });
        world.settle();
    }
    world.say_with_body(callee, 200);
    world.settle();
    assert!(world.hear_each_other(caller, callee));
    world.end_all();
    world.assert_clean();
}

/// RFC 3261 §13.2.2.4: a 2xx nobody wants is acknowledged and ended along its own route set.
#[test]
fn a_stray_answer_is_ended_along_its_own_route_set_and_counts_on_after_its_pracks() {
    let mut world = World::new(4);
    let (carrier, far, proxy) = (world.trunk("carrier"), world.trunk("far"), world.trunk("proxy"));
    world.number("+4930123", "trunk:far");
    world.agents[far].manner = SILENT;
    world.open(&[]);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(far);
    let route = format!("Record-Route: <sip:{};lr>", world.agents[proxy].addr);
    let said = |status, tag: &str, rseq, headers| Reply {
        status,
        tag: Some(tag.to_owned()),
        rseq,
        headers,
        ..Reply::default()
    };
    world.reply(callee, said(180, "stray", Some(1), Vec::new()));
    world.settle();
    world.say_with_body(callee, 200);
    world.settle();
    assert!(world.hear_each_other(caller, callee));
    world.reply(callee, said(200, "stray", None, vec![route]));
    world.settle();
    let heard: Vec<_> =
        world.agents[proxy].heard.iter().map(|msg| (msg.method(), msg.to_tag(), msg.cseq().0)).collect();
    assert_eq!(heard, [(Some("ACK"), "stray", 1), (Some("BYE"), "stray", 3)], "{}", world.ladder());
    world.bye(caller);
    world.run_for(Duration::from_secs(40));
    world.assert_clean();
}

/// RFC 3261 §13.2.2.4: whatever cannot be read of a 2xx, it gets its ACK and a BYE, and its caller a refusal.
#[test]
fn an_answer_whose_contact_or_route_cannot_be_read_is_acknowledged_and_ended() {
    for bad in ["Record-Route: <sip:[nonsense;lr>", "Record-Route: \"x <"] {
        let mut world = World::new(5);
        let (carrier, far) = (world.trunk("carrier"), world.trunk("far"));
        world.number("+4930123", "trunk:far");
        world.agents[far].manner = SILENT;
        world.open(&[]);
        let caller = world.dial(carrier, "+4930123");
        world.settle();
        let callee = world.incoming(far);
        let body = world.body_for(callee);
        world.reply(callee, Reply { status: 200, body, headers: vec![bad.to_owned()], ..Reply::default() });
        world.settle();
        assert!(world.talk(caller).status() >= 400, "{}", world.ladder());
        assert_eq!(
            (world.talk(callee).acks, world.state(callee)),
            (1, State::Over),
            "{bad}:\n{}",
            world.ladder()
        );
        world.assert_clean();
    }
}
