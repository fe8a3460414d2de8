//! How many calls a trunk carries and may carry.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use base::{Mono, ShardId};
use provision::Trunk;

/// The span in which new calls are counted for `max_cps`.
const SECOND: Duration = Duration::from_secs(1);

/// Why a trunk takes no further call now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No trunk of that name.
    #[error("there is no such trunk")]
    Unknown,
    /// It carries `max_calls` calls.
    #[error("the trunk carries as many calls as it may")]
    MaxCalls,
    /// `max_cps` calls began in the last second.
    #[error("the trunk began as many calls in this second as it may")]
    MaxCps,
}

/// The calls of one trunk: this shard's exactly, the others' as last heard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    here: u32,
    elsewhere: BTreeMap<ShardId, u32>,
    begun: VecDeque<Mono>,
}

impl Usage {
    /// Counts a call in when the caps allow it. Emergency calls always are.
    ///
    /// A shard counts only the calls that begin on it, so `max_cps` is shared evenly among the shards that
    /// have calls, one at least for each.
    pub(crate) fn admit(&mut self, now: Mono, trunk: &Trunk, emergency: bool) -> Result<(), Refusal> {
        while self.begun.front().is_some_and(|at| now.since(*at) >= SECOND) {
            self.begun.pop_front();
        }
        if !emergency {
            if trunk.max_calls > 0 && self.total() >= trunk.max_calls {
                return Err(Refusal::MaxCalls);
            }
            if trunk.max_cps > 0 && self.begun.len() >= self.share(trunk.max_cps) {
                return Err(Refusal::MaxCps);
            }
        }
        self.here = self.here.saturating_add(1);
        if trunk.max_cps > 0 {
            self.begun.push_back(now);
        }
        Ok(())
    }

    pub(crate) fn release(&mut self) {
        self.here = self.here.saturating_sub(1);
    }

    pub(crate) fn heard(&mut self, shard: ShardId, calls: u32) {
        if calls == 0 {
            self.elsewhere.remove(&shard);
        } else {
            self.elsewhere.insert(shard, calls);
        }
    }

    /// Calls of this shard.
    pub(crate) fn here(&self) -> u32 {
        self.here
    }

    /// Calls of all shards.
    pub(crate) fn total(&self) -> u32 {
        self.elsewhere.values().fold(self.here, |sum, calls| sum.saturating_add(*calls))
    }

    fn share(&self, max_cps: u32) -> usize {
        (max_cps as usize / (1 + self.elsewhere.len())).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunk(caps: &str) -> Trunk {
        let mut trunk = crate::view::testing::trunk("carrier", &[]);
        let (calls, cps) = caps.split_once('/').expect("calls/cps");
        trunk.max_calls = calls.parse().expect("a number");
        trunk.max_cps = cps.parse().expect("a number");
        trunk
    }

    #[test]
    fn a_full_trunk_refuses_until_a_call_ends_and_never_an_emergency() {
        let (mut usage, trunk) = (Usage::default(), trunk("2/0"));
        usage.heard(ShardId(1), 1);
        assert_eq!(usage.admit(Mono(0), &trunk, false), Ok(()));
        assert_eq!(usage.admit(Mono(0), &trunk, false), Err(Refusal::MaxCalls));
        assert_eq!(usage.admit(Mono(0), &trunk, true), Ok(()));
        usage.release();
        usage.heard(ShardId(1), 0);
        assert_eq!(usage.admit(Mono(0), &trunk, false), Ok(()));
    }

    #[test]
    fn no_second_holds_more_beginnings_than_the_cap() {
        let (mut usage, trunk) = (Usage::default(), trunk("0/3"));
        let mut begun: Vec<u64> = Vec::new();
        for ms in (0..5_000).step_by(50) {
            if usage.admit(Mono(ms * 1_000), &trunk, false).is_ok() {
                begun.push(ms);
            }
        }
        assert!(begun.windows(4).all(|it| it[3] - it[0] >= 1_000), "{begun:?}");
        assert_eq!(begun.len(), 15);
    }
}
