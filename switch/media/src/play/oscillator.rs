//! A sine wave that keeps its phase.

use std::sync::LazyLock;

/// Entries of the table for one period, a power of two.
const ENTRIES: usize = 1_024;
const ENTRY_BITS: u32 = ENTRIES.ilog2();

/// One period, and its first sample again for the line between the last two.
static SINE: LazyLock<[f32; ENTRIES + 1]> = LazyLock::new(|| {
    std::array::from_fn(|n| (std::f64::consts::TAU * n as f64 / ENTRIES as f64).sin() as f32)
});

/// Up to four sines of one amplitude together. Its errors lie 100 dB below it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Oscillator {
    /// In 2³²nds of a period.
    phases: [u32; 4],
}

impl Oscillator {
    /// Adds the next sample of each pitch; `hz` of 0 is none.
    pub(super) fn next(&mut self, steps: [u32; 4]) -> f32 {
        let table = &*SINE;
        let mut sum = 0.0;
        for (phase, step) in self.phases.iter_mut().zip(steps).filter(|(_, step)| *step > 0) {
            sum += value(table, *phase);
            *phase = phase.wrapping_add(step);
        }
        sum
    }
}

/// How far the phases of these pitches move with each sample.
pub(super) fn steps(hz: [u16; 4], rate_hz: u32) -> [u32; 4] {
    hz.map(|hz| ((u64::from(hz) << 32) / u64::from(rate_hz)) as u32)
}

fn value(table: &[f32; ENTRIES + 1], phase: u32) -> f32 {
    let entry = (phase >> (32 - ENTRY_BITS)) as usize;
    let part = (phase << ENTRY_BITS) as f32 / (u32::MAX as f32 + 1.0);
    table[entry] + part * (table[entry + 1] - table[entry])
}
