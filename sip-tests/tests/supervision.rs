//! Supervisors in agents' calls: listen, whisper, barge, take over, follow (features VOX-44, BP-94, BP-95; E44, E45).

use std::time::Duration;

use base::fact::What;
use base::media::{DigitBy, Ear, MediaCommand, MediaEvent, Sound};
use base::{CallId, CallOrder, Cause, SuperviseOrder, Supervision};
use call::ShardInput;
use provision::{Entity, RecordWhen, RecordingPolicy, Role, User};
use sip_tests::{Line, Link, State, World};

/// Phones of two agents and of two supervisors, and a carrier whose number 5550100 leads to the first agent.
struct Floor {
    world: World,
    carrier: usize,
    agent: usize,
    other: usize,
    supervisors: [usize; 2],
}

fn floor(seed: u64) -> Floor {
    let mut world = World::new(seed);
    let phones = ["1001", "1002", "2001", "2002"].map(|extension| world.phone(extension));
    let carrier = world.trunk("carrier");
    world.number("5550100", "station:1001");
    world.number("5550102", "station:1002");
    world.rule("^9", &["carrier"]);
    for (extension, role) in
        [("1001", Role::Agent), ("1002", Role::Agent), ("2001", Role::Supervisor), ("2002", Role::Supervisor)]
    {
        let login = format!("u{extension}");
        world.directory.put(Entity::User(User { role, ..User::called(&login) }));
        world.directory.stations.get_mut(extension).expect("a station").user = login;
    }
    world.open(&phones);
    let [agent, other, one, two] = phones;
    Floor { world, carrier, agent, other, supervisors: [one, two] }
}

/// The customer and the agent talk, and a supervisor has dialled this.
fn supervised(seed: u64, dialled: &str) -> (Floor, [Line; 3]) {
    let mut floor = floor(seed);
    let (customer, agent) = floor.world.connect(floor.carrier, "5550100", floor.agent);
    let supervisor = floor.world.dial(floor.supervisors[0], dialled);
    rest(&mut floor.world);
    (floor, [customer, agent, supervisor])
}

fn rest(world: &mut World) {
    world.settle();
    world.run_for(Duration::from_millis(200));
    world.settle();
}

fn press(world: &mut World, line: Line, digit: char) {
    let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let event = MediaEvent::Digit { port, digit, lasted: Duration::from_millis(100), by: DigitBy::Event };
    world.tell_media(usize::from(shard.0), event);
    rest(world);
}

/// Whom each of these hears, by its place among them.
fn hears(world: &World, lines: &[Line]) -> Vec<Vec<usize>> {
    let place = |port| {
        let far = world.media.far_end_of(port);
        lines.iter().position(|line| far == Some(world.talk(*line).media))
    };
    let of = |line: &Line| {
        let heard = world.media.towards(world.talk(*line).media).map_or(&[][..], |(.., heard)| heard);
        let mut places: Vec<usize> = heard.iter().filter_map(|port| place(*port)).collect();
        places.sort_unstable();
        places
    };
    lines.iter().map(of).collect()
}

const LISTEN: [&[usize]; 3] = [&[1], &[0], &[0, 1]];
const WHISPER: [&[usize]; 3] = [&[1], &[0, 2], &[0, 1]];
const BARGE: [&[usize]; 3] = [&[1, 2], &[0, 2], &[0, 1]];

fn modes(world: &World) -> Vec<Option<Supervision>> {
    let mode = |fact: &base::fact::Fact| {
        if let What::Supervised { mode, .. } = &fact.what { Some(*mode) } else { None }
    };
    world.facts.iter().filter_map(mode).collect()
}

/// What the agent's phone and the customer have been sent so far.
fn said_to(world: &World, agents: &[usize]) -> usize {
    agents.iter().map(|agent| world.agents[*agent].heard.len()).sum()
}

