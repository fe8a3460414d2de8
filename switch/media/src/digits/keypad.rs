//! The two tones of a key (ITU-T Q.23).

use std::f64::consts::TAU;
use std::time::Duration;

use base::media::event_of;

use crate::frame::Frame;

/// The low group, by row of the keypad.
pub(crate) const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// The high group, by column.
pub(crate) const COLUMNS: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// The keys, row by row.
const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// Level of the low tone.
const LOW_DBM0: f64 = -9.0;
/// Level of the high one: lines take more from it on the way (ITU-T Q.24 allows 4 dB).
const HIGH_DBM0: f64 = -7.0;
/// dBm0 of a sine that just fits a sample.
const FULL_DBM0: f64 = 3.17;
/// How long a tone takes to its level and back: no clicks.
const RAMP_MS: u32 = 2;

/// The two frequencies of a key in hertz, low and high.
#[must_use]
pub fn frequencies(digit: char) -> Option<(f32, f32)> {
    let digit = digit.to_ascii_uppercase();
    let (row, column) = KEYS.iter().enumerate().find_map(|(row, keys)| {
        let column = keys.iter().position(|key| *key == digit)?;
        Some((row, column))
    })?;
    Some((*ROWS.get(row)?, *COLUMNS.get(column)?))
}

/// The key of a row and a column, each 0…3.
pub(crate) fn key(row: usize, column: usize) -> Option<char> {
    KEYS.get(row)?.get(column).copied().filter(|key| event_of(*key).is_some())
}

/// Makes the tones of one key, frame by frame.
#[derive(Clone, Copy, Debug)]
pub struct Keypad {
    low_hz: f64,
    high_hz: f64,
    /// Samples made so far, counted in 48,000 a second: a change of rate does not matter.
    at: u64,
    length: u64,
}

/// Ticks of `Keypad::at` in a second.
const TICKS: u64 = 48_000;

impl Keypad {
    /// A key that is pressed that long; `None` for what is no key.
    #[must_use]
    pub fn press(digit: char, lasting: Duration) -> Option<Self> {
        let (low, high) = frequencies(digit)?;
        let length = lasting.as_micros().min(3_600_000_000) as u64 * TICKS / 1_000_000;
        Some(Self { low_hz: f64::from(low), high_hz: f64::from(high), at: 0, length })
    }

    /// Overwrites a frame with what comes next: the tones, then silence. Whether all of it has been made.
    pub fn fill(&mut self, frame: &mut Frame) -> bool {
        let step = TICKS / u64::from(frame.rate().hz());
        let (low, high) = (amplitude(LOW_DBM0), amplitude(HIGH_DBM0));
        for sample in frame.samples_mut() {
            let seconds = self.at as f64 / TICKS as f64;
            let tones =
                low * (TAU * self.low_hz * seconds).sin() + high * (TAU * self.high_hz * seconds).sin();
            *sample = (tones * self.envelope()) as i16;
            self.at += step;
        }
        self.at >= self.length
    }

    fn envelope(&self) -> f64 {
        let ramp = u64::from(RAMP_MS) * TICKS / 1_000;
        let left = self.length.saturating_sub(self.at);
        self.at.min(left).min(ramp) as f64 / ramp as f64
    }
}

fn amplitude(dbm0: f64) -> f64 {
    32_767.0 * 10f64.powf((dbm0 - FULL_DBM0) / 20.0)
}

#[cfg(test)]
mod tests {
    use base::media::digit_of;

    use super::*;
    use crate::dsp::level::tone_dbm0;
    use crate::frame::Rate;

    /// ITU-T Q.23 §6.
    #[test]
    fn every_key_has_its_two_frequencies() {
        assert_eq!(frequencies('1'), Some((697.0, 1_209.0)));
        assert_eq!(frequencies('0'), Some((941.0, 1_336.0)));
        assert_eq!(frequencies('d'), Some((941.0, 1_633.0)));
        assert_eq!(frequencies(','), None);
        assert!((0..16).filter_map(digit_of).all(|digit| frequencies(digit).is_some()));
    }

    /// ITU-T Q.24: each tone at -6…-9 dBm0, the high one no more than 4 dB above the low one.
    #[test]
    fn a_key_sounds_at_its_level_and_for_its_time() {
        for rate in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000] {
            let mut keypad = Keypad::press('6', Duration::from_millis(105)).unwrap();
            let mut samples = Vec::new();
            let mut frames = 1;
            let mut frame = Frame::silent(rate);
            while !keypad.fill(&mut frame) {
                frames += 1;
                samples.extend_from_slice(frame.samples());
            }
            assert_eq!(frames, 11);
            let (low, high) = (tone_dbm0(&samples, 770, rate.hz()), tone_dbm0(&samples, 1_477, rate.hz()));
            assert!((low + 9.0).abs() < 0.5 && (high + 7.0).abs() < 0.5, "{rate:?}: {low} {high}");
            let half = rate.frame() / 2;
            assert!(frame.samples()[half..].iter().all(|sample| *sample == 0), "silence after it");
        }
    }
}
