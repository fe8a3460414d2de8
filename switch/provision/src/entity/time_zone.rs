//! Time zones as phones can keep them: an offset and one rule for summer time.

use std::fmt;
use std::str::FromStr;

use base::Wall;
use serde::{Deserialize, Serialize};

/// A zone by its IANA name, or a fixed offset: `Europe/Madrid`, `UTC`, `UTC-03:00`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone {
    name: String,
    /// Minutes that are added to UTC outside summer time.
    pub offset_min: i32,
    /// When summer time is kept.
    pub summer: Summer,
}

/// When clocks are an hour ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summer {
    /// Never.
    Never,
    /// From one change to another, each at an hour of the time that is kept until then.
    Between(Change, Change),
}

/// When clocks change: a Sunday of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The month, 1…12.
    pub month: u8,
    /// Which Sunday of it: 1…4, or 5 for the last.
    pub sunday: u8,
    /// The hour by the clock before the change.
    pub hour: u8,
}

/// No zone that phones are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not known; allowed: a zone such as Europe/Madrid or America/Bogota, or an offset such as UTC-03:00"
)]
pub struct BadTimeZone;

const HOUR_SECS: i64 = 3_600;
const DAY_SECS: i64 = 86_400;

const fn sunday(month: u8, sunday: u8, hour: u8) -> Change {
    Change { month, sunday, hour }
}

/// The European Union: at 01:00 UTC in all zones, so by the clock one hour later for each zone to the east.
const fn europe(hour: u8) -> Summer {
    Summer::Between(sunday(3, 5, hour), sunday(10, 5, hour + 1))
}
const AMERICA: Summer = Summer::Between(sunday(3, 2, 2), sunday(11, 1, 2));
const AUSTRALIA: Summer = Summer::Between(sunday(10, 1, 2), sunday(4, 1, 3));
const NEW_ZEALAND: Summer = Summer::Between(sunday(9, 5, 2), sunday(4, 1, 3));

/// Zones, their offsets in minutes, and their rule, as in release 2025a of the IANA database. Zones whose rule is no
/// plain pair of Sundays are left out: they are set by their offset.
const ZONES: &[(&str, i32, Summer)] = &[
    ("UTC", 0, Summer::Never),
    ("Africa/Johannesburg", 120, Summer::Never),
    ("Africa/Lagos", 60, Summer::Never),
    ("Africa/Nairobi", 180, Summer::Never),
    ("America/Argentina/Buenos_Aires", -180, Summer::Never),
    ("America/Bogota", -300, Summer::Never),
    ("America/Caracas", -240, Summer::Never),
    ("America/Chicago", -360, AMERICA),
    ("America/Costa_Rica", -360, Summer::Never),
    ("America/Denver", -420, AMERICA),
    ("America/El_Salvador", -360, Summer::Never),
    ("America/Guatemala", -360, Summer::Never),
    ("America/Guayaquil", -300, Summer::Never),
    ("America/Halifax", -240, AMERICA),
    ("America/Jamaica", -300, Summer::Never),
    ("America/La_Paz", -240, Summer::Never),
    ("America/Lima", -300, Summer::Never),
    ("America/Los_Angeles", -480, AMERICA),
    ("America/Managua", -360, Summer::Never),
    ("America/Mexico_City", -360, Summer::Never),
    ("America/Montevideo", -180, Summer::Never),
    ("America/New_York", -300, AMERICA),
    ("America/Panama", -300, Summer::Never),
    ("America/Phoenix", -420, Summer::Never),
    ("America/Puerto_Rico", -240, Summer::Never),
    ("America/Santo_Domingo", -240, Summer::Never),
    ("America/Sao_Paulo", -180, Summer::Never),
    ("America/Tegucigalpa", -360, Summer::Never),
    ("America/Toronto", -300, AMERICA),
    ("America/Vancouver", -480, AMERICA),
    ("Asia/Bangkok", 420, Summer::Never),
    ("Asia/Dubai", 240, Summer::Never),
    ("Asia/Hong_Kong", 480, Summer::Never),
    ("Asia/Jakarta", 420, Summer::Never),
    ("Asia/Karachi", 300, Summer::Never),
    ("Asia/Kolkata", 330, Summer::Never),
    ("Asia/Manila", 480, Summer::Never),
    ("Asia/Riyadh", 180, Summer::Never),
    ("Asia/Seoul", 540, Summer::Never),
    ("Asia/Shanghai", 480, Summer::Never),
    ("Asia/Singapore", 480, Summer::Never),
    ("Asia/Tokyo", 540, Summer::Never),
    ("Atlantic/Canary", 0, europe(1)),
    ("Australia/Brisbane", 600, Summer::Never),
    ("Australia/Melbourne", 600, AUSTRALIA),
    ("Australia/Perth", 480, Summer::Never),
    ("Australia/Sydney", 600, AUSTRALIA),
    ("Europe/Amsterdam", 60, europe(2)),
    ("Europe/Athens", 120, europe(3)),
    ("Europe/Berlin", 60, europe(2)),
    ("Europe/Brussels", 60, europe(2)),
    ("Europe/Bucharest", 120, europe(3)),
    ("Europe/Budapest", 60, europe(2)),
    ("Europe/Copenhagen", 60, europe(2)),
    ("Europe/Dublin", 0, europe(1)),
    ("Europe/Helsinki", 120, europe(3)),
    ("Europe/Istanbul", 180, Summer::Never),
    ("Europe/Kyiv", 120, europe(3)),
    ("Europe/Lisbon", 0, europe(1)),
    ("Europe/London", 0, europe(1)),
    ("Europe/Madrid", 60, europe(2)),
    ("Europe/Moscow", 180, Summer::Never),
    ("Europe/Oslo", 60, europe(2)),
    ("Europe/Paris", 60, europe(2)),
    ("Europe/Prague", 60, europe(2)),
    ("Europe/Rome", 60, europe(2)),
    ("Europe/Sofia", 120, europe(3)),
    ("Europe/Stockholm", 60, europe(2)),
    ("Europe/Vienna", 60, europe(2)),
    ("Europe/Warsaw", 60, europe(2)),
    ("Europe/Zurich", 60, europe(2)),
    ("Pacific/Auckland", 720, NEW_ZEALAND),
    ("Pacific/Honolulu", -600, Summer::Never),
];

