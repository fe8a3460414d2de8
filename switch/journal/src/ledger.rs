//! Which calls of which segment are not yet settled: what may be removed, and where a restart may begin.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base::CallId;

use crate::files::SegmentName;

/// Which segments hold facts of calls whose records are not yet in the sink.
///
/// A store that took a record may still lose it to a power failure within seconds (SQLite in WAL mode does), so
/// what is settled is acted upon one round of housekeeping later.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    segments: BTreeMap<SegmentName, Segment>,
    calls: HashMap<CallId, Vec<(SegmentName, u64)>>,
}

#[derive(Debug, Default)]
struct Segment {
    /// Unsettled calls by the place of their first fact here.
    unsettled: BTreeSet<(u64, CallId)>,
    /// Where the last known turn begins: nothing beyond is known to be settled.
    last_turn: u64,
    closed: bool,
    /// Every call whose first fact lies before this was settled at the last round.
    settled_before: u64,
    /// It was closed and settled at the last round.
    removable: bool,
}

/// What a round of housekeeping found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) remove: Vec<SegmentName>,
    /// Calls that begin before this place of the segment are settled.
    pub(crate) settled_before: BTreeMap<SegmentName, u64>,
}

impl Ledger {
    /// A turn was written to `segment` at `offset`.
    pub(crate) fn turn(&mut self, segment: SegmentName, offset: u64) {
        let entry = self.segments.entry(segment).or_default();
        entry.last_turn = entry.last_turn.max(offset);
    }

    /// A fact of an unsettled call lies in `segment` at or after `offset`.
    pub(crate) fn saw(&mut self, segment: SegmentName, offset: u64, call: CallId) {
        let places = self.calls.entry(call).or_default();
        if places.last().is_some_and(|(last, _)| *last == segment) {
            return;
        }
        places.push((segment, offset));
        self.segments.entry(segment).or_default().unsettled.insert((offset, call));
    }

    /// The call's record is in the sink.
    pub(crate) fn settled(&mut self, call: CallId) {
        for (segment, offset) in self.calls.remove(&call).unwrap_or_default() {
            if let Some(segment) = self.segments.get_mut(&segment) {
                segment.unsettled.remove(&(offset, call));
            }
        }
    }

    /// Nothing more is written to `segment`.
    pub(crate) fn closed(&mut self, segment: SegmentName) {
        self.segments.entry(segment).or_default().closed = true;
    }

    /// Hands out what the last round found settled and looks again.
    pub(crate) fn round(&mut self) -> Round {
        let mut round = Round::default();
        self.segments.retain(|name, segment| {
            if segment.removable {
                round.remove.push(*name);
                return false;
            }
            round.settled_before.insert(*name, segment.settled_before);
            segment.removable = segment.closed && segment.unsettled.is_empty();
            segment.settled_before =
                segment.unsettled.first().map_or(segment.last_turn, |(offset, _)| *offset);
            true
        });
        round
    }

    pub(crate) fn unsettled_calls(&self) -> usize {
        self.calls.len()
    }
}

#[cfg(test)]
mod tests {
    use base::{ShardId, Wall};

    use super::*;
    use crate::files::Run;
    use crate::testing::ids;

    fn segment(part: u32) -> SegmentName {
        SegmentName { run: Run { shard: ShardId(0), start: Wall(1) }, part }
    }

    #[test]
    fn a_segment_goes_one_round_after_its_last_call_is_settled() {
        let mut ledger = Ledger::default();
        let call = ids().call();
        ledger.turn(segment(0), 0);
        ledger.saw(segment(0), 0, call);
        ledger.closed(segment(0));
        ledger.round();
        assert!(ledger.round().remove.is_empty(), "a call is unsettled");
        ledger.settled(call);
        assert!(ledger.round().remove.is_empty(), "settled only just now");
        assert_eq!(ledger.round().remove, vec![segment(0)]);
    }

    #[test]
    fn a_call_over_two_segments_holds_both() {
        let mut ledger = Ledger::default();
        let call = ids().call();
        for part in [0, 1] {
            ledger.turn(segment(part), 0);
            ledger.saw(segment(part), 0, call);
            ledger.saw(segment(part), 300, call);
            ledger.closed(segment(part));
        }
        ledger.round();
        assert!(ledger.round().remove.is_empty());
        ledger.settled(call);
        ledger.round();
        assert_eq!(ledger.round().remove, vec![segment(0), segment(1)]);
        assert_eq!(ledger.unsettled_calls(), 0);
    }

    #[test]
    fn the_checkpoint_stays_before_the_oldest_unsettled_call() {
        let mut ledger = Ledger::default();
        let mut ids = ids();
        let calls: Vec<CallId> = (0..3).map(|_| ids.call()).collect();
        for (at, call) in (0_u64..).zip(&calls) {
            ledger.turn(segment(0), at * 100);
            ledger.saw(segment(0), at * 100, *call);
        }
        for call in [0, 2] {
            ledger.settled(calls[call]);
        }
        ledger.round();
        assert_eq!(ledger.round().settled_before.get(&segment(0)), Some(&100));
    }
}
