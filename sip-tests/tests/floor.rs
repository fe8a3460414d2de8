//! Who is on which line: the table that pickup, park and lamps read is the same in every shard.

use std::time::Duration;

use phone::floor::{Role, Spot, SpotState};
use provision::{Conference, Entity};
use sip_tests::{RING, World, office};

/// What stands on a line, which every shard must know alike.
fn on_line(world: &World, line: &str) -> Vec<Spot> {
    let floors: Vec<_> = world.shards.iter().map(|shard| shard.floor()).collect();
    assert!(floors.windows(2).all(|pair| pair[0] == pair[1]), "floors differ: {floors:#?}");
    floors[0].line(line).map(|at| at.spot.clone()).collect()
}

fn states(world: &World, line: &str) -> Vec<SpotState> {
    on_line(world, line).iter().map(|spot| spot.state).collect()
}

/// features.md §0.3 BLF; RFC 4235 §3.7.1.
#[test]
fn a_phone_rings_talks_holds_and_is_free_again() {
    let (mut world, carrier, phone) = office(901);
    world.agents[phone].manner = RING;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let ringing = on_line(&world, "1001");
    assert_eq!((ringing.len(), ringing[0].state, ringing[0].role), (1, SpotState::Early, Role::Recipient));
    assert_eq!(&*ringing[0].remote.number, "carrier");
    let floor = world.shards[2].floor();
    assert_eq!(floor.ringing("1001").count(), 1);
    assert!(floor.is_busy("1001") && !floor.is_busy("1002"));
    let callee = world.incoming(phone);
    let talk = world.talk(callee);
    let dialog = &ringing[0].dialog;
    assert_eq!((&*dialog.call_id, &*dialog.theirs), (&*talk.call_id, &*talk.local_tag));
    let named = floor.by_dialog(&talk.call_id, [&dialog.theirs, &dialog.ours]);
    assert_eq!(named.map(|at| at.spot), Some(&ringing[0]));
    world.say_with_body(callee, 200);
    world.settle();
    assert_eq!(states(&world, "1001"), [SpotState::Confirmed]);
    assert_eq!(on_line(&world, "1001")[0].since, ringing[0].since, "since it began");
    world.reinvite(callee, "sendonly");
    world.settle();
    assert_eq!(states(&world, "1001"), [SpotState::Held]);
    world.reinvite(callee, "sendrecv");
    world.settle();
    world.reinvite(caller, "sendonly");
    world.settle();
    assert_eq!(states(&world, "1001"), [SpotState::Confirmed], "it is held, it does not hold");
    world.bye(caller);
    world.settle();
    assert_eq!(states(&world, "1001"), []);
    world.assert_clean();
}

#[test]
fn both_phones_of_an_internal_call_stand_on_their_lines_and_the_first_to_answer_stays() {
    let (mut world, _, phone) = office(902);
    let desk = world.phone("1002");
    let second = world.phone_at("1001", "203.0.113.99:5060", base::wire::Transport::Udp);
    world.agents[second].user = "1001".to_owned();
    world.agents[second].manner = RING;
    world.agents[phone].manner = RING;
    world.open(&[desk, second, phone]);
    let caller = world.dial(desk, "1001");
    world.settle();
    assert_eq!(states(&world, "1001"), [SpotState::Early, SpotState::Early], "both ring");
    let calls = on_line(&world, "1002");
    assert_eq!((calls[0].state, calls[0].role), (SpotState::Early, Role::Initiator));
    assert_eq!(&*calls[0].remote.number, "1001");
    world.say_with_body(world.incoming(phone), 200);
    world.settle();
    assert_eq!(states(&world, "1001"), [SpotState::Confirmed]);
    assert_eq!(states(&world, "1002"), [SpotState::Confirmed]);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

#[test]
fn whoever_is_in_a_conference_stands_there_and_calls_between_trunks_stand_nowhere() {
    let (mut world, carrier, _) = office(903);
    let other = world.trunk("other");
    let conference = Conference { pin: String::new(), ..Conference::named("team") };
    world.directory.put(Entity::Conference(conference));
    world.number("+49700", "conference:team");
    world.number("+49701", "trunk:other");
    world.set_up();
    let one = world.dial(carrier, "+49700");
    world.settle();
    world.run_for(Duration::from_secs(2));
    assert_eq!(states(&world, "conf.team"), [SpotState::Confirmed]);
    assert_eq!(world.shards[0].floor().names("conf.").collect::<Vec<_>>(), ["conf.team"]);
    world.bye(one);
    world.settle();
    assert_eq!(states(&world, "conf.team"), []);
    let (through, _) = world.connect(carrier, "+49701", other);
    assert!(world.shards.iter().all(|shard| shard.floor().is_empty()), "trunks have no lines");
    world.bye(through);
    world.settle();
    world.assert_clean();
}

/// The caller hangs up while it rings, refused, and dead: nothing stays on a line.
#[test]
fn however_a_call_ends_its_line_is_free() {
    let (mut world, carrier, phone) = office(904);
    world.agents[phone].manner = RING;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    world.cancel(caller);
    world.settle();
    assert_eq!(states(&world, "1001"), []);
    world.agents[phone].manner = sip_tests::BUSY;
    world.dial(carrier, "+4930123");
    world.settle();
    assert_eq!(states(&world, "1001"), []);
    world.agents[phone].manner = sip_tests::SILENT;
    world.dial(carrier, "+4930123");
    world.run_for(Duration::from_millis(900));
    assert_eq!(states(&world, "1001"), [SpotState::Trying]);
    world.run_for(Duration::from_secs(60));
    assert_eq!(states(&world, "1001"), []);
    world.agents[phone].dead = true;
    world.assert_clean();
}
