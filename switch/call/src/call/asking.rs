//! Whoever has picked up hears what call it is (BP-17, E51), or is asked whether to take the call, while the others ring on: so no mailbox of a mobile can
//! take it, and nobody has to talk to a caller who says no number.

use std::time::Duration;

use base::fact::Endpoint;
use base::media::{Collect, CollectId, DigitSet, MediaCommand, Over, PlayId, Sound};
use base::wire::Flow;
use base::{Cause, LegId, Party};
use sdp::Sdp;
use sip::message::Message;

use super::answer::Answered;
use super::{Call, Ctx, Refusal};
use crate::act::Act;
use crate::leg::Leg;
use crate::ringing::Session;

/// How long somebody may think, from the end of the question.
const THINKS: Duration = Duration::from_secs(8);
/// Before the question: phones need a moment.
const MOMENT_MS: u32 = 500;
/// The keys.
const ACCEPT: &str = "1";
const DECLINE: &str = "2";

/// One who has picked up and has not said yet whether to take the call.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) leg: LegId,
    until: Until,
    /// Our tag towards the caller for the fork that answered.
    near: String,
    /// What it has agreed to.
    theirs: Sdp,
    response: Message,
    /// It has said yes, and waits for the caller's PRACK.
    accepted: bool,
}

/// What one who has picked up has to do for the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// Press a key.
    Key(CollectId),
    /// Hear this to its end.
    Heard(PlayId),
}

impl Call {
    /// Whether whoever picks up there is asked first.
    pub(super) fn asks_at(&self, leg: LegId) -> bool {
        self.leg(leg).and_then(Leg::calling).is_some_and(|calling| calling.asks)
    }

    /// Whether a leg out rings, or somebody thinks about taking the call.
    pub(super) fn somebody_may_take_it(&self) -> bool {
        let asked = self.hunt.as_ref().is_some_and(|hunt| !hunt.asked.is_empty());
        asked || self.legs.iter().any(|leg| leg.calling().is_some())
    }

    /// Those who are asked now.
    pub(super) fn asked_legs(&self) -> Vec<LegId> {
        let asked = self.hunt.iter().flat_map(|hunt| &hunt.asked);
        asked.map(|asked| asked.leg).collect()
    }

    /// Somebody has picked up: the question is put.
    pub(super) fn ask(&mut self, ctx: &mut Ctx<'_>, leg: LegId, response: &Message, flow: Flow) {
        self.judge_peer(ctx, leg, Refusal::of(Cause::Normal));
        let Some(Answered { near, session, sent }) =
            self.leg_mut(leg).and_then(|at| at.pick_up(ctx, response, flow))
        else {
            self.leg_refused(ctx, leg, Refusal::of(Cause::ProtocolError));
            return self.end_stray(ctx, leg, response);
        };
        self.acknowledge(ctx, leg, None);
        let body = self.said_by(leg, response).ok().flatten();
        let (ours, theirs) = match (session, sent, body) {
            (Session::Settled(ours, theirs) | Session::Preview(ours, theirs), _, _) => (ours, theirs),
            (Session::Open, Some(sent), Some(body)) => (sent, body),
            (Session::Open, _, _) => return self.not_taken(ctx, leg, Refusal::of(Cause::Incompatible)),
        };
        self.agree(ctx, leg, &ours, &theirs);
        let until = match self.leg(leg).map(|at| at.dialled.as_str()) {
            Some(extension) if self.is_only_told(leg, extension) => self.whisper(ctx, leg),
            Some(_) | None => self.put_question(ctx, leg),
        };
        match until {
            Some(until) => {
                let asked = Asked { leg, until, near, theirs, response: response.clone(), accepted: false };
                if let Some(hunt) = &mut self.hunt {
                    hunt.asked.push(asked);
                }
            }
            None => self.not_taken(ctx, leg, Refusal::of(Cause::Internal)),
        }
    }

    /// Whether whoever picks up there hears what call it is, and needs no key.
    fn is_only_told(&self, leg: LegId, extension: &str) -> bool {
        let is_ours = self.leg(leg).is_some_and(|at| matches!(at.endpoint, Endpoint::Station(_)));
        let walk = self.hunt.as_ref().and_then(|hunt| hunt.walk.as_ref());
        is_ours && walk.is_some_and(|walk| walk.whispers() && !walk.asks_at(extension))
    }

