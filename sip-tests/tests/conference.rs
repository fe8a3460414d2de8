//! Calls that are made into one, and people who are brought into them (features CROCO-42, BP-32, BP-33; E48, E49; RFC 5359
//! §2.10, §2.11).

use std::time::Duration;

use base::fact::{Conferring, What};
use base::media::{CollectEnd, CollectId, DigitBy, MediaCommand, MediaEvent};
use base::{CallId, CallOrder};
use call::ShardInput;
use sip_tests::{Line, RING, State, World};

/// Four phones and a carrier that can be called by 9….
fn office(seed: u64) -> (World, [usize; 4], usize) {
    let mut world = World::new(seed);
    let phones = ["1001", "1002", "1003", "1004"].map(|extension| world.phone(extension));
    let carrier = world.trunk("carrier");
    world.number("5550100", "station:1001");
    world.rule("^9", &["carrier"]);
    world.open(&phones);
    (world, phones, carrier)
}

fn press(world: &mut World, line: Line, keys: &str) {
    for digit in keys.chars() {
        let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
        let event = MediaEvent::Digit { port, digit, lasted: Duration::from_millis(90), by: DigitBy::Event };
        world.tell_media(usize::from(shard.0), event);
        world.settle();
        world.run_for(Duration::from_millis(200));
    }
}

/// What a phone is asked, and its answer.
fn choose(world: &mut World, line: Line, key: &str) {
    let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let collect: Option<CollectId> = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Collect { port: at, collect } = command else { return None };
        (*at == port).then_some(collect.id)
    });
    let collect = collect.expect("a question");
    let end = if key.is_empty() { CollectEnd::NoDigit } else { CollectEnd::Full };
    world.tell_media(usize::from(shard.0), MediaEvent::Collected { port, collect, digits: key.into(), end });
    world.run_for(Duration::from_secs(2));
}

/// Whether each hears the other, whoever else is there.
fn talk(world: &World, one: Line, other: Line) -> bool {
    let [one, other] = [one, other].map(|line| world.media.towards(world.talk(line).media));
    let (Some(one), Some(other)) = (one, other) else { return false };
    one.3.contains(&other.0) && other.3.contains(&one.0)
}

fn all_hear_each_other(world: &World, lines: &[Line]) {
    for (at, one) in lines.iter().enumerate() {
        for other in &lines[at + 1..] {
            assert!(talk(world, *one, *other), "{one:?} and {other:?}\n{}", world.ladder());
        }
    }
}

/// What was told of conferences, in order.
fn told(world: &World) -> Vec<Conferring> {
    let of = |fact: &base::fact::Fact| {
        let What::Conference { did, .. } = &fact.what else { return None };
        Some(*did)
    };
    world.facts.iter().filter_map(of).collect()
}

/// The live call of a line.
fn call_of(world: &World, line: Line) -> CallId {
    let sip = world.talk(line).call_id.clone();
    let fact = world.facts.iter().rev().find_map(|fact| {
        let (What::LegStarted { sip_call_id, .. }
        | What::LegCame { sip_call_id, .. }
        | What::CallStarted { sip_call_id, .. }) = &fact.what
        else {
            return None;
        };
        (*sip_call_id == sip).then_some(fact.call)
    });
    fact.expect("a call")
}

fn order(world: &mut World, call: CallId, order: CallOrder) {
    world.input(usize::from(call.shard().0), ShardInput::Order { call, order });
    world.run_for(Duration::from_secs(1));
}

/// A customer of ana's on hold, and bob on her second line.
fn two_lines(world: &mut World, phones: [usize; 4], carrier: usize) -> (Line, Line, Line, Line) {
    let customer = world.dial(carrier, "5550100");
    world.settle();
    let first = world.incoming(phones[0]);
    world.reinvite(first, "sendonly");
    world.settle();
    let (second, bob) = world.connect(phones[0], "1002", phones[1]);
    (customer, first, second, bob)
}

