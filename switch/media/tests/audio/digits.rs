//! Keys of one far end, as the others get them and as they are told.

use std::sync::Arc;
use std::time::Duration;

use base::media::{
    Codec, Collect, CollectEnd, CollectId, Detected, DigitBy, DigitSet, Dtmf, Listen, MediaCommand,
    MediaEvent, Over, Payload, Play, PlayEnd, PlayId, Remote, Sound, Tone, TonePart, Wishes, event_of,
};
use media::digits::{Event, Key, Reader, ToneReader, frequencies};
use media::frame::{Frame, Rate};

use super::world::*;

const PEAK: f32 = 8_000.0;
const EVENTS: Payload = Payload { number: 101, clock_hz: 8_000, codec: Codec::TelephoneEvent };
const WIDE_EVENTS: Payload = Payload { number: 110, clock_hz: 48_000, codec: Codec::TelephoneEvent };

/// Two who hear each other; each with its payload types and its way of digits.
fn pair(one: (&[Payload], Dtmf), other: (&[Payload], Dtmf)) -> World {
    let mut world = World::new(&[one.0[0], other.0[0]]);
    for (slot, (payloads, dtmf)) in [(0, one), (1, other)] {
        let plain = remote(&world.fars[slot as usize], payloads[0], Wishes::default());
        let remote = Remote { payloads: payloads.iter().copied().collect(), dtmf, ..plain };
        world.obey(MediaCommand::Remote { port: port(slot), remote });
        if dtmf == Dtmf::Inband {
            let listen = Listen { digits: true, ..Listen::default() };
            world.obey(MediaCommand::Listen { port: port(slot), listen });
        }
    }
    world.hear(0, &[(1, 0)]);
    world.hear(1, &[(0, 0)]);
    world.tone(0, 400.0, PEAK);
    world.tone(1, 1_000.0, PEAK);
    world.run(300);
    world
}

/// A press of slot 0 as phones send it, 20 ms a packet, the end thrice; packets for which `lost` says so never come.
fn press(world: &mut World, number: u8, digit: char, ms: u16, clock_hz: u32, mut lost: impl FnMut() -> bool) {
    let code = event_of(digit).expect("a key");
    let per_ms = (clock_hz / 1_000) as u16;
    world.fars[0].sends = false;
    let mut marker = true;
    let packets = (1..ms.div_ceil(20)).map(|n| (n * 20, false)).chain([(ms, true); 3]);
    for (so_far, end) in packets.collect::<Vec<_>>() {
        world.run(20);
        let payload = Event { code, end, volume: 10, ticks: so_far * per_ms }.write();
        if lost() && !marker {
            world.lose(0);
        } else {
            world.event(0, number, marker, payload);
        }
        marker = false;
    }
    world.fars[0].sends = true;
    world.run(100);
}

/// Digits and milliseconds, as a far end with events reads them.
fn read(world: &World, slot: usize, clock_hz: u32) -> Vec<(char, u64)> {
    let mut reader = Reader::default();
    let mut told = Vec::new();
    for (now, header, content) in &world.fars[slot].others {
        for key in reader.take(*now, header, clock_hz, content) {
            if let Key::Up(press) = key {
                told.push((press.digit, press.lasted.as_millis() as u64));
            }
        }
    }
    assert_eq!(reader.down(), None);
    told
}

/// Digits and milliseconds, as they stand in what a far end of 8 kHz heard.
fn heard(world: &World, slot: usize) -> Vec<(char, u64)> {
    let mut reader = ToneReader::new(Rate::Hz8000);
    let mut told = Vec::new();
    for part in world.fars[slot].heard.chunks_exact(80) {
        let mut frame = Frame::silent(Rate::Hz8000);
        frame.samples_mut().copy_from_slice(part);
        for key in reader.hear(&mut frame, media::digits::Mute::No) {
            if let Key::Up(press) = key {
                told.push((press.digit, press.lasted.as_millis() as u64));
            }
        }
    }
    told
}

