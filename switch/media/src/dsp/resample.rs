//! From one sampling rate to another.

use std::sync::Arc;

use super::bank::{self, Bank};
use crate::frame::{FRAME_MAX, Rate};

/// Turns audio of one rate into audio of another by a polyphase filter. Flat within 0.1 dB to 3.4 kHz between 8 kHz and
/// another rate, to 7 kHz between 16 and 48 kHz; what would fold back is 60 dB down. It delays by 2 to 4 ms and does
/// not allocate after it was made.
#[derive(Debug)]
pub struct Resampler(Option<Work>);

#[derive(Debug)]
struct Work {
    bank: Arc<Bank>,
    /// The last `taps - 1` samples of what came before, then the part that is worked on.
    line: Box<[f32]>,
    /// Where the next output sample stands: whole input samples from the beginning of the part, and phases.
    skip: usize,
    phase: usize,
}

impl Resampler {
    /// Between two rates of the engine.
    #[must_use]
    pub fn new(from: Rate, to: Rate) -> Self {
        Self((from != to).then(|| Work::new(Bank::shared(from, to))))
    }

    /// Between any two rates in hertz, each 4,000…192,000: for files that people upload.
    #[must_use]
    pub fn between(from_hz: u32, to_hz: u32) -> Self {
        Self((from_hz != to_hz).then(|| Work::new(Arc::new(Bank::design(from_hz, to_hz)))))
    }

    /// Resamples `input` into the front of `out` and says how many samples that were: `input` times the ratio of the
    /// rates, give or take one where it does not divide. What does not fit into `out` is lost.
    pub fn process(&mut self, input: &[i16], out: &mut [i16]) -> usize {
        let Some(work) = &mut self.0 else {
            let length = input.len().min(out.len());
            out[..length].copy_from_slice(&input[..length]);
            return length;
        };
        let mut written = 0;
        for part in input.chunks(FRAME_MAX) {
            written += work.part(part, &mut out[written..]);
        }
        written
    }

    /// Samples of the output before the first of the input is heard.
    #[must_use]
    pub fn delay(&self) -> usize {
        self.0.as_ref().map_or(0, |work| (work.bank.taps * work.bank.up / 2).div_ceil(work.bank.down))
    }
}

impl Work {
    fn new(bank: Arc<Bank>) -> Self {
        let line = vec![0.0; bank.taps - 1 + FRAME_MAX].into_boxed_slice();
        Self { bank, line, skip: 0, phase: 0 }
    }

    fn part(&mut self, part: &[i16], out: &mut [i16]) -> usize {
        let Self { bank, line, skip, phase } = self;
        let before = bank.taps - 1;
        for (place, sample) in line[before..].iter_mut().zip(part) {
            *place = f32::from(*sample);
        }
        let mut written = 0;
        while *skip < part.len() {
            let sum = bank::dot(bank.phase(*phase), &line[*skip..*skip + bank.taps]);
            if let Some(place) = out.get_mut(written) {
                *place = rounded(sum);
                written += 1;
            }
            *phase += bank.down;
            *skip += *phase / bank.up;
            *phase %= bank.up;
        }
        *skip -= part.len();
        line.copy_within(part.len()..part.len() + before, 0);
        written
    }
}

/// To the nearest whole number, held at the ends of the scale. A positive number is rounded by cutting off, without the
/// call of a function that other ways cost.
fn rounded(sum: f32) -> i16 {
    ((sum.clamp(-32_768.0, 32_767.0) + 32_768.5) as i32 - 32_768) as i16
}

/// A whole piece of audio at another rate, the filter's delay taken out.
#[must_use]
pub fn converted(audio: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    let mut resampler = Resampler::between(from_hz, to_hz);
    let length = |samples: usize| (samples as u64 * u64::from(to_hz)).div_ceil(u64::from(from_hz)) as usize;
    let tail =
        vec![0; (resampler.delay() as u64 * u64::from(from_hz)).div_ceil(u64::from(to_hz)) as usize + 2];
    let mut out = vec![0; length(audio.len() + tail.len()) + 2];
    let mut written = resampler.process(audio, &mut out);
    written += resampler.process(&tail, &mut out[written..]);
    out.truncate(written);
    out.drain(..resampler.delay().min(written));
    out.truncate(length(audio.len()));
    out
}

#[cfg(test)]
mod tests {
    use super::super::level::{self, tone_dbm0};
    use super::*;

