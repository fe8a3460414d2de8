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

/// S8, RFC 3891 §8: nobody leads a call on to somebody else's, whatever a lamp has told him of it.
#[test]
fn a_phone_that_knows_the_names_of_another_ones_call_cannot_take_it() {
    let (mut world, [ana, bob, cid], carrier) = office(21);
    let customer = world.dial(carrier, "5550100");
    world.settle();
    let agent = world.incoming(ana);
    let (own, asked) = world.connect(cid, "1002", bob);
    let talk = world.talk(agent);
    let (ours, theirs) = (talk.local_tag.clone(), talk.remote_tag.clone());
    let replaces = format!("{}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}", talk.call_id.replace('@', "%40"));
    let lines = format!("Refer-To: <sip:whoever@192.0.2.1?Replaces={replaces}>\r\n");
    world.ask_within(own, "REFER", &lines, "");
    world.run_for(Duration::from_secs(15));
    assert!(world.hear_each_other(customer, agent), "{}", world.ladder());
    assert!(world.hear_each_other(own, asked), "{}", world.ladder());
    assert_eq!(reports(&world, own).last().map(String::as_str), Some("SIP/2.0 403 Forbidden"));
    world.bye(customer);
    world.bye(own);
    world.settle();
    world.assert_clean();
}

/// A code does what its owner asks for: whoever leads a call on presses none in somebody else's name.
#[test]
fn codes_are_no_targets_of_transfers() {
    let (mut world, [ana, bob, _], _) = office(22);
    for code in ["*72900", "*78", "*97", "*301001", "*321001", "*841003", "*861", "*8", "*66", "*771"] {
        let (caller, callee) = world.connect(ana, "1002", bob);
        world.refer(callee, code);
        world.settle();
        let told = world.agents[bob].results.last().cloned();
        assert!(matches!(told, Some((_, 400..))), "{code}: {told:?}");
        assert!(world.hear_each_other(caller, callee), "{code}\n{}", world.ladder());
        world.bye(caller);
        world.settle();
    }
    world.assert_clean();
}

/// Whoever has called for help keeps the call: it is neither led on nor taken.
#[test]
fn a_call_for_help_is_not_led_on() {
    let (mut world, [ana, _, _], carrier) = office(23);
    world.rule("^112$", &["carrier"]);
    world.set_up();
    let caller = world.dial(ana, "112");
    world.settle();
    let centre = world.incoming(carrier);
    world.refer(caller, "1002");
    world.settle();
    assert_eq!(world.agents[ana].results.last(), Some(&("REFER".to_owned(), 403)), "{}", world.ladder());
    assert!(world.hear_each_other(caller, centre), "{}", world.ladder());
    world.bye(caller);
    world.settle();
    world.assert_clean();
}
