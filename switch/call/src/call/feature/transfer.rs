//! Leading those who talk on to somebody else (CROCO-40, VOX-18…21, BP-31; RFC 5359 §2.4, RFC 5589).
//!
//! Unless set up otherwise a transfer that comes to nothing does not return to whoever began it (E1).

use base::fact::{Endpoint, TransferKind, TransferResult};
use base::media::{Over, Sound};
use base::{Cause, LegId, Party};
use provision::{Destination, Feature, ForwardTo, ForwardWhen};
use route::{By, Inquiry, Local, Onward, Origin, Verdict};
use sip::usage::Referral;

use super::super::giving::COMES_WITHIN;
use super::super::meeting::MAIN;
use super::super::{Call, Ctx, Refusal};
use super::errand::{Errand, Failing, Transfer};
use super::hold::WAITING;
use super::park::slot_meant;
use crate::act::Act;
use crate::letter::{Addressee, Wish, Word};

/// Transfers of one call; one more is refused as a loop (E77).
const MOST: u8 = 5;

/// Where those who are led on go.
#[derive(Debug)]
pub(in crate::call) enum Way {
    /// Somebody is rung.
    Ring(Verdict),
    /// Tandem itself is the far end.
    Local(Local),
}

/// What a blind transfer shall do.
#[derive(Debug)]
pub(in crate::call) struct Blind<'a> {
    pub(in crate::call) to: &'a str,
    /// What becomes of a failure; `None` as set up.
    pub(in crate::call) failing: Option<Failing>,
    /// Who leads on stays and listens.
    pub(in crate::call) stays: bool,
    pub(in crate::call) report: Option<Referral>,
}

impl Call {
    /// Where a number leads for whoever leads on; an error is the status for it.
    pub(in crate::call) fn way_to(&self, ctx: &mut Ctx<'_>, by: LegId, to: &str) -> Result<Way, u16> {
        let endpoint = self.leg(by).map(|leg| leg.endpoint.clone()).ok_or(481_u16)?;
        let (from, caller) = match &endpoint {
            Endpoint::Station(extension) if extension == to => return Err(482),
            Endpoint::Station(extension) => (Origin::Station(extension), extension.clone()),
            Endpoint::Trunk(name) => (Origin::Trunk(name), self.facts.caller.clone()),
            Endpoint::Local(_) | Endpoint::Stranger(_) => return Err(403),
        };
        let to = self.extension_of(by).and_then(|it| ctx.routes.favourite(&it, to)).unwrap_or(to);
        let seed = ctx.entropy.next_u64();
        let settings = ctx.settings;
        let inquiry =
            Inquiry { from, dialled: to, caller: &caller, withheld: false, settings, seed, at: ctx.now.wall };
        match route::decide(ctx.routes, &inquiry).0 {
            Verdict::Refuse(cause) => Err(cause.sip()),
            Verdict::Local(local) if takes_those_led_on(&local) => Ok(Way::Local(local)),
            // A code does something for whoever dials it, with that one's rights: nobody else presses it for him.
            Verdict::Local(_) => Err(403),
            ring @ (Verdict::Ring(_) | Verdict::Onward(_) | Verdict::Trunks { .. }) => Ok(Way::Ring(ring)),
        }
    }

