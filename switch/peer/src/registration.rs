//! Our registration with a carrier: when to send the next REGISTER.

use std::time::Duration;

use base::{Now, Wall};
use serde::Serialize;

/// The shortest and longest lifetime asked for, seconds.
const LIFETIME_SECS: std::ops::RangeInclusive<u32> = 60..=86_400;
/// The wait after the first failure; it doubles.
const RETRY: Duration = Duration::from_secs(30);
/// The longest wait after a failure, and the most of a Retry-After that is heeded.
const RETRY_MAX: Duration = Duration::from_secs(600);
/// The shortest wait before a refresh, whatever lifetime was granted.
const REFRESH_MIN: Duration = Duration::from_secs(5);
/// How long an outcome is waited for before the next REGISTER is sent.
pub(crate) const PATIENCE: Duration = Duration::from_secs(64);

/// How our registration with a trunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RegistrationState {
    /// The trunk does not register.
    Off,
    /// The first REGISTER has no outcome yet.
    Trying,
    /// The carrier knows us.
    Registered {
        /// Until when, unless refreshed.
        until: Wall,
    },
    /// The carrier refused or did not answer.
    Failed {
        /// The SIP status; 0 when no answer came.
        status: u16,
        /// Failures in a row.
        failures: u32,
        /// When the next REGISTER goes out.
        retry_at: Wall,
    },
}

/// A REGISTER that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterFail {
    /// The final SIP status; 0 when no answer came.
    pub status: u16,
    /// Its Retry-After, seconds.
    pub retry_after: Option<u32>,
    /// Its Min-Expires, seconds.
    pub min_expires: Option<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) state: RegistrationState,
    min_expires: u32,
}

impl Registration {
    pub(crate) fn new(on: bool) -> Self {
        let state = if on { RegistrationState::Trying } else { RegistrationState::Off };
        Self { state, min_expires: 0 }
    }

    /// The lifetime to ask for.
    pub(crate) fn lifetime_secs(&self, wanted_secs: u32) -> u32 {
        wanted_secs.max(self.min_expires).clamp(*LIFETIME_SECS.start(), *LIFETIME_SECS.end())
    }

    /// Granted; gives the wait until the refresh, 85 to 90 % of the lifetime.
    pub(crate) fn granted(&mut self, now: Now, secs: u32, jitter_milli: u32) -> Duration {
        let lifetime = Duration::from_secs(secs.into());
        self.state = RegistrationState::Registered { until: now.wall + lifetime };
        (lifetime * (850 + jitter_milli / 20) / 1_000).max(REFRESH_MIN)
    }

    /// Refused or unanswered; gives the wait until the next attempt: Retry-After, else 30 s doubling to
    /// 10 min, with up to a tenth more. A first 423 is answered at once with the lifetime it names
    /// (RFC 3261 §10.2.8).
    pub(crate) fn refused(&mut self, now: Now, fail: RegisterFail, jitter_milli: u32) -> Duration {
        let higher = fail.min_expires.filter(|min| fail.status == 423 && *min > self.min_expires);
        if let Some(min) = higher.filter(|min| LIFETIME_SECS.contains(min)) {
            self.min_expires = min;
            return Duration::ZERO;
        }
        let failures = match self.state {
            RegistrationState::Failed { failures, .. } => failures.saturating_add(1),
            RegistrationState::Off | RegistrationState::Trying | RegistrationState::Registered { .. } => 1,
        };
        let doubled = RETRY * (1 << (failures - 1).min(5));
        let asked = fail.retry_after.map(|secs| Duration::from_secs(secs.into()));
        let wait = asked.unwrap_or(doubled).clamp(Duration::from_secs(1), RETRY_MAX);
        let wait = wait + wait * jitter_milli / 10_000;
        self.state = RegistrationState::Failed { status: fail.status, failures, retry_at: now.wall + wait };
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(status: u16) -> RegisterFail {
        RegisterFail { status, retry_after: None, min_expires: None }
    }

    #[test]
    fn failures_wait_longer_each_time_up_to_ten_minutes_and_a_success_forgets_them() {
        let mut registration = Registration::new(true);
        let now = Now::default();
        let waits: Vec<u64> = (0..7).map(|_| registration.refused(now, fail(0), 0).as_secs()).collect();
        assert_eq!(waits, [30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(registration.granted(now, 100, 0).as_secs(), 85);
        assert_eq!(registration.refused(now, fail(503), 999).as_millis(), 32_997);
    }

    #[test]
    fn a_423_is_answered_at_once_with_the_lifetime_it_names_but_only_once() {
        let mut registration = Registration::new(true);
        let brief = RegisterFail { status: 423, retry_after: None, min_expires: Some(1_800) };
        assert_eq!(registration.refused(Now::default(), brief, 0), Duration::ZERO);
        assert_eq!(registration.lifetime_secs(300), 1_800);
        assert_eq!(registration.refused(Now::default(), brief, 0).as_secs(), 30);
    }

    #[test]
    fn a_retry_after_is_heeded_within_bounds() {
        let mut registration = Registration::new(true);
        for (asked, waited) in [(0, 1), (7, 7), (100_000, 600)] {
            let refused = RegisterFail { status: 503, retry_after: Some(asked), min_expires: None };
            assert_eq!(registration.refused(Now::default(), refused, 0).as_secs(), waited);
        }
    }
}