/// CROCO-42; RFC 5359 §2.10: the line in hand goes on, the held one ends, all three talk. The shards are any of three.
#[test]
fn a_phone_makes_its_two_lines_into_one_conference() {
    for seed in 0..8 {
        let (mut world, phones, carrier) = office(seed);
        let (customer, first, second, bob) = two_lines(&mut world, phones, carrier);
        press(&mut world, second, "*3");
        world.run_for(Duration::from_secs(1));
        all_hear_each_other(&world, &[customer, second, bob]);
        assert_eq!(world.state(first), State::Over, "seed {seed}\n{}", world.ladder());
        assert_eq!(told(&world), [Conferring::Asks, Conferring::Joined]);
        world.bye(second);
        world.settle();
        all_hear_each_other(&world, &[customer, bob]);
        world.bye(customer);
        world.settle();
        assert_eq!(world.state(bob), State::Over, "one who is left is left alone\n{}", world.ladder());
        world.assert_clean();
    }
}

/// E48: with several held calls the phone is asked which; 9 is all.
#[test]
fn a_phone_with_several_held_calls_is_asked_which_to_bring_in() {
    for (seed, key) in ["1", "2", "9", "7", ""].into_iter().enumerate() {
        let (mut world, phones, carrier) = office(40 + u64::try_from(seed).expect("small"));
        let (customer, first, second, bob) = two_lines(&mut world, phones, carrier);
        world.reinvite(second, "sendonly");
        world.settle();
        let (third, carl) = world.connect(phones[0], "1003", phones[2]);
        press(&mut world, third, "*3");
        choose(&mut world, third, key);
        let over = [first, second].map(|line| world.state(line) == State::Over);
        match key {
            "1" => all_hear_each_other(&world, &[customer, third, carl]),
            "2" => all_hear_each_other(&world, &[bob, third, carl]),
            "9" => all_hear_each_other(&world, &[customer, bob, third, carl]),
            _ => all_hear_each_other(&world, &[third, carl]),
        }
        let expected = [matches!(key, "1" | "9"), matches!(key, "2" | "9")];
        assert_eq!(over, expected, "key {key}\n{}", world.ladder());
        for line in [customer, bob, carl, first, second, third] {
            if world.state(line) == State::Up {
                world.bye(line);
                world.settle();
            }
        }
        world.assert_clean();
    }
}

/// BP-32, single-step: nobody waits, and whoever is added hears nothing before being in. E49: the host ends it for all.
#[test]
fn a_colleague_is_rung_into_the_talk_and_the_host_ends_it_for_all() {
    let (mut world, phones, carrier) = office(60);
    let customer = world.dial(carrier, "5550100");
    world.settle();
    let ana = world.incoming(phones[0]);
    world.agents[phones[1]].manner = RING;
    press(&mut world, ana, "*21002#");
    press(&mut world, ana, "*3");
    assert!(world.hear_each_other(customer, ana), "nobody waits\n{}", world.ladder());
    let bob = world.incoming(phones[1]);
    world.say_with_body(bob, 200);
    world.settle();
    all_hear_each_other(&world, &[customer, ana, bob]);
    let call = call_of(&world, ana);
    order(&mut world, call, CallOrder::Invite { leg: 1, to: "1003".to_owned() });
    let carl = world.incoming(phones[2]);
    all_hear_each_other(&world, &[customer, ana, bob, carl]);
    press(&mut world, ana, "*#");
    assert_eq!(world.state(carl), State::Over, "who came last is taken out");
    all_hear_each_other(&world, &[customer, ana, bob]);
    press(&mut world, ana, "*9");
    world.settle();
    for line in [customer, ana, bob] {
        assert_eq!(world.state(line), State::Over, "{}", world.ladder());
    }
    assert_eq!(told(&world).last(), Some(&Conferring::Ended));
    world.assert_clean();
}

