//! Whom to ring, in which order, and until when.

use std::collections::VecDeque;
use std::time::Duration;

use base::fact::{Endpoint, What, record_text};
use base::limits::{FORK_LEGS, PEERS_TRIED, RING};
use base::wire::Target;
use base::{Cause, LegId, Party};
use peer::{Binding, Failing, PeerAt};
use route::TrunkTry;
use sip::message::Message;

use super::invite::LegOut;
use super::{Call, CallTimer, Ctx, Hunt, Phase, Refusal, Stage, TrunkHunt, Walk};
use crate::act::Act;
use crate::headers::{self, Parting};
use crate::leg::Leg;
use crate::password;

/// An edge proxy has lost the phone's flow (RFC 5626 §11.5).
const FLOW_FAILED: u16 = 430;
/// A phone that says nothing at all for this long has vanished.
pub(super) const PHONE_SILENCE: Duration = Duration::from_secs(10);

impl Call {
    pub(super) fn hunt_trunks(&mut self, ctx: &mut Ctx<'_>, tries: Vec<TrunkTry>, emergency: bool) {
        let ring_secs = u32::try_from(RING.as_secs()).unwrap_or(180);
        let stages = tries.into_iter().map(Stage::Trunk).collect();
        self.hunt(ctx, stages, ring_secs, emergency, None);
    }

    pub(super) fn hunt(
        &mut self,
        ctx: &mut Ctx<'_>,
        stages: VecDeque<Stage>,
        ring_secs: u32,
        emergency: bool,
        walk: Option<Box<Walk>>,
    ) {
        let hunt = Hunt {
            stages,
            walk,
            asked: Vec::new(),
            trunk: None,
            best: None,
            spare: Vec::new(),
            emergency,
            ring_secs,
            tried: 0,
            early: None,
            rung: false,
            rang: false,
            side: self.rings_for.map_or(0, |(_, side)| side),
        };
        self.hunt = Some(Box::new(hunt));
        if self.meeting.is_none() {
            self.phase = Phase::Hunting;
        }
        self.next_stage(ctx);
    }

    /// Nobody is left to ring: whoever waits is told.
    pub(super) fn nobody_found(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal, by: Party) {
        if self.meeting.is_none() {
            return self.turn_away(ctx, refusal, by);
        }
        self.stop_seeking(ctx, Cause::AnsweredElsewhere);
        self.errand_failed(ctx, refusal);
    }

    /// Starts the next legs, or refuses the caller when nobody is left.
    pub(super) fn next_stage(&mut self, ctx: &mut Ctx<'_>) {
        loop {
            let Some(hunt) = &mut self.hunt else { return };
            if let Some(TrunkHunt { attempt, peers }) = &mut hunt.trunk {
                if let Some(peer) = peers.pop_front()
                    && hunt.tried < PEERS_TRIED
                {
                    hunt.tried += 1;
                    let attempt = attempt.clone();
                    if self.ring_peer(ctx, &attempt, &peer) {
                        return;
                    }
                    continue;
                }
                let trunk = hunt.trunk.take().map(|trunk| trunk.attempt.trunk).unwrap_or_default();
                self.leave_trunk(ctx, &trunk);
                continue;
            }
            match hunt.stages.pop_front() {
                Some(Stage::Together(stage)) => {
                    if self.ring_together(ctx, stage) {
                        return;
                    }
                }
                Some(Stage::Trunk(attempt)) => {
                    let found = self.enter_trunk(ctx, attempt);
                    if let Some(hunt) = &mut self.hunt {
                        hunt.trunk = found;
                    }
                }
                None => {
                    let best = hunt.best.unwrap_or_else(|| Refusal::of(Cause::NoRoute));
                    return self.found_nobody(ctx, best);
                }
            }
        }
    }