fn told(world: &World) -> Vec<(char, u64, DigitBy)> {
    let digits = world.events.iter().filter_map(|event| {
        let MediaEvent::Digit { digit, lasted, by, .. } = event else { return None };
        Some((*digit, lasted.as_millis() as u64, *by))
    });
    digits.collect()
}

fn assert_like(found: &[(char, u64)], wanted: &[(char, u64)], within_ms: u64) {
    let digits = |all: &[(char, u64)]| all.iter().map(|(digit, _)| *digit).collect::<String>();
    assert_eq!(digits(found), digits(wanted), "{found:?}");
    for ((_, found_ms), (digit, ms)) in found.iter().zip(wanted) {
        assert!(found_ms.abs_diff(*ms) <= within_ms, "{digit}: {found_ms} ms instead of {ms}");
    }
}

/// RFC 4733: events pass a relay with the listener's payload type and nothing worked on.
#[test]
fn events_pass_as_they_are_where_both_have_them() {
    let other = Payload { number: 96, ..EVENTS };
    let mut world = pair((&[PCMU, EVENTS], Dtmf::Auto), (&[PCMU, other], Dtmf::Auto));
    press(&mut world, 101, '5', 140, 8_000, || false);
    press(&mut world, 101, '#', 60, 8_000, || false);
    assert_eq!(read(&world, 1, 8_000), [('5', 140), ('#', 60)]);
    assert!(world.fars[1].others.iter().all(|(_, header, _)| header.payload_type == 96));
    assert_eq!(told(&world), [('5', 140, DigitBy::Event), ('#', 60, DigitBy::Event)]);
    assert_eq!(world.engine.load().ports, 0);
}

/// ITU-T Q.23, Q.24.
#[test]
fn a_far_end_without_events_hears_tones_of_the_same_length_and_then_the_other_again() {
    let mut world = pair((&[PCMU, EVENTS], Dtmf::Auto), (&[PCMU], Dtmf::Auto));
    world.forget();
    for (digit, ms) in [('1', 100), ('9', 60), ('*', 240)] {
        press(&mut world, 101, digit, ms, 8_000, || false);
        world.run(400);
    }
    assert_like(&heard(&world, 1), &[('1', 100), ('9', 60), ('*', 240)], 5);
    world.fars[1].forget();
    world.run(1_000);
    assert_near(world.fars[1].level(400, 500), dbm0(PEAK), "the other again");
    assert_eq!((world.fars[1].others.len(), world.engine.load().ports), (0, 0), "relayed again");
}

/// "Removes the tone from what others hear where it is converted."
#[test]
fn tones_become_events_and_are_heard_by_nobody() {
    let mut world = pair((&[PCMA], Dtmf::Inband), (&[PCMU, EVENTS], Dtmf::Auto));
    world.fars[0].tone = None;
    world.run(300);
    world.forget();
    let wanted = [('7', 80), ('D', 60), ('0', 400)];
    for (digit, ms) in wanted {
        let (low, high) = frequencies(digit).unwrap();
        (world.fars[0].tone, world.fars[0].beside) = (Some((low, PEAK)), Some((high, PEAK)));
        world.run(ms);
        (world.fars[0].tone, world.fars[0].beside) = (None, None);
        world.run(200);
    }
    world.run(600);
    // A jitter buffer that shrinks takes 10 ms out of a long one.
    assert_like(&read(&world, 1, 8_000), &wanted, 15);
    assert_eq!(heard(&world, 1), [], "too little of any is left for a detector");
    let loud = world.fars[1].heard.iter().filter(|sample| sample.unsigned_abs() > 500).count();
    assert!(loud < 3 * 20 * 8, "{} ms of three keys", loud / 8);
    assert!(told(&world).iter().all(|(.., by)| *by == DigitBy::Tone));
}

