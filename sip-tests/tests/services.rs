//! What Tandem itself says and plays: announcements, tones, conferences, music on hold, refusals in words.

use std::time::Duration;

use base::media::{
    CollectEnd, CollectId, DigitBy, MediaCommand, MediaEvent, Over, Play, PlayEnd, PlayId, Sound,
};
use base::{Cause, Party};
use provision::{Conference, Entity};
use sip_tests::{Line, SILENT, State, World, office};

/// What is played to the far end of a line, oldest first.
fn plays(world: &World, line: Line) -> Vec<&Play> {
    let (port, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let of_port = world.media.asked.iter().filter_map(move |command| {
        let MediaCommand::Play { port: at, play } = command else { return None };
        (*at == port).then_some(&**play)
    });
    of_port.collect()
}

fn words(play: &Play) -> Vec<String> {
    let word = |sound: &Sound| match sound {
        Sound::Prompt(name) => format!("{}/{}", name.language, name.id),
        Sound::Tone(tone) => format!("tone {}", tone.parts[0].hz[0]),
        Sound::Silence(_) => "silence".to_owned(),
        Sound::Message { file, from_ms } => format!("{} from {from_ms}", file.recording),
        Sound::Music { class, .. } => format!("music {class}"),
    };
    play.items.iter().map(word).collect()
}

fn tell(world: &mut World, line: Line, event: impl FnOnce(base::PortId) -> MediaEvent) {
    let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
    world.tell_media(usize::from(shard.0), event(port));
    world.settle();
}

fn over(world: &mut World, line: Line, play: PlayId) {
    tell(world, line, |port| MediaEvent::Played { port, play, end: PlayEnd::Finished });
}

#[test]
fn a_number_plays_a_prompt_so_many_times_and_hangs_up() {
    let (mut world, carrier, _) = office(1);
    world.number("+49777", "play:refuse/outside-hours;times=2");
    world.directory.numbers.get_mut("+49777").expect("a number").language = "es".to_owned();
    world.set_up();
    let caller = world.dial(carrier, "+49777");
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    let play = plays(&world, caller)[0].clone();
    assert_eq!(words(&play), ["silence", "es/refuse/outside-hours", "silence"]);
    assert_eq!(play.times, 2);
    over(&mut world, caller, play.id);
    assert_eq!(world.state(caller), State::Over);
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Callee));
}

/// A prompt that does not exist: the call goes on, and operators are told.
#[test]
fn a_prompt_that_does_not_exist_is_counted_and_the_call_goes_on() {
    let (mut world, carrier, _) = office(2);
    world.number("+49777", "play:our/welcome");
    world.set_up();
    let caller = world.dial_as(carrier, None, "+49777", false, &[]);
    world.settle();
    let play = plays(&world, caller)[0].clone();
    assert_eq!(words(&play)[1], "en/our/welcome", "a late offer hears it from the beginning");
    let Sound::Prompt(name) = play.items[1].clone() else { panic!("a prompt") };
    tell(&mut world, caller, |port| MediaEvent::Played { port, play: play.id, end: PlayEnd::Missing(name) });
    assert_eq!(world.state(caller), State::Over, "{}", world.ladder());
    assert_eq!(counted(&world, "prompts_missing"), 1);
    world.assert_clean();
}

#[test]
fn a_phone_hears_the_test_tone_and_its_own_extension() {
    let (mut world, _, phone) = office(3);
    world.directory.stations.get_mut("1001").expect("a station").language = "es".to_owned();
    world.set_up();
    let tone = world.dial(phone, "*44");
    world.settle();
    assert_eq!(words(plays(&world, tone)[0]), ["tone 1004"]);
    world.bye(tone);
    world.settle();
    let own = world.dial(phone, "*45");
    world.settle();
    let said = words(plays(&world, own)[0]);
    assert_eq!(said[1..3], ["es/feature/your-extension-is", "es/number/1"]);
    world.bye(own);
    world.settle();
    world.assert_clean();
}

