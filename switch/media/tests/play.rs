//! What is played is heard: levels, pitches, order and length, by the samples.

use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use base::media::{
    Gain, MediaCommand, MediaEvent, Over, Play, PlayEnd, PlayId, PromptName, Sound, Tone, TonePart,
};
use base::testing::Counting;
use base::{Mono, PortId, ShardId};
use media::Engine;
use media::frame::{Frame, Rate};
use media::play::{Clip, Clips, Lookup, Player, Step};
use smallvec::smallvec;

const RATES: [Rate; 3] = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000];

/// A shelf in memory; `slow` questions are answered with `Loading` first.
#[derive(Debug, Default)]
struct Shelf {
    clips: HashMap<String, Arc<Clip>>,
    slow: AtomicU32,
}

impl Shelf {
    fn with(mut self, id: &str, hz: f64, ms: usize) -> Self {
        let samples =
            (0..ms * 16).map(|n| (8_000.0 * (TAU * hz * n as f64 / 16_000.0).sin()) as i16).collect();
        self.clips.insert(id.to_owned(), Arc::new(Clip::new(samples)));
        self
    }

    fn find(&self, id: &str) -> Lookup {
        if self.slow.load(Relaxed) > 0 {
            self.slow.fetch_sub(1, Relaxed);
            return Lookup::Loading;
        }
        self.clips.get(id).map_or(Lookup::Missing, |clip| Lookup::Ready(Arc::clone(clip)))
    }
}

impl Clips for Shelf {
    fn prompt(&self, name: &PromptName) -> Lookup {
        self.find(&name.id)
    }

    fn message(&self, _file: &base::mail::MailFile) -> Lookup {
        Lookup::Missing
    }

    fn music(&self, class: &Arc<str>) -> Lookup {
        self.find(class)
    }
}

fn prompt(id: &str) -> Sound {
    Sound::Prompt(PromptName { language: Arc::from("en"), id: Arc::from(id) })
}

fn tone(hz: [u16; 4], dbm0: f32, ms: u32) -> Sound {
    Sound::Tone(Tone { parts: smallvec![TonePart { hz, dbm0, ms }], times: 1 })
}

fn play(items: Vec<Sound>, times: u16) -> Play {
    Play {
        id: PlayId(1),
        items: items.into(),
        times,
        over: Over::Alone,
        until_digit: false,
        gain: Gain::UNITY,
    }
}

/// Everything until the end, at most `frames`, and how it ended.
fn run(play: Play, shelf: &Shelf, rate: Rate, frames: usize) -> (Vec<i16>, Option<PlayEnd>) {
    let mut player = Player::new(Arc::new(play));
    let mut heard = Vec::new();
    let mut frame = Frame::silent(rate);
    for _ in 0..frames {
        let step = player.frame(shelf, &mut frame);
        heard.extend_from_slice(frame.samples());
        if let Step::Over(end) = step {
            return (heard, Some(end));
        }
    }
    (heard, None)
}

/// Level of one pitch in dBm0, by its Fourier sum.
fn level(samples: &[i16], hz: f64, rate: Rate) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = TAU * hz * n as f64 / f64::from(rate.hz());
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    let peak = 2.0 * (re * re + im * im).sqrt() / samples.len() as f64;
    20.0 * (peak / 32_768.0).log10() + 3.17
}

fn loudest(samples: &[i16]) -> u16 {
    samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
}

#[test]
fn the_milliwatt_has_0_dbm0_at_every_rate() {
    for rate in RATES {
        let (heard, _) = run(play(vec![tone([1_004, 0, 0, 0], 0.0, 0)], 1), &Shelf::default(), rate, 110);
        let second = &heard[rate.hz() as usize / 10..][..rate.hz() as usize];
        let found = level(second, 1_004.0, rate);
        assert!(found.abs() < 0.05, "{found} dBm0 at {rate:?}");
    }
}

#[test]
fn each_pitch_of_a_tone_has_its_level() {
    for rate in RATES {
        let sound = tone([440, 480, 0, 0], -19.0, 2_000);
        let (heard, end) = run(play(vec![sound], 1), &Shelf::default(), rate, 300);
        assert_eq!(end, Some(PlayEnd::Finished));
        let second = &heard[rate.hz() as usize / 2..][..rate.hz() as usize];
        for hz in [440.0, 480.0] {
            assert!((level(second, hz, rate) + 19.0).abs() < 0.1, "{hz} Hz at {rate:?}");
        }
    }
}

#[test]
fn a_cadence_has_its_lengths_and_does_not_click() {
    let part = |hz, ms| TonePart { hz: [hz, 0, 0, 0], dbm0: -10.0, ms };
    let busy = Sound::Tone(Tone { parts: smallvec![part(425, 205), part(0, 195)], times: 2 });
    let (heard, end) = run(play(vec![busy], 1), &Shelf::default(), Rate::Hz8000, 200);
    assert_eq!(end, Some(PlayEnd::Finished));
    assert!(loudest(&heard[100..205 * 8 - 100]) > 6_000);
    assert_eq!(loudest(&heard[205 * 8..400 * 8]), 0);
    assert!(loudest(&heard[400 * 8..605 * 8]) > 6_000);
    assert_eq!(loudest(&heard[605 * 8..]), 0);
    // 425 Hz at this level moves by 2,404 a sample at most; a cut would jump by more.
    let steepest = heard.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max().unwrap();
    assert!(steepest < 2_500, "{steepest}");
}

