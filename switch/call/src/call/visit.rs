//! A call that exists to bring its caller into another one: INVITE with Replaces, picking up, taking from a park slot.
//! Its caller is answered once the other call agrees, and goes there as soon as its ACK has come.

use std::time::Duration;

use base::{CallId, Cause, Party};

use super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::letter::{Addressee, Wish, Word};

/// How long another call may take to answer a letter.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Where a visit stands.
#[derive(Debug)]
pub(crate) enum Visit {
    /// The other call has been asked.
    Asking,
    /// It agrees: the caller is answered and goes there.
    Going,
}

impl Call {
    /// Asks another call to take the caller in.
    pub(super) fn ask_to_enter(&mut self, ctx: &mut Ctx<'_>, to: Addressee, wish: Wish) {
        self.phase = Phase::Visiting(Visit::Asking);
        ctx.out.push(Act::Write { to, word: Word::Ask(wish) });
        self.timers.set(CallTimer::Guest, ctx.now.mono + ANSWERS_WITHIN);
    }

    /// The other call agrees to a leg of ours.
    pub(super) fn may_come(&mut self, ctx: &mut Ctx<'_>, from: CallId, wish: Wish) {
        match self.phase {
            Phase::Visiting(Visit::Asking) => {
                self.timers.stop(CallTimer::Guest);
                if !self.pick_up(ctx) {
                    return self.write(ctx, from, Word::Never);
                }
                self.phase = Phase::Visiting(Visit::Going);
                let caller = self.caller();
                self.give(ctx, caller, from, wish);
            }
            Phase::Visiting(Visit::Going) => {}
            Phase::Hunting | Phase::Local(_) | Phase::Talking { .. } | Phase::Meeting | Phase::Over(_) => {
                if !self.errand_invited(ctx, from, &wish) {
                    self.write(ctx, from, Word::Never);
                }
            }
        }
    }

    /// The other call does not agree.
    pub(super) fn turned_down(&mut self, ctx: &mut Ctx<'_>, status: u16) {
        match self.phase {
            Phase::Visiting(_) => self.visit_over(ctx, status),
            Phase::Hunting | Phase::Local(_) | Phase::Talking { .. } | Phase::Meeting | Phase::Over(_) => {
                let cause = Cause::from_sip(status);
                self.errand_failed(ctx, Refusal { cause, status, q850: cause.q850() });
            }
        }
    }

    /// Nobody takes the caller in.
    pub(super) fn visit_over(&mut self, ctx: &mut Ctx<'_>, status: u16) {
        if self.supervision_goes_on(ctx) {
            return;
        }
        let cause = Cause::from_sip(status);
        self.finish(ctx, Refusal { cause, status, q850: cause.q850() }, Party::System);
    }
}
