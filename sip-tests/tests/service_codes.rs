//! Codes that are a conversation with the switch: time, favourites, calling back, recording a prompt, and codes that
//! are dialled on a second line (features.md §0.3; E74).

use base::fact::What;
use base::mail::{MailOrder, MailPart};
use base::media::{
    CollectEnd, MediaCommand, MediaEvent, Play, PlayEnd, Recorder, RecordingFault, RecordingFile,
    RecordingFormat, Sound,
};
use base::{PortId, Wall};
use call::ShardInput;
use provision::{Entity, Mac, Phone, PhonebookEntry, Role, User};
use sip_tests::{Line, State, World, office};

fn port_of(world: &World, line: Line) -> (PortId, usize) {
    let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
    (port, usize::from(shard.0))
}

fn plays(world: &World, line: Line) -> Vec<Play> {
    let (port, _) = port_of(world, line);
    let plays = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::Play { port: at, play } = command else { return None };
        (*at == port).then(|| (**play).clone())
    });
    plays.collect()
}

fn words(play: &Play) -> Vec<String> {
    let word = |sound: &Sound| match sound {
        Sound::Prompt(name) => Some(format!("{}/{}", name.language, name.id)),
        Sound::Message { file, .. } => Some(format!("file {}", file.recording)),
        Sound::Tone(_) | Sound::Silence(_) | Sound::Music { .. } => None,
    };
    play.items.iter().filter_map(word).collect()
}

fn said(world: &World, line: Line) -> String {
    words(plays(world, line).last().expect("a play")).join(" ")
}

fn tell(world: &mut World, line: Line, event: impl FnOnce(PortId) -> MediaEvent) {
    let (port, shard) = port_of(world, line);
    world.tell_media(shard, event(port));
    world.settle();
}

fn played(world: &mut World, line: Line) {
    let play = plays(world, line).last().expect("a play").id;
    tell(world, line, |port| MediaEvent::Played { port, play, end: PlayEnd::Finished });
}

/// Answers the question that was asked last.
fn type_in(world: &mut World, line: Line, digits: &str) {
    let (port, _) = port_of(world, line);
    let collect = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Collect { port: at, collect } = command else { return None };
        (*at == port).then_some(collect.id)
    });
    let collect = collect.expect("a question");
    let (digits, end) = (digits.to_owned(), CollectEnd::Full);
    tell(world, line, |port| MediaEvent::Collected { port, collect, digits, end });
}

/// What was dialled on the last INVITE that an agent got.
fn last_dialled(world: &World, agent: usize) -> String {
    let invite = world.agents[agent].requests("INVITE").last().expect("an INVITE");
    invite.start.split(' ').nth(1).unwrap_or_default().to_owned()
}

fn end(mut world: World) {
    world.end_all();
    world.assert_clean();
}

/// The phone's own zone, with its summer time: 15 January 2027, 08:00 UTC.
#[test]
fn the_time_is_told_by_the_clock_of_the_phone_in_its_language() {
    for (language, zone, words) in [
        ("en", "Europe/Madrid", ["en/day/5", "en/feature/time-is", "en/number/9", "en/time/am"]),
        ("es", "America/Bogota", ["es/day/5", "es/feature/time-is", "es/number/3", "es/time/dawn"]),
    ] {
        let (mut world, _, phone) = office(1);
        let mac: Mac = "020000000001".parse().expect("an address");
        let time_zone = zone.parse().expect("a zone");
        let stations = vec!["1001".to_owned()];
        world.directory.put(Entity::Phone(Phone { time_zone, stations, ..Phone::with_mac(mac) }));
        world.directory.stations.get_mut("1001").expect("a station").language = language.to_owned();
        world.set_up();
        let line = world.dial(phone, "*60");
        world.settle();
        let said = said(&world, line);
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        played(&mut world, line);
        assert_eq!(world.state(line), State::Over, "it hangs up");
        end(world);
    }
}

