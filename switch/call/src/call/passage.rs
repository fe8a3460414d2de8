//! A re-INVITE of one side, passed through to the other (RFC 3261 §14, RFC 3264 §8).

use base::{Cause, LegId, Party};
use sdp::Sdp;
use sip::ServerId;
use sip::message::{Draft, Message, Method};

use super::requests::refuse;
use super::{Call, Ctx, Refusal};
use crate::act::{Act, Purpose};
use crate::headers;
use crate::leg::Leg;
use crate::negotiate::{body_of, offer_of};
use crate::reply::{self, Agent, introduce, reply};

/// A re-INVITE under way from one leg to the other.
#[derive(Debug)]
pub(crate) struct Passage {
    from: LegId,
    to: LegId,
    server: ServerId,
    request: Message,
    /// The offer as it came and as it was passed on; `None` when the other side shall offer.
    offer: Option<(Sdp, Sdp)>,
}

impl Call {
    pub(super) fn reinvited(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: Message) {
        if let Some(status) = self.must_wait(leg) {
            return refuse(ctx, server, &request, status);
        }
        let Some(to) = self.other(leg) else { return self.reinvited_alone(ctx, leg, server, &request) };
        let offer = match offer_of(&request) {
            Ok(offer) => offer,
            Err(bad) => return refuse(ctx, server, &request, bad.status()),
        };
        let Some(at) = self.leg_mut(to) else { return };
        let offer = match (offer, &at.media) {
            (Some(theirs), Some(media)) => match media.pass_offer(&theirs, &at.codecs) {
                Ok(ours) => Some((theirs, ours)),
                Err(bad) => return refuse(ctx, server, &request, bad.status()),
            },
            (Some(_), None) => return refuse(ctx, server, &request, 488),
            (None, _) => None,
        };
        let contact = at.contact.clone();
        let Some(talking) = at.talking_mut() else { return refuse(ctx, server, &request, 481) };
        let mut draft = talking.dialog.request(Method::Invite);
        introduce(&mut draft, &contact, Agent::Client(&ctx.config.user_agent));
        headers::pass(&request, &mut draft);
        if let Some((_, ours)) = &offer {
            draft.body(reply::ACCEPT, ours.to_bytes().into());
        }
        at.send(&mut ctx.out, Purpose::Reinvite, draft);
        self.passage = Some(Passage { from: leg, to, server, request, offer });
    }

    /// The status that a re-INVITE gets while another exchange is open: 491 when it is ours on that leg, 500
    /// when it is theirs (RFC 3261 §14.2).
    fn must_wait(&self, leg: LegId) -> Option<u16> {
        if let Some(passage) = &self.passage {
            return Some(if passage.from == leg { 500 } else { 491 });
        }
        let talking = self.leg(leg).and_then(Leg::talking)?;
        if talking.unacked.is_some() {
            return Some(500);
        }
        let other = self.other(leg).and_then(|other| self.leg(other)).and_then(Leg::talking);
        (talking.owes_ack || other.is_some_and(|other| other.owes_ack || other.unacked.is_some()))
            .then_some(491)
    }

    /// A re-INVITE to Tandem itself: answered from what we would say today, with our offer where it brings none.
    fn reinvited_alone(&mut self, ctx: &mut Ctx<'_>, leg: LegId, server: ServerId, request: &Message) {
        let offer = match offer_of(request) {
            Ok(offer) => offer,
            Err(bad) => return refuse(ctx, server, request, bad.status()),
        };
        let Some(media) = self.media_of(leg) else { return };
        let body = match &offer {
            Some(offer) => media.own_answer(offer, super::local::CODECS),
            None => media.own_offer(super::local::CODECS),
        };
        match (body, &offer) {
            (Ok(answer), Some(offer)) => {
                self.agree(ctx, leg, &answer, offer);
                self.accept_reinvite(ctx, leg, server, request, None, &answer);
            }
            (Ok(ours), None) => {
                self.accept_reinvite(ctx, leg, server, request, None, &ours);
                self.late = Some((ours.clone(), ours));
            }
            (Err(bad), _) => refuse(ctx, server, request, bad.status()),
        }
    }

