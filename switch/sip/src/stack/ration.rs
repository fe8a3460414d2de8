//! What answers to strangers may cost: whoever forges his address gains nothing by us.
//!
//! Over datagrams these answers together stay below 1.2 times the octets they answer (conformance S14), but for a little
//! that time gives: small requests that are few are all answered, and after a flood it is soon as before.

use std::time::Duration;

use base::Mono;

/// Octets by which answers may run ahead of what they answer, at most.
const MOST: usize = 65_536;
/// As many come back every second.
const PER_SECOND: usize = 32_768;

/// Octets that answers without a transaction may still be longer than what they answer.
#[derive(Debug)]
pub(super) struct Ration {
    left: usize,
    /// Up to when time has given what it gives.
    counted: Mono,
}

impl Ration {
    pub(super) fn new() -> Self {
        Self { left: MOST, counted: Mono(0) }
    }

    /// Whether an answer of `answer` octets to a request of `asked` may go; it is paid for then.
    pub(super) fn takes(&mut self, now: Mono, asked: usize, answer: usize) -> bool {
        self.refill(now);
        let earned = self.left.saturating_add(asked).saturating_add(asked / 5);
        let Some(left) = earned.checked_sub(answer) else { return false };
        self.left = left.min(MOST);
        true
    }

    fn refill(&mut self, now: Mono) {
        let gone = now.since(self.counted).min(Duration::from_secs(2));
        let given = usize::try_from(gone.as_micros()).unwrap_or(0) * PER_SECOND / 1_000_000;
        // Time too short for one octet is not lost.
        if given > 0 {
            self.left = self.left.saturating_add(given).min(MOST);
            self.counted = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S14.
    #[test]
    fn answers_at_one_moment_stay_below_the_sixth_fifth_and_time_gives_back() {
        let mut ration = Ration::new();
        let at = |millis: u64| Mono(1_000_000 + millis * 1_000);
        let small = |ration: &mut Ration, now| (0..10_000).filter(|_| ration.takes(now, 100, 376)).count();
        assert_eq!(small(&mut ration, at(0)), MOST / 256);
        assert!(ration.takes(at(0), 100, 120), "no longer than it may be");
        assert_eq!(small(&mut ration, at(0)), 0);
        assert_eq!(small(&mut ration, at(1_000)), PER_SECOND / 256);
        assert_eq!(small(&mut ration, at(60_000)), MOST / 256, "no more is saved up");
    }
}
