//! What somebody has begun in a call and not ended: how it goes on when somebody answers, refuses, comes or goes.

use base::fact::{TransferKind, TransferResult, What, record_text};
use base::{CallId, Cause, LegId, Party};
use sip::usage::Referral;

use super::super::meeting::{MAIN, Role};
use super::super::{Call, Ctx, Refusal};
use super::conference::{Invited, Leaving};
use crate::act::Act;
use crate::letter::{Place, Wish};
use crate::view::DoingView;

/// What somebody has begun.
#[derive(Debug)]
pub(in crate::call) enum Errand {
    /// Those who wait are led on to somebody who is being rung, or asked for in another call.
    Transfer(Transfer),
    /// Somebody asks a third one while the others wait.
    Consult(Consult),
    /// Somebody is rung who talks with all once there.
    Invite(Invited),
    /// All go to another call, one after the other.
    Leaving(Leaving),
}

/// A transfer under way.
#[derive(Debug)]
pub(in crate::call) struct Transfer {
    pub(super) kind: TransferKind,
    /// Who leads the others on, while still here.
    pub(super) by: Option<LegId>,
    /// In whose place somebody of another call shall come, while that call is asked.
    pub(super) asked_for: Option<LegId>,
    /// The extension of who leads them on, where it would be rung again.
    pub(super) of: Option<String>,
    pub(super) to: String,
    /// Who is to be told how it goes.
    pub(super) report: Option<(LegId, Referral)>,
    pub(super) failing: Failing,
    /// Who led the others on stays and listens.
    pub(super) stays: bool,
    /// The one who led them on is rung, since it came to nothing for this reason.
    pub(super) recalls: Option<Cause>,
}

/// A consultation under way.
#[derive(Debug)]
pub(in crate::call) struct Consult {
    pub(super) by: LegId,
    pub(super) to: String,
    /// Who is asked, once there.
    pub(super) with: Option<LegId>,
}

/// What becomes of those who wait when a transfer comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::call) enum Failing {
    /// They hear so, and the call ends: it does not return to whoever led them on.
    Ends,
    /// Whoever led them on has them back.
    Returns,
    /// They are led on to there.
    GoesTo(String),
}

impl Failing {
    /// As provisioning says it.
    pub(in crate::call) fn of(text: &str) -> Self {
        match text {
            "" | "none" => Self::Ends,
            "agent" => Self::Returns,
            elsewhere => Self::GoesTo(elsewhere.to_owned()),
        }
    }
}

impl Call {
    pub(in crate::call) fn errand(&mut self) -> Option<&mut Errand> {
        self.meeting.as_mut()?.errand.as_deref_mut()
    }

    pub(in crate::call) fn take_errand(&mut self) -> Option<Errand> {
        self.meeting.as_mut()?.errand.take().map(|errand| *errand)
    }

    pub(super) fn set_errand(&mut self, errand: Errand) {
        if let Some(meeting) = &mut self.meeting {
            meeting.errand = Some(Box::new(errand));
        }
    }

    /// Those who wait have come in place of somebody who asked, while whom he asked still rings.
    pub(in crate::call) fn expect_answer(&mut self, to: String) {
        self.set_errand(Errand::Transfer(Transfer {
            kind: TransferKind::Attended,
            by: None,
            asked_for: None,
            of: None,
            to,
            report: None,
            failing: Failing::Ends,
            stays: false,
            recalls: None,
        }));
    }

    /// Whether the one who has led others on is rung, since nobody else takes them.
    pub(in crate::call) fn recalls(&self) -> bool {
        match self.meeting.as_ref().and_then(|meeting| meeting.errand.as_deref()) {
            Some(Errand::Transfer(transfer)) => transfer.recalls.is_some(),
            Some(Errand::Consult(_) | Errand::Invite(_) | Errand::Leaving(_)) | None => false,
        }
    }

    /// Whether somebody keeps others waiting on purpose.
    pub(in crate::call) fn is_holding(&self) -> bool {
        self.holding.is_some()
    }

    /// Whoever is rung for those who wait rings.
    pub(in crate::call) fn errand_rings(&mut self, ctx: &mut Ctx<'_>) {
        self.report(ctx, 180);
    }

    /// Whoever was rung for those who wait has answered, and has been seated with them.
    pub(in crate::call) fn errand_answered(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        match self.errand() {
            Some(Errand::Transfer(_)) => self.transferred(ctx, Some(leg)),
            Some(Errand::Consult(consult)) => consult.with = Some(leg),
            Some(Errand::Invite(_)) => self.invited_came(ctx, leg),
            Some(Errand::Leaving(_)) | None => {}
        }
    }

    /// A leg of another call has come in.
    pub(in crate::call) fn errand_joined(&mut self, ctx: &mut Ctx<'_>, _leg: LegId) {
        if let Some(Errand::Transfer(_)) = self.errand() {
            self.transferred(ctx, None);
        }
    }

    /// One who takes part is replaced; `true` when what is under way sees to it that he goes.
    pub(in crate::call) fn errand_replaces(
        &mut self,
        _ctx: &mut Ctx<'_>,
        replaced: LegId,
        by: LegId,
    ) -> bool {
        match self.errand() {
            Some(Errand::Transfer(transfer)) => transfer.by == Some(replaced),
            Some(Errand::Consult(consult)) => {
                if consult.by == replaced {
                    consult.by = by;
                }
                if consult.with == Some(replaced) {
                    consult.with = Some(by);
                }
                false
            }
            Some(Errand::Invite(_) | Errand::Leaving(_)) | None => false,
        }
    }

