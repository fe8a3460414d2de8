//! Permanent rooms of conferences: moderators, locks, keys, removal (issue "What a phone can do", bullet Conference).

use std::time::Duration;

use base::RoomOrder;
use base::media::{CollectEnd, DigitBy, MediaCommand, MediaEvent, Sound};
use call::ShardInput;
use provision::{Announce, Conference, Entity};
use sip_tests::{Line, State, World};

fn rooms(seed: u64, change: impl FnOnce(&mut Conference)) -> (World, [usize; 3]) {
    let mut world = World::new(seed);
    let phones = ["1001", "1002", "1003"].map(|extension| world.phone(extension));
    let mut team = Conference { extension: "700".to_owned(), ..Conference::named("team") };
    change(&mut team);
    world.directory.put(Entity::Conference(team));
    world.set_up();
    world.open(&phones);
    (world, phones)
}

fn tell(world: &mut World, line: Line, event: impl FnOnce(base::PortId) -> MediaEvent) {
    let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
    world.tell_media(usize::from(shard.0), event(port));
    world.settle();
}

fn press(world: &mut World, line: Line, keys: &str) {
    for digit in keys.chars() {
        let lasted = Duration::from_millis(90);
        tell(world, line, |port| MediaEvent::Digit { port, digit, lasted, by: DigitBy::Event });
    }
}

fn type_pin(world: &mut World, line: Line, pin: &str) {
    let (port, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let asked = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Collect { port: at, collect } = command else { return None };
        (*at == port).then_some(collect.id)
    });
    let (collect, digits) = (asked.expect("a question"), pin.to_owned());
    tell(world, line, |port| MediaEvent::Collected { port, collect, digits, end: CollectEnd::Terminator });
}

/// Prompts that a far end was played, in order.
fn heard(world: &World, line: Line) -> Vec<String> {
    let (port, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let plays = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::Play { port: at, play } = command else { return None };
        (*at == port).then(|| play.items.clone())
    });
    let prompts = plays.flat_map(|items| items.iter().cloned().collect::<Vec<_>>()).filter_map(|sound| {
        let Sound::Prompt(name) = sound else { return None };
        Some(name.id.to_string())
    });
    prompts.collect()
}

fn is_in(world: &World, line: Line) -> bool {
    world.media.room_of(world.talk(line).media).is_some()
}

fn end(world: &mut World, lines: &[Line]) {
    for line in lines {
        if world.state(*line) == State::Up {
            world.bye(*line);
            world.settle();
        }
    }
    world.assert_clean();
}

#[test]
fn members_wait_with_music_until_a_moderator_comes_and_the_room_ends_after_the_last_has_gone() {
    for seed in 0..4 {
        let (mut world, [ana, bob, carl]) = rooms(seed, |team| {
            team.pin = "4711".to_owned();
            team.moderator_pin = "8150".to_owned();
            team.wait_for_moderator = true;
            team.ends_after_moderator_secs = 30;
        });
        let first = world.dial(ana, "700");
        world.settle();
        type_pin(&mut world, first, "4711");
        assert!(
            !is_in(&world, first)
                && heard(&world, first).contains(&"conference/waiting-for-leader".to_owned())
        );
        let leader = world.dial(bob, "700");
        world.settle();
        type_pin(&mut world, leader, "8150");
        assert!(is_in(&world, first) && is_in(&world, leader), "seed {seed}\n{}", world.ladder());
        press(&mut world, leader, "*5");
        let late = world.dial(carl, "700");
        world.settle();
        type_pin(&mut world, late, "4711");
        assert!(!is_in(&world, late) && heard(&world, late).contains(&"conference/locked".to_owned()));
        world.bye(late);
        world.bye(leader);
        world.settle();
        assert!(heard(&world, first).contains(&"conference/leader-left".to_owned()));
        world.run_for(Duration::from_secs(31));
        assert!(!is_in(&world, first) && heard(&world, first).contains(&"conference/ended".to_owned()));
        end(&mut world, &[first]);
    }
}

#[test]
fn whoever_comes_and_goes_is_named_and_anybody_mutes_himself() {
    let (mut world, [ana, bob, _]) = rooms(20, |team| team.announce = Announce::Names);
    let first = world.dial(ana, "700");
    let second = world.dial(bob, "700");
    world.settle();
    assert!(heard(&world, first).contains(&"conference/joined".to_owned()), "{:?}", heard(&world, first));
    press(&mut world, second, "*6");
    assert!(heard(&world, second).contains(&"conference/muted".to_owned()));
    press(&mut world, second, "*6*2");
    assert!(heard(&world, second).contains(&"conference/one-other".to_owned()));
    press(&mut world, second, "*5");
    let third = world.dial(bob, "700");
    world.settle();
    assert!(is_in(&world, third), "only moderators lock");
    end(&mut world, &[third, second, first]);
}

#[test]
fn a_full_room_takes_nobody_and_an_operator_ends_it_for_all() {
    let (mut world, [ana, bob, carl]) = rooms(21, |team| team.max_members = 2);
    let lines = [ana, bob, carl].map(|phone| {
        let line = world.dial(phone, "700");
        world.settle();
        line
    });
    assert!(heard(&world, lines[2]).contains(&"conference/full".to_owned()));
    world.bye(lines[2]);
    world.settle();
    world.input(0, ShardInput::Room { conference: "team".to_owned(), order: RoomOrder::End });
    world.run_for(Duration::from_secs(1));
    assert!(lines[..2].iter().all(|line| !is_in(&world, *line)), "{}", world.ladder());
    end(&mut world, &lines);
}

/// Dial-out: whoever is rung from the room comes into it, and stays when the one who rang has gone.
#[test]
fn somebody_is_rung_into_a_room_by_a_member() {
    let (mut world, [ana, bob, carl]) = rooms(22, |_| {});
    let lines = [ana, bob].map(|phone| {
        let line = world.dial(phone, "700");
        world.settle();
        line
    });
    let ids: Vec<base::CallId> = world.facts.iter().map(|fact| fact.call).collect();
    let call = *ids.first().expect("a call");
    let order = base::CallOrder::Invite { leg: 0, to: "1003".to_owned() };
    world.input(usize::from(call.shard().0), ShardInput::Order { call, order });
    world.run_for(Duration::from_secs(2));
    let guest = world.incoming(carl);
    assert!(is_in(&world, guest), "{}", world.ladder());
    world.bye(lines[0]);
    world.settle();
    assert!(is_in(&world, guest) && is_in(&world, lines[1]), "{}", world.ladder());
    end(&mut world, &[guest, lines[1]]);
}
