//! A coder that works at another rate than its codec's own.

use super::{Damaged, Decoder, Encoder};
use crate::dsp::Resampler;
use crate::frame::Rate;

/// Octets of 10 ms: G.711 and G.722 both have 64 kbit/s, and both may be cut at any octet.
const OCTETS: usize = 80;
/// Samples of 10 ms at the best rate of those codecs.
const SAMPLES: usize = 160;

/// G.711 or G.722 with a resampler at its side.
#[derive(Debug)]
pub(super) struct Converted<C> {
    coder: C,
    resampler: Resampler,
    rate: Rate,
}

impl<D: Decoder> Converted<D> {
    pub(super) fn from_coder(coder: D, rate: Rate) -> Self {
        Self { resampler: Resampler::new(coder.rate(), rate), coder, rate }
    }
}

impl<E: Encoder> Converted<E> {
    pub(super) fn to_coder(coder: E, rate: Rate) -> Self {
        Self { resampler: Resampler::new(rate, coder.rate()), coder, rate }
    }
}

impl<D: Decoder> Decoder for Converted<D> {
    fn rate(&self) -> Rate {
        self.rate
    }

    fn samples_in(&self, payload: &[u8]) -> Option<usize> {
        let samples = self.coder.samples_in(payload)?;
        Some(samples * self.rate.frame() / self.coder.rate().frame())
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Damaged> {
        if self.samples_in(payload).is_none_or(|samples| samples > out.len()) {
            return Err(Damaged);
        }
        let mut own = [0; SAMPLES];
        let mut written = 0;
        for part in payload.chunks(OCTETS) {
            let samples = self.coder.decode(part, &mut own)?;
            written += self.resampler.process(&own[..samples], &mut out[written..]);
        }
        Ok(written)
    }

    fn conceal(&mut self, _next: Option<&[u8]>, _out: &mut [i16]) -> bool {
        false
    }
}

impl<E: Encoder> Encoder for Converted<E> {
    fn rate(&self) -> Rate {
        self.rate
    }

    fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Result<usize, Damaged> {
        let mut own = [0; SAMPLES];
        let mut written = 0;
        for part in audio.chunks(self.rate.frame()) {
            let samples = self.resampler.process(part, &mut own);
            let room = out.get_mut(written..).ok_or(Damaged)?;
            written += self.coder.encode(&own[..samples], room)?;
        }
        Ok(written)
    }

    fn expect_loss(&mut self, percent: u8) {
        self.coder.expect_loss(percent);
    }
}
