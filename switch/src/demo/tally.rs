//! What was counted, and whether it is what a switch should do.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use base::Mono;

use super::cue::{Kind, Story};
use super::recordings::Recording;
use super::tone::{Pitch, Side};
use super::voice::Hearing;

/// Failures told in words; the rest is a number.
const TOLD: usize = 20;
/// Ends whose other end has not spoken yet.
const WAITING: usize = 10_000;
/// Shorter calls prove nothing about audio.
const AUDIBLE: Duration = Duration::from_secs(1);
/// Percent of the packets sent by the other end that must be heard.
const HEARD_PERCENT: u64 = 80;
/// Music that is heard in a hold at least, in moments of 20 ms.
const MUSIC: u64 = 25;
/// Speech that an announcement has at least, in moments of 20 ms.
const SPEECH: u64 = 50;
/// Who was in a call to an announcement or conference so long should have heard what is heard there.
const ATTENDED: Duration = Duration::from_secs(4);
/// The others in a conference of three.
const OTHERS: usize = 2;
/// Percent of a call in which an end may seem to hear itself: a piece of music has notes of our tones.
const ECHO_PERCENT: u64 = 25;
/// Recordings of this length hold both ends.
const RECORDED: Duration = Duration::from_secs(2);
/// Within this time a demo shows everything once.
const ALL: Duration = Duration::from_secs(15);

/// The sums of a demo.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Phones that are registered.
    pub(super) registered: u64,
    pub(super) placed: u64,
    pub(super) answered: u64,
    finished: u64,
    pub(super) busy: u64,
    pub(super) unanswered: u64,
    pub(super) cancelled: u64,
    pub(super) both_ways: u64,
    pub(super) transcoded: u64,
    /// Calls with a hold in which music was heard.
    pub(super) held: u64,
    pub(super) too_short: u64,
    pub(super) packets: u64,
    pub(super) announced: u64,
    pub(super) mixed: u64,
    pub(super) recordings: u64,
    pub(super) recorded: Duration,
    pub(super) recorded_both: u64,
    pub(super) records: u64,
    pub(super) failures: u64,
    pub(super) told: Vec<String>,
    /// The first hold with music. The piece is read when it is first wanted, and who was held before may miss it.
    music_since: Option<Mono>,
    /// Ends of calls whose other end has not reported, by their own tone and the one they heard.
    waiting: BTreeMap<(Pitch, Option<Pitch>), Vec<Hearing>>,
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

    /// Counts one end of a call's audio.
    pub(super) fn hear(&mut self, hearing: Hearing) {
        self.packets += hearing.heard + hearing.sound;
        if hearing.echo * 100 > moments(hearing.lasted) * ECHO_PERCENT {
            self.fail(format!("a {:?} heard itself {} times", hearing.side, hearing.echo));
        }
        match hearing.kind {
            Kind::Talk => self.pair(hearing),
            Kind::Announcement if hearing.sound >= SPEECH => self.announced += 1,
            Kind::Conference if hearing.others >= OTHERS => self.mixed += 1,
            Kind::Announcement | Kind::Conference if hearing.lasted < ATTENDED => self.too_short += 1,
            Kind::Announcement => {
                self.fail(format!("an announcement was not heard, but {} sounds of 20 ms", hearing.sound));
            }
            Kind::Conference => {
                self.fail(format!("in a conference of three {} others were heard", hearing.others));
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
        for hearing in std::mem::take(&mut self.waiting).into_values().flatten() {
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
    pub(super) fn check_records(&mut self, records: u64) {
        self.records = records;
        if records < self.answered {
            self.fail(format!("{} answered calls, but records of {records}", self.answered));
        }
    }

    /// Counts a recording, in which one end must be heard left and the other right.
    pub(super) fn check_recording(&mut self, recording: &Recording) {
        let Recording { lasts, left, right } = *recording;
        self.recordings += 1;
        self.recorded += lasts;
        let sides = left.zip(right).map(|(left, right)| (left.side(), right.side()));
        if sides.is_some_and(|(left, right)| left != right) {
            self.recorded_both += 1;
        } else if lasts >= RECORDED {
            self.fail(format!("a recording of {:.1} s holds {left:?} and {right:?}", lasts.as_secs_f64()));
        }
    }

    /// A demo of this length has shown everything, unless it was very short.
    pub(super) fn expect_all(&mut self, lasted: Duration) {
        let shown = [
            (self.both_ways, "no call had audio both ways"),
            (self.transcoded, "no call was transcoded"),
            (self.held, "nobody heard music on hold"),
            (self.announced, "nobody heard an announcement"),
            (self.mixed, "nobody was mixed in a conference"),
            (self.recorded_both, "no recording holds both ends of a call"),
        ];
        for (_, what) in shown.into_iter().filter(|(count, _)| lasted >= ALL && *count == 0) {
            self.fail(what.to_owned());
        }
    }

    /// Calls went through with audio both ways, and nothing failed.
    pub(super) fn is_good(&self) -> bool {
        self.both_ways > 0 && self.failures == 0
    }

    /// Matches one end of a call with the other: the one that heard it and that it heard.
    fn pair(&mut self, hearing: Hearing) {
        let (ours, theirs) = (hearing.ours, hearing.theirs);
        let other = theirs.and_then(|theirs| {
            let ends = self.waiting.get_mut(&(theirs, Some(ours)))?;
            // At the end many calls end at once, and two of them may have the same tones.
            let far = |at: &usize| ends.get(*at).map(|end| end.lasted.abs_diff(hearing.lasted));
            (0..ends.len()).min_by_key(far).map(|at| ends.swap_remove(at))
        });
        match other {
            Some(other) => self.judge(&hearing, &other),
            None if self.waiting.values().map(Vec::len).sum::<usize>() >= WAITING => {
                self.fail("too many calls with one end".to_owned());
            }
            None => self.waiting.entry((ours, theirs)).or_default().push(hearing),
        }
    }

    fn judge(&mut self, one: &Hearing, other: &Hearing) {
        if one.lasted.min(other.lasted) < AUDIBLE {
            self.too_short += 1;
        } else if hears(one, other) && hears(other, one) {
            self.both_ways += 1;
            self.transcoded += u64::from(one.coding != other.coding);
        } else {
            let (a, b) = ((one.sent, one.heard), (other.sent, other.heard));
            self.fail(format!("audio was lost: sent and heard {a:?} and {b:?}"));
        }
        for (holder, waiter) in [(one, other), (other, one)] {
            if holder.held >= AUDIBLE {
                self.judge_hold(holder, waiter);
            }
        }
    }

    fn judge_hold(&mut self, holder: &Hearing, waiter: &Hearing) {
        if waiter.sound >= MUSIC {
            self.held += 1;
            self.music_since = self.music_since.min(holder.held_at).or(holder.held_at);
        } else if self.music_since.is_some_and(|since| holder.held_at > Some(since)) {
            let secs = holder.held.as_secs_f64();
            let (by, from) = (holder.coding.name(), waiter.coding.name());
            let music = waiter.sound;
            self.fail(format!("{from} held by {by} for {secs:.1} s, but {music} moments of music"));
        }
    }
}

/// Whether one end hears what the other sends, except while it holds it.
fn hears(ear: &Hearing, mouth: &Hearing) -> bool {
    ear.heard * 100 >= mouth.sent.saturating_sub(moments(ear.held)) * HEARD_PERCENT
}

/// How many times 20 ms.
fn moments(time: Duration) -> u64 {
    u64::try_from(time.as_millis() / 20).unwrap_or(u64::MAX)
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

#[cfg(test)]
mod tests;
