//! Uploads brought to the level of our own sounds.

use sounds::shelf::UploadFault;

use super::read::RATE;

/// Samples of 10 ms.
const FRAME: usize = RATE as usize / 100;
/// Silence left at the ends: 50 ms.
const MARGIN: usize = RATE as usize / 20;
/// How long the ends take to come and to go, so that they do not click: 5 ms.
const RAMP: usize = RATE as usize / 200;
/// Root mean square of a sine of 0 dBm0: full scale is +3.17 dBm0.
const RMS_0_DBM0: f64 = 16_085.0;
/// Level of speech while somebody speaks.
const SPEECH_DBM0: f64 = -16.0;
/// Level of music.
const MUSIC_DBM0: f64 = -19.0;
/// No sample beyond 3 dB under full scale.
const PEAK: f64 = 23_197.0;
/// A gain of more only brings up noise: 30 dB.
const GAIN_MOST: f64 = 31.6;
/// Below it nothing is heard: −60 dB of full scale.
const SILENT: u16 = 33;

/// Softens the ends.
pub(super) fn soften(samples: &mut [i16]) {
    let ramp = RAMP.min(samples.len() / 2);
    let length = samples.len();
    for n in 0..ramp {
        let factor = n as f32 / ramp as f32;
        for at in [n, length - 1 - n] {
            samples[at] = (f32::from(samples[at]) * factor) as i16;
        }
    }
}

/// Whether there is anything to hear.
///
/// # Errors
/// `Silent` when there is not.
pub(super) fn check(samples: &[i16]) -> Result<(), UploadFault> {
    let loud = samples.iter().any(|sample| sample.unsigned_abs() > SILENT);
    if loud { Ok(()) } else { Err(UploadFault::Silent) }
}

/// Speech: silence at the ends cut to 50 ms, the level of what is spoken set.
pub(super) fn speech(samples: &[i16]) -> Vec<i16> {
    let frames: Vec<f64> = samples.chunks(FRAME).map(rms).collect();
    let loudest = frames.iter().copied().fold(0.0, f64::max);
    // ITU-T P.56 leaves pauses out of the level of speech; so does a threshold under the loudest 10 ms.
    let active: Vec<f64> = frames.iter().copied().filter(|frame| *frame > loudest / 15.8).collect();
    let level = rms_of(&active);
    let spoken = |frame: &f64| *frame > level / 100.0;
    let first = frames.iter().position(spoken).unwrap_or(0) * FRAME;
    let last = frames.iter().rposition(spoken).map_or(samples.len(), |last| (last + 1) * FRAME);
    let cut = &samples[first.saturating_sub(MARGIN)..(last + MARGIN).min(samples.len())];
    amplified(cut, level, SPEECH_DBM0)
}

/// Music: its whole level set.
pub(super) fn music(samples: &[i16]) -> Vec<i16> {
    amplified(samples, rms(samples), MUSIC_DBM0)
}

fn amplified(samples: &[i16], level: f64, dbm0: f64) -> Vec<i16> {
    let peak = samples.iter().map(|sample| f64::from(sample.unsigned_abs())).fold(1.0, f64::max);
    let wanted = RMS_0_DBM0 * 10f64.powf(dbm0 / 20.0) / level.max(1.0);
    let gain = wanted.min(PEAK / peak).min(GAIN_MOST);
    samples.iter().map(|sample| (f64::from(*sample) * gain).round() as i16).collect()
}

fn rms(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (sum / samples.len().max(1) as f64).sqrt()
}

fn rms_of(levels: &[f64]) -> f64 {
    (levels.iter().map(|level| level * level).sum::<f64>() / levels.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(peak: f64, samples: usize) -> Vec<i16> {
        (0..samples).map(|n| (peak * (n as f64 * 0.4).sin()) as i16).collect()
    }

    #[test]
    fn quiet_speech_is_brought_up_and_its_ends_are_cut() {
        let mut quiet = vec![0; 16_000];
        quiet.extend(sine(600.0, 16_000));
        quiet.extend(vec![0; 8_000]);
        let levelled = speech(&quiet);
        assert_eq!(levelled.len(), 16_000 + 2 * MARGIN);
        let level = 20.0 * (rms(&levelled[MARGIN..MARGIN + 16_000]) / RMS_0_DBM0).log10();
        assert!((level - SPEECH_DBM0).abs() < 0.2, "{level}");
    }

    #[test]
    fn peaks_stay_three_decibels_under_full_scale() {
        let mut clicks = sine(500.0, 16_000);
        clicks[8_000] = 32_000;
        let most = speech(&clicks).into_iter().map(i16::unsigned_abs).max().unwrap();
        assert!((23_190..=23_200).contains(&most), "{most}");
    }

    #[test]
    fn nothing_to_hear_is_said() {
        assert_eq!(check(&vec![5; 16_000]), Err(UploadFault::Silent));
        assert_eq!(check(&sine(600.0, 160)), Ok(()));
    }
}
