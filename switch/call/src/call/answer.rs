//! A leg out answers: the others are told so, and the two talk.

use base::dns::Server;
use base::fact::{Endpoint, What};
use base::wire::{Flow, Target};
use base::{Cause, LegId, Party};
use sdp::Sdp;
use sip::message::{Header, Message, Uri};
use sip::{Dialog, ServerId, target_of};

use super::meeting::{MAIN, Role};
use super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::headers;
use crate::leg::{Leg, LegState, Talking, server_by_name, towards};
use crate::reply::{self, Agent, introduce, reply};
use crate::ringing::{Held, Session};

impl Call {
    /// The first 2xx of a leg out while the caller waits.
    pub(super) fn answered(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message, flow: Flow) {
        if self.asks_at(leg) {
            return self.ask(ctx, leg, response, flow);
        }
        if self.meeting.is_some() {
            return self.member_answers(ctx, leg, response, flow);
        }
        if self.answer_must_wait() {
            let held = || Box::new(Held { leg, response: response.clone(), flow });
            self.held.get_or_insert_with(held);
            return;
        }
        self.judge_peer(ctx, leg, Refusal::of(Cause::Normal));
        self.parting = None;
        let Some(answered) = self.leg_mut(leg).and_then(|at| at.pick_up(ctx, response, flow)) else {
            self.leg_refused(ctx, leg, Refusal::of(Cause::ProtocolError));
            return self.end_stray(ctx, leg, response);
        };
        let Answered { near, session, sent } = answered;
        let body = self.said_by(leg, response).ok().flatten();
        let to_caller = match (self.offer.clone(), sent) {
            (Some(offer), Some(sent)) => {
                self.answer_for_caller(ctx, leg, &near, (session, sent), body, &offer)
            }
            (Some(_) | None, None) | (None, Some(_)) => self.offer_for_caller(ctx, leg, &near, session, body),
        };
        match to_caller {
            Ok(body) => self.connect(ctx, leg, &near, response, body.as_ref()),
            Err(NoSession) => {
                self.acknowledge(ctx, leg, None);
                self.finish(ctx, Refusal::of(Cause::Incompatible), Party::System);
            }
        }
    }

    /// Whoever is rung for a meeting answers.
    fn member_answers(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message, flow: Flow) {
        self.judge_peer(ctx, leg, Refusal::of(Cause::Normal));
        let Some(answered) = self.leg_mut(leg).and_then(|at| at.pick_up(ctx, response, flow)) else {
            self.leg_refused(ctx, leg, Refusal::of(Cause::ProtocolError));
            return self.end_stray(ctx, leg, response);
        };
        self.acknowledge(ctx, leg, None);
        let body = self.said_by(leg, response).ok().flatten();
        let agreed = match (answered.session, answered.sent, body) {
            (Session::Settled(ours, theirs), _, _) | (Session::Preview(ours, theirs), _, None) => {
                Some((ours, theirs))
            }
            (Session::Open | Session::Preview(..), Some(ours), Some(theirs)) => Some((ours, theirs)),
            (Session::Open | Session::Preview(..), _, _) => None,
        };
        let Some((ours, theirs)) = agreed else {
            return self.leg_refused(ctx, leg, Refusal::of(Cause::Incompatible));
        };
        self.agree(ctx, leg, &ours, &theirs);
        self.seat_answered(ctx, leg);
    }

    /// Whoever was rung for a meeting takes part in it; the others are not rung any more.
    pub(super) fn seat_answered(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        if self.page_answered(ctx, leg) {
            return;
        }
        let calling = self.legs.iter().filter(|other| other.calling().is_some()).map(|other| other.id);
        let losers: Vec<LegId> = calling.chain(self.asked_legs()).filter(|loser| *loser != leg).collect();
        self.free_all_but(ctx, Some(leg));
        let side = self.hunt.take().map_or(MAIN, |hunt| hunt.side);
        self.stop_ringing();
        let codec = self.media_of(leg).map(|media| media.codec().to_owned()).unwrap_or_default();
        ctx.out.push(Act::Fact(What::Answered { leg, codec }));
        for loser in losers {
            self.end_leg(ctx, loser, Refusal::of(Cause::AnsweredElsewhere));
        }
        if !self.seat(leg, side, Role::Talks) {
            return self.leg_gone(ctx, leg, Refusal::of(Cause::LimitReached), Party::System);
        }
        self.errand_answered(ctx, leg);
    }

