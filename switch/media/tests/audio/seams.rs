//! From relaying to mixing and back while somebody speaks.

use base::media::{Ear, MediaCommand};

use super::churn::recorder;
use super::world::*;

const PEAK: f32 = 8_000.0;
const HZ: f32 = 400.0;

/// A tone of 400 Hz at 8 kHz repeats itself every 20 samples: its phase is whole everywhere when each sample is near
/// the one a period before.
fn assert_unbroken(far: &Far, from: usize) {
    let heard = &far.heard[from..];
    for (n, pair) in heard.windows(21).enumerate() {
        let off = (i32::from(pair[20]) - i32::from(pair[0])).abs();
        assert!(off < 1_200, "the tone breaks at sample {n} of {}: {off}", heard.len());
    }
}

fn call() -> World {
    let mut world = World::new(&[PCMU; 3]);
    world.tone(0, HZ, PEAK);
    world.join(0, room(1));
    world.join(1, room(1));
    world.run(1_000);
    assert_eq!(world.engine.load().ports, 0, "relayed");
    world
}

/// "A two-party room with equal codecs falls back to relaying packets without a glitch, and comes back to mixing
/// without one."
#[test]
fn a_third_party_comes_and_goes_and_the_tone_goes_on() {
    let mut world = call();
    world.join(2, room(1));
    world.run(2_000);
    assert_eq!(world.engine.load().ports, 3, "mixed");
    world.speak(2, None, 0);
    world.hear(2, &[]);
    world.run(1_000);
    assert_eq!(world.engine.load().ports, 0, "relayed again");
    assert_unbroken(&world.fars[1], 0);
    world.fars[1].assert_whole();
    assert_near(world.fars[1].level(400, 500), dbm0(PEAK), "level");
    // The jitter buffer may leave out whole periods of a sound to shorten its delay.
    let (sent, heard) = (4_000 * 8, world.fars[1].heard.len());
    assert!(sent - heard <= 480, "{heard} samples of {sent}");
}

#[test]
fn nothing_is_sent_twice_or_late_when_a_gain_breaks_the_relay() {
    let mut world = call();
    world.hear_in(1, Some(room(1)), &[(0, -1)]);
    world.run(1_000);
    world.hear_in(1, Some(room(1)), &[]);
    world.run(1_000);
    assert_unbroken(&world.fars[1], 0);
    world.fars[1].assert_whole();
}

/// RFC 3550 §5.1: one SSRC and one row of numbers, whoever is heard; the marker says that something new begins.
#[test]
fn another_source_is_heard_under_the_same_identity() {
    let mut world = World::new(&[PCMU, PCMU, PCMA]);
    world.tone(0, 440.0, PEAK);
    world.tone(2, 1_000.0, PEAK);
    world.hear(1, &[(0, 0)]);
    world.run(500);
    world.hear(1, &[(2, 0)]);
    world.run(1_000);
    assert_near(world.fars[1].level(1_000, 500), dbm0(PEAK), "the new source");
    world.hear(1, &[(0, 0)]);
    world.run(1_000);
    assert_near(world.fars[1].level(440, 500), dbm0(PEAK), "the old one again");
    let heads = &world.fars[1].heads;
    for pair in heads.windows(2) {
        let (before, after) = (pair[0].1, pair[1].1);
        assert_eq!((after.ssrc, after.sequence), (before.ssrc, before.sequence.wrapping_add(1)));
        let step = after.timestamp.wrapping_sub(before.timestamp);
        assert!((80..=2_000).contains(&step), "{step}");
    }
}

fn record(world: &mut World) {
    let mut ids = base::CallIds::new(base::ShardId(0), base::Wall(0));
    let recorder = Box::new(recorder(&mut ids, [Ear::From(port(0)), Ear::From(port(1))]));
    world.obey(MediaCommand::Record { port: port(0), recorder });
}

/// "A thousand recorded calls on one core": who is recorded is decoded, and relayed all the same.
#[test]
fn a_recorded_call_is_relayed_packet_by_packet() {
    let mut world = call();
    record(&mut world);
    world.forget();
    world.run(1_000);
    assert_eq!(world.engine.load().ports, 2, "decoded");
    assert_unbroken(&world.fars[1], 0);
    assert!(world.fars[1].heads.iter().all(|(at, head)| at.0.is_multiple_of(20_000) && !head.marker));
}

#[test]
fn a_third_party_comes_and_goes_while_a_recording_goes_on() {
    let mut world = call();
    record(&mut world);
    world.run(500);
    world.join(2, room(1));
    world.run(1_000);
    world.speak(2, None, 0);
    world.hear(2, &[]);
    world.run(500);
    assert_unbroken(&world.fars[1], 0);
    world.fars[0].tone = None;
    world.run(500);
    world.tone(0, HZ, PEAK);
    let worked = world.fars[1].heard.len();
    world.run(500);
    assert!(
        world.fars[1].heads.iter().rev().take(20).all(|(at, _)| at.0.is_multiple_of(20_000)),
        "relayed again"
    );
    assert_unbroken(&world.fars[1], worked + 320);
    world.fars[1].assert_whole();
}
