//! Where a sound repeats itself, and how one period of it is taken out or put in unheard.

/// The shortest period, 2.5 ms, and the longest, 15 ms, as parts of a second.
const SHORTEST: usize = 400;
const LONGEST_MS: usize = 15;
/// The rate at which it is looked for; a faster one is thinned out first.
const COARSE_HZ: usize = 8_000;
/// Mean square below which a sound is as good as silence.
const FAINT: f32 = 160.0 * 160.0;

/// A period, and how alike its neighbours are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pitch {
    /// In samples.
    pub(super) period: usize,
    /// 1 for equal, 0 for unlike.
    pub(super) likeness: f32,
    /// It is as good as silence.
    pub(super) faint: bool,
}

/// Samples of the longest period.
pub(super) fn longest(hz: u32) -> usize {
    hz as usize * LONGEST_MS / 1_000
}

/// The period of the last samples; `None` when they are too few.
pub(super) fn find(samples: &[i16], hz: u32) -> Option<Pitch> {
    let step = (hz as usize / COARSE_HZ).max(1);
    let shortest = hz as usize / SHORTEST;
    let longest = longest(hz).min(samples.len() / 2);
    if longest < shortest {
        return None;
    }
    let compared = longest.min(samples.len() - longest);
    let alike = |lag: usize, step: usize| likeness(samples, lag, compared, step);
    let coarse = best((shortest..=longest).step_by(step), |lag| alike(lag, step))?;
    let near = coarse.0.saturating_sub(step - 1).max(shortest)..=(coarse.0 + step - 1).min(longest);
    let (period, likeness) = if step == 1 { coarse } else { best(near, |lag| alike(lag, 1))? };
    let energy: f32 = samples.iter().map(|sample| f32::from(*sample).powi(2)).sum();
    Some(Pitch { period, likeness, faint: energy < FAINT * samples.len() as f32 })
}

fn best(lags: impl Iterator<Item = usize>, alike: impl Fn(usize) -> f32) -> Option<(usize, f32)> {
    lags.map(|lag| (lag, alike(lag))).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// The normalised correlation of the last samples with those one lag before.
fn likeness(samples: &[i16], lag: usize, compared: usize, step: usize) -> f32 {
    let now = &samples[samples.len() - compared..];
    let before = &samples[samples.len() - compared - lag..samples.len() - lag];
    let (mut both, mut one, mut other) = (0.0, 1.0, 1.0);
    for (a, b) in now.iter().zip(before).step_by(step) {
        let (a, b) = (f32::from(*a), f32::from(*b));
        both += a * b;
        one += a * a;
        other += b * b;
    }
    both / (one * other).sqrt()
}

/// Blends the last two periods into one; so many samples at the front are to be left out afterwards.
pub(super) fn shorten(samples: &mut [i16], period: usize) {
    let begin = samples.len() - 2 * period;
    for i in begin..begin + period {
        samples[period + i] = blend(samples[i], samples[period + i], i - begin, period);
    }
    samples.copy_within(..begin, period);
}

/// Makes three periods of the last two: `samples` begins with as much room as one takes.
pub(super) fn lengthen(samples: &mut [i16], period: usize) {
    let begin = samples.len() - 2 * period;
    samples.copy_within(period..begin, 0);
    // | … | room | a | b | becomes | … | a | b fading into a | b |
    for i in begin - period..begin {
        let (a, b) = (samples[period + i], samples[2 * period + i]);
        samples[i] = a;
        samples[period + i] = blend(b, a, i + period - begin, period);
    }
}

/// From `one` to `other`, `at` of `length` on the way.
pub(super) fn blend(one: i16, other: i16, at: usize, length: usize) -> i16 {
    let (at, length) = (at as i32, length.max(1) as i32);
    ((i32::from(one) * (length - at) + i32::from(other) * at) / length) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, rate: f64, samples: usize) -> Vec<i16> {
        let wave = |n| (10_000.0 * (std::f64::consts::TAU * hz * n as f64 / rate).sin()) as i16;
        (0..samples).map(wave).collect()
    }

    #[test]
    fn the_period_of_a_tone_is_found_at_every_rate() {
        for rate in [8_000, 16_000, 48_000] {
            let samples = tone(200.0, f64::from(rate), rate as usize * 30 / 1_000);
            let pitch = find(&samples, rate).unwrap();
            let periods = pitch.period as f64 * 200.0 / f64::from(rate);
            assert!((periods - periods.round()).abs() < 0.03 && pitch.likeness > 0.99, "{pitch:?}");
        }
    }

    #[test]
    fn a_tone_a_period_shorter_or_longer_has_no_seam() {
        let worst = |samples: &[i16]| samples.windows(2).map(|two| (two[1] - two[0]).abs()).max().unwrap();
        let mut shorter = tone(200.0, 8_000.0, 240);
        shorten(&mut shorter, 40);
        assert!(worst(&shorter[40..]) < 1_700);
        let mut longer = vec![0; 40];
        longer.extend(tone(200.0, 8_000.0, 240));
        lengthen(&mut longer, 40);
        assert!(longer.len() == 280 && worst(&longer) < 1_700);
    }
}
