//! Media before the answer (RFC 3960).

use std::time::Duration;

use base::fact::What;
use sip_tests::{EARLY, Line, Reply, SILENT, State, World, body, office};

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

/// A carrier's proxy that forks: what it says under each tag.
fn forked(seed: u64, headers: &[String]) -> (World, Line, Line) {
    let mut world = World::new(seed);
    let (carrier, far) = (world.trunk("carrier"), world.trunk("far"));
    world.number("+4930123", "trunk:far");
    world.agents[far].manner = SILENT;
    world.open(&[]);
    let caller = world.dial_as(carrier, None, "+4930123", true, headers);
    world.settle();
    let callee = world.incoming(far);
    world.forget_ladder();
    (world, caller, callee)
}

/// A response of the fork with this tag, whose audio is at this port.
fn fork_says(world: &mut World, callee: Line, status: u16, tag: &str, port: u16, rseq: Option<u32>) {
    let mut at = world.talk(callee).media;
    at.set_port(port);
    let body = if port == 0 { String::new() } else { body(at, 1, "sendrecv") };
    world.reply(callee, Reply { status, body, tag: Some(tag.to_owned()), rseq, ..Reply::default() });
    world.settle();
}

fn tags_heard(world: &World, line: Line, statuses: std::ops::Range<u16>) -> Vec<String> {
    let said = world.agents[line.agent].heard.iter();
    let said = said.filter(|msg| msg.status().is_some_and(|status| statuses.contains(&status)));
    let mut tags: Vec<String> =
        said.filter(|msg| msg.cseq().1 == "INVITE").map(|msg| msg.to_tag().to_owned()).collect();
    tags.dedup();
    tags
}

/// Whom the caller hears: the address that the port it listens to sends to.
fn heard_at(world: &World, caller: Line) -> Vec<u16> {
    let (_, _, _, hears) = world.media.towards(world.talk(caller).media).expect("the caller has a port");
    hears.iter().filter_map(|port| world.media.far_end_of(*port)).map(|at| at.port()).collect()
}

/// RFC 3960 §3.1, RFC 3261 §13.2.2.4: the first fork that sends media is heard, the one that answers in the end.
#[test]
fn of_two_forks_with_early_media_the_first_is_heard_and_the_answer_switches() {
    let (mut world, caller, callee) = forked(7, &[]);
    fork_says(&mut world, callee, 183, "one", 41_000, None);
    fork_says(&mut world, callee, 183, "two", 42_000, None);
    assert_eq!(heard_at(&world, caller), [41_000], "{}", world.ladder());
    assert_eq!(tags_heard(&world, caller, 101..200).len(), 1, "one early dialog with media at a time");
    fork_says(&mut world, callee, 200, "two", 42_000, None);
    assert_eq!(heard_at(&world, caller), [42_000], "{}", world.ladder());
    let (early, answer) = (tags_heard(&world, caller, 101..200), tags_heard(&world, caller, 200..201));
    assert_ne!(early, answer, "another fork is another dialog");
    world.bye(caller);
    world.settle();
    world.agents[callee.agent].talks[callee.talk].state = State::Over;
    world.assert_clean();
}

/// RFC 6228: 199 says that a fork is over; the next with media is heard, in an early dialog of its own.
#[test]
fn a_199_ends_the_early_media_of_its_fork_and_the_next_is_heard() {
    let (mut world, caller, callee) = forked(8, &[]);
    fork_says(&mut world, callee, 183, "one", 41_000, None);
    fork_says(&mut world, callee, 183, "two", 42_000, None);
    fork_says(&mut world, callee, 199, "one", 0, None);
    assert_eq!(heard_at(&world, caller), [42_000], "{}", world.ladder());
    assert_eq!(tags_heard(&world, caller, 101..200).len(), 2);
    assert!(world.agents[caller.agent].heard.iter().all(|msg| msg.status() != Some(199)), "it is consumed");
    fork_says(&mut world, callee, 200, "two", 42_000, None);
    assert_eq!(heard_at(&world, caller), [42_000], "{}", world.ladder());
    assert_eq!(tags_heard(&world, caller, 101..201).len(), 2, "the answer is in the second early dialog");
    insta::assert_snapshot!(world.ladder());
    world.bye(caller);
    world.settle();
    world.agents[callee.agent].talks[callee.talk].state = State::Over;
    world.assert_clean();
}

/// RFC 3262 §4: each early dialog counts its own RSeq, and each PRACK goes into its own.
#[test]
fn reliable_responses_of_two_forks_are_acknowledged_each_in_its_own_dialog() {
    let (mut world, caller, callee) = forked(9, &[]);
    fork_says(&mut world, callee, 183, "one", 41_000, Some(900));
    fork_says(&mut world, callee, 180, "two", 0, Some(5));
    let pracks: Vec<(String, String)> = world.agents[callee.agent]
        .requests("PRACK")
        .map(|msg| (msg.to_tag().to_owned(), msg.must("RAck").to_owned()))
        .collect();
    let expected = [("one", "900 1 INVITE"), ("two", "5 1 INVITE")];
    assert_eq!(pracks, expected.map(|(tag, rack)| (tag.to_owned(), rack.to_owned())), "{}", world.ladder());
    fork_says(&mut world, callee, 200, "two", 42_000, None);
    assert_eq!(heard_at(&world, caller), [42_000], "{}", world.ladder());
    world.bye(caller);
    world.settle();
    let bye = world.agents[callee.agent].requests("BYE").next().expect("a BYE");
    assert_eq!(
        (bye.to_tag(), bye.cseq().0),
        ("two", 3),
        "INVITE, PRACK, BYE of this dialog:\n{}",
        world.ladder()
    );
    world.agents[callee.agent].talks[callee.talk].state = State::Over;
    world.assert_clean();
}

