//! The notifier's side of a subscription (RFC 6665 §4.2).
//!
//! ```text
//!  SUBSCRIBE ─► Active ── runs out, is taken back, is ended ─► Ending ── last NOTIFY sent ─► Over
//!                 │  ▲ changed: one NOTIFY at a time,                                          ▲
//!                 └──┘ and never sooner than the interval                 a NOTIFY failed ─────┘
//! ```

use std::time::Duration;

use base::Mono;

use crate::Dialog;
use crate::message::{Draft, Header, Malformed, Message, Method, Params};

/// What a SUBSCRIBE asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventAsk {
    /// The event package.
    pub package: String,
    /// The Event's `id`, which tells subscriptions of one dialog apart.
    pub id: Option<String>,
    /// The Expires header, seconds.
    pub expires: Option<u32>,
}

/// Lifetimes that a package grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// The shortest but 0, seconds.
    pub min: u32,
    /// The longest, and what those who ask for none get, seconds.
    pub max: u32,
}

/// Why a request of a usage is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageRefusal {
    /// With this status and nothing more to say.
    Status(u16),
    /// 423 with Min-Expires in seconds.
    TooBrief(u32),
}

/// Why a subscription ends, as Subscription-State says it (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It ran out or was taken back; no other may be wanted.
    TimedOut,
    /// The subscriber may come again at once: the node ends.
    Deactivated,
    /// What it was about is gone.
    NoResource,
    /// The right to it was taken away.
    Rejected,
}

/// One subscription.
#[derive(Debug)]
pub struct Subscription {
    dialog: Dialog,
    event: String,
    expires_at: Mono,
    /// The soonest time of the next NOTIFY.
    next_at: Mono,
    interval: Duration,
    owed: bool,
    waiting: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Ending(Ended),
    Over,
}

impl EventAsk {
    /// Reads a SUBSCRIBE.
    ///
    /// # Errors
    /// 489 without an Event (RFC 6665 §4.1.2.1 has it in every SUBSCRIBE), 400 for what cannot be read.
    pub fn read(request: &Message) -> Result<Self, UsageRefusal> {
        let event = request.header(Header::Event).ok_or(UsageRefusal::Status(489))?;
        let (package, params) = event.split_at(event.find(';').unwrap_or(event.len()));
        let malformed = |_: Malformed| UsageRefusal::Status(400);
        let params = Params::parse(params, "Event").map_err(malformed)?;
        Ok(Self {
            package: package.trim().to_ascii_lowercase(),
            id: params.get("id").map(str::to_owned),
            expires: request.expires().map_err(malformed)?,
        })
    }

    /// The lifetime granted: what is asked for within the bounds; 0 fetches once or takes back.
    ///
    /// # Errors
    /// 423 for less than the least (RFC 6665 §4.2.1.1).
    pub fn lifetime(&self, of: Lifetimes) -> Result<Duration, UsageRefusal> {
        match self.expires.unwrap_or(of.max) {
            secs if secs > 0 && secs < of.min => Err(UsageRefusal::TooBrief(of.min)),
            secs => Ok(Duration::from_secs(secs.min(of.max).into())),
        }
    }
}

impl Ended {
    fn word(self) -> &'static str {
        match self {
            Self::TimedOut => "timeout",
            Self::Deactivated => "deactivated",
            Self::NoResource => "noresource",
            Self::Rejected => "rejected",
        }
    }
}

impl Subscription {
    /// A subscription that a SUBSCRIBE outside a dialog begins; a NOTIFY is owed at once (RFC 6665 §4.2.1.2), and later
    /// ones come no sooner than `interval` one after the other. A lifetime of zero fetches once.
    ///
    /// # Errors
    /// 400 for a request that makes no dialog.
    pub fn begin(
        now: Mono,
        request: &Message,
        local_tag: &str,
        ask: &EventAsk,
        lifetime: Duration,
        interval: Duration,
    ) -> Result<Self, UsageRefusal> {
        let dialog = Dialog::uas(request, local_tag).map_err(|_malformed| UsageRefusal::Status(400))?;
        let id = ask.id.as_ref().map(|id| format!(";id={id}")).unwrap_or_default();
        let state = if lifetime.is_zero() { State::Ending(Ended::TimedOut) } else { State::Active };
        Ok(Self {
            dialog,
            event: format!("{}{id}", ask.package),
            expires_at: now + lifetime,
            next_at: now,
            interval,
            owed: true,
            waiting: false,
            state,
        })
    }

    /// A SUBSCRIBE inside the dialog: refreshes it, or takes it back with a lifetime of zero. A NOTIFY is owed either way.
    ///
    /// # Errors
    /// 481 when it is over or belongs elsewhere, 489 for another event, 400 and 500 as dialogs answer.
    pub fn refresh(
        &mut self,
        now: Mono,
        request: &Message,
        ask: &EventAsk,
        lifetime: Duration,
    ) -> Result<(), UsageRefusal> {
        if self.state != State::Active {
            return Err(UsageRefusal::Status(481));
        }
        let id = ask.id.as_ref().map(|id| format!(";id={id}")).unwrap_or_default();
        if format!("{}{id}", ask.package) != self.event {
            return Err(UsageRefusal::Status(489));
        }
        self.dialog.accepts(request).map_err(UsageRefusal::Status)?;
        self.dialog.refresh_target(request);
        self.expires_at = now + lifetime;
        self.next_at = now;
        if lifetime.is_zero() {
            self.state = State::Ending(Ended::TimedOut);
        }
        self.owed = true;
        Ok(())
    }

    /// What is subscribed to has changed.
    pub fn changed(&mut self) {
        self.owed |= self.state == State::Active;
    }

    /// Ends it with a last NOTIFY.
    pub fn end(&mut self, why: Ended) {
        if self.state == State::Active {
            self.state = State::Ending(why);
            self.owed = true;
        }
    }

    /// The NOTIFY to send now, without body; `None` when none is due. One is sent at a time.
    pub fn poll(&mut self, now: Mono) -> Option<Draft> {
        if self.state == State::Active && now >= self.expires_at {
            self.end(Ended::TimedOut);
        }
        let state = match self.state {
            _ if self.waiting || !self.owed => return None,
            State::Over => return None,
            State::Active if now < self.next_at => return None,
            State::Active => format!("active;expires={}", self.expires_at.since(now).as_secs()),
            State::Ending(why) => format!("terminated;reason={}", why.word()),
        };
        self.owed = false;
        self.waiting = true;
        self.next_at = now + self.interval;
        let mut draft = self.dialog.request(Method::Notify);
        draft.push(Header::Event, &self.event);
        draft.push(Header::SubscriptionState, &state);
        Some(draft)
    }

    /// The NOTIFY was answered with this status; 408 also when it was not answered at all. Statuses that destroy the
    /// usage end it (RFC 6665 §4.2.2, RFC 5057 §5.1); with others the next change is told anew.
    pub fn told(&mut self, status: u16) {
        self.waiting = false;
        let destroyed = matches!(status, 401..=408 | 410 | 416 | 480..=485 | 489 | 501 | 604);
        if destroyed || (!self.owed && matches!(self.state, State::Ending(_))) {
            self.state = State::Over;
        }
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// When `poll` is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        match self.state {
            State::Over => None,
            _ if self.waiting => None,
            State::Active if self.owed => Some(self.next_at.min(self.expires_at)),
            State::Active => Some(self.expires_at),
            State::Ending(_) => Some(self.next_at),
        }
    }

    /// What is left of its lifetime.
    #[must_use]
    pub fn left(&self, now: Mono) -> Duration {
        self.expires_at.since(now)
    }
}
