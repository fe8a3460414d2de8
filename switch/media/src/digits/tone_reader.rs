//! Keypad tones in audio (ITU-T Q.24, Telcordia TR-TSY-000181).
//!
//! Every 5 ms the last 20 ms are looked at. A pair of tones counts when nearly all power is in it, when both stand within
//! a few percent of their frequencies, measured by the turn of their phases, and when they are about equally loud;
//! speech does that by chance for a moment, but not for the length of a press.

use std::f32::consts::{PI, TAU};
use std::time::Duration;

use base::media::DigitBy;
use smallvec::SmallVec;

use super::keypad::{COLUMNS, ROWS, key};
use super::{Key, Press};
use crate::dsp::Resampler;
use crate::frame::{Frame, Rate};

/// Samples looked at together, at 8 kHz: 20 ms.
const WINDOW: usize = 160;
/// From one look to the next: 5 ms.
const HOP: usize = 40;
const HOP_MS: f32 = 5.0;
const RATE_HZ: f32 = 8_000.0;
/// Frequencies of the keypad: rows, then columns.
const TONES: usize = 8;
/// Looks that are remembered: half a window before the first hit belongs to the press.
const MEMORY: usize = 4;

/// The softest tone that counts, in dBm0. Q.24 wants -24 and -29 to be heard.
const SOFTEST_DBM0: f32 = -37.0;
/// Mean square of a tone at 0 dBm0 when the loudest sine, of +3.17 dBm0, has half of full scale squared.
const ZERO_DBM0: f32 = 258_738_560.0;
/// How much louder or softer the high tone may be than the low one, in dB: Q.24 names +4 and -8.
const TWIST_DB: std::ops::RangeInclusive<f32> = -10.0..=6.0;
/// The share of all power that is in the two tones. At 15 dB above noise it is 0.97.
const SHARE: f32 = 0.87;
/// The share from which audio is kept from others, before it is sure.
const SUSPECT: f32 = 0.8;
/// How far off the tones may be for that.
const SUSPECT_OFF: f32 = 0.04;
/// How far a tone may be off: Q.24 accepts 1.5 %, rejects 3.5 %.
const OFF: f32 = 0.025;
/// The shortest press: Q.24 accepts 40 ms, rejects 23 ms.
const SHORTEST_MS: f32 = 31.0;
/// Looks in a row without the tones that end a press: a gap of 10 ms does not, one of 40 ms does (Q.24).
const MISSES: u8 = 8;
/// Of them, those in which a fading tone still counts for its length, and is kept from others.
const FADING: u8 = 3;
/// The hit from which on a tone fills the window, and how many of those give its height better than the highest.
const EDGE: u16 = 3;
const STEADY: u16 = 8;

/// Whether others hear the tones that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mute {
    /// They do.
    No,
    /// From some milliseconds after the beginning they hear silence instead.
    Yes,
}

/// Reads keypad tones of one far end.
#[derive(Debug)]
pub struct ToneReader {
    rate: Rate,
    narrow: Resampler,
    hann: [f32; WINDOW],
    /// The last samples at 8 kHz.
    line: [f32; WINDOW],
    bins: [Bin; TONES],
    /// Amplitudes of the looks before this one, the latest last.
    before: [[f32; TONES]; MEMORY],
    state: State,
}

/// The part of one frequency in the window.
#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    re: f32,
    im: f32,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Idle,
    /// Tones are heard, or were a moment ago.
    Heard(Tones),
}

#[derive(Clone, Copy, Debug)]
struct Tones {
    row: usize,
    column: usize,
    digit: char,
    /// Sum of the amplitudes of all looks; divided by the height of the tones it is their length in looks.
    sum: f32,
    peak: f32,
    hits: u16,
    /// Sum of the amplitudes of the hits from the third on.
    steady: f32,
    misses: u8,
    told: bool,
}

/// What one look saw.
#[derive(Clone, Copy, Debug)]
enum Look {
    Nothing,
    /// Perhaps the beginning or the end of a pair.
    Perhaps,
    Pair {
        row: usize,
        column: usize,
    },
}