/// `**`nn: the user's own entry stands before everyone's, and those of others are not seen.
#[test]
fn a_favourite_is_dialled_by_its_rank_under_the_rules_that_hold_for_numbers() {
    let (mut world, carrier, phone) = office(2);
    let entry = |entry: &str, scope: &str, number: &str| {
        let mut it = PhonebookEntry::known_by(entry);
        it.favourite = 7;
        it.scope = scope.parse().expect("a scope");
        it.numbers = vec![number.parse().expect("a number")];
        Entity::Phonebook(it)
    };
    world.directory.put(entry("a", "user:bob", "00302"));
    world.directory.put(entry("b", "shared", "00303"));
    world.directory.put(entry("c", "user:ana", "00301"));
    world.directory.put(Entity::User(User::called("ana")));
    world.directory.stations.get_mut("1001").expect("a station").user = "ana".to_owned();
    world.set_up();
    let line = world.dial(phone, "**07");
    world.settle();
    assert!(world.talk(line).is_up(), "{}", world.ladder());
    assert!(last_dialled(&world, carrier).contains("00301"), "{}", last_dialled(&world, carrier));
    let none = world.dial(phone, "**8");
    world.settle();
    assert_eq!(world.talk(none).status(), 404);
    end(world);
}

/// `*69` and 1.
#[test]
fn the_last_caller_is_called_back() {
    let (mut world, carrier, phone) = office(3);
    world.number("^4930", "station:1001");
    let caller = world.dial_as(carrier, Some("0030777"), "+4930123", true, &[]);
    world.settle();
    world.bye(caller);
    world.settle();
    let line = world.dial(phone, "*69");
    world.settle();
    assert!(said(&world, line).ends_with("en/feature/to-call-back"), "{}", said(&world, line));
    type_in(&mut world, line, "1");
    let called = world.incoming(carrier);
    assert!(last_dialled(&world, carrier).contains("0030777"), "{}", last_dialled(&world, carrier));
    assert!(world.hear_each_other(line, called), "{}", world.ladder());
    world.bye(called);
    world.settle();
    assert_eq!(world.state(line), State::Over);
    end(world);
}

/// Whoever hangs up while the last caller rings leaves nobody ringing.
#[test]
fn a_call_back_that_is_given_up_stops_ringing() {
    let (mut world, carrier, phone) = office(4);
    world.agents[carrier].manner = sip_tests::RING;
    world.set_up();
    let caller = world.dial_as(carrier, Some("0030777"), "+4930123", true, &[]);
    world.settle();
    world.bye(caller);
    world.settle();
    let line = world.dial(phone, "*69");
    world.settle();
    type_in(&mut world, line, "1");
    world.bye(line);
    world.settle();
    assert_eq!(world.state(world.incoming(carrier)), State::Over, "{}", world.ladder());
    end(world);
}

fn supervisor(seed: u64, role: Role) -> (World, usize) {
    let (mut world, _, phone) = office(seed);
    world.directory.put(Entity::User(User { role, ..User::called("ana") }));
    world.directory.stations.get_mut("1001").expect("a station").user = "ana".to_owned();
    world.set_up();
    (world, phone)
}

fn recorder(world: &World) -> Recorder {
    let found = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Record { recorder, .. } = command else { return None };
        Some((**recorder).clone())
    });
    found.expect("a recording")
}

fn closed(world: &mut World, line: Line) {
    let Recorder { id: recording, call, .. } = recorder(world);
    let file = Box::new(RecordingFile {
        path: format!("prompts/{recording}.wav"),
        octets: 1,
        sha256: String::new(),
        audio_ms: 4_000,
        started_at: Wall(0),
        ended_at: Wall(0),
        gaps: vec![],
        format: RecordingFormat::Wav,
        channels: 1,
        encrypted: false,
    });
    tell(world, line, |port| MediaEvent::Recorded { port, call, recording, file });
}

/// `*77`: number, tone, recording up to `#`, heard, once more, kept.
#[test]
fn a_supervisor_records_a_prompt_by_phone() {
    let (mut world, phone) = supervisor(5, Role::Supervisor);
    let line = world.dial(phone, "*77");
    world.settle();
    assert_eq!(said(&world, line), "en/menu/enter-number");
    type_in(&mut world, line, "12");
    played(&mut world, line);
    let first = recorder(&world);
    let what = MailPart::Prompt { id: "custom/12".to_owned(), language: "en".to_owned() };
    assert_eq!(first.mail.as_ref().map(|slip| slip.what.clone()), Some(what));
    type_in(&mut world, line, "#");
    closed(&mut world, line);
    assert_eq!(said(&world, line), format!("file {} en/menu/if-correct", first.id));
    type_in(&mut world, line, "2");
    assert_eq!(world.mail, [MailOrder::Drop { recording: first.id }]);
    played(&mut world, line);
    type_in(&mut world, line, "#");
    closed(&mut world, line);
    type_in(&mut world, line, "1");
    let second = recorder(&world);
    assert!(
        matches!(world.mail[1], MailOrder::Keep { recording, .. } if recording == second.id),
        "{:?}",
        world.mail
    );
    let (_, shard) = port_of(&world, line);
    world.input(shard, ShardInput::MailRead { call: second.call, messages: Some([].into()) });
    world.settle();
    assert_eq!(said(&world, line), "en/menu/saved");
    played(&mut world, line);
    assert_eq!(world.state(line), State::Over);
    let told = world.facts.iter().any(|fact| {
        matches!(&fact.what, What::PromptRecorded { prompt, recording } if prompt == "custom/12" && *recording == second.id)
    });
    assert!(told, "the record says who changed which prompt");
    end(world);
}

