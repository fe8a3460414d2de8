//! Sounds to listen to.

use base::media::{Detected, Listen};

use super::Listener;
use crate::frame::{Frame, Rate};

/// Everything but keys.
pub(super) const ALL: Listen = Listen { digits: false, fax: true, progress: true, speech: true };
/// Tones only.
pub(super) const TONES: Listen = Listen { digits: false, fax: true, progress: true, speech: false };

/// A sound that grows.
pub(super) struct Sound {
    samples: Vec<f64>,
    seed: u64,
}

impl Sound {
    /// So many milliseconds of nothing.
    pub(super) fn quiet(ms: u32) -> Self {
        Self { samples: vec![0.0; ms as usize * 8], seed: 5 }
    }

    /// Tones together, each of that level in dBm0.
    pub(super) fn tone(mut self, hz: &[f64], dbm0: f64, ms: u32) -> Self {
        let from = self.samples.len();
        for at in from..from + ms as usize * 8 {
            let t = at as f64 / 8_000.0 * std::f64::consts::TAU;
            self.samples.push(hz.iter().map(|hz| peak(dbm0) * (t * hz).sin()).sum());
        }
        self
    }

    pub(super) fn pause(self, ms: u32) -> Self {
        self.tone(&[], 0.0, ms)
    }

    /// What a function of seconds gives.
    pub(super) fn wave(mut self, ms: u32, wave: impl Fn(f64) -> f64) -> Self {
        self.samples.extend((0..ms * 8).map(|at| wave(f64::from(at) / 8_000.0)));
        self
    }

    /// All of it again, so many times over.
    pub(super) fn repeated(mut self, times: usize) -> Self {
        self.samples = self.samples.repeat(times);
        self
    }

    /// White noise of that level under all of it.
    pub(super) fn noisy(mut self, dbm0: f64) -> Self {
        for sample in &mut self.samples {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let even = (self.seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
            *sample += peak(dbm0) * 1.5f64.sqrt() * even;
        }
        self
    }

    /// What is heard in it, with the millisecond at which it is told.
    pub(super) fn heard(&self, listen: Listen) -> Vec<(u32, Detected)> {
        let samples: Vec<i16> = self.samples.iter().map(|sample| *sample as i16).collect();
        heard(&samples, listen)
    }
}

/// What is heard in samples at 8 kHz.
pub(super) fn heard(samples: &[i16], listen: Listen) -> Vec<(u32, Detected)> {
    let mut listener = Listener::new(listen, Rate::Hz8000);
    let mut told = Vec::new();
    for (part, ms) in samples.chunks_exact(80).zip((10..).step_by(10)) {
        let mut frame = Frame::silent(Rate::Hz8000);
        frame.samples_mut().copy_from_slice(part);
        told.extend(listener.hear(&frame).into_iter().map(|what| (ms, what)));
    }
    told
}

pub(super) fn peak(dbm0: f64) -> f64 {
    32_767.0 * 10f64.powf((dbm0 - 3.17) / 20.0)
}
