//! Parking: a far end waits at a slot with music until somebody takes it back (RFC 5359 §2.15; ADR 0035).
//!
//! ```text
//!   Claims ── the keeper of the slots gives one ──▶ Waits ◀─┐ nobody answers
//!      └───── it has none: whoever parks has them back       └─ whoever parked is rung
//! ```

use std::time::Duration;

use base::fact::{TransferKind, TransferResult, What};
use base::limits::LEGS_PER_CALL;
use base::media::{Over, PlayId, Sound};
use base::{CallId, Cause, LegId, Party};
use provision::{Feature, ForwardTo};
use route::Local;
use sdp::Direction;
use sip::usage::Referral;

use super::super::visit::Visit;
use super::super::{Call, CallTimer, Ctx, Phase, Refusal};
use super::errand::{Errand, Failing, Transfer};
use super::hold::WAITING;
use crate::act::{Act, SlotAct};
use crate::letter::{Addressee, Wish, Word};

/// Before the slot is said: phones need a moment.
const MOMENT_MS: u32 = 300;
/// How soon it is tried again where nobody could be rung just now.
const LATER: Duration = Duration::from_secs(10);

/// Somebody is parked, or is about to be.
#[derive(Debug)]
pub(in crate::call) struct Parked {
    lot: String,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// A slot has been asked for; the call that is to be told, where somebody parked by another one.
    Claims {
        tells: Option<CallId>,
    },
    Waits(Waits),
}

#[derive(Debug)]
struct Waits {
    leg: LegId,
    slot: u32,
    /// The slot as it is dialled.
    word: Box<str>,
    /// The extension that parked.
    of: Option<String>,
    /// Who parked and hears the slot, and what it is told of its referral after that.
    says: Option<(LegId, PlayId, Report)>,
    /// How often somebody was rung in vain.
    recalled: u32,
}

type Report = Option<(LegId, Referral)>;

impl Call {
    /// Parks whoever talks with this one, there or anywhere in the lot. An error is the status for whoever asked.
    pub(in crate::call) fn park(
        &mut self,
        ctx: &mut Ctx<'_>,
        by: LegId,
        (lot, slot): (&str, Option<u32>),
        report: Option<Referral>,
    ) -> Result<(), u16> {
        let Some(lot) = ctx.routes.parking(lot) else { return Err(404) };
        let busy = self.meeting.as_ref().is_some_and(|meeting| meeting.errand.is_some());
        if busy || self.hunt.is_some() || self.parked.is_some() || !self.meet(ctx) {
            return Err(491);
        }
        if self.all_but(by).len() != 1 {
            return Err(481);
        }
        self.retrieve(ctx, by);
        let to = slot.map_or_else(|| lot.name.clone(), |slot| slot.to_string());
        self.note_transfer(ctx, Some(by), TransferKind::Blind, &to, TransferResult::Begun);
        self.set_errand(Errand::Transfer(Transfer {
            kind: TransferKind::Blind,
            by: Some(by),
            of: self.extension_of(by),
            to,
            report: report.map(|report| (by, report)),
            failing: Failing::Returns,
            stays: false,
            recalls: None,
            asked_for: None,
        }));
        self.move_to_side(by, WAITING);
        self.report(ctx, 100);
        self.parked = Some(Box::new(Parked { lot: lot.name.clone(), stage: Stage::Claims { tells: None } }));
        let slots = slot.map_or_else(|| lot.slots(), |slot| slot..=slot);
        ctx.out.push(Act::Slot(SlotAct::Claim(slots)));
        Ok(())
    }

    /// Another call of whoever talks with a leg of ours asks us to park.
    pub(in crate::call) fn park_for(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: CallId,
        (by, lot, slot): (LegId, String, Option<u32>),
    ) -> Result<Option<Wish>, Word> {
        self.park(ctx, by, (&lot, slot), None).map_err(Word::No)?;
        if let Some(parked) = &mut self.parked {
            parked.stage = Stage::Claims { tells: Some(from) };
        }
        Ok(None)
    }

