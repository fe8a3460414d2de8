//! Taking a call that rings elsewhere: by code, by Replaces, by the API (issue "What a phone can do"; RFC 5359 §2.16,
//! RFC 3891).

use std::time::Duration;

use base::CallOrder;
use base::fact::What;
use call::ShardInput;
use sip_tests::{Line, Link, RING, State, World};

/// Three phones that ring without answering, and a carrier whose number leads to the first.
fn office(seed: u64) -> (World, [usize; 3], usize) {
    let mut world = World::new(seed);
    let phones = ["1001", "1002", "1003"].map(|extension| world.phone(extension));
    let carrier = world.trunk("carrier");
    world.number("5550100", "station:1001");
    world.open(&phones);
    world.agents[phones[0]].manner = RING;
    (world, phones, carrier)
}

fn picked_up(world: &World) -> Vec<String> {
    let at = |fact: &base::fact::Fact| {
        let What::PickedUp { at, .. } = &fact.what else { return None };
        Some(at.clone())
    };
    world.facts.iter().filter_map(at).collect()
}

fn part(mut world: World, lines: &[Line]) {
    for line in lines {
        if world.state(*line) == State::Up {
            world.bye(*line);
            world.settle();
        }
    }
    world.run_for(Duration::from_secs(60));
    world.assert_clean();
}

/// RFC 5359 §2.16: the phone that rang is told why it rings no more.
#[test]
fn a_colleague_takes_a_call_that_rings_at_another_phone() {
    for seed in 0..6 {
        let (mut world, [ana, bob, _], carrier) = office(seed);
        let customer = world.dial(carrier, "5550100");
        world.settle();
        let taken = world.dial(bob, "*881001");
        world.run_for(Duration::from_secs(2));
        assert_eq!(world.state(taken), State::Up, "{}", world.ladder());
        assert!(world.hear_each_other(customer, taken), "seed {seed}\n{}", world.ladder());
        let rang = world.incoming(ana);
        assert_eq!(world.state(rang), State::Over);
        let cancel = world.agents[ana].requests("CANCEL").next().expect("a CANCEL");
        assert_eq!(cancel.header("Reason"), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
        assert_eq!(picked_up(&world), ["1001"]);
        part(world, &[customer, taken]);
    }
}

#[test]
fn one_code_takes_what_has_rung_longest_in_the_group() {
    let (mut world, [_, bob, cid], carrier) = office(20);
    world.number("5550101", "station:1002");
    world.set_up();
    world.agents[bob].manner = RING;
    let first = world.dial(carrier, "5550100");
    world.run_for(Duration::from_secs(1));
    let second = world.dial(carrier, "5550101");
    world.run_for(Duration::from_secs(1));
    let taken = world.dial(cid, "*8");
    world.run_for(Duration::from_secs(1));
    assert!(world.hear_each_other(first, taken), "{}", world.ladder());
    assert_ne!(world.state(second), State::Up);
    world.bye(taken);
    world.settle();
    let taken = world.dial(cid, "*8");
    world.run_for(Duration::from_secs(1));
    assert!(world.hear_each_other(second, taken), "{}", world.ladder());
    assert_eq!(picked_up(&world), ["1001", "1002"]);
    part(world, &[taken]);
}

#[test]
fn whoever_is_in_another_group_takes_nothing() {
    let (mut world, [ana, bob, cid], carrier) = office(21);
    world.directory.stations.get_mut("1001").expect("ana").pickup_group = "sales".to_owned();
    world.directory.stations.get_mut("1003").expect("cid").pickup_group = "sales".to_owned();
    world.set_up();
    let customer = world.dial(carrier, "5550100");
    world.settle();
    for code in ["*881001", "*8"] {
        let refused = world.dial(bob, code);
        world.run_for(Duration::from_secs(10));
        assert_eq!(world.state(refused), State::Over, "{}", world.ladder());
    }
    let rang = world.incoming(ana);
    let talk = world.talk(rang).clone();
    let replaces = |from: &str, to: &str| format!("Replaces: {};to-tag={to};from-tag={from}", talk.call_id);
    let (ours, theirs) = (talk.remote_tag.clone(), talk.local_tag.clone());
    let refused = world.dial_as(bob, None, "1001", true, &[replaces(&theirs, &ours)]);
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.state(refused), State::Over, "{}", world.ladder());
    assert_eq!(picked_up(&world), Vec::<String>::new());
    let taken = world.dial_as(cid, None, "1001", true, &[replaces(&theirs, &ours)]);
    world.run_for(Duration::from_secs(1));
    assert!(world.hear_each_other(customer, taken), "{}", world.ladder());
    assert_eq!(picked_up(&world), ["1001"]);
    part(world, &[customer]);
}

