//! Waiting for another process without a clock.

use std::thread;
use std::time::Duration;

const LOOK: Duration = Duration::from_millis(50);
/// 30 seconds of looks, more where a look takes time itself.
const LOOKS: usize = 600;

/// Looks until `look` finds something and returns that.
///
/// # Panics
/// When nothing is found after about 30 seconds; the message names `what`.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = look() {
            return found;
        }
        thread::park_timeout(LOOK);
    }
    panic!("waited in vain for {what}");
}

/// Looks for `span` that `holds` keeps holding.
///
/// # Panics
/// When it does not; the message names `what`.
pub fn still(what: &str, span: Duration, mut holds: impl FnMut() -> bool) {
    let looks = span.as_millis() / LOOK.as_millis();
    for _ in 0..=looks {
        assert!(holds(), "no longer so: {what}");
        thread::park_timeout(LOOK);
    }
}

/// Makes an attempt up to three times: sound in real time breaks where the machine has much else to do, and each attempt
/// has a switch and calls of its own.
///
/// # Panics
/// As the third one does.
pub fn in_three_tries(attempt: impl Fn()) {
    let fails = || std::panic::catch_unwind(std::panic::AssertUnwindSafe(&attempt)).is_err();
    if fails() && fails() {
        attempt();
    }
}
