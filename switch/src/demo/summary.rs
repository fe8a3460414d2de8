//! The last words of a demo.

use std::fmt;

use super::tally::Tally;

/// All that was counted, and every failure.
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
        writeln!(f, "  transcoded         {}", it.transcoded)?;
        writeln!(f, "  held with music    {}", it.held)?;
        writeln!(f, "  too short to tell  {}", it.too_short)?;
        writeln!(f, "  packets heard      {}", it.packets)?;
        writeln!(f, "announcements heard  {}", it.announced)?;
        writeln!(f, "mixed in conference  {} callers who heard the others", it.mixed)?;
        writeln!(f, "recordings           {} of {} s", it.recordings, it.recorded.as_secs())?;
        writeln!(f, "  both sides heard   {}", it.recorded_both)?;
        writeln!(f, "call records         {} of answered calls", it.records)?;
        writeln!(f, "failed unexpectedly  {}", it.failures)?;
        it.told.iter().try_for_each(|what| writeln!(f, "  {what}"))?;
        let more = it.failures.saturating_sub(it.told.len() as u64);
        if more > 0 { writeln!(f, "  and {more} more") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cue::Story;
    use super::*;

    #[test]
    fn failures_are_told_up_to_a_bound() {
        let mut tally = Tally::default();
        (0..50).for_each(|n| tally.add(Story::Failed(format!("no {n}"))));
        assert!(Summary(&tally).to_string().ends_with("no 19\n  and 30 more\n"));
    }
}
