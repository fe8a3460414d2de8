//! How loud something is, and how loud one frequency of it.

/// What digital silence counts as, in dBov: the quietest that RTP can say (RFC 6465 §3).
pub const SILENCE_DBOV: f32 = -127.0;
/// dBm0 of 0 dBov: the loudest sine of G.711 µ-law has +3.17 dBm0, a square wave of its height 3.01 dB more
/// (ITU-T G.711, RFC 3389 §3).
pub const DBM0_OF_DBOV: f32 = 6.18;

const FULL_SCALE: f32 = 32_768.0;
/// Sums side by side, which the compiler keeps in vector registers.
const LANES: usize = 8;

/// Mean of the squares, full scale being 1.
#[must_use]
pub fn mean_square(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let parts = samples.chunks_exact(LANES);
    let rest: f32 = parts.remainder().iter().map(|sample| f32::from(*sample).powi(2)).sum();
    let mut sums = [0.0; LANES];
    for part in parts {
        for lane in 0..LANES {
            let sample = f32::from(part[lane]);
            sums[lane] += sample * sample;
        }
    }
    (sums.iter().sum::<f32>() + rest) / samples.len() as f32 / (FULL_SCALE * FULL_SCALE)
}

/// Root mean square in dBov, decibels below the loudest square wave; [`SILENCE_DBOV`] at the least.
#[must_use]
pub fn dbov(samples: &[i16]) -> f32 {
    decibels(mean_square(samples))
}

/// Root mean square in dBm0.
#[must_use]
pub fn dbm0(samples: &[i16]) -> f32 {
    dbov(samples) + DBM0_OF_DBOV
}

/// The level in dBm0 of one frequency in `samples`, by [`Goertzel`]. Best over whole periods.
#[must_use]
pub fn tone_dbm0(samples: &[i16], hz: u32, rate_hz: u32) -> f32 {
    let mut bin = Goertzel::new(hz as f32, rate_hz);
    bin.feed(samples);
    decibels(bin.mean_square()) + DBM0_OF_DBOV
}

/// A power ratio in decibels; [`SILENCE_DBOV`] at the least.
#[must_use]
pub fn decibels(ratio: f32) -> f32 {
    if ratio <= 0.0 { SILENCE_DBOV } else { (10.0 * ratio.log10()).max(SILENCE_DBOV) }
}

/// The power of one frequency over a stretch of samples (Goertzel's recursion).
#[derive(Clone, Copy, Debug)]
pub struct Goertzel {
    twice_cosine: f32,
    last: f32,
    before: f32,
    samples: u32,
}

impl Goertzel {
    /// For a frequency in hertz, at a rate.
    #[must_use]
    pub fn new(hz: f32, rate_hz: u32) -> Self {
        let turn = std::f64::consts::TAU * f64::from(hz) / f64::from(rate_hz);
        Self { twice_cosine: (2.0 * turn.cos()) as f32, last: 0.0, before: 0.0, samples: 0 }
    }

    /// Goes on with more samples.
    pub fn feed(&mut self, samples: &[i16]) {
        let (mut last, mut before) = (self.last, self.before);
        for sample in samples {
            let next = f32::from(*sample) / FULL_SCALE + self.twice_cosine * last - before;
            (before, last) = (last, next);
        }
        (self.last, self.before) = (last, before);
        self.samples = self.samples.saturating_add(samples.len() as u32);
    }

    /// Mean square of a sine of that frequency in what was fed, full scale being 1: comparable with [`mean_square`].
    #[must_use]
    pub fn mean_square(&self) -> f32 {
        if self.samples == 0 {
            return 0.0;
        }
        let Self { twice_cosine, last, before, samples } = *self;
        let power = last * last + before * before - twice_cosine * last * before;
        2.0 * power.max(0.0) / (samples as f32 * samples as f32)
    }

    /// Forgets what was fed.
    pub fn clear(&mut self) {
        (self.last, self.before, self.samples) = (0.0, 0.0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(peak: f64, hz: f64, samples: usize) -> Vec<i16> {
        let step = std::f64::consts::TAU * hz / 8_000.0;
        (0..samples).map(|at| (peak * (step * at as f64).sin()) as i16).collect()
    }

    /// ITU-T G.711 §6: the loudest sine has +3.17 dBm0 in µ-law.
    #[test]
    fn the_loudest_sine_has_3_17_dbm0_and_silence_the_least_that_can_be_said() {
        assert!((dbm0(&sine(32_767.0, 1_000.0, 800)) - 3.17).abs() < 0.01);
        assert!((dbov(&[i16::MIN; 800])).abs() < 0.01);
        assert_eq!(dbov(&[0; 80]), SILENCE_DBOV);
        assert_eq!(dbov(&[]), SILENCE_DBOV);
    }

    #[test]
    fn a_frequency_is_told_from_its_neighbours_and_has_its_own_level() {
        let two: Vec<i16> = sine(8_000.0, 700.0, 1_600)
            .iter()
            .zip(sine(800.0, 1_100.0, 1_600))
            .map(|(loud, soft)| loud + soft)
            .collect();
        let loud = tone_dbm0(&two, 700, 8_000);
        assert!((loud - tone_dbm0(&two, 1_100, 8_000) - 20.0).abs() < 0.1);
        assert!((loud - dbm0(&sine(8_000.0, 700.0, 1_600))).abs() < 0.05);
        assert!(tone_dbm0(&two, 900, 8_000) < loud - 60.0);
    }
}
