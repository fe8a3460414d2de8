//! Several ways of doing the same, by turns, so that all meet the same machine.

use crate::cpu;
use benches::figures::Spread;

/// Steps before the first that counts.
const WARM: u32 = 25;
/// Steps in which allocations are counted: long enough for an RTCP report of every leg.
const COUNTED: u32 = 400;

/// Something that is done for many legs, 20 ms at a time.
pub(crate) trait Course {
    /// For how many legs.
    fn legs(&self) -> u32;
    /// Does 20 ms of all legs.
    fn step(&mut self);
}

/// What one course took, in nanoseconds per leg and 20 ms.
#[derive(Debug, Clone)]
pub(crate) struct Lap {
    /// Mean of the round that was disturbed least.
    pub(crate) mean_ns: f64,
    /// 99 of 100 steps took no more.
    pub(crate) p99_ns: f64,
    /// Calls of the allocator per leg and 20 ms.
    pub(crate) allocations: f64,
}

/// Lets all courses run by turns, `rounds` times `steps` steps each.
pub(crate) fn race<const N: usize>(mut courses: [&mut dyn Course; N], rounds: u32, steps: u32) -> [Lap; N] {
    for course in &mut courses {
        (0..WARM).for_each(|_| course.step());
    }
    let mut least = [f64::INFINITY; N];
    let mut spreads: [Spread; N] = std::array::from_fn(|_| Spread::default());
    for _ in 0..rounds {
        for ((course, least), spread) in courses.iter_mut().zip(&mut least).zip(&mut spreads) {
            let began = cpu::thread_ns();
            let mut before = began;
            for _ in 0..steps {
                course.step();
                let now = cpu::thread_ns();
                spread.record(now.saturating_sub(before));
                before = now;
            }
            *least = least.min(before.saturating_sub(began) as f64 / f64::from(steps));
        }
    }
    std::array::from_fn(|at| {
        let legs = f64::from(courses[at].legs().max(1));
        let p99 = spreads[at].percentiles().map_or(0.0, |spread| spread.p99_ms * 1e6);
        let counted = allocation_counter::measure(|| (0..COUNTED).for_each(|_| courses[at].step()));
        let allocations = counted.count_total as f64 / f64::from(COUNTED) / legs;
        Lap { mean_ns: least[at] / legs, p99_ns: p99 / legs, allocations }
    })
}