    /// The other side's answer to a re-INVITE that we passed on.
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
        let Some(passage) = self.passage.take_if(|passage| passage.to == leg) else {
            return self.accepted_again(ctx, leg, status, response);
        };
        match status {
            200..=299 => self.passage_accepted(ctx, passage, response),
            481 => {
                refuse(ctx, passage.server, &passage.request, status);
                self.finish(ctx, Refusal::from_response(status, response), Party::Callee);
            }
            401 | 407 | 300..=399 => refuse(ctx, passage.server, &passage.request, 488),
            _ => refuse(ctx, passage.server, &passage.request, status),
        }
    }

    /// A 2xx to a re-INVITE that comes once more, or after the re-INVITE was taken back: each wants its ACK.
    fn accepted_again(&mut self, ctx: &mut Ctx<'_>, leg: LegId, status: u16, response: &Message) {
        let Some(talking) = self.leg_mut(leg).and_then(Leg::talking_mut) else { return };
        let Ok(cseq) = response.cseq() else { return };
        if status >= 300 || talking.owes_ack {
            return;
        }
        let body = if cseq.number == talking.invite_cseq { talking.ack_body.clone() } else { None };
        talking.invite_cseq = cseq.number;
        self.acknowledge(ctx, leg, body);
    }

    fn passage_accepted(&mut self, ctx: &mut Ctx<'_>, passage: Passage, response: &Message) {
        let Passage { from, to, server, request, offer } = passage;
        if let Some(talking) = self.leg_mut(to).and_then(Leg::talking_mut) {
            talking.invite_cseq = response.cseq().map_or(talking.invite_cseq, |cseq| cseq.number);
        }
        if let Some(at) = self.leg_mut(to) {
            at.refresh_target(response);
        }
        let body = body_of(response).ok().flatten();
        let passed = match (offer, body) {
            (Some((theirs, ours)), Some(answer)) => {
                self.acknowledge(ctx, to, None);
                self.agree(ctx, to, &ours, &answer);
                let passed = self.media_of(from).map(|media| media.pass_answer(&answer, &theirs));
                if let Some(passed) = &passed {
                    self.agree(ctx, from, passed, &theirs);
                }
                passed
            }
            (None, Some(theirs)) => {
                let passed = self.media_of(from).and_then(|media| media.pass_offer(&theirs, &[]).ok());
                if let Some(passed) = &passed {
                    self.late = Some((theirs, passed.clone()));
                    if let Some(talking) = self.leg_mut(to).and_then(Leg::talking_mut) {
                        talking.owes_ack = true;
                    }
                }
                passed
            }
            (Some(_) | None, None) => None,
        };
        let Some(passed) = passed else {
            self.acknowledge(ctx, to, None);
            refuse(ctx, server, &request, 488);
            return self.finish(ctx, Refusal::of(Cause::Incompatible), Party::System);
        };
        self.accept_reinvite(ctx, from, server, &request, Some(response), &passed);
    }

    fn accept_reinvite(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        server: ServerId,
        request: &Message,
        response: Option<&Message>,
        body: &Sdp,
    ) {
        let agent = ctx.config.user_agent.clone();
        let Some(at) = self.leg_mut(leg) else { return };
        at.refresh_target(request);
        let mut draft: Draft = reply(request, 200, None, &agent);
        introduce(&mut draft, &at.contact, Agent::Server(&agent));
        if let Some(response) = response {
            headers::pass(response, &mut draft);
        }
        draft.body(reply::ACCEPT, body.to_bytes().into());
        if let Some(talking) = at.talking_mut() {
            talking.unacked = Some(server);
        }
        ctx.out.push(Act::Respond { server, draft });
    }

    /// The re-INVITE we passed on got no answer: that dialog is broken (RFC 3261 §12.2.1.2).
    pub(super) fn passage_failed(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(passage) = self.passage.take_if(|passage| passage.to == leg) else { return };
        refuse(ctx, passage.server, &passage.request, 408);
        self.finish(ctx, Refusal::of(Cause::NoResponse), Party::System);
    }

    /// The side that sent the re-INVITE takes it back; `false` when this CANCEL is not for a passage.
    pub(super) fn passage_cancelled(&mut self, ctx: &mut Ctx<'_>, server: ServerId) -> bool {
        let Some(passage) = self.passage.take_if(|passage| passage.server == server) else { return false };
        refuse(ctx, passage.server, &passage.request, 487);
        ctx.out.push(Act::Cancel { leg: passage.to, reason: None });
        true
    }

    /// The call ends while a re-INVITE is under way.
    pub(super) fn passage_over(&mut self, ctx: &mut Ctx<'_>) {
        self.late = None;
        if let Some(passage) = self.passage.take() {
            refuse(ctx, passage.server, &passage.request, 487);
        }
        for leg in &mut self.legs {
            let Some(talking) = leg.talking_mut().filter(|talking| talking.owes_ack) else { continue };
            talking.owes_ack = false;
            let draft = talking.dialog.ack(talking.invite_cseq);
            ctx.out.push(Act::Ack { target: leg.target, draft });
        }
    }
}