/// E90: nobody is told that something was kept that was not.
#[test]
fn a_prompt_that_the_disk_does_not_take_is_told() {
    let (mut world, phone) = supervisor(6, Role::Admin);
    let line = world.dial(phone, "*773");
    world.settle();
    played(&mut world, line);
    let Recorder { id: recording, call, .. } = recorder(&world);
    let fault = RecordingFault::DiskFull;
    tell(&mut world, line, |port| MediaEvent::RecordingFailed { port, call, recording, fault });
    assert_eq!(said(&world, line), "en/feature/not-available");
    let again = world.dial(phone, "*773");
    world.settle();
    played(&mut world, again);
    type_in(&mut world, again, "#");
    closed(&mut world, again);
    type_in(&mut world, again, "1");
    let (call, (_, shard)) = (recorder(&world).call, port_of(&world, again));
    world.input(shard, ShardInput::MailRead { call, messages: None });
    world.settle();
    assert_eq!(said(&world, again), "en/feature/not-available");
    end(world);
}

/// Agents may not, and phones that are nobody's neither; what is not agreed to is not kept.
#[test]
fn prompts_are_for_supervisors_and_one_that_was_not_agreed_to_is_dropped() {
    let (mut world, phone) = supervisor(7, Role::Agent);
    let line = world.dial(phone, "*7712");
    world.settle();
    assert_eq!(said(&world, line), "en/feature/not-available");
    end(world);
    let (mut world, phone) = supervisor(8, Role::Supervisor);
    let line = world.dial(phone, "*7712");
    world.settle();
    played(&mut world, line);
    let recording = recorder(&world).id;
    world.bye(line);
    world.settle();
    assert_eq!(world.mail, [MailOrder::Drop { recording }]);
    end(world);
}

/// E74: the phone has no keys in its first call any more, for it holds it.
#[test]
fn a_code_that_is_dialled_on_a_second_line_is_done_in_the_first_call() {
    for seed in 10..16 {
        let (mut world, carrier, phone) = office(seed);
        let (customer, agent) = world.connect(carrier, "+4930123", phone);
        world.reinvite(agent, "sendonly");
        world.settle();
        let help = world.dial(phone, "*0");
        world.settle();
        assert_eq!(said(&world, help), "en/feature/done", "{}", world.ladder());
        played(&mut world, help);
        let signed = world.dial(phone, "*3");
        world.settle();
        assert!(world.talk(signed).status() >= 400, "what means nothing there is refused");
        let led = world.dial(phone, "%23%230030123456%23");
        world.settle();
        assert!(world.talk(led).is_up(), "{}", world.ladder());
        assert_eq!(world.state(agent), State::Over, "{}", world.ladder());
        assert!(last_dialled(&world, carrier).contains("0030123456"));
        let keyed: Vec<&str> = world
            .facts
            .iter()
            .filter_map(|fact| {
                let What::Keyed { code, done: true, .. } = &fact.what else { return None };
                Some(code.as_str())
            })
            .collect();
        assert_eq!(keyed, ["*0", "##0030123456#"]);
        assert_eq!(world.state(customer), State::Up);
        end(world);
    }
}

/// E74: without a first call there is nothing to do.
#[test]
fn a_code_of_calls_that_is_dialled_without_one_is_refused() {
    let (mut world, _, phone) = office(17);
    let line = world.dial(phone, "*0");
    world.settle();
    assert_eq!(world.talk(line).status(), 404);
    end(world);
}