    /// The API parks.
    pub(in crate::call) fn park_ordered(&mut self, ctx: &mut Ctx<'_>, by: LegId, to: &str) {
        let named = ctx.routes.parking(to).map(|lot| (lot, None));
        let meant = if to.is_empty() {
            ctx.routes.first_parking().map(|lot| (lot, None))
        } else {
            named.or_else(|| ctx.routes.parking_at(to))
        };
        let parked = match meant.map(|(lot, slot)| (lot.name.clone(), slot)) {
            Some((lot, slot)) => self.park(ctx, by, (&lot, slot), None),
            None => Err(404),
        };
        if let Err(status) = parked {
            let result = TransferResult::Failed(Cause::from_sip(status));
            self.note_transfer(ctx, Some(by), TransferKind::Blind, to, result);
        }
    }

    /// What the keeper of the slots says.
    pub(in crate::call) fn slot_told(&mut self, ctx: &mut Ctx<'_>, slot: Option<u32>) {
        let tells = match self.parked.as_deref() {
            Some(Parked { stage: Stage::Claims { tells }, .. }) => *tells,
            Some(Parked { stage: Stage::Waits(_), .. }) | None => {
                return slot.into_iter().for_each(|slot| ctx.out.push(Act::Slot(SlotAct::Free(slot))));
            }
        };
        match slot {
            Some(slot) => self.slot_given(ctx, slot, tells),
            None => self.no_slot(ctx, tells),
        }
    }

    /// Whoever parks has them back.
    fn no_slot(&mut self, ctx: &mut Ctx<'_>, tells: Option<CallId>) {
        self.parked = None;
        let by = self.parker();
        self.errand_failed(ctx, Refusal::of(Cause::Busy));
        match (tells, by) {
            (Some(call), _) => self.write(ctx, call, Word::No(486)),
            (None, Some(by)) => {
                let said = vec![self.speaker(ctx, by, "").prompt("transfer/lot-full")];
                self.play(ctx, by, said, 1, Over::Mixed);
            }
            (None, None) => {}
        }
    }

    fn parker(&mut self) -> Option<LegId> {
        match self.errand() {
            Some(Errand::Transfer(transfer)) => transfer.by,
            Some(Errand::Consult(_) | Errand::Invite(_) | Errand::Leaving(_)) | None => None,
        }
    }

    fn slot_given(&mut self, ctx: &mut Ctx<'_>, slot: u32, tells: Option<CallId>) {
        let by = self.parker();
        let leg = self.meeting.iter().flat_map(|it| &it.members).map(|it| it.leg).find(|it| Some(*it) != by);
        let (Some(leg), Some(Errand::Transfer(transfer))) = (leg, self.take_errand()) else {
            ctx.out.push(Act::Slot(SlotAct::Free(slot)));
            return self.no_slot(ctx, tells);
        };
        self.note_transfer(ctx, by, transfer.kind, &transfer.to, TransferResult::Completed);
        ctx.out.push(Act::Fact(What::Parked { leg, slot, by }));
        // What it hears from now on is the lot's music.
        self.music_when(ctx, leg, false);
        self.music.retain(|music| music.leg != leg);
        let word = slot.to_string().into_boxed_str();
        let waits = Waits { leg, slot, word, of: transfer.of, says: None, recalled: 0 };
        if let Some(parked) = &mut self.parked {
            parked.stage = Stage::Waits(waits);
        }
        self.await_recall(ctx);
        if let Some(call) = tells {
            self.write(ctx, call, Word::Parked(slot));
        }
        match by {
            Some(by) if tells.is_some() => self.let_go(ctx, by, transfer.report),
            Some(by) => self.tell_slot(ctx, by, slot, transfer.report),
            None => {}
        }
    }

