//! Emergency numbers from a phone in any state (E89; RFC 6881 asks that nothing set up here stands in their way).

use call::{ShardCommand, ShardInput};
use provision::{AgentState, SettingsChange};
use sip_tests::{Line, World, office};

/// The caller gets through, with its number.
fn helped(world: &mut World, carrier: usize, phone: usize) -> Line {
    let help = world.dial(phone, "112");
    world.settle();
    assert!(world.talk(help).is_up(), "{}", world.ladder());
    let invite = world.agents[carrier].requests("INVITE").last().expect("an INVITE");
    assert!(invite.start.contains("112@"), "{}", invite.start);
    assert!(invite.must("From").contains("+4930123"), "{}", invite.must("From"));
    help
}

fn set_up(seed: u64) -> (World, usize, usize) {
    let (mut world, carrier, phone) = office(seed);
    world.directory.stations.get_mut("1001").expect("a station").caller_id = "+4930123".to_owned();
    world.set_up();
    (world, carrier, phone)
}

fn end(mut world: World) {
    world.end_all();
    world.assert_clean();
}

fn change(world: &mut World, change: SettingsChange) {
    let changes = vec![change];
    world.input(0, ShardInput::Reach { extension: "1001".to_owned(), changes });
    world.settle();
}

#[test]
fn with_calls_up_and_one_on_hold() {
    let (mut world, carrier, phone) = set_up(1);
    let (_, first) = world.connect(carrier, "+4930123", phone);
    world.reinvite(first, "sendonly");
    world.settle();
    world.dial(phone, "0030123");
    world.settle();
    helped(&mut world, carrier, phone);
    end(world);
}

#[test]
fn with_as_many_calls_as_its_station_may_have() {
    let (mut world, carrier, phone) = set_up(2);
    world.directory.stations.get_mut("1001").expect("a station").max_calls = 1;
    world.set_up();
    for _ in 0..4 {
        world.dial(phone, "0030123");
        world.settle();
    }
    helped(&mut world, carrier, phone);
    end(world);
}

#[test]
fn not_to_be_disturbed() {
    let (mut world, carrier, phone) = set_up(3);
    change(&mut world, SettingsChange::DoNotDisturb(true));
    helped(&mut world, carrier, phone);
    end(world);
}

#[test]
fn with_every_call_forwarded() {
    let (mut world, carrier, phone) = set_up(4);
    let to = Some("0030999".parse().expect("a number"));
    change(&mut world, SettingsChange::Forward(provision::ForwardWhen::Always, to));
    helped(&mut world, carrier, phone);
    end(world);
}

#[test]
fn with_calls_to_it_switched_off() {
    let (mut world, carrier, phone) = set_up(5);
    change(&mut world, SettingsChange::Available(false));
    helped(&mut world, carrier, phone);
    end(world);
}

#[test]
fn with_its_agent_signed_out() {
    let (mut world, carrier, phone) = set_up(6);
    change(&mut world, SettingsChange::Agent(AgentState::SignedOut));
    helped(&mut world, carrier, phone);
    end(world);
}

#[test]
fn without_a_registration() {
    let (mut world, carrier, _) = set_up(7);
    let other = world.phone_at("1001", "203.0.113.77:5060", base::wire::Transport::Udp);
    world.directory.stations.get_mut("1001").expect("a station").caller_id = "+4930123".to_owned();
    world.set_up();
    helped(&mut world, carrier, other);
    end(world);
}

#[test]
fn with_as_many_calls_as_the_node_takes_and_as_many_a_second() {
    let mut world = World::with(8, |config| {
        config.calls = 1;
        config.calls_per_sec = 1;
    });
    let carrier = world.trunk("carrier");
    let phone = world.phone("1001");
    world.rule("^0", &["carrier"]);
    world.directory.stations.get_mut("1001").expect("a station").caller_id = "+4930123".to_owned();
    world.open(&[phone]);
    let mut refused = 0;
    for _ in 0..9 {
        let line = world.dial(phone, "0030123");
        world.settle();
        refused += usize::from(world.talk(line).status() == 503);
    }
    assert!(refused > 0, "the node is full");
    for _ in 0..6 {
        helped(&mut world, carrier, phone);
    }
    end(world);
}

#[test]
fn on_a_node_that_takes_no_more_calls() {
    let (mut world, carrier, phone) = set_up(9);
    world.command(ShardCommand::Drain);
    helped(&mut world, carrier, phone);
    end(world);
}

#[test]
fn on_a_node_that_can_keep_no_records() {
    let (mut world, carrier, phone) = set_up(10);
    world.command(ShardCommand::JournalFull(true));
    helped(&mut world, carrier, phone);
    end(world);
}

#[test]
fn over_a_trunk_that_is_full() {
    let (mut world, carrier, phone) = set_up(11);
    world.edit_trunk("carrier", |trunk| {
        trunk.max_calls = 1;
        trunk.max_cps = 1;
    });
    world.set_up();
    world.connect(carrier, "+4930123", phone);
    for _ in 0..4 {
        helped(&mut world, carrier, phone);
    }
    end(world);
}

/// Whoever sends help may ask for keys, and hears them as they are pressed.
#[test]
fn its_keys_are_taken_for_no_codes_and_not_by_a_second_line_either() {
    use base::media::MediaCommand;
    let (mut world, carrier, phone) = set_up(12);
    let help = helped(&mut world, carrier, phone);
    let (port, ..) = world.media.towards(world.talk(help).media).expect("a port");
    let held = |command: &MediaCommand| matches!(command, MediaCommand::HoldDigits { port: at, held: true } if *at == port);
    assert!(!world.media.asked.iter().any(held));
    let coded = world.dial(phone, "%23%230030123456%23");
    world.settle();
    assert!(world.talk(coded).status() >= 400);
    assert!(world.talk(help).is_up());
    end(world);
}
