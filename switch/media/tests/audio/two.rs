//! Two far ends, one codec each.

use base::media::{Codec, Payload};
use media::dsp::level;
use media::rtp;

use super::world::*;

const PEAK: f32 = 8_000.0;

/// "Transcoding between any two."
#[test]
fn every_pair_of_codecs_carries_tones_both_ways_at_their_level() {
    let all = [PCMU, PCMA, G722, OPUS];
    for one in all {
        for other in all {
            let mut world = World::new(&[one, other]);
            world.tone(0, 440.0, PEAK);
            world.tone(1, 1_000.0, PEAK);
            world.hear(0, &[(1, 0)]);
            world.hear(1, &[(0, 0)]);
            world.run(1_500);
            let what = format!("{:?} to {:?}", one.codec, other.codec);
            assert_near(world.fars[1].level(440, 500), dbm0(PEAK), &what);
            assert_silent(world.fars[1].level(1_000, 500), &what);
            assert_near(world.fars[0].level(1_000, 500), dbm0(PEAK), &what);
            world.fars[1].assert_even(20);
        }
    }
}

#[test]
fn two_with_one_codec_are_relayed_and_nothing_is_worked_on() {
    let mut world = World::new(&[PCMU, PCMU]);
    world.hear(0, &[(1, 0)]);
    world.hear(1, &[(0, 0)]);
    world.run(100);
    assert_eq!((world.engine.load().ports, world.engine.load().beats), (0, 0));
    assert_eq!(world.fars[0].heads.len(), 5);
}

/// RFC 4566 `a=ptime`.
#[test]
fn packets_are_as_long_as_the_far_end_wishes() {
    for packet_ms in [10_u8, 20, 30, 40, 60] {
        let mut world = World::with([(PCMU, wishes(packet_ms)), (PCMA, wishes(20))]);
        world.tone(1, 440.0, PEAK);
        world.hear(0, &[(1, 0)]);
        world.run(1_200);
        world.fars[0].assert_even(packet_ms.into());
        let octets = usize::from(packet_ms) * 8;
        assert!(world.fars[0].heads.iter().all(|(_, head)| head.payload_octets == octets));
        assert_near(world.fars[0].level(440, 500), dbm0(PEAK), "level");
    }
}

#[test]
fn a_gain_makes_louder_or_softer_without_clicks() {
    for centibels in [-2_000, -600, 600] {
        let mut world = World::new(&[PCMU, PCMU]);
        world.tone(0, 400.0, PEAK);
        world.hear(1, &[(0, 0)]);
        world.run(500);
        world.fars[1].forget();
        world.hear(1, &[(0, centibels)]);
        world.run(1_000);
        let wanted = PEAK * 10f32.powf(centibels as f32 / 2_000.0);
        assert_near(world.fars[1].level(400, 500), dbm0(wanted), "level");
        // A sine of 400 Hz rises by 0.31 of its peak from one sample of 8 kHz to the next.
        let steepest = PEAK.max(wanted) * 0.36;
        assert!((world.fars[1].steepest() as f32) < steepest, "{}", world.fars[1].steepest());
    }
}

#[test]
fn an_echo_that_is_made_softer_is_worked_on() {
    let mut world = World::new(&[PCMU]);
    world.tone(0, 440.0, PEAK);
    world.hear(0, &[(0, -600)]);
    world.run(1_000);
    assert_near(world.fars[0].level(440, 500), dbm0(PEAK) - 6.0, "level");
}

#[test]
fn who_hears_nobody_gets_nothing() {
    let mut world = World::new(&[PCMU, PCMA]);
    world.tone(0, 440.0, PEAK);
    world.hear(1, &[(0, 0)]);
    world.run(200);
    world.hear(1, &[]);
    world.fars[1].forget();
    world.run(500);
    assert!(world.fars[1].heads.is_empty());
    assert_eq!(world.engine.load().ports, 0);
}

const NOISE: Payload = Payload { number: 13, clock_hz: 8_000, codec: Codec::ComfortNoise };

/// Bob speaks for a second to Alice, who takes comfort noise, then says nothing for three, while there is that hum, and
/// speaks again.
fn a_pause(alice: Payload, bob: Payload, hum: Option<(f32, f32)>, sends: bool) -> World {
    let mut world = World::new(&[alice, bob]);
    world.agree_also(0, NOISE);
    world.tone(1, 440.0, PEAK);
    world.hear(0, &[(1, 0)]);
    world.run(1_000);
    world.fars[1].sends = sends;
    world.fars[1].tone = hum;
    world.run(3_000);
    world.fars[1].sends = true;
    world.tone(1, 440.0, PEAK);
    world.fars[0].heard.clear();
    world.run(1_000);
    world
}