impl ToneReader {
    /// For audio of a rate.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let hann = std::array::from_fn(|at| 0.5 - 0.5 * (TAU * (at as f32 + 0.5) / WINDOW as f32).cos());
        Self {
            rate,
            narrow: Resampler::new(rate, Rate::Hz8000),
            hann,
            line: [0.0; WINDOW],
            bins: [Bin::default(); TONES],
            before: [[0.0; TONES]; MEMORY],
            state: State::Idle,
        }
    }

    /// Takes the next frame and says what became of a key in it.
    pub fn hear(&mut self, frame: &mut Frame, mute: Mute) -> SmallVec<[Key; 2]> {
        if frame.rate() != self.rate {
            self.rate = frame.rate();
            self.narrow = Resampler::new(self.rate, Rate::Hz8000);
        }
        let mut narrow = [0; 2 * HOP];
        let _filled = self.narrow.process(frame.samples(), &mut narrow);
        let mut told = SmallVec::new();
        let mut muted = false;
        for hop in narrow.chunks_exact(HOP) {
            self.line.copy_within(HOP.., 0);
            for (place, sample) in self.line[WINDOW - HOP..].iter_mut().zip(hop) {
                *place = f32::from(*sample);
            }
            let look = self.look();
            told.extend(self.step(look));
            muted |= match (look, self.state) {
                (Look::Perhaps | Look::Pair { .. }, _) => true,
                (Look::Nothing, State::Heard(tones)) => tones.misses <= FADING,
                (Look::Nothing, State::Idle) => false,
            };
        }
        if muted && mute == Mute::Yes {
            frame.samples_mut().fill(0);
        }
        told
    }

    /// The key that is down.
    #[must_use]
    pub fn down(&self) -> Option<char> {
        match self.state {
            State::Heard(tones) if tones.told => Some(tones.digit),
            State::Heard(_) | State::Idle => None,
        }
    }

    /// Looks at the window as it stands.
    fn look(&mut self) -> Look {
        let mut windowed = [0.0; WINDOW];
        let mut power = 0.0;
        for ((place, sample), weight) in windowed.iter_mut().zip(&self.line).zip(&self.hann) {
            *place = sample * weight;
            power += *place * *place;
        }
        // The squares of a Hann window sum up to 3/8 of its length.
        let power = power / (0.375 * WINDOW as f32);
        self.before.copy_within(1.., 0);
        let last = self.bins;
        if decibels(power / ZERO_DBM0) < SOFTEST_DBM0 {
            self.bins = [Bin::default(); TONES];
            self.before[MEMORY - 1] = [0.0; TONES];
            return Look::Nothing;
        }
        self.bins = bins(&windowed);
        let powers = self.bins.map(Bin::power);
        self.before[MEMORY - 1] = powers.map(f32::sqrt);
        let row = loudest(&powers[..4]);
        let column = 4 + loudest(&powers[4..]);
        let [low, high] = [row, column].map(|at| corrected(self.bins[at], last[at], frequency(at)));
        judge(power, low, high, row, column - 4)
    }

    fn step(&mut self, look: Look) -> Option<Key> {
        match (self.state, look) {
            (State::Heard(tones), Look::Pair { row, column })
                if (tones.row, tones.column) == (row, column) =>
            {
                self.goes_on(tones)
            }
            (State::Heard(tones), Look::Pair { row, column }) => {
                self.begins(row, column);
                tones.up()
            }
            (State::Heard(tones), Look::Nothing | Look::Perhaps) => self.misses(tones),
            (State::Idle, Look::Pair { row, column }) => {
                self.begins(row, column);
                None
            }
            (State::Idle, Look::Nothing | Look::Perhaps) => None,
        }
    }

    fn begins(&mut self, row: usize, column: usize) {
        let Some(digit) = key(row, column) else { return };
        let amplitudes = self.before.map(|look| look[row].hypot(look[4 + column]));
        let peak = amplitudes[MEMORY - 1];
        let sum = amplitudes.iter().sum();
        self.state = State::Heard(Tones {
            row,
            column,
            digit,
            sum,
            peak,
            hits: 1,
            steady: 0.0,
            misses: 0,
            told: false,
        });
    }

    fn goes_on(&mut self, mut tones: Tones) -> Option<Key> {
        let amplitude = self.amplitude(tones);
        tones.sum += amplitude;
        tones.peak = tones.peak.max(amplitude);
        tones.hits = tones.hits.saturating_add(1);
        tones.steady += if (EDGE..u16::MAX).contains(&tones.hits) { amplitude } else { 0.0 };
        tones.misses = 0;
        let sure = !tones.told && tones.lasted_ms() >= SHORTEST_MS;
        tones.told |= sure;
        self.state = State::Heard(tones);
        sure.then_some(Key::Down(tones.digit))
    }

    fn misses(&mut self, mut tones: Tones) -> Option<Key> {
        tones.misses += 1;
        if tones.misses <= FADING {
            tones.sum += self.amplitude(tones);
        }
        let over = tones.misses >= MISSES;
        let sure = !tones.told && tones.lasted_ms() >= SHORTEST_MS;
        tones.told |= sure;
        self.state = if over { State::Idle } else { State::Heard(tones) };
        if sure { Some(Key::Down(tones.digit)) } else { over.then(|| tones.up()).flatten() }
    }

    fn amplitude(&self, tones: Tones) -> f32 {
        let look = &self.before[MEMORY - 1];
        look[tones.row].hypot(look[4 + tones.column])
    }
}

