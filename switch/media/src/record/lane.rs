//! One channel of a recording: the sum of all who are in it, at the recording's rate.

use base::PortId;
use base::media::Ear;
use smallvec::SmallVec;

use super::recording::Audio;
use crate::dsp::Resampler;
use crate::frame::{Frame, Rate};

#[derive(Debug)]
pub(crate) struct Lane {
    ears: SmallVec<[Listening; 2]>,
    sum: Frame,
    /// An ear's frame at the recording's rate.
    fitted: Frame,
}

/// An ear, and what brings its frames to the recording's rate while they have another.
#[derive(Debug)]
struct Listening {
    ear: Ear,
    from: Rate,
    resampler: Option<Resampler>,
}

impl Lane {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { ears: SmallVec::new(), sum: Frame::silent(rate), fitted: Frame::silent(rate) }
    }

    pub(crate) fn listen_to(&mut self, ears: impl Iterator<Item = Ear>) {
        let from = self.sum.rate();
        self.ears = ears.map(|ear| Listening { ear, from, resampler: None }).collect();
    }

    pub(crate) fn forget(&mut self, port: PortId) {
        self.ears.retain(|listening| match listening.ear {
            Ear::From(other) | Ear::To(other) => other != port,
            Ear::Room(_) => true,
        });
    }

    pub(crate) fn ears(&self) -> impl Iterator<Item = Ear> + '_ {
        self.ears.iter().map(|listening| listening.ear)
    }

    /// Sums up the ears that have audio in this tick; silence where none has.
    pub(crate) fn sum(&mut self, audio: &Audio<'_>) {
        let sum = self.sum.samples_mut();
        let mut any = false;
        for listening in &mut self.ears {
            let Some(frame) = audio(listening.ear) else { continue };
            let samples = listening.fit(frame, &mut self.fitted);
            if any {
                sum.iter_mut().zip(samples).for_each(|(sum, add)| *sum = sum.saturating_add(*add));
            } else {
                sum.copy_from_slice(samples);
            }
            any = true;
        }
        if !any {
            sum.fill(0);
        }
    }

    pub(crate) fn samples(&self) -> &[i16] {
        self.sum.samples()
    }
}

impl Listening {
    /// The frame's samples at the rate of `room`.
    fn fit<'a>(&mut self, frame: &'a Frame, room: &'a mut Frame) -> &'a [i16] {
        let (from, to) = (frame.rate(), room.rate());
        if from == to {
            self.resampler = None;
            return frame.samples();
        }
        if self.from != from {
            (self.from, self.resampler) = (from, None);
        }
        let resampler = self.resampler.get_or_insert_with(|| Resampler::new(from, to));
        resampler.process(frame.samples(), room.samples_mut());
        room.samples()
    }
}
