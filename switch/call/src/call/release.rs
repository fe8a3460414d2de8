//! How a call ends, and what must still happen before its record is complete.

use std::time::Duration;

use base::fact::What;
use base::media::MediaCommand;
use base::wire::Target;
use base::{Cause, LegId, Party};
use sip::ServerId;
use sip::message::{Draft, Header, Message, Method};
use sip::reliable::OPTION;

use super::{Call, CallTimer, Ctx, Ending, Phase, Refusal};
use crate::act::{Act, Purpose};
use crate::headers::Parting;
use crate::leg::{Leg, LegState};
use crate::reasons;
use crate::reply::{is_sips, reply};

/// How long the record waits for the figures of closed ports.
const FIGURES: Duration = Duration::from_secs(2);
/// No transaction outlives this (RFC 3261 timer B, H: 64·T1 = 32 s), so neither does what is left of a call.
const LEFTOVERS: Duration = Duration::from_secs(40);

/// Nobody who was called can be reached over secure hops alone (RFC 5630 §4).
fn sips_not_allowed(ctx: &Ctx<'_>) -> String {
    format!("380 {} \"SIPS Not Allowed\"", ctx.config.realm.replace(' ', "-"))
}

impl Call {
    /// The caller's CANCEL, or one that takes back a re-INVITE we pass on.
    pub(super) fn cancelled(&mut self, ctx: &mut Ctx<'_>, server: ServerId, request: &Message) {
        if self.passage_cancelled(ctx, server) {
            return;
        }
        self.parting = Parting::of(request);
        let cause = if reasons::is_elsewhere(request) { Cause::AnsweredElsewhere } else { Cause::Cancelled };
        let q850 = reasons::q850_of(request).unwrap_or_else(|| cause.q850());
        self.finish(ctx, Refusal { cause, status: 487, q850 }, Party::Caller);
    }

    /// A BYE came on `leg`.
    pub(super) fn bye(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: &Message) {
        ctx.out.push(Act::Respond { server, draft: reply(request, 200, None, &ctx.config.user_agent) });
        if self.asked_hangs_up(ctx, leg) {
            return;
        }
        let by = self.party(leg);
        self.parting = Parting::of(request);
        let q850 = reasons::q850_of(request).unwrap_or_else(|| Cause::Normal.q850());
        let (cause, status) = match self.leg(leg).map(|leg| &leg.state) {
            Some(LegState::Incoming(_)) => (Cause::Cancelled, 487),
            Some(LegState::Talking(_)) => (Cause::Normal, 200),
            Some(LegState::Calling(_) | LegState::Cancelling | LegState::Ended) | None => return,
        };
        let refusal = Refusal { cause, status, q850 };
        if status == 200 {
            self.drop_leg(ctx, leg, refusal);
            return self.leg_gone(ctx, leg, refusal, by);
        }
        self.finish(ctx, refusal, by);
    }

    /// The node ends the call.
    pub(super) fn hang_up(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        self.parting = None;
        self.finish(ctx, Refusal::of(cause), Party::System);
    }

    /// Our 2xx was never acknowledged: the dialog is ended with BYE (RFC 3261 §13.3.1.4).
    pub(super) fn unacknowledged(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        if let Some(talking) = self.leg_mut(leg).and_then(Leg::talking_mut) {
            talking.unacked = None;
        }
        self.send_due_bye(ctx, leg);
        self.leg_gone(ctx, leg, Refusal::of(Cause::Timeout), Party::System);
    }

