//! Random calls over networks that lose, double and reorder: whatever happens, nothing is left behind.

use std::time::Duration;

use base::Entropy;
use base::testing::Seeded;
use base::wire::Transport;
use sip_tests::{ANSWER, BUSY, EARLY, Line, Link, Pracks, RING, State, World, abilities, office};

/// One random ringing of two phones over a bad network: anybody may answer, refuse, hang up or vanish.
fn fork(seed: u64) {
    let mut rng = Seeded::new(seed);
    let mut world = World::new(seed);
    let carrier = world.trunk("carrier");
    let desk = world.phone_at("1001", "203.0.113.21:5060", Transport::Udp);
    let mobile = world.phone_at("1001", "203.0.113.22:5060", Transport::Udp);
    world.agents[mobile].name = "mobile".to_owned();
    world.number("+4930123", "station:1001");
    world.open(&[desk, mobile]);
    for agent in [carrier, desk, mobile] {
        world.links[agent] = Link {
            jitter: Duration::from_millis(rng.below(200)),
            lost: rng.below(200),
            doubled: 50,
            ..Link::GOOD
        };
        world.agents[agent].manner =
            [RING, ANSWER, EARLY, BUSY][usize::try_from(rng.below(4)).expect("small")];
    }
    let caller = world.dial(carrier, "+4930123");
    for _ in 0..rng.below(5) {
        world.run_for(Duration::from_millis(rng.below(1_500)));
        let agent = [carrier, desk, mobile][usize::try_from(rng.below(3)).expect("small")];
        let Some(talk) = world.agents[agent].talks.len().checked_sub(1) else { continue };
        let line = Line { agent, talk };
        match rng.below(6) {
            0 if line == caller && world.talk(line).status() < 200 => world.cancel(line),
            1 if world.talk(line).is_up() => world.bye(line),
            2 if world.talk(line).is_up() => world.reinvite(line, "inactive"),
            3 if world.talk(line).is_open() => world.say_with_body(line, 200),
            4 if world.talk(line).is_open() => world.say(line, 603),
            5 if line != caller => world.agents[agent].dead = true,
            _ => {}
        }
    }
    world.run_for(Duration::from_secs(100));
    world.end_all();
    world.cancel(caller);
    world.run_for(Duration::from_secs(100));
    world.assert_clean();
}

#[test]
fn a_hundred_forked_calls_over_a_bad_network_leave_nothing_behind() {
    (1_000..1_100).for_each(fork);
}

/// One random visit: a call over a bad network, and somebody who acts at a random moment.
fn visit(seed: u64) {
    let mut rng = Seeded::new(seed);
    let (mut world, carrier, phone) = office(seed);
    let link = Link {
        delay: Duration::from_millis(5),
        jitter: Duration::from_millis(rng.below(300)),
        lost: 50 + rng.below(151),
        doubled: rng.below(100),
    };
    world.links[carrier] = link;
    world.links[phone] = link;
    if rng.below(3) == 0 {
        world.agents[phone].manner = RING;
    }
    let outward = rng.below(2) == 0;
    let with_offer = rng.below(4) > 0;
    let (from, to, number) = if outward { (phone, carrier, "0301") } else { (carrier, phone, "+4930123") };
    let caller = world.dial_as(from, None, number, with_offer, &[]);
    for _ in 0..rng.below(4) {
        world.run_for(Duration::from_millis(rng.below(3_000)));
        let callee = world.agents[to].talks.len().checked_sub(1).map(|talk| Line { agent: to, talk });
        let line = callee.filter(|_| rng.below(2) == 0).unwrap_or(caller);
        match rng.below(5) {
            0 if world.talk(caller).status() < 200 => world.cancel(caller),
            1 if world.talk(line).is_up() => world.reinvite(line, "sendonly"),
            2 if world.talk(line).is_up() => world.bye(line),
            3 if line != caller && world.talk(line).is_open() => world.say_with_body(line, 200),
            4 if line != caller && world.talk(line).is_open() => world.say(line, 486),
            _ => {}
        }
    }
    world.run_for(Duration::from_secs(100));
    for agent in [from, to] {
        (0..world.agents[agent].talks.len()).for_each(|talk| world.bye(Line { agent, talk }));
    }
    if world.agents[from].talks.iter().any(|talk| talk.state == State::Ringing) {
        world.cancel(caller);
    }
    world.run_for(Duration::from_secs(100));
    world.assert_clean();
}

