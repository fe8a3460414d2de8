//! Mailboxes: messages are left, listened to, kept, passed on; features §2.3, CROCO-15, BP-11, E47.

use std::sync::Arc;
use std::time::Duration;

use base::fact::What;
use base::mail::{GreetingKind, MailCounts, MailFile, MailMark, MailMessage, MailOrder, MailPart, MailState};
use base::media::{
    CollectEnd, CollectId, Detected, MediaCommand, MediaEvent, Play, PlayEnd, Recorder, RecordingAct,
    RecordingFault, RecordingFile, RecordingFormat, Sound,
};
use base::{CallIds, RecordingId, ShardId, Wall};
use call::ShardInput;
use provision::{Entity, Mailbox};
use sip_tests::{Line, State, World, office};

fn words(play: &Play) -> Vec<String> {
    let word = |sound: &Sound| match sound {
        Sound::Prompt(name) => format!("{}/{}", name.language, name.id),
        Sound::Tone(tone) => format!("tone {}", tone.parts[0].hz[0]),
        Sound::Silence(_) => "silence".to_owned(),
        Sound::Music { class, .. } => format!("music {class}"),
        Sound::Message { file, from_ms } => format!("{} from {from_ms}", file.path),
    };
    play.items.iter().map(word).collect()
}

/// What is played to the far end, newest last.
fn last_play(world: &World, line: Line) -> Play {
    let (port, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let found = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Play { port: at, play } = command else { return None };
        (*at == port).then(|| (**play).clone())
    });
    found.expect("something plays")
}

fn said(world: &World, line: Line) -> String {
    words(&last_play(world, line)).join(" ")
}

fn tell(world: &mut World, line: Line, event: impl FnOnce(base::PortId) -> MediaEvent) {
    let (port, shard, ..) = world.media.towards(world.talk(line).media).expect("a port");
    world.tell_media(usize::from(shard.0), event(port));
    world.settle();
}

/// What plays comes to its end.
fn played(world: &mut World, line: Line) {
    let play = last_play(world, line).id;
    tell(world, line, |port| MediaEvent::Played { port, play, end: PlayEnd::Finished });
}

fn last_collect(world: &World, line: Line) -> CollectId {
    let (port, ..) = world.media.towards(world.talk(line).media).expect("a port");
    let found = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Collect { port: at, collect } = command else { return None };
        (*at == port).then_some(collect.id)
    });
    found.expect("digits are collected")
}

/// A key cuts short what plays while it is down; which one it was is told when it is let go.
fn press(world: &mut World, line: Line, digits: &str) {
    if let Some(key) = digits.chars().next() {
        let play = last_play(world, line).id;
        tell(world, line, |port| MediaEvent::Played { port, play, end: PlayEnd::Digit(key) });
    }
    if world.state(line) == State::Over {
        return;
    }
    let collect = last_collect(world, line);
    let end = if digits.is_empty() { CollectEnd::NoDigit } else { CollectEnd::Full };
    let digits = digits.to_owned();
    tell(world, line, |port| MediaEvent::Collected { port, collect, digits, end });
}

fn recorder(world: &World) -> Recorder {
    let found = world.media.asked.iter().rev().find_map(|command| {
        let MediaCommand::Record { recorder, .. } = command else { return None };
        Some((**recorder).clone())
    });
    found.expect("a recording")
}

fn is_stopped(world: &World, id: RecordingId) -> bool {
    world.media.asked.iter().any(|command| {
        matches!(command, MediaCommand::Recording { recording, act: RecordingAct::Stop, .. } if *recording == id)
    })
}

fn file(recording: RecordingId, audio_ms: u64) -> RecordingFile {
    RecordingFile {
        path: format!("day/{recording}.wav"),
        octets: 1,
        sha256: String::new(),
        audio_ms,
        started_at: Wall(0),
        ended_at: Wall(0),
        gaps: vec![],
        format: RecordingFormat::Wav,
        channels: 1,
        encrypted: false,
    }
}

/// The thread that writes has closed the file.
fn closed(world: &mut World, line: Line, audio_ms: u64) -> RecordingId {
    let Recorder { id: recording, call, .. } = recorder(world);
    let file = Box::new(file(recording, audio_ms));
    tell(world, line, |port| MediaEvent::Recorded { port, call, recording, file });
    recording
}

fn decided(world: &World) -> Vec<&MailOrder> {
    world.mail.iter().filter(|it| matches!(it, MailOrder::Keep { .. } | MailOrder::Drop { .. })).collect()
}

