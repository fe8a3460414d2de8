//! Prerecorded messages that a phone plays into its call: BP-36, CROCO-34.

use base::fact::Endpoint;
use base::media::{Over, Sound};
use base::{Cause, LegId};

use super::super::local::LocalEnd;
use super::super::service::Service;
use super::super::{Call, Ctx, Joined, Phase, Refusal};

/// The message that is left on the far end's voicemail.
const DROPPED: char = '0';

impl Call {
    /// The far end hears a message instead of the phone; the phone hears both.
    pub(super) fn play_message(&mut self, ctx: &mut Ctx<'_>, leg: LegId, number: char) -> bool {
        let Some(far) = self.other(leg) else { return false };
        let said = self.message(ctx, far, number);
        if self.play(ctx, far, vec![said.clone()], 1, Over::Alone).is_none() {
            return false;
        }
        self.play(ctx, leg, vec![said], 1, Over::Mixed);
        true
    }

    /// The far end hears a message to its end, and the call is over then; the phone is free at once.
    pub(super) fn drop_message(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        let Some(far) = self.other(leg).filter(|_| !matches!(self.joined, Joined::Room(_))) else {
            return false;
        };
        let said = self.message(ctx, far, DROPPED);
        let Some(play) = self.play(ctx, far, vec![said], 1, Over::Alone) else { return false };
        self.joined = Joined::Nobody;
        self.end_leg(ctx, leg, Refusal::of(Cause::Normal));
        self.free_line(ctx, leg);
        self.phase = Phase::Local(LocalEnd::Serving(Box::new(Service::Saying(play))));
        true
    }

    fn message(&self, ctx: &Ctx<'_>, far: LegId, number: char) -> Sound {
        self.speaker(ctx, far, "").prompt(&format!("message/{number}"))
    }

    /// The station of a leg that is over may have another call.
    fn free_line(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(Endpoint::Station(extension)) = self.leg(leg).map(|leg| &leg.endpoint) else { return };
        if let Some(at) = self.occupied.iter().position(|occupied| occupied == extension) {
            ctx.lines.release(&self.occupied.swap_remove(at));
        }
    }
}
