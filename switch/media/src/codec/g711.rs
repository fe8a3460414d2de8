//! ITU-T G.711: µ-law and A-law by tables that the compiler computes from the recommendation's formulas.

use super::{Damaged, Decoder, Encoder};
use crate::frame::Rate;

/// The two laws of G.711.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// North America and Japan.
    Mu,
    /// The rest of the world.
    A,
}

impl Law {
    /// The linear value of a code, on the 16 bit scale.
    #[must_use]
    pub fn linear(self, code: u8) -> i16 {
        self.expand_table()[usize::from(code)]
    }

    /// The code of a linear value.
    #[must_use]
    pub fn code(self, linear: i16) -> u8 {
        match self {
            Self::Mu => MU_CODES[mu_index(linear)],
            Self::A => A_CODES[a_index(linear)],
        }
    }

    /// The code of silence.
    #[must_use]
    pub fn silence(self) -> u8 {
        self.code(0)
    }

    /// Turns codes of this law into the nearest of the other one, in place.
    pub fn convert(self, codes: &mut [u8]) {
        let table = match self {
            Self::Mu => &MU_TO_A,
            Self::A => &A_TO_MU,
        };
        for code in codes {
            *code = table[usize::from(*code)];
        }
    }

    fn expand_table(self) -> &'static [i16; 256] {
        match self {
            Self::Mu => &MU_LINEAR,
            Self::A => &A_LINEAR,
        }
    }
}

/// Coder of one law; it has no memory, so one serves both directions.
#[derive(Clone, Copy, Debug)]
pub struct G711(Law);

impl G711 {
    /// Of a law.
    #[must_use]
    pub fn new(law: Law) -> Self {
        Self(law)
    }
}

impl Decoder for G711 {
    fn rate(&self) -> Rate {
        Rate::Hz8000
    }

    fn samples_in(&self, payload: &[u8]) -> Option<usize> {
        Some(payload.len())
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Damaged> {
        let out = out.get_mut(..payload.len()).ok_or(Damaged)?;
        let table = self.0.expand_table();
        for (sample, code) in out.iter_mut().zip(payload) {
            *sample = table[usize::from(*code)];
        }
        Ok(payload.len())
    }

    fn conceal(&mut self, _next: Option<&[u8]>, _out: &mut [i16]) -> bool {
        false
    }
}

impl Encoder for G711 {
    fn rate(&self) -> Rate {
        Rate::Hz8000
    }

    fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Result<usize, Damaged> {
        let out = out.get_mut(..audio.len()).ok_or(Damaged)?;
        match self.0 {
            Law::Mu => {
                for (code, sample) in out.iter_mut().zip(audio) {
                    *code = MU_CODES[mu_index(*sample)];
                }
            }
            Law::A => {
                for (code, sample) in out.iter_mut().zip(audio) {
                    *code = A_CODES[a_index(*sample)];
                }
            }
        }
        Ok(audio.len())
    }

    fn expect_loss(&mut self, _percent: u8) {}
}

/// µ-law decides on 14 bits: the table has an entry for each.
const fn mu_index(linear: i16) -> usize {
    (linear.cast_unsigned() >> 2) as usize
}

/// A-law decides on 12 bits (G.711 gives 13 with the sign; the lowest never decides).
const fn a_index(linear: i16) -> usize {
    (linear.cast_unsigned() >> 4) as usize
}

static MU_LINEAR: [i16; 256] = mu_linear();
static A_LINEAR: [i16; 256] = a_linear();
static MU_CODES: [u8; 1 << 14] = mu_codes();
static A_CODES: [u8; 1 << 12] = a_codes();
static MU_TO_A: [u8; 256] = mu_to_a();
static A_TO_MU: [u8; 256] = a_to_mu();

/// G.711 Table 2: sixteen equal steps in each of eight segments that double, all bits inverted.
const fn mu_expand(code: u8) -> i16 {
    let code = !code;
    let segment = (code >> 4) & 7;
    let magnitude = ((((code & 15) as i16) << 3) + 132) << segment;
    if code & 0x80 == 0 { magnitude - 132 } else { 132 - magnitude }
}

/// G.711 Table 1: the lowest two segments have equal steps, even bits inverted.
const fn a_expand(code: u8) -> i16 {
    let code = code ^ 0x55;
    let segment = (code >> 4) & 7;
    let step = ((code & 15) as i16) << 4;
    let magnitude = match segment {
        0 => step + 8,
        _ => (step + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// Of a 14 bit value; negative ones are complemented and not negated, as the ITU's own tools (G.191) do.
const fn mu_compress(value: i16) -> u8 {
    let magnitude = if value < 0 { !value } else { value } + 33;
    let magnitude = if magnitude > 0x1fff { 0x1fff } else { magnitude };
    let segment = 10 - magnitude.leading_zeros() as i16;
    let step = (magnitude >> (segment + 1)) & 15;
    let sign = if value < 0 { 0x80 } else { 0 };
    !(sign | (segment << 4) as u8 | step as u8)
}

/// Of a 12 bit value.
const fn a_compress(value: i16) -> u8 {
    let magnitude = if value < 0 { !value } else { value };
    let code = if magnitude < 32 {
        magnitude
    } else {
        let segment = 12 - magnitude.leading_zeros() as i16;
        (segment << 4) | ((magnitude >> (segment - 1)) & 15)
    };
    let sign = if value < 0 { 0 } else { 0x80 };
    (code as u8 | sign) ^ 0x55
}

const fn mu_linear() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = mu_expand(code as u8);
        code += 1;
    }
    table
}

const fn a_linear() -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = a_expand(code as u8);
        code += 1;
    }
    table
}

