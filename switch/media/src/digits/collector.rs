//! Digits of one far end, collected as somebody wishes.

use base::media::{Collect, CollectEnd, CollectId, MediaEvent};
use base::{Mono, PortId, limits};
use smallvec::SmallVec;

/// A collecting that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// Which.
    pub collect: CollectId,
    /// What was typed, without the terminator.
    pub digits: String,
    /// How it ended.
    pub end: CollectEnd,
}

impl Collected {
    /// The event that tells it.
    #[must_use]
    pub fn event(self, port: PortId) -> MediaEvent {
        MediaEvent::Collected { port, collect: self.collect, digits: self.digits, end: self.end }
    }
}

/// What came of an input, in order.
pub type Ends = SmallVec<[Collected; 2]>;

/// Collects the digits of one far end, and keeps those that were typed ahead.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    active: Option<Active>,
    /// Digits of when nothing was collected; at most `limits::COLLECTED_DIGITS`, later ones are dropped.
    ahead: String,
    playing: bool,
}

#[derive(Clone, Debug)]
struct Active {
    collect: Collect,
    digits: String,
    /// From when the time to the next digit counts; `None` while something plays.
    since: Option<Mono>,
}

impl Collector {
    /// Begins a collecting; one that runs is replaced. What was typed ahead may end it at once.
    pub fn begin(&mut self, now: Mono, collect: Collect) -> Ends {
        let mut ends: Ends = self.stop().into_iter().collect();
        let typed = if collect.type_ahead { std::mem::take(&mut self.ahead) } else { String::new() };
        self.ahead.clear();
        let since = (!self.playing).then_some(now);
        self.active = Some(Active { collect, digits: String::new(), since });
        for digit in typed.chars() {
            ends.extend(self.digit(now, digit));
        }
        ends
    }

    /// Ends the collecting that runs.
    pub fn stop(&mut self) -> Option<Collected> {
        self.end(CollectEnd::Stopped)
    }

    /// Takes a digit, at its end. The one that it completes.
    pub fn digit(&mut self, now: Mono, digit: char) -> Option<Collected> {
        let Some(active) = &mut self.active else {
            if self.ahead.len() < limits::COLLECTED_DIGITS {
                self.ahead.push(digit);
            }
            return None;
        };
        if active.collect.terminators.has(digit) {
            return self.end(CollectEnd::Terminator);
        }
        active.digits.push(digit);
        active.since = (!self.playing).then_some(now);
        let most = usize::from(active.collect.most).clamp(1, limits::COLLECTED_DIGITS);
        if active.digits.len() >= most { self.end(CollectEnd::Full) } else { None }
    }

    /// Something plays to the far end from now on, or nothing any more: the time to the next digit counts from then.
    pub fn playing(&mut self, now: Mono, playing: bool) {
        if std::mem::replace(&mut self.playing, playing) == playing {
            return;
        }
        if let Some(active) = &mut self.active {
            active.since = (!playing).then_some(now);
        }
    }

    /// Whether a key that goes down now ends what plays.
    #[must_use]
    pub fn barges_in(&self) -> bool {
        self.active.as_ref().is_some_and(|active| active.collect.barges_in)
    }

    /// Ends a collecting whose time is up.
    pub fn tick(&mut self, now: Mono) -> Option<Collected> {
        if self.deadline().is_none_or(|due| now < due) {
            return None;
        }
        let none = self.active.as_ref().is_some_and(|active| active.digits.is_empty());
        self.end(if none { CollectEnd::NoDigit } else { CollectEnd::Pause })
    }