fn conference(world: &mut World, pin: &str) {
    let conference =
        Conference { extension: "700".to_owned(), pin: pin.to_owned(), ..Conference::named("team") };
    world.directory.put(Entity::Conference(conference));
    world.number("+49700", "conference:team");
    world.set_up();
}

/// Callers of all shards meet in one room, on the worker that its name says.
#[test]
fn callers_from_everywhere_meet_in_one_conference() {
    let (mut world, carrier, phone) = office(4);
    conference(&mut world, "");
    let first = world.dial(phone, "700");
    world.settle();
    let only = plays(&world, first)[0].clone();
    assert_eq!(words(&only), ["silence", "en/conference/only-one", "music default"]);
    let others: Vec<Line> = (0..4).map(|_| world.dial(carrier, "+49700")).collect();
    world.settle();
    let room = |world: &World, line: Line| world.media.room_of(world.talk(line).media).expect("in a room");
    assert!(others.iter().all(|line| room(&world, *line) == room(&world, first)), "{}", world.ladder());
    let stopped = world.media.asked.iter().filter(
        |command| matches!(command, MediaCommand::StopPlay { play: Some(play), .. } if *play == only.id),
    );
    assert_eq!(stopped.count(), 1, "the music stops when somebody comes");
    let tones = plays(&world, first).iter().filter(|play| play.over == Over::Mixed).count();
    assert_eq!(tones, 4, "each who comes is heard to come");
    for line in &others {
        world.bye(*line);
        world.settle();
    }
    let last = plays(&world, first).last().copied().cloned().expect("a play");
    assert_eq!(words(&last).last().map(String::as_str), Some("music default"), "alone again");
    world.bye(first);
    world.settle();
    world.assert_clean();
}

/// Who speaks is told by the media worker to one port of each shard, and seen at the leg that speaks.
#[test]
fn who_speaks_in_a_conference_is_seen_at_its_leg() {
    let (mut world, carrier, phone) = office(6);
    conference(&mut world, "");
    let lines = [world.dial(phone, "700"), world.dial(carrier, "+49700")];
    world.settle();
    let room = world.media.room_of(world.talk(lines[0]).media).expect("in a room");
    let (speaker, _, _, _) = world.media.towards(world.talk(lines[1]).media).expect("a port");
    for now in [Some(speaker), None] {
        for line in lines {
            tell(&mut world, line, |port| MediaEvent::Speaker { port, room, speaker: now });
        }
        let speaks = |call: &call::CallView| call.legs.iter().any(|leg| leg.speaking);
        let at = base::Now { mono: world.mono(), wall: base::Wall(0) };
        let calls = world.shards.iter().flat_map(|shard| shard.view(at).calls);
        let seen = calls.filter(speaks).count();
        assert_eq!(seen, usize::from(now.is_some()));
    }
    lines.into_iter().for_each(|line| world.bye(line));
    world.settle();
    world.assert_clean();
}

/// The far end types this as the answer to the question asked last.
fn collect(world: &mut World, line: Line, digits: &str) {
    let (at, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let asked = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Collect { port, collect } = command else { return None };
        (*port == at).then_some(collect.id)
    });
    let (collect, digits): (CollectId, _) = (asked.expect("a question"), digits.to_owned());
    tell(world, line, |port| MediaEvent::Collected { port, collect, digits, end: CollectEnd::Terminator });
}

/// Listens to the last words and is hung up on.
fn hear_out(world: &mut World, line: Line) {
    let last = plays(world, line).last().map(|play| play.id).expect("a play");
    over(world, line, last);
    assert_eq!(world.state(line), State::Over, "{}", world.ladder());
}

fn counted(world: &World, counter: &str) -> u64 {
    let now = base::Now { mono: world.mono(), wall: base::Wall(0) };
    world.shards.iter().map(|shard| shard.view(now).counters.get(counter).copied().unwrap_or(0)).sum()
}

