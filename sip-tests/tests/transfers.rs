//! Calls that are led on: blind and attended, by REFER (RFC 5589), with what becomes of failures (features CROCO-40…42,
//! VOX-17…21, BP-30, BP-31; E1, E15, E18, E77…E80).

use std::time::Duration;

use base::fact::{TransferResult, What};
use sip_tests::{Line, Reinvite, State, World};

/// Three phones and a carrier that can be called by 9….
fn office(seed: u64) -> (World, [usize; 3], usize) {
    let mut world = World::new(seed);
    let phones = ["1001", "1002", "1003"].map(|extension| world.phone(extension));
    let carrier = world.trunk("carrier");
    world.number("5550100", "station:1001");
    world.rule("^9", &["carrier"]);
    world.open(&phones);
    (world, phones, carrier)
}

/// What was told of transfers, in order.
fn results(world: &World) -> Vec<TransferResult> {
    let of = |fact: &base::fact::Fact| {
        if let What::Transfer { result, .. } = &fact.what { Some(*result) } else { None }
    };
    world.facts.iter().filter_map(of).collect()
}

/// What a phone was told of its referral, in order.
fn reports(world: &World, line: Line) -> Vec<String> {
    let notifies = world.agents[line.agent].requests("NOTIFY");
    notifies.map(|notify| notify.body.trim().to_owned()).collect()
}

/// RFC 5589 §6.1; VOX-18: the transferor is out of it at once.
#[test]
fn a_phone_leads_its_caller_on_to_a_colleague_without_asking() {
    let (mut world, [ana, bob, _], carrier) = office(1);
    let customer = world.dial(carrier, "5550100");
    world.settle();
    let agent = world.incoming(ana);
    world.refer(agent, "1002");
    world.settle();
    let colleague = world.incoming(bob);
    assert_eq!(world.state(colleague), State::Up, "{}", world.ladder());
    assert!(world.hear_each_other(customer, colleague), "{}", world.ladder());
    assert_eq!(world.state(agent), State::Over, "the transferor is released");
    assert_eq!(reports(&world, agent), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
    assert_eq!(results(&world), [TransferResult::Begun, TransferResult::Completed]);
    world.bye(customer);
    world.settle();
    assert_eq!(world.state(colleague), State::Over);
    world.assert_clean();
}

/// RFC 5589 §7.1: both calls are the transferor's; whoever was asked and whoever waited talk in one call.
#[test]
fn a_phone_asks_a_colleague_and_brings_the_two_together() {
    for seed in 0..6 {
        let (mut world, [ana, bob, _], carrier) = office(seed);
        let customer = world.dial(carrier, "5550100");
        world.settle();
        let first = world.incoming(ana);
        world.reinvite(first, "sendonly");
        world.settle();
        let (second, colleague) = world.connect(ana, "1002", bob);
        world.refer_to_line(first, second);
        world.run_for(Duration::from_secs(1));
        assert!(world.hear_each_other(customer, colleague), "seed {seed}\n{}", world.ladder());
        assert_eq!(
            (world.state(first), world.state(second)),
            (State::Over, State::Over),
            "{}",
            world.ladder()
        );
        assert_eq!(reports(&world, first).last().map(String::as_str), Some("SIP/2.0 200 OK"));
        assert_eq!(results(&world).last(), Some(&TransferResult::Completed));
        world.bye(colleague);
        world.settle();
        assert_eq!(world.state(customer), State::Over);
        world.assert_clean();
    }
}

/// A phone that holds and refers in one go: the REFER waits until the hold is through.
#[test]
fn a_referral_that_comes_while_a_hold_is_under_way_is_done_after_it() {
    let (mut world, [ana, bob, _], carrier) = office(2);
    let customer = world.dial(carrier, "5550100");
    world.settle();
    let agent = world.incoming(ana);
    world.agents[carrier].reinvites = Reinvite::Wait;
    world.reinvite(agent, "sendonly");
    world.settle();
    world.refer(agent, "1002");
    world.settle();
    assert!(world.agents[ana].results.iter().all(|(method, _)| method != "REFER"), "{}", world.ladder());
    world.agents[carrier].reinvites = Reinvite::Accept;
    world.with_agent(carrier, |agent, now| agent.accept_reinvite(now, customer.talk));
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.agents[ana].results.last(), Some(&("REFER".to_owned(), 202)), "{}", world.ladder());
    assert!(world.hear_each_other(customer, world.incoming(bob)), "{}", world.ladder());
    world.bye(customer);
    world.settle();
    world.assert_clean();
}
