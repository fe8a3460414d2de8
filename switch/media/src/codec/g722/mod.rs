//! ITU-T G.722 at 64 kbit/s: 16 kHz of audio in two bands, six bits for the lower and two for the higher one.
//!
//! Written from the recommendation's blocks, whose arithmetic is exact to the bit: a decoder that rounds elsewhere drifts
//! away from its encoder.

mod band;
mod tables;

use self::band::{Band, saturated};
use self::tables::{
    HIGH_CODES, HIGH_DECISION, HIGH_FILTER, HIGH_MOVES, HIGH_STEPS, LOW_CODES, LOW_DECISIONS, LOW_FILTER,
    LOW_MOVES, LOW_OUTPUTS, LOW_STEPS,
};
use super::{Damaged, Decoder, Encoder};
use crate::frame::Rate;

/// Samples that the mirror filters look back on.
const BEFORE: usize = 22;
/// Samples worked on at a time: 10 ms.
const PART: usize = 160;

/// Octets into audio.
#[derive(Clone, Debug)]
pub struct G722Decoder {
    low: Band,
    high: Band,
    /// Sums and differences of the bands in turn, what the mirror filter runs along.
    line: [i16; BEFORE + PART],
}

/// Audio into octets.
#[derive(Clone, Debug)]
pub struct G722Encoder {
    low: Band,
    high: Band,
    line: [i16; BEFORE + PART],
}

impl G722Decoder {
    /// At the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self { low: Band::low(), high: Band::high(), line: [0; BEFORE + PART] }
    }

    /// Both bands of an octet.
    fn bands(&mut self, octet: u8) -> [i32; 2] {
        let (low, high) = (usize::from(octet & 63), usize::from(octet >> 6));
        let low_out = self.low.predicted() + self.low.scaled(LOW_OUTPUTS[low]);
        self.low.advance(self.low.scaled(LOW_STEPS[low >> 2]), LOW_MOVES[low >> 2]);
        let difference = self.high.scaled(HIGH_STEPS[high]);
        let high_out = self.high.predicted() + difference;
        self.high.advance(difference, HIGH_MOVES[high]);
        [low_out, high_out].map(|band| band.clamp(-16_384, 16_383))
    }

    /// At most [`PART`] samples.
    fn part(&mut self, payload: &[u8], out: &mut [i16]) {
        for (at, octet) in payload.iter().enumerate() {
            let [low, high] = self.bands(*octet);
            // Both fit: 15 bits each.
            self.line[BEFORE + 2 * at] = (low + high) as i16;
            self.line[BEFORE + 2 * at + 1] = (low - high) as i16;
        }
        for (at, pair) in out.chunks_exact_mut(2).enumerate() {
            let window = &self.line[2 * at..2 * at + 24];
            let sums = both(window);
            pair[0] = saturated(sums[0] >> 11) as i16;
            pair[1] = saturated(sums[1] >> 11) as i16;
        }
        self.line.copy_within(out.len()..out.len() + BEFORE, 0);
    }
}

impl G722Encoder {
    /// At the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self { low: Band::low(), high: Band::high(), line: [0; BEFORE + PART] }
    }

    /// At most [`PART`] samples, an even number.
    fn part(&mut self, audio: &[i16], out: &mut [u8]) {
        self.line[BEFORE..BEFORE + audio.len()].copy_from_slice(audio);
        for (at, octet) in out.iter_mut().enumerate() {
            let window = &self.line[2 * at..2 * at + 24];
            let [low, high] = [dot(window, &LOW_FILTER) >> 14, dot(window, &HIGH_FILTER) >> 14];
            *octet = low_code(&mut self.low, low) | high_code(&mut self.high, high) << 6;
        }
        self.line.copy_within(audio.len()..audio.len() + BEFORE, 0);
    }
}

impl Default for G722Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for G722Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder for G722Decoder {
    fn rate(&self) -> Rate {
        Rate::Hz16000
    }

    fn samples_in(&self, payload: &[u8]) -> Option<usize> {
        Some(2 * payload.len())
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Damaged> {
        let out = out.get_mut(..2 * payload.len()).ok_or(Damaged)?;
        for (payload, out) in payload.chunks(PART / 2).zip(out.chunks_mut(PART)) {
            self.part(payload, out);
        }
        Ok(out.len())
    }

    fn conceal(&mut self, _next: Option<&[u8]>, _out: &mut [i16]) -> bool {
        false
    }
}

impl Encoder for G722Encoder {
    fn rate(&self) -> Rate {
        Rate::Hz16000
    }

    fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Result<usize, Damaged> {
        if !audio.len().is_multiple_of(2) {
            return Err(Damaged);
        }
        let out = out.get_mut(..audio.len() / 2).ok_or(Damaged)?;
        for (audio, out) in audio.chunks(PART).zip(out.chunks_mut(PART / 2)) {
            self.part(audio, out);
        }
        Ok(out.len())
    }

