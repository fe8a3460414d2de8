//! Session timers (RFC 4028), for one dialog: who refreshes, when, and when a far end counts as gone.
//!
//! The owner sends the requests; nothing here knows calls, bodies or transactions.

mod policy;
mod words;

#[cfg(test)]
mod tests;

use std::time::Duration;

use base::{Entropy, Mono, SessionTimers};

use crate::message::{Draft, Header, Message, Method};
pub use policy::{SessionPolicy, TooBrief};
use words::{LONGEST, Role, SMALLEST, SessionExpires, knows_timers, min_se};

/// The BYE comes this long before the end at most. RFC 4028 §10.
const MARGIN: Duration = Duration::from_secs(32);
/// A refresh that was refused for no lasting reason is not tried again sooner.
const PAUSE: Duration = Duration::from_secs(5);

/// The session timer of one dialog.
///
/// ```text
///                 2xx with Session-Expires
///       Idle ────────────────────────────────► Running ─ a refresh answered 2xx ─┐
///         ▲                                    │  ▲  └──────────────◄────────────┘
///         └── 2xx without Session-Expires ─────┤  │ ours, half the interval: Refresh
///                                              ▼  │
///                              interval − min(32 s, a third): Expired
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SessionTimer {
    policy: SessionPolicy,
    /// The largest Min-SE that a 422 of this dialog named.
    floor: u32,
    running: Option<Running>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    interval: u32,
    refresher: Refresher,
    expires_at: Mono,
    /// When our refresh is due; `None` while it is theirs or under way.
    refresh_at: Option<Mono>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refresher {
    Us,
    Them,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionDue {
    /// To be refreshed: by an UPDATE without a body where the far end takes one, else by a re-INVITE with the body
    /// as it stands.
    Refresh,
    /// Nobody refreshed: the session is over.
    Expired,
}

/// What a refused refresh means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The far end knows the dialog no more.
    Ends,
    /// The session lives on; another refresh follows in time.
    LivesOn,
    /// The far end takes no UPDATE; another refresh follows at once.
    NotByUpdate,
}

/// Whether we chose the dialog's Call-ID: it decides who waits longer after two requests met. RFC 3261 §14.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallIdOf {
    /// We sent the INVITE.
    Us,
    /// They sent it.
    Them,
}

impl SessionTimer {
    /// No timer runs until a 2xx starts one.
    #[must_use]
    pub fn new(policy: SessionPolicy) -> Self {
        Self { policy, floor: SMALLEST, running: None }
    }

    /// What the far end is asked for.
    #[must_use]
    pub fn policy(&self) -> SessionPolicy {
        self.policy
    }

    /// Writes the headers of a session refresh request of ours: re-INVITE or UPDATE. RFC 4028 §7.4.
    pub fn word_request(&self, draft: &mut Draft) {
        let Some(running) = self.running else { return };
        let role = match running.refresher {
            Refresher::Us => Role::Uac,
            Refresher::Them => Role::Uas,
        };
        let value = format!("{};refresher={}", running.interval, role.word());
        draft.set(Header::SessionExpires, &value);
        if self.floor > SMALLEST {
            draft.set(Header::MinSe, &self.floor.to_string());
        }
    }

    /// Takes a 2xx to an INVITE, re-INVITE or UPDATE of ours. RFC 4028 §7.2.
    pub fn accepted(&mut self, now: Mono, response: &Message) {
        if self.policy.timers == SessionTimers::Off {
            return;
        }
        let Some(told) = SessionExpires::of(response) else {
            self.running = None;
            return;
        };
        let refresher = match told.refresher {
            Some(Role::Uas) => Refresher::Them,
            Some(Role::Uac) | None => Refresher::Us,
        };
        self.start(now, told.seconds, refresher);
    }

