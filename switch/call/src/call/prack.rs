//! PRACK on both sides (RFC 3262): ours for the callees' reliable responses, the caller's for ours.
//!
//! A reliable response that passes through with a session description is acknowledged end to end: the caller's
//! PRACK, with whatever it offers or answers, becomes ours (RFC 6337 patterns 3 to 5). Any other is acknowledged here.

use base::{Cause, LegId, Party};
use sdp::Sdp;
use sip::ServerId;
use sip::message::{Header, Message, Method};
use sip::reliable::RAck;

use super::early::ForkAt;
use super::requests::refuse;
use super::{Call, Ctx, Passage, Refusal};
use crate::act::{Act, Purpose};
use crate::leg::{Leg, LegState};
use crate::reply::{self, reply};
use crate::ringing::{Owed, Session};

impl Call {
    /// Acknowledges a callee's response.
    pub(super) fn prack(&mut self, ctx: &mut Ctx<'_>, at: ForkAt, rack: &str, body: Option<&Sdp>) {
        let Some(near) = self.fork(at).map(|fork| fork.near.clone()) else { return };
        let Some(leg) = self.leg_mut(at.leg) else { return };
        let Some((dialog, target)) = leg.dialog(Some(&near)) else { return };
        let mut draft = dialog.request(Method::Prack);
        draft.push(Header::RAck, rack);
        draft.push(Header::UserAgent, &ctx.config.user_agent);
        if let Some(body) = body {
            draft.body(reply::ACCEPT, body.to_bytes().into());
        }
        leg.send_to(&mut ctx.out, Purpose::Prack, draft, target);
    }

    /// The caller acknowledges a response of ours.
    pub(super) fn pracked(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: Message) {
        let Some(rack) = RAck::of(&request) else { return refuse(ctx, server, &request, 400) };
        let tag = request.to_tag().unwrap_or_default().to_owned();
        let Some(at) = self.leg_mut(leg) else { return };
        let owed = match &mut at.state {
            LegState::Incoming(incoming) => {
                let number = incoming.number();
                if !incoming.said.pracked(&tag, number, &rack) {
                    return refuse(ctx, server, &request, 481);
                }
                ctx.out.push(Act::Pracked { server: incoming.invite });
                incoming.owed.take()
            }
            LegState::Talking(talking) if talking.unpracked == Some(rack.rseq) => {
                talking.unpracked = None;
                None
            }
            LegState::Talking(_) | LegState::Calling(_) | LegState::Cancelling | LegState::Ended => {
                return refuse(ctx, server, &request, 481);
            }
        };
        self.settle_media(ctx, leg);
        match owed {
            Some(Owed::Callee { leg: to, near, rack, offer }) => {
                self.prack_through(ctx, server, request, Through { to, near, rack, offer });
            }
            Some(Owed::Answer(ours)) => self.prack_answers_us(ctx, leg, server, &request, ours),
            None if request.body().is_empty() => refuse(ctx, server, &request, 200),
            None => self.offered_early(ctx, leg, server, request),
        }
        self.say_next(ctx);
        self.take_held(ctx);
    }

    /// The PRACK of a response that was the callee's: it goes on to it.
    fn prack_through(&mut self, ctx: &mut Ctx<'_>, server: ServerId, request: Message, through: Through) {
        let Through { to, near, rack, offer: asked } = through;
        let caller = self.caller();
        if self.passage.is_some() || self.fork_by(&near).is_none() {
            return self.prack_apart(ctx, server, &request, &Through { to, near, rack, offer: asked });
        }
        let (body, offer) = match asked {
            Some((theirs, passed)) => {
                let Some(answer) = self.early_answer(ctx, &near, &request, &theirs, &passed) else {
                    refuse(ctx, server, &request, 200);
                    return self.finish(ctx, Refusal::of(Cause::Incompatible), Party::Caller);
                };
                (Some(answer), None)
            }
            None => match self.offer_for_other(caller, to, &request) {
                Ok(Some((theirs, ours))) => (Some(ours.clone()), Some((theirs, ours))),
                Ok(None) => (None, None),
                Err(bad) => return refuse(ctx, server, &request, bad.status()),
            },
        };
        let passage =
            Passage { from: caller, to, near: Some(near), server, request, sent: Method::Prack, offer };
        self.pass_on(ctx, passage, body.as_ref(), |draft| {
            draft.push(Header::RAck, &rack);
        });
    }

    /// Another exchange is under way, or the callee is gone: each side's PRACK is a matter of its own.
    fn prack_apart(&mut self, ctx: &mut Ctx<'_>, server: ServerId, request: &Message, through: &Through) {
        let Through { near, rack, offer: asked, .. } = through;
        let answer =
            asked.as_ref().and_then(|(theirs, passed)| self.early_answer(ctx, near, request, theirs, passed));
        if let Some(at) = self.fork_by(near) {
            self.prack(ctx, at, rack, answer.as_ref());
        }
        if asked.is_some() || request.body().is_empty() {
            return refuse(ctx, server, request, 200);
        }
        let caller = self.caller();
        self.answer_as_agreed(ctx, caller, server, request);
    }