/// VOX-44, BP-94: by three codes, live by three keys, and the agent's phone is told nothing.
#[test]
fn a_supervisor_listens_whispers_and_barges_and_changes_by_keys_while_the_agent_sees_nothing() {
    for (seed, code, first) in [(1, "*301001", LISTEN), (2, "*311001", WHISPER), (3, "*321001", BARGE)] {
        let mut floor = floor(seed);
        let (customer, agent) = floor.world.connect(floor.carrier, "5550100", floor.agent);
        let told = said_to(&floor.world, &[floor.agent, floor.carrier]);
        let supervisor = floor.world.dial(floor.supervisors[0], code);
        rest(&mut floor.world);
        let (world, lines) = (&mut floor.world, [customer, agent, supervisor]);
        assert_eq!(world.state(supervisor), State::Up, "{}", world.ladder());
        assert_eq!(hears(world, &lines), first, "{code}");
        for (key, wanted) in [('2', WHISPER), ('3', BARGE), ('1', LISTEN), ('7', LISTEN), ('3', BARGE)] {
            press(world, supervisor, key);
            assert_eq!(hears(world, &lines), wanted, "{code} {key}");
        }
        assert_eq!(said_to(world, &[floor.agent, floor.carrier]), told, "nobody is told");
        world.bye(supervisor);
        rest(world);
        assert_eq!(hears(world, &lines[..2]), [[1], [0]], "E45");
        assert_eq!(modes(world).last(), Some(&None));
        world.bye(customer);
        rest(world);
        assert_eq!(world.state(agent), State::Over);
        world.assert_clean();
    }
}

/// §0.3: by role and team, never oneself, and not while there is nothing to hear.
#[test]
fn who_may_not_supervise_is_refused_and_so_is_who_would_hear_nobody() {
    let mut floor = floor(4);
    let world = &mut floor.world;
    world.connect(floor.carrier, "5550100", floor.agent);
    for (who, dialled, status) in [
        (floor.other, "*301001", 403),
        (floor.supervisors[0], "*302001", 403),
        (floor.supervisors[0], "*301002", 480),
        (floor.supervisors[0], "*301009", 404),
    ] {
        let line = world.dial(who, dialled);
        rest(world);
        assert_eq!(world.talk(line).statuses.last(), Some(&status), "{dialled}\n{}", world.ladder());
    }
    assert_eq!(modes(world), []);
    world.end_all();
    world.assert_clean();
}

/// BP-95: with each next call until the supervisor hangs up, and one of them at a time.
#[test]
fn a_supervisor_that_follows_goes_with_the_agent_from_call_to_call() {
    let (mut floor, [customer, _, supervisor]) = supervised(5, "*301001");
    let world = &mut floor.world;
    press(world, supervisor, '#');
    world.bye(customer);
    rest(world);
    assert_eq!(world.state(supervisor), State::Up, "it waits");
    assert_eq!(hears(world, &[supervisor]), [[0_usize; 0]]);
    let (next, agent) = world.connect(floor.carrier, "5550100", floor.agent);
    rest(world);
    assert_eq!(hears(world, &[next, agent, supervisor]), LISTEN, "{}", world.ladder());
    press(world, supervisor, '3');
    assert_eq!(hears(world, &[next, agent, supervisor]), BARGE);
    world.connect(floor.carrier, "5550102", floor.other);
    let second = world.dial(floor.supervisors[0], "*301002");
    rest(world);
    assert_eq!((world.state(supervisor), world.state(second)), (State::Over, State::Up), "choosing another");
    assert_eq!(hears(world, &[next, agent]), [[1], [0]]);
    world.end_all();
    world.assert_clean();
}

/// Without following it is over with the call.
#[test]
fn a_session_ends_with_the_call_whoever_hangs_up() {
    for (seed, who) in [(6, 0), (7, 1)] {
        let (mut floor, lines) = supervised(seed, "*301001");
        floor.world.bye(lines[who]);
        rest(&mut floor.world);
        assert_eq!(floor.world.state(lines[2]), State::Over, "{}", floor.world.ladder());
        floor.world.assert_clean();
    }
}