/// BP-32: whoever refuses is not in it, and the others talk on.
#[test]
fn an_invitation_that_is_refused_leaves_the_others_as_they_were() {
    let (mut world, phones, carrier) = office(61);
    let customer = world.dial(carrier, "5550100");
    world.settle();
    let ana = world.incoming(phones[0]);
    let call = call_of(&world, ana);
    order(&mut world, call, CallOrder::Invite { leg: 1, to: "1999".to_owned() });
    order(&mut world, call, CallOrder::Invite { leg: 1, to: "9555".to_owned() });
    let outside = world.incoming(carrier);
    all_hear_each_other(&world, &[customer, ana, outside]);
    world.bye(outside);
    world.settle();
    assert!(world.hear_each_other(customer, ana), "{}", world.ladder());
    world.bye(ana);
    world.settle();
    world.assert_clean();
}

/// E49: with `ends_with_host` all goes with the host, otherwise the others go on.
#[test]
fn a_conference_ends_with_its_host_where_it_is_set_up_so() {
    for ends in [false, true] {
        let (mut world, phones, carrier) = office(62);
        world.directory.stations.get_mut("1001").expect("a station").ends_with_host = ends;
        world.set_up();
        let (customer, _, second, bob) = two_lines(&mut world, phones, carrier);
        press(&mut world, second, "*3");
        world.run_for(Duration::from_secs(1));
        world.bye(second);
        world.settle();
        assert_eq!(world.state(customer) == State::Over, ends, "{}", world.ladder());
        assert_eq!(world.state(bob) == State::Over, ends);
        if !ends {
            world.bye(bob);
            world.settle();
        }
        world.assert_clean();
    }
}

/// Two calls with nobody in common are made into one by the API.
#[test]
fn two_calls_are_made_into_one_by_the_api() {
    for seed in 70..76 {
        let (mut world, phones, _) = office(seed);
        let (ana, bob) = world.connect(phones[0], "1002", phones[1]);
        let (carl, dora) = world.connect(phones[2], "1004", phones[3]);
        let (one, other) = (call_of(&world, ana), call_of(&world, carl));
        order(&mut world, one, CallOrder::Merge { with: other });
        all_hear_each_other(&world, &[ana, bob, carl, dora]);
        for line in [ana, carl, bob] {
            world.bye(line);
            world.settle();
        }
        assert_eq!(world.state(dora), State::Over, "seed {seed}\n{}", world.ladder());
        world.assert_clean();
    }
}

/// Hang-ups and holds at any moment of a merge, on a network that loses one in ten: nobody is left alone, nothing leaks.
#[test]
fn merges_race_with_hang_ups_and_leave_nobody_alone() {
    for seed in 0..60_u64 {
        let (mut world, phones, carrier) = office(1_000 + seed);
        let (customer, first, second, bob) = two_lines(&mut world, phones, carrier);
        for link in &mut world.links {
            link.lost = 100;
        }
        press(&mut world, second, "*");
        let who = [customer, first, second, bob][usize::try_from(seed % 4).expect("small")];
        let (port, shard, ..) = world.media.towards(world.talk(second).media).expect("a port");
        let key =
            MediaEvent::Digit { port, digit: '3', lasted: Duration::from_millis(90), by: DigitBy::Event };
        world.tell_media(usize::from(shard.0), key);
        world.run_for(Duration::from_millis(seed * 7 % 150));
        if world.state(who) == State::Up {
            world.bye(who);
        }
        world.run_for(Duration::from_secs(40));
        let up: Vec<Line> =
            [customer, first, second, bob].into_iter().filter(|it| world.state(*it) == State::Up).collect();
        assert_ne!(up.len(), 1, "seed {seed}: somebody is alone\n{}", world.ladder());
        for line in up {
            world.bye(line);
        }
        world.run_for(Duration::from_secs(40));
        world.assert_clean();
    }
}
