//! What the caller is told before the answer, one reliable response at a time (RFC 3262 §3).

use std::time::Duration;

use base::LegId;
use sdp::Sdp;
use sip::message::{Header, Message};
use sip::reliable::{Manner, OPTION};

use super::{Call, CallTimer, Ctx};
use crate::act::Act;
use crate::headers;
use crate::leg::Leg;
use crate::reply::{self, Agent, introduce, reply};
use crate::ringing::{Incoming, Owed, Provisional, Reliability, Session, Told};

/// A caller that waits hears something at least this often (RFC 3261 §13.3.1.1).
const STILL_RINGS: Duration = Duration::from_secs(60);

/// A provisional response for the caller.
#[derive(Debug)]
pub(super) struct Telling {
    /// Our tag: the early dialog.
    pub(super) near: String,
    pub(super) status: u16,
    pub(super) body: Option<Sdp>,
    pub(super) owed: Option<Owed>,
    /// The callee's own response is reliable.
    pub(super) wants_prack: bool,
}

impl Call {
    /// Whether the caller takes reliable provisional responses.
    pub(super) fn takes_reliable(&self) -> bool {
        let incoming = self.legs.first().and_then(Leg::incoming);
        incoming.is_some_and(|incoming| incoming.reliability != Reliability::Never)
    }

    /// Tells the caller; `true` when its PRACK will bring what is owed.
    pub(super) fn tell_provisional(
        &mut self,
        ctx: &mut Ctx<'_>,
        telling: Telling,
        response: Option<(LegId, &Message)>,
    ) -> bool {
        let border = response.map(|(leg, _)| self.border(leg, self.caller()));
        let callee = response.and_then(|(leg, _)| self.callee_shown(ctx, leg));
        let Telling { near, status, body, owed, wants_prack } = telling;
        let offer = self.offer.clone().filter(|_| body.is_some());
        let agent = ctx.config.user_agent.clone();
        let Some(caller) = self.legs.first_mut() else { return false };
        let (contact, call_id, leg) = (caller.contact.clone(), caller.call_id.clone(), caller.id);
        let is_own = near == caller.local_tag;
        let Some(incoming) = caller.incoming_mut() else { return false };
        let status = if status == 183 && body.is_none() { 180 } else { status };
        let mut draft = reply(&incoming.request, status, Some(&near), &agent);
        introduce(&mut draft, &contact, Agent::Server(&agent));
        if let (Some((_, response)), Some(border)) = (response, border) {
            headers::pass(response, &mut draft, border);
        }
        if let Some(callee) = callee {
            draft.set(Header::PAssertedIdentity, &callee);
        }
        if let Some(body) = &body {
            draft.body(reply::ACCEPT, body.to_bytes().into());
        }
        if let (Some((_, response)), Some(border)) = (response, border) {
            headers::carry(response, &mut draft, border, ctx.entropy);
        }
        ctx.out.push(Act::Enlist { call_id, local_tag: near.clone(), leg });
        let manner = incoming.manner(body.is_some(), wants_prack);
        let tag = (!is_own).then(|| near.clone());
        if incoming.told.as_ref().and_then(|told| told.tag.as_ref()) != tag.as_ref() {
            ctx.out.push(Act::AnswerAs { server: incoming.invite, tag: near.clone() });
        }
        incoming.told = Some(Told { status, reliable: manner != Manner::Plain, tag });
        self.timers.set(CallTimer::StillRings, ctx.now.mono + STILL_RINGS);
        if manner == Manner::Plain && incoming.said.is_idle() {
            ctx.out.push(Act::Respond { server: incoming.invite, draft });
            return false;
        }
        let end_to_end = manner != Manner::Plain && owed.is_some();
        let owed = owed.filter(|_| end_to_end);
        if incoming.said.say(manner, &near, Provisional { draft, owed }).is_err() {
            return false;
        }
        if manner != Manner::Plain
            && let (Some(body), Some(offer)) = (body, offer)
            && let Some(known) = incoming.near(&near)
        {
            known.session = Session::Settled(body, offer);
        }
        self.say_next(ctx);
        end_to_end
    }

    /// The caller's minute is over: what it was told last comes again, a reliable response as a fresh one.
    pub(super) fn still_rings(&mut self, ctx: &mut Ctx<'_>) {
        let agent = &ctx.config.user_agent;
        let Some(caller) = self.legs.first_mut() else { return };
        let (contact, own_tag) = (caller.contact.clone(), caller.local_tag.clone());
        let Some(incoming) = caller.incoming_mut() else { return };
        let manner = incoming.manner(false, false);
        let Some(told) = &mut incoming.told else { return };
        self.timers.set(CallTimer::StillRings, ctx.now.mono + STILL_RINGS);
        if !told.reliable {
            return ctx.out.push(Act::RespondAgain { server: incoming.invite });
        }
        if !incoming.said.is_idle() {
            return;
        }
        let tag = told.tag.as_deref().unwrap_or(&own_tag);
        let mut draft = reply(&incoming.request, told.status, Some(tag), agent);
        introduce(&mut draft, &contact, Agent::Server(agent));
        told.reliable = manner != Manner::Plain;
        if incoming.said.say(manner, tag, Provisional { draft, owed: None }).is_ok() {
            self.say_next(ctx);
        }
    }

    /// Sends what may go out now.
    pub(super) fn say_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(incoming) = self.legs.first_mut().and_then(Leg::incoming_mut) else { return };
        while let Some((rseq, Provisional { mut draft, owed })) = incoming.said.next(ctx.entropy) {
            let server = incoming.invite;
            let Some(rseq) = rseq else {
                ctx.out.push(Act::Respond { server, draft });
                continue;
            };
            draft.push(Header::Require, OPTION);
            draft.push(Header::RSeq, &rseq.to_string());
            incoming.owed = owed;
            ctx.out.push(Act::RespondReliably { server, draft });
        }
    }
}

impl Incoming {
    /// Reliable where the caller wants nothing else, and where it takes them and the response matters.
    fn manner(&self, session: bool, matters: bool) -> Manner {
        match self.reliability {
            Reliability::Never => Manner::Plain,
            Reliability::Able if !session && !matters => Manner::Plain,
            Reliability::Able | Reliability::Always => Manner::Reliable { session },
        }
    }
}
