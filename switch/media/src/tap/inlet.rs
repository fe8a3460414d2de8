//! The way into a tap.

use std::collections::VecDeque;

use base::limits::TAP_AHEAD_SECS;

use crate::dsp::Resampler;
use crate::frame::{FRAME_MAX, Frame, Rate};

/// Beats that audio waits after a pause, so that what follows it a little late is in time.
const GATHER: u8 = 4;

/// What came in and is not played yet.
#[derive(Debug)]
pub(crate) struct Inlet {
    rate: Rate,
    waiting: VecDeque<i16>,
    to: Rate,
    resampler: Resampler,
    /// Beats still to wait; begins anew when nothing is left.
    gather: u8,
}

impl Inlet {
    pub(crate) fn new(rate: Rate) -> Self {
        let resampler = Resampler::new(rate, rate);
        Self { rate, waiting: VecDeque::new(), to: rate, resampler, gather: GATHER }
    }

    /// Takes audio at the tap's rate; what is more than `limits::TAP_AHEAD_SECS` ahead is left out, and counted back.
    pub(crate) fn add(&mut self, audio: &[i16]) -> usize {
        let room = (TAP_AHEAD_SECS * self.rate.hz() as usize).saturating_sub(self.waiting.len());
        let (taken, left_out) = audio.split_at(room.min(audio.len()));
        self.waiting.extend(taken);
        left_out.len()
    }

    /// Forgets what is not played yet.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Adds the next beat to `out`.
    pub(crate) fn sound(&mut self, out: &mut Frame) {
        if self.waiting.is_empty() {
            self.gather = GATHER;
            return;
        }
        if self.gather > 0 {
            self.gather -= 1;
            return;
        }
        if self.to != out.rate() {
            self.to = out.rate();
            self.resampler = Resampler::new(self.rate, self.to);
        }
        let mut said = [0; FRAME_MAX];
        let length = self.rate.frame();
        for (place, sample) in
            said.iter_mut().take(length).zip(std::iter::from_fn(|| self.waiting.pop_front()))
        {
            *place = sample;
        }
        let mut made = [0; FRAME_MAX];
        let count = self.resampler.process(said.get(..length).unwrap_or(&said), &mut made);
        for (sum, sample) in out.samples_mut().iter_mut().zip(made.iter().take(count)) {
            *sum = sum.saturating_add(*sample);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(inlet: &mut Inlet, count: usize) -> Vec<i16> {
        (0..count)
            .flat_map(|_| {
                let mut out = Frame::silent(Rate::Hz8000);
                inlet.sound(&mut out);
                out.samples().to_vec()
            })
            .collect()
    }

    #[test]
    fn audio_that_came_in_is_played_whole_after_a_little_while() {
        let mut inlet = Inlet::new(Rate::Hz8000);
        assert_eq!(inlet.add(&[7; 100]), 0);
        let played = beats(&mut inlet, 8);
        assert_eq!(played.iter().position(|sample| *sample == 7), Some(usize::from(GATHER) * 80));
        assert_eq!(played.iter().filter(|sample| **sample == 7).count(), 100);
    }

    #[test]
    fn who_speaks_too_far_ahead_is_cut_short_and_may_take_it_back() {
        let mut inlet = Inlet::new(Rate::Hz8000);
        let most = TAP_AHEAD_SECS * 8_000;
        assert_eq!(inlet.add(&vec![1; most + 5]), 5);
        inlet.clear();
        assert!(beats(&mut inlet, 10).iter().all(|sample| *sample == 0));
        assert_eq!(inlet.add(&[1; 80]), 0);
    }
}
