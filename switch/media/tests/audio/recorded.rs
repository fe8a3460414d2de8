//! Recordings of what the engine works on: the right ear in the right channel, at its level and in time.

use base::media::{Channels, Ear, MediaCommand, Recorder, RecordingAct};
use base::{CallIds, ShardId, Wall};
use media::dsp::level;

use super::churn::recorder;
use super::world::*;

const PEAK: f32 = 4_000.0;
const HZ: [u32; 3] = [400, 700, 1_100];

/// Three with tones of their own in a room.
fn conference() -> World {
    let mut world = World::new(&[PCMU, PCMU, PCMA]);
    for (slot, hz) in (0..3).zip(HZ) {
        world.tone(slot, hz as f32, PEAK);
        world.join(slot, room(1));
    }
    world.run(500);
    world
}

fn record(world: &mut World, channels: Channels, ears: &[Ear]) -> Recorder {
    let mut ids = CallIds::new(ShardId(0), Wall(0));
    let recorder = Recorder { channels, ..recorder(&mut ids, ears.iter().copied()) };
    world.obey(MediaCommand::Record { port: port(0), recorder: Box::new(recorder.clone()) });
    recorder
}

fn act(world: &mut World, recorder: &Recorder, act: RecordingAct) {
    world.obey(MediaCommand::Recording { port: port(0), recording: recorder.id, act });
}

/// The channels of all that was recorded.
fn channels(world: &World) -> [Vec<i16>; 2] {
    let pairs = world.recorded.chunks_exact(2);
    [pairs.clone().map(|pair| pair[0]).collect(), pairs.map(|pair| pair[1]).collect()]
}

/// Which of the three are in a channel; each is at its level or not there at all.
fn assert_holds(channel: &[i16], members: &[usize]) {
    for (member, hz) in HZ.iter().enumerate() {
        let found = level::tone_dbm0(channel, *hz, 8_000);
        if members.contains(&member) {
            assert_near(found, dbm0(PEAK), &format!("member {member}"));
        } else {
            assert_silent(found, &format!("member {member}"));
        }
    }
}

/// Issue row "Recording": a call in a conference, left what it says and right what it hears.
#[test]
fn a_member_of_a_conference_is_left_and_all_that_it_hears_right() {
    let mut world = conference();
    let recorder = record(&mut world, Channels::Stereo, &[Ear::From(port(0)), Ear::To(port(0))]);
    world.run(1_000);
    act(&mut world, &recorder, RecordingAct::Stop);
    world.run(10);
    let [left, right] = channels(&world);
    assert_eq!(left.len(), 8_000, "a second, to the sample");
    assert_holds(&left, &[0]);
    assert_holds(&right, &[1, 2]);
}

#[test]
fn a_room_that_is_recorded_gives_everybodys_voice_and_the_talk_is_as_before() {
    let mut world = conference();
    let recorder = record(&mut world, Channels::Mono, &[Ear::Room(room(1))]);
    world.run(1_000);
    act(&mut world, &recorder, RecordingAct::Stop);
    world.run(10);
    assert_holds(&world.recorded[800..], &[0, 1, 2]);
    world.fars.iter().for_each(|far| far.assert_whole());
}

/// Two in a room hear each other's packets as they come; what is recorded of one is worked on beside them.
#[test]
fn a_room_of_two_is_recorded_and_still_relayed_packet_by_packet() {
    let mut world = World::new(&[PCMU, PCMU]);
    for (slot, hz) in (0..2).zip(HZ) {
        world.tone(slot, hz as f32, PEAK);
        world.join(slot, room(1));
    }
    world.run(500);
    world.forget();
    let recorder = record(&mut world, Channels::Stereo, &[Ear::From(port(0)), Ear::To(port(0))]);
    world.run(1_000);
    act(&mut world, &recorder, RecordingAct::Stop);
    world.run(500);
    for far in &world.fars {
        assert_eq!(far.heads.len(), 75, "each packet once");
        assert!(far.heads.iter().all(|(at, _)| at.0.is_multiple_of(20_000)), "and when it came");
        far.assert_even(20);
    }
    let [left, right] = channels(&world);
    // The jitter buffer begins with the recording.
    assert_holds(&left[1_600..], &[0]);
    assert_holds(&right[1_600..], &[1]);
    assert_eq!(world.engine.load().ports, 0, "nothing is worked on afterwards");
}

/// Times to the beat, where a machine's own haste does not count: each tone is where it was said, and what is said in a
/// pause is nowhere.
#[test]
fn what_is_said_is_recorded_in_step_on_both_sides_and_a_pause_leaves_out_its_own_time() {
    let mut world = World::new(&[PCMU, PCMU]);
    world.hear(0, &[(1, 0)]);
    world.hear(1, &[(0, 0)]);
    let recorder = record(&mut world, Channels::Stereo, &[Ear::From(port(0)), Ear::From(port(1))]);
    for step in 0..6 {
        world.tone(0, 500.0 + 100.0 * step as f32, PEAK);
        world.tone(1, 2_000.0 + 100.0 * step as f32, PEAK);
        match step {
            2 => act(&mut world, &recorder, RecordingAct::Pause),
            3 => act(&mut world, &recorder, RecordingAct::Resume),
            _ => {}
        }
        world.run(400);
    }
    act(&mut world, &recorder, RecordingAct::Stop);
    world.run(10);
    let [left, right] = channels(&world);
    // The beat in which it begins counts.
    assert_eq!(left.len(), 5 * 3_200 + 80, "six steps without the one in the pause");
    for (channel, first_hz) in [(left, 500), (right, 2_000)] {
        for (place, step) in [0, 1, 3, 4, 5].into_iter().enumerate() {
            // The jitter buffer's delay moves all by the same few beats.
            let inside = &channel[place * 3_200 + 800..(place + 1) * 3_200];
            let found = level::tone_dbm0(inside, first_hz + 100 * step, 8_000);
            assert_near(found, dbm0(PEAK), &format!("step {step} at place {place}"));
        }
        assert_silent(level::tone_dbm0(&channel[7_200..], first_hz + 200, 8_000), "the pause");
    }
}
