//! Picking up: a station takes a call that rings elsewhere (RFC 5359 §2.16). Which call that is stands on the floor; who
//! takes it first is decided in that call, so that of two who want it one has it.

use base::{Cause, Party};
use phone::floor::Standing;
use provision::{ForwardTo, ForwardWhen};
use route::{By, Inquiry, Onward, Origin};

use super::super::{Call, Ctx, Phase, Refusal};
use crate::letter::{Addressee, Wish};

impl Call {
    /// Takes what rings at an extension.
    pub(in crate::call) fn pick_up_at(&mut self, ctx: &mut Ctx<'_>, extension: &str) {
        let own = self.calling_station().unwrap_or_default();
        if !ctx.routes.may_pick_up(own, extension) {
            return self.turn_away(ctx, Refusal::of(Cause::Forbidden), Party::System);
        }
        let found = ctx.floor.ringing(extension).find(|at| at.call != self.id);
        self.take_ringing(ctx, found);
    }

    /// Takes what has rung longest at a station of one's group.
    pub(in crate::call) fn pick_up_in_group(&mut self, ctx: &mut Ctx<'_>) {
        let own = self.calling_station().unwrap_or_default();
        let rings = ctx.floor.names("").filter(|line| ctx.routes.may_pick_up(own, line));
        let rings = rings.filter_map(|line| ctx.floor.ringing(line).find(|at| at.call != self.id));
        let found = rings.min_by_key(|at| (at.spot.since.mono, at.call));
        self.take_ringing(ctx, found);
    }

    fn take_ringing(&mut self, ctx: &mut Ctx<'_>, found: Option<Standing<'_>>) {
        match found {
            Some(Standing { call, spot }) => {
                let wish = Wish::PickUp { at: spot.line.to_string() };
                self.ask_to_enter(ctx, Addressee::Call(call), wish);
            }
            None => self.turn_away(ctx, Refusal::of(Cause::Unavailable), Party::System),
        }
    }

    /// The API gives a call that rings, or one that is parked, to a station.
    pub(in crate::call) fn pick_up_ordered(&mut self, ctx: &mut Ctx<'_>, station: &str) {
        let to = ForwardTo::Number(station.to_owned());
        if self.slot_held().is_some() {
            let busy = self.meeting.as_ref().is_some_and(|it| it.errand.is_some());
            if !busy && self.hunt.is_none() && self.expected.is_none() {
                self.ring_back(ctx, Some(station.to_owned()), to);
            }
            return;
        }
        let rings = matches!(self.phase, Phase::Hunting) && self.hunt.is_some();
        if !rings || self.expected.is_some() || self.held.is_some() || ctx.routes.station(station).is_none() {
            return;
        }
        self.stop_seeking(ctx, Cause::AnsweredElsewhere);
        self.free_all_but(ctx, None);
        self.hunt = None;
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
        let onward = Onward { to, by: By::Station(station.to_owned()), when: ForwardWhen::NoAnswer.into() };
        let (verdict, _) = route::onward(ctx.routes, &inquiry, &onward);
        self.go(ctx, verdict);
    }
}