    /// Takes a place on a trunk and finds its peers; `None` where it has no place.
    pub(super) fn enter_trunk(&mut self, ctx: &mut Ctx<'_>, attempt: TrunkTry) -> Option<TrunkHunt> {
        let hunt = self.hunt.as_mut()?;
        if ctx.trunks.admit(ctx.now, &attempt.trunk, hunt.emergency).is_err() {
            hunt.note(Refusal::of(Cause::LimitReached));
            return None;
        }
        self.admitted.push(attempt.trunk.clone());
        let peers: VecDeque<PeerAt> = ctx.trunks.order(ctx.now, ctx.entropy, &attempt.trunk).into();
        if peers.is_empty() {
            hunt.note(Refusal::of(Cause::NetworkFailure));
        }
        Some(TrunkHunt { attempt, peers })
    }

    pub(super) fn leave_trunk(&mut self, ctx: &mut Ctx<'_>, trunk: &str) {
        if let Some(at) = self.admitted.iter().rposition(|name| name == trunk) {
            self.admitted.remove(at);
            ctx.trunks.release(trunk);
        }
    }

    fn ring_peer(&mut self, ctx: &mut Ctx<'_>, attempt: &TrunkTry, peer: &PeerAt) -> bool {
        let Some(route) = ctx.routes.trunk(&attempt.trunk) else { return false };
        let trunk = route.trunk().clone();
        let credentials = password::login(&trunk);
        let breadth = headers::breadth_shares(&self.invite, 1).ok().and_then(|mut shares| shares.next());
        let out = LegOut::to_trunk(&trunk, attempt, peer, credentials).with_breadth(breadth.flatten());
        self.ring_within(ctx, vec![out], Duration::from_secs(trunk.failover_secs.into()))
    }

    /// Another flow of the same phone, when one has failed and not the phone (RFC 5626 §7). The stage goes
    /// on.
    fn next_flow(&mut self, ctx: &mut Ctx<'_>, lost: &LostFlow) -> bool {
        let is_next = |it: &Binding| it.aor == lost.aor && it.instance() == Some(&lost.instance);
        loop {
            let Some(hunt) = &mut self.hunt else { return false };
            let Some(at) = hunt.spare.iter().position(is_next) else { return false };
            let asks = hunt.walk.as_ref().is_some_and(|walk| walk.asks_at(&lost.aor) || walk.whispers());
            let out = phone_leg(ctx, hunt.spare.remove(at)).asking(asks);
            if self.start_leg(ctx, out).is_ok() {
                self.timers.set(CallTimer::Silence, ctx.now.mono + PHONE_SILENCE);
                return true;
            }
        }
    }

    /// The flow of a leg that came to nothing, when its phone may have others and the refusal is not the phone's own.
    fn lost_flow(&self, leg: LegId, refusal: Refusal) -> Option<LostFlow> {
        let is_lost = refusal.status == FLOW_FAILED
            || matches!(refusal.cause, Cause::NoResponse | Cause::NetworkFailure | Cause::Timeout);
        let leg = self.leg(leg).filter(|_| is_lost)?;
        let instance = leg.calling()?.instance.clone()?;
        Some(LostFlow { aor: leg.dialled.clone(), instance })
    }

    /// Rings legs together; `false` when not one could be started.
    fn ring_within(&mut self, ctx: &mut Ctx<'_>, outs: Vec<LegOut>, silence: Duration) -> bool {
        let mut started = 0;
        for out in outs {
            match self.start_leg(ctx, out) {
                Ok(_leg) => started += 1,
                Err(refusal) => {
                    if let Some(hunt) = &mut self.hunt {
                        hunt.note(refusal);
                    }
                }
            }
        }
        let Some(hunt) = &self.hunt else { return true };
        if started > 0 {
            self.timers.set(CallTimer::Silence, ctx.now.mono + silence);
            self.timers.set(CallTimer::Ring, ctx.now.mono + Duration::from_secs(hunt.ring_secs.into()));
        }
        started > 0
    }

