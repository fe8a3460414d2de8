//! Codes that a phone presses in its call (features.md §0.3), and keys that are for the far end.

use std::time::Duration;

use base::fact::What;
use base::media::{
    DigitBy, Ear, MediaCommand, MediaEvent, Over, Play, PlayEnd, Recorder, RecordingAct, RecordingFile, Sound,
};
use base::{CallId, CallOrder, PortId};
use call::ShardInput;
use provision::{Entity, RecordWhen, RecordingPolicy, Role, User};
use sip_tests::{Line, State, World, office};

const KEY: Duration = Duration::from_millis(100);

fn port_of(world: &World, line: Line) -> PortId {
    world.media.towards(world.talk(line).media).expect("a port").0
}

/// A far end presses keys, a fifth of a second apart.
fn press(world: &mut World, line: Line, keys: &str) {
    for digit in keys.chars() {
        let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
        let event = MediaEvent::Digit { port, digit, lasted: KEY, by: DigitBy::Event };
        world.tell_media(usize::from(shard.0), event);
        world.settle();
        world.run_for(Duration::from_millis(200));
    }
}

/// Digits that a far end was sent.
fn sent(world: &World, line: Line) -> String {
    let port = port_of(world, line);
    let digits = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::SendDigits { port: at, digits, each } = command else { return None };
        assert_eq!(*each, KEY, "as long as it was pressed");
        (*at == port).then_some(&**digits)
    });
    digits.collect()
}

fn is_held(world: &World, line: Line) -> bool {
    let port = port_of(world, line);
    let mut held = world.media.asked.iter().rev().filter_map(|command| {
        let MediaCommand::HoldDigits { port: at, held } = command else { return None };
        (*at == port).then_some(*held)
    });
    held.next().unwrap_or(false)
}

fn plays(world: &World, line: Line) -> Vec<(String, Over)> {
    let port = port_of(world, line);
    let word = |play: &Play| match &play.items[0] {
        Sound::Prompt(name) => format!("{}/{}", name.language, name.id),
        Sound::Tone(tone) => format!("tone {}", tone.parts[0].hz[0]),
        Sound::Silence(_) | Sound::Music { .. } | Sound::Message { .. } => String::new(),
    };
    let plays = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::Play { port: at, play } = command else { return None };
        (*at == port).then(|| (word(play), play.over))
    });
    plays.collect()
}

const ACCEPTED: &str = "tone 350";
const REFUSED: &str = "tone 480";

fn last_tone(world: &World, line: Line) -> String {
    plays(world, line).last().expect("a play").0.clone()
}

fn keyed(world: &World) -> Vec<(String, bool)> {
    let keyed = world.facts.iter().filter_map(|fact| {
        let What::Keyed { code, done, .. } = &fact.what else { return None };
        Some((code.clone(), *done))
    });
    keyed.collect()
}

fn recorders(world: &World) -> Vec<Recorder> {
    let started = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::Record { recorder, .. } = command else { return None };
        Some((**recorder).clone())
    });
    started.collect()
}

fn acts(world: &World) -> Vec<RecordingAct> {
    let acts = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::Recording { act, .. } = command else { return None };
        Some(*act)
    });
    acts.collect()
}

/// What threads that write tell of a recording once its port is closed or it was stopped.
fn written(world: &mut World, recorder: &Recorder) {
    let Ear::From(port) = recorder.of[0] else { panic!("a far end") };
    let (call, recording) = (recorder.call, recorder.id);
    let file = Box::new(RecordingFile {
        path: "x.wav".to_owned(),
        octets: 44,
        sha256: String::new(),
        audio_ms: 1_000,
        started_at: recorder.at,
        ended_at: recorder.at,
        gaps: vec![],
        format: recorder.format,
        channels: 2,
        encrypted: false,
    });
    for event in [
        MediaEvent::RecordingStarted { port, call, recording },
        MediaEvent::Recorded { port, call, recording, file },
    ] {
        world.tell_media(usize::from(call.shard().0), event);
        world.settle();
    }
}