/// Issue 5, take over: the agent's place is the supervisor's.
#[test]
fn a_supervisor_takes_the_call_over_and_the_customer_talks_on() {
    for seed in 8..14 {
        let (mut floor, [customer, agent, supervisor]) = supervised(seed, "*311001");
        let world = &mut floor.world;
        press(world, supervisor, '4');
        assert_eq!(world.state(agent), State::Over, "{}", world.ladder());
        assert!(world.hear_each_other(customer, supervisor), "{}", world.ladder());
        world.bye(customer);
        rest(world);
        assert_eq!(world.state(supervisor), State::Over, "{}", world.ladder());
        world.assert_clean();
    }
}

/// E45: nobody notices that the supervisor's phone is dead.
#[test]
fn the_call_goes_on_when_the_supervisors_phone_dies() {
    let (mut floor, [customer, agent, supervisor]) = supervised(15, "*321001");
    let world = &mut floor.world;
    let dead = floor.supervisors[0];
    world.agents[dead].dead = true;
    let (port, shard, ..) = world.media.towards(world.talk(supervisor).media).expect("a port");
    let quiet = Duration::from_secs(130);
    world.tell_media(usize::from(shard.0), MediaEvent::Silent { port, ever_heard: true, quiet });
    rest(world);
    assert_eq!(hears(world, &[customer, agent]), [[1], [0]]);
    assert_eq!((world.state(customer), world.state(agent)), (State::Up, State::Up));
    world.bye(customer);
    rest(world);
    world.assert_clean();
}

/// Each is there for itself; they hear what is said to all.
#[test]
fn two_supervisors_take_part_in_one_call() {
    let (mut floor, [customer, agent, first]) = supervised(16, "*301001");
    let world = &mut floor.world;
    let second = world.dial(floor.supervisors[1], "*321001");
    rest(world);
    let lines = [customer, agent, first, second];
    let wanted: [&[usize]; 4] = [&[1, 3], &[0, 3], &[0, 1, 3], &[0, 1]];
    assert_eq!(hears(world, &lines), wanted);
    world.bye(second);
    rest(world);
    assert_eq!(hears(world, &lines[..3]), LISTEN);
    world.end_all();
    world.assert_clean();
}

/// What a supervisor says to the agent is the two's business; what it says to all is said in the call.
#[test]
fn a_recording_has_what_is_said_to_all_and_nothing_that_is_whispered() {
    let mut floor = floor(17);
    let policy = RecordingPolicy { when: RecordWhen::All, ..RecordingPolicy::named("all") };
    floor.world.directory.put(Entity::RecordingPolicy(policy));
    floor.world.directory.stations.get_mut("1001").expect("a station").recording = "all".to_owned();
    floor.world.set_up();
    let (customer, agent) = floor.world.connect(floor.carrier, "5550100", floor.agent);
    let supervisor = floor.world.dial(floor.supervisors[0], "*311001");
    let world = &mut floor.world;
    rest(world);
    let port = |world: &World, line| world.media.towards(world.talk(line).media).expect("a port").0;
    let [customer_port, agent_port, own] = [customer, agent, supervisor].map(|line| port(world, line));
    let ears = |world: &World| {
        let of = |command: &MediaCommand| {
            if let MediaCommand::Record { recorder, .. } = command {
                Some(recorder.of.to_vec())
            } else {
                None
            }
        };
        world.media.asked.iter().rev().find_map(of).expect("a recording")
    };
    assert_eq!(ears(world), [Ear::From(customer_port), Ear::From(agent_port)]);
    press(world, supervisor, '3');
    assert_eq!(ears(world), [Ear::From(customer_port), Ear::From(agent_port), Ear::From(own)]);
    press(world, supervisor, '2');
    assert_eq!(ears(world), [Ear::From(customer_port), Ear::From(agent_port)]);
    world.end_all();
    world.assert_clean();
}

