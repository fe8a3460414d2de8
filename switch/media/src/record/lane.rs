//! One channel of a recording: the sum of all who are in it, for one tick.

use base::media::Ear;

use super::recording::Audio;
use crate::frame::{Frame, Rate};

#[derive(Debug)]
pub(crate) struct Lane {
    sum: Frame,
}

impl Lane {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { sum: Frame::silent(rate) }
    }

    /// Sums up the ears that have audio in this tick; silence where none has.
    pub(crate) fn sum(&mut self, ears: impl Iterator<Item = Ear>, audio: &Audio<'_>) {
        let sum = self.sum.samples_mut();
        let mut any = false;
        for frame in ears.filter_map(audio) {
            if any {
                sum.iter_mut().zip(frame.samples()).for_each(|(sum, add)| *sum = sum.saturating_add(*add));
            } else {
                sum.iter_mut().zip(frame.samples()).for_each(|(sum, first)| *sum = *first);
            }
            any = true;
        }
        if !any {
            sum.fill(0);
        }
    }

    pub(crate) fn samples(&self) -> impl Iterator<Item = i16> + '_ {
        self.sum.samples().iter().copied()
    }
}