    /// Settles the timer for an INVITE, re-INVITE or UPDATE of theirs that gets our 2xx, and writes its headers.
    /// RFC 4028 §9.
    pub fn accept(&mut self, now: Mono, request: &Message, draft: &mut Draft) {
        let knows = knows_timers(request);
        let Some((interval, refresher)) = self.policy.settle(request, knows) else {
            self.running = None;
            return;
        };
        let role = match refresher {
            Refresher::Us => Role::Uas,
            Refresher::Them => Role::Uac,
        };
        draft.set(Header::SessionExpires, &format!("{interval};refresher={}", role.word()));
        if knows {
            draft.push(Header::Require, "timer");
        }
        self.start(now, interval, refresher);
    }

    /// When [`due`](Self::due) is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        let running = self.running.as_ref()?;
        Some(running.refresh_at.map_or(running.expires_at, |at| at.min(running.expires_at)))
    }

    /// Takes what is due.
    pub fn due(&mut self, now: Mono) -> Option<SessionDue> {
        let running = self.running.as_mut()?;
        if running.expires_at <= now {
            self.running = None;
            return Some(SessionDue::Expired);
        }
        running.refresh_at.take_if(|at| *at <= now)?;
        Some(SessionDue::Refresh)
    }

    /// A refresh that is due cannot be sent now: another exchange is open.
    pub fn postpone(&mut self, now: Mono, entropy: &mut dyn Entropy, call_id: CallIdOf) {
        self.try_again(now + glare(entropy, call_id));
    }

    /// Our refresh could not be sent: no way leads there now, which says nothing of the session.
    pub fn unsent(&mut self, now: Mono) {
        let left = self.running.map_or(Duration::ZERO, |running| running.expires_at.since(now));
        self.try_again(now + (left / 2).max(PAUSE));
    }

    /// Takes a refusal of our refresh; no answer at all counts as 408. RFC 4028 §7.4, RFC 3261 §12.2.1.2, §14.1.
    pub fn refused(
        &mut self,
        now: Mono,
        entropy: &mut dyn Entropy,
        call_id: CallIdOf,
        method: &Method,
        response: Option<&Message>,
    ) -> Refused {
        match response.and_then(Message::status).unwrap_or(408) {
            408 | 481 => return Refused::Ends,
            422 if self.raise(response.map_or(SMALLEST, min_se)) => self.try_again(now),
            491 => self.postpone(now, entropy, call_id),
            405 | 501 if *method == Method::Update => {
                self.try_again(now);
                return Refused::NotByUpdate;
            }
            _ => self.unsent(now),
        }
        Refused::LivesOn
    }

    /// Whether a timer runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    fn start(&mut self, now: Mono, seconds: u32, refresher: Refresher) {
        let interval = seconds.clamp(SMALLEST, LONGEST);
        let whole = Duration::from_secs(interval.into());
        self.running = Some(Running {
            interval,
            refresher,
            expires_at: now + (whole - MARGIN.min(whole / 3)),
            refresh_at: (refresher == Refresher::Us).then(|| now + whole / 2),
        });
    }

    fn try_again(&mut self, at: Mono) {
        if let Some(running) = self.running.as_mut().filter(|running| running.refresher == Refresher::Us) {
            running.refresh_at = Some(at);
        }
    }

    /// A 422 asks for a longer interval; `false` when it is no longer than ours, or beyond reason.
    fn raise(&mut self, least: u32) -> bool {
        let Some(running) = self.running.as_mut() else { return false };
        let raised = least > running.interval && least <= LONGEST;
        if raised {
            running.interval = least;
            self.floor = least;
        }
        raised
    }
}

/// The pause after requests that met: 2.1 to 4 s for who chose the Call-ID, up to 2 s for the other.
fn glare(entropy: &mut dyn Entropy, call_id: CallIdOf) -> Duration {
    let steps = match call_id {
        CallIdOf::Us => 210 + entropy.below(191),
        CallIdOf::Them => entropy.below(201),
    };
    Duration::from_millis(10 * steps)
}
