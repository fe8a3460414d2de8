//! Times of day, dates, lengths of time.

use std::time::Duration;

use base::media::Sound;

use super::{Agreement, Grammar, Speaker, english, spanish};

/// How the day is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// Twelve hours twice.
    #[default]
    Twelve,
    /// Twenty-four.
    TwentyFour,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay {
    pub(super) hour: u8,
    pub(super) minute: u8,
}

impl TimeOfDay {
    /// Hour 0…23 and minute 0…59; `None` beyond.
    #[must_use]
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self { hour, minute })
    }
}

/// A day of a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub(super) year: Option<u16>,
    pub(super) month: u8,
    pub(super) day: u8,
}

impl Date {
    /// Month 1…12 and day 1…31, with the year where it is to be said; `None` beyond.
    #[must_use]
    pub fn new(year: Option<u16>, month: u8, day: u8) -> Option<Self> {
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Self { year, month, day })
    }
}

impl Speaker {
    /// `three forty five P.M.`, `las tres y media de la tarde`.
    #[must_use]
    pub fn time(&self, time: TimeOfDay, clock: Clock) -> Vec<Sound> {
        self.sounds(match self.grammar {
            Grammar::English => english::time(time, clock),
            Grammar::Spanish => spanish::time(time, clock),
        })
    }

    /// `November twentieth twenty twenty six`, `veinte de noviembre de dos mil veintiséis`.
    #[must_use]
    pub fn date(&self, date: Date) -> Vec<Sound> {
        self.sounds(match self.grammar {
            Grammar::English => english::date(date),
            Grammar::Spanish => spanish::date(date),
        })
    }

    /// Monday is 1, Sunday is 7 (ISO 8601); `None` beyond.
    #[must_use]
    pub fn weekday(&self, day: u8) -> Option<Sound> {
        (1..=7).contains(&day).then(|| self.prompt(&format!("day/{day}")))
    }

    /// Days, hours, minutes and seconds, those that are not nought: `two hours and five minutes`.
    #[must_use]
    pub fn duration(&self, duration: Duration) -> Vec<Sound> {
        let seconds = duration.as_secs();
        let parts = [
            (seconds / 86_400, "unit/day", "unit/days", Agreement::Masculine),
            (seconds / 3_600 % 24, "unit/hour", "unit/hours", Agreement::Feminine),
            (seconds / 60 % 60, "unit/minute", "unit/minutes", Agreement::Masculine),
            (seconds % 60, "unit/second", "unit/seconds", Agreement::Masculine),
        ];
        let mut said: Vec<Vec<String>> = (parts.into_iter().filter(|(count, ..)| *count > 0))
            .map(|(count, one, many, agreement)| self.count_ids(count, one, many, agreement))
            .collect();
        let Some(last) = said.pop() else { return self.sounds(["number/0", "unit/seconds"]) };
        let mut ids = said.concat();
        if !ids.is_empty() {
            ids.push("unit/and".to_owned());
        }
        ids.extend(last);
        self.sounds(ids)
    }
}
