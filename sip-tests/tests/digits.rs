//! Keypad digits in SIP INFO, towards and from those that take them in no other way, and what is heard on a leg.

use std::time::Duration;

use base::fact::What;
use base::media::{Detected, DigitBy, Dtmf, Listen, ListenFor, MediaCommand, MediaEvent};
use sip_tests::{Line, State, World, office};

const RELAY: &str = "Content-Type: application/dtmf-relay\r\n";

/// Bodies of the INFO that reached an agent.
fn told(world: &World, agent: usize) -> Vec<String> {
    world.agents[agent].requests("INFO").map(|request| request.body.clone()).collect()
}

/// What media workers were told of digits.
fn came(world: &World) -> Vec<(char, u64)> {
    let digits = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::DigitCame { digit, lasted, .. } = command else { return None };
        Some((*digit, lasted.as_millis() as u64))
    });
    digits.collect()
}

fn up(seed: u64, station: Dtmf) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(seed);
    world.directory.stations.get_mut("1001").expect("the phone's").dtmf = station;
    world.set_up();
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    (world, caller, callee)
}

fn end(mut world: World, caller: Line, callee: Line) {
    [caller, callee].iter().for_each(|line| world.agents[line.agent].rewind(line.talk, -100));
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_digit_in_info_is_answered_and_handed_to_the_media_worker() {
    let (mut world, caller, callee) = up(61, Dtmf::Auto);
    assert_eq!(world.info(caller, RELAY, "Signal=5\r\nDuration=120\r\n"), 200);
    assert_eq!(world.info(callee, "Content-Type: application/dtmf\r\n", "#"), 200);
    assert_eq!(came(&world), [('5', 120), ('#', 160)]);
    assert_eq!(
        told(&world, callee.agent).len() + told(&world, caller.agent).len(),
        0,
        "nobody here wants INFO"
    );
    end(world, caller, callee);
}

#[test]
fn a_body_that_names_no_key_is_refused_and_harms_nothing() {
    let (mut world, caller, callee) = up(62, Dtmf::Auto);
    for body in
        ["", "Signal=\r\n", "Signal=99\r\n", "Signal=1\r\nDuration=x\r\n", "\u{fffd}", &"1".repeat(300)]
    {
        assert_eq!(world.info(caller, RELAY, body), 400, "{body:?}");
    }
    let packed = format!("{RELAY}Content-Encoding: gzip\r\n");
    assert_eq!(world.info(caller, &packed, "Signal=1\r\n"), 415);
    assert_eq!(came(&world), []);
    assert_eq!(world.state(caller), State::Up);
    end(world, caller, callee);
}

#[test]
fn a_leg_of_info_gets_digits_as_info_in_order_and_no_events_are_agreed_with_it() {
    let (mut world, caller, callee) = up(63, Dtmf::Info);
    let offered = world.talk(callee).invite.body.clone();
    assert!(!offered.contains("telephone-event"), "{offered}");
    let (port, shard, remote, _) = world.media.towards(world.talk(caller).media).expect("a port");
    assert_eq!(remote.dtmf, Dtmf::Auto);
    for (digit, ms) in [('1', 80), ('*', 100), ('D', 2_000)] {
        let lasted = Duration::from_millis(ms);
        world.tell_media(usize::from(shard.0), MediaEvent::Digit { port, digit, lasted, by: DigitBy::Event });
    }
    world.settle();
    world.run_for(Duration::from_secs(2));
    let wanted =
        ["Signal=1\r\nDuration=80\r\n", "Signal=*\r\nDuration=100\r\n", "Signal=D\r\nDuration=2000\r\n"];
    assert_eq!(told(&world, callee.agent), wanted, "{}", world.ladder());
    let first = world.agents[callee.agent].requests("INFO").next().unwrap();
    assert_eq!(first.must("Content-Type"), "application/dtmf-relay");
    assert_eq!(world.info(callee, RELAY, "Signal=7\r\n"), 200);
    assert_eq!((came(&world), told(&world, caller.agent).len()), (vec![('7', 160)], 0));
    end(world, caller, callee);
}

#[test]
fn digits_in_info_reach_a_leg_of_info_with_their_length() {
    let (mut world, caller, callee) = up(64, Dtmf::Info);
    world.edit_trunk("carrier", |trunk| trunk.dtmf = Dtmf::Info);
    world.set_up();
    assert_eq!(world.info(caller, RELAY, "Signal=0\r\nDuration=333\r\n"), 200);
    assert_eq!(told(&world, callee.agent), ["Signal=0\r\nDuration=333\r\n"]);
    end(world, caller, callee);
}

/// RFC 5057 §5.2.
#[test]
fn a_far_end_that_knows_no_call_when_told_a_digit_has_none() {
    let (mut world, caller, callee) = up(65, Dtmf::Info);
    world.agents[callee.agent].talks[callee.talk].state = State::Over;
    assert_eq!(world.info(caller, RELAY, "Signal=1\r\n"), 200);
    world.run_for(Duration::from_secs(1));
    assert!(world.talk(caller).bye.is_some(), "{}", world.ladder());
}

#[test]
fn what_is_listened_for_is_asked_of_the_media_worker_and_what_is_heard_is_told() {
    let (mut world, carrier, phone) = office(66);
    world.edit_trunk("carrier", |trunk| trunk.listen = vec![ListenFor::Fax, ListenFor::Progress]);
    world.directory.stations.get_mut("1001").unwrap().dtmf = Dtmf::Inband;
    world.set_up();
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    let asked: Vec<Listen> = world
        .media
        .asked
        .iter()
        .filter_map(|command| {
            let MediaCommand::Listen { listen, .. } = command else { return None };
            Some(*listen)
        })
        .collect();
    let fax = Listen { fax: true, progress: true, ..Listen::default() };
    assert_eq!(asked, [fax, Listen { digits: true, ..Listen::default() }]);
    let (port, shard, ..) = world.media.towards(world.talk(caller).media).expect("a port");
    world.tell_media(usize::from(shard.0), MediaEvent::Detected { port, what: Detected::FaxCalling });
    world.settle();
    let heard =
        world.facts.iter().any(|fact| matches!(fact.what, What::Heard { what: Detected::FaxCalling, .. }));
    assert!(heard);
    end(world, caller, callee);
}