const fn mu_codes() -> [u8; 1 << 14] {
    let mut table = [0; 1 << 14];
    let mut value = -0x2000_i16;
    while value < 0x2000 {
        table[mu_index(value << 2)] = mu_compress(value);
        value += 1;
    }
    table
}

const fn a_codes() -> [u8; 1 << 12] {
    let mut table = [0; 1 << 12];
    let mut value = -0x800_i16;
    while value < 0x800 {
        table[a_index(value << 4)] = a_compress(value);
        value += 1;
    }
    table
}

const fn mu_to_a() -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = a_compress(mu_expand(code as u8) >> 4);
        code += 1;
    }
    table
}

const fn a_to_mu() -> [u8; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = mu_compress(a_expand(code as u8) >> 2);
        code += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> impl Iterator<Item = u8> {
        0..=255
    }

    /// G.711 Tables 1 and 2: the ends of the scales, the quietest steps and silence.
    #[test]
    fn the_values_are_those_of_the_recommendation() {
        let mu = [(0x80, 32_124), (0x00, -32_124), (0xff, 0), (0x7f, 0), (0xfe, 8), (0x7e, -8), (0xef, 132)];
        for (code, linear) in mu {
            assert_eq!(Law::Mu.linear(code), linear, "µ-law {code:#x}");
        }
        let a = [(0xaa, 32_256), (0x2a, -32_256), (0xd5, 8), (0x55, -8), (0xd4, 24), (0xc5, 264)];
        for (code, linear) in a {
            assert_eq!(Law::A.linear(code), linear, "A-law {code:#x}");
        }
        assert_eq!((Law::Mu.silence(), Law::A.silence()), (0xff, 0xd5));
    }

    #[test]
    fn every_code_survives_decoding_and_encoding() {
        for code in codes() {
            let mu = Law::Mu.code(Law::Mu.linear(code));
            assert!(mu == code || (code == 0x7f && mu == 0xff), "µ-law {code:#x} came back as {mu:#x}");
            assert_eq!(Law::A.code(Law::A.linear(code)), code);
        }
    }

    /// Half a step is a 32nd of what it is a step of, and 8 near zero. The ITU's rounding adds up to 4.
    #[test]
    fn every_sample_is_encoded_with_no_more_error_than_half_a_step() {
        for law in [Law::Mu, Law::A] {
            for sample in i16::MIN..=i16::MAX {
                let error = (i32::from(law.linear(law.code(sample))) - i32::from(sample)).abs();
                let half_step = ((i32::from(sample).abs() + 132) / 32).max(8);
                assert!(error <= half_step + 4, "{law:?} {sample} is {error} off");
            }
        }
    }

    #[test]
    fn a_code_of_one_law_becomes_the_code_that_decoding_and_encoding_would_give() {
        for (from, to) in [(Law::Mu, Law::A), (Law::A, Law::Mu)] {
            for code in codes() {
                let mut converted = [code];
                from.convert(&mut converted);
                assert_eq!(converted[0], to.code(from.linear(code)), "{from:?} {code:#x}");
            }
        }
    }

    #[test]
    fn a_payload_longer_than_the_room_for_it_is_refused() {
        let mut out = [0; 80];
        assert_eq!(G711::new(Law::A).decode(&[0xd5; 81], &mut out), Err(Damaged));
        assert_eq!(G711::new(Law::A).decode(&[0xd5; 80], &mut out), Ok(80));
        assert_eq!(G711::new(Law::Mu).encode(&out, &mut [0; 79]), Err(Damaged));
    }
}
