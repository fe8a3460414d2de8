//! The answering tone of faxes and modems: 2,100 Hz (ITU-T V.25, V.8, T.30).

use std::f32::consts::{PI, TAU};

use base::media::Detected;

use super::listener::FRAME;
use super::spectrum::RATE_HZ;

const HZ: f32 = 2_100.0;
/// V.25 allows 15 Hz, the way there 1 % more.
const OFF_HZ: f32 = 36.0;
/// The share of a frame's power at that frequency; 1 % beside it 0.86 is left.
const PURE: f32 = 0.75;
const SOFTEST_DBM0: f32 = -44.0;
/// A plain tone is told after so many frames: a turned one would have turned twice.
const PLAIN: u32 = 110;
/// Frames of which the envelope is looked at: 9 of its periods.
const ENVELOPE: usize = 60;
/// V.8 §5: 15 Hz.
const ENVELOPE_HZ: f32 = 15.0;
/// How deep it is, at the least: V.8 says 0.2.
const DEPTH: f32 = 0.1;
/// V.25 §4.3: the phase turns every 450 ms, 25 ms more or less.
const TURNS_APART: std::ops::RangeInclusive<u32> = 40..=50;
/// How far a turn is, at the least.
const TURNED: f32 = 2.2;
/// Frames without the tone that do not end it: a turn of phase blanks one or two.
const BLANK: u32 = 3;

/// Told after 0.6 s with an envelope, at the second turn of phase, or else after 1.1 s.
#[derive(Debug, Default)]
pub(super) struct Answer {
    tone: Option<Tone>,
    told: bool,
}

#[derive(Clone, Debug)]
struct Tone {
    frames: u32,
    blank: u32,
    last: (f32, f32),
    /// Sum of the turns from frame to frame, as a direction.
    drift: (f32, f32),
    turned_at: Option<u32>,
    amplitudes: [f32; ENVELOPE],
}

impl Answer {
    pub(super) fn hear(&mut self, samples: &[f32; FRAME], dbm0: f32) -> Option<Detected> {
        let bin = bin(samples);
        let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32;
        let share = 2.0 * (bin.0 * bin.0 + bin.1 * bin.1) / (FRAME * FRAME) as f32 / power.max(1e-6);
        if dbm0 < SOFTEST_DBM0 || share < PURE {
            if let Some(tone) = &mut self.tone {
                tone.frames += 1;
                tone.blank += 1;
                if tone.blank > BLANK || dbm0 < SOFTEST_DBM0 {
                    self.tone = None;
                    self.told = false;
                }
            }
            return None;
        }
        let Some(tone) = &mut self.tone else {
            self.tone = Some(Tone::begin(bin));
            return None;
        };
        let heard = tone.goes_on(bin)?;
        (!std::mem::replace(&mut self.told, true)).then_some(heard)
    }
}

impl Tone {
    fn begin(bin: (f32, f32)) -> Self {
        Self {
            frames: 0,
            blank: 0,
            last: bin,
            drift: (0.0, 0.0),
            turned_at: None,
            amplitudes: [0.0; ENVELOPE],
        }
    }

    fn goes_on(&mut self, bin: (f32, f32)) -> Option<Detected> {
        self.frames += 1;
        let passed = std::mem::take(&mut self.blank) + 1;
        let last = std::mem::replace(&mut self.last, bin);
        let turn = between(bin, last);
        let expected = self.drift.1.atan2(self.drift.0) * passed as f32;
        let off = wrapped(turn.1.atan2(turn.0) - expected);
        let length = turn.0.hypot(turn.1).max(f32::MIN_POSITIVE);
        let mut turned_twice = false;
        if off.abs() >= TURNED && self.frames > 5 {
            turned_twice = self.turned_at.is_some_and(|at| TURNS_APART.contains(&(self.frames - at)));
            self.turned_at = Some(self.frames);
        } else if passed == 1 {
            self.drift.0 += turn.0 / length;
            self.drift.1 += turn.1 / length;
        }
        self.amplitudes[self.frames as usize % ENVELOPE] = bin.0.hypot(bin.1);
        let drift_hz = self.drift.1.atan2(self.drift.0) * RATE_HZ / (TAU * FRAME as f32);
        if drift_hz.abs() > OFF_HZ {
            return None;
        }
        let swells =
            self.frames as usize >= ENVELOPE && self.frames.is_multiple_of(10) && self.depth() >= DEPTH;
        if turned_twice || swells {
            return Some(Detected::ModemAnswer);
        }
        (self.frames >= PLAIN).then_some(Detected::FaxAnswer)
    }

    /// How deep the envelope of 15 Hz is, as a share of the mean.
    fn depth(&self) -> f32 {
        let (mut re, mut im, mut sum) = (0.0, 0.0, 0.0);
        for (at, amplitude) in self.amplitudes.iter().enumerate() {
            let turn = TAU * ENVELOPE_HZ * at as f32 * FRAME as f32 / RATE_HZ;
            re += amplitude * turn.cos();
            im += amplitude * turn.sin();
            sum += amplitude;
        }
        2.0 * re.hypot(im) / f32::max(sum, f32::MIN_POSITIVE)
    }
}

/// The part of the tone in a frame, of which it has 21 whole periods.
fn bin(samples: &[f32; FRAME]) -> (f32, f32) {
    let turn = TAU * HZ / RATE_HZ;
    let (twice, mut last, mut before) = (2.0 * turn.cos(), 0.0, 0.0);
    for sample in samples {
        (last, before) = (sample + twice * last - before, last);
    }
    (last - before * turn.cos(), before * turn.sin())
}

/// The turn from one to the other.
fn between(to: (f32, f32), from: (f32, f32)) -> (f32, f32) {
    (to.0 * from.0 + to.1 * from.1, to.1 * from.0 - to.0 * from.1)
}

fn wrapped(turn: f32) -> f32 {
    turn - 2.0 * PI * (turn / (2.0 * PI)).round()
}
