//! Hold by the switch: the others wait with music while one is away, whatever his phone can do (CROCO-27, BP-29).

use base::LegId;

use super::super::meeting::MAIN;
use super::super::{Call, Ctx};

/// The side of those who wait.
pub(in crate::call) const WAITING: u8 = 1;

/// Somebody keeps others waiting.
#[derive(Debug)]
pub(in crate::call) struct Holding {
    pub(super) by: LegId,
    pub(super) held: Vec<LegId>,
}

impl Call {
    /// Lets those who talk with this one wait; `false` while that cannot be.
    pub(in crate::call) fn hold(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        if self.holding.is_some() || !self.meet(ctx) {
            return false;
        }
        let held = self.company(by);
        if held.is_empty() {
            return false;
        }
        for leg in &held {
            self.move_to_side(*leg, WAITING);
            self.note_held(ctx, *leg, true);
        }
        self.holding = Some(Box::new(Holding { by, held }));
        true
    }

    /// Those who wait for this one talk with it again.
    pub(in crate::call) fn retrieve(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        let Some(holding) = self.holding.take_if(|holding| holding.by == by) else { return false };
        let side = self.side_of(by).unwrap_or(MAIN);
        for leg in holding.held {
            self.move_to_side(leg, side);
            self.note_held(ctx, leg, false);
        }
        true
    }

    /// One who had others wait, or who waited, is gone.
    pub(in crate::call) fn forget_hold_of(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(holding) = &mut self.holding else { return };
        holding.held.retain(|held| *held != leg);
        if holding.by != leg && !holding.held.is_empty() {
            return;
        }
        let held = self.holding.take().map(|holding| holding.held).unwrap_or_default();
        for leg in held {
            self.move_to_side(leg, MAIN);
            self.note_held(ctx, leg, false);
        }
    }
}