/// A caller from outside has heard greeting and tone, and is recorded.
fn speaking(seed: u64, change: impl FnOnce(&mut Mailbox)) -> (World, Line, RecordingId) {
    let (mut world, carrier, _) = office(seed);
    let mut mailbox = Mailbox::numbered("1001");
    change(&mut mailbox);
    world.directory.put(Entity::Mailbox(mailbox));
    world.number("+49555", "voicemail:1001");
    world.set_up();
    let caller = world.dial_as(carrier, Some("+34600"), "+49555", true, &[]);
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    played(&mut world, caller);
    let recording = recorder(&world).id;
    (world, caller, recording)
}

fn end(mut world: World, line: Line) {
    if world.state(line) != State::Over {
        world.bye(line);
        world.settle();
    }
    world.assert_clean();
}

#[test]
fn a_caller_hears_who_is_away_leaves_a_message_and_sends_it() {
    let (mut world, carrier, _) = office(1);
    world.number("+49555", "voicemail:1001");
    world.set_up();
    let caller = world.dial_as(carrier, Some("+34600"), "+49555", true, &[]);
    world.settle();
    let greeting = said(&world, caller);
    assert!(greeting.contains("en/voicemail/person-at-extension en/number/1"), "{greeting}");
    assert!(greeting.ends_with("en/voicemail/leave-message tone 1000"), "{greeting}");
    played(&mut world, caller);
    let asked = recorder(&world);
    // E47: 30 s where nobody says.
    assert_eq!((asked.at_most, &*asked.policy), (Duration::from_secs(30), ""));
    let slip = asked.mail.expect("for a mailbox");
    let MailPart::Message { caller: from, .. } = &slip.what else { panic!("{slip:?}") };
    assert_eq!((slip.mailbox.as_str(), from.as_str(), slip.least_ms), ("1001", "+34600", 1_000));
    world.run_for(Duration::from_secs(5));
    // E47: any key ends it.
    press(&mut world, caller, "7");
    assert!(is_stopped(&world, asked.id));
    closed(&mut world, caller, 5_000);
    assert!(said(&world, caller).starts_with("en/voicemail/review-accept"), "{}", said(&world, caller));
    press(&mut world, caller, "1");
    let kept = MailOrder::Keep { recording: asked.id, urgent: false, silent_ms: 0 };
    assert_eq!(decided(&world), [&kept]);
    assert!(said(&world, caller).contains("voicemail/sent"));
    let left = world
        .facts
        .iter()
        .any(|fact| matches!(&fact.what, What::MessageLeft { mailbox, .. } if mailbox == "1001"));
    assert!(left, "it is in the call's record");
    played(&mut world, caller);
    assert_eq!(world.state(caller), State::Over);
    end(world, caller);
}

#[test]
fn a_message_can_be_heard_recorded_again_and_marked_urgent() {
    let (mut world, caller, first) = speaking(2, |_| {});
    world.run_for(Duration::from_secs(3));
    press(&mut world, caller, "#");
    closed(&mut world, caller, 3_000);
    press(&mut world, caller, "2");
    assert!(said(&world, caller).starts_with(&format!("day/{first}.wav from 0")));
    press(&mut world, caller, "3");
    assert_eq!(said(&world, caller), "tone 1000");
    played(&mut world, caller);
    let second = recorder(&world).id;
    assert_ne!(first, second);
    press(&mut world, caller, "#");
    closed(&mut world, caller, 2_000);
    press(&mut world, caller, "4");
    assert!(!said(&world, caller).contains("voicemail/urgent"), "it is urgent already");
    world.bye(caller);
    world.settle();
    let orders = [
        MailOrder::Drop { recording: first },
        MailOrder::Keep { recording: second, urgent: true, silent_ms: 0 },
    ];
    assert_eq!(decided(&world), orders.iter().collect::<Vec<_>>(), "hanging up keeps it");
    end(world, caller);
}

/// Hanging up at once leaves nothing, hanging up after words leaves them.
#[test]
fn who_hangs_up_while_speaking_leaves_what_was_said_if_it_is_long_enough() {
    for (secs, kept) in [(0, false), (4, true)] {
        let (mut world, caller, recording) = speaking(3, |_| {});
        world.run_for(Duration::from_secs(secs));
        world.bye(caller);
        world.settle();
        let wanted = match kept {
            true => MailOrder::Keep { recording, urgent: false, silent_ms: 0 },
            false => MailOrder::Drop { recording },
        };
        assert_eq!(decided(&world), [&wanted]);
        end(world, caller);
    }
}

