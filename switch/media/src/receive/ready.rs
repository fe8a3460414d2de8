//! Audio that is decoded and not yet played, with some of what was played before it.

use super::pitch;
use crate::frame::Rate;

/// What stays of the past: enough for two pitch periods.
const PAST_MS: usize = 40;
/// The most that may wait: the longest packet beside what a change of length needs.
const WAITING_MS: usize = 200;

/// A change of length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Shorter,
    Longer,
}

/// A stretch of samples, its front played, its back waiting.
#[derive(Debug)]
pub(super) struct Ready {
    samples: Box<[i16]>,
    past: usize,
    start: usize,
    end: usize,
}

impl Ready {
    pub(super) fn new(rate: Rate) -> Self {
        let per_ms = rate.hz() as usize / 1_000;
        let past = PAST_MS * per_ms;
        let samples = vec![0; (PAST_MS * 2 + WAITING_MS) * per_ms].into_boxed_slice();
        Self { samples, past, start: past, end: past }
    }

    /// Samples that wait.
    pub(super) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Room for so many samples at the end, or for as many as fit.
    pub(super) fn room(&mut self, wanted: usize) -> &mut [i16] {
        if self.end + wanted > self.samples.len() {
            let gone = self.start.saturating_sub(self.past);
            self.samples.copy_within(gone..self.end, 0);
            (self.start, self.end) = (self.start - gone, self.end - gone);
        }
        let end = (self.end + wanted).min(self.samples.len());
        &mut self.samples[self.end..end]
    }

    /// The latest samples, played or not, and room for so many after them.
    pub(super) fn past_and_room(&mut self, wanted: usize) -> (&[i16], &mut [i16]) {
        let room = self.room(wanted).len();
        let (past, rest) = self.samples.split_at_mut(self.end);
        (&past[self.end.saturating_sub(self.past)..], &mut rest[..room])
    }

    /// So many samples were written to the room.
    pub(super) fn commit(&mut self, written: usize) {
        self.end = (self.end + written).min(self.samples.len());
    }

    /// Takes out one period of what waits, or puts one more in, near its front; `None` when it does not repeat itself
    /// as much as `least` of it. Says how many samples it was.
    pub(super) fn change(&mut self, change: Change, hz: u32, least: f32) -> Option<usize> {
        let window = self.len().min(2 * pitch::longest(hz));
        let found = pitch::find(&self.samples[self.start..self.start + window], hz)?;
        if found.likeness < least && !found.faint {
            return None;
        }
        match change {
            Change::Shorter => {
                pitch::shorten(&mut self.samples[self.start..self.start + window], found.period);
                self.start += found.period;
            }
            Change::Longer => {
                let start = self.start.checked_sub(found.period)?;
                pitch::lengthen(&mut self.samples[start..self.start + window], found.period);
                self.start = start;
            }
        }
        Some(found.period)
    }

    /// The last that were committed.
    pub(super) fn tail_mut(&mut self, samples: usize) -> &mut [i16] {
        let begin = self.end.saturating_sub(samples).max(self.start);
        &mut self.samples[begin..self.end]
    }

    /// Takes as many as `out` has; what is not there is silent.
    pub(super) fn take(&mut self, out: &mut [i16]) {
        let there = self.len().min(out.len());
        let (front, rest) = out.split_at_mut(there);
        front.copy_from_slice(&self.samples[self.start..self.start + there]);
        rest.fill(0);
        self.start += there;
    }
}
