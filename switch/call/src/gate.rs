//! Whether the node takes one more call.

use base::{Cause, Mono};

/// The node's own limits on new calls, as far as this shard may use them.
#[derive(Debug)]
pub(crate) struct Gate {
    calls: u32,
    per_sec: u32,
    tokens_micro: u64,
    seen: Mono,
    pub(crate) draining: bool,
    pub(crate) journal_full: bool,
}

const MICRO: u64 = 1_000_000;

impl Gate {
    /// A shard's share of the node's limits.
    pub(crate) fn new(now: Mono, calls: u32, per_sec: u32, shards: u8) -> Self {
        let share = |all: u32| all.div_ceil(u32::from(shards.max(1))).max(1);
        let per_sec = share(per_sec);
        Self {
            calls: share(calls),
            per_sec,
            tokens_micro: u64::from(per_sec) * MICRO,
            seen: now,
            draining: false,
            journal_full: false,
        }
    }

    /// Counts a new call in, or says why not. `live` is the number of calls now.
    pub(crate) fn pass(&mut self, now: Mono, live: usize) -> Result<(), Cause> {
        if self.draining {
            return Err(Cause::Draining);
        }
        if self.journal_full || live >= self.calls as usize {
            return Err(Cause::LimitReached);
        }
        let gained = u64::try_from(now.since(self.seen).as_micros()).unwrap_or(u64::MAX);
        let full = u64::from(self.per_sec) * MICRO;
        self.tokens_micro =
            self.tokens_micro.saturating_add(gained.saturating_mul(self.per_sec.into())).min(full);
        self.seen = now;
        if self.tokens_micro < MICRO {
            return Err(Cause::LimitReached);
        }
        self.tokens_micro -= MICRO;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_of_one_second_passes_and_the_rest_waits_for_tokens() {
        let start = Mono(0);
        let mut gate = Gate::new(start, 100, 10, 1);
        let passed = (0..20).filter(|_| gate.pass(start, 0).is_ok()).count();
        assert_eq!(passed, 10);
        assert_eq!(gate.pass(start + Duration::from_millis(100), 0), Ok(()));
        assert_eq!(gate.pass(start + Duration::from_millis(100), 0), Err(Cause::LimitReached));
        assert_eq!(gate.pass(start + Duration::from_secs(9), 100), Err(Cause::LimitReached));
    }
}
