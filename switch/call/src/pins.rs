//! Wrong PINs of conferences: who gets them wrong too often has to wait, and so does everybody where too many do.
//!
//! Every shard counts what comes by it: of guesses spread over all of them, as many more are looked at.

use std::collections::HashMap;
use std::time::Duration;

use base::fact::{Endpoint, record_text};
use base::{Mono, limits};

/// Wrong PINs of a source before no more of it are looked at.
const OF_SOURCE: u32 = 5;
/// Wrong PINs of a conference before everybody there waits between two questions.
const OF_CONFERENCE: u32 = 50;
/// Wrong PINs count together for so long, and a source is refused for so long.
const WINDOW: Duration = Duration::from_secs(600);

/// Who guesses: a phone, or a trunk with the number it says is calling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Guesser(String);

impl Guesser {
    pub(crate) fn of(endpoint: &Endpoint, caller: &str) -> Self {
        Self(match endpoint {
            Endpoint::Station(_) => endpoint.to_string(),
            Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_) => {
                record_text(&format!("{endpoint} {caller}"))
            }
        })
    }
}

/// Wrong PINs by source and by conference, bounded.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    sources: HashMap<Guesser, Tally>,
    /// As many as are set up, at most.
    conferences: HashMap<String, Tally>,
}

#[derive(Clone, Copy, Debug)]
struct Tally {
    since: Mono,
    wrong: u32,
}

impl Pins {
    /// Counts a wrong PIN, and tells the operator of the one that is too many.
    pub(crate) fn wrong(&mut self, now: Mono, conference: &str, guesser: &Guesser) {
        self.make_room(now);
        let of_source = self.sources.entry(guesser.clone()).or_insert(Tally { since: now, wrong: 0 });
        if of_source.count(now) == OF_SOURCE {
            // The ten minutes begin with the last one that was looked at.
            of_source.since = now;
            tracing::warn!(conference, source = ?guesser.0, "wrong PINs of a conference: refused for 10 minutes");
        }
        let of_conference =
            self.conferences.entry(conference.to_owned()).or_insert(Tally { since: now, wrong: 0 });
        if of_conference.count(now) == OF_CONFERENCE {
            tracing::warn!(conference, source = ?guesser.0, "wrong PINs of a conference: its callers have to wait");
        }
    }

    /// Whether PINs from there are not looked at.
    pub(crate) fn refuses(&self, now: Mono, guesser: &Guesser) -> bool {
        self.sources.get(guesser).is_some_and(|tally| tally.holds(now) && tally.wrong >= OF_SOURCE)
    }

    /// Whether a question for the PIN of this conference waits.
    pub(crate) fn is_attacked(&self, now: Mono, conference: &str) -> bool {
        self.conferences.get(conference).is_some_and(|tally| tally.holds(now) && tally.wrong >= OF_CONFERENCE)
    }

    /// Conferences where questions wait, by name.
    pub(crate) fn attacked(&self, now: Mono) -> Vec<String> {
        let mut names: Vec<String> =
            self.conferences.keys().filter(|name| self.is_attacked(now, name)).cloned().collect();
        names.sort();
        names
    }

    /// At the bound, what is over is forgotten, then who is not refused, then all.
    fn make_room(&mut self, now: Mono) {
        self.conferences.retain(|_, tally| tally.holds(now));
        if self.sources.len() < limits::OFFENDERS {
            return;
        }
        self.sources.retain(|_, tally| tally.holds(now));
        if self.sources.len() >= limits::OFFENDERS / 4 * 3 {
            self.sources.retain(|_, tally| tally.wrong >= OF_SOURCE);
        }
        if self.sources.len() >= limits::OFFENDERS / 4 * 3 {
            self.sources.clear();
        }
    }
}

impl Tally {
    fn holds(&self, now: Mono) -> bool {
        now.since(self.since) < WINDOW
    }

    fn count(&mut self, now: Mono) -> u32 {
        if !self.holds(now) {
            *self = Self { since: now, wrong: 0 };
        }
        self.wrong = self.wrong.saturating_add(1);
        self.wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Mono {
        Mono(0) + Duration::from_secs(secs)
    }

    fn caller(number: u32) -> Guesser {
        Guesser::of(&Endpoint::Trunk("carrier".to_owned()), &number.to_string())
    }

    #[test]
    fn a_source_is_refused_for_ten_minutes_after_its_fifth_wrong_pin() {
        let mut pins = Pins::default();
        for n in 1..=5 {
            assert!(!pins.refuses(at(n * 60), &caller(1)));
            pins.wrong(at(n * 60), "team", &caller(1));
        }
        assert!(pins.refuses(at(300), &caller(1)) && pins.refuses(at(899), &caller(1)));
        assert!(!pins.refuses(at(300), &caller(2)), "others are not");
        assert!(!pins.refuses(at(900), &caller(1)));
        pins.wrong(at(901), "team", &caller(1));
        assert!(!pins.refuses(at(901), &caller(1)), "forgotten");
    }

    #[test]
    fn mistakes_now_and_then_are_forgotten() {
        let mut pins = Pins::default();
        for n in 0..100 {
            pins.wrong(at(n * 200), "team", &caller(1));
            assert!(!pins.refuses(at(n * 200), &caller(1)));
            assert!(!pins.is_attacked(at(n * 200), "team"));
        }
    }

    #[test]
    fn a_conference_that_many_get_wrong_makes_everybody_wait_and_others_do_not() {
        let mut pins = Pins::default();
        for n in 0..50 {
            assert!(!pins.is_attacked(at(1), "team"));
            pins.wrong(at(1), "team", &caller(n));
        }
        assert!(pins.is_attacked(at(600), "team") && !pins.is_attacked(at(2), "board"));
        assert!(!pins.is_attacked(at(601), "team"));
    }

    #[test]
    fn callers_with_ever_new_numbers_take_bounded_room_and_no_refusal_away() {
        let mut pins = Pins::default();
        (0..5).for_each(|_| pins.wrong(at(1), "team", &caller(0)));
        for n in 1..(limits::OFFENDERS as u32 * 2) {
            pins.wrong(at(2), "team", &caller(n));
        }
        assert!(pins.sources.len() <= limits::OFFENDERS && pins.refuses(at(3), &caller(0)));
    }
}
