//! The three values all transaction timers are made of.

use std::time::Duration;

/// T1, T2 and T4 of RFC 3261 §17.1.1.1; the defaults are the RFC's, anything else is for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Estimate of the round trip; 500 ms.
    pub t1: Duration,
    /// Ceiling of the interval between repetitions; 4 s.
    pub t2: Duration,
    /// How long a message may stay in the network; 5 s.
    pub t4: Duration,
}

impl Timing {
    /// 64·T1: how long anything is repeated before it is given up (timers B, F, H, J, L, M).
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.t1 * 64
    }

    /// The interval after `interval`: doubled, at most T2.
    #[must_use]
    pub fn doubled(&self, interval: Duration) -> Duration {
        (interval * 2).min(self.t2)
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self { t1: Duration::from_millis(500), t2: Duration::from_secs(4), t4: Duration::from_secs(5) }
    }
}