    /// Whoever parks hears where, unless it listens no more.
    fn tell_slot(&mut self, ctx: &mut Ctx<'_>, by: LegId, slot: u32, report: Report) {
        let theirs = self.leg(by).and_then(|leg| leg.media.as_ref()?.theirs());
        let said = self.slot_words(ctx, by, Some(slot));
        let listens = theirs.is_none_or(Direction::receives);
        let play = if listens { self.play(ctx, by, said, 1, Over::Alone) } else { None };
        match (play, self.waits_mut()) {
            (Some(play), Some(waits)) => waits.says = Some((by, play, report)),
            (Some(_) | None, _) => self.let_go(ctx, by, report),
        }
    }

    /// "The call is parked at 7 0 1."
    pub(in crate::call) fn slot_words(&self, ctx: &Ctx<'_>, leg: LegId, slot: Option<u32>) -> Vec<Sound> {
        let speaker = self.speaker(ctx, leg, "");
        let mut said = vec![Sound::Silence(MOMENT_MS), speaker.prompt("transfer/parked-at")];
        said.extend(speaker.spell(&slot.map(|slot| slot.to_string()).unwrap_or_default()));
        said
    }

    /// A playing is over: whoever parked has heard the slot.
    pub(in crate::call) fn slot_said(&mut self, ctx: &mut Ctx<'_>, leg: LegId, play: PlayId) {
        let said = |says: &mut (LegId, PlayId, Report)| (says.0, says.1) == (leg, play);
        if let Some((by, _, report)) = self.waits_mut().and_then(|waits| waits.says.take_if(said)) {
            self.let_go(ctx, by, report);
        }
    }

    fn let_go(&mut self, ctx: &mut Ctx<'_>, by: LegId, report: Report) {
        if let Some((leg, mut referral)) = report {
            self.notify(ctx, leg, 200, &mut referral);
        }
        self.dismiss(ctx, by, Cause::Transferred);
    }

    /// Somebody wants who is parked here.
    pub(in crate::call) fn may_be_unparked(
        &mut self,
        ctx: &mut Ctx<'_>,
        slot: u32,
    ) -> Result<Option<Wish>, Word> {
        if self.slot_held() != Some(slot) {
            return Err(Word::No(481));
        }
        if self.expected.is_some() {
            return Err(Word::No(486));
        }
        self.stop_seeking(ctx, Cause::AnsweredElsewhere);
        self.free_all_but(ctx, None);
        self.hunt = None;
        self.take_errand();
        self.await_recall(ctx);
        Ok(Some(Wish::Unpark { slot }))
    }

    /// Nobody is parked here any more: this one has taken the call, or nobody.
    pub(in crate::call) fn leave_slot(&mut self, ctx: &mut Ctx<'_>, by: Option<LegId>) {
        let is_there = |parked: &mut Box<Parked>| matches!(parked.stage, Stage::Waits(_));
        let Some(Parked { stage: Stage::Waits(waits), .. }) =
            self.parked.take_if(is_there).map(|parked| *parked)
        else {
            return;
        };
        self.timers.stop(CallTimer::Recall);
        ctx.out.push(Act::Slot(SlotAct::Free(waits.slot)));
        ctx.out.push(Act::Fact(What::Unparked { slot: waits.slot, by }));
        if let Some((parker, _, report)) = waits.says.filter(|_| by.is_some()) {
            self.let_go(ctx, parker, report);
        }
    }

    /// Whether somebody waits at a slot; a slot whose guest has gone is left.
    pub(in crate::call) fn is_parked(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(leg) = self.waits().map(|waits| waits.leg) else { return false };
        let is_here = self.side_of(leg).is_some();
        if !is_here {
            self.leave_slot(ctx, None);
        }
        is_here
    }

    fn await_recall(&mut self, ctx: &mut Ctx<'_>) {
        let lot = self.parked.as_ref().and_then(|parked| ctx.routes.parking(&parked.lot));
        match lot.map(|lot| lot.recall_secs) {
            Some(0) => self.timers.stop(CallTimer::Recall),
            Some(secs) => {
                self.timers.set(CallTimer::Recall, ctx.now.mono + Duration::from_secs(secs.into()));
            }
            None => self.timers.set(CallTimer::Recall, ctx.now.mono + LATER),
        }
    }