    /// A leg out came to nothing. The others of its stage ring on; the next stage is for failures that say
    /// nothing about the person called.
    pub(super) fn leg_refused(&mut self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal) {
        self.judge_peer(ctx, leg, refusal);
        let lost = self.lost_flow(leg, refusal);
        let was_trunk = self.leg(leg).is_some_and(|leg| matches!(leg.endpoint, Endpoint::Trunk(_)));
        self.drop_leg(ctx, leg, refusal);
        if lost.is_some_and(|lost| self.next_flow(ctx, &lost)) {
            return;
        }
        if self.outside_refused(ctx, leg, refusal) {
            return self.early_lost(ctx, leg);
        }
        self.one_less(ctx, leg, refusal, was_trunk);
    }

    /// One less rings. The others of its stage ring on, unless it has spoken for all.
    pub(super) fn one_less(&mut self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal, was_trunk: bool) {
        self.early_lost(ctx, leg);
        if self.page_refused(ctx, leg) {
            return;
        }
        let ringing = self.somebody_may_take_it();
        let Some(hunt) = &mut self.hunt else { return };
        hunt.note(refusal);
        let is_final = match (refusal.status, &hunt.walk) {
            (600..=699, Some(walk)) => walk.declines_for_all() && !was_trunk,
            (_, Some(_)) => false,
            (600..=699, None) => true,
            (486, None) => was_trunk,
            (500..=599 | 408, None) => false,
            (300..=499, None) => was_trunk && !hunt.emergency,
            (_, None) => false,
        };
        if is_final {
            return self.declined(ctx, refusal, ringing);
        }
        if !ringing {
            self.stop_ringing();
            self.next_stage(ctx);
        }
    }

    /// One has declined for all.
    fn declined(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal, ringing: bool) {
        if self.walk_mut().is_none() {
            return match ringing {
                true if self.meeting.is_none() => self.finish(ctx, refusal, Party::Callee),
                true | false => self.nobody_found(ctx, refusal, Party::Callee),
            };
        }
        self.stop_ringing();
        let calling = self.legs.iter().filter(|leg| leg.calling().is_some()).map(|leg| leg.id);
        let others: Vec<LegId> = calling.chain(self.asked_legs()).collect();
        for other in others {
            self.end_leg(ctx, other, refusal);
            self.early_lost(ctx, other);
        }
        if let Some(hunt) = &mut self.hunt {
            hunt.asked.clear();
        }
        self.found_nobody(ctx, refusal);
    }

    /// Keeps what a refusal says beside its status, when it is the one that the caller will be told.
    pub(super) fn hear_refusal(&mut self, refusal: Refusal, response: &Message) {
        let Some(hunt) = &self.hunt else { return };
        if hunt.best.is_none_or(|best| refusal.rank() < best.rank()) {
            self.parting = Parting::of(response);
        }
    }

    /// Tells the trunk's health what became of a try. A 500 may be one callee's fault, silence and 503 are not.
    pub(super) fn judge_peer(&self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal) {
        let Some((trunk, peer)) =
            self.leg(leg).and_then(Leg::calling).and_then(|calling| calling.trunk.as_ref())
        else {
            return;
        };
        if matches!(refusal.cause, Cause::NoResponse | Cause::NetworkFailure) {
            ctx.trunks.failed(ctx.now, trunk, peer, Failing::Silent);
        } else if matches!(refusal.cause, Cause::Congestion | Cause::Timeout) {
            ctx.trunks.failed(ctx.now, trunk, peer, Failing::Refused);
        } else {
            ctx.trunks.worked(ctx.now, trunk, peer);
        }
    }

    /// The stage has rung long enough.
    pub(super) fn rung_out(&mut self, ctx: &mut Ctx<'_>) {
        self.give_up(ctx, Refusal::of(Cause::NoAnswer), |_calling| true);
    }

