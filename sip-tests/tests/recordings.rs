//! Which calls are recorded, and how; issue row "Recording".

use base::fact::What;
use base::media::{
    Channels, Ear, Gap, MediaCommand, MediaEvent, Over, Play, Recorder, RecordingAct, RecordingFault,
    RecordingFile, RecordingFormat, Sound, WhenFull,
};
use base::{CallOrder, Cause, Party, PortId, RecordOrder};
use call::ShardInput;
use provision::{Conference, Entity, RecordWhen, RecordingPolicy};
use sip_tests::{Line, State, World, office};

fn policy(world: &mut World, policy: RecordingPolicy) {
    world.directory.put(Entity::RecordingPolicy(policy));
}

/// A trunk calls the office's phone, whose number is recorded by `policy`.
fn answered(seed: u64, policy_of_number: RecordingPolicy) -> (World, Line) {
    let (mut world, carrier, _) = office(seed);
    let name = policy_of_number.name.clone();
    policy(&mut world, policy_of_number);
    world.directory.numbers.get_mut("+4930123").expect("a number").recording = name;
    world.set_up();
    let line = world.dial(carrier, "+4930123");
    world.settle();
    assert!(world.talk(line).is_up(), "{}", world.ladder());
    (world, line)
}

fn all(name: &str) -> RecordingPolicy {
    RecordingPolicy { when: RecordWhen::All, ..RecordingPolicy::named(name) }
}