    /// Leads those who talk with this one on to a number. An error is the status for whoever asked.
    pub(in crate::call) fn lead_on(
        &mut self,
        ctx: &mut Ctx<'_>,
        by: LegId,
        blind: Blind<'_>,
    ) -> Result<(), u16> {
        if self.seeks_help(ctx) {
            return Err(403);
        }
        let busy = self.meeting.as_ref().is_some_and(|meeting| meeting.errand.is_some());
        if busy || self.hunt.is_some() || !self.meet(ctx) {
            return Err(491);
        }
        if self.led_on >= MOST {
            return Err(482);
        }
        if self.all_but(by).is_empty() {
            return Err(481);
        }
        let way = self.way_to(ctx, by, blind.to)?;
        if let Way::Local(local) = &way
            && let Some((lot, slot)) = slot_meant(ctx, local)
        {
            return self.park(ctx, by, (&lot, slot), blind.report);
        }
        self.led_on += 1;
        self.retrieve(ctx, by);
        let failing = blind.failing.unwrap_or_else(|| self.failing_of(ctx, by));
        let keeps = failing == Failing::Returns || blind.stays;
        let transfer = Transfer {
            kind: TransferKind::Blind,
            by: Some(by),
            asked_for: None,
            of: self.extension_of(by),
            to: blind.to.to_owned(),
            report: blind.report.map(|report| (by, report)),
            failing,
            stays: blind.stays,
            recalls: None,
        };
        self.note_transfer(ctx, Some(by), TransferKind::Blind, blind.to, TransferResult::Begun);
        self.set_errand(Errand::Transfer(transfer));
        self.move_to_side(by, WAITING);
        self.report(ctx, 100);
        if !keeps {
            self.leave_it_to_them(ctx, by);
        }
        self.take_way(ctx, way, by);
        Ok(())
    }

    /// Whoever leads on is told that it is done, and is out of it (VOX-18).
    fn leave_it_to_them(&mut self, ctx: &mut Ctx<'_>, by: LegId) {
        self.report(ctx, 200);
        if let Some(Errand::Transfer(transfer)) = self.errand() {
            transfer.by = None;
            transfer.report = None;
        }
        self.dismiss(ctx, by, Cause::Transferred);
    }

    fn take_way(&mut self, ctx: &mut Ctx<'_>, way: Way, by: LegId) {
        match way {
            Way::Ring(_) => self.seek(ctx, way, by, MAIN),
            Way::Local(local) => self.lead_to_service(ctx, local),
        }
    }

    /// Rings somebody for those on a side; whoever leads on is who rings, those who wait are shown.
    pub(in crate::call) fn seek(&mut self, ctx: &mut Ctx<'_>, way: Way, by: LegId, side: u8) {
        let Way::Ring(verdict) = way else { return };
        let shown = self.meeting.iter().flat_map(|it| &it.members).find(|member| member.side == side);
        let shown = shown.map_or(by, |member| member.leg);
        self.rings_for = Some((shown, side));
        self.go(ctx, verdict);
    }

    /// Those who wait are answered by Tandem itself, which takes one of them.
    pub(in crate::call) fn lead_to_service(&mut self, ctx: &mut Ctx<'_>, local: Local) {
        let Some(Errand::Transfer(transfer)) = self.errand() else { return };
        let leader = transfer.by;
        let members = self.meeting.iter().flat_map(|it| &it.members).map(|member| member.leg);
        let waits: Vec<LegId> = members.filter(|leg| Some(*leg) != leader).collect();
        let [one] = waits[..] else {
            return self.transfer_failed(ctx, Refusal::of(Cause::Rejected));
        };
        self.report(ctx, 200);
        let Some(Errand::Transfer(transfer)) = self.take_errand() else { return };
        self.note_transfer(ctx, transfer.by, transfer.kind, &transfer.to, TransferResult::Completed);
        if let Some(by) = transfer.by {
            self.dismiss(ctx, by, Cause::Transferred);
        }
        self.hand_to_service(ctx, one, local);
    }

    /// It came to nothing.
    pub(super) fn transfer_failed(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal) {
        let Some(Errand::Transfer(mut transfer)) = self.take_errand() else { return };
        let result = TransferResult::Failed(refusal.cause);
        self.note_transfer(ctx, transfer.by, transfer.kind, &transfer.to, result);
        if transfer.recalls.is_some() {
            return self.turn_away_all(ctx, refusal);
        }
        if let Some(by) = transfer.by.filter(|by| self.leg(*by).is_some_and(|leg| !leg.is_over())) {
            // Whoever led on is still here and has them back.
            self.set_errand(Errand::Transfer(transfer));
            self.report(ctx, refusal.outward());
            self.take_errand();
            self.tell_failure(ctx, by);
            self.bring_together();
            return self.tidy(ctx, refusal, Party::Callee);
        }
        match (transfer.failing.clone(), transfer.of.clone()) {
            (Failing::Returns, Some(extension)) => {
                transfer.recalls = Some(refusal.cause);
                self.set_errand(Errand::Transfer(transfer));
                self.recall(ctx, &extension);
            }
            (Failing::GoesTo(elsewhere), _) => {
                transfer.failing = Failing::Ends;
                self.set_errand(Errand::Transfer(transfer));
                self.elsewhere(ctx, &elsewhere);
            }
            (Failing::Ends | Failing::Returns, _) => self.turn_away_all(ctx, refusal),
        }
    }

