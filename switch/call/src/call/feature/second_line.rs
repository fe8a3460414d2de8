//! An in-call code that is dialled on a second line is done in the call of the first (E74).
//!
//! Not all of them: dialling puts the first call on hold, so what is about hold, and consultations, would mean
//! nothing. A dialled feature code comes first: `*60`, `*66` and `*69` are no messages there.

use std::time::Duration;

use base::{CallId, Cause, LegId, Party};
use phone::floor::Floor;
use phone::keys::InCall;

use super::super::visit::Visit;
use super::super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::letter::{Addressee, Word};

/// How long the other call may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// What a phone asks for in another call of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keyed {
    call: CallId,
    leg: LegId,
    code: InCall,
}

impl Keyed {
    /// What was dialled, as a code for the newest call that the extension has.
    pub(crate) fn on_second_line(floor: &Floor, extension: &str, dialled: &str) -> Option<Self> {
        let code = InCall::of(dialled).filter(is_for_held_calls)?;
        let at = floor.calls_of(extension).last()?;
        Some(Self { call: at.call, leg: at.spot.leg, code })
    }
}

fn is_for_held_calls(code: &InCall) -> bool {
    match code {
        InCall::Help
        | InCall::Record
        | InCall::PauseRecording
        | InCall::Signature
        | InCall::Message(_)
        | InCall::Enqueue(_)
        | InCall::Transfer(_) => true,
        InCall::Consult(_)
        | InCall::Merge
        | InCall::VoicemailDrop
        | InCall::Hold
        | InCall::ReleaseFarEnd
        | InCall::Return => false,
    }
}

impl Call {
    /// Asks the other call to do it.
    pub(in crate::call) fn ask_first_line(&mut self, ctx: &mut Ctx<'_>, keyed: Keyed) {
        let Keyed { call, leg, code } = keyed;
        self.phase = Phase::Visiting(Visit::Asking);
        ctx.out.push(Act::Write { to: Addressee::Call(call), word: Word::Key { leg, code } });
        self.timers.set(CallTimer::Guest, ctx.now.mono + ANSWERS_WITHIN);
    }

    /// The phone of this leg asks on another line.
    pub(in crate::call) fn keyed_elsewhere(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: CallId,
        leg: LegId,
        code: &InCall,
    ) {
        let done = self.takes_codes(leg) && self.in_call(ctx, leg, code);
        self.write(ctx, from, Word::Done(done));
    }

    /// The first line's call has done it, or will not.
    pub(in crate::call) fn first_line_says(&mut self, ctx: &mut Ctx<'_>, done: bool) {
        if !matches!(self.phase, Phase::Visiting(Visit::Asking)) {
            return;
        }
        self.timers.stop(CallTimer::Guest);
        if !done || self.offer.is_none() {
            return self.finish(ctx, Refusal::of(Cause::Rejected), Party::System);
        }
        if self.pick_up(ctx) {
            let said = vec![self.speaker(ctx, self.caller(), "").prompt("feature/done")];
            self.say(ctx, said, 1);
        }
    }
}
