//! Two far ends, one codec each.

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

/// RFC 3389: where it is agreed, noise takes the place of silence, and the clock runs on.
#[test]
fn a_far_end_that_takes_comfort_noise_gets_it_in_silence() {
    let noise = base::media::Payload { number: 13, clock_hz: 8_000, codec: base::media::Codec::ComfortNoise };
    let mut world = World::new(&[PCMU, PCMA]);
    world.agree_also(0, noise);
    world.tone(1, 440.0, PEAK);
    world.hear(0, &[(1, 0)]);
    world.run(1_000);
    world.fars[1].sends = false;
    world.run(3_000);
    world.fars[1].sends = true;
    world.fars[0].heard.clear();
    world.run(1_000);
    let heads: Vec<_> = world.fars[0].heads.iter().map(|(_, head)| *head).collect();
    let noises = heads.iter().filter(|head| head.payload_type == 13).count();
    assert!((1..=2).contains(&noises), "{noises}");
    assert!(heads.len() < 130, "no more packets than speech needs: {}", heads.len());
    let marked: Vec<_> = heads.iter().skip(1).filter(|head| head.marker).collect();
    assert_eq!(marked.len(), 1 + noises.min(1), "speech begins again, and noise did before it: {marked:?}");
    let (first, last) = (heads[0], heads[heads.len() - 1]);
    let ticks = last.timestamp.wrapping_sub(first.timestamp);
    assert!((39_000..41_000).contains(&ticks), "five seconds: {ticks}");
    assert_near(world.fars[0].level(440, 500), dbm0(PEAK), "speech again");
}