impl TimeZone {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The names that are known.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ZONES.iter().map(|(name, _, _)| *name)
    }

    /// Seconds that a clock there is ahead of UTC at a moment.
    #[must_use]
    pub fn ahead_secs(&self, at: Wall) -> i32 {
        let standard = self.offset_min * 60;
        let Summer::Between(start, end) = self.summer else { return standard };
        let now = at.0.div_euclid(1_000_000);
        let year = year_of((now + i64::from(standard)).div_euclid(DAY_SECS));
        // Each change has the hour of the clock before it: the one in autumn is an hour ahead.
        let starts = start.secs_in(year) - i64::from(standard);
        let ends = end.secs_in(year) - i64::from(standard) - HOUR_SECS;
        let is_summer =
            if starts < ends { (starts..ends).contains(&now) } else { !(ends..starts).contains(&now) };
        if is_summer { standard + HOUR_SECS as i32 } else { standard }
    }

    /// `+01:00`, with the sign always there.
    #[must_use]
    pub fn signed(&self) -> String {
        signed(self.offset_min)
    }
}

impl Change {
    /// Seconds by the clock from the start of 1970 to this change.
    fn secs_in(self, year: i64) -> i64 {
        let first = days_before(year, self.month);
        // The first of January 1970 was a Thursday.
        let sunday = first + (7 - (first + 4).rem_euclid(7)) % 7 + 7 * (i64::from(self.sunday) - 1);
        let next =
            if self.month == 12 { days_before(year + 1, 1) } else { days_before(year, self.month + 1) };
        let day = if sunday < next { sunday } else { sunday - 7 };
        day * DAY_SECS + i64::from(self.hour) * HOUR_SECS
    }
}

/// Days from the start of 1970 to the first of a month.
fn days_before(year: i64, month: u8) -> i64 {
    // Years begin in March, so that a leap day is the last of its year.
    let month = i64::from(month);
    let (year, march) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * march + 2) / 5
        - 719_468
}

/// The year in which a day lies, counted from the start of 1970.
fn year_of(day: i64) -> i64 {
    let guess = 1970 + day.div_euclid(366);
    (guess..).find(|year| days_before(year + 1, 1) > day).unwrap_or(guess)
}

impl Default for TimeZone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), offset_min: 0, summer: Summer::Never }
    }
}

fn signed(minutes: i32) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

impl FromStr for TimeZone {
    type Err = BadTimeZone;

    fn from_str(text: &str) -> Result<Self, BadTimeZone> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        if let Some((name, offset_min, summer)) = ZONES.iter().find(|(name, _, _)| *name == text) {
            return Ok(Self { name: (*name).to_owned(), offset_min: *offset_min, summer: *summer });
        }
        let offset = text.strip_prefix("UTC").ok_or(BadTimeZone)?;
        let (sign, digits) = match offset.split_at_checked(1) {
            Some(("+", digits)) => (1, digits),
            Some(("-", digits)) => (-1, digits),
            Some(_) | None => return Err(BadTimeZone),
        };
        let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
        let whole = |text: &str| text.parse::<i32>().map_err(|_not_a_number| BadTimeZone);
        let (hours, minutes) = (whole(hours)?, whole(minutes)?);
        if !(0..=14).contains(&hours) || ![0, 15, 30, 45].contains(&minutes) {
            return Err(BadTimeZone);
        }
        let offset_min = sign * (hours * 60 + minutes);
        Ok(Self { name: format!("UTC{}", signed(offset_min)), offset_min, summer: Summer::Never })
    }
}

impl TryFrom<String> for TimeZone {
    type Error = BadTimeZone;
    fn try_from(text: String) -> Result<Self, BadTimeZone> {
        text.parse()
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.name
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_known_by_name_or_given_by_its_offset() {
        let zone: TimeZone = "Europe/Madrid".parse().unwrap();
        let last_sundays = Summer::Between(sunday(3, 5, 2), sunday(10, 5, 3));
        assert_eq!((zone.offset_min, zone.summer), (60, last_sundays));
        let zone: TimeZone = "UTC-3:30".parse().unwrap();
        assert_eq!((zone.to_string(), zone.offset_min), ("UTC-03:30".to_owned(), -210));
        for text in ["Europe/Atlantis", "UTC+15", "UTC+1:07", "UTC--1", "Madrid"] {
            assert_eq!(text.parse::<TimeZone>(), Err(BadTimeZone), "{text}");
        }
        assert!(
            TimeZone::names().all(|name| name.parse::<TimeZone>().is_ok_and(|zone| zone.to_string() == name))
        );
    }
}
