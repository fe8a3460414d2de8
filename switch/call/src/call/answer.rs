//! A leg out answers: the others are told so, and the two talk.

use base::fact::{Endpoint, What};
use base::wire::{Flow, Target};
use base::{Cause, LegId, Party};
use sdp::Sdp;
use sip::message::{Header, Message, Uri};
use sip::{Dialog, ServerId, target_of};

use super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::headers;
use crate::leg::{Leg, LegState, Talking};
use crate::negotiate::body_of;
use crate::reply::{self, Agent, introduce, reply};

impl Call {
    /// The first 2xx of a leg out while the caller waits.
    pub(super) fn answered(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message, flow: Flow) {
        let Ok(dialog) = Dialog::uac(response) else {
            return self.leg_refused(ctx, leg, Refusal::of(Cause::ProtocolError));
        };
        self.judge_peer(ctx, leg, Refusal::of(Cause::Normal));
        self.parting = None;
        let Some(at) = self.leg_mut(leg) else { return };
        at.learn(response);
        at.session.accepted(ctx.now.mono, response);
        at.target = Target::Flow(flow);
        if [Header::Contact, Header::RecordRoute].iter().any(|way| response.header(*way).is_some()) {
            at.retarget(&dialog, flow);
        }
        at.challenges = 0;
        let LegState::Calling(mut calling) =
            std::mem::replace(&mut at.state, LegState::Talking(Box::new(Talking::asking(dialog))))
        else {
            return;
        };
        if calling.early.as_ref().is_some_and(|(fork, _)| Some(fork.as_str()) != response.to_tag()) {
            calling.early = None;
            calling.caller_tag = ctx.entropy.token();
        }
        let early = calling.early.take().map(|(_, body)| body);
        let body = body_of(response).ok().flatten().or(early);
        let Some(body) = body else {
            self.acknowledge(ctx, leg, None);
            return self.finish(ctx, Refusal::of(Cause::Incompatible), Party::System);
        };
        let to_caller = match (&self.offer, &calling.offer) {
            (Some(offer), Some(sent)) => {
                let (offer, sent) = (offer.clone(), sent.clone());
                self.acknowledge(ctx, leg, None);
                self.agree(ctx, leg, &sent, &body);
                let caller = self.caller();
                let Some(answer) = self.media_of(caller).map(|media| media.pass_answer(&body, &offer)) else {
                    return;
                };
                self.agree(ctx, caller, &answer, &offer);
                answer
            }
            (Some(_) | None, None) | (None, Some(_)) => {
                let caller = self.caller();
                let Some(offer) = self.media_of(caller).and_then(|media| media.pass_offer(&body, &[]).ok())
                else {
                    self.acknowledge(ctx, leg, None);
                    return self.finish(ctx, Refusal::of(Cause::Incompatible), Party::System);
                };
                if let Some(talking) = self.leg_mut(leg).and_then(Leg::talking_mut) {
                    talking.owes_ack = true;
                }
                self.late = Some((body.clone(), offer.clone()));
                offer
            }
        };
        self.facts.codec = sdp::first_codec_name(&body).unwrap_or_default();
        self.connect(ctx, leg, &calling.caller_tag, response, &to_caller);
    }

    /// Ends the other legs, answers the caller and joins the two.
    fn connect(&mut self, ctx: &mut Ctx<'_>, leg: LegId, tag: &str, response: &Message, body: &Sdp) {
        self.stop_ringing();
        self.answered_at = Some(ctx.now.wall);
        ctx.out.push(Act::Fact(What::Answered { leg, codec: self.facts.codec.clone() }));
        let losers: Vec<LegId> =
            self.legs.iter().filter(|other| other.calling().is_some()).map(|other| other.id).collect();
        for loser in losers {
            self.end_leg(ctx, loser, Refusal::of(Cause::AnsweredElsewhere));
        }
        self.phase = Phase::Talking { callee: leg };
        let caller = self.caller();
        self.join(ctx, caller, leg);
        self.accept_caller(ctx, tag, Some((leg, response)), body);
    }

    /// Sends our 2xx to the caller.
    pub(super) fn accept_caller(
        &mut self,
        ctx: &mut Ctx<'_>,
        tag: &str,
        answer: Option<(LegId, &Message)>,
        body: &Sdp,
    ) {
        let agent = ctx.config.user_agent.clone();
        let border = answer.map(|(leg, _)| self.border(leg, self.caller()));
        let Some(at) = self.legs.first_mut() else { return };
        let LegState::Incoming { invite, request } = &at.state else { return };
        let (server, request) = (*invite, request.clone());
        let Ok(dialog) = Dialog::uas(&request, tag) else {
            return self.finish(ctx, Refusal::of(Cause::ProtocolError), Party::System);
        };
        tag.clone_into(&mut at.local_tag);
        ctx.out.push(Act::Enlist { call_id: at.call_id.clone(), local_tag: tag.to_owned(), leg: at.id });
        if let Target::Flow(flow) = at.target {
            at.retarget(&dialog, flow);
        }
        at.state = LegState::Talking(Box::new(Talking::asked(dialog, server)));
        let mut draft = reply(&request, 200, Some(tag), &agent);
        introduce(&mut draft, &at.contact, Agent::Server(&agent));
        at.accept_timer(ctx.now.mono, &request, &mut draft);
        if let (Some((_, answer)), Some(border)) = (answer, border) {
            headers::pass(answer, &mut draft, border);
        }
        draft.body(reply::ACCEPT, body.to_bytes().into());
        self.timers.stop(CallTimer::Expires);
        ctx.out.push(Act::Respond { server, draft });
    }

