//! Why a call is refused, told in words before the refusal itself (early media; RFC 3960).

use std::time::Duration;

use base::fact::Endpoint;
use base::media::{Announcement, Over, Sound};
use base::{Cause, Party};
use sip::message::Header;
use sip::reliable::OPTION;

use super::local::LocalEnd;
use super::service::Service;
use super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::leg::Leg;

/// The refusal itself waits no longer than this.
pub(super) const SPEECH_LASTS: Duration = Duration::from_secs(6);

impl Call {
    /// Refuses the caller; one that is set up to hear why hears it first.
    pub(super) fn turn_away(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal, by: Party) {
        if self.say_why(ctx, refusal, by).is_none() {
            self.finish(ctx, refusal, by);
        }
    }

    fn say_why(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal, by: Party) -> Option<()> {
        let (announcement, prompt) = why(refusal.cause)?;
        let caller = self.caller();
        let is_set_up = match &self.leg(caller)?.endpoint {
            Endpoint::Station(extension) => ctx.routes.station(extension)?.spoken_refusals,
            Endpoint::Trunk(name) => ctx.routes.trunk(name)?.trunk().spoken_refusals,
            Endpoint::Local(_) | Endpoint::Stranger(_) => false,
        };
        if !is_set_up || !self.may_be_told() {
            return None;
        }
        if self.media_of(caller).is_none() && !self.open_port(ctx, caller, None) {
            return None;
        }
        let offer = self.offer.clone()?;
        if self.media_of(caller).is_none_or(|media| media.may_be_turned_on_another(&offer)) {
            return None;
        }
        let body = self.own_words(caller, Some(&offer)).ok()?;
        self.stop_ringing();
        self.tell_local(ctx, 183, Some(&body));
        self.agree(ctx, caller, &body, &offer);
        let tone = Sound::Tone(sounds::tones::special_information(announcement));
        let said = vec![tone, self.speaker(ctx, caller, "").prompt(prompt)];
        let play = self.play(ctx, caller, said, 1, Over::Alone)?;
        self.hunt = None;
        self.phase = Phase::Local(LocalEnd::Serving(Box::new(Service::Refusing { refusal, by, play })));
        self.timers.set(CallTimer::Script, ctx.now.mono + SPEECH_LASTS);
        Some(())
    }

    /// Whether the caller waits, has heard no far end yet, and takes early media as we send it.
    fn may_be_told(&self) -> bool {
        let Some(incoming) = self.legs.first().and_then(Leg::incoming) else { return false };
        let heard = self.hunt.as_ref().is_some_and(|hunt| hunt.early.is_some());
        let nobody_rings = self.legs.iter().all(|leg| leg.calling().is_none());
        let wants_reliable = incoming.request.lists(Header::Require, OPTION);
        self.offer.is_some() && !heard && nobody_rings && !wants_reliable && !self.is_emergency()
    }
}

/// The tone and the prompt for a cause; busy needs no words, and neither does what a person decided.
fn why(cause: Cause) -> Option<(Announcement, &'static str)> {
    let (announcement, prompt) = match cause {
        Cause::Unallocated | Cause::NoRoute | Cause::InvalidNumber => {
            (Announcement::VacantCode, "refuse/unknown-number")
        }
        Cause::Gone => (Announcement::Intercept, "refuse/cannot-complete"),
        Cause::Forbidden | Cause::Rejected => (Announcement::Intercept, "refuse/not-allowed"),
        Cause::AnonymousRefused => (Announcement::Intercept, "refuse/anonymous"),
        Cause::DoNotDisturb => (Announcement::General, "refuse/do-not-disturb"),
        Cause::NotRegistered => (Announcement::General, "refuse/not-registered"),
        Cause::LimitReached | Cause::Congestion => (Announcement::NoCircuit, "refuse/circuits-busy"),
        Cause::NetworkFailure | Cause::OutOfOrder | Cause::NoResponse | Cause::Timeout => {
            (Announcement::Reorder, "refuse/failed")
        }
        Cause::Normal
        | Cause::Cancelled
        | Cause::AnsweredElsewhere
        | Cause::Transferred
        | Cause::Busy
        | Cause::NoAnswer
        | Cause::Declined
        | Cause::Unavailable
        | Cause::Unwanted
        | Cause::Blocked
        | Cause::Draining
        | Cause::Incompatible
        | Cause::Unsupported
        | Cause::Loop
        | Cause::ProtocolError
        | Cause::MediaTimeout
        | Cause::SessionExpired
        | Cause::Operator
        | Cause::Interrupted
        | Cause::Internal
        | Cause::Other => return None,
    };
    Some((announcement, prompt))
}