#[test]
fn a_tone_goes_on_in_phase_over_frames_and_rounds() {
    let endless = Sound::Tone(Tone {
        parts: smallvec![TonePart { hz: [425, 0, 0, 0], dbm0: -10.0, ms: 333 }],
        times: 0,
    });
    let (heard, end) = run(play(vec![endless], 1), &Shelf::default(), Rate::Hz8000, 500);
    assert_eq!(end, None);
    let found = level(&heard[8_000..32_000], 425.0, Rate::Hz8000);
    assert!((found + 10.0).abs() < 0.05, "{found}");
}

#[test]
fn sounds_follow_each_other_within_a_frame() {
    let shelf = Shelf::default().with("low", 400.0, 103).with("high", 1_000.0, 97);
    for rate in RATES {
        let items = vec![prompt("low"), Sound::Silence(55), prompt("high")];
        let (heard, end) = run(play(items, 1), &shelf, rate, 100);
        assert_eq!(end, Some(PlayEnd::Finished));
        let ms = |from: usize, to: usize| {
            &heard[from * rate.hz() as usize / 1_000..to * rate.hz() as usize / 1_000]
        };
        assert!(level(ms(10, 90), 400.0, rate) > -10.0);
        assert!(loudest(ms(105, 156)) < 300, "{rate:?}");
        assert!(level(ms(165, 245), 1_000.0, rate) > -10.0);
        assert_eq!(loudest(ms(258, 260)), 0);
        assert_eq!(heard.len(), rate.frame() * 26);
    }
}

#[test]
fn a_playing_is_repeated_as_often_as_asked() {
    let shelf = Shelf::default().with("word", 400.0, 100);
    let (heard, end) = run(play(vec![prompt("word")], 3), &shelf, Rate::Hz8000, 100);
    assert_eq!((heard.len(), end), (2_480, Some(PlayEnd::Finished)));
    let (_, end) = run(play(vec![prompt("word")], 0), &shelf, Rate::Hz8000, 1_000);
    assert_eq!(end, None);
}

#[test]
fn a_missing_prompt_is_left_out_and_reported_at_the_end() {
    let shelf = Shelf::default().with("word", 400.0, 100);
    let items = vec![prompt("nowhere"), prompt("word"), prompt("gone")];
    let (heard, end) = run(play(items, 1), &shelf, Rate::Hz8000, 100);
    let Some(PlayEnd::Missing(name)) = end else { panic!("{end:?}") };
    assert_eq!(&*name.id, "nowhere");
    assert!(level(&heard[80..720], 400.0, Rate::Hz8000) > -10.0);
}

#[test]
fn an_endless_playing_of_nothing_ends() {
    let (_, end) = run(play(vec![prompt("nowhere")], 0), &Shelf::default(), Rate::Hz8000, 3);
    assert!(matches!(end, Some(PlayEnd::Missing(_))));
    let (_, end) = run(play(Vec::new(), 0), &Shelf::default(), Rate::Hz8000, 3);
    assert_eq!(end, Some(PlayEnd::Finished));
}

#[test]
fn a_clip_that_loads_is_waited_for_and_one_that_never_comes_is_missing() {
    let shelf = Shelf { slow: AtomicU32::new(20), ..Shelf::default().with("word", 400.0, 100) };
    let (heard, end) = run(play(vec![prompt("word")], 1), &shelf, Rate::Hz8000, 100);
    assert_eq!(end, Some(PlayEnd::Finished));
    assert_eq!(loudest(&heard[..1_600]), 0);
    assert!(level(&heard[1_680..2_320], 400.0, Rate::Hz8000) > -10.0);

    let never = Shelf { slow: AtomicU32::new(u32::MAX), ..Shelf::default() };
    let (heard, end) = run(play(vec![prompt("word")], 1), &never, Rate::Hz8000, 1_100);
    assert!(matches!(end, Some(PlayEnd::Missing(_))));
    assert_eq!(heard.len() / 80, base::limits::CLIP_WAIT_FRAMES as usize + 1);
}

#[test]
fn music_begins_where_it_is_by_now_and_goes_round() {
    let samples = (0..16_000).map(|n| n as i16).collect();
    let shelf = Shelf {
        clips: HashMap::from([("default".to_owned(), Arc::new(Clip::new(samples)))]),
        ..Shelf::default()
    };
    let music = Sound::Music { class: Arc::from("default"), at_ms: 3_900 };
    let (heard, end) = run(play(vec![music], 1), &shelf, Rate::Hz16000, 20);
    assert_eq!(end, None);
    assert_eq!((heard[0], heard[1_599], heard[1_600], heard[1_601]), (14_400, 15_999, 0, 1));
}