    /// The caller's answer to a callee's early offer, as the callee gets it: both sides are settled now.
    fn early_answer(
        &mut self,
        ctx: &mut Ctx<'_>,
        near: &str,
        request: &Message,
        theirs: &Sdp,
        passed: &Sdp,
    ) -> Option<Sdp> {
        let answer = self.said_by(self.caller(), request).ok().flatten()?;
        let at = self.fork_by(near)?;
        let caller = self.caller();
        let body = self.answer_to(at.leg, theirs, caller, &answer).ok()?;
        self.exchanged(ctx, caller, Some(near), passed, &answer);
        self.exchanged(ctx, at.leg, Some(near), &body, theirs);
        self.join(caller, at.leg);
        Some(body)
    }

    /// Our own offer in a reliable response is answered.
    fn prack_answers_us(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: &Message,
        ours: Sdp,
    ) {
        refuse(ctx, server, request, 200);
        let Ok(Some(answer)) = self.said_by(leg, request) else {
            return self.finish(ctx, Refusal::of(Cause::Incompatible), Party::Caller);
        };
        let near = request.to_tag().unwrap_or_default().to_owned();
        self.exchanged(ctx, leg, Some(&near), &ours, &answer);
    }

    /// A response of ours was never acknowledged (RFC 3262 §3).
    pub(super) fn unpracked(&mut self, ctx: &mut Ctx<'_>) {
        let refusal = Refusal { status: 504, ..Refusal::of(Cause::Timeout) };
        self.finish(ctx, refusal, Party::Caller);
    }

    /// A 2xx that waited for the caller's PRACK is taken.
    fn take_held(&mut self, ctx: &mut Ctx<'_>) {
        if self.answer_must_wait() {
            return;
        }
        match self.held.take() {
            Some(held) => self.answered(ctx, held.leg, &held.response, held.flow),
            None => self.take_accepted(ctx),
        }
    }

    /// Whether the caller must acknowledge a session description before it gets a 2xx.
    pub(super) fn answer_must_wait(&self) -> bool {
        let incoming = self.legs.first().and_then(Leg::incoming);
        incoming.is_some_and(|incoming| incoming.said.blocks_answer())
    }

    /// Both halves of an exchange are known on a leg: in its early dialog of this tag, or in the confirmed one.
    pub(super) fn exchanged(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        near: Option<&str>,
        ours: &Sdp,
        theirs: &Sdp,
    ) {
        let heard = self.is_heard(near);
        let Some(at) = self.leg_mut(leg) else { return };
        let settled = Session::Settled(ours.clone(), theirs.clone());
        let session = match (&mut at.state, near) {
            (LegState::Incoming(incoming), Some(near)) => incoming.near(near).map(|known| &mut known.session),
            (LegState::Calling(calling), Some(near)) => {
                calling.forks.iter_mut().find(|fork| fork.near == near).map(|fork| &mut fork.session)
            }
            (LegState::Talking(_), _) => return self.agree(ctx, leg, ours, theirs),
            _ => return,
        };
        if let Some(session) = session {
            *session = settled;
        }
        if heard {
            self.agree(ctx, leg, ours, theirs);
        }
    }

    /// Whether the caller hears the early dialog of this tag.
    fn is_heard(&self, near: Option<&str>) -> bool {
        let is_over = matches!(self.phase, super::Phase::Over(_));
        match self.hunt.as_ref().and_then(|hunt| hunt.early.as_ref()) {
            Some((_, heard)) => Some(heard.as_str()) == near,
            None => !is_over,
        }
    }

    /// A 2xx to a PRACK, with the answer to its offer.
    pub(super) fn accept_prack(
        &self,
        ctx: &mut Ctx<'_>,
        server: ServerId,
        request: &Message,
        body: Option<&Sdp>,
    ) {
        let mut draft = reply(request, 200, None, &ctx.config.user_agent);
        if let Some(body) = body {
            draft.body(reply::ACCEPT, body.to_bytes().into());
        }
        ctx.out.push(Act::Respond { server, draft });
    }

    /// The body of a request as an offer to Tandem itself, and our answer with the codec in use.
    pub(super) fn own_early_answer(&self, leg: LegId, request: &Message) -> Option<(Sdp, Sdp)> {
        let offer = self.offered_by(leg, request).ok().flatten()?;
        let answer = self.own_words(leg, Some(&offer)).ok()?;
        Some((answer, offer))
    }
}

/// The way of a PRACK through to a callee.
struct Through {
    to: LegId,
    near: String,
    rack: String,
    offer: Option<(Sdp, Sdp)>,
}