#[test]
fn a_hundred_calls_over_a_bad_network_leave_nothing_behind() {
    for seed in 1_000..1_100 {
        visit(seed);
    }
}

#[test]
fn many_calls_at_once_over_a_bad_network_leave_nothing_behind() {
    let mut world = World::new(77);
    let mut rng = Seeded::new(77);
    let carrier = world.trunk("carrier");
    let phones: Vec<usize> = (1_001..1_011).map(|extension| world.phone(&extension.to_string())).collect();
    for extension in 1_001..1_011 {
        world.number(&format!("+49{extension}"), &format!("station:{extension}"));
    }
    world.open(&phones);
    for link in &mut world.links {
        *link = Link { jitter: Duration::from_millis(200), lost: 100, doubled: 50, ..Link::GOOD };
    }
    let mut callers = Vec::new();
    for _ in 0..100 {
        callers.push(world.dial(carrier, &format!("+49{}", 1_001 + rng.below(10))));
        world.run_for(Duration::from_millis(rng.below(400)));
        let line = callers[usize::try_from(rng.below(callers.len() as u64)).expect("small")];
        world.bye(line);
    }
    world.run_for(Duration::from_secs(60));
    callers.into_iter().for_each(|line| world.bye(line));
    world.run_for(Duration::from_secs(60));
    world.end_all();
    world.assert_clean();
    assert_eq!(world.facts_by_call().len(), 100);
}

/// One random visit of two that speak reliably before the answer and change their session by UPDATE at any time.
fn reliable_visit(seed: u64) {
    let mut rng = Seeded::new(seed);
    let (mut world, carrier, phone) = office(seed);
    world.able(&[carrier, phone]);
    let link = Link {
        delay: Duration::from_millis(5),
        jitter: Duration::from_millis(rng.below(300)),
        lost: rng.below(200),
        doubled: rng.below(100),
    };
    world.links[carrier] = link;
    world.links[phone] = link;
    world.agents[phone].reliably = rng.below(4) > 0;
    world.agents[phone].manner = [ANSWER, EARLY, EARLY, RING][usize::try_from(rng.below(4)).expect("small")];
    let mut headers = if rng.below(4) > 0 { abilities() } else { Vec::new() };
    if !headers.is_empty() && rng.below(3) == 0 {
        headers.push("Require: 100rel".to_owned());
    }
    if !headers.is_empty() && rng.below(4) == 0 {
        world.agents[carrier].pracks = Pracks::Offering;
    }
    let with_offer = world.agents[carrier].pracks == Pracks::Offering || rng.below(3) > 0;
    let caller = world.dial_as(carrier, None, "+4930123", with_offer, &headers);
    for _ in 0..rng.below(6) {
        world.run_for(Duration::from_millis(rng.below(1_500)));
        let callee = world.agents[phone].talks.len().checked_sub(1).map(|talk| Line { agent: phone, talk });
        let line = callee.filter(|_| rng.below(2) == 0).unwrap_or(caller);
        let speaks = matches!(world.state(line), State::Ringing | State::Up);
        match rng.below(6) {
            0 if world.talk(caller).status() < 200 => world.cancel(caller),
            1 if speaks => world.update(line, "sendonly"),
            2 if speaks => world.update(line, "sendrecv"),
            3 if world.talk(line).is_up() => world.reinvite(line, "inactive"),
            4 if world.talk(line).is_up() => world.bye(line),
            5 if line != caller && world.talk(line).is_open() => world.say(line, 486),
            _ => {}
        }
    }
    world.run_for(Duration::from_secs(100));
    if let Some(talk) = world.agents[phone].talks.len().checked_sub(1) {
        let callee = Line { agent: phone, talk };
        let both = world.talk(caller).is_up() && world.talk(callee).is_up();
        assert!(!both || world.hear_each_other(caller, callee), "{seed}:\n{}", world.ladder());
    }
    for agent in [carrier, phone] {
        (0..world.agents[agent].talks.len()).for_each(|talk| world.bye(Line { agent, talk }));
    }
    if world.agents[carrier].talks.iter().any(|talk| talk.state == State::Ringing) {
        world.cancel(caller);
    }
    world.run_for(Duration::from_secs(100));
    world.assert_clean();
}

/// RFC 3262, RFC 3311, races 5 and 14 of RFC 5407's kind.
#[test]
fn two_hundred_calls_with_prack_and_update_over_a_bad_network_leave_nothing_behind() {
    (2_000..2_200).for_each(reliable_visit);
}
