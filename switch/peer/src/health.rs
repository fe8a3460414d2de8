//! The circuit breaker of one target: whether an address of a peer takes calls.
//!
//! ```text
//!   Up ── silence, 3rd refusal ──▶ Down ── a success, an answer to OPTIONS ──▶ Up
//!   ▲                               │
//!   └────── its time is over ───────┘   on trial: one failure takes it down again, for twice as long
//! ```
//!
//! Down does not mean never: it is tried last.

use std::time::Duration;

use base::{Mono, Now, Wall};

/// Failures in a row that take a target down.
const FAILURES: u32 = 3;
/// How a target failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// A call got no answer at all, or the network refused it: the next call would wait as long, so this one
    /// failure is enough (RFC 3263 §4.3).
    Silent,
    /// It answered that it cannot serve (503), or did not answer OPTIONS: that may pass.
    Refused,
}

/// How long a target is down the first time.
const DOWN: Duration = Duration::from_secs(30);
/// How long at most.
const DOWN_MAX: Duration = Duration::from_secs(300);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Up { since: Wall, failures: u32, last_down: Duration },
    Down { since: Wall, failures: u32, span: Duration, until: Mono },
}

impl Health {
    pub(crate) fn new(now: Now) -> Self {
        Self::Up { since: now.wall, failures: 0, last_down: Duration::ZERO }
    }

    /// A call or a question was not served; `true` when this took the target down.
    pub(crate) fn failed(&mut self, now: Now, how: Failing) -> bool {
        match self {
            Self::Up { failures, last_down, .. } => {
                *failures = failures.saturating_add(1);
                if *failures < FAILURES && how == Failing::Refused {
                    return false;
                }
                let span = (*last_down * 2).clamp(DOWN, DOWN_MAX);
                *self = Self::down(now, *failures, span);
                true
            }
            Self::Down { failures, .. } => {
                *failures = failures.saturating_add(1);
                false
            }
        }
    }

    /// It answered; `true` when this brought the peer up.
    pub(crate) fn worked(&mut self, now: Now) -> bool {
        match self {
            Self::Up { failures, last_down, .. } => {
                (*failures, *last_down) = (0, Duration::ZERO);
                false
            }
            Self::Down { .. } => {
                *self = Self::new(now);
                true
            }
        }
    }

    /// Another shard saw it go down or come up; `true` when this is news.
    pub(crate) fn told(&mut self, now: Now, up: bool) -> bool {
        if up == self.is_up() {
            return false;
        }
        *self = if up { Self::new(now) } else { Self::down(now, FAILURES, DOWN) };
        true
    }

    /// Its time is over: up again, on trial.
    pub(crate) fn try_again(&mut self, now: Now) {
        if let Self::Down { span, .. } = self {
            *self = Self::Up { since: now.wall, failures: FAILURES - 1, last_down: *span };
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        match self {
            Self::Up { .. } => true,
            Self::Down { .. } => false,
        }
    }

    pub(crate) fn since(&self) -> Wall {
        match self {
            Self::Up { since, .. } | Self::Down { since, .. } => *since,
        }
    }

    pub(crate) fn failures(&self) -> u32 {
        match self {
            Self::Up { failures, .. } | Self::Down { failures, .. } => *failures,
        }
    }

    pub(crate) fn down_until(&self) -> Option<Mono> {
        match self {
            Self::Up { .. } => None,
            Self::Down { until, .. } => Some(*until),
        }
    }

    fn down(now: Now, failures: u32, span: Duration) -> Self {
        Self::Down { since: now.wall, failures, span, until: now.mono + span }
    }
}