fn signatures(world: &World) -> Vec<bool> {
    let told = world.facts.iter().filter_map(|fact| {
        let What::Signature { complete, .. } = fact.what else { return None };
        Some(complete)
    });
    told.collect()
}

fn up(seed: u64) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(seed);
    let (customer, agent) = world.connect(carrier, "+4930123", phone);
    (world, customer, agent)
}

fn end(mut world: World) {
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_code_is_swallowed_and_other_keys_reach_the_far_end_in_order() {
    let (mut world, customer, agent) = up(1);
    assert!(is_held(&world, agent) && !is_held(&world, customer), "taken from phones alone");
    press(&mut world, agent, "12*034");
    assert_eq!(sent(&world, customer), "1234");
    assert_eq!(keyed(&world), [("*0".to_owned(), true)]);
    press(&mut world, customer, "*0");
    assert_eq!(
        (keyed(&world).len(), sent(&world, agent)),
        (1, String::new()),
        "the media worker passes them"
    );
    end(world);
}

/// E75: a bank asks for a star.
#[test]
fn keys_that_become_no_code_are_replayed_after_a_second_and_a_half() {
    let (mut world, customer, agent) = up(2);
    press(&mut world, agent, "*");
    world.run_for(Duration::from_millis(1_200));
    assert_eq!(sent(&world, customer), "");
    world.run_for(Duration::from_millis(200));
    assert_eq!(sent(&world, customer), "*");
    press(&mut world, agent, "1#");
    world.run_for(Duration::from_secs(2));
    assert_eq!(sent(&world, customer), "*1#");
    assert_eq!(keyed(&world), []);
    end(world);
}

/// E75: the switch, at each of the places where it stands.
#[test]
fn where_codes_are_switched_off_keys_are_for_the_far_end_alone() {
    for off in 0..5 {
        let (mut world, carrier, phone) = office(10 + off);
        let station = world.directory.stations.get_mut("1001").expect("the phone's");
        match off {
            0 => station.in_call_codes = false,
            1 => {
                station.user = "ana".to_owned();
                let user = User { in_call_codes: false, ..User::called("ana") };
                world.directory.put(Entity::User(user));
            }
            2 => world.directory.numbers.get_mut("+4930123").expect("a number").in_call_codes = false,
            3 => world.edit_trunk("carrier", |trunk| trunk.in_call_codes = false),
            _ => {}
        }
        world.set_up();
        let (_, agent) = world.connect(carrier, "+4930123", phone);
        assert_eq!(is_held(&world, agent), off == 4, "{off}");
        end(world);
    }
}

#[test]
fn a_phone_starts_pauses_and_stops_a_recording() {
    let (mut world, customer, agent) = up(3);
    press(&mut world, agent, "*7");
    assert_eq!(last_tone(&world, agent), REFUSED, "nothing to pause");
    press(&mut world, agent, "*1");
    assert_eq!((recorders(&world).len(), last_tone(&world, agent)), (1, ACCEPTED.to_owned()));
    press(&mut world, agent, "*7*7*1");
    assert_eq!(acts(&world), [RecordingAct::Pause, RecordingAct::Resume, RecordingAct::Stop]);
    assert_eq!(plays(&world, customer), [], "the customer hears none of it");
    let recorder = recorders(&world)[0].clone();
    written(&mut world, &recorder);
    end(world);
}

/// E59.
#[test]
fn a_recording_that_a_policy_asks_for_is_ended_by_supervisors_alone() {
    for (role, wanted) in [(Role::Agent, REFUSED), (Role::Supervisor, ACCEPTED)] {
        let (mut world, carrier, phone) = office(4);
        let policy = RecordingPolicy { when: RecordWhen::All, ..RecordingPolicy::named("all") };
        world.directory.put(Entity::RecordingPolicy(policy));
        world.directory.put(Entity::User(User { role, ..User::called("ana") }));
        let station = world.directory.stations.get_mut("1001").expect("the phone's");
        (station.user, station.recording) = ("ana".to_owned(), "all".to_owned());
        world.set_up();
        let (_, agent) = world.connect(carrier, "+4930123", phone);
        press(&mut world, agent, "*7*7");
        assert_eq!(last_tone(&world, agent), ACCEPTED, "a pause is a gap that the file tells of");
        press(&mut world, agent, "*1");
        assert_eq!(last_tone(&world, agent), wanted);
        assert_eq!(acts(&world).contains(&RecordingAct::Stop), wanted == ACCEPTED);
        let recorder = recorders(&world)[0].clone();
        written(&mut world, &recorder);
        end(world);
    }
}

/// BP-39; E91: the call drops while it is spoken.
#[test]
fn a_signature_is_a_recording_of_its_own_and_kept_as_incomplete_where_the_call_drops() {
    let (mut world, customer, agent) = up(5);
    press(&mut world, agent, "*5");
    let first = recorders(&world)[0].clone();
    assert_eq!(first.of.len(), 2);
    for line in [customer, agent] {
        assert!(plays(&world, line).contains(&("tone 1400".to_owned(), Over::Mixed)), "a tone to both");
    }
    press(&mut world, agent, "*5");
    assert_eq!(acts(&world), [RecordingAct::Stop]);
    press(&mut world, agent, "*5");
    assert_eq!(last_tone(&world, agent), REFUSED, "the first one is being closed");
    written(&mut world, &first);
    assert_eq!(signatures(&world), [true]);
    press(&mut world, agent, "*5");
    world.bye(customer);
    world.settle();
    let second = recorders(&world)[1].clone();
    assert_ne!(first.id, second.id);
    written(&mut world, &second);
    assert_eq!(signatures(&world), [true, false]);
    end(world);
}

/// BP-36.
#[test]
fn a_message_is_played_into_the_call() {
    let (mut world, customer, agent) = up(6);
    press(&mut world, agent, "*63");
    assert_eq!(plays(&world, customer), [("en/message/3".to_owned(), Over::Alone)]);
    assert_eq!(plays(&world, agent)[0], ("en/message/3".to_owned(), Over::Mixed));
    end(world);
}

/// CROCO-34.
#[test]
fn a_message_is_left_on_voicemail_while_the_phone_is_free_at_once() {
    let (mut world, customer, agent) = up(7);
    press(&mut world, agent, "*60");
    assert_eq!(world.state(agent), State::Over, "{}", world.ladder());
    assert_eq!(world.state(customer), State::Up);
    let (port, shard, ..) = world.media.towards(world.talk(customer).media).expect("a port");
    let play = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Play { port: at, play } = command else { return None };
        (*at == port).then_some(play.id)
    });
    let event = MediaEvent::Played { port, play: play.expect("plays"), end: PlayEnd::Finished };
    world.tell_media(usize::from(shard.0), event);
    world.settle();
    assert_eq!(world.state(customer), State::Over);
    assert_eq!(keyed(&world), [("*60".to_owned(), true)]);
    end(world);
}

