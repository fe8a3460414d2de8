//! Records on their way to the sink: batches, patience, and what the sink will never take.

use std::collections::VecDeque;
use std::time::Duration;

use base::record::CallRecord;
use base::{Mono, limits};

/// Records handed over at a time.
pub(crate) const BATCH: usize = 100;
/// How long a record waits for others to fill the batch.
const GATHER: Duration = Duration::from_millis(250);
const FIRST_BACK_OFF: Duration = Duration::from_millis(100);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5);

/// Why the sink did not take a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkError {
    /// Not now: the store is down or busy. The batch is kept and offered again.
    Later(String),
    /// Never: the store refuses what is in the batch. Its records are offered one by one, and those refused
    /// alone are put into `refused.jsonl` beside the segments.
    Never(String),
}

/// What came of one attempt.
#[derive(Debug, PartialEq)]
pub(crate) enum Attempt {
    /// Nothing was due.
    NotDue,
    /// The sink has these.
    Settled(Vec<CallRecord>),
    /// The sink will never have this one.
    Refused(Box<CallRecord>, String),
    /// They wait.
    Waiting(String),
}

/// Records that wait for the sink, in order.
#[derive(Debug)]
pub(crate) struct Settler {
    pending: VecDeque<CallRecord>,
    /// When the oldest pending record came.
    since: Mono,
    back_off: Duration,
    not_before: Option<Mono>,
    /// Records at the front to be offered one by one, since together they were refused.
    singly: usize,
}

impl Settler {
    pub(crate) fn new(now: Mono, records: Vec<CallRecord>) -> Self {
        Self { pending: records.into(), since: now, back_off: FIRST_BACK_OFF, not_before: None, singly: 0 }
    }

    pub(crate) fn add(&mut self, now: Mono, record: CallRecord) {
        if self.pending.is_empty() {
            self.since = now;
        }
        self.pending.push_back(record);
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Whether no more should be taken in until the sink takes some.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() >= limits::JOURNAL_RECORDS
    }

    /// Ends gathering: what is there is due as soon as back-off allows.
    pub(crate) fn hurry(&mut self) {
        self.since = Mono(0);
    }

    /// When the next attempt is due; `None` with nothing pending.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        if self.pending.is_empty() {
            return None;
        }
        let gathered = if self.pending.len() >= BATCH { Mono(0) } else { self.since + GATHER };
        Some(self.not_before.map_or(gathered, |at| at.max(gathered)))
    }

    /// Offers one batch when it is due.
    pub(crate) fn attempt(
        &mut self,
        now: Mono,
        sink: &mut impl FnMut(Vec<CallRecord>) -> Result<(), SinkError>,
    ) -> Attempt {
        if self.deadline().is_none_or(|at| at > now) {
            return Attempt::NotDue;
        }
        let count = if self.singly > 0 { 1 } else { self.pending.len().min(BATCH) };
        let batch: Vec<CallRecord> = self.pending.iter().take(count).cloned().collect();
        match sink(batch) {
            Ok(()) => {
                self.taken(count);
                Attempt::Settled(self.pending.drain(..count).collect())
            }
            Err(SinkError::Later(reason)) => {
                self.not_before = Some(now + self.back_off);
                self.back_off = (self.back_off * 2).min(LONGEST_BACK_OFF);
                Attempt::Waiting(reason)
            }
            Err(SinkError::Never(reason)) if count == 1 => {
                self.taken(1);
                self.pending
                    .pop_front()
                    .map_or(Attempt::NotDue, |record| Attempt::Refused(Box::new(record), reason))
            }
            Err(SinkError::Never(reason)) => {
                self.singly = count;
                Attempt::Waiting(reason)
            }
        }
    }

    fn taken(&mut self, count: usize) {
        self.singly = self.singly.saturating_sub(count);
        self.not_before = None;
        self.back_off = FIRST_BACK_OFF;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assemble::{Assembler, Orphans, Taken};
    use crate::testing::{Story, ids};

    fn records(count: usize) -> Vec<CallRecord> {
        let mut ids = ids();
        let mut assembler = Assembler::new(Orphans::Late);
        let facts = (0..count).flat_map(|_| Story::echo(&mut ids).facts);
        facts
            .filter_map(|fact| match assembler.take(&fact) {
                Taken::Ended(record) => Some(*record),
                Taken::Open | Taken::Late => None,
            })
            .collect()
    }

    fn settler(count: usize) -> Settler {
        let mut settler = Settler::new(Mono(0), Vec::new());
        for record in records(count) {
            settler.add(Mono(0), record);
        }
        settler
    }

    #[test]
    fn a_record_waits_fifty_milliseconds_for_company_and_a_full_batch_not_at_all() {
        let mut some = settler(2);
        assert_eq!(some.attempt(Mono(49_999), &mut |_| Ok(())), Attempt::NotDue);
        assert!(
            matches!(some.attempt(Mono(250_000), &mut |_| Ok(())), Attempt::Settled(records) if records.len() == 2)
        );
        let mut many = settler(BATCH + 1);
        assert!(
            matches!(many.attempt(Mono(0), &mut |_| Ok(())), Attempt::Settled(records) if records.len() == BATCH)
        );
        assert_eq!(many.pending(), 1);
    }

    #[test]
    fn a_sink_that_is_down_is_asked_ever_more_rarely_and_nothing_is_lost() {
        let mut settler = settler(3);
        let (mut asked, mut now) = (Vec::new(), Mono(250_000));
        while now < Mono(30_000_000) {
            settler.attempt(now, &mut |_| Err(SinkError::Later("down".into())));
            asked.push(now.0 / 1_000);
            now = settler.deadline().expect("records wait");
        }
        assert_eq!(asked, [250, 350, 550, 950, 1_750, 3_350, 6_550, 11_550, 16_550, 21_550, 26_550]);
        assert!(
            matches!(settler.attempt(now, &mut |_| Ok(())), Attempt::Settled(records) if records.len() == 3)
        );
        assert_eq!(settler.deadline(), None);
    }

    #[test]
    fn one_record_the_store_refuses_does_not_hold_up_the_others() {
        let mut settler = settler(3);
        let poison = settler.pending.get(1).map(|record| record.call);
        let mut settled = Vec::new();
        let mut refused = Vec::new();
        for _ in 0..5 {
            let attempt = settler.attempt(Mono(250_000), &mut |batch| {
                if batch.iter().any(|record| Some(record.call) == poison) {
                    return Err(SinkError::Never("bad".into()));
                }
                Ok(())
            });
            match attempt {
                Attempt::Settled(records) => settled.extend(records),
                Attempt::Refused(record, _) => refused.push(record.call),
                Attempt::NotDue | Attempt::Waiting(_) => {}
            }
        }
        assert_eq!((settled.len(), refused), (2, poison.into_iter().collect()));
    }
}