    /// It has waited long enough: whoever parked is rung, or whoever is set up for that.
    pub(in crate::call) fn recall_due(&mut self, ctx: &mut Ctx<'_>) {
        let busy = self.meeting.as_ref().is_some_and(|it| it.errand.is_some());
        let Some(parked) = self.parked.as_deref() else { return };
        let (Stage::Waits(waits), Some(lot)) = (&parked.stage, ctx.routes.parking(&parked.lot)) else {
            return self.await_recall(ctx);
        };
        if busy || self.hunt.is_some() || self.expected.is_some() {
            return self.timers.set(CallTimer::Recall, ctx.now.mono + LATER);
        }
        let of = waits.of.clone();
        // Legs that have rung in vain are remembered; there must be room for whoever takes the call.
        let crowded = self.legs.len() >= LEGS_PER_CALL / 2;
        let last = (crowded || waits.recalled >= lot.recalls) && lot.on_no_answer.leads_on();
        let to = match &of {
            _ if last => lot.on_no_answer.clone(),
            _ if crowded => return self.timers.stop(CallTimer::Recall),
            _ if lot.recall_to.leads_on() => lot.recall_to.clone(),
            Some(extension) => ForwardTo::Number(extension.clone()),
            None if lot.on_no_answer.leads_on() => lot.on_no_answer.clone(),
            None => return self.await_recall(ctx),
        };
        if last {
            self.leave_slot(ctx, None);
        }
        self.ring_back(ctx, of, to);
    }

    /// Rings somebody for whoever is parked.
    pub(super) fn ring_back(&mut self, ctx: &mut Ctx<'_>, of: Option<String>, to: ForwardTo) {
        self.set_errand(Errand::Transfer(Transfer {
            kind: TransferKind::Blind,
            by: None,
            of: Some(of.unwrap_or_default()),
            to: to.to_string(),
            report: None,
            failing: Failing::Ends,
            stays: false,
            recalls: Some(Cause::NoAnswer),
            asked_for: None,
        }));
        self.lead_back_to(ctx, to);
    }

    /// Whoever was rung for one who is parked does not come: it waits on.
    pub(in crate::call) fn parks_again(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(waits) = self.waits_mut() else { return false };
        waits.recalled = waits.recalled.saturating_add(1);
        self.take_errand();
        self.free_all_but(ctx, None);
        self.hunt = None;
        self.await_recall(ctx);
        true
    }

    /// A station dialled the code, and this behind it: its held call is parked, or one is taken from a slot.
    pub(in crate::call) fn park_by_code(&mut self, ctx: &mut Ctx<'_>, rest: &str) {
        let asked = Local::Feature { feature: Feature::Park, rest: rest.to_owned() };
        match slot_meant(ctx, &asked) {
            Some((_, Some(slot))) if ctx.floor.is_busy(&line(slot)) => self.take_from(ctx, slot),
            Some((lot, slot)) => self.park_held(ctx, lot, slot),
            None if rest.is_empty() => self.turn_away(ctx, Refusal::of(Cause::Unsupported), Party::System),
            None => self.turn_away(ctx, Refusal::of(Cause::Unallocated), Party::System),
        }
    }

    /// A station dialled a slot, or a parking lot.
    pub(in crate::call) fn at_slot(&mut self, ctx: &mut Ctx<'_>, lot: &str, slot: Option<u32>) {
        match slot {
            Some(slot) => self.take_from(ctx, slot),
            None => self.park_held(ctx, lot.to_owned(), None),
        }
    }

    fn take_from(&mut self, ctx: &mut Ctx<'_>, slot: u32) {
        match ctx.floor.line(&line(slot)).next().map(|at| at.call) {
            Some(call) => self.ask_to_enter(ctx, Addressee::Call(call), Wish::Unpark { slot }),
            None => {
                let prompt = "transfer/no-parked-call".to_owned();
                self.serve(ctx, Local::Play { prompt, times: 1, language: String::new() });
            }
        }
    }