/// E44: the agent hears a tone only where that is set up, and no more once the supervisor has gone.
#[test]
fn an_agent_hears_a_tone_where_that_is_set_up() {
    for (seed, secs) in [(18, 0), (19, 15)] {
        let mut floor = floor(seed);
        floor.world.directory.stations.get_mut("1001").expect("a station").supervision_beep_secs = secs;
        floor.world.set_up();
        let (_, agent) = floor.world.connect(floor.carrier, "5550100", floor.agent);
        let supervisor = floor.world.dial(floor.supervisors[0], "*301001");
        let world = &mut floor.world;
        rest(world);
        let port = world.media.towards(world.talk(agent).media).expect("a port").0;
        let of = |command: &MediaCommand| {
            let MediaCommand::Play { port: at, play } = command else { return None };
            (*at == port).then(|| play.items.to_vec())
        };
        let plays: Vec<Vec<Sound>> = world.media.asked.iter().filter_map(of).collect();
        assert_eq!(plays.len(), usize::from(secs > 0));
        assert!(plays.iter().all(|items| items.last() == Some(&Sound::Silence(secs * 1_000 - 150))));
        world.bye(supervisor);
        rest(world);
        let is_stop = |command: &MediaCommand| matches!(command, MediaCommand::StopPlay { port: at, play: Some(_) } if *at == port);
        assert_eq!(world.media.asked.iter().any(is_stop), secs > 0);
        world.end_all();
        world.assert_clean();
    }
}

/// The agent has led the customer on: a supervisor that follows stays with the agent, another one leaves.
#[test]
fn a_supervisor_goes_with_the_agent_that_leads_its_customer_on() {
    for (seed, follows, after) in [(20, false, State::Over), (21, true, State::Up)] {
        let (mut floor, [customer, agent, supervisor]) = supervised(seed, "*301001");
        let world = &mut floor.world;
        if follows {
            press(world, supervisor, '#');
        }
        world.refer(agent, "1002");
        rest(world);
        let colleague = world.incoming(floor.other);
        assert!(world.hear_each_other(customer, colleague), "{}", world.ladder());
        world.run_for(Duration::from_secs(3));
        assert_eq!(world.state(supervisor), after, "{}", world.ladder());
        world.end_all();
        world.assert_clean();
    }
}

/// An agent that is being called is waited for.
#[test]
fn a_call_that_rings_is_heard_once_it_is_answered_and_none_is_when_it_is_not() {
    for (seed, answers) in [(22, true), (23, false)] {
        let mut floor = floor(seed);
        floor.world.agents[floor.agent].manner = sip_tests::SILENT;
        let customer = floor.world.dial(floor.carrier, "5550100");
        rest(&mut floor.world);
        let ringing = floor.world.incoming(floor.agent);
        floor.world.say(ringing, 180);
        rest(&mut floor.world);
        let supervisor = floor.world.dial(floor.supervisors[0], "*301001");
        let world = &mut floor.world;
        rest(world);
        assert_eq!(world.state(supervisor), State::Up);
        let agent = world.incoming(floor.agent);
        if answers {
            world.say_with_body(agent, 200);
            rest(world);
            assert_eq!(hears(world, &[customer, agent, supervisor]), LISTEN, "{}", world.ladder());
        } else {
            world.cancel(customer);
            rest(world);
            assert_eq!(world.state(supervisor), State::Over, "{}", world.ladder());
        }
        world.end_all();
        world.assert_clean();
    }
}

fn order(world: &mut World, order: SuperviseOrder) {
    let view = |shard: &call::Shard| {
        shard.view(base::Now::default()).calls.into_iter().find(|call| call.supervision.is_some())
    };
    let (at, call): (usize, CallId) = world
        .shards
        .iter()
        .enumerate()
        .find_map(|(at, shard)| Some((at, view(shard)?.id)))
        .expect("a session");
    world.input(at, ShardInput::Order { call, order: CallOrder::Supervise(order) });
    rest(world);
}

