//! How long the next octets of a connection may take.

use std::sync::Arc;

use tokio::time::{Duration, Instant};

use crate::config::ConnectionLimits;
use crate::standing::Standing;

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// A message, whenever it comes.
    Message,
    /// The headers of one that has begun.
    Headers,
    /// The body after its headers.
    Body,
}

/// The clock of one connection.
#[derive(Debug)]
pub(crate) struct Patience {
    limits: ConnectionLimits,
    standing: Arc<Standing>,
    awaited: Awaited,
    born: Instant,
    /// Since when what is awaited has been.
    since: Instant,
    /// When the peer last said something that counts.
    heard: Instant,
}

/// What was in the octets that came, the last being what counts most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Heard {
    /// No whole message.
    Nothing,
    /// Messages that get no answer.
    Statement,
    /// A request that gets an answer.
    Question,
}

impl Patience {
    pub(crate) fn new(now: Instant, limits: &ConnectionLimits, standing: Arc<Standing>) -> Self {
        Self { limits: *limits, standing, awaited: Awaited::Message, born: now, since: now, heard: now }
    }

    /// Octets came, and now this is awaited. What a stranger says counts only when it asks for an answer.
    pub(crate) fn goes_on(&mut self, now: Instant, awaited: Awaited, heard: Heard) {
        if heard == Heard::Question || self.standing.is_known() {
            self.heard = now;
        }
        if heard != Heard::Nothing || awaited != self.awaited {
            self.since = now;
        }
        self.awaited = awaited;
    }

    /// When the connection has waited long enough.
    pub(crate) fn deadline(&self) -> Instant {
        let known = self.standing.is_known();
        let deadline = match self.awaited {
            Awaited::Message if known => self.heard + self.limits.idle,
            Awaited::Message => self.heard + self.limits.stranger_idle,
            Awaited::Headers => self.since + self.limits.headers,
            Awaited::Body => self.since + self.limits.body,
        };
        if known { deadline } else { deadline.min(self.born + self.limits.stranger) }
    }

    /// Whether the deadline has passed; it moves on when a stranger becomes known.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.deadline() <= now
    }
}

/// Answers to keep-alive pings, at most one a second beyond the first few.
#[derive(Debug)]
pub(crate) struct Pongs {
    left: u32,
    most: u32,
    refilled: Instant,
}

impl Pongs {
    const EVERY: Duration = Duration::from_secs(1);

    pub(crate) fn new(now: Instant, most: u32) -> Self {
        Self { left: most, most, refilled: now }
    }

    /// Whether one may be sent.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let earned = u32::try_from(now.duration_since(self.refilled).as_secs()).unwrap_or(u32::MAX);
        if earned > 0 {
            self.left = self.left.saturating_add(earned).min(self.most);
            self.refilled += Self::EVERY * earned;
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Clock(Instant, Patience);

    impl Clock {
        fn new(known: bool) -> Self {
            let now = Instant::now();
            let standing = Arc::new(Standing::new(known));
            Self(now, Patience::new(now, &ConnectionLimits::default(), standing))
        }

        /// Seconds left after octets that came so many seconds later.
        fn later(&mut self, secs: u64, awaited: Awaited, heard: Heard) -> u64 {
            self.0 += Duration::from_secs(secs);
            self.1.goes_on(self.0, awaited, heard);
            assert!(!self.1.is_over(self.0));
            self.1.deadline().duration_since(self.0).as_secs()
        }
    }

    /// Conformance S11: header timeout 5 s, body 10 s, idle unauthenticated 30 s.
    #[test]
    fn headers_have_five_seconds_from_their_first_octet_and_a_body_ten_from_its_headers() {
        let mut clock = Clock::new(false);
        assert_eq!(clock.later(20, Awaited::Headers, Heard::Nothing), 5);
        assert_eq!(clock.later(4, Awaited::Headers, Heard::Nothing), 1, "more octets give no more time");
        assert_eq!(clock.later(1, Awaited::Body, Heard::Nothing), 10);
        assert_eq!(clock.later(4, Awaited::Body, Heard::Nothing), 6);
        assert_eq!(
            clock.later(1, Awaited::Headers, Heard::Statement),
            5,
            "the next message has its own time"
        );
        assert_eq!(clock.later(1, Awaited::Message, Heard::Question), 30);
    }

    #[test]
    fn a_stranger_that_only_keeps_alive_is_sent_away_and_a_known_one_is_not() {
        let mut clock = Clock::new(false);
        assert_eq!(clock.later(29, Awaited::Message, Heard::Nothing), 1);
        clock.1.standing.know();
        assert_eq!(clock.1.deadline().duration_since(clock.0).as_secs(), 3_571);
        assert_eq!(clock.later(9, Awaited::Message, Heard::Nothing), 3_600);
    }

    /// Conformance S11.
    #[test]
    fn what_gets_no_answer_earns_a_stranger_no_time_and_questions_two_minutes() {
        let mut clock = Clock::new(false);
        assert_eq!(clock.later(12, Awaited::Message, Heard::Statement), 18);
        assert_eq!(clock.later(12, Awaited::Message, Heard::Statement), 6);
        assert_eq!(clock.later(5, Awaited::Message, Heard::Question), 30);
        assert_eq!(
            [29, 29, 29].map(|secs| clock.later(secs, Awaited::Message, Heard::Question)),
            [30, 30, 4]
        );
        assert_eq!(clock.later(3, Awaited::Headers, Heard::Nothing), 1, "whatever it sends");
        let mut known = Clock::new(true);
        assert_eq!(known.later(3_000, Awaited::Message, Heard::Statement), 3_600);
    }

    #[test]
    fn pings_beyond_the_first_few_are_answered_once_a_second() {
        let mut now = Instant::now();
        let mut pongs = Pongs::new(now, 3);
        let mut answered = |later| {
            now += Duration::from_millis(later);
            (0..100).filter(|_| pongs.take(now)).count()
        };
        assert_eq!([answered(0), answered(2_500), answered(500), answered(60_000)], [3, 2, 1, 3]);
    }
}