    /// Says to whoever has picked up what call it is.
    fn whisper(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> Option<Until> {
        let words = self.manner()?.whisper.clone();
        let said = vec![Sound::Silence(MOMENT_MS), self.speaker(ctx, leg, "").prompt(&words)];
        self.play(ctx, leg, said, 1, Over::Alone).map(Until::Heard)
    }

    /// What was said to one who has picked up is over; `false` when nobody was told anything there.
    pub(super) fn whispered(&mut self, ctx: &mut Ctx<'_>, play: PlayId) -> bool {
        let Some(hunt) = &mut self.hunt else { return false };
        let Some(at) = hunt.asked.iter_mut().find(|asked| asked.until == Until::Heard(play)) else {
            return false;
        };
        at.accepted = true;
        self.take_accepted(ctx);
        true
    }

    fn put_question(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> Option<Until> {
        let speaker = self.speaker(ctx, leg, "");
        let mut said = vec![Sound::Silence(MOMENT_MS), speaker.prompt("screen/call-from")];
        let is_number = |number: &str| number.chars().any(|c| c.is_ascii_digit());
        if self.facts.withheld || !is_number(&self.facts.caller) {
            said.push(speaker.prompt("screen/unknown-caller"));
        } else {
            said.extend(speaker.spell(&self.facts.caller));
        }
        said.extend([Sound::Silence(MOMENT_MS / 2), speaker.prompt("screen/accept")]);
        self.play(ctx, leg, said, 2, Over::Alone)?;
        let port = self.port_of(leg)?;
        self.plays += 1;
        let id = CollectId(self.plays);
        let collect = Box::new(Collect {
            id,
            most: 1,
            first: THINKS,
            between: THINKS,
            terminators: DigitSet::of(""),
            barges_in: true,
            type_ahead: true,
        });
        ctx.out.push(Act::Media(MediaCommand::Collect { port, collect }));
        Some(Until::Key(id))
    }

    /// Keys were pressed, or none in time; `false` when nobody was asked.
    pub(super) fn asked_says(&mut self, ctx: &mut Ctx<'_>, collect: CollectId, digits: &str) -> bool {
        let Some(hunt) = &mut self.hunt else { return false };
        let Some(at) = hunt.asked.iter_mut().find(|asked| asked.until == Until::Key(collect)) else {
            return false;
        };
        let leg = at.leg;
        match digits {
            ACCEPT => {
                at.accepted = true;
                self.take_accepted(ctx);
            }
            DECLINE => self.not_taken(ctx, leg, Refusal::of(Cause::Declined)),
            _ => self.not_taken(ctx, leg, Refusal::of(Cause::NoAnswer)),
        }
        true
    }

    /// The first who has said yes gets the call, once the caller may be answered.
    pub(super) fn take_accepted(&mut self, ctx: &mut Ctx<'_>) {
        if self.answer_must_wait() {
            return;
        }
        let Some(hunt) = &mut self.hunt else { return };
        let Some(at) = hunt.asked.iter().position(|asked| asked.accepted) else { return };
        let Asked { leg, near, theirs, response, .. } = hunt.asked.swap_remove(at);
        self.stop_play(ctx, leg, None);
        self.parting = None;
        if self.meeting.is_some() {
            return self.seat_answered(ctx, leg);
        }
        match self.for_the_caller(ctx, leg, &near, &theirs) {
            Ok(body) => self.connect(ctx, leg, &near, &response, body.as_ref()),
            Err(()) => self.finish(ctx, Refusal::of(Cause::Incompatible), Party::System),
        }
    }

    /// What the caller is answered, or offered where it has made no offer.
    fn for_the_caller(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        near: &str,
        theirs: &Sdp,
    ) -> Result<Option<Sdp>, ()> {
        let caller = self.caller();
        let Some(offer) = self.offer.clone() else {
            let offer = self.offer_to(caller, theirs).map_err(|_none_left| ())?;
            self.facts.codec = sdp::first_codec_name(theirs).unwrap_or_default();
            self.late = Some((theirs.clone(), offer.clone()));
            return Ok(Some(offer));
        };
        let answer = self.answer_to(caller, &offer, leg, theirs).map_err(|_nothing_common| ())?;
        self.facts.codec = sdp::first_codec_name(&answer).unwrap_or_default();
        if self.agree_as_settled(ctx, near) {
            return Ok(None);
        }
        self.agree(ctx, caller, &answer, &offer);
        Ok(Some(answer))
    }

    /// One who was asked hangs up; `false` when nobody was asked there.
    pub(super) fn asked_hangs_up(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        if !self.asked_legs().contains(&leg) {
            return false;
        }
        let refusal = Refusal::of(Cause::NoAnswer);
        self.drop_leg(ctx, leg, refusal);
        self.not_taken(ctx, leg, refusal);
        true
    }

    /// One who has picked up does not get the call; the others ring on.
    fn not_taken(&mut self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal) {
        if let Some(hunt) = &mut self.hunt {
            hunt.asked.retain(|asked| asked.leg != leg);
        }
        self.end_leg(ctx, leg, refusal);
        self.one_less(ctx, leg, refusal, false);
    }
}
