//! A leg's audio out of the switch and other audio into it.

use std::f32::consts::TAU;

use base::media::{Ear, MediaCommand, MediaEvent, Tap, TapId};
use media::dsp::level;
use media::frame::Rate;
use media::tap::Tapped;

use super::world::*;

const PEAK: f32 = 8_000.0;
const ID: TapId = TapId(7);

fn tap(ear: Ear, hz: u32) -> MediaCommand {
    MediaCommand::Tap(Tap { id: ID, port: port(0), ear, hz })
}

/// All that came out, and whether it is over.
fn out(world: &mut World) -> (Vec<i16>, bool) {
    let (mut samples, mut over) = (Vec::new(), false);
    while let Some((id, tapped)) = world.engine.poll_tapped() {
        assert_eq!(id, ID);
        match tapped {
            Tapped::Audio(block) => samples.extend(block),
            Tapped::Over => over = true,
        }
    }
    (samples, over)
}

fn level_of(samples: &[i16], hz: u32, rate: Rate) -> f32 {
    level::tone_dbm0(samples, hz, rate.hz())
}

#[test]
fn what_a_far_end_says_and_what_it_hears_come_out_at_the_rate_asked_for() {
    for (ear, heard, unheard) in [(Ear::From(port(0)), 440, 1_000), (Ear::To(port(0)), 1_000, 440)] {
        let mut world = World::new(&[PCMU, PCMU]);
        world.tone(0, 440.0, PEAK);
        world.tone(1, 1_000.0, PEAK);
        world.hear(0, &[(1, 0)]);
        world.hear(1, &[(0, 0)]);
        world.run(100);
        world.obey(tap(ear, 16_000));
        world.run(1_000);
        let (samples, over) = out(&mut world);
        assert!(!over && samples.len() == 16_000, "50 blocks of 20 ms: {}", samples.len());
        assert_near(level_of(&samples[8_000..], heard, Rate::Hz16000), dbm0(PEAK), "heard");
        assert_silent(level_of(&samples[8_000..], unheard, Rate::Hz16000), "unheard");
        world.obey(MediaCommand::Untap { port: port(0), tap: ID });
        world.run(300);
        assert!(out(&mut world).1);
        assert!(world.events.contains(&MediaEvent::TapEnded { port: port(0), tap: ID }));
        assert_eq!(world.engine.load().ports, 0, "the call is only relayed again");
    }
}

#[test]
fn what_is_said_into_a_tap_is_heard_beside_the_others_and_by_nobody_else() {
    let mut world = World::new(&[G722, PCMA]);
    world.tone(1, 1_000.0, PEAK);
    world.hear(0, &[(1, 0)]);
    world.hear(1, &[(0, 0)]);
    world.obey(tap(Ear::From(port(0)), 8_000));
    let said: Vec<i16> =
        (0..8_000).map(|at| ((at as f32 * TAU * 600.0 / 8_000.0).sin() * PEAK) as i16).collect();
    world.engine.speak_into(ID, &said);
    world.run(900);
    assert_near(world.fars[0].level(600, 400), dbm0(PEAK), "said into the tap");
    assert_near(world.fars[0].level(1_000, 400), dbm0(PEAK), "the other far end");
    assert_silent(world.fars[1].level(600, 400), "for the other far end");
    world.engine.speak_into(ID, &said);
    world.engine.hush(ID);
    world.run(600);
    assert_silent(world.fars[0].level(600, 400), "taken back");
}

#[test]
fn a_tap_ends_with_its_port_and_a_second_one_on_it_at_once() {
    let mut world = World::new(&[PCMU, PCMU]);
    world.obey(tap(Ear::From(port(0)), 8_000));
    world.obey(MediaCommand::Tap(Tap { id: TapId(8), port: port(0), ear: Ear::From(port(0)), hz: 8_000 }));
    assert_eq!(world.engine.poll_tapped(), Some((TapId(8), Tapped::Over)));
    world.obey(MediaCommand::Close { port: port(0) });
    assert!(out(&mut world).1);
    world.obey(tap(Ear::From(port(1)), 7_000));
    assert_eq!(world.engine.poll_tapped(), None, "its port is closed");
}
