//! Provisional responses of the legs out: ringing, early media, forks (RFC 3960's gateway model, RFC 6228).
//!
//! The caller hears one early dialog at a time: the first that sends media, until it ends or another one answers.
//! Then the next that has sent any is told to the caller under a tag of its own.

use base::LegId;
use base::fact::What;
use base::limits::EARLY_DIALOGS;
use sdp::Sdp;
use sip::Dialog;
use sip::message::{Header, Message};
use sip::reliable::{Heard, Order, RAck, rseq_of};

use super::telling::Telling;
use super::{Call, Ctx};
use crate::act::Act;
use crate::leg::Leg;
use crate::ringing::{Fork, Owed, Session, Standing};

/// A fork of a leg out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ForkAt {
    pub(super) leg: LegId,
    pub(super) index: usize,
}

impl Call {
    /// 180, 183 and their kin: the caller hears the first leg that rings and the first that sends media.
    pub(super) fn provisional(&mut self, ctx: &mut Ctx<'_>, leg: LegId, status: u16, response: &Message) {
        let Some(at) = self.fork_of(ctx, leg, response) else { return };
        let Some(rack) = self.takes(at, response) else { return };
        if status == 199 {
            if let Some(rack) = rack {
                self.prack(ctx, at, &rack, None);
            }
            return self.fork_gone(ctx, at);
        }
        // What comes from one who is asked first is not for the caller: it may be a mailbox.
        let asks = self.asks_at(leg);
        let (status, body) = match status {
            183 if asks => (180, None),
            _ if asks => (status, None),
            _ => (status, self.early_body(at, response, rack.is_some())),
        };
        let Some(calling) = self.leg_mut(leg).and_then(Leg::calling_mut) else { return };
        let first = !calling.ringing;
        calling.ringing |= matches!(status, 180 | 183);
        if first && calling.ringing {
            ctx.out.push(Act::Fact(What::LegRinging { leg, early_media: body.is_some() }));
        }
        if self.meeting.is_some() {
            return self.errand_rings(ctx);
        }
        self.tell_of(ctx, at, status, response, body, rack);
    }

    /// Tells the caller what is news to it, and sees to it that a reliable response gets its PRACK.
    fn tell_of(
        &mut self,
        ctx: &mut Ctx<'_>,
        at: ForkAt,
        status: u16,
        response: &Message,
        body: Option<Sdp>,
        rack: Option<String>,
    ) {
        let near = self.fork(at).map(|fork| fork.near.clone()).unwrap_or_default();
        let late = self.offer.is_none();
        let settled = body.is_some() && self.has_settled(&near);
        let hearable = body.is_some() && (!late || self.takes_reliable());
        let is_news = self.is_news(&near, status);
        let Some(hunt) = &mut self.hunt else { return };
        if hearable && hunt.early.is_none() {
            hunt.early = Some((at.leg, near.clone()));
        }
        let hears = hunt.early.as_ref().is_some_and(|(_, heard)| *heard == near);
        let as_ringing = status == 180 || (status == 183 && hunt.early.is_none());
        let first_ring = as_ringing && !std::mem::replace(&mut hunt.rang, true);
        let tells = !settled && ((hears && hearable) || !hunt.rung || first_ring || is_news);
        hunt.rung |= matches!(status, 180 | 183);
        let (passed, offer) = match &body {
            Some(theirs) if hears && late => self.early_offer(theirs).unzip(),
            Some(_) if hears => (self.early_media(ctx, at), None),
            Some(_) | None => (None, None),
        };
        let wants_prack = rack.is_some();
        let owed = rack.clone().filter(|_| passed.is_some()).map(|rack| Owed::Callee {
            leg: at.leg,
            near: near.clone(),
            rack,
            offer,
        });
        let telling = Telling { near, status, body: passed, owed, wants_prack };
        let end_to_end = tells && self.tell_provisional(ctx, telling, Some((at.leg, response)));
        if let Some(rack) = rack.filter(|_| !end_to_end) {
            let theirs = body.filter(|_| late);
            let ours = theirs.and_then(|theirs| self.answer_early_offer(ctx, at, &theirs));
            self.prack(ctx, at, &rack, ours.as_ref());
        }
    }

