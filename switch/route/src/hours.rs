//! Whether somebody is expected to be there: working hours read by the clock on their wall.
//!
//! A row holds by what that clock shows, so one within which clocks change lasts an hour less or more, and the hour that
//! comes twice counts twice. A row that goes past midnight belongs to the day on which it begins; a holiday's rows take
//! the place of those of its weekday.
//!
//! Deliberately absent: zone files and clocks. Zones come from the database that is built in, the time is an argument.

use base::Wall;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use provision::{Directory, Holiday, Hours, Span};

/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// Days that are looked ahead for the next change: past every holiday of a year.
const AHEAD: usize = 370;

/// Working hours with everything that they name.
#[derive(Clone, Debug)]
pub struct Schedule {
    hours: Hours,
    zone: TimeZone,
    holidays: Vec<Holiday>,
}

/// How working hours stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoursState {
    /// Somebody is expected to be there.
    pub open: bool,
    /// When that changes; `None` when it does not within a year.
    pub until: Option<Wall>,
}

impl Schedule {
    /// The hours of that name; `None` where there are none, or their zone is unknown.
    #[must_use]
    pub fn of(directory: &Directory, name: &str) -> Option<Self> {
        let hours = directory.hours.get(name)?.clone();
        let holidays = hours.holidays.iter().filter_map(|name| directory.holidays.get(name).cloned());
        Some(Self { zone: hours.zone()?, holidays: holidays.collect(), hours })
    }

    /// Whether a row holds.
    #[must_use]
    pub fn is_open(&self, at: Wall) -> bool {
        timestamp(at).is_none_or(|at| self.holds(at))
    }

    /// Whether a row holds, and until when that stays so.
    #[must_use]
    pub fn state(&self, at: Wall) -> HoursState {
        let Some(now) = timestamp(at) else { return HoursState { open: true, until: None } };
        let open = self.holds(now);
        let today = self.local(now).date();
        let first = today.yesterday().unwrap_or(today);
        let mut days = first.series(1.day()).take(AHEAD);
        let until = days.find_map(|day| {
            let mut edges: Vec<Timestamp> =
                self.edges(day).into_iter().filter(|edge| *edge > now && self.holds(*edge) != open).collect();
            edges.sort_unstable();
            edges.first().map(|edge| Wall(edge.as_microsecond()))
        });
        HoursState { open, until }
    }

    fn local(&self, at: Timestamp) -> DateTime {
        self.zone.to_datetime(at)
    }

    fn holds(&self, at: Timestamp) -> bool {
        let local = self.local(at);
        let minute =
            u16::try_from(local.hour()).unwrap_or(0) * 60 + u16::try_from(local.minute()).unwrap_or(0);
        let covers = |day: Date, minute: u16| self.spans(day).iter().any(|span| span.covers(minute));
        let yesterday = local.date().yesterday();
        covers(local.date(), minute) || yesterday.is_ok_and(|day| covers(day, minute + DAY))
    }

    /// What holds on a day.
    fn spans(&self, day: Date) -> Vec<Span> {
        let mut special = self.holidays.iter().filter(|it| is_on(it, day)).peekable();
        if special.peek().is_some() {
            return special.flat_map(|holiday| holiday.rows.iter().copied()).collect();
        }
        if self.hours.rows.is_empty() {
            return vec![Span::ALL_DAY];
        }
        let weekday = u8::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0);
        let rows = self.hours.rows.iter().filter(|row| row.begins_on(weekday));
        rows.map(|row| row.span).collect()
    }

    /// The moments of a day at which anything may change, those that come twice both times, and those of a change of
    /// clocks.
    fn edges(&self, day: Date) -> Vec<Timestamp> {
        let yesterday = day.yesterday().map(|day| self.spans(day)).unwrap_or_default();
        let spans = self.spans(day).into_iter().chain(yesterday);
        let minutes = spans.flat_map(Span::edges).chain([0]);
        let mut edges = Vec::new();
        for minute in minutes {
            let (hour, minute) =
                (i8::try_from(minute / 60).unwrap_or(0), i8::try_from(minute % 60).unwrap_or(0));
            let at = self.zone.to_ambiguous_zoned(day.at(hour, minute, 0, 0));
            edges.extend(at.clone().earlier().ok().map(|at| at.timestamp())); // beyond the calendar there is none
            edges.extend(at.later().ok().map(|at| at.timestamp()));
        }
        let change = edges.last().and_then(|midnight| self.zone.following(*midnight).next());
        let change = change.map(|change| change.timestamp());
        edges.extend(change.filter(|change| self.local(*change).date() == day));
        edges
    }
}

fn is_on(holiday: &Holiday, day: Date) -> bool {
    holiday.dates.iter().any(|date| {
        date.year.is_none_or(|year| year == day.year()) && (date.month, date.day) == (day.month(), day.day())
    })
}

fn timestamp(at: Wall) -> Option<Timestamp> {
    Timestamp::from_microsecond(at.0).ok() // outside the calendar nothing is closed
}

#[cfg(test)]
#[path = "hours_tests.rs"]
mod tests;
