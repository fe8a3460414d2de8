//! The Date header: RFC 3261 §20.17, the form of RFC 1123.

use base::Wall;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_SECS: u64 = 86_400;
/// Days of 400 years of the Gregorian calendar.
const ERA_DAYS: u64 = 146_097;
/// Days from the 1st of March of year 0 to the 1st of January 1970.
const EPOCH: u64 = 719_468;

/// A time as the Date header writes it: `Sat, 13 Nov 2010 23:29:00 GMT`.
#[must_use]
pub fn date(at: Wall) -> String {
    let secs = at.millis().max(0).unsigned_abs() / 1_000;
    let (days, time) = (secs / DAY_SECS, secs % DAY_SECS);
    let weekday = DAYS.iter().cycle().nth(usize::try_from(days % 7).unwrap_or(0)).unwrap_or(&"Thu");
    let (year, month, day) = civil(days);
    let month = MONTHS.get(month).unwrap_or(&"Jan");
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Year, month from 0 and day of a number of days since 1970. A year is counted from March on, so that the day that
/// leap years add is its last.
fn civil(days: u64) -> (u64, usize, u64) {
    let days = days + EPOCH;
    let (era, day) = (days / ERA_DAYS, days % ERA_DAYS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    let month = if is_next_year { month - 10 } else { month + 2 };
    (era * 400 + year + u64::from(is_next_year), usize::try_from(month).unwrap_or(0), day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3261 §20.17 gives the first; the others are ends and beginnings of leap years.
    #[test]
    fn dates_are_written_as_the_rfc_writes_them() {
        let text = |secs: i64| date(Wall::from_millis(secs * 1_000));
        assert_eq!(text(1_289_690_940), "Sat, 13 Nov 2010 23:29:00 GMT");
        assert_eq!(text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(text(951_782_399), "Mon, 28 Feb 2000 23:59:59 GMT");
        assert_eq!(text(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(text(1_704_067_199), "Sun, 31 Dec 2023 23:59:59 GMT");
        assert_eq!(text(4_107_542_400), "Mon, 01 Mar 2100 00:00:00 GMT");
    }
}
