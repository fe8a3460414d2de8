//! What is played to a far end is what it hears.

use std::sync::Arc;

use base::media::Gain;
use base::media::{MediaCommand, MediaEvent, Over, Play, PlayEnd, PlayId, PromptName, Sound, Tone, TonePart};
use media::play::{Clip, Clips, Lookup};

use super::world::*;

const PEAK: f32 = 8_000.0;

/// One prompt and one class of music.
#[derive(Debug)]
struct OneOfEach(Arc<Clip>, Arc<Clip>);

impl Clips for OneOfEach {
    fn prompt(&self, name: &PromptName) -> Lookup {
        if &*name.id == "word" { Lookup::Ready(Arc::clone(&self.0)) } else { Lookup::Missing }
    }

    fn message(&self, _file: &base::mail::MailFile) -> Lookup {
        Lookup::Missing
    }

    fn music(&self, _class: &Arc<str>) -> Lookup {
        Lookup::Ready(Arc::clone(&self.1))
    }
}

fn clip(hz: f32, ms: usize) -> Arc<Clip> {
    let step = std::f32::consts::TAU * hz / 16_000.0;
    Arc::new(Clip::new((0..ms * 16).map(|n| (PEAK * (step * n as f32).sin()) as i16).collect()))
}

fn with_clips(mut world: World) -> World {
    world.engine = world.engine.with_clips(Arc::new(OneOfEach(clip(600.0, 400), clip(800.0, 5_000))));
    world
}

fn tone(hz: [u16; 4], dbm0: f32, ms: u32) -> Sound {
    let part = TonePart { hz, dbm0, ms };
    Sound::Tone(Tone { parts: [part].into_iter().collect(), times: 1 })
}

fn prompt(id: &str) -> Sound {
    Sound::Prompt(PromptName { language: Arc::from("en"), id: Arc::from(id) })
}

fn play(slot: u32, id: u32, over: Over, items: Vec<Sound>) -> MediaCommand {
    let (id, items) = (PlayId(id), items.into());
    let play = Play { id, items, times: 1, over, until_digit: false, gain: Gain::UNITY };
    MediaCommand::Play { port: port(slot), play: Arc::new(play) }
}

fn ends(world: &World) -> Vec<(u32, PlayEnd)> {
    let end = |event: &MediaEvent| {
        let MediaEvent::Played { play, end, .. } = event else { return None };
        Some((play.0, end.clone()))
    };
    world.events.iter().filter_map(end).collect()
}

/// ITU-T E.180: a caller hears the ringing tone at its level, in every codec and packet length.
#[test]
fn a_lone_caller_hears_a_tone_at_its_level_in_every_codec() {
    for payload in [PCMU, PCMA, G722, OPUS] {
        for packet_ms in [10, 20, 60] {
            let mut world = World::with([(payload, wishes(packet_ms))]);
            world.obey(play(0, 1, Over::Alone, vec![tone([440, 480, 0, 0], -19.0, 0)]));
            world.run(1_300);
            let what = format!("{:?} in packets of {packet_ms} ms", payload.codec);
            for hz in [440, 480] {
                assert_near(world.fars[0].level(hz, 1_000), -19.0, &what);
            }
            world.fars[0].assert_even(u32::from(packet_ms));
        }
    }
}

#[test]
fn what_plays_alone_covers_the_others_and_they_come_back_as_packets() {
    let mut world = with_clips(World::new(&[PCMU, PCMU]));
    world.tone(1, 440.0, PEAK);
    world.hear(0, &[(1, 0)]);
    world.hear(1, &[(0, 0)]);
    world.run(500);
    world.obey(play(0, 1, Over::Alone, vec![prompt("word"), tone([1_000, 0, 0, 0], -10.0, 400)]));
    world.run(300);
    assert_near(world.fars[0].level(600, 200), dbm0(PEAK), "the prompt");
    assert_silent(world.fars[0].level(440, 200), "who is covered");
    world.run(400);
    assert_near(world.fars[0].level(1_000, 200), -10.0, "the tone behind it");
    world.run(800);
    assert_eq!(ends(&world), [(1, PlayEnd::Finished)]);
    assert_near(world.fars[0].level(440, 500), dbm0(PEAK), "who is heard again");
    assert_eq!(world.engine.load().ports, 0, "a relayed call again");
    world.fars[0].assert_whole();
    assert_silent(world.fars[1].level(600, 1_500), "to the other nothing was played");
}

#[test]
fn what_plays_mixed_is_heard_beside_the_others() {
    let mut world = World::new(&[G722, PCMA]);
    world.tone(1, 440.0, PEAK);
    world.hear(0, &[(1, 0)]);
    world.run(500);
    world.obey(play(0, 1, Over::Mixed, vec![tone([1_400, 0, 0, 0], -18.0, 0)]));
    world.run(1_000);
    assert_near(world.fars[0].level(440, 500), dbm0(PEAK), "who speaks");
    assert_near(world.fars[0].level(1_400, 500), -18.0, "the beep");
    world.obey(MediaCommand::StopPlay { port: port(0), play: None });
    world.run(700);
    assert_silent(world.fars[0].level(1_400, 500), "the beep after its end");
    assert_eq!(ends(&world), [(1, PlayEnd::Stopped)]);
}

/// "A prompt that does not exist (the call goes on, an alert is raised)."
#[test]
fn a_missing_prompt_leaves_the_call_as_it_is() {
    let mut world = with_clips(World::new(&[PCMU, PCMU]));
    world.tone(1, 440.0, PEAK);
    world.hear(0, &[(1, 0)]);
    world.run(300);
    world.obey(play(0, 7, Over::Alone, vec![prompt("nowhere")]));
    world.run(600);
    let gone = PromptName { language: Arc::from("en"), id: Arc::from("nowhere") };
    assert_eq!(ends(&world), [(7, PlayEnd::Missing(gone))]);
    assert_near(world.fars[0].level(440, 400), dbm0(PEAK), "who speaks");
    assert_eq!(world.engine.load().ports, 0);
}

#[test]
fn music_goes_on_over_a_hold_and_leaves_with_it() {
    let mut world = with_clips(World::new(&[OPUS, PCMU]));
    let music = |at_ms| vec![Sound::Music { class: Arc::from("default"), at_ms }];
    world.obey(play(0, 1, Over::Alone, music(0)));
    world.run(6_000);
    assert_near(world.fars[0].level(800, 500), dbm0(PEAK), "the second time round");
    world.obey(MediaCommand::StopPlay { port: port(0), play: Some(PlayId(1)) });
    world.hear(0, &[(1, 0)]);
    world.tone(1, 440.0, PEAK);
    world.run(800);
    assert_silent(world.fars[0].level(800, 400), "no music");
    assert_near(world.fars[0].level(440, 400), dbm0(PEAK), "who speaks");
}
