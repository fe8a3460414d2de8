//! The way out of a tap.

use super::BLOCK_MS;
use crate::dsp::Resampler;
use crate::frame::{FRAME_MAX, Frame, Rate, TICK_MS};

/// Brings frames of any rate to that of the tap and gathers them into blocks.
#[derive(Debug)]
pub(crate) struct Outlet {
    rate: Rate,
    from: Rate,
    resampler: Resampler,
    block: Vec<i16>,
}

impl Outlet {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, from: rate, resampler: Resampler::new(rate, rate), block: Vec::new() }
    }

    /// One beat of what is heard, `None` for silence; a block when one is full.
    pub(crate) fn take(&mut self, frame: Option<&Frame>) -> Option<Box<[i16]>> {
        let mut made = [0; FRAME_MAX];
        let length = match frame {
            None => self.rate.frame(),
            Some(frame) => {
                if frame.rate() != self.from {
                    self.from = frame.rate();
                    self.resampler = Resampler::new(self.from, self.rate);
                }
                self.resampler.process(frame.samples(), &mut made)
            }
        };
        self.block.extend_from_slice(made.get(..length).unwrap_or(&made));
        let full = self.rate.frame() * BLOCK_MS / TICK_MS;
        if self.block.len() < full {
            return None;
        }
        let rest = self.block.split_off(full);
        Some(std::mem::replace(&mut self.block, rest).into_boxed_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_changing_rates_become_blocks_of_20_ms() {
        let mut outlet = Outlet::new(Rate::Hz16000);
        let mut blocks = Vec::new();
        for (beat, rate) in [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000, Rate::Hz8000].into_iter().enumerate()
        {
            let frame = Frame::silent(rate);
            blocks.extend(outlet.take((beat != 1).then_some(&frame)));
        }
        assert_eq!(blocks.iter().map(|block| block.len()).collect::<Vec<_>>(), [320, 320]);
    }
}