/// A carrier whose gateway plays an announcement and then fails: the next one is heard.
#[test]
fn the_early_media_of_the_next_gateway_is_heard_after_the_first_has_failed() {
    let mut world = World::new(10);
    let (carrier, first, second) = (world.trunk("carrier"), world.trunk("first"), world.trunk("second"));
    world.number("+4930123", "trunk:first");
    let peers = [first, second].map(|agent| world.agents[agent].addr);
    world.edit_trunk("first", |trunk| {
        let [one, two] = peers;
        let peer = |uri: String, priority| provision::Peer { uri, priority, weight: 1 };
        trunk.peers = vec![peer(format!("sip:{one}"), 0), peer(format!("sip:{two}"), 1)];
    });
    for agent in [first, second] {
        world.agents[agent].manner = SILENT;
    }
    world.open(&[]);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let one = world.incoming(first);
    world.say_with_body(one, 183);
    world.settle();
    assert!(world.hear_each_other(caller, one));
    world.say(one, 503);
    world.settle();
    let two = world.incoming(second);
    world.say_with_body(two, 183);
    world.settle();
    assert!(world.hear_each_other(caller, two), "{}", world.ladder());
    assert_eq!(tags_heard(&world, caller, 183..184).len(), 2, "RFC 3261 §12.1: another early dialog");
    world.say_with_body(two, 200);
    world.settle();
    world.end_all();
    world.assert_clean();
}

/// RFC 6337 §2.2: what was answered reliably is not answered again when the callee says it once more.
#[test]
fn early_media_that_is_said_again_reliably_is_acknowledged_and_not_told_twice() {
    let abilities = sip_tests::abilities();
    let (mut world, caller, callee) = forked(11, &abilities);
    fork_says(&mut world, callee, 183, "one", 41_000, None);
    fork_says(&mut world, callee, 183, "one", 41_000, Some(1));
    assert_eq!(world.talk(caller).rseqs.len(), 1, "{}", world.ladder());
    assert_eq!(world.agents[callee.agent].requests("PRACK").count(), 1, "{}", world.ladder());
    fork_says(&mut world, callee, 200, "one", 41_000, None);
    assert_eq!(heard_at(&world, caller), [41_000]);
    world.bye(caller);
    world.settle();
    world.agents[callee.agent].talks[callee.talk].state = State::Over;
    world.assert_clean();
}

/// What an agent heard of its INVITE beside 100 and refusals.
fn told(world: &World, agent: usize) -> Vec<u16> {
    let answers = world.agents[agent].heard.iter().filter(|msg| msg.cseq().1 == "INVITE");
    answers.filter_map(sip_tests::Msg::status).filter(|status| (101..300).contains(status)).collect()
}

/// RFC 3261 §13.3.1.1.
#[test]
fn a_caller_that_waits_hears_every_minute_that_it_still_rings() {
    for (seconds, heard) in [(75, 2), (130, 3)] {
        let (mut world, carrier, phone) = office(91);
        world.agents[carrier].manner = sip_tests::RING;
        let caller = world.dial(phone, "0301");
        world.settle();
        world.run_for(Duration::from_secs(seconds));
        assert_eq!(told(&world, phone), vec![180; heard], "{}", world.ladder());
        let callee = world.incoming(carrier);
        world.say_with_body(callee, 200);
        world.settle();
        world.run_for(Duration::from_secs(70));
        assert_eq!(told(&world, phone).len(), heard + 1, "nothing after the answer");
        world.bye(caller);
        world.settle();
        world.assert_clean();
    }
}

/// RFC 3261 §13.3.1.1, RFC 3262 §3: who takes reliable responses alone gets a fresh one.
#[test]
fn a_caller_that_takes_reliable_responses_alone_hears_it_in_a_reliable_one() {
    let (mut world, carrier, phone) = office(92);
    world.agents[carrier].manner = sip_tests::RING;
    world.able(&[phone]);
    let required = sip_tests::abilities().into_iter().chain(["Require: 100rel".to_owned()]);
    let caller = world.dial_as(phone, None, "0301", true, &required.collect::<Vec<_>>());
    world.run_for(Duration::from_secs(130));
    assert_eq!(told(&world, phone), [180; 3], "{}", world.ladder());
    assert_eq!(world.talk(caller).pracks, [200; 3]);
    world.cancel(caller);
    world.settle();
    world.assert_clean();
}

/// RFC 3261 §21.1.3, §21.1.4.
#[test]
fn a_caller_hears_that_its_call_is_queued_and_rings_again_and_no_repetition() {
    let (mut world, carrier, phone) = office(93);
    world.agents[carrier].manner = SILENT;
    let caller = world.dial(phone, "0301");
    world.settle();
    let callee = world.incoming(carrier);
    for status in [180, 180, 181, 182, 182, 180] {
        world.say(callee, status);
        world.settle();
    }
    assert_eq!(told(&world, phone), [180, 181, 182, 180], "{}", world.ladder());
    world.cancel(caller);
    world.settle();
    world.assert_clean();
}