fn recorders(world: &World) -> Vec<(PortId, Recorder)> {
    let started = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::Record { port, recorder } = command else { return None };
        Some((*port, (**recorder).clone()))
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

fn plays(world: &World) -> Vec<&Play> {
    let plays = world.media.asked.iter().filter_map(|command| {
        let MediaCommand::Play { play, .. } = command else { return None };
        Some(&**play)
    });
    plays.collect()
}

fn order(world: &mut World, order: RecordOrder) {
    let call = world.facts.first().expect("a call").call;
    let order = CallOrder::Record(order);
    world.input(usize::from(call.shard().0), ShardInput::Order { call, order });
    world.settle();
}

fn tell(world: &mut World, event: MediaEvent) {
    let shard = event.recorded_call().expect("of a recording").shard();
    world.tell_media(usize::from(shard.0), event);
    world.settle();
}

fn file(recorder: &Recorder) -> Box<RecordingFile> {
    Box::new(RecordingFile {
        path: "2026/11/20/x.wav".to_owned(),
        octets: 44,
        sha256: String::new(),
        audio_ms: 1_000,
        started_at: recorder.at,
        ended_at: recorder.at,
        gaps: vec![Gap { at_ms: 10, ms: 20 }],
        format: RecordingFormat::Wav,
        channels: 2,
        encrypted: false,
    })
}

fn port_of(world: &World, line: Line) -> PortId {
    world.media.towards(world.talk(line).media).expect("a port").0
}

#[test]
fn a_call_that_a_policy_records_is_recorded_from_its_answer_with_the_customer_left() {
    let wanted = RecordingPolicy { encrypt: true, retention_days: 90, max_minutes: 7, ..all("sales") };
    let (mut world, line) = answered(1, wanted);
    let started = recorders(&world);
    let [(port, recorder)] = &started[..] else { panic!("once: {started:?}") };
    assert_eq!(*port, port_of(&world, line));
    assert_eq!(recorder.of[0], Ear::From(*port), "the trunk's side is the customer");
    assert_eq!((recorder.of.len(), recorder.channels), (2, Channels::Stereo));
    assert_eq!((&*recorder.policy, recorder.encrypted, recorder.keep_days), ("sales", true, 90));
    assert_eq!(recorder.at_most.as_secs(), 420);
    assert!(plays(&world).is_empty());

    let (call, recording) = (recorder.call, recorder.id);
    tell(&mut world, MediaEvent::RecordingStarted { port: *port, call, recording });
    world.bye(line);
    world.settle();
    tell(&mut world, MediaEvent::Recorded { port: *port, call, recording, file: file(recorder) });
    world.assert_clean();
    let why = world.facts.iter().find_map(|fact| {
        let What::RecordingStarted { why, .. } = &fact.what else { return None };
        Some(why.to_string())
    });
    assert_eq!(why.as_deref(), Some("recording policy sales of number +4930123"));
    let kept = world.facts.iter().filter(|fact| matches!(fact.what, What::Recorded { .. }));
    assert_eq!(kept.count(), 1);
    let last = world.facts.last().map(|fact| &fact.what);
    assert!(matches!(last, Some(What::CallEnded { .. })), "the recording belongs to the call's story");
}

/// Out through a trunk the customer is who is called.
#[test]
fn on_a_call_out_the_customer_is_the_trunks_side_too() {
    let (mut world, _, phone) = office(2);
    policy(&mut world, all("out"));
    world.directory.stations.get_mut("1001").expect("a station").recording = "out".to_owned();
    world.set_up();
    let line = world.dial(phone, "0301234");
    world.settle();
    let (port, recorder) = recorders(&world).pop().expect("recorded");
    assert_eq!((port, recorder.of[1]), (port_of(&world, line), Ear::From(port)));
}

/// Left what a member says, right what it hears.
#[test]
fn a_call_into_a_conference_is_recorded_with_what_it_says_and_what_it_hears() {
    let (mut world, carrier, _) = office(7);
    policy(&mut world, all("meetings"));
    world.directory.put(Entity::Conference(Conference::named("team")));
    world.number("+49700", "conference:team");
    world.directory.numbers.get_mut("+49700").expect("a number").recording = "meetings".to_owned();
    world.set_up();
    let line = world.dial(carrier, "+49700");
    world.settle();
    let (port, recorder) = recorders(&world).pop().expect("recorded");
    assert_eq!(port, port_of(&world, line));
    assert_eq!(
        (&recorder.of[..], recorder.channels),
        (&[Ear::From(port), Ear::To(port)][..], Channels::Stereo)
    );
    world.bye(line);
    world.settle();
    let (call, recording) = (recorder.call, recorder.id);
    tell(&mut world, MediaEvent::RecordingStarted { port, call, recording });
    tell(&mut world, MediaEvent::Recorded { port, call, recording, file: file(&recorder) });
    world.assert_clean();
}

#[test]
fn both_sides_are_told_by_an_announcement_and_by_a_tone_that_stops_in_a_pause() {
    let announced =
        RecordingPolicy { announce: "recording/is-recorded".to_owned(), beep_secs: 15, ..all("p") };
    let (mut world, line) = answered(3, announced);
    let said: Vec<String> = plays(&world)
        .iter()
        .map(|play| match &play.items[..] {
            [Sound::Prompt(name)] => format!("{} {}x {:?}", name.id, play.times, play.over),
            [Sound::Tone(tone), Sound::Silence(ms)] => {
                format!(
                    "{} Hz {} ms, then {ms}, {}x {:?}",
                    tone.parts[0].hz[0], tone.parts[0].ms, play.times, play.over
                )
            }
            other => format!("{other:?}"),
        })
        .collect();
    let (prompt, tone) = ("recording/is-recorded 1x Mixed", "1400 Hz 200 ms, then 14800, 0x Mixed");
    assert_eq!(said, [prompt, prompt, tone, tone]);
    let beeps: Vec<_> = plays(&world)[2..].iter().map(|play| play.id).collect();
    order(&mut world, RecordOrder::Act(RecordingAct::Pause));
    let stopped: Vec<_> = world
        .media
        .asked
        .iter()
        .filter_map(|command| {
            let MediaCommand::StopPlay { play, .. } = command else { return None };
            *play
        })
        .collect();
    assert_eq!(stopped, beeps);
    order(&mut world, RecordOrder::Act(RecordingAct::Resume));
    assert_eq!(plays(&world).len(), 6);
    assert!(plays(&world).iter().all(|play| play.over == Over::Mixed));
    world.bye(line);
    world.settle();
    world.assert_clean();
}

#[test]
fn on_demand_is_recorded_when_somebody_asks_and_pauses_resumes_and_stops() {
    let (mut world, line) = answered(4, RecordingPolicy::named("asked"));
    assert!(recorders(&world).is_empty());
    order(&mut world, RecordOrder::Act(RecordingAct::Pause));
    order(&mut world, RecordOrder::Start);
    order(&mut world, RecordOrder::Start);
    assert_eq!(recorders(&world).len(), 1);
    for act in [RecordingAct::Pause, RecordingAct::Pause, RecordingAct::Resume, RecordingAct::Stop] {
        order(&mut world, RecordOrder::Act(act));
    }
    assert_eq!(acts(&world), [RecordingAct::Pause, RecordingAct::Resume, RecordingAct::Stop]);
    let (port, first) = recorders(&world).pop().expect("recorded");
    let (call, recording) = (first.call, first.id);
    tell(&mut world, MediaEvent::Recorded { port, call, recording, file: file(&first) });
    order(&mut world, RecordOrder::Start);
    let (_, second) = recorders(&world).pop().expect("recorded again");
    assert_ne!(second.id, first.id);
    world.bye(line);
    world.settle();
    world.assert_clean();
}

#[test]
fn never_is_not_recorded_whoever_asks() {
    let never = RecordingPolicy { when: RecordWhen::Never, ..RecordingPolicy::named("never") };
    let (mut world, _) = answered(5, never);
    order(&mut world, RecordOrder::Start);
    assert!(recorders(&world).is_empty());
}

#[test]
fn a_full_disk_lets_the_call_go_on_or_ends_it_as_the_policy_says() {
    for (when_full, ends) in [(WhenFull::GoOn, false), (WhenFull::EndCall, true)] {
        let (mut world, line) = answered(6, RecordingPolicy { when_full, ..all("p") });
        let (port, recorder) = recorders(&world).pop().expect("recorded");
        let (call, recording) = (recorder.call, recorder.id);
        tell(&mut world, MediaEvent::RecordingStarted { port, call, recording });
        let fault = RecordingFault::DiskFull;
        tell(&mut world, MediaEvent::RecordingFailed { port, call, recording, fault });
        assert_eq!(world.state(line) == State::Over, ends, "{when_full:?}");
        tell(&mut world, MediaEvent::Recorded { port, call, recording, file: file(&recorder) });
        if ends {
            world.assert_clean();
            assert_eq!((world.ending().0, world.ending().2), (Cause::Internal, Party::System));
        } else {
            world.bye(line);
            world.settle();
            world.assert_clean();
        }
        let told = world.facts.iter().filter(|fact| matches!(fact.what, What::RecordingFailed { .. }));
        assert_eq!(told.count(), 1);
    }
}
