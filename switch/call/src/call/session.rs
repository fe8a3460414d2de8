//! Session timers (RFC 4028): each leg has its own, whatever the other one does.

use base::fact::Endpoint;
use base::{Cause, LegId, Mono, Party, SessionTimers};
use route::Snapshot;
use sip::message::{Draft, Header, Message};
use sip::{CallIdOf, SessionDue, SessionPolicy};

use super::{Call, CallTimer, Ctx, Refusal};
use crate::act::{Act, Purpose};
use crate::io::ShardConfig;
use crate::leg::{Leg, LegState};
use crate::reply;

/// 422s to one INVITE that are answered by asking for longer; more is a peer that plays with us.
const MOST_RAISES: u8 = 3;

/// What a far end is asked for: the node's interval, as much of it as its trunk or station says.
pub(crate) fn policy(config: &ShardConfig, routes: &Snapshot, at: &Endpoint) -> SessionPolicy {
    let timers = match at {
        Endpoint::Trunk(name) => routes.trunk(name).map(|trunk| trunk.trunk().session_timers),
        Endpoint::Station(extension) => routes.station(extension).map(|station| station.session_timers),
        Endpoint::Local(_) | Endpoint::Stranger(_) => None,
    };
    SessionPolicy {
        timers: timers.unwrap_or_default(),
        expires: config.session_expires,
        min_se: config.min_se,
    }
}

impl Call {
    /// The call wakes when the first of its sessions wants something.
    pub(super) fn watch_sessions(&mut self) {
        let up = self.legs.iter().filter(|leg| leg.talking().is_some());
        match up.filter_map(|leg| leg.session.deadline()).min() {
            Some(at) => self.timers.set(CallTimer::Session, at),
            None => self.timers.stop(CallTimer::Session),
        }
    }

    /// A session wants to be refreshed, or nobody has refreshed it.
    pub(super) fn sessions_due(&mut self, ctx: &mut Ctx<'_>) {
        for leg in self.legs.iter().map(|leg| leg.id).collect::<Vec<_>>() {
            let up = self.leg_mut(leg).filter(|leg| leg.talking().is_some());
            match up.and_then(|leg| leg.session.due(ctx.now.mono)) {
                Some(SessionDue::Refresh) => self.refresh_session(ctx, leg),
                Some(SessionDue::Expired) => self.session_expired(ctx, leg),
                None => {}
            }
        }
    }

    /// Refreshes a session of which we are in charge; later, while an exchange is open (RFC 4028 §7.4).
    fn refresh_session(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        if self.refresh(ctx, leg) || self.refresh_by_reinvite(ctx, leg) {
            return;
        }
        if let Some(at) = self.leg_mut(leg) {
            at.session.postpone(ctx.now.mono, ctx.entropy, at.call_id_of());
        }
    }

    pub(super) fn session_expired(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        self.leg_gone(ctx, leg, Refusal::of(Cause::SessionExpired), Party::System);
    }

    /// The caller's INVITE is over before anybody answered it: 487 (RFC 3261 §13.3.1).
    pub(super) fn invite_expired(&mut self, ctx: &mut Ctx<'_>) {
        let cause = Cause::NoAnswer;
        self.finish(ctx, Refusal { cause, status: 487, q850: cause.q850() }, Party::System);
    }

    /// The far end wants a longer session interval than our INVITE asked for (RFC 4028 §7.3). `true` when the
    /// INVITE goes out again.
    pub(super) fn ask_longer(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message) -> bool {
        let Some(at) = self.leg_mut(leg) else { return false };
        let policy = at.session.policy();
        let LegState::Calling(calling) = &mut at.state else { return false };
        let (Some(interval), Some(draft)) =
            (policy.ask_longer(calling.interval, response), calling.invite.as_mut())
        else {
            return false;
        };
        if calling.raised >= MOST_RAISES {
            return false;
        }
        calling.forks.clear();
        calling.raised += 1;
        calling.interval = interval;
        policy.ask_for(draft, interval);
        let number = response.cseq().map_or(1, |cseq| cseq.number).saturating_add(1);
        draft.set(Header::CSeq, &format!("{number} INVITE"));
        let mut draft = draft.clone();
        at.authorize(&mut draft);
        at.pending += 1;
        ctx.out.push(Act::Request { leg, purpose: Purpose::Invite, target: at.target, draft });
        true
    }
}

impl Leg {
    /// Writes into our INVITE what we ask of its session.
    pub(super) fn ask_for_timer(&self, draft: &mut Draft) {
        self.conceal_timer(draft);
        self.session.policy().ask(draft);
    }

    /// Writes into our re-INVITE or UPDATE what holds for its session.
    pub(super) fn keep_timer(&self, draft: &mut Draft) {
        self.conceal_timer(draft);
        self.session.word_request(draft);
    }

    /// Settles its session's timer with our 2xx to an INVITE, re-INVITE or UPDATE.
    pub(super) fn accept_timer(&mut self, now: Mono, request: &Message, draft: &mut Draft) {
        self.conceal_timer(draft);
        self.session.accept(now, request, draft);
    }

    fn conceal_timer(&self, draft: &mut Draft) {
        if self.session.policy().timers == SessionTimers::Off {
            reply::conceal(draft, "timer");
        }
    }

    pub(super) fn call_id_of(&self) -> CallIdOf {
        if self.theirs { CallIdOf::Them } else { CallIdOf::Us }
    }
}
