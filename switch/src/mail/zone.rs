//! A mailbox's own time.

use base::Wall;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The zone of that name; UTC for none, and for one that this machine does not know.
pub(super) fn zone(name: &str) -> TimeZone {
    if name.is_empty() {
        return TimeZone::UTC;
    }
    TimeZone::get(name).unwrap_or_else(|error| {
        tracing::warn!(%error, zone = name, "a mailbox's time zone is not known on this machine: UTC instead");
        TimeZone::UTC
    })
}

/// Seconds that a zone is ahead of UTC at a moment.
pub(super) fn ahead_secs(zone: &TimeZone, at: Wall) -> i32 {
    zone.to_offset(timestamp(at)).seconds()
}

pub(super) fn timestamp(at: Wall) -> Timestamp {
    Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Features §0.3: the time that `*60` says is the one of the IANA database, on every day of three years.
    #[test]
    fn clocks_of_phones_show_the_time_of_the_database() {
        for name in provision::TimeZone::names() {
            let Ok(known) = TimeZone::get(name) else { continue };
            let ours: provision::TimeZone = name.parse().expect("a name of the table");
            for hour in 0..3 * 366 * 24 {
                let at = Wall((1_735_689_600 + hour * 3_600) * 1_000_000);
                assert_eq!(ours.ahead_secs(at), ahead_secs(&known, at), "{name} at {at:?}");
            }
        }
    }
}