/// Two press the code at once: one talks, the other is told; nothing is left of either.
#[test]
fn of_two_who_pick_up_at_once_one_has_the_call() {
    for seed in 30..42 {
        let (mut world, [_, bob, cid], carrier) = office(seed);
        for agent in [bob, cid, carrier] {
            let link = Link {
                delay: Duration::from_millis(5),
                jitter: Duration::from_millis(40),
                lost: 60,
                doubled: 60,
            };
            world.links[agent] = link;
        }
        let customer = world.dial(carrier, "5550100");
        world.run_for(Duration::from_secs(3));
        let both = [world.dial(bob, "*881001"), world.dial(cid, "*8")];
        world.run_for(Duration::from_secs(6));
        let up: Vec<Line> = both.into_iter().filter(|line| world.state(*line) == State::Up).collect();
        assert_eq!(up.len(), 1, "seed {seed}\n{}", world.ladder());
        assert!(world.hear_each_other(customer, up[0]), "seed {seed}\n{}", world.ladder());
        part(world, &[customer, up[0]]);
    }
}

/// At each step of a pickup somebody hangs up: nobody is left alone in a call.
#[test]
fn whoever_hangs_up_during_a_pickup_leaves_nobody_alone() {
    for step in 0..30 {
        for who in 0..2 {
            let (mut world, [ana, bob, _], carrier) = office(50 + step);
            let customer = world.dial(carrier, "5550100");
            world.run_for(Duration::from_secs(1));
            let taken = world.dial(bob, "*881001");
            world.run_for(Duration::from_millis(4 * step));
            let quits = [customer, taken][who];
            if world.state(quits) == State::Up {
                world.bye(quits)
            } else {
                world.cancel(quits)
            };
            world.run_for(Duration::from_secs(120));
            let all = [customer, taken, world.incoming(ana)];
            let states = all.map(|line| world.state(line));
            assert_eq!(states, [State::Over; 3], "step {step}, {who}\n{}", world.ladder());
            world.assert_clean();
        }
    }
}

/// A picker whose phone makes no offer, and one with another codec.
#[test]
fn a_picker_may_offer_late() {
    let (mut world, [_, bob, _], carrier) = office(90);
    let customer = world.dial(carrier, "5550100");
    world.settle();
    let taken = world.dial_as(bob, None, "*881001", false, &[]);
    world.run_for(Duration::from_secs(3));
    assert!(world.hear_each_other(customer, taken), "{}", world.ladder());
    part(world, &[customer]);
}

#[test]
fn a_caller_who_offers_late_is_picked_up_too() {
    let (mut world, [_, bob, _], carrier) = office(91);
    let customer = world.dial_as(carrier, None, "5550100", false, &[]);
    world.settle();
    let taken = world.dial(bob, "*881001");
    world.run_for(Duration::from_secs(3));
    assert!(world.hear_each_other(customer, taken), "{}", world.ladder());
    part(world, &[customer]);
}

#[test]
fn a_code_for_what_does_not_ring_is_refused() {
    let (mut world, [_, bob, _], _) = office(92);
    for code in ["*881001", "*8", "*889999"] {
        let refused = world.dial(bob, code);
        world.run_for(Duration::from_secs(10));
        assert_eq!(world.state(refused), State::Over, "{code}\n{}", world.ladder());
    }
    part(world, &[]);
}

#[test]
fn the_api_gives_a_call_that_rings_to_a_station() {
    let (mut world, [ana, bob, _], carrier) = office(93);
    let customer = world.dial(carrier, "5550100");
    world.settle();
    let call =
        world.facts.iter().rev().find(|fact| matches!(fact.what, What::CallStarted { .. })).expect("it");
    let (call, order) = (call.call, CallOrder::PickUp { station: "1002".to_owned() });
    world.input(usize::from(call.shard().0), ShardInput::Order { call, order });
    world.run_for(Duration::from_secs(1));
    let taken = world.incoming(bob);
    assert!(world.hear_each_other(customer, taken), "{}", world.ladder());
    assert_eq!(world.state(world.incoming(ana)), State::Over);
    part(world, &[customer]);
}
