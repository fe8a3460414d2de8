//! Working hours: rows of a week, and days on which others hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::defaults;

/// Minutes of a day.
const DAY: u16 = 24 * 60;
/// The words of the days, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// When somebody is there: whenever one row says so. What lies between two rows is a break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Their name, unique among hours.
    pub name: String,
    /// The zone whose clock counts, by its IANA name; empty is UTC.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// Rows of a week; none is always.
    #[serde(default)]
    pub rows: Vec<HoursRow>,
    /// Days on which other rows hold, by the names of holidays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<String>,
}

/// Days on which nobody is there, or at other times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// Its name, unique among holidays.
    pub name: String,
    /// Which days.
    #[serde(default)]
    pub dates: Vec<HolidayDate>,
    /// When somebody is there nevertheless; none is closed.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub rows: Vec<Span>,
}

/// Days of the week and a time of the day: `mon-fri 09:00-17:00`, `sat,sun 22:00-02:00`, `daily 00:00-24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoursRow {
    /// The days on which it begins, Monday in the lowest bit; never none.
    days: u8,
    /// From when until when.
    pub span: Span,
}

/// A time of the day: `09:00-17:00`. One that ends no later than it begins ends on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first minute, from midnight.
    start: u16,
    /// The minute after the last, from the same midnight; up to two days.
    end: u16,
}

/// A day of every year, or of one: `12-25`, `2027-04-02`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HolidayDate {
    /// The year; `None` for every.
    pub year: Option<i16>,
    /// 1…12.
    pub month: i8,
    /// 1…31, as the month has.
    pub day: i8,
}

/// A row that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRow {
    /// It does not read so.
    #[error(
        "{0:?} is no row; allowed: days and a time such as mon-fri 09:00-17:00, sat,sun 22:00-02:00 or daily 00:00-24:00"
    )]
    Row(String),
    /// Its time is none.
    #[error("{0:?} is no time of the day; allowed: 00:00 to 24:00, a dash, and another such as 09:00-17:00")]
    Span(String),
    /// It ends when it begins.
    #[error("{0:?} lasts no time; allowed: an end unlike the start, the whole day is 00:00-24:00")]
    Empty(String),
}

/// A day that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day; allowed: 12-25 for every year, or 2027-04-02")]
pub struct BadDate(String);

impl HoursRow {
    /// Whether it begins on a day, 0 for Monday.
    #[must_use]
    pub fn begins_on(self, day: u8) -> bool {
        day < 7 && self.days & (1 << day) != 0
    }
}

impl Span {
    /// The whole day.
    pub const ALL_DAY: Self = Self { start: 0, end: DAY };

    /// Whether it covers a minute of the day on which it begins; minutes of the next day count on.
    #[must_use]
    pub fn covers(self, minute: u16) -> bool {
        (self.start..self.end).contains(&minute)
    }

    /// The minutes of the day at which it begins and ends, each below a day.
    #[must_use]
    pub fn edges(self) -> [u16; 2] {
        [self.start % DAY, self.end % DAY]
    }
}

impl FromStr for Span {
    type Err = BadRow;

    fn from_str(text: &str) -> Result<Self, BadRow> {
        let bad = || BadRow::Span(cut(text));
        let (start, end) = text.split_once('-').ok_or_else(bad)?;
        let (start, end) = (minute(start).ok_or_else(bad)?, minute(end).ok_or_else(bad)?);
        if start == end {
            return Err(BadRow::Empty(cut(text)));
        }
        if start == DAY {
            return Err(bad());
        }
        Ok(Self { start, end: if end > start { end } else { end + DAY } })
    }
}

impl FromStr for HoursRow {
    type Err = BadRow;

    fn from_str(text: &str) -> Result<Self, BadRow> {
        let bad = || BadRow::Row(cut(text));
        let (days, span) = text.trim().split_once(' ').ok_or_else(bad)?;
        Ok(Self { days: read_days(days).ok_or_else(bad)?, span: span.trim().parse()? })
    }
}