#[test]
fn a_phone_asks_for_help_and_no_longer_by_key_and_by_api() {
    let (mut world, _, agent) = up(8);
    press(&mut world, agent, "*0");
    let view = |world: &World| {
        let now = base::Now { mono: world.mono(), wall: base::Wall(0) };
        let mut calls = world.shards.iter().enumerate();
        let found = calls.find_map(|(shard, it)| Some((shard, it.view(now).calls.into_iter().next()?)));
        found.expect("a call")
    };
    let (shard, call) = view(&world);
    assert_eq!(call.legs.iter().map(|leg| leg.wants_help).collect::<Vec<_>>(), [false, true]);
    assert!(call.happenings.iter().any(|it| (it.what, it.detail.as_str()) == ("code", "*0")));
    let id: CallId = call.id;
    world.input(
        shard,
        ShardInput::Order { call: id, order: CallOrder::Code { leg: 1, code: "*0".to_owned() } },
    );
    world.settle();
    assert!(view(&world).1.legs.iter().all(|leg| !leg.wants_help));
    let told: Vec<bool> = world
        .facts
        .iter()
        .filter_map(|fact| {
            let What::HelpWanted { wanted, .. } = fact.what else { return None };
            Some(wanted)
        })
        .collect();
    assert_eq!(told, [true, false]);
    end(world);
}

