//! Caps, draining, emergency calls, what operators end, and ends of our own (echo, test targets).

use std::time::Duration;

use base::fact::What;
use base::media::{LegMedia, MediaEvent, Trouble};
use base::{Cause, Party};
use call::ShardCommand;
use sip_tests::{RING, State, World, destination, office};

#[test]
fn a_trunk_takes_as_many_calls_as_its_cap_over_all_shards() {
    let (mut world, carrier, phone) = office(12);
    world.edit_trunk("carrier", |trunk| trunk.max_calls = 2);
    world.set_up();
    let mut callers = Vec::new();
    for _ in 0..4 {
        callers.push(world.dial(carrier, "+4930123"));
        world.settle();
    }
    let statuses: Vec<u16> = callers.iter().map(|line| world.talk(*line).status()).collect();
    assert_eq!(statuses, [200, 200, 503, 503]);
    world.bye(callers[0]);
    world.settle();
    let outward = world.dial(phone, "0301");
    world.settle();
    assert!(world.talk(outward).is_up(), "calls out count with calls in");
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_trunk_takes_as_many_calls_a_second_as_its_cap() {
    let (mut world, carrier, _) = office(12);
    world.edit_trunk("carrier", |trunk| trunk.max_cps = 3);
    world.set_up();
    let lines: Vec<_> = (0..30).map(|_| world.dial(carrier, "+4930123")).collect();
    world.settle();
    let taken = lines.iter().filter(|line| world.talk(**line).is_up()).count();
    assert!((3..=9).contains(&taken), "{taken} of 30 at once (each shard counts alone)");
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_station_has_as_many_calls_as_its_cap_and_is_busy_beyond() {
    let (mut world, carrier, phone) = office(12);
    world.directory.stations.get_mut("1001").unwrap().max_calls = 1;
    world.set_up();
    let (first, _) = world.connect(carrier, "+4930123", phone);
    let mut refused = 0;
    for _ in 0..6 {
        let line = world.dial(carrier, "+4930123");
        world.settle();
        refused += usize::from(world.talk(line).status() == 486);
    }
    assert!(refused > 0);
    world.bye(first);
    world.settle();
    world.end_all();
    world.assert_clean();
}

#[test]
fn an_emergency_call_goes_out_over_a_full_trunk_of_a_draining_node() {
    let (mut world, carrier, phone) = office(12);
    world.edit_trunk("carrier", |trunk| trunk.max_calls = 1);
    world.set_up();
    world.connect(carrier, "+4930123", phone);
    world.command(ShardCommand::Drain);
    let refused = world.dial(phone, "0301");
    world.settle();
    assert_eq!(world.talk(refused).status(), 503);
    assert!(world.talk(refused).refusal.as_ref().unwrap().header("Retry-After").is_some());
    for number in ["112", "911"] {
        let (caller, callee) = world.connect(phone, number, carrier);
        assert_eq!(world.talk(callee).invite.uri().map(|uri| &uri[4..7]), Some(number));
        world.bye(caller);
        world.settle();
    }
    world.end_all();
    world.assert_clean();
}

#[test]
fn the_node_takes_no_more_calls_than_it_may() {
    let mut world = World::with(12, |config| config.calls = 3);
    let carrier = world.trunk("carrier");
    world.number("+4930123", "echo");
    world.open(&[]);
    let lines: Vec<_> = (0..12).map(|_| world.dial(carrier, "+4930123")).collect();
    world.settle();
    let up = lines.iter().filter(|line| world.talk(**line).is_up()).count();
    assert!((1..=3).contains(&up), "{up}");
    world.command(ShardCommand::JournalFull(true));
    let line = world.dial(carrier, "+4930123");
    world.settle();
    assert_eq!(world.talk(line).status(), 503, "no call without a record");
    world.end_all();
    world.assert_clean();
}

#[test]
fn without_a_free_port_a_call_is_refused_and_nothing_leaks() {
    let (mut world, carrier, _) = office(12);
    let mut last = 200;
    world.media.capacity = 1;
    for _ in 0..400 {
        let line = world.dial(carrier, "+4930123");
        world.settle();
        last = world.talk(line).status();
    }
    assert_eq!(last, 503);
    world.end_all();
    world.assert_clean();
}

#[test]
fn an_operator_ends_one_call_and_the_supervisor_all() {
    let (mut world, carrier, phone) = office(12);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    let call = world.facts[0].call;
    world.command(ShardCommand::HangUp { call });
    world.settle();
    assert_eq!((world.state(caller), world.state(callee)), (State::Over, State::Over));
    assert_eq!(world.ending(), (Cause::Operator, 200, Party::System));
    world.agents[phone].manner = RING;
    let ringing = world.dial(carrier, "+4930123");
    world.settle();
    world.command(ShardCommand::EndAll);
    world.settle();
    assert_eq!(world.talk(ringing).status(), 503);
    world.assert_clean();
}

#[test]
fn echo_is_a_call_with_oneself() {
    let (mut world, _, phone) = office(12);
    let caller = world.dial(phone, "*43");
    world.settle();
    let far = world.talk(caller).media;
    let (port, _, _, hears) = world.media.towards(far).expect("our port sends to the phone");
    assert_eq!(hears, [port]);
    world.reinvite(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [200]);
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn test_targets_answer_ring_refuse_and_speak_early() {
    let expected = [
        ("test:answer", vec![100, 200], 62),
        ("test:ring", vec![100, 180, 486], 12),
        ("test:busy", vec![100, 486], 1),
        ("test:early", vec![100, 183, 200], 65),
    ];
    for (target, statuses, secs) in expected {
        let mut world = World::new(12);
        let carrier = world.trunk("carrier");
        world.number("+4930123", target);
        world.open(&[]);
        let line = world.dial(carrier, "+4930123");
        world.run_for(Duration::from_secs(secs));
        assert_eq!(world.talk(line).statuses, statuses, "{target}");
        assert_eq!(world.state(line), State::Over, "{target}");
        world.assert_clean();
    }
}

#[test]
fn a_number_set_up_to_hang_up_is_refused() {
    let mut world = World::new(12);
    let carrier = world.trunk("carrier");
    world.number("+4930123", "hangup");
    world.open(&[]);
    let line = world.dial(carrier, "+4930123");
    world.settle();
    assert!(world.talk(line).status() >= 400);
    assert_eq!(destination("hangup"), provision::Destination::Hangup);
    world.assert_clean();
}

#[test]
fn silence_becomes_a_fact_once_and_a_far_end_that_is_gone_ends_the_call() {
    let (mut world, carrier, phone) = office(12);
    let (caller, _) = world.connect(carrier, "+4930123", phone);
    let (port, shard, ..) = world.media.towards(world.talk(caller).media).expect("a port");
    let silent = |ever_heard, secs| MediaEvent::Silent { port, ever_heard, quiet: Duration::from_secs(secs) };
    let shard = usize::from(shard.0);
    world.tell_media(shard, silent(false, 10));
    world.tell_media(shard, silent(false, 120));
    world.settle();
    let told = |what: &What| matches!(what, What::MediaSilent { ever_heard: false, .. });
    assert_eq!(world.facts.iter().filter(|fact| told(&fact.what)).count(), 1);
    assert!(world.talk(caller).is_up(), "a far end that never sent anything may be like that");
    world.tell_media(shard, MediaEvent::Heard { port });
    world.tell_media(shard, silent(true, 120));
    world.settle();
    assert_eq!(world.state(caller), State::Over);
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::MediaTimeout, 200, Party::System));
}

/// The measure: troubles as facts and on the call's page, once people talk; their time in the record.
#[test]
fn what_is_wrong_with_the_media_is_shown_told_and_added_up() {
    let (mut world, carrier, phone) = office(12);
    let (caller, _) = world.connect(carrier, "+4930123", phone);
    let (port, shard, ..) = world.media.towards(world.talk(caller).media).expect("a port");
    let shard = usize::from(shard.0);
    let media = LegMedia { received: 250, round_trip_us: 80_000, mos_centi: 441, ..LegMedia::default() };
    world.tell_media(shard, MediaEvent::Quality { port, media: Box::new(media) });
    for _ in 0..2 {
        world.tell_media(shard, MediaEvent::Trouble { port, trouble: Trouble::OneWay, now: true });
    }
    world.settle();
    let now = base::Now { mono: world.mono(), wall: base::Wall(0) };
    let leg = world.shards.iter().flat_map(|shard| shard.view(now).calls).flat_map(|call| call.legs);
    let shown: Vec<_> = leg.filter(|leg| leg.media.received > 0).collect();
    assert_eq!((shown[0].media, shown[0].troubles.as_slice()), (media, ["one_way".to_owned()].as_slice()));
    world.run_for(Duration::from_secs(7));
    world.tell_media(shard, MediaEvent::Trouble { port, trouble: Trouble::OneWay, now: false });
    world.settle();
    let told: Vec<bool> = world
        .facts
        .iter()
        .filter_map(|fact| {
            let What::MediaTrouble { trouble: Trouble::OneWay, now, .. } = &fact.what else { return None };
            Some(*now)
        })
        .collect();
    assert_eq!(told, [true, false]);
}
