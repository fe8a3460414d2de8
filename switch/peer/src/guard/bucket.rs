//! A token bucket in eight octets.

use base::Mono;

/// How fast tokens come back, and how many wait at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Tokens a second, at least 1.
    pub per_sec: u32,
    /// Tokens a full bucket holds, at most 4,000,000.
    pub burst: u32,
}

impl Rate {
    /// So many a second, and the burst of `secs` seconds.
    #[must_use]
    pub fn with_burst(per_sec: u32, secs: u32) -> Self {
        Self { per_sec: per_sec.max(1), burst: per_sec.saturating_mul(secs).clamp(1, MOST) }
    }

    /// So many times as much.
    pub(super) fn times(self, times: u32) -> Self {
        Self { per_sec: self.per_sec.saturating_mul(times), burst: self.burst.saturating_mul(times) }
    }

    /// The same for one of `parts` who share it, at least one token a second.
    #[must_use]
    pub fn share(self, parts: usize) -> Self {
        let parts = u32::try_from(parts.max(1)).unwrap_or(u32::MAX);
        Self { per_sec: self.per_sec.div_ceil(parts).max(1), burst: self.burst.div_ceil(parts).max(1) }
    }
}

const MOST: u32 = 4_000_000;
const MILLI: u32 = 1_000;

/// Tokens that come back at a steady rate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    milli: u32,
    seen_millis: u32,
}

impl Bucket {
    /// A bucket nobody has taken from.
    pub(super) fn full(now: Mono, rate: Rate) -> Self {
        Self { milli: rate.burst.min(MOST) * MILLI, seen_millis: millis(now) }
    }

    /// Takes a token; `false` when there is none.
    pub(super) fn take(&mut self, now: Mono, rate: Rate) -> bool {
        self.refill(now, rate);
        let taken = self.milli.checked_sub(MILLI);
        self.milli = taken.unwrap_or(self.milli);
        taken.is_some()
    }

    /// Gives a token back that was of no use.
    pub(super) fn give_back(&mut self) {
        self.milli = self.milli.saturating_add(MILLI);
    }

    /// Milliseconds since it was last asked.
    pub(super) fn idle(&self, now: Mono) -> u32 {
        millis(now).wrapping_sub(self.seen_millis)
    }

    fn refill(&mut self, now: Mono, rate: Rate) {
        let gained = u64::from(self.idle(now)) * u64::from(rate.per_sec);
        let full = rate.burst.min(MOST) * MILLI;
        self.milli = u32::try_from(u64::from(self.milli) + gained).unwrap_or(full).min(full);
        self.seen_millis = millis(now);
    }
}

/// Goes round after 49 days, when a bucket that slept so long counts as young: it holds its tokens all the same.
fn millis(now: Mono) -> u32 {
    u32::try_from((now.0 / 1_000) & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_waits_for_tokens() {
        let rate = Rate { per_sec: 10, burst: 20 };
        let mut bucket = Bucket::full(Mono(0), rate);
        assert_eq!((0..50).filter(|_| bucket.take(Mono(0), rate)).count(), 20);
        let later = Mono(0) + Duration::from_millis(500);
        assert_eq!((0..50).filter(|_| bucket.take(later, rate)).count(), 5);
        let much_later = Mono(0) + Duration::from_secs(3_600);
        assert_eq!((0..50).filter(|_| bucket.take(much_later, rate)).count(), 20, "a bucket holds no more");
    }

    #[test]
    fn a_share_is_never_nothing() {
        assert_eq!(Rate::with_burst(10, 2).share(16), Rate { per_sec: 1, burst: 2 });
    }
}