    /// Ends every leg that is still up, and the call.
    pub(super) fn finish(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal, by: Party) {
        if matches!(self.phase, Phase::Over(_)) {
            return;
        }
        let refusal = if self.answered_at.is_some() { Refusal { status: 200, ..refusal } } else { refusal };
        self.timers.clear();
        self.mail_over(ctx);
        self.end_supervision(ctx);
        if let Some(room) = self.seated_in() {
            self.inside = None;
            ctx.out.push(Act::Leave(room));
        }
        self.passage_over(ctx);
        for leg in self.legs.iter().map(|leg| leg.id).collect::<Vec<_>>() {
            self.end_leg(ctx, leg, refusal);
        }
        let Refusal { cause, status, q850 } = refusal;
        ctx.out.push(Act::Fact(What::CallReleased { cause, sip_status: status, q850, by }));
        self.hunt = None;
        self.close_meeting(ctx);
        self.phase = Phase::Over(Ending { refusal, by, at: ctx.now.mono, told: false });
        self.timers.set(CallTimer::Linger, ctx.now.mono + FIGURES);
        for trunk in self.admitted.drain(..) {
            ctx.trunks.release(&trunk);
        }
        for extension in self.occupied.drain(..) {
            ctx.lines.release(&extension);
        }
        if let Some(trail) = self.trail.take() {
            ctx.trails.leave(trail);
        }
    }

    /// Ends one leg from our side, by whatever its state asks for.
    pub(super) fn end_leg(&mut self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal) {
        let nobody_asked = self.legs.len() == 1;
        let reason = self.reason(refusal);
        let parting = self.parting.take();
        let retry_after = self.retry_after;
        let Some(at) = self.leg_mut(leg) else { return };
        match std::mem::replace(&mut at.state, LegState::Ended) {
            LegState::Incoming(incoming) => {
                let (invite, request) = (incoming.invite, incoming.request);
                let at_fault = nobody_asked && matches!(refusal.cause, Cause::ProtocolError | Cause::Loop);
                let status = if at_fault { refusal.status } else { refusal.outward() };
                let told = incoming.told.and_then(|told| told.tag);
                let tag = told.as_ref().unwrap_or(&at.local_tag);
                let mut draft = reply(&request, status, Some(tag), &ctx.config.user_agent);
                draft.push(Header::Reason, &reason);
                if nobody_asked && status == 480 && is_sips(&request) {
                    draft.push(Header::Warning, &sips_not_allowed(ctx));
                }
                parting.iter().for_each(|parting| parting.tell(&mut draft));
                if status == 420 {
                    draft.push(Header::Unsupported, OPTION);
                }
                match retry_after.filter(|(of, _)| *of == status) {
                    Some((_, secs)) => draft.push(Header::RetryAfter, &secs.to_string()),
                    None if status == 503 => draft.push(Header::RetryAfter, "5"),
                    None => &mut draft,
                };
                ctx.out.push(Act::Respond { server: invite, draft });
            }
            LegState::Calling(_) => {
                at.state = LegState::Cancelling;
                ctx.out.push(Act::Cancel { leg, reason: Some(reason) });
                if let Some(held) = self.held.take_if(|held| held.leg == leg) {
                    self.end_stray(ctx, leg, &held.response);
                }
            }
            LegState::Talking(mut talking) => {
                let mut draft = talking.dialog.request(Method::Bye);
                draft.push(Header::Reason, &reason);
                parting.iter().for_each(|parting| parting.tell(&mut draft));
                draft.push(Header::UserAgent, &ctx.config.user_agent);
                if talking.unacked.is_some() {
                    talking.bye_due = Some(draft);
                    at.state = LegState::Talking(talking);
                } else {
                    at.send(&mut ctx.out, Purpose::Bye, draft);
                }
            }
            over @ (LegState::Cancelling | LegState::Ended) => {
                at.state = over;
                self.parting = parting;
                return;
            }
        }
        self.parting = parting;
        self.leg_is_over(ctx, leg, refusal);
    }

    /// The Reason a leg is ended with: what the other side said, else our word for the cause.
    fn reason(&self, refusal: Refusal) -> String {
        match &self.parting {
            None if refusal.cause == Cause::AnsweredElsewhere => reasons::ELSEWHERE.to_owned(),
            None => reasons::q850(refusal.q850, refusal.cause),
            Some(parting) => parting.reason(reasons::q850(refusal.q850, refusal.cause)),
        }
    }

