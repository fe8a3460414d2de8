//! The network between agents and switch: what it delays, loses, doubles and overtakes.

use std::time::Duration;

use base::Entropy;

/// The way between one agent and the switch, the same in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The shortest delay.
    pub delay: Duration,
    /// What chance adds at most: later datagrams overtake earlier ones.
    pub jitter: Duration,
    /// Of 1,000 datagrams this many vanish.
    pub lost: u64,
    /// Of 1,000 datagrams this many come twice.
    pub doubled: u64,
}

impl Link {
    /// A quiet line.
    pub const GOOD: Self =
        Self { delay: Duration::from_millis(1), jitter: Duration::ZERO, lost: 0, doubled: 0 };

    /// When copies of a datagram arrive; a stream loses, doubles and reorders nothing.
    pub(crate) fn arrivals(&self, rng: &mut dyn Entropy, reliable: bool) -> Vec<Duration> {
        if reliable {
            return vec![self.delay];
        }
        let mut arrivals = Vec::new();
        if rng.below(1_000) >= self.lost {
            arrivals.push(self.takes(rng));
        }
        if rng.below(1_000) < self.doubled {
            arrivals.push(self.takes(rng));
        }
        arrivals
    }

    fn takes(&self, rng: &mut dyn Entropy) -> Duration {
        let jitter = u64::try_from(self.jitter.as_micros()).unwrap_or(0);
        self.delay + Duration::from_micros(rng.below(jitter + 1))
    }
}