/// `##`n`#` and `*8`: the customer is led on to a colleague, or waits.
#[test]
fn a_phone_holds_retrieves_and_leads_on_by_code() {
    let (mut world, _, agent) = up(9);
    press(&mut world, agent, "*8");
    press(&mut world, agent, "*8");
    press(&mut world, agent, "##0030123456#");
    world.run_for(Duration::from_secs(1));
    assert_eq!(keyed(&world).last(), Some(&("##0030123456#".to_owned(), true)), "{}", world.ladder());
    let done: Vec<bool> = keyed(&world).into_iter().map(|(_, done)| done).collect();
    assert_eq!(done, [true; 3], "{}", world.ladder());
    assert_eq!(world.state(agent), State::Over, "{}", world.ladder());
    end(world);
}

/// `*2`n`#`, `*8`, `*3`, `*#`: a colleague is asked, changed about, brought together; another one is asked and let go.
#[test]
fn a_phone_asks_changes_about_and_brings_together_by_code() {
    let (mut world, customer, agent) = up(20);
    let colleague = world.phone("1002");
    world.set_up();
    world.register(colleague);
    press(&mut world, agent, "*21002#");
    world.run_for(Duration::from_secs(1));
    let asked = world.incoming(colleague);
    let heard = |world: &World| {
        let ports =
            [agent, customer, asked].map(|line| world.media.towards(world.talk(line).media).expect("a port"));
        [(0, 2), (0, 1), (1, 2)].map(|(one, other): (usize, usize)| {
            ports[one].3.contains(&ports[other].0) && ports[other].3.contains(&ports[one].0)
        })
    };
    assert_eq!(heard(&world), [true, false, false], "{}", world.ladder());
    press(&mut world, agent, "*8");
    assert_eq!(heard(&world), [false, true, false], "{}", world.ladder());
    press(&mut world, agent, "*3");
    assert_eq!(heard(&world), [true; 3], "{}", world.ladder());
    world.bye(asked);
    world.settle();
    press(&mut world, agent, "*21002#");
    world.run_for(Duration::from_secs(1));
    let again = world.incoming(colleague);
    assert!(world.hear_each_other(agent, again), "{}", world.ladder());
    press(&mut world, agent, "*#");
    assert_eq!(world.state(again), State::Over);
    assert!(world.hear_each_other(agent, customer), "{}", world.ladder());
    let done: Vec<(String, bool)> = keyed(&world);
    assert!(done.iter().all(|(_, done)| *done), "{done:?}");
    end(world);
}

/// `*9`: the customer is let go, and the phone dials on without a new call (nailed-up lines).
#[test]
fn a_phone_lets_the_customer_go_and_dials_on() {
    let (mut world, customer, agent) = up(21);
    press(&mut world, agent, "*9");
    assert_eq!((world.state(customer), world.state(agent)), (State::Over, State::Up), "{}", world.ladder());
    let (port, shard, ..) = world.media.towards(world.talk(agent).media).expect("a port");
    let collect = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Collect { port: at, collect } = command else { return None };
        (*at == port).then_some(collect.id)
    });
    let collect = collect.expect("a number is awaited");
    let (digits, end_by) = ("0030555".to_owned(), base::media::CollectEnd::Terminator);
    world.tell_media(usize::from(shard.0), MediaEvent::Collected { port, collect, digits, end: end_by });
    world.settle();
    let next = world.incoming(customer.agent);
    assert_ne!(next, customer);
    assert!(world.hear_each_other(agent, next), "{}", world.ladder());
    press(&mut world, agent, "*8");
    assert_eq!(keyed(&world).last(), Some(&("*8".to_owned(), true)), "codes are taken in that call, too");
    end(world);
}

