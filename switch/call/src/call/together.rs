//! The stages of a ring plan: who rings together, for how long, and what comes when nobody takes the call.

use std::time::Duration;

use base::fact::Endpoint;
use base::limits::FORK_LEGS;
use base::{Cause, LegId, Mono, Party};
use peer::Binding;
use route::{After, Decline, Manner, Onward, RingPlan, RingStage, Rung};

use super::hunt::{PHONE_SILENCE, one_flow_each, phone_leg};
use super::manner::Told;
use super::outside::Outside;
use super::{Call, CallTimer, Ctx, Refusal, Stage};
use crate::headers;

/// What holds for all stages of a plan, and who is rung now.
#[derive(Debug)]
pub(super) struct Walk {
    decline: Decline,
    after: After,
    /// Nobody is rung any longer than this.
    until: Option<Mono>,
    /// Extensions of this stage, whose lines are taken.
    stations: Vec<String>,
    /// Those of them where whoever picks up is asked first.
    asked: Vec<String>,
    /// Phones that are not ours.
    pub(super) outside: Vec<Outside>,
    /// Somebody was rung for as long as the plan says.
    rang_out: bool,
    /// Where a phone has led the call itself (3xx).
    pub(super) redirect: Option<Onward>,
    /// What phones are told beside who calls.
    pub(super) manner: Manner,
    /// Phones that were told to answer by themselves, and still have time to.
    pub(super) told: Vec<Told>,
}

impl Walk {
    pub(super) fn asks_at(&self, extension: &str) -> bool {
        self.asked.iter().any(|known| known == extension)
    }

    /// Whether whoever answers at a phone hears words before the caller.
    pub(super) fn whispers(&self) -> bool {
        !self.manner.whisper.is_empty()
    }

    /// Whether others are not asked any more once this one has declined.
    pub(super) fn declines_for_all(&self) -> bool {
        self.decline == Decline::All
    }

    pub(super) fn rang_out(&mut self) {
        self.rang_out = true;
    }
}

impl Call {
    /// Rings as a plan says, for the side that waits.
    pub(super) fn hunt_plan(&mut self, ctx: &mut Ctx<'_>, plan: RingPlan) {
        let RingPlan { stages, total_secs, decline, after, name: _, manner } = plan;
        let manner = match self.walk_mut() {
            Some(before) => manner.or(&before.manner),
            None => manner,
        };
        let walk = Walk {
            decline,
            after,
            until: total_secs.map(|secs| ctx.now.mono + Duration::from_secs(secs.into())),
            stations: Vec::new(),
            asked: Vec::new(),
            outside: Vec::new(),
            rang_out: false,
            redirect: None,
            manner,
            told: Vec::new(),
        };
        let stages = stages.into_iter().map(Stage::Together).collect();
        self.hunt(ctx, stages, 0, false, Some(Box::new(walk)));
    }

    /// Rings those of a stage; `false` when nobody of them can be rung.
    pub(super) fn ring_together(&mut self, ctx: &mut Ctx<'_>, stage: RingStage) -> bool {
        self.leave_stage(ctx);
        let Some(lasts) = self.stage_lasts(ctx, stage.secs) else { return false };
        let mut phones = Vec::new();
        let mut outside = Vec::new();
        for rung in stage.rung {
            match rung {
                Rung::Phones { extension, asks } => {
                    phones.extend(self.phones_of(ctx, &extension).into_iter().map(|it| (it, asks)));
                    if let Some(walk) = self.walk_mut().filter(|_| asks) {
                        walk.asked.push(extension);
                    }
                }
                Rung::Outside { tries, of: _ } => outside.push(Outside::new(tries)),
            }
        }
        phones.truncate(FORK_LEGS);
        outside.truncate(FORK_LEGS - phones.len());
        let mut silence = if phones.is_empty() { Duration::ZERO } else { PHONE_SILENCE };
        let Ok(mut shares) = headers::breadth_shares(&self.invite, phones.len() + outside.len()) else {
            self.note_refusal(Refusal { status: 440, ..Refusal::of(Cause::Loop) });
            return false;
        };
        let mut started = 0;
        for (binding, asks) in phones {
            let asks = asks || self.whispers();
            let out = phone_leg(ctx, binding).with_breadth(shares.next().flatten()).asking(asks);
            match self.start_leg(ctx, out) {
                Ok(_) => started += 1,
                Err(refusal) => self.note_refusal(refusal),
            }
        }
        for one in outside {
            if let Some(patience) = self.begin_outside(ctx, one.with_breadth(shares.next().flatten())) {
                silence = silence.max(patience);
                started += 1;
            }
        }
        if started > 0 {
            self.timers.set(CallTimer::Silence, ctx.now.mono + silence);
            self.timers.set(CallTimer::Ring, ctx.now.mono + lasts);
        }
        started > 0
    }

