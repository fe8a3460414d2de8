//! Sound over a network that loses packets: one in a hundred, one in twenty, and several in a row.

use std::time::Duration;

use base::media::Codec;
use media::frame::Rate;
use media_io::Prompts;
use sip_tests::wire::{Audio, Heard, Pairs, Phone, TONE_DBM0, in_three_tries};
use sounds::shelf::SoundName;

/// Packets of 20 ms in a test.
const PACKETS: usize = 200;
const TONES: [u32; 3] = [400, 1_100, 700];
const DELAY: Duration = Duration::from_millis(200);
/// Steps too steep for a tone, in all tones of a call.
const CLICKS: usize = 4;

/// How a network loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    OneInHundred,
    OneInTwenty,
    /// 60 to 100 ms, once in about 800 ms.
    Bursts,
}

const LOSSES: [Loss; 3] = [Loss::OneInHundred, Loss::OneInTwenty, Loss::Bursts];

/// Numbers that are the same in each run (Numerical Recipes' generator).
struct Dice(u32);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % bound
    }
}

impl Loss {
    fn of(self, seed: u32) -> Vec<bool> {
        let mut dice = Dice(seed);
        match self {
            Self::OneInHundred => (0..PACKETS).map(|_| dice.below(100) == 0).collect(),
            Self::OneInTwenty => (0..PACKETS).map(|_| dice.below(20) == 0).collect(),
            Self::Bursts => {
                let mut lost = Vec::new();
                while lost.len() < PACKETS {
                    lost.resize(lost.len() + 32 + dice.below(8) as usize, false);
                    lost.resize(lost.len() + 3 + dice.below(3) as usize, true);
                }
                lost
            }
        }
    }
}

/// Tones are as loud as said but for what a loss leaves, in order, in time, and hardly ever break.
fn assert_tones((from, to): (&Phone, &Phone), loss: Loss, opus: bool, what: &str) {
    let heard = to.heard();
    let mut found = heard.segments(&TONES);
    let whole = found.clone();
    found.dedup_by_key(|tone| tone.hz);
    assert_eq!(found.iter().map(|tone| tone.hz).collect::<Vec<_>>(), TONES, "{what}: {whole:?}");
    let mut delays = Vec::new();
    let (mut weak, mut looked, mut clicks) = (0, 0, 0);
    for (tone, onset) in found.iter().zip([600, 1_700, 2_800]) {
        let (begin, end) = (tone.from + 100, tone.from + 800);
        let mut levels: Vec<f32> =
            (begin..end).step_by(20).map(|at| heard.tone(tone.hz, at, at + 20)).collect();
        weak += levels.iter().filter(|level| **level < TONE_DBM0 - 6.0).count();
        looked += levels.len();
        levels.sort_by(f32::total_cmp);
        let usual = levels[levels.len() / 2];
        assert!((usual - TONE_DBM0).abs() < 2.0, "{what}: {} Hz has {usual:.1} dBm0", tone.hz);
        clicks += steep(&heard, tone.hz, begin, end);
        delays.push(heard.came_at(tone.from).duration_since(from.said_at(onset)));
    }
    delays.sort();
    // After a loss, Opus is careful with what it predicts the loudness of tones from: it takes some packets to come back.
    let most_weak = match (loss, opus) {
        (Loss::OneInHundred, false) => looked / 25,
        (Loss::OneInHundred, true) | (Loss::OneInTwenty, false) => looked / 10,
        (Loss::Bursts, false) => looked / 6,
        (Loss::OneInTwenty | Loss::Bursts, true) => looked / 3,
    };
    assert!(weak <= most_weak, "{what}: {weak} of {looked} stretches are too soft");
    assert!(clicks <= CLICKS, "{what}: {clicks} clicks");
    let late = Duration::from_millis(2 * from.late_ms() as u64);
    assert!(delays[1] < DELAY + late, "{what}: {delays:?}");
}

/// Steps between samples that are half as steep again as the tone has them.
fn steep(heard: &Heard, hz: u32, from: usize, to: usize) -> usize {
    let natural = 2.0 * 4_096.0 * (std::f64::consts::PI * f64::from(hz) / f64::from(heard.rate_hz)).sin();
    let steps = heard.part(from, to).windows(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0]));
    steps.filter(|step| step.abs() > 1.5 * natural).count()
}

