//! Peers that fail, phones that are not there, and what the caller is told (RFC 3263 §4.3, RFC 3261 §16.7).

use std::time::Duration;

use base::wire::Transport;
use base::{Cause, Party};
use provision::Peer;
use sip_tests::{ANSWER, BUSY, Manner, SILENT, State, World, office};

const UNAVAILABLE: Manner = &[(0, 100), (10, 503)];

/// A phone 1001 and a carrier with two peers, the second of lower priority.
fn two_peers(first: Manner) -> (World, usize, usize, usize) {
    let mut world = World::new(4);
    let one = world.trunk("carrier");
    let two = world.agent("second", "198.51.100.99:5060", Transport::Udp);
    world.edit_trunk("carrier", |trunk| {
        trunk.peers.push(Peer { uri: "sip:198.51.100.99:5060".to_owned(), priority: 1, weight: 10 });
    });
    let phone = world.phone("1001");
    world.rule("^0", &["carrier"]);
    world.agents[one].manner = first;
    world.open(&[phone]);
    (world, phone, one, two)
}

#[test]
fn a_peer_that_answers_503_is_followed_by_the_next() {
    let (mut world, phone, one, two) = two_peers(UNAVAILABLE);
    let (caller, callee) = world.connect(phone, "0301", two);
    assert_eq!(world.agents[one].requests("INVITE").count(), 1);
    assert!(world.hear_each_other(caller, callee));
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn a_peer_that_says_nothing_is_left_after_failover_secs() {
    let (mut world, phone, one, two) = two_peers(SILENT);
    world.agents[one].dead = true;
    let caller = world.dial(phone, "0301");
    world.run_for(Duration::from_millis(2_900));
    assert!(world.agents[two].talks.is_empty());
    world.run_for(Duration::from_millis(1_000));
    let callee = world.incoming(two);
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_peer_that_answers_408_or_500_is_followed_by_the_next() {
    const FAILURES: [Manner; 4] = [&[(0, 408)], &[(0, 500)], &[(0, 502)], &[(0, 504)]];
    for manner in FAILURES {
        let (mut world, phone, _, two) = two_peers(manner);
        let (caller, _) = world.connect(phone, "0301", two);
        world.bye(caller);
        world.settle();
        world.assert_clean();
    }
}

#[test]
fn a_late_answer_of_a_peer_that_was_given_up_is_acknowledged_and_ended() {
    let (mut world, phone, one, two) = two_peers(SILENT);
    let caller = world.dial(phone, "0301");
    world.run_for(Duration::from_secs(5));
    let late = world.incoming(one);
    world.say_with_body(late, 200);
    world.settle();
    assert_eq!((world.talk(late).acks, world.state(late)), (1, State::Over), "{}", world.ladder());
    let callee = world.incoming(two);
    assert!(world.hear_each_other(caller, callee));
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_callee_who_is_busy_is_busy_at_every_peer() {
    let (mut world, phone, _, two) = two_peers(BUSY);
    let caller = world.dial(phone, "0301");
    world.settle();
    assert_eq!(world.talk(caller).status(), 486);
    assert!(world.agents[two].talks.is_empty());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Busy, 486, Party::Callee));
}

#[test]
fn a_peer_that_failed_three_times_is_passed_over_for_a_while() {
    let (mut world, phone, one, two) = two_peers(UNAVAILABLE);
    for _ in 0..4 {
        let (caller, _) = world.connect(phone, "0301", two);
        world.bye(caller);
        world.settle();
    }
    let tried = world.agents[one].requests("INVITE").count();
    world.agents[one].manner = ANSWER;
    world.run_for(Duration::from_secs(120));
    world.connect(phone, "0301", one);
    assert!(tried <= 4, "{tried}");
    world.end_all();
    world.assert_clean();
}

#[test]
fn when_every_peer_fails_the_caller_is_told_so_and_the_next_trunk_is_tried_first() {
    let mut world = World::new(4);
    let (one, two) = (world.trunk("one"), world.trunk("two"));
    let phone = world.phone("1001");
    world.rule("^0", &["one", "two"]);
    world.agents[one].manner = UNAVAILABLE;
    world.open(&[phone]);
    let (caller, _) = world.connect(phone, "0301", two);
    world.bye(caller);
    world.settle();
    world.agents[two].manner = UNAVAILABLE;
    let caller = world.dial(phone, "0301");
    world.settle();
    assert_eq!(world.talk(caller).status(), 503);
    world.assert_clean();
}

#[test]
fn peers_of_one_priority_share_calls_by_weight() {
    let (mut world, phone, one, two) = two_peers(BUSY);
    world.agents[two].manner = BUSY;
    world.edit_trunk("carrier", |trunk| {
        (trunk.peers[0].weight, trunk.peers[1].weight) = (30, 10);
        trunk.peers[1].priority = 0;
    });
    world.set_up();
    for _ in 0..80 {
        world.dial(phone, "0301");
        world.settle();
    }
    let (most, least) =
        (world.agents[one].requests("INVITE").count(), world.agents[two].requests("INVITE").count());
    assert_eq!(most + least, 80);
    assert!((45..=75).contains(&most), "{most} of 80");
    world.assert_clean();
}

#[test]
fn a_peer_named_by_host_is_tried_at_all_its_addresses() {
    let (mut world, phone, one, two) = two_peers(UNAVAILABLE);
    world
        .names
        .insert("gw.carrier.test".to_owned(), vec![world.agents[one].addr.ip(), world.agents[two].addr.ip()]);
    world.edit_trunk("carrier", |trunk| {
        trunk.peers = vec![Peer { uri: "sip:gw.carrier.test".to_owned(), priority: 0, weight: 10 }];
    });
    world.set_up();
    world.run_for(Duration::from_secs(2));
    let (caller, callee) = world.connect(phone, "0301", two);
    assert_eq!(world.talk(callee).invite.uri(), Some("sip:0301@gw.carrier.test"));
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

#[test]
fn a_registered_phone_that_has_vanished_is_given_up_soon() {
    let (mut world, carrier, phone) = office(4);
    world.agents[phone].dead = true;
    let caller = world.dial(carrier, "+4930123");
    world.run_for(Duration::from_secs(12));
    assert_eq!((world.state(caller), world.talk(caller).status()), (State::Over, 480));
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::NoResponse);
}

#[test]
fn a_phone_that_is_not_registered_gets_480_for_its_callers() {
    let (mut world, carrier, phone) = office(4);
    world.with_agent(phone, |agent, now| agent.register(now, 0));
    world.settle();
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert_eq!(world.talk(caller).status(), 480);
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::NotRegistered, 480, Party::System));
}

#[test]
fn what_a_phone_refuses_with_reaches_the_caller_in_words_meant_for_it() {
    let told =
        [(486, 486), (603, 603), (302, 480), (401, 403), (404, 404), (488, 488), (600, 600), (487, 487)];
    for (said, heard) in told {
        let (mut world, carrier, phone) = office(4);
        world.agents[phone].manner = SILENT;
        let caller = world.dial(carrier, "+4930123");
        world.settle();
        let callee = world.incoming(phone);
        world.say(callee, said);
        world.settle();
        assert_eq!(world.talk(caller).status(), heard, "for {said}");
        world.assert_clean();
    }
}

#[test]
fn a_phone_that_rings_too_long_is_cancelled_and_the_caller_told_480() {
    let (mut world, carrier, phone) = office(4);
    world.agents[phone].manner = sip_tests::RING;
    let caller = world.dial(carrier, "+4930123");
    world.run_for(Duration::from_secs(61));
    assert_eq!(world.talk(caller).status(), 480);
    let callee = world.incoming(phone);
    assert_eq!(world.state(callee), State::Over);
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::NoAnswer);
}
