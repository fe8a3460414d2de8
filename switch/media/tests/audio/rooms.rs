//! Rooms: who hears whom, and how loud.

use base::media::MediaEvent;

use super::world::*;

const PEAK: f32 = 4_000.0;
const HZ: [u32; 4] = [400, 700, 1_100, 1_600];

/// Members of a room, each with a tone of its own.
fn conference(payloads: &[base::media::Payload]) -> World {
    let mut world = World::new(payloads);
    for (slot, hz) in (0..payloads.len() as u32).zip(HZ) {
        world.tone(slot, hz as f32, PEAK);
        world.join(slot, room(1));
    }
    world
}

/// Who hears whom: rows of listeners with what each hears at full level.
fn assert_heard(world: &World, heard: &[&[usize]]) {
    let opus = world.fars.iter().any(|far| far.rate() == media::frame::Rate::Hz48000);
    for (listener, sources) in heard.iter().enumerate() {
        for (source, hz) in HZ.iter().enumerate().take(world.fars.len()) {
            let level = world.fars[listener].level(*hz, 500);
            let what = format!("{listener} hears {source}");
            if sources.contains(&source) {
                // Opus shapes the sum of several tones as it thinks fit.
                assert_within(if opus { 2.0 } else { 1.0 }, level, dbm0(PEAK), &what);
            } else {
                assert_silent(level, &what);
            }
        }
    }
}

#[test]
fn three_hear_each_other_and_not_themselves() {
    for payloads in [[PCMU, PCMA, PCMU], [PCMU, G722, OPUS], [OPUS, OPUS, PCMA], [G722, G722, G722]] {
        let mut world = conference(&payloads);
        world.run(1_500);
        assert_heard(&world, &[&[1, 2], &[0, 2], &[0, 1]]);
    }
}

/// Whisper: the agent hears customer and coach, the customer does not hear the coach.
#[test]
fn a_coach_is_heard_by_the_agent_alone() {
    let mut world = World::new(&[PCMU, PCMU, PCMU]);
    let (customer, agent, coach) = (0, 1, 2);
    for (slot, hz) in (0..3).zip(HZ) {
        world.tone(slot, hz as f32, PEAK);
    }
    world.join(customer, room(1));
    world.speak(agent, Some(room(1)), 0);
    world.hear_in(agent, Some(room(1)), &[(coach, 0)]);
    world.hear_in(coach, Some(room(1)), &[]);
    world.run(1_500);
    assert_heard(&world, &[&[1], &[0, 2], &[0, 1]]);
}

#[test]
fn a_muted_member_is_not_heard_and_a_deaf_one_does_not_hear() {
    let mut world = conference(&[PCMU, PCMU, PCMU, PCMA]);
    world.run(300);
    world.speak(0, None, 0);
    world.hear_in(1, None, &[]);
    world.run(1_500);
    let before = world.fars[1].heard.len();
    world.run(500);
    assert_eq!(world.fars[1].heard.len(), before);
    assert_heard(&world, &[&[1, 2, 3]]);
    for (listener, sources) in [(2, [1, 3]), (3, [1, 2])] {
        assert_silent(world.fars[listener].level(HZ[0], 500), "the muted one");
        sources.iter().for_each(|source| {
            assert_near(world.fars[listener].level(HZ[*source], 500), dbm0(PEAK), "the others");
        });
    }
}

#[test]
fn one_of_the_list_goes_before_the_room() {
    let mut world = conference(&[PCMU, PCMU, PCMU]);
    world.hear_in(0, Some(room(1)), &[(1, -1_200), (2, i32::MIN)]);
    world.run(1_500);
    assert_near(world.fars[0].level(HZ[1], 500), dbm0(PEAK) - 12.0, "softer for one");
    assert_silent(world.fars[0].level(HZ[2], 500), "off for one");
    assert_near(world.fars[1].level(HZ[2], 500), dbm0(PEAK), "as ever for the other");
}

#[test]
fn a_gain_of_a_speaker_is_heard_by_everybody() {
    let mut world = conference(&[PCMU, PCMA, PCMU]);
    world.run(500);
    world.forget();
    world.speak(0, Some(room(1)), -1_000);
    world.run(1_500);
    for listener in [1, 2] {
        assert_near(world.fars[listener].level(HZ[0], 500), dbm0(PEAK) - 10.0, "softer");
    }
    assert_silent(world.fars[0].level(HZ[0], 500), "its own voice");
}

#[test]
fn thirty_hear_each_other_without_distortion() {
    let mut world = World::new(&[PCMU; 30]);
    for slot in 0..30 {
        world.join(slot, room(1));
        let hz = 300 + slot * 100;
        world.tone(slot, hz as f32, 600.0);
    }
    world.run(1_500);
    for listener in 0..30_usize {
        for source in 0..30 {
            let level = world.fars[listener].level(300 + source as u32 * 100, 500);
            if listener == source {
                assert!(level < dbm0(600.0) - 20.0, "{listener} hears itself: {level}");
            } else {
                assert_near(level, dbm0(600.0), &format!("{listener} hears {source}"));
            }
        }
    }
}