/// A source with five wrong PINs in ten minutes gets no further question for ten minutes, whatever it knows by then.
/// Shards count each for itself.
#[test]
fn who_guesses_pins_is_refused_for_ten_minutes() {
    let (mut world, carrier, _) = office(12);
    conference(&mut world, "4711");
    let shards = world.shards.len() as u64;
    let mut guesses = 0;
    for _ in 0..20 * shards {
        let line = world.dial(carrier, "+49700");
        world.settle();
        for _ in 0..3 {
            if words(plays(&world, line).last().expect("a play")).last().map(String::as_str)
                != Some("en/conference/enter-pin")
            {
                break;
            }
            collect(&mut world, line, "0000");
            guesses += 1;
        }
        hear_out(&mut world, line);
    }
    assert_eq!((guesses, counted(&world, "conference_pins_wrong")), (5 * shards, 5 * shards));
    world.run_for(Duration::from_secs(601));
    let later = world.dial(carrier, "+49700");
    world.settle();
    collect(&mut world, later, "4711");
    assert!(world.media.room_of(world.talk(later).media).is_some(), "{}", world.ladder());
    world.end_all();
    world.assert_clean();
}

/// The call page shows that keys were pressed, not which.
#[test]
fn digits_of_a_pin_are_shown_to_nobody() {
    let (mut world, carrier, _) = office(13);
    conference(&mut world, "4711");
    let line = world.dial(carrier, "+49700");
    world.settle();
    let press = |world: &mut World, digit: char| {
        tell(world, line, |port| MediaEvent::Digit {
            port,
            digit,
            lasted: Duration::from_millis(100),
            by: DigitBy::Event,
        });
    };
    "4711#".chars().for_each(|digit| press(&mut world, digit));
    collect(&mut world, line, "4711");
    press(&mut world, '5');
    let now = base::Now { mono: world.mono(), wall: base::Wall(0) };
    let shown: Vec<String> = world
        .shards
        .iter()
        .flat_map(|shard| shard.view(now).calls)
        .flat_map(|call| call.happenings)
        .map(|happening| happening.detail)
        .collect();
    assert_eq!(shown, ["•", "•", "•", "•", "•", "5"]);
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_conference_with_a_pin_lets_nobody_in_without_it() {
    let (mut world, carrier, _) = office(5);
    conference(&mut world, "4711");
    let right = world.dial(carrier, "+49700");
    world.settle();
    assert_eq!(words(plays(&world, right)[0])[1], "en/conference/enter-pin");
    collect(&mut world, right, "1234");
    assert_eq!(words(plays(&world, right)[1])[1], "en/conference/wrong-pin");
    assert_eq!(world.media.room_of(world.talk(right).media), None);
    collect(&mut world, right, "4711");
    assert!(world.media.room_of(world.talk(right).media).is_some());
    world.end_all();
    let wrong = world.dial(carrier, "+49700");
    world.settle();
    for guess in ["1", "2", "3"] {
        collect(&mut world, wrong, guess);
    }
    hear_out(&mut world, wrong);
    world.assert_clean();
}

/// RFC 3264 §8.4: the held side listens, and hears music that goes on where it was at the hold before.
#[test]
fn a_held_caller_hears_music_that_goes_on_at_the_next_hold() {
    let (mut world, carrier, phone) = office(6);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.reinvite(callee, "sendonly");
    world.settle();
    let first = plays(&world, caller)[0].clone();
    assert_eq!((words(&first), first.over), (vec!["music default".to_owned()], Over::Alone));
    world.run_for(Duration::from_secs(7));
    world.reinvite(callee, "sendrecv");
    world.settle();
    let stops = |command: &&MediaCommand| matches!(command, MediaCommand::StopPlay { .. });
    assert_eq!(world.media.asked.iter().filter(stops).count(), 1);
    world.run_for(Duration::from_secs(60));
    world.reinvite(callee, "inactive");
    world.settle();
    let second = plays(&world, caller)[1].clone();
    let at = |play: &Play| {
        let Sound::Music { at_ms, .. } = &play.items[0] else { panic!("no music: {play:?}") };
        *at_ms
    };
    let went_on = at(&second) - at(&first);
    assert!((7_000..7_500).contains(&went_on), "{went_on}");
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_carrier_that_holds_with_music_of_its_own_keeps_it() {
    let (mut world, carrier, phone) = office(7);
    world.directory.stations.get_mut("1001").expect("a station").music = "jazz".to_owned();
    world.set_up();
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.reinvite(caller, "sendonly");
    world.settle();
    assert!(plays(&world, callee).is_empty());
    world.reinvite(caller, "inactive");
    world.settle();
    assert_eq!(words(plays(&world, callee)[0]), ["music jazz"], "nothing comes from there: ours, as set up");
    world.end_all();
    world.assert_clean();
}

fn told_why(seed: u64, dialled: &str) -> (World, Line) {
    let (mut world, _, phone) = office(seed);
    world.directory.stations.get_mut("1001").expect("a station").spoken_refusals = true;
    world.phone("1002");
    world.set_up();
    let caller = world.dial(phone, dialled);
    world.settle();
    (world, caller)
}

/// The reason is heard as early media; the final status, Reason and Warning are what they would have been.
#[test]
fn a_phone_hears_why_its_call_is_refused_before_the_refusal() {
    let (mut world, caller) = told_why(8, "5559");
    assert_eq!(world.talk(caller).status(), 183, "{}", world.ladder());
    let play = plays(&world, caller)[0].clone();
    assert_eq!(words(&play), ["tone 985", "en/refuse/unknown-number"]);
    over(&mut world, caller, play.id);
    assert_eq!(world.talk(caller).status(), 404, "{}", world.ladder());
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Unallocated);
}

#[test]
fn the_refusal_does_not_wait_longer_than_six_seconds_for_its_words() {
    let (mut world, caller) = told_why(9, "1002");
    assert_eq!(words(plays(&world, caller)[0])[1], "en/refuse/not-registered");
    world.run_for(Duration::from_secs(7));
    assert_eq!(world.talk(caller).status(), 480, "{}", world.ladder());
    world.assert_clean();
}

#[test]
fn who_gives_up_while_it_hears_why_gets_487() {
    let (mut world, caller) = told_why(10, "5559");
    world.cancel(caller);
    world.settle();
    assert_eq!(world.talk(caller).status(), 487, "{}", world.ladder());
    world.assert_clean();
}

/// Conformance §7.2 M7: an INVITE from a trunk may be forged; words for a third host would go to a victim.
#[test]
fn a_trunk_that_names_a_third_host_hears_no_words_before_the_refusal() {
    for (third, status) in [(None, 183), (Some([198, 51, 100, 66].into()), 404)] {
        let (mut world, carrier, _) = office(14);
        world.directory.trunks.get_mut("carrier").expect("a trunk").spoken_refusals = true;
        world.set_up();
        world.agents[carrier].media_host = third;
        let unknown = world.dial(carrier, "+4999");
        world.settle();
        assert_eq!(world.talk(unknown).status(), status, "{}", world.ladder());
        world.run_for(Duration::from_secs(7));
        assert_eq!(world.talk(unknown).status(), 404);
        world.assert_clean();
    }
}

#[test]
fn busy_and_callers_from_trunks_hear_no_words() {
    let (mut world, carrier, phone) = office(11);
    world.agents[phone].manner = SILENT;
    let unknown = world.dial(carrier, "+4999");
    world.settle();
    assert_eq!(world.talk(unknown).status(), 404);
    world.directory.stations.get_mut("1001").expect("a station").spoken_refusals = true;
    world.set_up();
    let own = world.dial(phone, "1001");
    world.settle();
    assert_eq!(world.talk(own).status(), 486, "{}", world.ladder());
    assert!(world.agents[phone].heard.iter().all(|msg| msg.status() != Some(183)));
    world.assert_clean();
}