#[test]
fn silence_ends_a_message_and_does_not_count_as_one() {
    let (mut world, caller, recording) = speaking(4, |mailbox| mailbox.silence_secs = 5);
    world.run_for(Duration::from_secs(3));
    tell(&mut world, caller, |port| MediaEvent::Detected { port, what: Detected::Silence });
    world.run_for(Duration::from_secs(3));
    tell(&mut world, caller, |port| MediaEvent::Detected { port, what: Detected::Speech });
    world.run_for(Duration::from_secs(6));
    assert!(!is_stopped(&world, recording), "talk goes on");
    tell(&mut world, caller, |port| MediaEvent::Detected { port, what: Detected::Silence });
    world.run_for(Duration::from_secs(5));
    assert!(is_stopped(&world, recording));
    // Nothing but silence was said after all.
    closed(&mut world, caller, 5_200);
    assert!(said(&world, caller).contains("voicemail/too-short"), "{}", said(&world, caller));
    assert_eq!(decided(&world), [&MailOrder::Drop { recording }]);
    end(world, caller);
}

#[test]
fn a_message_of_the_greatest_length_is_reviewed_and_no_answer_keeps_it() {
    let (mut world, caller, recording) = speaking(5, |mailbox| mailbox.max_secs = 10);
    world.run_for(Duration::from_secs(10));
    closed(&mut world, caller, 10_000);
    assert!(said(&world, caller).starts_with("en/voicemail/too-long"));
    for _ in 0..3 {
        press(&mut world, caller, "");
    }
    assert_eq!(decided(&world), [&MailOrder::Keep { recording, urgent: false, silent_ms: 0 }]);
    end(world, caller);
}

#[test]
fn a_full_disk_is_told_and_so_is_a_full_mailbox() {
    let (mut world, caller, recording) = speaking(6, |mailbox| mailbox.max_messages = 2);
    let call = recorder(&world).call;
    tell(&mut world, caller, |port| {
        let fault = RecordingFault::DiskFull;
        MediaEvent::RecordingFailed { port, call, recording, fault }
    });
    assert!(said(&world, caller).contains("feature/not-available"));
    assert_eq!(decided(&world), Vec::<&MailOrder>::new());
    played(&mut world, caller);

    let counts = MailCounts { new: 1, old: 1, ..MailCounts::default() };
    let state = Arc::new(MailState { counts, greetings: vec![] });
    for shard in 0..3 {
        world.input(shard, ShardInput::Mail { mailbox: Arc::from("1001"), state: Arc::clone(&state) });
    }
    let late = world.dial_as(0, Some("+34600"), "+49555", true, &[]);
    world.settle();
    assert_eq!(said(&world, late), "silence en/voicemail/full silence");
    played(&mut world, late);
    end(world, late);
}

#[test]
fn a_recorded_greeting_is_heard_and_pound_skips_it() {
    let (mut world, carrier, _) = office(7);
    world.number("+49555", "voicemail:1001");
    world.set_up();
    let recording = CallIds::new(ShardId(1), Wall(0)).recording();
    let file = |path: &str| MailFile { recording, path: Arc::from(path) };
    let greetings =
        vec![(GreetingKind::Unavailable, file("own.wav")), (GreetingKind::Temporary, file("away.wav"))];
    let state = Arc::new(MailState { counts: MailCounts::default(), greetings });
    for shard in 0..3 {
        world.input(shard, ShardInput::Mail { mailbox: Arc::from("1001"), state: Arc::clone(&state) });
    }
    let caller = world.dial(carrier, "+49555");
    world.settle();
    assert_eq!(said(&world, caller), "silence away.wav from 0 tone 1000");
    press(&mut world, caller, "#");
    assert_eq!(said(&world, caller), "tone 1000");
    end(world, caller);
}

fn message(ids: &mut CallIds, at: i64, urgent: bool, heard: bool) -> MailMessage {
    let recording = ids.recording();
    MailMessage {
        file: MailFile { recording, path: Arc::from(format!("{at}.wav")) },
        at: Wall(1_800_000_000_000_000 - at * 1_000_000),
        ahead_secs: 3_600,
        caller: "+34600".to_owned(),
        audio_ms: 20_000,
        urgent,
        heard,
    }
}

