//! What the other side says to an offer that we passed on to it.

use base::{Cause, LegId, Party};
use sdp::Sdp;
use sip::ServerId;
use sip::message::{Draft, Message, Method};

use super::requests::refuse;
use super::{Call, Ctx, Passage, Refusal};
use crate::act::Act;
use crate::headers;
use crate::leg::Leg;
use crate::reply::{self, Agent, introduce, reply};

impl Call {
    /// The other side's answer to a request that we passed on.
    pub(super) fn passage_response(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        status: u16,
        response: &Message,
    ) {
        if status < 200 {
            return;
        }
        let answers = |passage: &mut Passage| {
            passage.to == leg && response.cseq().is_ok_and(|cseq| cseq.method == passage.sent)
        };
        let Some(passage) = self.passage.take_if(answers) else {
            return self.accepted_again(ctx, leg, status, response);
        };
        match status {
            200..=299 => self.passage_accepted(ctx, passage, response),
            _ => self.passage_refused(ctx, &passage, status, response),
        }
    }

    /// A refusal leaves the session as it was. Who knows no dialog any more has none (RFC 5057 §5.2). A PRACK is an
    /// acknowledgement first: the caller's was right, whatever became of ours.
    fn passage_refused(&mut self, ctx: &mut Ctx<'_>, passage: &Passage, status: u16, response: &Message) {
        let came_as_invite = passage.came_as(&Method::Invite);
        let told = match status {
            _ if passage.came_as(&Method::Prack) => {
                if passage.offer.is_some() {
                    488
                } else {
                    200
                }
            }
            408 if !came_as_invite => 500,
            401 | 407 | 420 | 421 | 300..=399 => 488,
            _ => status,
        };
        refuse(ctx, passage.server, &passage.request, told);
        let confirmed = passage.near.is_none() && self.leg(passage.to).and_then(Leg::talking).is_some();
        if matches!(status, 408 | 481) && confirmed {
            self.finish(ctx, Refusal::from_response(status, response), Party::Callee);
        }
    }

    /// A 2xx to a re-INVITE that comes once more, or after the re-INVITE was taken back: each wants its ACK.
    fn accepted_again(&mut self, ctx: &mut Ctx<'_>, leg: LegId, status: u16, response: &Message) {
        let Some(talking) = self.leg_mut(leg).and_then(Leg::talking_mut) else { return };
        let Ok(cseq) = response.cseq() else { return };
        if status >= 300 || talking.owes_ack || cseq.method != Method::Invite {
            return;
        }
        let body = if cseq.number == talking.invite_cseq { talking.ack_body.clone() } else { None };
        talking.invite_cseq = cseq.number;
        self.acknowledge(ctx, leg, body);
    }

    fn passage_accepted(&mut self, ctx: &mut Ctx<'_>, passage: Passage, response: &Message) {
        let Passage { from, to, near, server, request, sent, offer } = passage;
        let near = near.as_deref();
        let is_invite = sent == Method::Invite;
        if let Some(talking) = self.leg_mut(to).and_then(Leg::talking_mut).filter(|_| is_invite) {
            talking.invite_cseq = response.cseq().map_or(talking.invite_cseq, |cseq| cseq.number);
        }
        if let Some(at) = self.leg_mut(to) {
            at.refresh_target(response);
            if near.is_none() {
                at.session.accepted(ctx.now.mono, response);
            }
        }
        let body = self.said_by(to, response).ok().flatten();
        let passed = match (offer, body) {
            (Some((theirs, ours)), Some(answer)) => {
                if is_invite {
                    self.acknowledge(ctx, to, None);
                }
                let passed = self.answer_to(from, &theirs, to, &answer).ok();
                self.exchanged(ctx, to, near, &ours, &answer);
                if let Some(passed) = &passed {
                    self.exchanged(ctx, from, near, passed, &theirs);
                }
                passed
            }
            (None, Some(theirs)) if is_invite => self.passage_offers(to, from, theirs),
            (None, _) if sent == Method::Prack => {
                return self.accept_prack(ctx, server, &request, None);
            }
            (Some(_), None) | (None, _) => None,
        };
        let Some(passed) = passed else {
            if near.is_some() {
                return refuse(ctx, server, &request, 488);
            }
            if is_invite {
                self.acknowledge(ctx, to, None);
            }
            refuse(ctx, server, &request, 488);
            return self.finish(ctx, Refusal::of(Cause::Incompatible), Party::System);
        };
        if request.method() == Some(&Method::Invite) {
            self.accept_reinvite(ctx, from, server, &request, Some(response), &passed);
        } else if request.method() == Some(&Method::Prack) {
            self.accept_prack(ctx, server, &request, Some(&passed));
        } else {
            self.accept_update(ctx, from, server, &request, Some(response), Some(&passed));
        }
    }

