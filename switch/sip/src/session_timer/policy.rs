//! What we ask for and what we take, before a dialog has a timer.

use base::SessionTimers;

use super::Refresher;
use super::words::{LONGEST, Role, SMALLEST, SessionExpires, knows_timers, min_se};
use crate::message::{Draft, Header, Message};

/// What one far end is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// How much is made of timers.
    pub timers: SessionTimers,
    /// The interval asked for, in seconds, 90 and more.
    pub expires: u32,
    /// The smallest interval taken, in seconds, 90…`expires`.
    pub min_se: u32,
}

/// An interval below what we take: the request gets 422 with this Min-SE. RFC 4028 §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooBrief {
    /// The smallest interval taken, in seconds.
    pub min_se: u32,
}

impl SessionPolicy {
    /// Judges an INVITE, re-INVITE or UPDATE of theirs. Who does not know timers is not told about them: then
    /// the header came from a proxy. RFC 4028 §9.
    ///
    /// # Errors
    /// `TooBrief` when its interval is smaller than ours may be.
    pub fn judge(self, request: &Message) -> Result<(), TooBrief> {
        if self.timers == SessionTimers::Off || !knows_timers(request) {
            return Ok(());
        }
        match SessionExpires::of(request) {
            Some(asked) if asked.seconds < self.min_se => Err(TooBrief { min_se: self.min_se }),
            Some(_) | None => Ok(()),
        }
    }

    /// Writes into an INVITE of ours what we ask for. RFC 4028 §7.1.
    pub fn ask(self, draft: &mut Draft) {
        match self.timers {
            SessionTimers::Off | SessionTimers::Accept => return,
            SessionTimers::Ask => {}
            SessionTimers::Require => {
                draft.push(Header::Require, "timer");
            }
        }
        self.ask_for(draft, self.expires);
    }

    /// Asks for another interval: one that [`ask_longer`](Self::ask_longer) gave. RFC 4028 §7.3.
    pub fn ask_for(self, draft: &mut Draft, interval: u32) {
        draft.set(Header::SessionExpires, &interval.to_string());
        let least = if interval > self.expires { interval } else { self.min_se };
        if least > SMALLEST {
            draft.set(Header::MinSe, &least.to_string());
        }
    }

    /// Whether an INVITE of ours asks for a timer.
    #[must_use]
    pub fn asks(self) -> bool {
        matches!(self.timers, SessionTimers::Ask | SessionTimers::Require)
    }

    /// Whether a 422 to an INVITE of ours that asked for `asked` or nothing (0) is worth another try: the interval
    /// to ask for then.
    #[must_use]
    pub fn ask_longer(self, asked: u32, refusal: &Message) -> Option<u32> {
        let least = min_se(refusal);
        let asked = asked.max(self.expires);
        (self.asks() && least > asked && least <= LONGEST).then_some(least)
    }

    /// The interval and the refresher for a request of theirs that `knows` timers or does not; `None` for no timer.
    /// RFC 4028 §9, table 2.
    pub(super) fn settle(self, request: &Message, knows: bool) -> Option<(u32, Refresher)> {
        let wants = match self.timers {
            SessionTimers::Off => return None,
            SessionTimers::Accept => None,
            SessionTimers::Ask | SessionTimers::Require => Some(self.expires),
        };
        let least = min_se(request);
        let Some(asked) = SessionExpires::of(request) else {
            let refresher = match (knows, self.timers) {
                (true, _) => Refresher::Them,
                (false, SessionTimers::Require) => Refresher::Us,
                (false, SessionTimers::Off | SessionTimers::Accept | SessionTimers::Ask) => return None,
            };
            return Some((wants?.max(least), refresher));
        };
        if asked.seconds < SMALLEST {
            return None;
        }
        let interval = wants.map_or(asked.seconds, |ours| ours.max(least).min(asked.seconds));
        let refresher = match (knows, asked.refresher) {
            (false, _) | (true, Some(Role::Uas)) => Refresher::Us,
            (true, Some(Role::Uac) | None) => Refresher::Them,
        };
        Some((interval.min(LONGEST), refresher))
    }
}
