//! Sums of audio: whole numbers of 32 bits, so that what was added can be taken out again to the bit.
//!
//! Plain loops over slices that the compiler turns into vector code.

use base::media::Gain;

use crate::frame::FRAME_MAX;

/// Factors have twelve bits after the point: +20 dB times full scale still fits.
const SHIFT: u32 = 12;
/// Bits that a ramp has beside those.
const FINE: u32 = 7;
/// Up to here a sample stays as it is; beyond, less and less is added until full scale.
const KNEE: i32 = 24_576;
const OVER: i32 = i16::MAX as i32 - KNEE;
/// Beats until the limiter has let go of 3 dB or so.
const RELEASE: f32 = 0.02;

/// A factor on amplitudes, from 0 to 10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Factor(i32);

impl Factor {
    pub(crate) const ZERO: Self = Self(0);
    pub(crate) const ONE: Self = Self(1 << SHIFT);

    pub(crate) fn of(gain: Gain) -> Self {
        Self((gain.factor() * (1 << SHIFT) as f32).round() as i32)
    }
}

/// From one factor to another over a frame, so that a change does not click.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ramp {
    pub(crate) from: Factor,
    pub(crate) to: Factor,
}

impl Ramp {
    pub(crate) const ONE: Self = Self { from: Factor::ONE, to: Factor::ONE };

    /// On to another factor.
    pub(crate) fn towards(self, to: Factor) -> Self {
        Self { from: self.to, to }
    }

    pub(crate) fn is_silent(self) -> bool {
        self.from == Factor::ZERO && self.to == Factor::ZERO
    }

    fn steps(self, length: usize) -> (i32, i32) {
        let step = ((self.to.0 - self.from.0) << FINE) / length.max(1) as i32;
        (self.from.0 << FINE, step)
    }
}

/// Adds samples to a sum.
pub(crate) fn add(sum: &mut [i32], samples: &[i16], ramp: Ramp) {
    if ramp == Ramp::ONE {
        sum.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += i32::from(*sample));
    } else {
        each(samples, ramp, sum, |sum, part| *sum += part);
    }
}

/// Takes out what [`add`] has added with the same arguments.
pub(crate) fn take_out(sum: &mut [i32], samples: &[i16], ramp: Ramp) {
    if ramp == Ramp::ONE {
        sum.iter_mut().zip(samples).for_each(|(sum, sample)| *sum -= i32::from(*sample));
    } else {
        each(samples, ramp, sum, |sum, part| *sum -= part);
    }
}

fn each(samples: &[i16], ramp: Ramp, sum: &mut [i32], apply: impl Fn(&mut i32, i32)) {
    if ramp.from == ramp.to {
        let factor = ramp.to.0;
        for (sum, sample) in sum.iter_mut().zip(samples) {
            apply(sum, (i32::from(*sample) * factor) >> SHIFT);
        }
        return;
    }
    let (start, step) = ramp.steps(samples.len());
    for ((sum, sample), n) in sum.iter_mut().zip(samples).zip(0..) {
        apply(sum, (i32::from(*sample) * ((start + step * n) >> FINE)) >> SHIFT);
    }
}

/// Adds one sum to another.
pub(crate) fn add_sum(sum: &mut [i32], other: &[i32]) {
    sum.iter_mut().zip(other).for_each(|(sum, other)| *sum += other);
}

/// Makes a whole sum louder or softer.
pub(crate) fn scale(sum: &mut [i32], ramp: Ramp) {
    let length = sum.len().max(1) as f32;
    let (from, to) = (ramp.from.0 as f32, ramp.to.0 as f32);
    let (from, step) = (from / Factor::ONE.0 as f32, (to - from) / Factor::ONE.0 as f32 / length);
    for (sample, n) in sum.iter_mut().zip(0_u16..) {
        *sample = (*sample as f32 * (from + step * f32::from(n))) as i32;
    }
}

/// Keeps what several loud voices add up to within sixteen bits: softly, and for longer than one peak lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limiter(f32);

impl Default for Limiter {
    fn default() -> Self {
        Self(1.0)
    }
}