    /// The side that was asked for its offer has made it: the ACK of the side that asked will answer it.
    fn passage_offers(&mut self, to: LegId, from: LegId, theirs: Sdp) -> Option<Sdp> {
        let theirs = self.within_limits(to, theirs).ok()?;
        let passed = self.offer_to(from, &theirs).ok()?;
        self.late = Some((theirs, passed.clone()));
        if let Some(talking) = self.leg_mut(to).and_then(Leg::talking_mut) {
            talking.owes_ack = true;
        }
        Some(passed)
    }

    pub(super) fn accept_reinvite(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: &Message,
        response: Option<&Message>,
        body: &Sdp,
    ) {
        self.accept_update(ctx, leg, server, request, response, Some(body));
        if let Some(talking) = self.leg_mut(leg).and_then(Leg::talking_mut) {
            talking.unacked = Some(server);
        }
    }

    /// A 2xx to an UPDATE or re-INVITE: its sender's Contact counts, and it gets ours.
    pub(super) fn accept_update(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: &Message,
        response: Option<&Message>,
        body: Option<&Sdp>,
    ) {
        let agent = ctx.config.user_agent.clone();
        let border = self.other(leg).map(|other| self.border(other, leg));
        let Some(at) = self.leg_mut(leg) else { return };
        at.refresh_target(request);
        let mut draft: Draft = reply(request, 200, None, &agent);
        introduce(&mut draft, &at.contact, Agent::Server(&agent));
        if at.talking().is_some() {
            at.accept_timer(ctx.now.mono, request, &mut draft);
        }
        if let (Some(response), Some(border)) = (response, border) {
            headers::pass(response, &mut draft, border);
        }
        if let Some(body) = body {
            draft.body(reply::ACCEPT, body.to_bytes().into());
        }
        ctx.out.push(Act::Respond { server, draft });
    }

    /// The request we passed on got no answer: that dialog is broken (RFC 3261 §12.2.1.2).
    pub(super) fn passage_failed(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(passage) = self.passage.take_if(|passage| passage.to == leg) else { return };
        let status = match passage.request.method() {
            Some(Method::Invite) => 408,
            Some(Method::Prack) if passage.offer.is_none() => 200,
            _ => 500,
        };
        refuse(ctx, passage.server, &passage.request, status);
        if passage.near.is_none() {
            self.finish(ctx, Refusal::of(Cause::NoResponse), Party::System);
        }
    }

    /// An exchange before the answer whose early dialog is over: who asked is told, and the way is free for others.
    pub(super) fn passage_lost(&mut self, ctx: &mut Ctx<'_>, lost: impl Fn(&Passage) -> bool) {
        let Some(passage) = self.passage.take_if(|passage| passage.near.is_some() && lost(passage)) else {
            return;
        };
        let status = if passage.came_as(&Method::Prack) && passage.offer.is_none() { 200 } else { 481 };
        refuse(ctx, passage.server, &passage.request, status);
    }

    /// The side that sent the re-INVITE takes it back; `false` when this CANCEL is not for a passage. What the
    /// other side says in the end is what counts: its 2xx may cross our CANCEL, and both then hear of it.
    pub(super) fn passage_cancelled(&mut self, ctx: &mut Ctx<'_>, server: ServerId) -> bool {
        let Some(passage) = self.passage.as_ref().filter(|passage| passage.server == server) else {
            return false;
        };
        ctx.out.push(Act::Cancel { leg: passage.to, reason: None });
        true
    }

    /// The call ends while a request that we passed on is under way.
    pub(super) fn passage_over(&mut self, ctx: &mut Ctx<'_>) {
        self.late = None;
        if let Some(passage) = self.passage.take() {
            let status = if passage.came_as(&Method::Invite) { 487 } else { 481 };
            refuse(ctx, passage.server, &passage.request, status);
        }
        for leg in &mut self.legs {
            let Some(talking) = leg.talking_mut().filter(|talking| talking.owes_ack) else { continue };
            talking.owes_ack = false;
            let draft = talking.dialog.ack(talking.invite_cseq);
            ctx.out.push(Act::Ack { leg: leg.id, target: leg.target, draft });
        }
    }
}
