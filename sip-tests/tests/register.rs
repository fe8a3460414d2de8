//! REGISTER (RFC 3261 §10.3): who may, for how long, and what comes of it.

use std::time::Duration;

use base::wire::Transport;
use sip_tests::{World, office};

fn registered(world: &World) -> usize {
    let now = base::Now { mono: world.mono(), wall: base::Wall(1_800_000_000_000_000) };
    world.shards[0].view(now).registration_count
}

fn last(world: &World, agent: usize) -> u16 {
    world.agents[agent].results.last().map_or(0, |(_, status)| *status)
}

#[test]
fn a_phone_registers_after_one_challenge_and_takes_it_back() {
    let (mut world, _, phone) = office(10);
    assert_eq!(world.agents[phone].results, [("REGISTER".to_owned(), 401), ("REGISTER".to_owned(), 200)]);
    assert_eq!(registered(&world), 1);
    let answer = world.agents[phone].heard.last().unwrap();
    assert_eq!(answer.must("Contact"), "<sip:1001@203.0.113.11:5060>;expires=3600");
    world.with_agent(phone, |agent, now| agent.register(now, 0));
    world.settle();
    assert_eq!((last(&world, phone), registered(&world)), (200, 0));
    assert_eq!(world.bindings.len(), 2, "one put and one removed go to the store");
}

#[test]
fn a_registration_that_is_not_refreshed_runs_out() {
    let (mut world, carrier, phone) = office(10);
    world.with_agent(phone, |agent, now| agent.register(now, 60));
    world.settle();
    world.run_for(Duration::from_secs(59));
    assert_eq!(registered(&world), 1);
    world.run_for(Duration::from_secs(2));
    assert_eq!(registered(&world), 0);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert_eq!(world.talk(caller).status(), 480);
    world.assert_clean();
}

#[test]
fn a_lifetime_under_a_minute_gets_423_with_the_least() {
    let (mut world, _, phone) = office(10);
    world.with_agent(phone, |agent, now| agent.register(now, 10));
    world.settle();
    assert_eq!(last(&world, phone), 423);
    assert_eq!(world.agents[phone].heard.last().unwrap().must("Min-Expires"), "60");
    assert_eq!(registered(&world), 1, "the earlier binding stands");
}

#[test]
fn a_star_takes_all_back_and_only_with_expires_0() {
    let (mut world, _, phone) = office(10);
    world.with_agent(phone, |agent, now| agent.register_as(now, "*", Some(60), None));
    world.settle();
    assert_eq!((last(&world, phone), registered(&world)), (400, 1));
    world.with_agent(phone, |agent, now| agent.register_as(now, "*", Some(0), None));
    world.settle();
    assert_eq!((last(&world, phone), registered(&world)), (200, 0));
}

#[test]
fn a_phone_may_not_register_for_another_extension() {
    let (mut world, _, phone) = office(10);
    let other = world.phone("1002");
    world.set_up();
    world.agents[other].user = "1001".to_owned();
    world.agents[other].password = Some("of 1002".to_owned());
    world.with_agent(other, |agent, now| agent.register(now, 60));
    world.settle();
    assert_eq!((last(&world, other), registered(&world)), (401, 1));
    assert_eq!(last(&world, phone), 200);
}

#[test]
fn more_contacts_than_allowed_get_403() {
    let mut world = World::new(10);
    let phones: Vec<usize> = (0..3)
        .map(|n| world.phone_at("1001", &format!("203.0.113.{}:5060", 50 + n), Transport::Udp))
        .collect();
    world.directory.stations.get_mut("1001").unwrap().max_contacts = 2;
    world.set_up();
    let mut statuses = Vec::new();
    for (n, phone) in phones.into_iter().enumerate() {
        world.agents[phone].name = format!("phone{n}");
        world.with_agent(phone, |agent, now| agent.register(now, 60));
        world.settle();
        statuses.push(last(&world, phone));
    }
    assert_eq!(statuses, [200, 200, 403]);
}

#[test]
fn every_shard_finds_a_phone_that_the_first_has_registered() {
    let (mut world, carrier, phone) = office(10);
    let mut shards = std::collections::BTreeSet::new();
    for _ in 0..12 {
        let (caller, _) = world.connect(carrier, "+4930123", phone);
        world.bye(caller);
        world.settle();
    }
    shards.extend(world.facts.iter().map(|fact| fact.call.shard().0));
    assert_eq!(shards.len(), 3, "calls came to all shards: {shards:?}");
    world.assert_clean();
}

#[test]
fn an_extension_nobody_set_up_is_challenged_like_any_other() {
    let (mut world, _, _) = office(10);
    let stranger = world.agent("4711", "203.0.113.66:5060", Transport::Udp);
    world.agents[stranger].password = Some("x".to_owned());
    world.with_agent(stranger, |agent, now| agent.register(now, 60));
    world.settle();
    let statuses: Vec<u16> = world.agents[stranger].results.iter().map(|(_, status)| *status).collect();
    assert_eq!((statuses.first(), statuses.contains(&200)), (Some(&401), false));
}

/// RFC 4475 §3.1.1.4, §3.3.4, §3.3.14: escaped NULs make two contacts and cut nothing, other schemes are none, and an
/// escaped Route never becomes one.
#[test]
fn contacts_of_the_torture_messages_are_bound_as_they_are_written_or_refused() {
    let (mut world, carrier, phone) = office(10);
    let contacts = "<sip:%00@203.0.113.11>, <sip:%00%00@203.0.113.11>";
    world.with_agent(phone, |agent, now| agent.register_as(now, contacts, Some(600), None));
    world.settle();
    assert_eq!((last(&world, phone), registered(&world)), (200, 3));
    let answer = world.agents[phone].heard.last().unwrap().to_string();
    assert!(
        answer.contains("<sip:%00@203.0.113.11>") && answer.contains("<sip:%00%00@203.0.113.11>"),
        "{answer}"
    );
    world.with_agent(phone, |agent, now| agent.register_as(now, "<isbn:2983792873>", Some(600), None));
    world.settle();
    assert_eq!((last(&world, phone), registered(&world)), (400, 3));
    world.with_agent(phone, |agent, now| agent.register_as(now, "*", Some(0), None));
    world.settle();
    let escaped = "<sip:user@203.0.113.11?Route=%3Csip:evil.example.com%3E>";
    world.with_agent(phone, |agent, now| agent.register_as(now, escaped, Some(600), None));
    world.settle();
    assert_eq!((last(&world, phone), registered(&world)), (200, 1));
    world.dial(carrier, "+4930123");
    world.settle();
    let heard = world.agents[phone].heard.iter().rev().map(ToString::to_string);
    let invite = heard.into_iter().find(|text| text.starts_with("INVITE")).unwrap();
    assert!(invite.starts_with("INVITE sip:user@203.0.113.11") && !invite.contains("evil"), "{invite}");
}