#[test]
fn loud_voices_together_are_made_softer_and_not_cut_off() {
    let mut world = World::new(&[PCMU; 5]);
    for slot in 0..5 {
        world.join(slot, room(1));
        world.tone(slot, 400.0 + slot as f32 * 250.0, 20_000.0);
    }
    world.run(2_000);
    let far = &world.fars[0];
    // What cutting off would make of these: sums and differences of thrice and twice a frequency.
    for hz in [150_u32, 250, 2_750, 3_100] {
        assert!(far.level(hz, 500) < far.level(650, 500) - 25.0, "{hz}: {}", far.level(hz, 500));
    }
    assert!(far.heard.iter().all(|sample| sample.unsigned_abs() < 32_700));
}

#[test]
fn who_speaks_is_told_a_few_times_a_second_at_most() {
    let mut world = World::new(&[PCMU; 3]);
    (0..3).for_each(|slot| world.join(slot, room(1)));
    world.tone(1, 440.0, PEAK);
    world.run(1_500);
    world.fars[1].tone = None;
    world.tone(2, 440.0, PEAK);
    world.run(1_500);
    world.fars[2].tone = None;
    world.run(3_000);
    let speakers: Vec<_> = world
        .events
        .iter()
        .filter_map(
            |event| if let MediaEvent::Speaker { speaker, .. } = event { Some(*speaker) } else { None },
        )
        .collect();
    assert_eq!(speakers, [Some(port(1)), Some(port(2)), None]);
}

#[test]
fn a_room_ends_with_its_last_member() {
    let mut world = conference(&[PCMU, PCMU, PCMU]);
    world.run(200);
    for slot in 0..3 {
        world.obey(base::media::MediaCommand::Close { port: port(slot) });
        world.run(50);
    }
    assert_eq!((world.engine.load().rooms, world.engine.load().ports), (0, 0));
    assert_eq!(world.engine.open_ports(), 0);
    world.run(20_000);
    assert_eq!(world.engine.deadline(), None);
}

/// "Encode once": an announcement to many costs one encoder for each codec.
#[test]
fn those_who_only_listen_in_a_large_room_get_the_same_payloads_under_their_own_numbers() {
    let payloads: Vec<_> = (0..16).map(|slot| [PCMU, G722][slot % 2]).collect();
    let mut world = World::new(&payloads);
    world.tone(0, 440.0, PEAK);
    world.speak(0, Some(room(1)), 0);
    (0..16).for_each(|slot| world.hear_in(slot, Some(room(1)), &[]));
    world.run(1_500);
    for listener in 1..16_usize {
        assert_near(world.fars[listener].level(440, 500), dbm0(PEAK), &format!("{listener} listens"));
        world.fars[listener].assert_even(20);
    }
    assert_silent(world.fars[0].level(440, 500), "the speaker");
    let ssrcs: std::collections::BTreeSet<u32> = world.fars.iter().map(|far| far.heads[0].1.ssrc).collect();
    assert_eq!(ssrcs.len(), 16);
    assert_eq!(world.fars[3].heard[8_000..], world.fars[5].heard[8_000..], "one encoder");

    world.tone(3, 1_000.0, PEAK);
    world.speak(3, Some(room(1)), 0);
    world.run(1_000);
    assert_near(world.fars[0].level(1_000, 500), dbm0(PEAK), "who was given the word");
    assert_near(world.fars[5].level(1_000, 500), dbm0(PEAK), "is heard by the others");
    assert_near(world.fars[3].level(440, 500), dbm0(PEAK), "and goes on hearing");
    assert_silent(world.fars[3].level(1_000, 500), "but not itself");
    world.fars[3].assert_even(20);
}

#[test]
fn who_waits_alone_in_a_room_gets_silence() {
    let mut world = World::new(&[PCMU]);
    world.join(0, room(1));
    world.run(1_000);
    assert!(world.fars[0].heads.len() >= 49);
    assert!(world.fars[0].heard.iter().all(|sample| *sample == 0));
}

/// Nobody but the returning one changes for the others.
#[test]
fn who_is_unmuted_softer_leaves_the_others_as_loud_as_they_were() {
    let mut world = conference(&[PCMU, G722, PCMA]);
    world.run(1_000);
    world.speak(0, None, 0);
    world.run(900);
    world.forget();
    world.speak(0, Some(room(1)), -1_200);
    world.run(300);
    for (listener, source) in [(0, 1), (0, 2), (1, 2), (2, 1)] {
        assert_near(
            world.fars[listener].level(HZ[source], 100),
            dbm0(PEAK),
            &format!("{listener} hears {source}"),
        );
    }
}