#[test]
fn tones_stay_in_the_audio_where_nobody_is_told_in_another_way() {
    let mut world = pair((&[PCMU], Dtmf::Inband), (&[PCMU], Dtmf::Auto));
    world.forget();
    let (low, high) = frequencies('3').unwrap();
    (world.fars[0].tone, world.fars[0].beside) = (Some((low, PEAK)), Some((high, PEAK)));
    world.run(100);
    (world.fars[0].tone, world.fars[0].beside) = (None, None);
    world.run(500);
    assert_like(&heard(&world, 1), &[('3', 100)], 10);
    assert_eq!(told(&world).len(), 1);
}

/// RFC 4733 §2.1, §2.5.1.3: another clock, and an event too long for one segment of it.
#[test]
fn events_of_another_clock_are_timed_anew() {
    let mut world = pair((&[PCMU, EVENTS], Dtmf::Auto), (&[OPUS, WIDE_EVENTS], Dtmf::Auto));
    world.forget();
    press(&mut world, 101, '2', 100, 8_000, || false);
    press(&mut world, 101, 'A', 2_500, 8_000, || false);
    world.run(3_000);
    assert_eq!(read(&world, 1, 48_000), [('2', 100), ('A', 2_500)]);
    assert_near(world.fars[1].level(400, 300), dbm0(PEAK), "audio goes on");
}

/// RFC 4733 §2.6: "digits order and durations exact under 5 % loss".
#[test]
fn with_one_packet_in_twenty_lost_every_digit_comes_once_with_its_length() {
    let wanted: Vec<(char, u64)> = "1234567890*#ABCD".chars().zip((3..).map(|n| n * 20)).collect();
    for (payloads, by_tone) in [(&[PCMU, EVENTS][..], false), (&[PCMA, EVENTS], false), (&[PCMU], true)] {
        let mut world = pair((&[PCMU, EVENTS], Dtmf::Auto), (payloads, Dtmf::Auto));
        world.forget();
        let mut seed = 12_345_u32;
        for (digit, ms) in &wanted {
            let lost = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 16).is_multiple_of(20)
            };
            press(&mut world, 101, *digit, *ms as u16, 8_000, lost);
            world.run(if by_tone { 600 } else { 100 });
        }
        world.run(2_000);
        let found = if by_tone { heard(&world, 1) } else { read(&world, 1, 8_000) };
        assert_like(&found, &wanted, if by_tone { 5 } else { 0 });
        assert_eq!(told(&world).len(), wanted.len());
    }
}