    fn expect_loss(&mut self, _percent: u8) {}
}

/// SUBTRA, QUANTL of the lower band, and the predictor's step onwards.
fn low_code(band: &mut Band, sample: i32) -> u8 {
    let error = saturated(sample - band.predicted());
    let magnitude = if error < 0 { !error } else { error };
    let interval = LOW_DECISIONS.partition_point(|level| magnitude >= band.decision(*level));
    let code = LOW_CODES[usize::from(error >= 0)][interval];
    let upper = usize::from(code >> 2);
    band.advance(band.scaled(LOW_STEPS[upper]), LOW_MOVES[upper]);
    code
}

/// SUBTRA, QUANTH of the higher band.
fn high_code(band: &mut Band, sample: i32) -> u8 {
    let error = saturated(sample - band.predicted());
    let magnitude = if error < 0 { !error } else { error };
    let interval = usize::from(magnitude >= band.decision(HIGH_DECISION));
    let code = HIGH_CODES[usize::from(error >= 0)][interval];
    band.advance(band.scaled(HIGH_STEPS[usize::from(code)]), HIGH_MOVES[usize::from(code)]);
    code
}

fn dot(samples: &[i16], filter: &[i16; 24]) -> i32 {
    samples.iter().zip(filter).map(|(sample, tap)| i32::from(*sample) * i32::from(*tap)).sum()
}

/// The receiving filter: one sample from its odd taps over the differences, one from its even ones over the sums.
fn both(window: &[i16]) -> [i32; 2] {
    let mut sums = [0; 2];
    for (pair, taps) in window.chunks_exact(2).zip(LOW_FILTER.chunks_exact(2)) {
        sums[0] += i32::from(pair[1]) * i32::from(taps[1]);
        sums[1] += i32::from(pair[0]) * i32::from(taps[0]);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::level::tone_dbm0;

    /// Fixed noise, tones and silence at several levels: the same numbers on every machine.
    fn torture() -> Vec<i16> {
        let mut state = 1u32;
        let sample = |at: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 16) as i16;
            match at / 2_000 % 6 {
                0 => noise,
                1 => noise >> 4,
                2 => 0,
                3 => {
                    if (at / 7).is_multiple_of(2) {
                        30_000
                    } else {
                        -30_000
                    }
                }
                4 => ((at * 300) % 20_000) as i16 - 10_000,
                _ => noise >> 10,
            }
        };
        (0..48_000).map(sample).collect()
    }

    fn digest(octets: impl IntoIterator<Item = u8>) -> u64 {
        octets.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x100_0000_01b3)
        })
    }

    /// ITU-T G.722, exact to the bit: the digests are those of what SpanDSP makes of the same numbers. (Of louder ones it
    /// lets the decoder's output wrap around, where the recommendation limits it.)
    #[test]
    fn an_independent_coder_makes_the_same_octets_and_the_same_audio() {
        let coded = |audio: &[i16]| {
            let mut octets = vec![0; audio.len() / 2];
            G722Encoder::new().encode(audio, &mut octets).unwrap();
            octets
        };
        assert_eq!(digest(coded(&torture())), 0x188a_6bf7_0a74_fe6f);
        let quiet: Vec<i16> = torture().iter().map(|sample| sample >> 3).collect();
        let octets = coded(&quiet);
        let mut audio = vec![0; quiet.len()];
        G722Decoder::new().decode(&octets, &mut audio).unwrap();
        assert_eq!(digest(octets), 0xdc15_7ec4_f8ae_b06c);
        assert_eq!(digest(audio.into_iter().flat_map(i16::to_le_bytes)), 0x6756_621a_5daa_1172);
    }

    #[test]
    fn tones_of_both_bands_keep_their_level() {
        for hz in [300, 1_000, 3_400, 5_000, 6_800] {
            let step = std::f64::consts::TAU * f64::from(hz) / 16_000.0;
            let audio: Vec<i16> =
                (0..16_000).map(|at| (6_000.0 * (step * f64::from(at)).sin()) as i16).collect();
            let (mut octets, mut out) = (vec![0; 8_000], vec![0; 16_000]);
            assert_eq!(G722Encoder::new().encode(&audio, &mut octets), Ok(8_000));
            assert_eq!(G722Decoder::new().decode(&octets, &mut out), Ok(16_000));
            let (heard, sent) =
                (tone_dbm0(&out[3_200..], hz, 16_000), tone_dbm0(&audio[3_200..], hz, 16_000));
            assert!((heard - sent).abs() < 0.5, "{hz} Hz: {heard} for {sent}");
        }
    }

    #[test]
    fn the_mirror_filters_delay_by_twenty_two_samples() {
        let step = std::f64::consts::TAU * 300.0 / 16_000.0;
        let audio: Vec<i16> = (0..8_000).map(|at| (6_000.0 * (step * f64::from(at)).sin()) as i16).collect();
        let (mut octets, mut out) = (vec![0; 4_000], vec![0; 8_000]);
        G722Encoder::new().encode(&audio, &mut octets).unwrap();
        G722Decoder::new().decode(&octets, &mut out).unwrap();
        let error = |delay: usize| {
            let pairs = audio[3_200..7_000].iter().zip(&out[3_200 + delay..]);
            pairs.map(|(sent, heard)| (f64::from(*sent) - f64::from(*heard)).powi(2)).sum::<f64>()
        };
        let best = (0..50).min_by(|one, other| error(*one).total_cmp(&error(*other)));
        assert_eq!(best, Some(22));
    }
}