impl FromStr for HolidayDate {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<Self, BadDate> {
        let bad = || BadDate(cut(text));
        let parts: Vec<&str> = text.split('-').collect();
        let (year, month, day) = match parts[..] {
            [month, day] => (None, month, day),
            [year, month, day] if year.len() == 4 => (Some(digits(year).ok_or_else(bad)?), month, day),
            _ => return Err(bad()),
        };
        let two = |text: &str| digits(text).filter(|_| text.len() == 2).and_then(|it| i8::try_from(it).ok());
        let (month, day) = two(month).zip(two(day)).ok_or_else(bad)?;
        // 2024 has every day that any year has.
        jiff::civil::Date::new(year.unwrap_or(2024), month, day).map_err(|_no_such_day| bad())?;
        Ok(Self { year, month, day })
    }
}

/// `mon-fri`, `mon,wed`, `fri-mon`, `daily`.
fn read_days(text: &str) -> Option<u8> {
    if text == "daily" {
        return Some(0x7f);
    }
    let day = |word: &str| DAYS.iter().position(|known| known.eq_ignore_ascii_case(word));
    let mut days = 0;
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut at, last) = (day(first)?, day(last)?);
        days |= 1 << at;
        while at != last {
            at = (at + 1) % DAYS.len();
            days |= 1 << at;
        }
    }
    Some(days)
}

/// `09:30`, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |text: &str| digits(text).filter(|_| text.len() == 2).and_then(|it| u16::try_from(it).ok());
    let (hour, minute) = (two(hour)?, two(minute)?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= DAY).then_some(at)
}

fn digits(text: &str) -> Option<i16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())? // too long is no number here
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.end > DAY { self.end - DAY } else { self.end };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.start / 60, self.start % 60, end / 60, end % 60)
    }
}

impl fmt::Display for HoursRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days == 0x7f {
            return write!(f, "daily {}", self.span);
        }
        let days: Vec<&str> =
            (0..7).filter(|day| self.begins_on(*day)).map(|day| DAYS[usize::from(day)]).collect();
        write!(f, "{} {}", days.join(","), self.span)
    }
}

impl fmt::Display for HolidayDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(year) = self.year {
            write!(f, "{year:04}-")?;
        }
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

macro_rules! written_as_text {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
written_as_text!(Span, HoursRow, HolidayDate);

impl Hours {
    /// Hours with this name that are always.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), time_zone: String::new(), rows: Vec::new(), holidays: Vec::new() }
    }

    /// Their zone, of the database that is built in: nothing is read at run time.
    #[must_use]
    pub fn zone(&self) -> Option<jiff::tz::TimeZone> {
        if self.time_zone.is_empty() {
            return Some(jiff::tz::TimeZone::UTC);
        }
        jiff::tz::TimeZoneDatabase::bundled().get(&self.time_zone).ok() // unknown ones are said by check
    }
}

impl Holiday {
    /// A holiday with this name and no day.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), dates: Vec::new(), rows: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_as_people_write_them_and_print_in_one_form() {
        for (text, printed) in [
            ("mon-fri 09:00-17:00", "mon,tue,wed,thu,fri 09:00-17:00"),
            ("sat,sun 22:00-02:00", "sat,sun 22:00-02:00"),
            ("Fri-Mon 08:00-24:00", "mon,fri,sat,sun 08:00-24:00"),
            ("mon-sun 00:00-24:00", "daily 00:00-24:00"),
            ("tue  18:00-00:00", "tue 18:00-24:00"),
        ] {
            let row: HoursRow = text.parse().expect(text);
            assert_eq!(row.to_string(), printed);
            assert_eq!(printed.parse(), Ok(row), "{printed}");
        }
    }

    #[test]
    fn what_is_no_row_and_no_day_is_refused() {
        for text in [
            "",
            "mon",
            "mon 9-17",
            "mun 09:00-17:00",
            "mon 09:00-25:00",
            "mon 09:61-10:00",
            "mon, 09:00-10:00",
            "mon 24:00-02:00",
            "mon 09:00-09:00",
            "mon 9:00-17:00",
            "09:00-17:00",
            "mon +9:00-17:00",
        ] {
            assert!(text.parse::<HoursRow>().is_err(), "{text}");
        }
        for text in ["", "25-12", "02-30", "2027-02-29", "27-01-01", "1-1", "2027-1-01", "x"] {
            assert!(text.parse::<HolidayDate>().is_err(), "{text}");
        }
        assert!("02-29".parse::<HolidayDate>().is_ok() && "2028-02-29".parse::<HolidayDate>().is_ok());
    }
}
