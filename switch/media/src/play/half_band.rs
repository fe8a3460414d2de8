//! Steps between sampling rates of audio that lies in memory as a whole: no state, no delay.

/// Odd taps of a half-band low pass of 63 taps (Kaiser window, β = 5; −54 dB from 4.4 kHz on at 16 kHz), from the
/// centre outwards; the centre is a half and the even ones are nought.
const HALF: [f32; 16] = [
    0.317_837_9,
    -0.104_109_5,
    0.060_308_0,
    -0.040_845_7,
    0.029_567_5,
    -0.022_081_7,
    0.016_707_5,
    -0.012_665_1,
    0.009_541_8,
    -0.007_096_9,
    0.005_177_2,
    -0.003_677_4,
    0.002_519_6,
    -0.001_642_6,
    0.000_996_1,
    -0.000_536_8,
];

/// Taps of a third of a sample after the eighth (Kaiser window, β = 6); two thirds are the same backwards.
const THIRD: [f32; 16] = [
    -0.001_702_8,
    0.005_496_6,
    -0.013_118_0,
    0.026_806_3,
    -0.050_411_6,
    0.093_202_2,
    -0.191_588,
    0.823_363_7,
    0.405_843_4,
    -0.146_750_9,
    0.075_685_9,
    -0.041_066_4,
    0.021_384_7,
    -0.010_033_2,
    0.003_894_0,
    -0.001_006_1,
];

/// Every second sample of `wide`, after a low pass at a quarter of its rate.
pub(super) fn halve(wide: &[i16]) -> Box<[i16]> {
    (0..wide.len().div_ceil(2)).map(|n| low_passed(wide, 2 * n)).collect()
}

fn low_passed(wide: &[i16], at: usize) -> i16 {
    let sample = |at: Option<usize>| at.and_then(|at| wide.get(at)).map_or(0.0, |sample| f32::from(*sample));
    let mut sum = 0.5 * sample(Some(at));
    for (tap, distance) in HALF.iter().zip((1..).step_by(2)) {
        sum += tap * (sample(at.checked_sub(distance)) + sample(Some(at + distance)));
    }
    sum.round() as i16
}

/// Fills `out` with `wide` at three times its rate, beginning with the third `at`.
pub(super) fn treble(wide: &[i16], at: usize, out: &mut [i16]) {
    for (third, sample) in (at..).zip(out) {
        let whole = third / 3;
        *sample = match third % 3 {
            0 => wide.get(whole).copied().unwrap_or(0),
            1 => between(wide, whole, THIRD.iter()),
            _ => between(wide, whole, THIRD.iter().rev()),
        };
    }
}

fn between<'taps>(wide: &[i16], before: usize, taps: impl Iterator<Item = &'taps f32>) -> i16 {
    // The first tap lies on the seventh sample before.
    let sum: f32 = if let Some(near) = before.checked_sub(7).and_then(|first| wide.get(first..first + 16)) {
        taps.zip(near).map(|(tap, sample)| tap * f32::from(*sample)).sum()
    } else {
        let near = (before..).map(|at| at.checked_sub(7).and_then(|at| wide.get(at)));
        taps.zip(near).map(|(tap, sample)| tap * sample.map_or(0.0, |sample| f32::from(*sample))).sum()
    };
    sum.round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, rate: f32, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| (10_000.0 * (std::f32::consts::TAU * hz * n as f32 / rate).sin()).round() as i16)
            .collect()
    }

    fn rms(samples: &[i16]) -> f32 {
        (samples.iter().map(|s| f32::from(*s).powi(2)).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn what_fits_into_half_the_rate_stays_and_what_does_not_goes() {
        let kept = halve(&sine(3_000.0, 16_000.0, 3_200));
        let expected = sine(3_000.0, 8_000.0, 1_600);
        assert!(kept[100..1_500].iter().zip(&expected[100..1_500]).all(|(a, b)| a.abs_diff(*b) < 60));
        assert!(rms(&halve(&sine(5_000.0, 16_000.0, 3_200))[100..1_500]) < 20.0);
    }

    #[test]
    fn three_times_the_rate_is_the_same_wave() {
        let mut wave = vec![0; 9_000];
        treble(&sine(1_000.0, 16_000.0, 3_000), 0, &mut wave);
        let expected = sine(1_000.0, 48_000.0, 9_000);
        assert!(wave[60..8_900].iter().zip(&expected[60..8_900]).all(|(a, b)| a.abs_diff(*b) < 40));
    }
}