    /// Whether the caller has its answer in the early dialog of this tag: it is told no other.
    fn has_settled(&self, near: &str) -> bool {
        let incoming = self.legs.first().and_then(Leg::incoming);
        let mut known = incoming.into_iter().flat_map(|incoming| &incoming.dialogs);
        known.any(|known| known.dialog.local_tag() == near && known.session.is_settled())
    }

    /// Whether the callee whose word the caller had last is now forwarded, queued or rings again after that. Mere
    /// ringing is no news to a caller that hears early media.
    fn is_news(&self, near: &str, status: u16) -> bool {
        let Some(caller) = self.legs.first() else { return false };
        let Some(told) = caller.incoming().and_then(|incoming| incoming.told.as_ref()) else { return false };
        let is_same = told.tag.as_ref().unwrap_or(&caller.local_tag) == near;
        let changes = told.status != status && (status, told.status) != (180, 183);
        is_same && changes && matches!(status, 180..=182)
    }

    /// A callee's offer as the caller gets it, and both forms for the answer to come.
    fn early_offer(&self, theirs: &Sdp) -> Option<(Sdp, (Sdp, Sdp))> {
        let passed = self.offer_to(self.caller(), theirs).ok()?;
        Some((passed.clone(), (theirs.clone(), passed)))
    }

    /// A callee offers what the caller cannot be asked before the answer: answered in its place, with one codec.
    fn answer_early_offer(&mut self, ctx: &mut Ctx<'_>, at: ForkAt, theirs: &Sdp) -> Option<Sdp> {
        let answer = self.own_words(at.leg, Some(theirs)).ok()?;
        self.agree(ctx, at.leg, &answer, theirs);
        self.fork_mut(at)?.session = Session::Settled(answer.clone(), theirs.clone());
        Some(answer)
    }

    /// The early dialog of a provisional response, made now if it is the first of its tag.
    fn fork_of(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message) -> Option<ForkAt> {
        let at = self.leg_mut(leg)?;
        at.learn(response);
        let (allows_update, base) = (at.allows_update, at.target);
        let is_trunk = matches!(at.endpoint, base::fact::Endpoint::Trunk(_));
        let calling = at.calling_mut()?;
        let tag = response.to_tag().unwrap_or_default();
        let index = match calling.fork_at(tag) {
            Some(index) => index,
            None if calling.forks.len() >= EARLY_DIALOGS => return None,
            None => {
                let near =
                    if calling.forks.is_empty() { calling.caller_tag.clone() } else { ctx.entropy.token() };
                calling.forks.reserve_exact(1);
                calling.forks.push(Fork {
                    tag: tag.to_owned(),
                    near,
                    far: None,
                    heard: Heard::default(),
                    session: Session::Open,
                    standing: Standing::Rings,
                });
                calling.forks.len() - 1
            }
        };
        let speaks = (allows_update || rseq_of(response).is_some()) && !tag.is_empty();
        let fork = calling.forks.get_mut(index)?;
        if fork.tag.is_empty() {
            tag.clone_into(&mut fork.tag);
        }
        if speaks && fork.far.is_none() {
            fork.far = Dialog::uac(response).ok().map(|dialog| {
                let says_where = [Header::Contact, Header::RecordRoute].iter().any(|way| response.has(*way));
                let hop = crate::leg::towards(base, dialog.next_hop()).filter(|_| is_trunk && says_where);
                (dialog, hop.unwrap_or(base))
            });
        }
        Some(ForkAt { leg, index })
    }

    /// Whether a response is to be used: `Some(None)` for a plain one, `Some` of the RAck value for a reliable one in
    /// its order, `None` for one that comes again or too early.
    fn takes(&mut self, at: ForkAt, response: &Message) -> Option<Option<String>> {
        let calling = self.leg_mut(at.leg)?.calling_mut()?;
        let rseq = rseq_of(response).filter(|_| calling.reliable);
        let Some(rseq) = rseq else { return Some(None) };
        let fork = calling.forks.get_mut(at.index)?;
        let cseq = response.cseq().ok()?;
        let rack = RAck { rseq, cseq: cseq.number, method: cseq.method };
        (fork.heard.take(rseq) == Order::Next).then(|| Some(rack.to_string()))
    }