    /// When `tick` is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        let active = self.active.as_ref()?;
        let wait = if active.digits.is_empty() { active.collect.first } else { active.collect.between };
        active.since.map(|since| since + wait)
    }

    fn end(&mut self, end: CollectEnd) -> Option<Collected> {
        let active = self.active.take()?;
        Some(Collected { collect: active.collect.id, digits: active.digits, end })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base::media::DigitSet;
    use proptest::prelude::*;

    use super::*;

    fn collect(id: u32, most: u8, terminators: &str) -> Collect {
        Collect {
            id: CollectId(id),
            most,
            first: Duration::from_secs(5),
            between: Duration::from_secs(2),
            terminators: DigitSet::of(terminators),
            barges_in: true,
            type_ahead: true,
        }
    }

    fn ms(ms: u64) -> Mono {
        Mono(ms * 1_000)
    }

    fn ended(id: u32, digits: &str, end: CollectEnd) -> Collected {
        Collected { collect: CollectId(id), digits: digits.to_owned(), end }
    }

    #[test]
    fn it_ends_with_the_last_digit_wanted() {
        let mut collector = Collector::default();
        assert!(collector.begin(ms(0), collect(1, 3, "")).is_empty());
        assert_eq!((collector.digit(ms(1), '4'), collector.digit(ms(2), '#')), (None, None));
        assert_eq!(collector.digit(ms(3), '2'), Some(ended(1, "4#2", CollectEnd::Full)));
        assert_eq!(collector.deadline(), None);
    }

    #[test]
    fn a_terminator_ends_it_and_is_no_part_of_it() {
        let mut collector = Collector::default();
        collector.begin(ms(0), collect(1, 9, "#*"));
        collector.digit(ms(1), '7');
        assert_eq!(collector.digit(ms(2), '*'), Some(ended(1, "7", CollectEnd::Terminator)));
    }

    #[test]
    fn the_time_to_the_first_digit_counts_from_the_end_of_what_plays() {
        let mut collector = Collector::default();
        collector.playing(ms(0), true);
        collector.begin(ms(10), collect(1, 9, ""));
        assert_eq!(collector.deadline(), None);
        collector.playing(ms(60_000), false);
        assert_eq!(collector.deadline(), Some(ms(65_000)));
        assert_eq!(collector.tick(ms(64_999)), None);
        assert_eq!(collector.tick(ms(65_000)), Some(ended(1, "", CollectEnd::NoDigit)));
        assert_eq!(collector.tick(ms(99_000)), None);
    }

    #[test]
    fn a_playing_that_begins_after_it_stops_the_time_too() {
        let mut collector = Collector::default();
        collector.begin(ms(0), collect(1, 9, ""));
        collector.playing(ms(1), true);
        collector.playing(ms(9_000), true);
        assert_eq!(collector.tick(ms(90_000)), None);
    }

    #[test]
    fn a_pause_between_digits_ends_it_with_what_was_typed() {
        let mut collector = Collector::default();
        collector.begin(ms(0), collect(1, 9, ""));
        collector.digit(ms(4_000), '1');
        collector.digit(ms(5_900), '2');
        assert_eq!(collector.deadline(), Some(ms(7_900)));
        assert_eq!(collector.tick(ms(7_900)), Some(ended(1, "12", CollectEnd::Pause)));
    }

    #[test]
    fn digits_typed_ahead_count_where_that_is_wanted_and_the_rest_waits_on() {
        let mut collector = Collector::default();
        for digit in "12#345".chars() {
            assert_eq!(collector.digit(ms(0), digit), None);
        }
        let first = collector.begin(ms(1), collect(1, 9, "#"));
        assert_eq!(first.as_slice(), [ended(1, "12", CollectEnd::Terminator)]);
        let second = collector.begin(ms(2), collect(2, 2, ""));
        assert_eq!(second.as_slice(), [ended(2, "34", CollectEnd::Full)]);
        let mut third = collect(3, 1, "");
        third.type_ahead = false;
        assert!(collector.begin(ms(3), third).is_empty());
        assert_eq!(collector.digit(ms(4), '9'), Some(ended(3, "9", CollectEnd::Full)));
        assert!(collector.begin(ms(5), collect(4, 1, "")).is_empty(), "the 5 was dropped");
    }

    #[test]
    fn another_collecting_replaces_the_first() {
        let mut collector = Collector::default();
        collector.begin(ms(0), collect(1, 9, ""));
        collector.digit(ms(1), '1');
        let ends = collector.begin(ms(2), collect(2, 9, ""));
        assert_eq!(ends.as_slice(), [ended(1, "1", CollectEnd::Stopped)]);
        assert_eq!(collector.stop(), Some(ended(2, "", CollectEnd::Stopped)));
        assert_eq!(collector.stop(), None);
    }

    #[test]
    fn a_key_breaks_in_only_where_that_is_wished() {
        let mut collector = Collector::default();
        assert!(!collector.barges_in());
        collector.begin(ms(0), collect(1, 9, ""));
        assert!(collector.barges_in());
        collector.begin(ms(0), Collect { barges_in: false, ..collect(2, 9, "") });
        assert!(!collector.barges_in());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Begin(u8, bool),
        Stop,
        Digit(char),
        Playing(bool),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1_u8..6, any::<bool>()).prop_map(|(most, ahead)| Step::Begin(most, ahead)),
            Just(Step::Stop),
            proptest::sample::select(vec!['1', '2', '3', '#']).prop_map(Step::Digit),
            any::<bool>().prop_map(Step::Playing),
            (0_u64..6_000).prop_map(Step::Wait),
        ]
    }

    proptest! {
        /// Every collecting that began ends once, no digit is told twice, and none is put before an earlier one.
        #[test]
        fn every_collecting_ends_once_with_digits_in_their_order(
            steps in proptest::collection::vec(step(), 0..200),
        ) {
            let mut collector = Collector::default();
            let (mut now, mut begun, mut typed) = (0, 0_u32, String::new());
            let mut ends: Vec<Collected> = Vec::new();
            for step in steps {
                match step {
                    Step::Begin(most, type_ahead) => {
                        begun += 1;
                        ends.extend(collector.begin(ms(now), Collect { type_ahead, ..collect(begun, most, "#") }));
                    }
                    Step::Stop => ends.extend(collector.stop()),
                    Step::Digit(digit) => {
                        typed.push(digit);
                        ends.extend(collector.digit(ms(now), digit));
                    }
                    Step::Playing(playing) => collector.playing(ms(now), playing),
                    Step::Wait(wait) => {
                        now += wait;
                        ends.extend(collector.tick(ms(now)));
                        prop_assert!(collector.deadline().is_none_or(|due| due > ms(now)));
                    }
                }
            }
            ends.extend(collector.stop());
            let ids: Vec<u32> = ends.iter().map(|ended| ended.collect.0).collect();
            prop_assert_eq!(ids, (1..=begun).collect::<Vec<_>>());
            let mut rest = typed.chars();
            for digit in ends.iter().flat_map(|ended| ended.digits.chars()) {
                prop_assert!(rest.any(|typed| typed == digit));
            }
        }
    }
}