    /// A 2xx on a leg that has answered before: repeated, or from another fork (RFC 3261 §13.2.2.4).
    pub(super) fn answered_again(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message) {
        let Some(talking) = self.leg(leg).and_then(Leg::talking) else { return };
        if response.to_tag() != Some(talking.dialog.remote_tag()) {
            return self.end_stray(ctx, leg, response);
        }
        if !talking.owes_ack {
            let body = talking.ack_body.clone();
            self.acknowledge(ctx, leg, body);
        }
    }

    /// Sends the ACK for the leg's last 2xx, with our answer when the 2xx made the offer.
    pub(super) fn acknowledge(&mut self, ctx: &mut Ctx<'_>, leg: LegId, body: Option<bytes::Bytes>) {
        let Some(at) = self.leg_mut(leg) else { return };
        let authorization = at.authorization.clone();
        let target = at.target;
        let Some(talking) = at.talking_mut() else { return };
        talking.owes_ack = false;
        let mut draft = talking.dialog.ack(talking.invite_cseq);
        for (header, value) in authorization {
            draft.set(header, &value);
        }
        talking.ack_body.clone_from(&body);
        if let Some(body) = body {
            draft.body(reply::ACCEPT, body);
        }
        ctx.out.push(Act::Ack { target, draft });
    }

    /// The ACK for a 2xx of ours; it may carry the answer to an offer that we passed on.
    pub(super) fn acknowledged(&mut self, ctx: &mut Ctx<'_>, leg: LegId, request: &Message) {
        let Some(talking) = self.leg_mut(leg).and_then(Leg::talking_mut) else { return };
        let Some(server) = talking.unacked.take() else { return };
        ctx.out.push(Act::Acknowledged { server });
        self.settle_media(ctx, leg);
        let Some(talking) = self.leg_mut(leg).and_then(Leg::talking_mut) else { return };
        if talking.bye_due.is_some() {
            self.late = None;
            return self.send_due_bye(ctx, leg);
        }
        if let Some((theirs, passed)) = self.late.take() {
            self.late_answer(ctx, leg, request, &theirs, &passed);
        }
    }

    /// `leg` answers in its ACK the offer that the other leg made in its 2xx.
    fn late_answer(&mut self, ctx: &mut Ctx<'_>, leg: LegId, request: &Message, theirs: &Sdp, passed: &Sdp) {
        let Ok(Some(answer)) = body_of(request) else {
            return self.finish(ctx, Refusal::of(Cause::Incompatible), Party::System);
        };
        self.agree(ctx, leg, passed, &answer);
        let Some(other) = self.other(leg) else { return };
        let Some(body) = self.media_of(other).map(|media| media.pass_answer(&answer, theirs)) else { return };
        self.agree(ctx, other, &body, theirs);
        self.acknowledge(ctx, other, Some(body.to_bytes().into()));
    }

    /// Whether this server transaction is the 2xx that a leg's ACK is awaited for.
    pub(crate) fn awaits_ack(&self, server: ServerId) -> Option<LegId> {
        let waits = |leg: &&Leg| leg.talking().is_some_and(|talking| talking.unacked == Some(server));
        self.legs.iter().find(waits).map(|leg| leg.id)
    }
}

impl Leg {
    /// Requests inside the dialog go where its first hop says when that is an address of a carrier; to a phone
    /// they go back along the path its messages come by, whatever its Contact claims (NAT).
    fn retarget(&mut self, dialog: &Dialog, flow: Flow) {
        self.target = Target::Flow(flow);
        self.aim_at(dialog.next_hop());
    }

    /// The far end's Contact has changed with a re-INVITE or its 2xx (RFC 3261 §12.2).
    pub(super) fn refresh_target(&mut self, message: &Message) {
        let Some(talking) = self.talking_mut() else { return };
        talking.dialog.refresh_target(message);
        let hop = talking.dialog.next_hop().clone();
        self.aim_at(&hop);
    }

    /// A stream to the same machine is used on while it lasts, whatever port is named.
    fn aim_at(&mut self, hop: &Uri) {
        let (Endpoint::Trunk(_), Some(hop)) = (&self.endpoint, target_of(hop)) else { return };
        let (transport, remote) = (self.target.transport(), hop.remote());
        self.target = match self.target {
            Target::Flow(flow) if transport.is_connected() && flow.remote.ip() == remote.ip() => {
                Target::Flow(Flow { remote, ..flow })
            }
            Target::Flow(_) | Target::Addr { .. } => Target::Addr { transport, remote },
        };
    }
}
