//! Requests of our own on a leg that is up: to show that we live and to learn that the far end does. An UPDATE
//! without a body where it takes one (RFC 3311 §5.1), else a re-INVITE that changes nothing (RFC 4028 §7.4).

use base::{Cause, LegId, Party};
use sdp::Sdp;
use sip::Refused;
use sip::message::{Draft, Message, Method};

use super::{Call, Ctx, Refusal};
use crate::act::{Failure, Purpose};
use crate::leg::{Leg, Talking};
use crate::negotiate::Negotiation;
use crate::reply::{self, Agent, introduce};

impl Call {
    /// Sends an UPDATE without a body on a confirmed leg. `false` when the leg is not up, its far end does not take
    /// UPDATE, or an exchange is open there.
    pub(super) fn refresh(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        let busy = self.passage.as_ref().is_some_and(|passage| passage.to == leg || passage.from == leg);
        let Some(at) = self.leg_mut(leg).filter(|leg| leg.allows_update && !busy) else { return false };
        let Some(draft) = refreshing(ctx, at, Method::Update) else { return false };
        at.send(&mut ctx.out, Purpose::Refresh, draft);
        true
    }

    /// Sends a re-INVITE with the body as it stands. `false` when an exchange is open, or nothing was agreed on yet.
    pub(super) fn refresh_by_reinvite(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        let waits = self.must_wait(leg).is_some();
        let body = self.media_of(leg).and_then(Negotiation::local).map(Sdp::to_bytes);
        let (Some(body), Some(at)) = (body.filter(|_| !waits), self.leg_mut(leg)) else { return false };
        let Some(mut draft) = refreshing(ctx, at, Method::Invite) else { return false };
        draft.body(reply::ACCEPT, body.into());
        at.send(&mut ctx.out, Purpose::Refresh, draft);
        if let Some(talking) = at.talking_mut() {
            talking.refreshing = true;
        }
        true
    }

    /// Asks a far end whose codec we cannot read for one that we can, since somebody else than the one it agreed with shall
    /// hear it. `false` when an exchange is open there.
    pub(super) fn ask_for_readable(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        let open = |talking: &Talking| talking.unacked.is_some() || talking.owes_ack || talking.refreshing;
        if self.passage.is_some() || self.leg(leg).and_then(Leg::talking).is_none_or(open) {
            return false;
        }
        let Ok(offer) = self.own_words(leg, None) else { return false };
        let Some(at) = self.leg_mut(leg) else { return false };
        let Some(mut draft) = refreshing(ctx, at, Method::Invite) else { return false };
        draft.body(reply::ACCEPT, offer.to_bytes().into());
        at.send(&mut ctx.out, Purpose::Refresh, draft);
        if let Some(media) = &mut at.media {
            media.ask(offer);
        }
        if let Some(talking) = at.talking_mut() {
            talking.refreshing = true;
        }
        true
    }

    /// The answer to such a request: only a far end that knows no dialog any more ends it (RFC 5057 §5.2).
    pub(super) fn refresh_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        status: u16,
        response: &Message,
    ) {
        let (Ok(cseq), Some(at)) = (response.cseq(), self.leg_mut(leg)) else { return };
        let is_invite = cseq.method == Method::Invite;
        let Some(talking) = at.talking_mut().filter(|_| status >= 200) else { return };
        talking.refreshing &= !is_invite;
        if status < 300 {
            talking.invite_cseq = if is_invite { cseq.number } else { talking.invite_cseq };
            at.refresh_target(response);
            at.session.accepted(ctx.now.mono, response);
            if is_invite {
                self.acknowledge(ctx, leg, None);
                self.agree_again(ctx, leg, response);
            }
            return;
        }
        let refused = at.media.as_mut().and_then(Negotiation::take_asked).filter(|_| is_invite);
        let call_id = at.call_id_of();
        match at.session.refused(ctx.now.mono, ctx.entropy, call_id, &cseq.method, Some(response)) {
            Refused::Ends => self.far_end_gone(ctx, leg, Refusal::from_response(status, response)),
            Refused::NotByUpdate => at.allows_update = false,
            Refused::LivesOn => {}
        }
        if refused.is_some() {
            self.cannot_be_heard(ctx.now, leg, status);
        }
    }

    /// Nobody answered it, or it could not be sent: then it is tried again while the session lasts.
    pub(super) fn refresh_failed(&mut self, ctx: &mut Ctx<'_>, leg: LegId, failure: Failure) {
        match (failure, self.leg_mut(leg)) {
            (Failure::TimedOut, _) => self.far_end_gone(ctx, leg, Refusal::of(Cause::NoResponse)),
            (Failure::Unreachable, Some(at)) => {
                at.session.unsent(ctx.now.mono);
                if let Some(talking) = at.talking_mut() {
                    talking.refreshing = false;
                }
            }
            (Failure::Unreachable, None) => {}
        }
    }

    fn far_end_gone(&mut self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal) {
        match self.leg(leg).filter(|leg| leg.talking().is_some()) {
            Some(at) if at.session.is_running() => self.session_expired(ctx, leg),
            Some(_) => self.leg_gone(ctx, leg, refusal, Party::System),
            None => {}
        }
    }

    /// The far end's answer to the offer that stood already.
    fn agree_again(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message) {
        let asked = self.leg_mut(leg).and_then(|leg| leg.media.as_mut()).and_then(Negotiation::take_asked);
        let ours = asked.or_else(|| self.media_of(leg).and_then(Negotiation::local).cloned());
        if let (Some(ours), Ok(Some(theirs))) = (ours, self.said_by(leg, response)) {
            self.agree(ctx, leg, &ours, &theirs);
        }
    }
}

fn refreshing(ctx: &Ctx<'_>, at: &mut Leg, method: Method) -> Option<Draft> {
    let mut draft = at.talking_mut()?.dialog.request(method);
    introduce(&mut draft, &at.contact, Agent::Client(&ctx.config.user_agent));
    at.keep_timer(&mut draft);
    Some(draft)
}