    /// The caller made the offer: the callee's answer, unless the caller has it already (RFC 6337 patterns 1 and 3).
    fn answer_for_caller(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        near: &str,
        (session, sent): (Session, Sdp),
        body: Option<Sdp>,
        offer: &Sdp,
    ) -> Result<Option<Sdp>, NoSession> {
        let (ours, theirs) = match (session, body) {
            (Session::Settled(ours, theirs), _) | (Session::Preview(ours, theirs), None) => (ours, theirs),
            (Session::Open | Session::Preview(..), Some(body)) => (sent, body),
            (Session::Open, None) => return Err(NoSession),
        };
        self.acknowledge(ctx, leg, None);
        let caller = self.caller();
        let answer = self.answer_to(caller, offer, leg, &theirs).map_err(|_nothing_common| NoSession)?;
        self.agree(ctx, leg, &ours, &theirs);
        self.facts.codec = sdp::first_codec_name(&answer).unwrap_or_default();
        if self.agree_as_settled(ctx, near) {
            return Ok(None);
        }
        self.agree(ctx, caller, &answer, offer);
        Ok(Some(answer))
    }

    /// The caller made no offer: the callee's, unless PRACK has settled it (RFC 6337 patterns 2 and 4).
    fn offer_for_caller(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        near: &str,
        session: Session,
        body: Option<Sdp>,
    ) -> Result<Option<Sdp>, NoSession> {
        let theirs = match (session, body) {
            (Session::Settled(ours, theirs), _) => {
                self.acknowledge(ctx, leg, None);
                self.agree(ctx, leg, &ours, &theirs);
                self.facts.codec = sdp::first_codec_name(&ours).unwrap_or_default();
                if self.agree_as_settled(ctx, near) {
                    return Ok(None);
                }
                only(theirs, &self.facts.codec)
            }
            (Session::Open | Session::Preview(..), Some(body)) => {
                if let Some(talking) = self.leg_mut(leg).and_then(Leg::talking_mut) {
                    talking.owes_ack = true;
                }
                self.facts.codec = sdp::first_codec_name(&body).unwrap_or_default();
                self.within_limits(leg, body).map_err(|_none_allowed| NoSession)?
            }
            (Session::Open | Session::Preview(..), None) => return Err(NoSession),
        };
        let caller = self.caller();
        let offer = self.offer_to(caller, &theirs).map_err(|_none_left| NoSession)?;
        self.late = Some((theirs, offer.clone()));
        Ok(Some(offer))
    }

    /// Takes up what the caller has agreed to in the early dialog of this tag; `false` when nothing.
    pub(super) fn agree_as_settled(&mut self, ctx: &mut Ctx<'_>, near: &str) -> bool {
        let Some(incoming) = self.legs.first_mut().and_then(Leg::incoming_mut) else { return false };
        let known = incoming.dialogs.iter_mut().find(|known| known.dialog.local_tag() == near);
        let Some(Session::Settled(ours, theirs)) = known.map(|known| std::mem::take(&mut known.session))
        else {
            return false;
        };
        let caller = self.caller();
        self.agree(ctx, caller, &ours, &theirs);
        true
    }

    /// Ends the other legs, answers the caller and joins the two.
    pub(super) fn connect(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        tag: &str,
        response: &Message,
        body: Option<&Sdp>,
    ) {
        self.stop_ringing();
        self.answered_at = Some(ctx.now.wall);
        ctx.out.push(Act::Fact(What::Answered { leg, codec: self.facts.codec.clone() }));
        let calling = self.legs.iter().filter(|other| other.calling().is_some()).map(|other| other.id);
        let losers: Vec<LegId> = calling.chain(self.asked_legs()).collect();
        self.free_all_but(ctx, Some(leg));
        let spoken_to = self.has_obeyed(leg) && self.manner().is_some_and(|manner| manner.intercom);
        self.hunt = None;
        self.phase = Phase::Talking { callee: leg };
        self.passage_lost(ctx, |passage| passage.near.as_deref() != Some(tag));
        for loser in losers {
            self.end_leg(ctx, loser, Refusal::of(Cause::AnsweredElsewhere));
        }
        let caller = self.caller();
        self.join(caller, leg);
        self.accept_caller(ctx, tag, Some((leg, response)), body);
        if spoken_to {
            self.spoken_to(ctx, leg);
        }
    }

