//! Tandem itself as the far end: echo, and fixed behaviour for tests of peers and carriers.

use std::time::Duration;

use base::fact::What;
use base::{Cause, Party};
use provision::TestTarget;
use route::Local;
use sdp::Sdp;

use super::service::Service;
use super::telling::Telling;
use super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::ringing::{Owed, Reliability};

/// Codecs of what Tandem itself says, in its offers the first most wanted.
pub(super) const CODECS: &[&str] = &["PCMU", "PCMA", "G722", "opus"];
const ANSWER_LASTS: Duration = Duration::from_secs(60);
const RING_LASTS: Duration = Duration::from_secs(10);
const EARLY_LASTS: Duration = Duration::from_secs(2);
/// How long an answer that waits for the caller's PRACK waits before it looks again.
const PRACK_TAKES: Duration = Duration::from_millis(100);

/// Where a local far end stands.
#[derive(Debug)]
pub(super) enum LocalEnd {
    /// It rings, and will be busy.
    Ringing,
    /// It speaks before the answer; this is what it will answer with.
    Early(Box<Sdp>),
    /// It has answered.
    Up,
    /// It says or plays something.
    Serving(Box<Service>),
}

impl Call {
    pub(super) fn meet_locally(&mut self, ctx: &mut Ctx<'_>, local: Local) {
        match local {
            Local::Echo => {
                let caller = self.caller();
                self.echo(caller);
                self.pick_up(ctx);
            }
            local @ (Local::Reach(_)
            | Local::Milliwatt
            | Local::OwnNumber
            | Local::Conference { .. }
            | Local::Play { .. }
            | Local::Voicemail { .. }
            | Local::Mailbox { .. }) => self.serve(ctx, local),
            Local::Slot { lot, slot } => self.at_slot(ctx, &lot, slot),
            Local::Feature { feature, rest } => self.feature(ctx, feature, &rest),
            Local::Test(TestTarget::Answer) => {
                self.pick_up(ctx);
                self.timers.set(CallTimer::Script, ctx.now.mono + ANSWER_LASTS);
            }
            Local::Test(TestTarget::Busy) => self.finish(ctx, Refusal::of(Cause::Busy), Party::Callee),
            Local::Test(TestTarget::Ring) => {
                self.phase = Phase::Local(LocalEnd::Ringing);
                self.tell_local(ctx, 180, None);
                self.timers.set(CallTimer::Script, ctx.now.mono + RING_LASTS);
            }
            Local::Test(TestTarget::Early) => self.speak_early(ctx),
            Local::Test(TestTarget::Reliable) => {
                if self.agrees_on_reliability(ctx, Reliability::Always) {
                    self.speak_early(ctx);
                }
            }
        }
    }

    /// The next step of a local far end is due.
    pub(super) fn script(&mut self, ctx: &mut Ctx<'_>) {
        if self.mail_due(ctx) {
            return;
        }
        let Phase::Local(end) = std::mem::replace(&mut self.phase, Phase::Local(LocalEnd::Up)) else {
            return;
        };
        match end {
            LocalEnd::Ringing => self.finish(ctx, Refusal::of(Cause::Busy), Party::Callee),
            LocalEnd::Early(body) if self.answer_must_wait() => {
                self.phase = Phase::Local(LocalEnd::Early(body));
                self.timers.set(CallTimer::Script, ctx.now.mono + PRACK_TAKES);
            }
            LocalEnd::Early(body) => {
                self.answer_with(ctx, &body);
                self.timers.set(CallTimer::Script, ctx.now.mono + ANSWER_LASTS);
            }
            LocalEnd::Serving(service) => match *service {
                Service::Refusing { refusal, by, .. } => self.finish(ctx, refusal, by),
                Service::Inside => {
                    self.stand(Service::Inside);
                    self.room_due(ctx);
                }
                service @ (Service::Waiting(_)
                | Service::Saying(_)
                | Service::Mail(_)
                | Service::Sounding
                | Service::Pausing { .. }
                | Service::Asking { .. }
                | Service::Dialling(_)) => {
                    self.phase = Phase::Local(LocalEnd::Serving(Box::new(service)));
                }
            },
            LocalEnd::Up => self.finish(ctx, Refusal::of(Cause::Normal), Party::Callee),
        }
    }

    fn speak_early(&mut self, ctx: &mut Ctx<'_>) {
        let Some(body) = self.own_body(ctx) else { return };
        let early = (self.offer.is_some() || self.takes_reliable()).then_some(&body);
        self.tell_local(ctx, 183, early);
        self.phase = Phase::Local(LocalEnd::Early(Box::new(body)));
        self.timers.set(CallTimer::Script, ctx.now.mono + EARLY_LASTS);
    }

    /// Answers; `false` when nothing that the caller offers could be used, which has ended the call.
    pub(super) fn pick_up(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.legs.first().is_some_and(|caller| caller.talking().is_some()) {
            return true;
        }
        let body = self.own_body(ctx);
        if let Some(body) = &body {
            self.answer_with(ctx, body);
        }
        body.is_some()
    }

    fn answer_with(&mut self, ctx: &mut Ctx<'_>, body: &Sdp) {
        self.phase = Phase::Local(LocalEnd::Up);
        self.answered_at = Some(ctx.now.wall);
        self.facts.codec = sdp::first_codec_name(body).unwrap_or_default();
        let caller = self.caller();
        ctx.out.push(Act::Fact(What::Answered { leg: caller, codec: self.facts.codec.clone() }));
        let Some(tag) = self.legs.first().map(|leg| leg.local_tag.clone()) else { return };
        let settled = self.agree_as_settled(ctx, &tag);
        match self.offer.clone() {
            _ if settled => {}
            Some(offer) => self.agree(ctx, caller, body, &offer),
            None => self.late = Some((body.clone(), body.clone())),
        }
        self.accept_caller(ctx, &tag, None, Some(body).filter(|_| !settled));
    }

    /// Our answer, or our offer where the caller made none; ends the call where there is no common codec.
    fn own_body(&mut self, ctx: &mut Ctx<'_>) -> Option<Sdp> {
        let caller = self.caller();
        match self.own_words(caller, self.offer.as_ref()) {
            Ok(body) => Some(body),
            Err(bad) => {
                self.finish(ctx, bad.into(), Party::System);
                None
            }
        }
    }

    pub(super) fn tell_local(&mut self, ctx: &mut Ctx<'_>, status: u16, body: Option<&Sdp>) {
        let Some(caller) = self.legs.first() else { return };
        let (leg, near) = (caller.id, caller.local_tag.clone());
        ctx.out.push(Act::Fact(What::LegRinging { leg, early_media: body.is_some() }));
        let owed = body.filter(|_| self.offer.is_none()).map(|ours| Owed::Answer(ours.clone()));
        let telling = Telling { near, status, body: body.cloned(), owed, wants_prack: false };
        self.tell_provisional(ctx, telling, None);
    }
}