#[test]
fn tones_over_a_lossy_network_keep_their_level_order_and_time_and_hardly_ever_click() {
    in_three_tries(lossy_tones);
}

fn lossy_tones() {
    let codecs = [(Codec::Pcma, Codec::Pcmu), (Codec::Opus, Codec::Pcmu), (Codec::G722, Codec::Pcma)];
    let all: Vec<_> = LOSSES.into_iter().flat_map(|loss| codecs.map(|pair| (loss, pair))).collect();
    let mut calls = Pairs::up(&all.iter().map(|(_, pair)| *pair).collect::<Vec<_>>());
    let [first, second, third] = TONES;
    let tones = [(0, 600), (first, 900), (0, 200), (second, 900), (0, 200), (third, 900), (0, 1_000)];
    let said = codecs.map(|(codec, _)| Audio::tones(codec, &tones));
    let silence = [Codec::Pcmu, Codec::Pcma].map(|codec| Audio::tones(codec, &[(0, 200)]));
    for (call, (loss, pair)) in all.iter().enumerate() {
        calls.near[call].say(&said[call % 3]);
        calls.near[call].lose(loss.of(call as u32 + 1));
        calls.far[call].say(&silence[usize::from(pair.1 == Codec::Pcma)]);
    }
    calls.converse(4_000);
    for (call, (loss, pair)) in all.into_iter().enumerate() {
        let phones = (&calls.near[call], &calls.far[call]);
        assert_tones(phones, loss, pair.0 == Codec::Opus, &format!("{pair:?}, {loss:?}"));
    }
}

/// The likeness of what was heard to what was said, by the loudness of each 20 ms, at the best delay.
fn likeness(said: &[f64], heard: &[f64]) -> f64 {
    let at = |lag: usize| {
        let pairs: Vec<(f64, f64)> = said.iter().copied().zip(heard.iter().copied().skip(lag)).collect();
        let count = pairs.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count;
        let (one, other) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let product = |of: &dyn Fn(f64, f64) -> f64| {
            pairs.iter().map(|pair| of(pair.0 - one, pair.1 - other)).sum::<f64>()
        };
        product(&|one, other| one * other)
            / (product(&|one, _| one * one) * product(&|_, other| other * other)).sqrt()
    };
    let most = heard.len().saturating_sub(said.len() * 9 / 10).min(100);
    (0..most).map(at).fold(-1.0, f64::max)
}

#[test]
fn speech_over_a_lossy_network_is_heard_as_it_was_said() {
    in_three_tries(lossy_speech);
}

fn lossy_speech() {
    let name = SoundName::prompt("en", "feature/echo-test").expect("a good name");
    let wav = Prompts::start(None).expect("a thread").wav(&name).expect("a shipped prompt");
    let speech: Vec<i16> =
        wav[44..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    let speech = &speech[..speech.len().min(16_000 * 3)];
    let said: Vec<f64> =
        speech.chunks_exact(320).map(|part| f64::from(media::dsp::level::mean_square(part)).sqrt()).collect();
    assert_eq!(Audio::rate(Codec::G722), Rate::Hz16000);
    let audio = Audio::of(Codec::G722, &[speech, &[0; 32_000]].concat());
    let mut calls = Pairs::up(&LOSSES.map(|_| (Codec::G722, Codec::Pcmu)));
    let silence = Audio::tones(Codec::Pcmu, &[(0, 200)]);
    for (call, loss) in LOSSES.into_iter().enumerate() {
        calls.near[call].say(&audio);
        calls.near[call].lose(loss.of(call as u32 + 77));
        calls.far[call].say(&silence);
    }
    calls.converse(3_500);
    for (call, least) in [0.93, 0.8, 0.7].into_iter().enumerate() {
        let heard = calls.far[call].heard().envelope(20);
        let found = likeness(&said, &heard);
        assert!(found > least, "{:?}: {found:.3}", LOSSES[call]);
    }
}