    /// Sends our 2xx to the caller; without a body when a reliable response or its PRACK has settled the session.
    pub(super) fn accept_caller(
        &mut self,
        ctx: &mut Ctx<'_>,
        tag: &str,
        answer: Option<(LegId, &Message)>,
        body: Option<&Sdp>,
    ) {
        let agent = ctx.config.user_agent.clone();
        let border = answer.map(|(leg, _)| self.border(leg, self.caller()));
        let callee = answer.and_then(|(leg, _)| self.callee_shown(ctx, leg));
        let Some(at) = self.legs.first_mut() else { return };
        let Some(incoming) = at.incoming_mut() else { return };
        let (server, request) = (incoming.invite, incoming.request.clone());
        let unpracked = incoming.said.open();
        let known = incoming.dialogs.iter().position(|near| near.dialog.local_tag() == tag);
        let dialog = match known {
            Some(known) => Ok(incoming.dialogs.swap_remove(known).dialog),
            None => Dialog::uas(&request, tag),
        };
        let Ok(dialog) = dialog else {
            return self.finish(ctx, Refusal::of(Cause::ProtocolError), Party::System);
        };
        tag.clone_into(&mut at.local_tag);
        ctx.out.push(Act::Enlist { call_id: at.call_id.clone(), local_tag: tag.to_owned(), leg: at.id });
        if let Target::Flow(flow) = at.target {
            at.retarget(&dialog, flow);
        }
        at.state = LegState::Talking(Box::new(Talking { unpracked, ..Talking::asked(dialog, server) }));
        let mut draft = reply(&request, 200, Some(tag), &agent);
        introduce(&mut draft, &at.contact, Agent::Server(&agent));
        at.accept_timer(ctx.now.mono, &request, &mut draft);
        if let (Some((_, answer)), Some(border)) = (answer, border) {
            headers::pass(answer, &mut draft, border);
        }
        if let Some(callee) = callee {
            draft.set(Header::PAssertedIdentity, &callee);
        }
        if let Some(body) = body {
            draft.body(reply::ACCEPT, body.to_bytes().into());
        }
        if let (Some((_, answer)), Some(border)) = (answer, border) {
            headers::carry(answer, &mut draft, border, ctx.entropy);
        }
        self.timers.stop(CallTimer::Expires);
        self.timers.stop(CallTimer::StillRings);
        // What is offered from now on belongs to the dialog.
        self.offer = None;
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

    /// A 2xx to a re-INVITE of ours on a leg that has ended meanwhile: its ACK is owed all the same (RFC 3261 §13.2.2.4,
    /// RFC 5407 §3.2.1).
    pub(super) fn acknowledge_late(&self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message) {
        let Some(at) = self.leg(leg).filter(|leg| leg.is_over()) else { return };
        let Some(dialog) = Dialog::uac(response).ok().or_else(|| Dialog::salvage(response)) else { return };
        let draft = dialog.ack(dialog.local_cseq());
        ctx.out.push(Act::Ack { leg: at.id, target: at.target, draft });
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
        ctx.out.push(Act::Ack { leg, target, draft });
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
        let Ok(Some(answer)) = self.said_by(leg, request) else {
            return self.finish(ctx, Refusal::of(Cause::Incompatible), Party::System);
        };
        let other = self.other(leg);
        let owed =
            |other: &LegId| self.leg(*other).and_then(Leg::talking).is_some_and(|talking| talking.owes_ack);
        let Some(other) = other.filter(owed) else {
            self.agree(ctx, leg, passed, &answer);
            return self.service_heard(ctx);
        };
        let Ok(body) = self.answer_to(other, theirs, leg, &answer) else {
            return self.finish(ctx, Refusal::of(Cause::Incompatible), Party::System);
        };
        self.agree(ctx, leg, passed, &answer);
        self.agree(ctx, other, &body, theirs);
        self.acknowledge(ctx, other, Some(body.to_bytes().into()));
    }

    /// Whether this server transaction is the 2xx that a leg's ACK is awaited for.
    pub(crate) fn awaits_ack(&self, server: ServerId) -> Option<LegId> {
        let waits = |leg: &&Leg| leg.talking().is_some_and(|talking| talking.unacked == Some(server));
        self.legs.iter().find(waits).map(|leg| leg.id)
    }
}

/// An offer with the codec alone that its own side has agreed to already.
fn only(mut offer: Sdp, codec: &str) -> Sdp {
    // An offer without it is left as it is: the two have agreed by another name for it.
    let _as_it_is = sdp::restrict(&mut offer, &[codec]);
    offer
}

/// Nothing that the two could talk by.
struct NoSession;

/// What a leg out has agreed to when it answers.
pub(super) struct Answered {
    /// Our tag towards the caller for the fork that answered.
    pub(super) near: String,
    pub(super) session: Session,
    /// Our offer in the INVITE.
    pub(super) sent: Option<Sdp>,
}

impl Leg {
    /// Our INVITE is answered: the dialog is confirmed. `None`, and nothing has changed, when the answer makes none.
    pub(super) fn pick_up(&mut self, ctx: &mut Ctx<'_>, response: &Message, flow: Flow) -> Option<Answered> {
        self.learn(response);
        self.session.accepted(ctx.now.mono, response);
        let number = response.cseq().ok()?.number;
        let tag = response.to_tag().unwrap_or_default();
        let calling = self.calling_mut()?;
        let fork = calling.fork_at(tag).map(|index| calling.forks.swap_remove(index));
        let sent = calling.offer.take();
        let near = match &fork {
            Some(fork) => fork.near.clone(),
            None if calling.forks.is_empty() => calling.caller_tag.clone(),
            None => ctx.entropy.token(),
        };
        let (far, session) = fork.map_or((None, Session::Open), |fork| (fork.far, fork.session));
        let dialog = match far {
            Some((mut dialog, _)) if dialog.remote_tag() == tag => {
                dialog.confirm(response).ok()?;
                dialog
            }
            Some(_) | None => Dialog::uac(response).ok()?,
        };
        self.settle_on(flow);
        if [Header::Contact, Header::RecordRoute].iter().any(|way| response.header(*way).is_some()) {
            self.retarget(&dialog, flow);
        }
        self.challenges = 0;
        self.state = LegState::Talking(Box::new(Talking::asking(dialog, number)));
        Some(Answered { near, session, sent })
    }