    /// Parks whom this station keeps waiting with its latest other call.
    fn park_held(&mut self, ctx: &mut Ctx<'_>, lot: String, slot: Option<u32>) {
        let own = self.calling_station().unwrap_or_default();
        let held = ctx
            .floor
            .calls_of(own)
            .filter(|at| at.call != self.id && at.spot.state == phone::floor::SpotState::Held);
        match held.last().map(|at| (at.call, at.spot.leg)) {
            Some((call, by)) => self.ask_to_enter(ctx, Addressee::Call(call), Wish::Park { by, lot, slot }),
            None => self.turn_away(ctx, Refusal::of(Cause::Unavailable), Party::System),
        }
    }

    /// Another call has parked for us: the caller hears where.
    pub(in crate::call) fn parked_there(&mut self, ctx: &mut Ctx<'_>, slot: u32) {
        if matches!(self.phase, Phase::Visiting(Visit::Asking)) {
            self.timers.stop(CallTimer::Guest);
            self.serve(ctx, Local::Slot { lot: String::new(), slot: Some(slot) });
        }
    }

    /// A leg of another call has come in as it wished.
    pub(in crate::call) fn note_taken(&mut self, ctx: &mut Ctx<'_>, leg: LegId, wish: Wish) {
        match wish {
            Wish::Unpark { .. } => self.leave_slot(ctx, Some(leg)),
            Wish::PickUp { at } if !at.is_empty() => ctx.out.push(Act::Fact(What::PickedUp { leg, at })),
            Wish::PickUp { .. }
            | Wish::Park { .. }
            | Wish::Replace(_)
            | Wish::Join
            | Wish::Gather { .. }
            | Wish::Surrender { .. } => {}
        }
    }

    fn waits(&self) -> Option<&Waits> {
        match &self.parked.as_deref()?.stage {
            Stage::Waits(waits) => Some(waits),
            Stage::Claims { .. } => None,
        }
    }

    fn waits_mut(&mut self) -> Option<&mut Waits> {
        match &mut self.parked.as_deref_mut()?.stage {
            Stage::Waits(waits) => Some(waits),
            Stage::Claims { .. } => None,
        }
    }

    /// The slot that the call holds.
    pub(crate) fn slot_held(&self) -> Option<u32> {
        self.waits().map(|waits| waits.slot)
    }

    /// The slot where this far end waits.
    pub(in crate::call) fn slot_of(&self, leg: LegId) -> Option<u32> {
        self.waits().filter(|waits| waits.leg == leg).map(|waits| waits.slot)
    }

    /// The same, as it is dialled.
    pub(in crate::call) fn slot_word(&self, leg: LegId) -> Option<&str> {
        self.waits().filter(|waits| waits.leg == leg).map(|waits| &*waits.word)
    }

    /// The parking lot where this far end waits.
    pub(in crate::call) fn lot_of(&self, leg: LegId) -> Option<&str> {
        self.slot_of(leg).and(self.parked.as_ref()).map(|parked| parked.lot.as_str())
    }
}

/// The line of a slot on the floor.
fn line(slot: u32) -> String {
    format!("park.{slot}")
}

/// The parking lot and the slot that a way leads to, where it leads to one.
pub(super) fn slot_meant(ctx: &Ctx<'_>, local: &Local) -> Option<(String, Option<u32>)> {
    match local {
        Local::Slot { lot, slot } => Some((lot.clone(), *slot)),
        Local::Feature { feature: Feature::Park, rest } if rest.is_empty() => {
            ctx.routes.first_parking().map(|lot| (lot.name.clone(), None))
        }
        Local::Feature { feature: Feature::Park, rest } => {
            ctx.routes.parking_at(rest).map(|(lot, slot)| (lot.name.clone(), slot))
        }
        Local::Feature { .. }
        | Local::Echo
        | Local::Milliwatt
        | Local::OwnNumber
        | Local::Conference { .. }
        | Local::Play { .. }
        | Local::Voicemail { .. }
        | Local::Mailbox { .. }
        | Local::Reach(_)
        | Local::Test(_) => None,
    }
}