    /// Whether another call has been asked for somebody in the place of this one, or of anybody.
    pub(in crate::call) fn asks_for(&self, place: Option<LegId>) -> bool {
        let errand = self.meeting.as_ref().and_then(|meeting| meeting.errand.as_deref());
        let Some(Errand::Transfer(Transfer { asked_for: Some(asked), .. })) = errand else { return false };
        place.is_none_or(|place| place == *asked)
    }

    /// Another call wants our leg instead of giving its own.
    pub(in crate::call) fn errand_invited(&mut self, ctx: &mut Ctx<'_>, from: CallId, wish: &Wish) -> bool {
        let Some(Errand::Transfer(transfer)) = self.errand() else { return false };
        let Some(by) = transfer.asked_for else { return false };
        let others = self.all_but(by);
        let Some(waits) = others.first().copied().filter(|_| others.len() == 1) else { return false };
        self.give(ctx, waits, from, wish.clone());
        true
    }

    /// What was given to another call is there: whoever led it there has nothing left to do here.
    pub(in crate::call) fn errand_given(&mut self, ctx: &mut Ctx<'_>) {
        if self.next_leaves(ctx) {
            return;
        }
        if let Some(Errand::Transfer(_)) = self.errand() {
            self.transferred(ctx, None);
        }
        let left: Vec<LegId> =
            self.meeting.iter().flat_map(|it| &it.members).map(|member| member.leg).collect();
        if left.len() == 1 {
            left.into_iter().for_each(|leg| self.dismiss(ctx, leg, Cause::Transferred));
        }
    }

    /// Those who waited have whom they waited for.
    pub(super) fn transferred(&mut self, ctx: &mut Ctx<'_>, who: Option<LegId>) {
        self.report(ctx, 200);
        let Some(Errand::Transfer(transfer)) = self.take_errand() else { return };
        self.leave_slot(ctx, who);
        self.bring_together();
        let result = match transfer.recalls {
            Some(cause) => TransferResult::Recalled(cause),
            None => TransferResult::Completed,
        };
        let by = transfer.by;
        self.note_transfer(ctx, by, transfer.kind, &transfer.to, result);
        match by.filter(|by| self.leg(*by).is_some_and(|leg| !leg.is_over())) {
            Some(by) if transfer.stays => {
                self.seat(by, MAIN, Role::Listens);
                self.make_readable(ctx, by);
            }
            Some(by) => self.dismiss(ctx, by, Cause::Transferred),
            None => {}
        }
    }

    pub(in crate::call) fn note_transfer(
        &self,
        ctx: &mut Ctx<'_>,
        by: Option<LegId>,
        kind: TransferKind,
        to: &str,
        result: TransferResult,
    ) {
        ctx.out.push(Act::Fact(What::Transfer { by, kind, to: record_text(to), result }));
    }

    /// Whoever was rung or asked for does not come.
    pub(in crate::call) fn errand_failed(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal) {
        self.stop_seeking(ctx, Cause::AnsweredElsewhere);
        if self.parks_again(ctx) {
            return;
        }
        match self.errand() {
            Some(Errand::Transfer(_)) => self.transfer_failed(ctx, refusal),
            Some(Errand::Consult(_)) => self.consult_failed(ctx, refusal),
            Some(Errand::Invite(_)) => self.invited_refuses(ctx, refusal),
            Some(Errand::Leaving(_)) => self.leaving_failed(ctx, refusal),
            None => self.tidy(ctx, refusal, Party::Callee),
        }
    }

    /// One who took part is gone.
    pub(in crate::call) fn errand_lost(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        refusal: Refusal,
        by: Party,
    ) {
        match self.errand() {
            Some(Errand::Transfer(transfer)) => {
                if transfer.by == Some(leg) {
                    transfer.by = None;
                    transfer.report = None;
                }
                self.nobody_waits(ctx, refusal, by);
            }
            Some(Errand::Consult(_)) => self.consult_lost(ctx, leg),
            Some(Errand::Invite(_)) | None => self.nobody_waits(ctx, refusal, by),
            Some(Errand::Leaving(_)) => self.leaving_lost(ctx, leg),
        }
    }

    /// Nobody is rung for nobody.
    fn nobody_waits(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal, by: Party) {
        let leader = match self.errand() {
            Some(Errand::Transfer(transfer)) => transfer.by,
            Some(Errand::Consult(_) | Errand::Invite(_) | Errand::Leaving(_)) | None => None,
        };
        let waits = self.meeting.iter().flat_map(|it| &it.members).any(|member| Some(member.leg) != leader);
        if !waits {
            self.finish(ctx, refusal, by);
        }
    }
}

impl Call {
    /// What somebody has begun and not ended, for the call's view.
    pub(in crate::call) fn doing(&self) -> DoingView {
        let place = |leg: LegId| self.legs.iter().position(|it| it.id == leg);
        let holder = self.holding.as_ref().and_then(|holding| place(holding.by));
        let errand = self.meeting.as_ref().and_then(|meeting| meeting.errand.as_deref());
        match errand {
            Some(Errand::Transfer(transfer)) => {
                let by = transfer.by.and_then(place);
                DoingView { what: "transfer", by, to: transfer.to.clone(), answered: false, holder }
            }
            Some(Errand::Consult(consult)) => {
                let (by, answered) = (place(consult.by), consult.with.is_some());
                DoingView { what: "consultation", by, to: consult.to.clone(), answered, holder }
            }
            Some(Errand::Invite(_) | Errand::Leaving(_)) | None => {
                DoingView { holder, ..DoingView::default() }
            }
        }
    }
}

/// Whom a wish leads to, for the record.
pub(super) fn words(place: &Place) -> String {
    match place {
        Place::Leg(leg) => leg.to_string(),
        Place::Dialog(name) => name.call_id.clone(),
    }
}
