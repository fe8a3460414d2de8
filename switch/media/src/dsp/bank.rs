//! Low-pass filters for resampling, one per pair of rates.

use std::f64::consts::PI;
use std::sync::{Arc, OnceLock};

use crate::frame::Rate;

/// Taps are padded to a multiple of this, the width of the sums that [`dot`] keeps.
pub(super) const LANES: usize = 8;
/// How far down everything is that would fold back into the band, in decibels, with some to spare.
const REJECTION_DB: f64 = 70.0;

/// A polyphase filter: `up` sets of taps, of which each output sample uses one.
#[derive(Debug)]
pub(super) struct Bank {
    /// Output samples for `down` input samples.
    pub(super) up: usize,
    /// Input samples for `up` output samples.
    pub(super) down: usize,
    /// Taps of one phase.
    pub(super) taps: usize,
    phases: Box<[f32]>,
}

impl Bank {
    /// For two rates in hertz, both positive and without a common factor that makes more than some thousand phases.
    pub(super) fn design(from_hz: u32, to_hz: u32) -> Self {
        let common = gcd(from_hz, to_hz);
        let (up, down) = ((to_hz / common) as usize, (from_hz / common) as usize);
        let (pass, stop) = band(from_hz.min(to_hz));
        let virtual_hz = f64::from(from_hz) * up as f64;
        // Kaiser's estimate of the length of a window filter.
        let width = 2.0 * PI * (stop - pass) / virtual_hz;
        let wanted = (REJECTION_DB - 7.95) / (2.285 * width);
        let taps = (wanted / up as f64).ceil() as usize;
        let taps = taps.next_multiple_of(LANES);
        let prototype = low_pass(taps * up, (pass + stop) / 2.0 / virtual_hz, up as f64);
        Self { up, down, taps, phases: split(&prototype, up, taps) }
    }

    /// For two rates of the engine, made once in a process.
    pub(super) fn shared(from: Rate, to: Rate) -> Arc<Self> {
        static BANKS: [OnceLock<Arc<Bank>>; 9] = [const { OnceLock::new() }; 9];
        let place = |rate| match rate {
            Rate::Hz8000 => 0,
            Rate::Hz16000 => 1,
            Rate::Hz48000 => 2,
        };
        let bank =
            BANKS[place(from) * 3 + place(to)].get_or_init(|| Arc::new(Self::design(from.hz(), to.hz())));
        Arc::clone(bank)
    }

    /// The taps of a phase, in the order of the input samples that they meet.
    pub(super) fn phase(&self, phase: usize) -> &[f32] {
        &self.phases[phase * self.taps..(phase + 1) * self.taps]
    }
}

/// Sum of products, in [`LANES`] sums that the compiler keeps in vector registers.
pub(super) fn dot(taps: &[f32], samples: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    for (taps, samples) in taps.chunks_exact(LANES).zip(samples.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += taps[lane] * samples[lane];
        }
    }
    sums.iter().sum()
}

/// Edges of the band that passes and the one that is stopped, for the lower of two rates. Speech ends at 3.4 and 7 kHz.
fn band(lower_hz: u32) -> (f64, f64) {
    let nyquist = f64::from(lower_hz) / 2.0;
    let pass = match lower_hz {
        0..=8_000 => 0.86,
        8_001..=16_000 => 0.885,
        16_001.. => 0.9,
    };
    (nyquist * pass, nyquist)
}

/// A windowed sinc of `length` taps; `cutoff` in parts of the sampling rate, `gain` at zero.
fn low_pass(length: usize, cutoff: f64, gain: f64) -> Vec<f64> {
    let beta = 0.1102 * (REJECTION_DB - 8.7);
    let middle = (length as f64 - 1.0) / 2.0;
    let tap = |at: usize| {
        let from_middle = at as f64 - middle;
        let angle = 2.0 * PI * cutoff * from_middle;
        let sinc = if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle };
        let edge = from_middle / (middle + 0.5);
        2.0 * cutoff * sinc * bessel(beta * (1.0 - edge * edge).max(0.0).sqrt()) / bessel(beta)
    };
    let taps: Vec<f64> = (0..length).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.iter().map(|tap| tap * gain / sum).collect()
}

/// Cuts a filter into phases, each reversed so that it runs along with the samples.
fn split(prototype: &[f64], up: usize, taps: usize) -> Box<[f32]> {
    let phase = |phase: usize| (0..taps).rev().map(move |tap| prototype[tap * up + phase] as f32);
    (0..up).flat_map(phase).collect()
}

/// The modified Bessel function of the first kind and order zero.
fn bessel(x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for step in 1..40 {
        term *= (x / 2.0 / f64::from(step)).powi(2);
        sum += term;
    }
    sum
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
