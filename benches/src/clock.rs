//! The one place of this package that reads the clock or waits for it.
#![expect(clippy::disallowed_methods, reason = "a load tool measures real time; it reads it here only")]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Nanoseconds since the first call in this process: the stamp that RTP payloads carry.
pub fn nanos() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Blocks this thread for `span`.
pub fn wait(span: Duration) {
    std::thread::sleep(span);
}

/// `span` in nanoseconds, as deadlines use it.
pub fn span_ns(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
