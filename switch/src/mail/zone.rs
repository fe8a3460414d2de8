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