impl Limiter {
    pub(crate) fn limit(&mut self, sum: &[i32], out: &mut [i16]) {
        let peak = sum.iter().fold(0, |peak, sample| sample.saturating_abs().max(peak));
        let before = self.0;
        let wanted = if peak > KNEE { KNEE as f32 / peak as f32 } else { 1.0 };
        self.0 = if wanted < before { wanted } else { (before + (1.0 - before) * RELEASE).min(wanted) };
        if self.0 > 0.999 {
            self.0 = 1.0;
        }
        if before >= 1.0 && self.0 >= 1.0 {
            // No sample is beyond the knee.
            return out.iter_mut().zip(sum).for_each(|(out, sample)| *out = *sample as i16);
        }
        // An eighth of a frame to come down, all of it to let go again.
        let ramp = if self.0 < before { (out.len() / 8).max(1) } else { out.len() } as f32;
        for ((out, sample), n) in out.iter_mut().zip(sum).zip(0_u16..) {
            let part = (f32::from(n) / ramp).min(1.0);
            *out = soft(*sample as f32 * (before + (self.0 - before) * part));
        }
    }
}

/// Bends what is beyond the knee so that it never reaches full scale.
fn soft(sample: f32) -> i16 {
    let beyond = sample.abs() - KNEE as f32;
    if beyond <= 0.0 {
        return sample as i16;
    }
    let bent = KNEE as f32 + OVER as f32 * beyond / (beyond + OVER as f32);
    bent.copysign(sample) as i16
}

/// A sum in the making.
pub(crate) type Sum = [i32; FRAME_MAX];

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(samples: usize, peak: f32, hz: f32) -> Vec<i16> {
        (0..samples)
            .map(|n| (peak * (std::f32::consts::TAU * hz * n as f32 / 8_000.0).sin()) as i16)
            .collect()
    }

    #[test]
    fn what_was_added_is_taken_out_again_to_the_bit() {
        let voice = tone(80, 30_000.0, 440.0);
        for (from, to) in [(0, 0), (0, 777), (-1_200, -300), (2_000, -6_000)] {
            let ramp = Ramp { from: Factor::of(Gain::centibels(from)), to: Factor::of(Gain::centibels(to)) };
            let mut sum = [5; 80];
            add(&mut sum, &voice, ramp);
            take_out(&mut sum, &voice, ramp);
            assert_eq!(sum, [5; 80]);
        }
    }

    #[test]
    fn a_ramp_goes_all_the_way_without_a_step() {
        let mut sum = [0; 80];
        add(&mut sum, &[10_000; 80], Ramp { from: Factor::ZERO, to: Factor::ONE });
        assert!(sum.windows(2).all(|pair| (100..=150).contains(&(pair[1] - pair[0]))), "{sum:?}");
        assert!((sum[0], sum[79] > 9_700) == (0, true));
    }

    #[test]
    fn ten_loud_voices_stay_within_the_scale_and_come_out_smooth() {
        let mut limiter = Limiter::default();
        let voice = tone(800, 30_000.0, 200.0);
        let mut whole = Vec::new();
        for part in voice.chunks(80) {
            let mut sum = [0; 80];
            (0..10).for_each(|_| add(&mut sum, part, Ramp::ONE));
            let mut out = [0; 80];
            limiter.limit(&sum, &mut out);
            whole.extend(out);
        }
        let steepest =
            whole.windows(2).skip(80).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max();
        assert!(steepest.unwrap() < 6_000, "a sine of this height rises by 5,150 at most: {steepest:?}");
        assert!(whole.iter().all(|sample| sample.unsigned_abs() < 32_767));
        assert!(whole.iter().skip(80).any(|sample| *sample > 23_000));
    }

    #[test]
    fn what_fits_passes_unchanged_and_the_limiter_lets_go_slowly() {
        let mut limiter = Limiter::default();
        let mut out = [0; 3];
        limiter.limit(&[1, -24_000, 24_000], &mut out);
        assert_eq!(out, [1, -24_000, 24_000]);
        limiter.limit(&[98_304, 0, 0], &mut out);
        limiter.limit(&[10_000, 10_000, 10_000], &mut out);
        assert!((2_400..4_000).contains(&out[2]), "{out:?}");
    }
}