/// The same by order as by keys.
#[test]
fn ways_are_changed_by_order() {
    let (mut floor, lines) = supervised(24, "*301001");
    let world = &mut floor.world;
    order(world, SuperviseOrder::Mode(Supervision::Whisper));
    assert_eq!(hears(world, &lines), WHISPER);
    order(world, SuperviseOrder::Follow(true));
    world.bye(lines[0]);
    rest(world);
    assert_eq!(world.state(lines[2]), State::Up);
    order(world, SuperviseOrder::Follow(false));
    assert_eq!(world.state(lines[2]), State::Over, "nobody to wait for");
    world.assert_clean();
}

/// Emergency calls are listened to, and nothing else.
#[test]
fn nobody_is_heard_in_an_emergency_call_of_an_agent() {
    let mut floor = floor(25);
    emergency_number(&mut floor.world);
    let agent = floor.world.dial(floor.agent, "911");
    rest(&mut floor.world);
    let helper = floor.world.incoming(floor.carrier);
    let supervisor = floor.world.dial(floor.supervisors[0], "*321001");
    let world = &mut floor.world;
    rest(world);
    assert_eq!(hears(world, &[helper, agent, supervisor]), LISTEN, "{}", world.ladder());
    press(world, supervisor, '2');
    assert_eq!(hears(world, &[helper, agent, supervisor]), LISTEN);
    press(world, supervisor, '4');
    assert_eq!((world.state(agent), world.state(supervisor)), (State::Up, State::Up));
    world.end_all();
    world.assert_clean();
}

fn emergency_number(world: &mut World) {
    world.rule("^911$", &["carrier"]);
    world.directory.dial_rules.get_mut("^911$").expect("a rule").emergency = true;
    world.set_up();
}

/// Three parties, each of whom may hang up or press a key at any step, over lines that lose and double: nobody is left
/// alone, and customer and agent hear each other as long as both are there.
#[test]
fn whatever_three_parties_do_under_loss_nobody_is_left_and_the_call_goes_on() {
    let mut heard = 0;
    for seed in 0..60_u64 {
        let mut floor = floor(1_000 + seed);
        for link in &mut floor.world.links {
            *link = Link { lost: 60, doubled: 40, jitter: Duration::from_millis(30), ..Link::GOOD };
        }
        let world = &mut floor.world;
        let (customer, _) = (world.dial(floor.carrier, "5550100"), ());
        world.run_for(Duration::from_secs(4));
        let mut chance = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut roll = |most: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % most
        };
        let code = ["*301001", "*311001", "*321001"][usize::try_from(roll(3)).expect("small")];
        let supervisor = world.dial(floor.supervisors[0], code);
        for _step in 0..roll(8) {
            world.run_for(Duration::from_millis(roll(400)));
            let key = ['1', '2', '3', '#', '1', '2', '3', '4'][usize::try_from(roll(8)).expect("small")];
            if world.state(supervisor) == State::Up
                && let Some((port, shard, ..)) = world.media.towards(world.talk(supervisor).media)
            {
                let by = DigitBy::Event;
                let event = MediaEvent::Digit { port, digit: key, lasted: Duration::from_millis(80), by };
                world.tell_media(usize::from(shard.0), event);
            }
        }
        world.run_for(Duration::from_millis(roll(700)));
        let who = roll(3);
        if who == 0 && world.state(supervisor) == State::Up {
            world.bye(supervisor);
            world.run_for(Duration::from_secs(20));
            let agent = world.incoming(floor.agent);
            if world.state(customer) == State::Up && world.state(agent) == State::Up {
                assert!(world.hear_each_other(customer, agent), "seed {seed}\n{}", world.ladder());
            }
        } else if who == 1 && world.agents[floor.agent].talks.iter().any(|talk| talk.state == State::Up) {
            let agent = world.incoming(floor.agent);
            world.bye(agent);
            world.run_for(Duration::from_secs(20));
        }
        world.end_all();
        world.assert_clean();
        let ends = world
            .facts
            .iter()
            .filter(|fact| matches!(fact.what, What::CallEnded { cause: Cause::Internal, .. }));
        assert_eq!(ends.count(), 0, "seed {seed}");
        heard += modes(world).iter().filter(|mode| mode.is_some()).count();
    }
    assert!(heard > 60, "{heard}");
}