    /// The far end ended this leg itself: it has heard our 2xx, and a BYE of ours that waited is needless.
    pub(super) fn drop_leg(&mut self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal) {
        let Some(at) = self.leg_mut(leg) else { return };
        match std::mem::replace(&mut at.state, LegState::Ended) {
            LegState::Ended => return,
            LegState::Talking(talking) => {
                ctx.out.extend(talking.unacked.map(|server| Act::Acknowledged { server }));
                if talking.bye_due.is_some() {
                    return;
                }
            }
            LegState::Incoming(_) | LegState::Calling(_) | LegState::Cancelling => {}
        }
        self.leg_is_over(ctx, leg, refusal);
    }

    fn leg_is_over(&mut self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal) {
        let answered = self.answered_at.is_some();
        let Some(at) = self.leg_mut(leg) else { return };
        let sip_status =
            if answered && matches!(refusal.cause, Cause::Normal) { 200 } else { refusal.status };
        ctx.out.push(Act::Fact(What::LegEnded { leg, cause: refusal.cause, sip_status, q850: refusal.q850 }));
        if let Some(media) = &mut at.media
            && media.close()
        {
            ctx.out.push(Act::Media(MediaCommand::Close { port: media.port() }));
        }
    }

    /// Sends the BYE that waited for the ACK.
    pub(super) fn send_due_bye(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(at) = self.leg_mut(leg) else { return };
        let Some(draft) = at.talking_mut().and_then(|talking| talking.bye_due.take()) else { return };
        at.state = LegState::Ended;
        at.send(&mut ctx.out, Purpose::Bye, draft);
    }

    /// Completes the record once every figure is in.
    pub(super) fn settle(&mut self, ctx: &mut Ctx<'_>) {
        let open = self.legs.iter().any(|leg| leg.media_pending) || self.awaits_recording();
        let Phase::Over(ending) = &mut self.phase else { return self.watch_sessions() };
        if ending.told || (open && ctx.now.mono < ending.at + FIGURES) {
            return;
        }
        ending.told = true;
        let Ending { refusal, by, at, .. } = *ending;
        ctx.out.push(Act::Fact(What::CallEnded {
            cause: refusal.cause,
            sip_status: refusal.status,
            q850: refusal.q850,
            by,
        }));
        self.timers.set(CallTimer::Linger, at + LEFTOVERS);
    }

    pub(super) fn linger_over(&mut self, ctx: &Ctx<'_>) {
        if let Phase::Over(ending) = &self.phase
            && ctx.now.mono >= ending.at + LEFTOVERS
        {
            for leg in &mut self.legs {
                leg.pending = 0;
                leg.state = LegState::Ended;
            }
        }
    }

    /// Whether its record is complete; only the protocol's leftovers remain.
    pub(crate) fn is_told(&self) -> bool {
        matches!(&self.phase, Phase::Over(ending) if ending.told)
    }

    /// Whether nothing of the call is left to happen.
    pub(crate) fn is_settled(&self) -> bool {
        let is_giving = self.giving.as_ref().is_some_and(|giving| giving.is_gone());
        self.is_told() && !is_giving && self.legs.iter().all(Leg::is_quiet)
    }
}

impl Leg {
    /// Sends a request inside the dialog, with credentials where the far end has asked for them before.
    pub(crate) fn send(&mut self, out: &mut Vec<Act>, purpose: Purpose, draft: Draft) {
        self.send_to(out, purpose, draft, self.target);
    }

    /// The same to where an early dialog or a stray fork is.
    pub(crate) fn send_to(&mut self, out: &mut Vec<Act>, purpose: Purpose, mut draft: Draft, target: Target) {
        self.authorize(&mut draft);
        self.challenges = 0;
        if self.credentials.is_some() {
            self.sent = Some((purpose, draft.clone()));
        }
        if self.calling().is_some() {
            let number = draft.get(Header::CSeq).and_then(|place| place.split(' ').next()?.parse().ok());
            self.numbered = self.numbered.max(number.unwrap_or(0));
        }
        self.pending += 1;
        out.push(Act::Request { leg: self.id, purpose, target, draft });
    }
}
