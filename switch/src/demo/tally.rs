//! What was counted, and whether it is what a switch should do.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::cue::Story;
use super::tone::Side;
use super::voice::Hearing;

/// Failures told in words; the rest is a number.
const TOLD: usize = 20;
/// Ends whose other end has not spoken yet.
const WAITING: usize = 10_000;
/// Shorter calls prove nothing about audio.
const AUDIBLE: Duration = Duration::from_secs(1);
/// Percent of the packets sent by the other end that must be heard.
const HEARD_PERCENT: u64 = 80;

/// The sums of a demo.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Phones that are registered.
    pub(super) registered: u64,
    placed: u64,
    answered: u64,
    finished: u64,
    busy: u64,
    unanswered: u64,
    cancelled: u64,
    both_ways: u64,
    too_short: u64,
    packets: u64,
    recorded: u64,
    failures: u64,
    told: Vec<String>,
    /// Ends of calls whose other end has not reported, by their SSRC.
    waiting: BTreeMap<u32, Hearing>,
}

impl Tally {
    /// Counts what a player tells.
    pub(super) fn add(&mut self, story: Story) {
        match story {
            Story::Registered => self.registered += 1,
            Story::Placed => self.placed += 1,
            Story::Answered => self.answered += 1,
            Story::Finished => self.finished += 1,
            Story::Busy => self.busy += 1,
            Story::Unanswered => self.unanswered += 1,
            Story::Cancelled => self.cancelled += 1,
            Story::Failed(what) => self.fail(what),
        }
    }

    /// Counts one end of a call's audio and matches it with the other: an SSRC crosses the switch unchanged.
    pub(super) fn hear(&mut self, hearing: Hearing) {
        self.packets += hearing.heard;
        match hearing.theirs.and_then(|theirs| self.waiting.remove(&theirs)) {
            Some(other) => self.judge(&hearing, &other),
            None if self.waiting.len() >= WAITING => self.fail("too many calls with one end".to_owned()),
            None => {
                self.waiting.insert(hearing.ours, hearing);
            }
        }
    }

    /// Notes what should not have happened.
    pub(super) fn fail(&mut self, what: String) {
        self.failures += 1;
        if self.told.len() < TOLD {
            self.told.push(what);
        }
    }

    /// The play is over: who has no other end by now has none.
    pub(super) fn close(&mut self) {
        for hearing in std::mem::take(&mut self.waiting).into_values() {
            let Hearing { side, sent, heard, lasted, .. } = hearing;
            if lasted < AUDIBLE * 2 {
                // Both ends may wait; the caller's word is enough.
                self.too_short += u64::from(side == Side::Caller);
            } else {
                let secs = lasted.as_secs_f64();
                self.fail(format!("a {side:?} talked to nobody for {secs:.1} s: sent {sent}, heard {heard}"));
            }
        }
    }

    /// Compares with the switch's own records of answered calls: none may be missing.
    pub(super) fn check_records(&mut self, recorded: u64) {
        self.recorded = recorded;
        if recorded < self.answered {
            self.fail(format!("{} answered calls, but records of {recorded}", self.answered));
        }
    }

    /// Calls went through with audio both ways, and nothing failed.
    pub(super) fn is_good(&self) -> bool {
        self.both_ways > 0 && self.failures == 0
    }

    fn judge(&mut self, one: &Hearing, other: &Hearing) {
        let hears = |ear: &Hearing, mouth: &Hearing| ear.heard * 100 >= mouth.sent * HEARD_PERCENT;
        if one.lasted.min(other.lasted) < AUDIBLE {
            self.too_short += 1;
        } else if other.theirs != Some(one.ours) {
            self.fail(format!("{:08x} hears {:08x}, which hears somebody else", one.ours, other.ours));
        } else if hears(one, other) && hears(other, one) {
            self.both_ways += 1;
        } else {
            let (a, b) = ((one.sent, one.heard), (other.sent, other.heard));
            self.fail(format!("audio was lost: sent and heard {a:?} and {b:?}"));
        }
    }
}

/// One line of progress.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registered, placed, answered, finished, busy, unanswered, cancelled, failures, .. } = self;
        let talking = answered.saturating_sub(*finished);
        write!(
            f,
            "{registered} phones, {placed} calls placed, {answered} answered ({talking} talking), {busy} busy, \
             {unanswered} without answer, {cancelled} cancelled, {failures} failed"
        )
    }
}

/// The last words.
pub(super) struct Summary<'a>(pub(super) &'a Tally);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let it = self.0;
        writeln!(f, "phones registered    {}", it.registered)?;
        writeln!(f, "calls placed         {}", it.placed)?;
        writeln!(f, "  answered           {}", it.answered)?;
        writeln!(f, "  busy               {}", it.busy)?;
        writeln!(f, "  without answer     {}", it.unanswered)?;
        writeln!(f, "  cancelled          {}", it.cancelled)?;
        writeln!(f, "audio both ways      {}", it.both_ways)?;
        writeln!(f, "  too short to tell  {}", it.too_short)?;
        writeln!(f, "  packets heard      {}", it.packets)?;
        writeln!(f, "call records         {} of answered calls", it.recorded)?;
        writeln!(f, "failed unexpectedly  {}", it.failures)?;
        it.told.iter().try_for_each(|what| writeln!(f, "  {what}"))?;
        let more = it.failures.saturating_sub(it.told.len() as u64);
        if more > 0 { writeln!(f, "  and {more} more") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hearing(side: Side, ours: u32, theirs: Option<u32>, heard: u64) -> Hearing {
        Hearing { side, ours, theirs, sent: 100, heard, lasted: Duration::from_secs(2) }
    }

    #[test]
    fn a_call_counts_when_both_ends_heard_each_other() {
        let mut tally = Tally::default();
        tally.hear(hearing(Side::Caller, 1, Some(2), 98));
        assert!(!tally.is_good());
        tally.hear(hearing(Side::Callee, 2, Some(1), 97));
        tally.close();
        assert!(tally.is_good());
    }

    #[test]
    fn lost_audio_and_crossed_lines_are_failures() {
        for second in [hearing(Side::Callee, 2, Some(1), 10), hearing(Side::Callee, 2, Some(3), 100)] {
            let mut tally = Tally::default();
            tally.hear(hearing(Side::Caller, 1, Some(2), 100));
            tally.hear(second);
            tally.close();
            assert!(!tally.is_good() && tally.failures > 0);
        }
    }

    #[test]
    fn who_talked_to_nobody_is_told_at_the_end() {
        let mut tally = Tally::default();
        tally.hear(hearing(Side::Caller, 1, None, 0));
        assert_eq!(tally.failures, 0);
        tally.close();
        assert!(
            Summary(&tally).to_string().contains("a Caller talked to nobody for 2.0 s: sent 100, heard 0")
        );
    }

    #[test]
    fn a_call_of_an_instant_neither_counts_nor_fails() {
        let mut tally = Tally::default();
        tally.hear(Hearing { lasted: Duration::from_millis(300), ..hearing(Side::Caller, 1, None, 0) });
        tally.close();
        assert_eq!((tally.too_short, tally.failures), (1, 0));
    }

    #[test]
    fn failures_are_told_up_to_a_bound() {
        let mut tally = Tally::default();
        (0..50).for_each(|n| tally.add(Story::Failed(format!("no {n}"))));
        assert!(Summary(&tally).to_string().ends_with("no 19\n  and 30 more\n"));
    }
}