    /// The session description that counts: the first of the fork. Where the caller made no offer it is one itself,
    /// and only a reliable response can make it (RFC 3262 §5).
    fn early_body(&mut self, at: ForkAt, response: &Message, reliable: bool) -> Option<Sdp> {
        let late = self.offer.is_none();
        let body = self.said_by(at.leg, response).ok().flatten().filter(|_| reliable || !late)?;
        let calling = self.leg_mut(at.leg)?.calling_mut()?;
        let sent = calling.offer.clone();
        let fork = calling.forks.get_mut(at.index)?;
        match (&fork.session, sent) {
            (Session::Open, None) => Some(body),
            (Session::Open, Some(sent)) => {
                fork.session = if reliable {
                    Session::Settled(sent, body.clone())
                } else {
                    Session::Preview(sent, body.clone())
                };
                Some(body)
            }
            (Session::Preview(..), Some(sent)) if reliable => {
                fork.session = Session::Settled(sent, body.clone());
                Some(body)
            }
            (Session::Preview(..) | Session::Settled(..), _) => None,
        }
    }

    /// Connects the caller to the early media of a fork; the answer for the caller comes back.
    fn early_media(&mut self, ctx: &mut Ctx<'_>, at: ForkAt) -> Option<Sdp> {
        let offer = self.offer.clone()?;
        let (sent, body) =
            self.fork(at)?.session.pair().map(|(ours, theirs)| (ours.clone(), theirs.clone()))?;
        let caller = self.caller();
        let answer = self.answer_to(caller, &offer, at.leg, &body).ok()?;
        self.agree(ctx, at.leg, &sent, &body);
        self.agree(ctx, caller, &answer, &offer);
        self.join(caller, at.leg);
        Some(answer)
    }

    /// A fork is over before it answered: the caller hears the next that has sent media.
    fn fork_gone(&mut self, ctx: &mut Ctx<'_>, at: ForkAt) {
        let Some(fork) = self.fork_mut(at) else { return };
        fork.standing = Standing::Gone;
        let near = fork.near.clone();
        if let Some(hunt) = &mut self.hunt
            && hunt.early.take_if(|(_, heard)| *heard == near).is_some()
        {
            self.next_early(ctx);
        }
    }

    /// A leg has ended before any answer.
    pub(super) fn early_lost(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        self.passage_lost(ctx, |passage| passage.to == leg || passage.from == leg);
        if let Some(hunt) = &mut self.hunt
            && hunt.early.take_if(|(heard, _)| *heard == leg).is_some()
        {
            self.next_early(ctx);
        }
    }

    fn next_early(&mut self, ctx: &mut Ctx<'_>) {
        if self.offer.is_none() {
            return;
        }
        let forks = self.legs.iter().flat_map(|leg| {
            let forks = leg.calling().map(|calling| calling.forks.as_slice()).unwrap_or_default();
            forks.iter().enumerate().map(|(index, fork)| (ForkAt { leg: leg.id, index }, fork))
        });
        let next = forks
            .filter(|(_, fork)| fork.standing == Standing::Rings && fork.session.pair().is_some())
            .map(|(at, fork)| (at, fork.near.clone()))
            .next();
        let (Some((at, near)), Some(hunt)) = (next, &mut self.hunt) else { return };
        hunt.early = Some((at.leg, near.clone()));
        let body = self.early_media(ctx, at);
        let telling = Telling { near, status: 183, body, owed: None, wants_prack: false };
        self.tell_provisional(ctx, telling, None);
    }

    pub(super) fn fork(&self, at: ForkAt) -> Option<&Fork> {
        self.leg(at.leg)?.calling()?.forks.get(at.index)
    }

    pub(super) fn fork_mut(&mut self, at: ForkAt) -> Option<&mut Fork> {
        self.leg_mut(at.leg)?.calling_mut()?.forks.get_mut(at.index)
    }

    /// The fork that the caller knows by this tag of ours.
    pub(super) fn fork_by(&self, near: &str) -> Option<ForkAt> {
        self.legs.iter().find_map(|leg| {
            let index = leg.calling()?.forks.iter().position(|fork| fork.near == near)?;
            Some(ForkAt { leg: leg.id, index })
        })
    }
}