/// RFC 4733 §2.5.1.2: the audio's clock has run on while the event took its place.
#[test]
fn digits_that_are_sent_leave_numbers_and_timestamps_whole() {
    let mut world = pair((&[PCMU, EVENTS], Dtmf::Auto), (&[PCMU, EVENTS], Dtmf::Auto));
    world.forget();
    let digits = "42,#".into();
    world.obey(MediaCommand::SendDigits { port: port(1), digits, each: Duration::from_millis(100) });
    world.run(3_000);
    assert_eq!(read(&world, 1, 8_000), [('4', 100), ('2', 100), ('#', 100)]);
    let heads: Vec<_> = world.fars[1].heads.iter().map(|(_, head)| *head).collect();
    assert!(heads.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
    let speech: Vec<_> = world.fars[1].heads.iter().filter(|(_, head)| head.payload_type == 0).collect();
    let ((first_at, first), (last_at, last)) = (speech[0], speech[speech.len() - 1]);
    let (passed, ticks) =
        (last_at.since(*first_at).as_millis(), last.timestamp.wrapping_sub(first.timestamp));
    assert!(passed.abs_diff(u128::from(ticks / 8)) <= 60, "{passed} ms, {ticks} ticks");
    let pause = world.fars[1].others.windows(2).map(|pair| pair[1].0.since(pair[0].0)).max().unwrap();
    assert!(pause >= Duration::from_secs(1), "a comma");
}

#[test]
fn a_digit_that_came_by_signalling_goes_on_as_event_or_tone() {
    let mut world = pair((&[PCMU], Dtmf::Info), (&[PCMU, EVENTS], Dtmf::Auto));
    let lasted = Duration::from_millis(120);
    world.obey(MediaCommand::DigitCame { port: port(0), digit: '8', lasted });
    world.run(500);
    assert_eq!(read(&world, 1, 8_000), [('8', 120)]);
    world.forget();
    world.obey(MediaCommand::DigitCame { port: port(1), digit: '8', lasted });
    world.run(500);
    assert_eq!((heard(&world, 0), world.fars[0].others.len()), (vec![], 0), "who takes INFO gets neither");
    assert_eq!(told(&world), [('8', 120, DigitBy::Info); 2]);
}

#[test]
fn beside_a_codec_that_nobody_reads_events_are_sent_too() {
    let foreign = Payload {
        number: 18,
        clock_hz: 8_000,
        codec: Codec::Other(base::media::Foreign::of("G729", 8_000, 1, "")),
    };
    let mut world = pair((&[PCMU], Dtmf::Auto), (&[PCMU], Dtmf::Auto));
    for slot in [0, 1] {
        let plain = remote(&world.fars[slot as usize], foreign, Wishes::default());
        let remote = Remote { payloads: [foreign, EVENTS].into_iter().collect(), ..plain };
        world.obey(MediaCommand::Remote { port: port(slot), remote });
    }
    world.forget();
    world.obey(MediaCommand::DigitCame { port: port(0), digit: '6', lasted: Duration::from_millis(90) });
    world.run(600);
    assert_eq!(read(&world, 1, 8_000), [('6', 90)]);
}

fn collect(id: u32, most: u8) -> Box<Collect> {
    Box::new(Collect {
        id: CollectId(id),
        most,
        first: Duration::from_secs(2),
        between: Duration::from_secs(1),
        terminators: DigitSet::of("#"),
        barges_in: true,
        type_ahead: false,
    })
}

fn tone_of(ms: u32) -> Arc<Play> {
    let part = TonePart { hz: [440, 0, 0, 0], dbm0: -10.0, ms };
    Arc::new(Play {
        id: PlayId(1),
        items: [Sound::Tone(Tone { parts: [part].into_iter().collect(), times: 1 })].into(),
        times: 1,
        over: Over::Alone,
        until_digit: false,
        gain: base::media::Gain::UNITY,
    })
}

fn collected(world: &World) -> Vec<(String, CollectEnd)> {
    let ends = world.events.iter().filter_map(|event| {
        let MediaEvent::Collected { digits, end, .. } = event else { return None };
        Some((digits.clone(), *end))
    });
    ends.collect()
}

#[test]
fn the_first_digit_ends_what_plays_and_a_terminator_the_collecting() {
    let mut world = pair((&[PCMU, EVENTS], Dtmf::Auto), (&[PCMU], Dtmf::Auto));
    world.obey(MediaCommand::Play { port: port(0), play: tone_of(60_000) });
    world.obey(MediaCommand::Collect { port: port(0), collect: collect(1, 9) });
    world.run(10_000);
    assert_eq!(collected(&world), []);
    press(&mut world, 101, '1', 100, 8_000, || false);
    let played =
        world.events.iter().any(|event| matches!(event, MediaEvent::Played { end: PlayEnd::Digit('1'), .. }));
    assert!(played, "{:?}", world.events);
    press(&mut world, 101, '2', 100, 8_000, || false);
    press(&mut world, 101, '#', 100, 8_000, || false);
    assert_eq!(collected(&world), [("12".to_owned(), CollectEnd::Terminator)]);
}

#[test]
fn the_wait_for_the_first_digit_begins_when_nothing_plays_any_more() {
    let mut world = pair((&[PCMU, EVENTS], Dtmf::Auto), (&[PCMU], Dtmf::Auto));
    world.obey(MediaCommand::Play { port: port(0), play: tone_of(3_000) });
    world.obey(MediaCommand::Collect { port: port(0), collect: collect(1, 9) });
    world.run(4_900);
    assert_eq!(collected(&world), []);
    world.run(300);
    assert_eq!(collected(&world), [(String::new(), CollectEnd::NoDigit)]);
    world.obey(MediaCommand::Collect { port: port(0), collect: collect(2, 9) });
    press(&mut world, 101, '5', 60, 8_000, || false);
    world.run(1_200);
    assert_eq!(collected(&world)[1], ("5".to_owned(), CollectEnd::Pause));
    world.obey(MediaCommand::Collect { port: port(0), collect: collect(3, 1) });
    world.obey(MediaCommand::Close { port: port(0) });
    assert_eq!(collected(&world)[2].1, CollectEnd::Stopped);
}

#[test]
fn what_is_listened_for_is_told_once_and_costs_nothing_any_more_when_nobody_listens() {
    let mut world = pair((&[PCMU], Dtmf::Auto), (&[PCMU], Dtmf::Auto));
    world.fars[0].tone = None;
    let listen = Listen { progress: true, fax: true, ..Listen::default() };
    world.obey(MediaCommand::Listen { port: port(0), listen });
    world.run(200);
    for _ in 0..6 {
        (world.fars[0].tone, world.fars[0].beside) = (Some((480.0, PEAK)), Some((620.0, PEAK)));
        world.run(500);
        (world.fars[0].tone, world.fars[0].beside) = (None, None);
        world.run(500);
    }
    let detected: Vec<&MediaEvent> =
        world.events.iter().filter(|event| matches!(event, MediaEvent::Detected { .. })).collect();
    assert_eq!(detected, [&MediaEvent::Detected { port: port(0), what: Detected::Busy }]);
    assert_eq!(world.engine.load().ports, 1, "the other is only relayed to");
    world.obey(MediaCommand::Listen { port: port(0), listen: Listen::default() });
    world.run(50);
    assert_eq!(world.engine.load().ports, 0);
}

/// features.md §0.3: codes pressed in a call are told, and nobody else hears them.
#[test]
fn held_digits_are_told_and_pass_to_nobody_in_any_way() {
    for (payloads, dtmf) in
        [(&[PCMU, EVENTS][..], Dtmf::Auto), (&[PCMA, EVENTS], Dtmf::Auto), (&[PCMU], Dtmf::Auto)]
    {
        let mut world = pair((&[PCMU, EVENTS], Dtmf::Auto), (payloads, dtmf));
        world.obey(MediaCommand::HoldDigits { port: port(0), held: true });
        world.forget();
        press(&mut world, 101, '*', 140, 8_000, || false);
        let lasted = Duration::from_millis(100);
        world.obey(MediaCommand::DigitCame { port: port(0), digit: '1', lasted });
        world.run(500);
        assert_eq!((read(&world, 1, 8_000), heard(&world, 1)), (vec![], vec![]), "{payloads:?}");
        let digits: String = told(&world).iter().map(|(digit, ..)| *digit).collect();
        assert_eq!(digits, "*1");
        let heads: Vec<_> = world.fars[1].heads.iter().map(|(_, head)| *head).collect();
        assert!(heads.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
        world.obey(MediaCommand::HoldDigits { port: port(0), held: false });
        press(&mut world, 101, '9', 140, 8_000, || false);
        world.run(500);
        let found = if payloads.contains(&EVENTS) { read(&world, 1, 8_000) } else { heard(&world, 1) };
        assert_like(&found, &[('9', 140)], 5);
    }
}

#[test]
fn held_tones_are_taken_out_of_what_others_hear() {
    let mut world = pair((&[PCMU], Dtmf::Inband), (&[PCMU], Dtmf::Auto));
    world.obey(MediaCommand::HoldDigits { port: port(0), held: true });
    world.run(100);
    world.forget();
    let (low, high) = frequencies('3').unwrap();
    (world.fars[0].tone, world.fars[0].beside) = (Some((low, PEAK)), Some((high, PEAK)));
    world.run(100);
    (world.fars[0].tone, world.fars[0].beside) = (None, None);
    world.run(500);
    assert_eq!((heard(&world, 1), told(&world).len()), (vec![], 1));
}
