//! Asking a third one while the others wait, and what can come of it: they are brought together, changed about, led on or
//! taken back (BP-30, VOX-17; RFC 5359 §2.5).

use base::fact::{TransferKind, TransferResult};
use base::media::{Over, Sound};
use base::{Cause, ConsultAct, LegId};

use super::super::meeting::{MAIN, Role};
use super::super::{Call, Ctx, Refusal};
use super::errand::{Consult, Errand, Transfer};
use super::hold::WAITING;
use super::transfer::Way;

impl Call {
    /// Rings somebody whom this far end wants to ask; the others wait with music. An error is the status for whoever asked.
    pub(in crate::call) fn consult(&mut self, ctx: &mut Ctx<'_>, by: LegId, to: &str) -> Result<(), u16> {
        if self.seeks_help(ctx) {
            return Err(403);
        }
        if self.meeting.as_ref().is_some_and(|meeting| meeting.errand.is_some()) || self.hunt.is_some() {
            return Err(491);
        }
        if !self.meet(ctx) {
            return Err(491);
        }
        self.retrieve(ctx, by);
        let others = self.company(by);
        if others.is_empty() {
            return Err(481);
        }
        let way = self.way_to(ctx, by, to)?;
        if matches!(way, Way::Local(_)) {
            return Err(488);
        }
        for leg in others {
            self.move_to_side(leg, WAITING);
            self.note_held(ctx, leg, true);
        }
        self.set_errand(Errand::Consult(Consult { by, to: to.to_owned(), with: None }));
        self.seek(ctx, way, by, MAIN);
        Ok(())
    }

    /// The other one talks, and who talked waits.
    pub(in crate::call) fn alternate(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        let Some(Errand::Consult(consult)) = self.errand() else { return false };
        if consult.by != by || consult.with.is_none() {
            return false;
        }
        for leg in self.all_but(by) {
            let side = if self.side_of(leg) == Some(MAIN) { WAITING } else { MAIN };
            self.move_to_side(leg, side);
            self.note_held(ctx, leg, side == WAITING);
        }
        true
    }

    /// All talk with all: a conference within the call.
    pub(in crate::call) fn merge(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        match self.errand() {
            Some(Errand::Consult(consult)) if consult.by == by && consult.with.is_some() => {}
            Some(Errand::Consult(_) | Errand::Transfer(_) | Errand::Invite(_) | Errand::Leaving(_))
            | None => return false,
        }
        self.take_errand();
        for leg in self.all_but(by).into_iter().filter(|leg| self.side_of(*leg) == Some(WAITING)) {
            self.note_held(ctx, leg, false);
        }
        self.bring_together();
        true
    }

    /// Whoever is asked goes, and the others are back.
    pub(in crate::call) fn abandon(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        let asked = match self.errand() {
            Some(Errand::Consult(consult)) if consult.by == by => consult.with,
            Some(Errand::Consult(_) | Errand::Transfer(_) | Errand::Invite(_) | Errand::Leaving(_))
            | None => return false,
        };
        self.stop_seeking(ctx, Cause::Cancelled);
        if let Some(asked) = asked {
            self.dismiss(ctx, asked, Cause::Normal);
        }
        self.take_errand();
        self.all_are_back(ctx, by);
        true
    }

    /// Leads those who wait on to whoever is asked: at once, or as soon as he answers.
    pub(in crate::call) fn complete(&mut self, ctx: &mut Ctx<'_>, by: LegId, stays: bool) -> bool {
        let (to, with) = match self.errand() {
            Some(Errand::Consult(consult)) if consult.by == by => (consult.to.clone(), consult.with),
            Some(Errand::Consult(_) | Errand::Transfer(_) | Errand::Invite(_) | Errand::Leaving(_))
            | None => return false,
        };
        self.take_errand();
        if with.is_none() {
            self.lead_on_while_ringing(ctx, by, &to, stays);
            return true;
        }
        for leg in self.all_but(by).into_iter().filter(|leg| self.side_of(*leg) == Some(WAITING)) {
            self.note_held(ctx, leg, false);
        }
        self.bring_together();
        self.note_transfer(ctx, Some(by), TransferKind::Attended, &to, TransferResult::Completed);
        if stays {
            self.set_role(by, Role::Listens);
        } else if self.leg(by).is_some_and(|leg| !leg.is_over()) {
            self.dismiss(ctx, by, Cause::Transferred);
        } else {
            self.unseat(ctx, by);
        }
        true
    }

    /// Whoever is asked rings still: those who waited for the one who asked wait for him instead.
    fn lead_on_while_ringing(&mut self, ctx: &mut Ctx<'_>, by: LegId, to: &str, stays: bool) {
        let waits: Vec<LegId> = self.all_but(by);
        for leg in &waits {
            self.move_to_side(*leg, MAIN);
            self.note_held(ctx, *leg, false);
        }
        self.move_to_side(by, WAITING);
        let failing = self.failing_of(ctx, by);
        let of = self.extension_of(by);
        let kept = stays.then_some(by);
        let transfer = Transfer {
            kind: TransferKind::Attended,
            by: kept,
            asked_for: None,
            of,
            to: to.to_owned(),
            report: None,
            failing,
            stays,
            recalls: None,
        };
        self.note_transfer(ctx, Some(by), TransferKind::Attended, to, TransferResult::Begun);
        self.set_errand(Errand::Transfer(transfer));
        if !stays {
            if self.leg(by).is_some_and(|leg| !leg.is_over()) {
                self.dismiss(ctx, by, Cause::Transferred);
            } else {
                self.unseat(ctx, by);
            }
        }
    }

    /// Whoever was to be asked does not come: the others are back.
    pub(super) fn consult_failed(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal) {
        let Some(Errand::Consult(consult)) = self.take_errand() else { return };
        self.note_transfer(
            ctx,
            Some(consult.by),
            TransferKind::Attended,
            &consult.to,
            TransferResult::Failed(refusal.cause),
        );
        self.tell_failure(ctx, consult.by);
        self.all_are_back(ctx, consult.by);
    }

    /// Does something about whoever is asked.
    pub(in crate::call) fn consulted(&mut self, ctx: &mut Ctx<'_>, by: LegId, act: ConsultAct) -> bool {
        match act {
            ConsultAct::Complete { stays } => self.complete(ctx, by, stays),
            ConsultAct::Abandon => self.abandon(ctx, by),
            ConsultAct::Alternate => self.alternate(ctx, by),
            ConsultAct::Merge => self.confer(ctx, by),
        }
    }

    fn all_are_back(&mut self, ctx: &mut Ctx<'_>, by: LegId) {
        for leg in self.all_but(by).into_iter().filter(|leg| self.side_of(*leg) == Some(WAITING)) {
            self.note_held(ctx, leg, false);
        }
        self.bring_together();
    }

    /// One of those concerned is gone (E79, E80).
    pub(super) fn consult_lost(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(Errand::Consult(consult)) = self.errand() else { return };
        let (leader, with) = (consult.by, consult.with);
        if leg == leader {
            // Hanging up is how a phone without keys for it leads on.
            self.complete(ctx, leader, false);
        } else if Some(leg) == with {
            self.take_errand();
            self.all_are_back(ctx, leader);
        } else if self.all_but(leader).iter().all(|other| Some(*other) == with) {
            // The customer is gone: who asked hears so, and goes on with who is asked as a call of their own.
            self.take_errand();
            let gone = vec![Sound::Tone(sounds::tones::refused())];
            self.play(ctx, leader, gone, 1, Over::Mixed);
            self.bring_together();
        }
    }
}
