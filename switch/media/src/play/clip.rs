//! Decoded audio that many far ends may hear at once.

use std::fmt;

use super::half_band;
use crate::frame::Rate;

/// A prompt or a piece of music, 16 kHz mono, ready at every rate.
pub struct Clip {
    wide: Box<[i16]>,
    narrow: Box<[i16]>,
}

impl Clip {
    /// From samples at 16 kHz.
    #[must_use]
    pub fn new(wide: Box<[i16]>) -> Self {
        let narrow = half_band::halve(&wide);
        Self { wide, narrow }
    }

    /// Its samples at 16 kHz.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.wide
    }

    /// Its length in forty-eighths of a millisecond.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.wide.len() as u64 * 3
    }

    /// Octets of memory it takes.
    #[must_use]
    pub fn octets(&self) -> usize {
        (self.wide.len() + self.narrow.len()) * size_of::<i16>()
    }

    /// Fills `out` from `ticks` on, with silence behind its end.
    pub(super) fn read(&self, rate: Rate, ticks: u64, out: &mut [i16]) {
        match rate {
            Rate::Hz8000 => copy(&self.narrow, ticks / 6, out),
            Rate::Hz16000 => copy(&self.wide, ticks / 3, out),
            Rate::Hz48000 => half_band::treble(&self.wide, usize::try_from(ticks).unwrap_or(usize::MAX), out),
        }
    }
}

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clip({} ms)", self.wide.len() / 16)
    }
}

fn copy(from: &[i16], at: u64, out: &mut [i16]) {
    let rest = usize::try_from(at).ok().and_then(|at| from.get(at..)).unwrap_or_default();
    let count = rest.len().min(out.len());
    out[..count].copy_from_slice(&rest[..count]);
    out[count..].fill(0);
}