    const RATES: [Rate; 3] = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000];

    fn pairs() -> impl Iterator<Item = (Rate, Rate)> {
        RATES.into_iter().flat_map(|from| RATES.map(|to| (from, to))).filter(|(from, to)| from != to)
    }

    /// A tone at −10 dBm0.
    fn tone(hz: u32, rate_hz: u32, samples: usize) -> Vec<i16> {
        let peak = 32_768.0 * 10f64.powf((-10.0 - 3.17) / 20.0);
        let step = 2.0 * std::f64::consts::PI * f64::from(hz) / f64::from(rate_hz);
        (0..samples).map(|at| (peak * (step * at as f64).sin()).round() as i16).collect()
    }

    /// 300 ms through the resampler in frames, the first 100 ms left out.
    fn through(hz: u32, from: Rate, to: Rate) -> Vec<i16> {
        let mut resampler = Resampler::new(from, to);
        let mut out = vec![0; to.frame() * 30];
        for (input, out) in
            tone(hz, from.hz(), from.frame() * 30).chunks(from.frame()).zip(out.chunks_mut(to.frame()))
        {
            assert_eq!(resampler.process(input, out), to.frame());
        }
        out.split_off(to.frame() * 10)
    }

    #[test]
    fn speech_passes_within_a_tenth_of_a_decibel() {
        for (from, to) in pairs() {
            let edge = if from.hz().min(to.hz()) == 8_000 { 3_400 } else { 7_000 };
            for hz in (100..=edge).step_by(100) {
                let level = tone_dbm0(&through(hz, from, to), hz, to.hz());
                assert!(
                    (level + 10.0).abs() < 0.1,
                    "{hz} Hz from {from:?} to {to:?} came out at {level} dBm0"
                );
            }
        }
    }

    #[test]
    fn what_would_fold_back_is_sixty_decibels_down() {
        for (from, to) in pairs().filter(|(from, to)| from > to) {
            for hz in (to.hz() / 2..from.hz() / 2).step_by(97) {
                let level = level::dbm0(&through(hz, from, to));
                assert!(level < -70.0, "{hz} Hz from {from:?} to {to:?} came out at {level} dBm0");
            }
        }
    }

    #[test]
    fn going_up_adds_no_image_of_the_tone() {
        for (from, to) in pairs().filter(|(from, to)| from < to) {
            let edge = if from == Rate::Hz8000 { 3_400 } else { 7_000 };
            for hz in (200..=edge).step_by(400) {
                let out = through(hz, from, to);
                for image in [from.hz() - hz, from.hz() + hz].into_iter().filter(|image| *image < to.hz() / 2)
                {
                    let level = tone_dbm0(&out, image, to.hz());
                    assert!(level < -70.0, "the image of {hz} Hz at {image} Hz has {level} dBm0");
                }
            }
        }
    }

    #[test]
    fn the_delay_is_what_it_says_and_a_few_milliseconds() {
        for (from, to) in pairs() {
            let mut resampler = Resampler::new(from, to);
            let mut input = vec![0; from.frame() * 2];
            input[0] = 20_000;
            let mut out = vec![0; to.frame() * 2];
            resampler.process(&input, &mut out);
            let loudest = (0..out.len()).max_by_key(|at| out[*at].unsigned_abs()).unwrap();
            assert!(loudest.abs_diff(resampler.delay()) <= 1, "{loudest} for {}", resampler.delay());
            assert!(resampler.delay() * 1_000 <= to.hz() as usize * 4, "{} samples", resampler.delay());
        }
    }

    #[test]
    fn the_loudest_audio_is_held_at_the_ends_of_the_scale() {
        let mut resampler = Resampler::new(Rate::Hz8000, Rate::Hz16000);
        let square: Vec<i16> = (0..800).map(|at| if at / 4 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        let mut out = [0; 1_600];
        resampler.process(&square, &mut out);
        assert!(out.contains(&i16::MAX) && out.contains(&i16::MIN));
        let jumps = out.windows(2).map(|pair| (i32::from(pair[0]) - i32::from(pair[1])).abs()).max().unwrap();
        assert!(jumps < 60_000, "a sample wrapped around");
    }

    #[test]
    fn uploaded_audio_of_any_usual_rate_keeps_its_tones_its_length_and_its_place() {
        for from_hz in [11_025, 22_050, 24_000, 32_000, 44_100, 96_000] {
            for to in RATES {
                let top = from_hz.min(to.hz()) * 2 / 5;
                for hz in [300, 1_004, top] {
                    let audio = tone(hz, from_hz, from_hz as usize * 2 / 5);
                    let out = converted(&audio, from_hz, to.hz());
                    assert_eq!(out.len(), to.hz() as usize * 2 / 5, "{from_hz} to {to:?}");
                    let level = tone_dbm0(&out[to.frame() * 10..to.frame() * 30], hz, to.hz());
                    assert!((level + 10.0).abs() < 0.2, "{hz} Hz from {from_hz} to {to:?}: {level} dBm0");
                }
                let mut click = vec![0; from_hz as usize / 2];
                click[from_hz as usize / 4] = 20_000;
                let out = converted(&click, from_hz, to.hz());
                let loudest = (0..out.len()).max_by_key(|at| out[*at].unsigned_abs()).unwrap();
                assert!(loudest.abs_diff(to.hz() as usize / 4) <= 2, "{from_hz} to {to:?}: {loudest}");
            }
        }
    }

    #[test]
    fn an_uploaded_tone_above_the_band_is_gone() {
        for (from_hz, hz) in [(44_100, 9_000), (44_100, 20_000), (22_050, 8_500), (32_000, 12_000)] {
            let out = converted(&tone(hz, from_hz, from_hz as usize / 2), from_hz, 16_000);
            let level = level::dbm0(&out[1_600..6_400]);
            assert!(level < -70.0, "{hz} Hz at {from_hz}: {level} dBm0");
        }
    }
}
