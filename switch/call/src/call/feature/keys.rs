//! Keys pressed in a call: those that may become a code are held back until they have or cannot any more.

use base::LegId;
use base::fact::Endpoint;
use base::media::MediaCommand;
use phone::keys::{Keys, Pressed};

use super::super::joining::open_port;
use super::super::{Call, CallTimer, Ctx, Phase};
use crate::act::Act;
use crate::leg::{Codes, Leg};

impl Call {
    /// Decides once for each phone that talks whether codes are taken from it.
    pub(in crate::call) fn take_codes(&mut self, ctx: &mut Ctx<'_>) {
        let talks = matches!(self.phase, Phase::Talking { .. } | Phase::Meeting);
        if !talks || self.page.is_some() || self.inside.is_some() {
            return;
        }
        for place in 0..self.legs.len() {
            let new = |leg: &&Leg| matches!(leg.codes, Codes::Undecided) && leg.talking().is_some();
            let Some(leg) = self.legs.get(place).filter(new) else { continue };
            let port = open_port(leg).filter(|_| self.are_codes_wanted(ctx, leg));
            ctx.out.extend(port.map(|port| Act::Media(MediaCommand::HoldDigits { port, held: true })));
            if let Some(leg) = self.legs.get_mut(place) {
                leg.codes = port.map_or(Codes::Off, |_| Codes::On(Box::default()));
            }
        }
    }

    /// From phones alone, where neither the phone, its user, the number that was called nor a trunk says otherwise, and
    /// never in an emergency call.
    fn are_codes_wanted(&self, ctx: &Ctx<'_>, leg: &Leg) -> bool {
        let Endpoint::Station(extension) = &leg.endpoint else { return false };
        let Some(station) = ctx.routes.station(extension) else { return false };
        let by_user = ctx.routes.user(&station.user).is_none_or(|user| user.in_call_codes);
        let by_trunks = self.legs.iter().all(|leg| match &leg.endpoint {
            Endpoint::Trunk(name) => ctx.routes.trunk(name).is_none_or(|it| it.trunk().in_call_codes),
            Endpoint::Station(_) | Endpoint::Local(_) | Endpoint::Stranger(_) => true,
        });
        let dialled = &self.facts.dialled;
        station.in_call_codes
            && by_user
            && by_trunks
            && ctx.routes.takes_codes(dialled)
            && !ctx.routes.is_emergency(dialled)
    }

    /// Whether codes are taken from a leg.
    pub(in crate::call) fn takes_codes(&self, leg: LegId) -> bool {
        self.leg(leg).is_some_and(|leg| matches!(leg.codes, Codes::On(_)))
    }

    /// A key of a phone that codes are taken from.
    pub(in crate::call) fn key_pressed(&mut self, ctx: &mut Ctx<'_>, leg: LegId, key: Pressed) {
        let now = ctx.now.mono;
        let Some(Codes::On(keys)) = self.leg_mut(leg).map(|leg| &mut leg.codes) else { return };
        let outcome = keys.press(now, key);
        self.pass_keys(ctx, leg, &outcome.passed);
        if let Some(code) = outcome.code {
            self.in_call(ctx, leg, &code);
        }
        self.await_keys();
    }

    /// Keys have been held for as long as they may.
    pub(in crate::call) fn keys_due(&mut self, ctx: &mut Ctx<'_>) {
        for leg in self.legs.iter().map(|leg| leg.id).collect::<Vec<_>>() {
            let Some(Codes::On(keys)) = self.leg_mut(leg).map(|leg| &mut leg.codes) else { continue };
            let passed = keys.give_up(ctx.now.mono);
            self.pass_keys(ctx, leg, &passed);
        }
        self.await_keys();
    }

    fn await_keys(&mut self) {
        let due = |leg: &Leg| match &leg.codes {
            Codes::On(keys) => Keys::deadline(keys),
            Codes::Undecided | Codes::Off => None,
        };
        match self.legs.iter().filter_map(due).min() {
            Some(at) if !matches!(self.phase, Phase::Over(_)) => self.timers.set(CallTimer::Keys, at),
            Some(_) | None => self.timers.stop(CallTimer::Keys),
        }
    }
}