/// A phone inside its own mailbox with three messages: one saved, two new of which the later one is urgent.
fn inside(seed: u64, pin: &str) -> (World, Line, Vec<MailMessage>) {
    let (mut world, _, phone) = office(seed);
    let mailbox = Mailbox { pin: pin.to_owned(), ..Mailbox::numbered("1001") };
    world.directory.put(Entity::Mailbox(mailbox));
    world.directory.put(Entity::Mailbox(Mailbox::numbered("1002")));
    world.set_up();
    let mut ids = CallIds::new(ShardId(1), Wall(0));
    let messages = vec![
        message(&mut ids, 300_000, false, true),
        message(&mut ids, 7_200, false, false),
        message(&mut ids, 3_600, true, false),
    ];
    world.messages.insert("1001".to_owned(), messages.clone());
    let line = world.dial(phone, "*97");
    world.settle();
    (world, line, messages)
}

#[test]
fn a_phone_hears_its_messages_the_urgent_first_with_time_and_caller() {
    let (mut world, line, messages) = inside(10, "");
    let menu = said(&world, line);
    let counts = "en/voicemail/you-have en/number/2 en/voicemail/new-messages en/unit/and en/number/1 \
                  en/voicemail/saved-message";
    assert!(menu.contains(counts), "{menu}");
    press(&mut world, line, "1");
    let head = said(&world, line);
    // 1,800,000,000 s is 08:00 UTC; an hour before that, an hour ahead of UTC.
    assert!(
        head.starts_with("en/voicemail/first-message en/voicemail/received en/date/today en/number/8"),
        "{head}"
    );
    assert!(head.contains("en/voicemail/from"), "{head}");
    played(&mut world, line);
    assert_eq!(said(&world, line), "3600.wav from 0");
    let heard = |at: usize| MailOrder::Mark {
        mailbox: "1001".to_owned(),
        recording: messages[at].file.recording,
        mark: MailMark::Heard,
    };
    assert!(world.mail.contains(&heard(2)));
    world.run_for(Duration::from_secs(8));
    press(&mut world, line, "8");
    assert_eq!(said(&world, line), "3600.wav from 3000", "five seconds back");
    press(&mut world, line, "9");
    assert_eq!(said(&world, line), "3600.wav from 8000");
    press(&mut world, line, "6");
    assert!(said(&world, line).starts_with("en/voicemail/last-message"));
    press(&mut world, line, "3");
    let mark =
        |mark| MailOrder::Mark { mailbox: "1001".to_owned(), recording: messages[1].file.recording, mark };
    assert!(world.mail.contains(&mark(MailMark::Deleted)));
    press(&mut world, line, "3");
    assert!(world.mail.contains(&mark(MailMark::Restored)));
    press(&mut world, line, "4");
    press(&mut world, line, "1002");
    let forward = MailOrder::Forward {
        mailbox: "1001".to_owned(),
        recording: messages[1].file.recording,
        to: "1002".to_owned(),
    };
    assert!(world.mail.contains(&forward));
    press(&mut world, line, "6");
    assert!(said(&world, line).contains("voicemail/no-more-messages"));
    end(world, line);
}

/// Inside the mailbox of 1001 whose one message is from 1002, which has a phone.
fn with_a_colleagues_message(seed: u64) -> (World, Line, usize) {
    let mut world = World::new(seed);
    let phones = ["1001", "1002"].map(|extension| world.phone(extension));
    world.trunk("carrier");
    world.rule("^9", &["carrier"]);
    world.open(&phones);
    let mut left = message(&mut CallIds::new(ShardId(1), Wall(0)), 60, false, false);
    left.caller = "1002".to_owned();
    world.messages.insert("1001".to_owned(), vec![left]);
    let line = world.dial(phones[0], "*97");
    world.settle();
    press(&mut world, line, "1");
    (world, line, phones[1])
}

/// features.md §3.3 Voicemail: a key calls back whoever left the message, in any shard.
#[test]
fn a_key_calls_the_sender_of_a_message() {
    for seed in 0..6 {
        let (mut world, line, colleague) = with_a_colleagues_message(20 + seed);
        press(&mut world, line, "5");
        world.settle();
        let other = world.incoming(colleague);
        assert_eq!(world.state(other), State::Up, "{}", world.ladder());
        assert!(world.hear_each_other(line, other), "{}", world.ladder());
        world.bye(line);
        world.settle();
        assert_eq!(world.state(other), State::Over);
        world.assert_clean();
    }
}