    /// Requests inside the dialog go where its first hop says when that is an address of a carrier; to a phone
    /// they go back along the path its messages come by, whatever its Contact claims (NAT), and so they do through
    /// an edge proxy, at the port that it has put on record.
    fn retarget(&mut self, dialog: &Dialog, flow: Flow) {
        self.settle_on(flow);
        self.aim_at(dialog.next_hop());
    }

    /// The path by which the far end speaks is the path to it; one that must prove its name is still asked for it.
    fn settle_on(&mut self, flow: Flow) {
        match self.target {
            Target::Peer { .. } => {}
            Target::Flow(_) | Target::Addr { .. } => self.target = Target::Flow(flow),
        }
    }

    /// The far end's Contact has changed with a re-INVITE, an UPDATE or their 2xx (RFC 3261 §12.2).
    pub(super) fn refresh_target(&mut self, message: &Message) {
        let near = self.near_of(message);
        let Some((dialog, _)) = self.dialog(near.as_deref()) else { return };
        dialog.refresh_target(message);
        let hop = dialog.next_hop().clone();
        if self.talking().is_some() {
            self.aim_at(&hop);
        }
    }

    /// A name is left to the DNS; `shard/aim.rs` asks it.
    fn aim_at(&mut self, hop: &Uri) {
        self.aim = None;
        if matches!(self.endpoint, Endpoint::Trunk(_)) {
            match towards(self.target, hop) {
                Some(target) => self.target = target,
                None => self.aim = server_by_name(self.target, hop).map(Box::new),
            }
        } else if let (Target::Flow(flow), Some(to)) = (self.target, target_of(hop))
            && is_route(hop)
            && flow.remote.ip() == to.remote().ip()
        {
            self.target = Target::Flow(Flow { remote: to.remote(), ..flow });
        }
    }
}

/// Whether the first hop of a dialog is a proxy that has put itself on record, not the far end itself.
pub(super) fn is_route(hop: &Uri) -> bool {
    hop.param("lr").is_some()
}

impl Call {
    /// The server by name that requests of a leg go to.
    pub(crate) fn aim(&self, leg: LegId) -> Option<&Server> {
        self.leg(leg)?.aim.as_deref()
    }

    /// The phone at a leg's far end by its own name (RFC 5626), where it has said one.
    pub(crate) fn instance(&self, leg: LegId) -> Option<&str> {
        self.leg(leg)?.instance.as_deref()
    }
}