#[test]
fn a_gain_is_exact() {
    let quiet = Play { gain: Gain::centibels(-600), ..play(vec![tone([1_000, 0, 0, 0], -10.0, 0)], 1) };
    let (heard, _) = run(quiet, &Shelf::default(), Rate::Hz8000, 110);
    assert!((level(&heard[800..8_800], 1_000.0, Rate::Hz8000) + 16.0).abs() < 0.1);
}

#[test]
fn a_stopped_playing_fades_in_one_frame() {
    let mut player = Player::new(Arc::new(play(vec![tone([1_000, 0, 0, 0], -10.0, 0)], 1)));
    let mut frame = Frame::silent(Rate::Hz8000);
    for _ in 0..5 {
        assert_eq!(player.frame(&Shelf::default(), &mut frame), Step::Playing);
    }
    player.stop(PlayEnd::Digit('5'));
    assert_eq!(player.frame(&Shelf::default(), &mut frame), Step::Over(PlayEnd::Digit('5')));
    assert!(loudest(&frame.samples()[..20]) > 4_000);
    assert!(loudest(&frame.samples()[76..]) < 500);
}

/// An engine with one open port, and all that it tells over some beats.
fn told(commands: impl IntoIterator<Item = (u64, MediaCommand)>, beats: u64) -> Vec<(u64, u32, PlayEnd)> {
    let mut engine = Engine::new(0, 1, Box::new(Counting::default()))
        .with_clips(Arc::new(Shelf::default().with("word", 400.0, 100)));
    let port = PortId { worker: 0, slot: 0 };
    engine.handle(Mono(0), ShardId(1), MediaCommand::Open { port });
    let mut commands: Vec<_> = commands.into_iter().collect();
    let mut ends = Vec::new();
    for beat in 0..beats {
        let now = Mono(beat * 10_000);
        for (_, command) in commands.extract_if(.., |(at, _)| *at == beat) {
            engine.handle(now, ShardId(1), command);
        }
        engine.tick(now);
        while let Some((_, event)) = engine.poll_event() {
            if let MediaEvent::Played { play, end, .. } = event {
                ends.push((beat, play.0, end));
            }
        }
    }
    ends
}

fn begin(id: u32, sound: Sound, times: u16) -> MediaCommand {
    let port = PortId { worker: 0, slot: 0 };
    MediaCommand::Play { port, play: Arc::new(Play { id: PlayId(id), ..play(vec![sound], times) }) }
}

#[test]
fn the_shard_is_told_how_each_playing_ended() {
    let port = PortId { worker: 0, slot: 0 };
    let ends = told(
        [
            (0, begin(1, prompt("word"), 1)),
            (0, begin(2, prompt("gone"), 1)),
            (5, begin(3, tone([400, 0, 0, 0], -10.0, 0), 1)),
            (20, MediaCommand::StopPlay { port, play: Some(PlayId(3)) }),
            (30, begin(4, tone([400, 0, 0, 0], -10.0, 0), 1)),
            (31, begin(4, prompt("word"), 0)),
            (40, MediaCommand::Close { port }),
        ],
        50,
    );
    let gone = PromptName { language: Arc::from("en"), id: Arc::from("gone") };
    let expected = [
        (0, 2, PlayEnd::Missing(gone)),
        (10, 1, PlayEnd::Finished),
        (20, 3, PlayEnd::Stopped),
        (31, 4, PlayEnd::Stopped),
        (40, 4, PlayEnd::Stopped),
    ];
    assert_eq!(ends, expected);
}

#[test]
fn one_playing_more_than_may_be_ends_the_oldest() {
    let many = (0..6).map(|id| (u64::from(id), begin(id, tone([400, 0, 0, 0], -20.0, 0), 1)));
    let ends = told(many, 10);
    assert_eq!(ends, [(4, 0, PlayEnd::Stopped), (5, 1, PlayEnd::Stopped)]);
    let at_once = (0..20).map(|id| (0, begin(id, tone([400, 0, 0, 0], -20.0, 0), 1)));
    assert_eq!(told(at_once, 3).len(), 16);
}

#[test]
fn the_rate_may_change_while_it_plays() {
    let shelf = Shelf::default().with("word", 400.0, 200);
    let mut player = Player::new(Arc::new(play(vec![prompt("word")], 1)));
    let mut frames = 0;
    for rate in [Rate::Hz8000, Rate::Hz48000, Rate::Hz16000, Rate::Hz8000].into_iter().cycle().take(20) {
        let mut frame = Frame::silent(rate);
        assert_eq!(player.frame(&shelf, &mut frame), Step::Playing);
        assert!(level(frame.samples(), 400.0, rate) > -12.0);
        frames += 1;
    }
    assert_eq!(frames, 20);
    assert!(matches!(player.frame(&shelf, &mut Frame::silent(Rate::Hz8000)), Step::Over(_)));
}