fn levels(far: &Far) -> Vec<u8> {
    far.others.iter().map(|(_, _, payload)| payload[0]).collect()
}

/// Few packets in the pause, a clock that runs on through five seconds, and a marker where something begins.
fn assert_paused(far: &Far) {
    assert!((4..=12).contains(&far.others.len()), "noise is told now and then: {:?}", levels(far));
    assert!(far.others.iter().all(|(_, head, payload)| head.payload_type == 13 && payload.len() == 1));
    let heads: Vec<_> = far.heads.iter().map(|(_, head)| *head).collect();
    assert!(heads.len() < 135, "no more packets than speech needs: {}", heads.len());
    let after = heads.windows(2).find(|pair| pair[0].payload_type == 13 && pair[1].payload_type != 13);
    assert!(after.expect("speech again")[1].marker);
    let in_order = |pair: &[rtp::Header]| pair[1].sequence == pair[0].sequence.wrapping_add(1);
    assert!(heads.windows(2).all(in_order), "nothing seems lost");
    let ticks = heads[heads.len() - 1].timestamp.wrapping_sub(heads[0].timestamp);
    assert!((39_000..41_000).contains(&ticks), "five seconds: {ticks}");
    assert_near(far.level(440, 500), dbm0(PEAK), "speech again");
}

/// RFC 3389: where it is agreed, noise takes the place of silence, and the clock runs on.
#[test]
fn a_far_end_that_takes_comfort_noise_gets_it_in_silence() {
    let world = a_pause(PCMU, PCMA, None, false);
    assert_paused(&world.fars[0]);
    assert!(levels(&world.fars[0]).iter().all(|level| *level == 75));
}

/// RFC 3389 §3.1: a hum of 20 at its peak is 67 dB below overload; RFC 3551 §4.5.2 for G.722.
#[test]
fn the_noise_is_as_loud_as_the_background_that_it_stands_for() {
    for (alice, bob) in [(PCMU, G722), (G722, OPUS)] {
        let world = a_pause(alice, bob, Some((300.0, 20.0)), true);
        assert_paused(&world.fars[0]);
        let levels = levels(&world.fars[0]);
        assert!(levels[1..].iter().all(|level| (63..=71).contains(level)), "{:?}: {levels:?}", bob.codec);
    }
}

#[test]
fn what_is_louder_than_a_background_is_never_replaced() {
    let world = a_pause(PCMU, G722, Some((300.0, 60.0)), true);
    assert_eq!(levels(&world.fars[0]), []);
    world.fars[0].assert_even(20);
}

/// The beginning of a word after a pause comes whole: as many samples of it as were said.
#[test]
fn a_word_after_comfort_noise_begins_where_it_began() {
    let heard_of = |noise: bool| {
        let mut world = World::new(&[PCMU, PCMA]);
        if noise {
            world.agree_also(0, NOISE);
        }
        world.hear(0, &[(1, 0)]);
        world.run(2_000);
        world.fars[0].forget();
        world.tone(1, 440.0, PEAK);
        world.run(500);
        let heard = &world.fars[0].heard;
        let from = heard.iter().position(|sample| sample.unsigned_abs() > 300).expect("a word");
        heard[from..from + 1_600].to_vec()
    };
    assert_eq!(heard_of(true), heard_of(false));
}

/// Who cannot take the noise of the other hears it made into sound, and no dead air.
#[test]
fn noise_of_one_is_heard_by_another_with_its_codec_that_agreed_on_none() {
    let mut world = World::new(&[PCMU, PCMU]);
    world.agree_also(0, NOISE);
    world.tone(0, 440.0, PEAK);
    world.hear(1, &[(0, 0)]);
    world.run(1_000);
    assert_near(world.fars[1].level(440, 500), dbm0(PEAK), "speech");
    world.fars[0].sends = false;
    world.noise(0, 13, 45);
    world.fars[1].forget();
    world.run(1_000);
    world.fars[1].assert_even(20);
    let loud = level::dbov(&world.fars[1].heard[2_400..]);
    assert!((-48.0..=-42.0).contains(&loud), "{loud}");
}
