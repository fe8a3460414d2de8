//! The two tones of a call, so that each end knows by ear whether it hears the other.

use std::f64::consts::TAU;

/// Samples in a packet of 20 ms at 8 kHz.
pub(super) const SAMPLES: usize = 160;
const RATE_HZ: f64 = 8_000.0;
const AMPLITUDE: f64 = 8_000.0;

/// One packet of G.711 µ-law.
pub(super) type Payload = [u8; SAMPLES];

/// Which end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Who placed it.
    Caller,
    /// Who took it.
    Callee,
}

impl Side {
    /// The far end's.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }

    /// What this end sends, packet for packet: 20 ms hold a whole number of periods.
    pub(super) fn tone(self) -> Payload {
        let hz = match self {
            Self::Caller => 400.0,
            Self::Callee => 1_000.0,
        };
        std::array::from_fn(|at| ulaw((AMPLITUDE * (TAU * hz * at as f64 / RATE_HZ).sin()) as i16))
    }
}

/// G.711 µ-law of a linear sample.
fn ulaw(sample: i16) -> u8 {
    const BIAS: u16 = 0x84;
    const CLIP: u16 = 32_635;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = sample.unsigned_abs().min(CLIP) + BIAS;
    let exponent = 8 - u16::try_from(magnitude.leading_zeros()).unwrap_or(8).min(8);
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    !(sign | ((exponent as u8) << 4) | (mantissa as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ITU-T G.711 table 2.
    #[test]
    fn samples_are_companded_as_the_standard_says() {
        let codes = [0, 8_159 * 4, -8_159 * 4, 4 * 31, -4 * 31, 4 * 95].map(ulaw);
        assert_eq!(codes, [0xff, 0x80, 0x00, 0xef, 0x6f, 0xdf]);
    }

    #[test]
    fn the_tones_differ_and_go_on_without_a_click() {
        let (low, high) = (Side::Caller.tone(), Side::Callee.tone());
        assert_ne!(low, high);
        assert_eq!(low[..20], low[140..]);
        assert_eq!(high[..8], high[152..]);
    }
}
