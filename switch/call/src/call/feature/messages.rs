//! Prerecorded messages that a phone plays into its call: BP-36, CROCO-34.

use base::media::{Over, Sound};
use base::{Cause, LegId, Party};

use super::super::service::Service;
use super::super::{Call, Ctx, Joined, Refusal};

/// The message that is left on the far end's voicemail.
const DROPPED: char = '0';

impl Call {
    /// The far ends hear a message instead of the phone; the phone hears both.
    pub(super) fn play_message(&mut self, ctx: &mut Ctx<'_>, leg: LegId, number: char) -> bool {
        let far = self.other(leg).map_or_else(|| self.company(leg), |far| vec![far]);
        let mut played = None;
        for far in far {
            let said = self.message(ctx, far, number);
            if self.play(ctx, far, vec![said.clone()], 1, Over::Alone).is_some() {
                played = Some(said);
            }
        }
        let Some(said) = played else { return false };
        self.play(ctx, leg, vec![said], 1, Over::Mixed);
        true
    }

    /// The far end hears a message to its end, and the call is over then; the phone is free at once. Where several talk
    /// nobody could say whose voicemail it is.
    pub(super) fn drop_message(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        if matches!(self.joined, Joined::Room(_)) || self.is_busy_with_errand() || !self.meet(ctx) {
            return false;
        }
        let [far] = self.all_but(leg)[..] else { return false };
        let said = self.message(ctx, far, DROPPED);
        self.dismiss_all_but(ctx, far);
        if self.alone_with(ctx, far) {
            match self.play(ctx, far, vec![said], 1, Over::Alone) {
                Some(play) => self.stand(Service::Saying(play)),
                None => self.finish(ctx, Refusal::of(Cause::Internal), Party::System),
            }
        }
        true
    }

    fn message(&self, ctx: &Ctx<'_>, far: LegId, number: char) -> Sound {
        self.speaker(ctx, far, "").prompt(&format!("message/{number}"))
    }
}