/// `*9` and nothing typed: the line is given up after a while.
#[test]
fn a_phone_that_dials_nothing_after_it_let_the_customer_go_is_released() {
    let (mut world, _, agent) = up(22);
    press(&mut world, agent, "*9");
    let (port, shard, ..) = world.media.towards(world.talk(agent).media).expect("a port");
    let collect = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Collect { collect, .. } = command else { return None };
        Some(collect.id)
    });
    let (collect, end_by) = (collect.expect("a number is awaited"), base::media::CollectEnd::NoDigit);
    world.tell_media(
        usize::from(shard.0),
        MediaEvent::Collected { port, collect, digits: String::new(), end: end_by },
    );
    world.settle();
    assert_eq!(world.state(agent), State::Over, "{}", world.ladder());
    end(world);
}

/// CROCO-34 where the switch has both far ends for itself: after a hold, and with a colleague beside.
#[test]
fn a_message_is_left_after_a_hold_and_not_where_several_listen() {
    let (mut world, customer, agent) = up(23);
    press(&mut world, agent, "*8*8");
    press(&mut world, agent, "*60");
    assert_eq!((world.state(agent), world.state(customer)), (State::Over, State::Up), "{}", world.ladder());
    assert!(plays(&world, customer).iter().any(|(said, _)| said == "en/message/0"));
    end(world);
    let (mut world, customer, agent) = up(24);
    let colleague = world.phone("1002");
    world.set_up();
    world.register(colleague);
    press(&mut world, agent, "*21002#");
    world.run_for(Duration::from_secs(1));
    press(&mut world, agent, "*3*60");
    assert_eq!(keyed(&world).last(), Some(&("*60".to_owned(), false)));
    press(&mut world, agent, "*62");
    assert!(plays(&world, customer).iter().any(|(said, _)| said == "en/message/2"));
    end(world);
}

/// CROCO-32: a queue or group by its number.
#[test]
fn a_phone_sends_the_customer_to_a_group() {
    let (mut world, customer, agent) = up(25);
    let colleague = world.phone("1002");
    let mut group = provision::Group::named("sales");
    group.extension = "600".to_owned();
    group.members = vec!["station:1002".parse().expect("a member")];
    world.directory.put(Entity::Group(group));
    world.set_up();
    world.register(colleague);
    press(&mut world, agent, "*4600#");
    world.run_for(Duration::from_secs(1));
    let taken = world.incoming(colleague);
    assert!(world.hear_each_other(customer, taken), "{}", world.ladder());
    assert_eq!(world.state(agent), State::Over);
    end(world);
}

/// E73: the phone registers again, from another address too, while it talks.
#[test]
fn a_call_goes_on_while_its_phone_registers_anew_and_from_elsewhere() {
    let (mut world, customer, agent) = up(26);
    world.register(agent.agent);
    let moved = world.phone_at("1001", "203.0.113.90:5060", base::wire::Transport::Udp);
    world.register(moved);
    assert!(world.hear_each_other(customer, agent));
    press(&mut world, agent, "*0");
    assert_eq!(keyed(&world), [("*0".to_owned(), true)]);
    world.bye(customer);
    world.settle();
    assert_eq!(world.state(agent), State::Over);
    end(world);
}

/// E70: a phone that says busy by itself is neither switched off nor disturbed less: the next call rings it.
#[test]
fn a_phone_that_says_busy_is_rung_by_the_next_call() {
    let (mut world, carrier, phone) = office(27);
    world.agents[phone].manner = sip_tests::BUSY;
    for _ in 0..3 {
        let refused = world.dial(carrier, "+4930123");
        world.settle();
        assert_eq!(world.talk(refused).status(), 486);
    }
    assert!(world.shards.iter().all(|shard| !shard.settings_of("1001").do_not_disturb));
    world.agents[phone].manner = sip_tests::RING;
    let rung = world.dial(carrier, "+4930123");
    world.settle();
    let line = world.incoming(phone);
    assert_eq!(world.state(line), State::Ringing, "{}", world.ladder());
    world.say_with_body(line, 200);
    world.settle();
    assert!(world.hear_each_other(rung, line));
    end(world);
}
