//! Feature codes that stations dial (features.md §0.3), and emergency calls in any state (E89).

use base::media::{MediaCommand, Sound};
use call::ShardCommand;
use provision::{Entity, FeatureCode};
use sip_tests::{Line, State, World, office};

fn said(world: &World, line: Line) -> Vec<String> {
    let (port, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let plays = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::Play { port: at, play } = command else { return None };
        (*at == port).then_some(&play.items)
    });
    let prompt = |sound: &Sound| match sound {
        Sound::Prompt(name) => Some(name.id.to_string()),
        Sound::Tone(_) | Sound::Silence(_) | Sound::Music { .. } | Sound::Message { .. } => None,
    };
    plays.flat_map(|items| items.iter()).filter_map(prompt).collect()
}

fn hang_up(world: &mut World, line: Line) {
    world.bye(line);
    world.settle();
}

/// What was dialled on the last INVITE that a carrier got.
fn last_dialled(world: &World, carrier: usize) -> String {
    let invite = world.agents[carrier].requests("INVITE").last().expect("an INVITE");
    invite.start.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn redial_dials_the_last_number_again_whichever_shard_has_the_call() {
    let (mut world, carrier, phone) = office(31);
    world.set_up();
    let nobody = world.dial(phone, "*66");
    world.settle();
    assert!(world.talk(nobody).status() >= 400, "nothing was dialled before");
    let first = world.dial(phone, "0030123456");
    world.settle();
    let dialled = last_dialled(&world, carrier);
    hang_up(&mut world, first);
    for _ in 0..4 {
        let again = world.dial(phone, "*66");
        world.settle();
        assert!(world.talk(again).is_up(), "{}", world.ladder());
        assert_eq!(last_dialled(&world, carrier), dialled);
        hang_up(&mut world, again);
    }
    world.assert_clean();
}

#[test]
fn the_last_caller_is_told() {
    let (mut world, carrier, phone) = office(32);
    world.set_up();
    let none = world.dial(phone, "*69");
    world.settle();
    assert_eq!(said(&world, none), ["feature/no-last-call"]);
    hang_up(&mut world, none);
    let (caller, _) = world.connect(carrier, "+4930123", phone);
    hang_up(&mut world, caller);
    let told = world.dial(phone, "*69");
    world.settle();
    let words = said(&world, told);
    assert_eq!(words[0], "feature/last-call-from");
    assert!(words.len() > 1, "{words:?}");
    hang_up(&mut world, told);
    world.assert_clean();
}

#[test]
fn a_code_that_was_changed_is_dialled_by_its_new_digits_alone() {
    let (mut world, _, phone) = office(33);
    let code = FeatureCode { name: "own_number".to_owned(), code: "#45".to_owned() };
    world.directory.put(Entity::FeatureCode(code));
    world.set_up();
    let old = world.dial(phone, "*45");
    world.settle();
    assert_eq!(world.state(old), State::Over);
    let new = world.dial(phone, "#45");
    world.settle();
    assert_eq!(said(&world, new)[0], "feature/your-extension-is");
    hang_up(&mut world, new);
    world.assert_clean();
}

/// E89: with calls up, with as many as it may, on a node that takes no calls, with do-not-disturb and a forward.
#[test]
fn a_station_calls_for_help_in_any_state() {
    let (mut world, carrier, phone) = office(34);
    world.directory.stations.get_mut("1001").expect("a station").max_calls = 1;
    world.set_up();
    for code in ["*78", "*72+4930999"] {
        let set = world.dial(phone, code);
        world.settle();
        if world.talk(set).is_up() {
            hang_up(&mut world, set);
        }
    }
    let talks: Vec<Line> = (0..6).map(|_| world.dial(phone, "0030123456")).collect();
    world.settle();
    assert!(talks.iter().any(|talk| world.state(*talk) == State::Over), "as many as it may");
    world.command(ShardCommand::Drain);
    let help = world.dial(phone, "112");
    world.settle();
    assert!(world.talk(help).is_up(), "{}", world.ladder());
    assert!(last_dialled(&world, carrier).contains("112"));
    world.end_all();
    world.assert_clean();
}