    /// Legs from which nothing has come are given up; the others ring on.
    pub(super) fn unheard(&mut self, ctx: &mut Ctx<'_>) {
        self.give_up(ctx, Refusal::of(Cause::NoResponse), |calling| !calling.heard);
    }

    fn give_up(
        &mut self,
        ctx: &mut Ctx<'_>,
        refusal: Refusal,
        which: impl Fn(&crate::ringing::Calling) -> bool,
    ) {
        let given_up: Vec<LegId> =
            self.legs.iter().filter(|leg| leg.calling().is_some_and(&which)).map(|leg| leg.id).collect();
        let mut went_on = false;
        for leg in &given_up {
            self.judge_peer(ctx, *leg, refusal);
            let lost = self.lost_flow(*leg, refusal);
            self.end_leg(ctx, *leg, refusal);
            went_on |= lost.is_some_and(|lost| self.next_flow(ctx, &lost));
            went_on |= refusal.cause == Cause::NoResponse && self.outside_refused(ctx, *leg, refusal);
        }
        if went_on {
            return;
        }
        for leg in &given_up {
            self.early_lost(ctx, *leg);
        }
        let ringing = self.somebody_may_take_it();
        let Some(hunt) = &mut self.hunt else { return };
        if given_up.is_empty() {
            return;
        }
        hunt.note(refusal);
        if let Some(walk) = hunt.walk.as_mut().filter(|_| refusal.cause == Cause::NoAnswer) {
            walk.rang_out();
        }
        if !ringing {
            self.stop_ringing();
            self.next_stage(ctx);
        }
    }

    /// The time limits of a stage that is over.
    pub(super) fn stop_ringing(&mut self) {
        self.timers.stop(CallTimer::Ring);
        self.timers.stop(CallTimer::Silence);
    }

    pub(super) fn leg_started(ctx: &mut Ctx<'_>, leg: &Leg) {
        ctx.out.push(Act::Fact(What::LegStarted {
            leg: leg.id,
            to: leg.endpoint.clone(),
            dialled: record_text(&leg.dialled),
            sip_call_id: leg.call_id.clone(),
        }));
    }
}

impl Hunt {
    /// Keeps the refusal that says most.
    pub(super) fn note(&mut self, refusal: Refusal) {
        if self.best.is_none_or(|best| refusal.rank() < best.rank()) {
            self.best = Some(refusal);
        }
    }
}

/// A flow that failed: whose, and of which phone.
struct LostFlow {
    aor: String,
    instance: Box<str>,
}

/// One binding of each phone, the best, and what other flows these phones have (RFC 5626 §7: never two flows of one
/// phone at a time).
pub(super) fn one_flow_each<'a>(bindings: impl Iterator<Item = &'a Binding>) -> (Vec<Binding>, Vec<Binding>) {
    let (mut first, mut spare) = (Vec::<Binding>::new(), Vec::new());
    for binding in bindings {
        let same = |it: &Binding| {
            it.reg_id().is_some() && it.aor == binding.aor && it.instance() == binding.instance()
        };
        let to = if binding.reg_id().is_some() && first.iter().any(same) { &mut spare } else { &mut first };
        if to.len() < FORK_LEGS {
            to.push(binding.clone());
        }
    }
    (first, spare)
}

pub(super) fn phone_leg(ctx: &Ctx<'_>, binding: Binding) -> LegOut {
    let station = ctx.routes.station(&binding.aor);
    let codecs = station.map(|station| station.codecs.clone()).unwrap_or_default();
    let reliable = station.map(|station| station.reliable).unwrap_or_default();
    let vendor = phone::ring::maker(&binding.user_agent).or_else(|| ctx.routes.maker_of(&binding.aor));
    LegOut { vendor, ..LegOut::to_phone(binding, codecs, reliable.into()) }
}

/// The path to a phone: back along the flow its REGISTER came by.
pub(super) fn phone_target(binding: &Binding) -> Target {
    Target::Flow(binding.flow)
}
