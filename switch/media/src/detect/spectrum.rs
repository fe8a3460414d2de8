//! Power by frequency over a stretch of samples.

use std::f32::consts::TAU;

/// Samples of the longest stretch: 128 ms at 8 kHz.
pub(super) const LONG: usize = 1_024;
/// Samples of the usual stretch: 32 ms.
pub(super) const SHORT: usize = 256;
/// The rate that everything here is heard at.
pub(super) const RATE_HZ: f32 = 8_000.0;

/// Where the progress tones of all countries lie, in hertz.
const LOW_BAND: std::ops::Range<f32> = 300.0..700.0;
/// A tone's power lies within so many bins of its own, on either side (Hann window).
const SKIRT: usize = 2;

/// A fast Fourier transform with a Hann window, and the room it works in.
#[derive(Debug)]
pub(super) struct Transform {
    /// Cosine and sine of the parts of a turn, `LONG` of them in a whole one.
    turns: Box<[(f32, f32)]>,
    re: Box<[f32]>,
    im: Box<[f32]>,
}

/// A tone that stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Peak {
    pub(super) hz: f32,
    /// Its share of all power.
    pub(super) share: f32,
}

/// The spectrum of one stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spectrum {
    /// Mean squares by bin, those of the first bins and the middle of the range only as far as they were filled.
    bins: [f32; LONG / 2],
    length: usize,
    total: f32,
}

impl Transform {
    pub(super) fn new() -> Self {
        let turns = (0..LONG).map(|at| {
            let turn = TAU * at as f32 / LONG as f32;
            (turn.cos(), turn.sin())
        });
        let room = || vec![0.0; LONG].into_boxed_slice();
        Self { turns: turns.collect(), re: room(), im: room() }
    }

    /// The spectrum of `SHORT` or `LONG` samples.
    pub(super) fn spectrum(&mut self, samples: &[f32]) -> Spectrum {
        let length = samples.len();
        let bits = length.trailing_zeros();
        let stride = LONG / length;
        for (at, sample) in samples.iter().enumerate() {
            let hann = 0.5 - 0.5 * self.turns[at * stride].0;
            let place = at.reverse_bits() >> (usize::BITS - bits);
            self.re[place] = sample * hann;
            self.im[place] = 0.0;
        }
        self.butterflies(length);
        // Of a Hann window, the squares sum up to 3/8 of its length.
        let scale = 2.0 / (0.375 * (length * length) as f32);
        let mut spectrum = Spectrum { bins: [0.0; LONG / 2], length, total: 0.0 };
        for at in 1..length / 2 {
            let power = scale * (self.re[at] * self.re[at] + self.im[at] * self.im[at]);
            spectrum.bins[at] = power;
            spectrum.total += power;
        }
        spectrum
    }

    fn butterflies(&mut self, length: usize) {
        let mut half = 1;
        while half < length {
            let stride = LONG / (2 * half);
            for start in (0..length).step_by(2 * half) {
                for at in 0..half {
                    let (cos, sin) = self.turns[at * stride];
                    let (low, high) = (start + at, start + at + half);
                    let re = self.re[high] * cos + self.im[high] * sin;
                    let im = self.im[high] * cos - self.re[high] * sin;
                    self.re[high] = self.re[low] - re;
                    self.im[high] = self.im[low] - im;
                    self.re[low] += re;
                    self.im[low] += im;
                }
            }
            half *= 2;
        }
    }
}

impl Spectrum {
    /// Mean square of everything but a constant.
    pub(super) fn total(&self) -> f32 {
        self.total
    }

    /// The share of all power between the progress tones of the world.
    pub(super) fn low_share(&self) -> f32 {
        self.share(LOW_BAND)
    }

    /// The share of all power in a band of hertz.
    pub(super) fn share(&self, band: std::ops::Range<f32>) -> f32 {
        let (from, to) = (self.bin(band.start).ceil() as usize, self.bin(band.end) as usize);
        let inside: f32 = self.bins.get(from..=to).map_or(0.0, |bins| bins.iter().sum());
        inside / self.total.max(f32::MIN_POSITIVE)
    }

    /// The two loudest tones, the louder first.
    pub(super) fn peaks(&self) -> [Peak; 2] {
        let first = self.loudest(None);
        let second = self.loudest(Some(first));
        [first, second].map(|at| self.peak(at))
    }

    fn loudest(&self, but: Option<usize>) -> usize {
        let apart = |at: usize| but.is_none_or(|but| at.abs_diff(but) > SKIRT);
        // A bin that rises towards the one left out belongs to its skirt.
        let is_top = |at: usize| self.at(at) >= self.at(at + 1) && self.at(at) >= self.at(at.wrapping_sub(1));
        (1..self.length / 2)
            .filter(|at| apart(*at) && is_top(*at))
            .fold(0, |best, at| if self.at(at) > self.at(best) { at } else { best })
    }

    fn peak(&self, at: usize) -> Peak {
        let (before, top, after) = (self.at(at.wrapping_sub(1)), self.at(at), self.at(at + 1));
        let ratio = (before.max(after) / top.max(f32::MIN_POSITIVE)).sqrt();
        let beside = ((2.0 * ratio - 1.0) / (1.0 + ratio)).max(0.0);
        let exact = at as f32 + if after > before { beside } else { -beside };
        let skirt = at.saturating_sub(SKIRT)..=at + SKIRT;
        let power: f32 = skirt.map(|at| self.at(at)).sum();
        Peak { hz: exact * RATE_HZ / self.length as f32, share: power / self.total.max(f32::MIN_POSITIVE) }
    }

    fn at(&self, bin: usize) -> f32 {
        self.bins.get(bin).copied().unwrap_or(0.0)
    }

    fn bin(&self, hz: f32) -> f32 {
        hz * self.length as f32 / RATE_HZ
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(length: usize, tones: &[(f32, f32)]) -> Spectrum {
        let samples: Vec<f32> = (0..length)
            .map(|at| tones.iter().map(|(hz, peak)| peak * (TAU * hz * at as f32 / RATE_HZ).sin()).sum())
            .collect();
        Transform::new().spectrum(&samples)
    }

    #[test]
    fn one_tone_has_all_power_and_its_frequency_within_2_hz() {
        for hz in [425.0, 1_097.0, 1_776.7, 2_112.0] {
            let spectrum = tones(SHORT, &[(hz, 1_000.0)]);
            let [first, second] = spectrum.peaks();
            assert!((first.hz - hz).abs() < 2.0 && first.share > 0.99, "{hz}: {first:?}");
            assert!(second.share < 0.01);
            assert!((spectrum.total() - 500_000.0).abs() < 15_000.0, "{}", spectrum.total());
        }
    }

    #[test]
    fn two_tones_40_hz_apart_are_two_in_128_ms() {
        let [first, second] = tones(LONG, &[(440.0, 1_000.0), (480.0, 900.0)]).peaks();
        assert!((first.hz - 440.0).abs() < 2.0 && (second.hz - 480.0).abs() < 2.0, "{first:?} {second:?}");
        assert!(first.share + second.share > 0.97);
    }

    #[test]
    fn the_share_of_a_band_is_what_lies_in_it() {
        let spectrum = tones(SHORT, &[(480.0, 1_000.0), (620.0, 1_000.0), (2_000.0, 1_414.2)]);
        assert!((spectrum.low_share() - 0.5).abs() < 0.03, "{}", spectrum.low_share());
    }
}