    /// How long a stage may ring that is to ring for so many seconds; `None` when the time of the plan is over.
    fn stage_lasts(&mut self, ctx: &Ctx<'_>, secs: u32) -> Option<Duration> {
        let wanted = Duration::from_secs(secs.into());
        let until = self.walk_mut()?.until;
        let left = until.map_or(wanted, |until| until.since(ctx.now.mono));
        Some(wanted.min(left)).filter(|lasts| !lasts.is_zero())
    }

    /// The phones of an extension that has a line free; one flow of each.
    fn phones_of(&mut self, ctx: &mut Ctx<'_>, extension: &str) -> Vec<Binding> {
        let station = ctx.routes.station(extension);
        let cap = station.map_or(0, |station| station.max_calls);
        let one_at_a_time = station.is_some_and(|station| !station.call_waiting);
        let cap = if one_at_a_time { 1 } else { cap };
        if ctx.lines.is_full(ctx.floor, self.id.shard(), extension, cap) {
            self.note_refusal(Refusal::of(Cause::Busy));
            return Vec::new();
        }
        let (contacts, spare) = one_flow_each(ctx.registrar.lookup(ctx.now, extension).into_iter());
        if contacts.is_empty() {
            self.note_refusal(Refusal::of(Cause::NotRegistered));
            return contacts;
        }
        ctx.lines.occupy(extension);
        self.occupied.push(extension.to_owned());
        if let Some(hunt) = &mut self.hunt {
            hunt.spare.extend(spare);
            if let Some(walk) = &mut hunt.walk {
                walk.stations.push(extension.to_owned());
            }
        }
        contacts
    }

    /// A stage is over: its lines and trunks are free again.
    fn leave_stage(&mut self, ctx: &mut Ctx<'_>) {
        self.free_all_but(ctx, None);
        if let Some(hunt) = &mut self.hunt {
            hunt.spare.clear();
        }
    }

    /// Frees the lines and trunks of those who were rung, but those of the leg that has won.
    pub(super) fn free_all_but(&mut self, ctx: &mut Ctx<'_>, winner: Option<LegId>) {
        let Some(walk) = self.walk_mut() else { return };
        let (stations, outside) = (std::mem::take(&mut walk.stations), std::mem::take(&mut walk.outside));
        walk.asked.clear();
        let kept = winner.and_then(|leg| self.leg(leg)).map(|leg| leg.endpoint.clone());
        for extension in stations {
            if kept == Some(Endpoint::Station(extension.clone())) {
                continue;
            }
            if let Some(at) = self.occupied.iter().rposition(|known| *known == extension) {
                self.occupied.remove(at);
                ctx.lines.release(&extension);
            }
        }
        for one in outside.into_iter().filter(|one| one.leg.is_none() || one.leg != winner) {
            if let Some(trunk) = one.trunk {
                self.leave_trunk(ctx, &trunk.attempt.trunk);
            }
        }
    }

    /// Nobody takes the call: it goes where it is led then, else the side that waits is told.
    pub(super) fn found_nobody(&mut self, ctx: &mut Ctx<'_>, best: Refusal) {
        if let Some(onward) = self.walk_mut().and_then(|walk| walk.onward(best)) {
            self.leave_stage(ctx);
            return self.divert(ctx, onward);
        }
        let by = if best.cause == Cause::NotRegistered { Party::System } else { Party::Callee };
        self.leave_stage(ctx);
        self.nobody_found(ctx, best, by);
    }

    pub(super) fn walk_mut(&mut self) -> Option<&mut Walk> {
        self.hunt.as_mut()?.walk.as_deref_mut()
    }

    /// Keeps what a refusal says, while somebody is hunted for.
    pub(super) fn note_refusal(&mut self, refusal: Refusal) {
        if let Some(hunt) = &mut self.hunt {
            hunt.note(refusal);
        }
    }
}

impl Walk {
    fn onward(&mut self, best: Refusal) -> Option<Onward> {
        if let Some(redirect) = self.redirect.take() {
            return Some(redirect);
        }
        let after = std::mem::take(&mut self.after);
        match best.status {
            486 | 600..=699 if !self.rang_out => after.busy,
            _ if best.cause == Cause::NotRegistered && !self.rang_out => after.unregistered,
            _ => after.no_answer,
        }
    }
}