impl Tones {
    fn lasted_ms(&self) -> f32 {
        let steady = self.hits.saturating_sub(EDGE - 1);
        let height = if steady > STEADY { self.steady / f32::from(steady) } else { self.peak };
        HOP_MS * self.sum / height.max(f32::MIN_POSITIVE)
    }

    fn up(self) -> Option<Key> {
        let lasted = Duration::from_millis(self.lasted_ms().round() as u64);
        self.told.then_some(Key::Up(Press { digit: self.digit, lasted, by: DigitBy::Tone }))
    }
}

impl Bin {
    /// Mean square of a sine that gives this.
    fn power(self) -> f32 {
        // A Hann window sums up to half of its length.
        2.0 * (self.re * self.re + self.im * self.im) / (0.25 * (WINDOW * WINDOW) as f32)
    }
}

/// Goertzel's recursion for all frequencies side by side.
fn bins(windowed: &[f32; WINDOW]) -> [Bin; TONES] {
    let turns: [f32; TONES] = std::array::from_fn(|at| TAU * frequency(at) / RATE_HZ);
    let twice = turns.map(|turn| 2.0 * turn.cos());
    let (mut last, mut before) = ([0.0; TONES], [0.0; TONES]);
    for sample in windowed {
        for at in 0..TONES {
            let next = sample + twice[at] * last[at] - before[at];
            before[at] = last[at];
            last[at] = next;
        }
    }
    std::array::from_fn(|at| Bin {
        re: last[at] - before[at] * turns[at].cos(),
        im: before[at] * turns[at].sin(),
    })
}

/// A tone near a frequency of the keypad.
#[derive(Clone, Copy, Debug)]
struct Near {
    power: f32,
    /// How far it is off, as a share of the frequency.
    off: f32,
}

/// The tone that gives this bin, by how far its phase turned since the last one.
fn corrected(bin: Bin, last: Bin, hz: f32) -> Near {
    let (re, im) = (bin.re * last.re + bin.im * last.im, bin.im * last.re - bin.re * last.im);
    let turned = im.atan2(re) - TAU * hz * HOP as f32 / RATE_HZ;
    let turned = turned - TAU * (turned / TAU).round();
    let off_hz = turned * RATE_HZ / (TAU * HOP as f32);
    let off_bins = (off_hz * WINDOW as f32 / RATE_HZ).abs().clamp(1e-3, 0.9);
    let response = (PI * off_bins).sin() / (PI * off_bins * (1.0 - off_bins * off_bins));
    Near { power: bin.power() / (response * response), off: off_hz / hz }
}

fn judge(power: f32, low: Near, high: Near, row: usize, column: usize) -> Look {
    let twist_db = decibels(high.power / low.power.max(f32::MIN_POSITIVE));
    let softest = decibels(low.power.min(high.power) / ZERO_DBM0);
    let share = (low.power + high.power) / power.max(f32::MIN_POSITIVE);
    if softest < SOFTEST_DBM0 || !TWIST_DB.contains(&twist_db) || share < SUSPECT {
        return Look::Nothing;
    }
    let off = low.off.abs().max(high.off.abs());
    if off <= OFF && share >= SHARE {
        Look::Pair { row, column }
    } else if off <= SUSPECT_OFF {
        Look::Perhaps
    } else {
        Look::Nothing
    }
}

fn frequency(at: usize) -> f32 {
    if at < 4 { ROWS[at] } else { COLUMNS[at - 4] }
}

fn loudest(powers: &[f32]) -> usize {
    powers.iter().enumerate().fold(0, |best, (at, power)| if *power > powers[best] { at } else { best })
}

fn decibels(ratio: f32) -> f32 {
    10.0 * ratio.max(1e-12).log10()
}

#[cfg(test)]
mod tests;