    /// Whoever led on is rung with those who wait.
    fn recall(&mut self, ctx: &mut Ctx<'_>, extension: &str) {
        self.lead_back_to(ctx, ForwardTo::Number(extension.to_owned()));
    }

    /// Those who wait are led on to a place that is set up for failures.
    fn elsewhere(&mut self, ctx: &mut Ctx<'_>, to: &str) {
        match to.parse::<Destination>() {
            Ok(to) => self.lead_back_to(ctx, ForwardTo::Destination(to)),
            Err(_unknown) => self.errand_failed(ctx, Refusal::of(Cause::NoRoute)),
        }
    }

    pub(super) fn lead_back_to(&mut self, ctx: &mut Ctx<'_>, to: ForwardTo) {
        let Some(Errand::Transfer(transfer)) = self.errand() else { return };
        let by = By::Station(transfer.of.clone().unwrap_or_default());
        let seed = ctx.entropy.next_u64();
        let inquiry = Inquiry {
            from: Origin::Station(""),
            dialled: &self.facts.dialled,
            caller: &self.facts.caller,
            withheld: self.facts.withheld,
            settings: ctx.settings,
            seed,
            at: ctx.now.wall,
        };
        let onward = Onward { to, by, when: ForwardWhen::NoAnswer.into() };
        let (verdict, _) = route::onward(ctx.routes, &inquiry, &onward);
        let shown = self.meeting.iter().flat_map(|it| &it.members).next().map(|member| member.leg);
        self.rings_for = shown.map(|leg| (leg, MAIN));
        self.go(ctx, verdict);
    }

    /// Whom Tandem has served calls this number from here on; an error is the status for it, and nothing has changed.
    pub(in crate::call) fn go_on_to(&mut self, ctx: &mut Ctx<'_>, to: &str) -> Result<(), u16> {
        let caller = self.caller();
        if self.led_on >= MOST {
            return Err(482);
        }
        let way = self.way_to(ctx, caller, to)?;
        if matches!(way, Way::Local(_)) {
            return Err(403);
        }
        self.led_on += 1;
        self.stop_play(ctx, caller, None);
        self.begin_meeting(ctx, &[caller]);
        self.expect_answer(to.to_owned());
        self.seek(ctx, way, caller, MAIN);
        Ok(())
    }

    /// Another call says which number leads to what its leg talked with.
    pub(in crate::call) fn dial_instead(&mut self, ctx: &mut Ctx<'_>, number: &str) {
        let Some(Errand::Transfer(transfer)) = self.errand() else { return };
        let Some(by) = transfer.asked_for.take() else { return };
        match self.way_to(ctx, by, number) {
            Ok(way) => self.take_way(ctx, way, by),
            Err(status) => self.turned_down(ctx, status),
        }
    }

