//! Summer time as vendors write it.

use provision::{ClockChange, Summer, TimeZone};

pub(super) fn summer(zone: &TimeZone) -> Option<(ClockChange, ClockChange)> {
    match zone.summer {
        Summer::Never => None,
        Summer::Between(start, end) => Some((start, end)),
    }
}

/// `+1`, `-3:30`: hours, and minutes where there are some (Yealink).
pub(super) fn hours(zone: &TimeZone) -> String {
    let sign = if zone.offset_min < 0 { '-' } else { '+' };
    let (hours, minutes) = (zone.offset_min.abs() / 60, zone.offset_min.abs() % 60);
    if minutes == 0 { format!("{sign}{hours}") } else { format!("{sign}{hours}:{minutes:02}") }
}

/// Month, week, day of the week and hour; Sunday is the seventh day (Yealink).
pub(super) fn by_week(change: ClockChange) -> String {
    format!("{}/{}/7/{}", change.month, change.sunday, change.hour)
}

/// `3600 03.05.07 02:00:00 10.05.07 03:00:00` (Snom).
pub(super) fn snom_rule((start, end): (ClockChange, ClockChange)) -> String {
    let change = |it: ClockChange| format!("{:02}.{:02}.07 {:02}:00:00", it.month, it.sunday, it.hour);
    format!("3600 {} {}", change(start), change(end))
}

/// POSIX's TZ, whose offsets count westwards (Grandstream): `MTZ-1MDT-2,M3.5.0/2,M10.5.0/3`.
pub(super) fn posix(zone: &TimeZone) -> String {
    let west = |minutes: i32| {
        let (sign, minutes) = (if minutes > 0 { '-' } else { '+' }, minutes.abs());
        if minutes % 60 == 0 {
            format!("{sign}{}", minutes / 60)
        } else {
            format!("{sign}{}:{:02}", minutes / 60, minutes % 60)
        }
    };
    let standard = format!("MTZ{}", west(zone.offset_min));
    let Some((start, end)) = summer(zone) else { return standard };
    let change = |it: ClockChange| format!("M{}.{}.0/{}", it.month, it.sunday, it.hour);
    format!("{standard}MDT{},{},{}", west(zone.offset_min + 60), change(start), change(end))
}

/// The first day on which a Sunday of that order may fall, or the last Sunday as -1 (Cisco SPA).
pub(super) fn spa_rule((start, end): (ClockChange, ClockChange)) -> String {
    let change = |it: ClockChange| {
        let day = if it.sunday == 5 { -1 } else { i32::from(it.sunday - 1) * 7 + 1 };
        format!("{}/{day}/7/{}:0:0", it.month, it.hour)
    };
    format!("start={};end={};save=1", change(start), change(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_vendor_is_told_the_same_rule_in_its_own_words() {
        let zone = |name: &str| name.parse::<TimeZone>().unwrap();
        let (madrid, york, kolkata) = (zone("Europe/Madrid"), zone("America/New_York"), zone("Asia/Kolkata"));
        assert_eq!([hours(&madrid), hours(&york), hours(&kolkata)], ["+1", "-5", "+5:30"]);
        let (start, end) = summer(&york).unwrap();
        assert_eq!((by_week(start), by_week(end)), ("3/2/7/2".to_owned(), "11/1/7/2".to_owned()));
        assert_eq!(snom_rule(summer(&madrid).unwrap()), "3600 03.05.07 02:00:00 10.05.07 03:00:00");
        assert_eq!(posix(&madrid), "MTZ-1MDT-2,M3.5.0/2,M10.5.0/3");
        assert_eq!([posix(&york), posix(&kolkata)], ["MTZ+5MDT+4,M3.2.0/2,M11.1.0/2", "MTZ-5:30"]);
        assert_eq!(spa_rule((start, end)), "start=3/8/7/2:0:0;end=11/1/7/2:0:0;save=1");
        assert_eq!(spa_rule(summer(&madrid).unwrap()), "start=3/-1/7/2:0:0;end=10/-1/7/3:0:0;save=1");
    }
}