#[test]
fn a_sender_who_cannot_be_called_is_told_and_the_visit_goes_on() {
    let (mut world, line, _) = inside(30, "");
    press(&mut world, line, "1");
    press(&mut world, line, "5");
    assert!(said(&world, line).starts_with("en/feature/not-available"), "{}", said(&world, line));
    press(&mut world, line, "6");
    assert!(said(&world, line).starts_with("en/voicemail/last-message"), "{}", said(&world, line));
    end(world, line);
}

/// A key that cuts short who left a message does not play it, nor is it heard then.
#[test]
fn a_message_that_was_skipped_stays_new() {
    let (mut world, line, _) = inside(31, "");
    press(&mut world, line, "1");
    press(&mut world, line, "6");
    let heard = |order: &MailOrder| matches!(order, MailOrder::Mark { mark: MailMark::Heard, .. });
    assert!(!world.mail.iter().any(heard), "{:?}", world.mail);
    end(world, line);
}

#[test]
fn a_pin_is_asked_for_hidden_and_wrong_ones_are_counted() {
    let (mut world, line, _) = inside(11, "4711");
    assert!(said(&world, line).ends_with("voicemail/enter-password"));
    press(&mut world, line, "4712");
    assert!(said(&world, line).contains("voicemail/wrong-password"));
    press(&mut world, line, "4711");
    assert!(said(&world, line).contains("voicemail/you-have"));
    world.bye(line);
    world.settle();
    let mut guesses = 0;
    for _ in 0..40 {
        let line = world.dial(line.agent, "*98");
        world.settle();
        while said(&world, line).ends_with("enter-mailbox") {
            press(&mut world, line, "1001");
            press(&mut world, line, "0000");
            guesses += 1;
        }
        played(&mut world, line);
        assert_eq!(world.state(line), State::Over);
    }
    // Every call of a refused source gets one question and no right answer: shards count each for itself.
    let now = base::Now { mono: world.mono(), wall: Wall(0) };
    let wrong: u64 = world
        .shards
        .iter()
        .map(|it| it.view(now).counters.get("mailbox_pins_wrong").copied().unwrap_or(0))
        .sum();
    assert!(guesses <= 40 + 15, "{guesses} guesses");
    assert_eq!(wrong, guesses + 1);
    let line = world.dial(line.agent, "*97");
    world.settle();
    press(&mut world, line, "4711");
    assert!(said(&world, line).contains("voicemail/wrong-password"), "the right one comes too late now");
    end(world, line);
}

#[test]
fn greetings_are_recorded_and_a_new_pin_is_typed_twice() {
    let (mut world, line, _) = inside(12, "");
    press(&mut world, line, "3");
    press(&mut world, line, "2");
    played(&mut world, line);
    let asked = recorder(&world);
    let slip = asked.mail.clone().expect("for a mailbox");
    assert_eq!(slip.what, MailPart::Greeting { kind: GreetingKind::Busy });
    press(&mut world, line, "#");
    closed(&mut world, line, 3_000);
    assert!(said(&world, line).starts_with("en/voicemail/greeting-is"));
    press(&mut world, line, "1");
    assert_eq!(decided(&world), [&MailOrder::Keep { recording: asked.id, urgent: false, silent_ms: 0 }]);
    press(&mut world, line, "4");
    press(&mut world, line, "12");
    assert!(said(&world, line).contains("voicemail/password-too-short"));
    press(&mut world, line, "4");
    press(&mut world, line, "9876");
    press(&mut world, line, "9876");
    let pin = MailOrder::Pin { mailbox: "1001".to_owned(), pin: "9876".to_owned() };
    assert!(world.mail.contains(&pin));
    end(world, line);
}

/// Hostile digits: any key in any state, for ever, leaves a clean switch.
#[test]
fn any_keys_in_any_order_end_well() {
    for seed in 0..40_u64 {
        let (mut world, line, _) = inside(100 + seed, if seed % 3 == 0 { "1234" } else { "" });
        let mut dice = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        for _ in 0..60 {
            if world.state(line) == State::Over {
                break;
            }
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#", "", "1002", "A"]
                [(dice >> 33) as usize % 15];
            match (dice >> 40) % 4 {
                0 => played(&mut world, line),
                1 if world.media.asked.iter().any(|it| matches!(it, MediaCommand::Record { .. })) => {
                    closed(&mut world, line, 2_000);
                }
                _ => press(&mut world, line, key),
            }
        }
        end(world, line);
    }
}