    /// Asks the call of another dialog of whoever leads on for the one he talks with there.
    pub(in crate::call) fn lead_together(
        &mut self,
        ctx: &mut Ctx<'_>,
        by: LegId,
        place: crate::letter::Place,
        report: Option<Referral>,
    ) -> Result<(), u16> {
        if self.seeks_help(ctx) {
            return Err(403);
        }
        let owner = self.leg(by).map(|leg| leg.endpoint.clone()).ok_or(481_u16)?;
        let busy = self.meeting.as_ref().is_some_and(|meeting| meeting.errand.is_some());
        if busy || self.hunt.is_some() || !self.meet(ctx) {
            return Err(491);
        }
        if self.all_but(by).is_empty() {
            return Err(481);
        }
        let own = self.leg_at(&place);
        if own.is_some_and(|own| {
            own == by || self.all_but(by).iter().filter(|other| **other != own).count() < 2
        }) {
            return Err(481);
        }
        let to = super::errand::words(&place);
        let addressee = match &place {
            crate::letter::Place::Dialog(name) => Addressee::Dialog(name.clone()),
            crate::letter::Place::Leg(_) => return Err(481),
        };
        let transfer = Transfer {
            kind: TransferKind::Attended,
            by: Some(by),
            asked_for: Some(by),
            of: self.extension_of(by),
            to,
            report: report.map(|report| (by, report)),
            failing: Failing::Returns,
            stays: false,
            recalls: None,
        };
        self.set_errand(Errand::Transfer(transfer));
        self.report(ctx, 100);
        if let Some(own) = own {
            // Both lines of the phone are in this call: the others talk without it.
            self.dismiss(ctx, own, Cause::Transferred);
            self.transferred(ctx, None);
            return Ok(());
        }
        ctx.out.push(Act::Write {
            to: addressee,
            word: Word::Ask(Wish::Surrender { with: place, of: by, to: owner }),
        });
        self.timers.set(super::super::CallTimer::Guest, ctx.now.mono + COMES_WITHIN);
        Ok(())
    }

    /// What becomes of those whom this one leads on when that comes to nothing, as set up.
    pub(super) fn failing_of(&self, ctx: &Ctx<'_>, by: LegId) -> Failing {
        let station = self.extension_of(by).and_then(|extension| ctx.routes.station(&extension));
        station.map_or(Failing::Ends, |station| Failing::of(&station.transfer_failure))
    }

    pub(in crate::call) fn extension_of(&self, leg: LegId) -> Option<String> {
        match &self.leg(leg)?.endpoint {
            Endpoint::Station(extension) => Some(extension.clone()),
            Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_) => None,
        }
    }

    /// One who wanted something hears that it is not to be had.
    pub(in crate::call) fn tell_failure(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let tone = sounds::tones::special_information(base::media::Announcement::Reorder);
        let said = vec![Sound::Tone(tone)];
        self.play(ctx, leg, said, 1, Over::Mixed);
    }

    /// Those who wait hear why, and the call ends.
    fn turn_away_all(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal) {
        let waits: Vec<LegId> =
            self.meeting.iter().flat_map(|it| &it.members).map(|member| member.leg).collect();
        match waits[..] {
            [one] => {
                let said = vec![self.speaker(ctx, one, "").prompt("refuse/failed")];
                self.hand_to_words(ctx, one, said, refusal);
            }
            _ => self.finish(ctx, refusal, Party::Callee),
        }
    }

    /// Nobody is rung any more.
    pub(in crate::call) fn stop_seeking(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        self.stop_ringing();
        let calling = self.legs.iter().filter(|it| it.calling().is_some()).map(|it| it.id);
        let rings: Vec<LegId> = calling.chain(self.asked_legs()).collect();
        for leg in rings {
            self.end_leg(ctx, leg, Refusal::of(cause));
        }
        self.free_all_but(ctx, None);
        if let Some(trunk) = self.hunt.take().and_then(|hunt| hunt.trunk) {
            self.leave_trunk(ctx, &trunk.attempt.trunk);
        }
    }
}

/// Whether Tandem serves those whom somebody else has led there: not with what a person's own code does.
fn takes_those_led_on(local: &Local) -> bool {
    match local {
        Local::Feature { feature, .. } => {
            matches!(
                feature,
                Feature::Park
                    | Feature::Conference
                    | Feature::Echo
                    | Feature::Milliwatt
                    | Feature::AnyMailbox
            )
        }
        // The one that asks for number and PIN is for everybody.
        Local::Mailbox { own } => own.is_none(),
        Local::Reach(_) => false,
        Local::Echo
        | Local::Milliwatt
        | Local::OwnNumber
        | Local::Conference { .. }
        | Local::Play { .. }
        | Local::Voicemail { .. }
        | Local::Slot { .. }
        | Local::Test(_) => true,
    }
}
