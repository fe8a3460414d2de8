//! Legs that go from one call to another: asked for, handed over once nothing of their protocol is under way, taken in.

use std::time::Duration;

use base::fact::{Endpoint, What, record_text};
use base::media::MediaCommand;
use base::{CallId, Cause, LegId, Party};

use super::joining::Joined;
use super::joining::open_port;
use super::meeting::{MAIN, Role};
use super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::leg::Leg;
use crate::letter::{Addressee, Handed, Place, Wish, Word};
use crate::shard::Came;

/// How long a leg that has been promised may take to come.
pub(super) const COMES_WITHIN: Duration = Duration::from_secs(10);

/// A leg that goes to another call as soon as it is quiet.
#[derive(Debug)]
pub(crate) struct Giving {
    pub(super) leg: LegId,
    pub(super) to: CallId,
    wish: Wish,
    /// It is on its way.
    gone: bool,
}

impl Giving {
    /// Whether it has left and nobody has said that it is there.
    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }
}

/// A leg that another call has promised.
#[derive(Debug)]
pub(crate) struct Expected {
    from: CallId,
}

impl Call {
    pub(super) fn write(&self, ctx: &mut Ctx<'_>, to: CallId, word: Word) {
        ctx.out.push(Act::Write { to: Addressee::Call(to), word });
    }

    /// A letter of another call.
    pub(super) fn told(&mut self, ctx: &mut Ctx<'_>, from: CallId, word: Word) {
        if matches!(self.phase, Phase::Over(_)) {
            return self.told_too_late(ctx, from, word);
        }
        match word {
            Word::Ask(wish) => self.asked_for(ctx, from, wish),
            Word::Come(wish) => self.may_come(ctx, from, wish),
            Word::No(status) if self.conferees_refused(ctx, from, status) => {}
            Word::No(status) => self.turned_down(ctx, status),
            Word::Dial(number) => self.dial_instead(ctx, &number),
            Word::Hand(handed) => self.take_in(ctx, from, *handed),
            Word::Taken(leg) => self.leg_taken(ctx, leg),
            Word::Back(handed) => self.take_back(ctx, from, *handed),
            Word::Never => self.never_comes(ctx, from),
            Word::Key { leg, code } => self.keyed_elsewhere(ctx, from, leg, &code),
            Word::Done(done) => self.first_line_says(ctx, done),
            Word::Parked(slot) => self.parked_there(ctx, slot),
            Word::Attend(attend) => self.attended_by(ctx, from, attend),
            Word::Sight(sight) => self.sees(ctx, from, sight),
            Word::Leave => self.left_by(from),
            Word::Parted { moved } => self.agent_parted(ctx, from, moved),
        }
    }

    fn told_too_late(&mut self, ctx: &mut Ctx<'_>, from: CallId, word: Word) {
        match word {
            Word::Ask(_) => self.write(ctx, from, Word::No(481)),
            Word::Hand(handed) => self.write(ctx, from, Word::Back(handed)),
            Word::Come(_) => self.write(ctx, from, Word::Never),
            Word::Back(handed) => self.take_back(ctx, from, *handed),
            Word::Key { .. } => self.write(ctx, from, Word::Done(false)),
            Word::Attend(_) => self.write(ctx, from, Word::Parted { moved: false }),
            Word::Sight(_) => self.write(ctx, from, Word::Leave),
            Word::No(_)
            | Word::Dial(_)
            | Word::Taken(_)
            | Word::Never
            | Word::Done(_)
            | Word::Parked(_)
            | Word::Leave
            | Word::Parted { .. } => {}
        }
    }

    /// Another call wants a leg in here, or one of ours.
    fn asked_for(&mut self, ctx: &mut Ctx<'_>, from: CallId, wish: Wish) {
        let answer = match wish {
            Wish::PickUp { at } => self.may_be_picked_up(ctx, &at),
            Wish::Unpark { slot } => self.may_be_unparked(ctx, slot),
            Wish::Park { by, lot, slot } => self.park_for(ctx, from, (by, lot, slot)),
            Wish::Replace(place) => self.may_be_replaced(ctx, &place),
            Wish::Join => self.may_be_joined(ctx),
            Wish::Gather { stays } => self.lets_all_go(ctx, from, stays),
            Wish::Surrender { with, of, to } => self.surrender(ctx, from, (&with, &to), of),
        };
        match answer {
            Ok(Some(wish)) => {
                self.expected = Some(Expected { from });
                self.timers.set(CallTimer::Guest, ctx.now.mono + COMES_WITHIN);
                self.write(ctx, from, Word::Come(wish));
            }
            Ok(None) => {}
            Err(word) => self.write(ctx, from, word),
        }
    }

    /// Somebody takes the place of phones that ring.
    fn may_be_picked_up(&mut self, ctx: &mut Ctx<'_>, at: &str) -> Result<Option<Wish>, Word> {
        let rings_there = |leg: &Leg| {
            leg.calling().is_some() && (at.is_empty() || leg.endpoint == Endpoint::Station(at.into()))
        };
        let rings = self.hunt.is_some() && self.legs.iter().any(rings_there);
        if !rings || self.expected.is_some() || self.held.is_some() {
            return Err(Word::No(481));
        }
        self.stop_ringing();
        let ringing: Vec<LegId> =
            self.legs.iter().filter(|it| it.calling().is_some()).map(|it| it.id).collect();
        let ringing = ringing.into_iter().chain(self.asked_legs()).collect::<Vec<_>>();
        for leg in ringing {
            self.end_leg(ctx, leg, Refusal::of(Cause::AnsweredElsewhere));
        }
        self.free_all_but(ctx, None);
        Ok(Some(Wish::PickUp { at: at.to_owned() }))
    }

    /// RFC 3891 §3: a confirmed dialog is replaced, an early one of ours is answered.
    fn may_be_replaced(&mut self, ctx: &mut Ctx<'_>, place: &Place) -> Result<Option<Wish>, Word> {
        if self.seeks_help(ctx) {
            return Err(Word::No(403));
        }
        let leg = self.leg_at(place).ok_or(Word::No(481))?;
        let early_only = matches!(place, Place::Dialog(name) if name.early_only);
        let at = self.leg(leg).ok_or(Word::No(481))?;
        let (rings, talks) = (at.calling().is_some(), at.talking().is_some());
        let waits = at.incoming().is_some() && self.hunt.is_some() && leg == self.caller();
        if rings {
            let at = self.extension_of(leg).unwrap_or_default();
            return self.may_be_picked_up(ctx, &at);
        }
        if let Some(slot) = self.slot_of(leg) {
            return self.may_be_unparked(ctx, slot);
        }
        if talks && early_only {
            return Err(Word::No(486));
        }
        if talks && (self.expected.is_some() || !self.meet(ctx)) {
            return Err(Word::No(491));
        }
        if talks || waits { Ok(Some(Wish::Replace(Place::Leg(leg)))) } else { Err(Word::No(481)) }
    }

    fn may_be_joined(&mut self, ctx: &mut Ctx<'_>) -> Result<Option<Wish>, Word> {
        if self.expected.is_some() || !self.meet(ctx) {
            return Err(Word::No(491));
        }
        Ok(Some(Wish::Join))
    }

    /// Whoever talks with this leg goes to the call that asks; where that cannot be, its own shall come here.
    fn surrender(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: CallId,
        (with, to): (&Place, &Endpoint),
        of: LegId,
    ) -> Result<Option<Wish>, Word> {
        let leg = self.leg_at(with).ok_or(Word::No(481))?;
        let is_own = self.leg(leg).is_some_and(|leg| leg.endpoint == *to);
        if !is_own || self.seeks_help(ctx) {
            return Err(Word::No(403));
        }
        if matches!(self.phase, Phase::Local(_)) && !matches!(self.joined, Joined::Room(_)) {
            return Err(Word::Dial(self.facts.dialled.clone()));
        }
        if matches!(self.phase, Phase::Talking { .. }) && !self.meet(ctx) {
            return Err(Word::No(491));
        }
        let other = self.only_company(leg);
        let Some(other) = other else { return self.may_be_replaced(ctx, with) };
        self.give(ctx, other, from, Wish::Replace(Place::Leg(of)));
        Ok(None)
    }

    fn only_company(&self, leg: LegId) -> Option<LegId> {
        let others = self.all_but(leg);
        (others.len() == 1).then(|| others.first().copied()).flatten()
    }

    pub(super) fn leg_at(&self, place: &Place) -> Option<LegId> {
        match place {
            Place::Leg(leg) => self.leg(*leg).filter(|leg| !leg.is_over()).map(|leg| leg.id),
            Place::Dialog(name) => self
                .legs
                .iter()
                .find(|leg| {
                    leg.call_id == name.call_id && !leg.is_over() && leg.is_named(&name.to, &name.from)
                })
                .map(|leg| leg.id),
        }
    }

    /// A leg goes to another call as soon as it is quiet.
    pub(super) fn give(&mut self, ctx: &mut Ctx<'_>, leg: LegId, to: CallId, wish: Wish) {
        self.giving = Some(Box::new(Giving { leg, to, wish, gone: false }));
        self.hand_over(ctx);
    }

    /// Hands over what is to be handed over, if it can be now.
    pub(super) fn hand_over(&mut self, ctx: &mut Ctx<'_>) {
        let Some(giving) = self.giving.as_ref().filter(|giving| !giving.gone) else { return };
        let (leg, to, wish) = (giving.leg, giving.to, giving.wish.clone());
        let Some(at) = self.leg(leg).filter(|at| !at.is_over()) else {
            self.giving = None;
            return self.write(ctx, to, Word::Never);
        };
        if at.talking().is_none() || !at.is_quiet() || self.late.is_some() || self.passage.is_some() {
            return;
        }
        let (number, name) = self.shown_as(ctx, leg);
        let (line, trunk) = self.take_line(leg);
        if let Some(line) = &line {
            ctx.lines.release(line);
        }
        if let Some(trunk) = &trunk {
            ctx.trunks.release(trunk);
        }
        self.forget_hold_of(ctx, leg);
        if let Some(port) = self.port_of(leg) {
            self.take_recording_off(ctx, port);
        }
        self.stop_play(ctx, leg, None);
        self.music.retain(|music| music.leg != leg);
        if let Some(meeting) = &mut self.meeting {
            meeting.members.retain(|member| member.leg != leg);
        }
        let Some(taken) = self.take_out(leg) else { return };
        if let Some(giving) = &mut self.giving {
            giving.gone = true;
        }
        ctx.out.push(Act::Fact(What::LegWent { leg, to }));
        let home = ctx.config.shard;
        let handed = Handed { leg: taken, wish, worker: self.worker, line, trunk, number, name, home };
        ctx.out.push(Act::Hand { to, handed: Box::new(handed) });
    }

    /// The leg itself; what stays in its place is over.
    fn take_out(&mut self, leg: LegId) -> Option<Leg> {
        let at = self.leg_mut(leg)?;
        let husk = Leg::new(
            at.id,
            at.endpoint.clone(),
            at.dialled.clone(),
            at.call_id.clone(),
            at.local_tag.clone(),
            at.target,
            at.session.policy(),
        );
        Some(std::mem::replace(at, husk))
    }

    /// A leg comes in.
    fn take_in(&mut self, ctx: &mut Ctx<'_>, from: CallId, handed: Handed) {
        self.expected = None;
        self.timers.stop(CallTimer::Guest);
        let leg = handed.leg.id;
        let place = match &handed.wish {
            // Who asked for it may have hung up meanwhile.
            Wish::Replace(Place::Leg(asked)) if self.asks_for(Some(*asked)) => {
                self.leg(*asked).filter(|leg| !leg.is_over()).map(|leg| Some(leg.id))
            }
            Wish::Replace(place) => Some(self.leg_at(place)),
            Wish::PickUp { .. }
            | Wish::Unpark { .. }
            | Wish::Park { .. }
            | Wish::Join
            | Wish::Gather { .. }
            | Wish::Surrender { .. } => None,
        };
        let can = match (place, &self.phase) {
            (Some(None), _) => false,
            (_, Phase::Hunting | Phase::Meeting) => true,
            (_, Phase::Talking { .. } | Phase::Local(_) | Phase::Visiting(_) | Phase::Over(_)) => {
                self.meet(ctx)
            }
        };
        let members = self.meeting.as_ref().map_or(0, |meeting| meeting.members.len());
        if !can || self.legs.len() >= base::limits::LEGS_PER_CALL || members >= base::limits::MEETING_MEMBERS
        {
            return self.write(ctx, from, Word::Back(Box::new(handed)));
        }
        let replaced = place.flatten();
        let wish = handed.wish.clone();
        self.welcome(ctx, from, handed);
        self.write(ctx, from, Word::Taken(leg));
        match (self.meeting.is_some(), replaced) {
            (true, Some(replaced)) => self.replace(ctx, replaced, leg),
            (true, None) => {
                self.hunt = None;
                self.seat(leg, MAIN, Role::Talks);
            }
            (false, Some(caller)) => self.wait_in_place_of(ctx, caller, leg),
            (false, None) => self.picked_up(ctx, leg),
        }
        self.errand_joined(ctx, leg);
        self.note_taken(ctx, leg, wish);
        self.conferee_came(ctx, from, leg);
        self.make_readable(ctx, leg);
        self.tidy(ctx, Refusal::of(Cause::Normal), Party::System);
    }

    /// Makes a leg that has come this call's own.
    fn welcome(&mut self, ctx: &mut Ctx<'_>, from: CallId, handed: Handed) {
        let Handed { leg, worker, line, trunk, number, name, home, .. } = handed;
        note_come(ctx, from, &leg);
        if let Some(line) = line {
            ctx.lines.occupy(&line);
            self.occupied.push(line);
        }
        if let Some(trunk) = trunk {
            // It counted before: a cap that is reached is no reason to lose it.
            let _counted = ctx.trunks.admit(ctx.now, &trunk, true);
            self.admitted.push(trunk);
        }
        let port = leg.media.as_ref().map(|media| media.port());
        let came = Came { call_id: leg.call_id.clone(), local_tag: leg.local_tag.clone(), port, home };
        ctx.out.push(Act::Adopt { leg: leg.id, came });
        self.guests.push((leg.id, number, name));
        if let Some(port) = open_port(&leg).filter(|_| worker != self.worker) {
            ctx.out.push(Act::Media(MediaCommand::Move { port, to: self.worker }));
        }
        // What plays there played for another call.
        if let Some(port) = open_port(&leg) {
            ctx.out.push(Act::Media(MediaCommand::StopPlay { port, play: None }));
        }
        self.legs.push(leg);
    }

    /// One who takes part goes, and another has his place.
    fn replace(&mut self, ctx: &mut Ctx<'_>, replaced: LegId, by: LegId) {
        let side = self.side_of(replaced).unwrap_or(MAIN);
        self.seat(by, side, Role::Talks);
        if !self.errand_replaces(ctx, replaced, by) {
            self.dismiss(ctx, replaced, Cause::Transferred);
        }
        self.bring_together();
    }

    /// A caller whose call still rings is replaced by one who waits in his place.
    fn wait_in_place_of(&mut self, ctx: &mut Ctx<'_>, caller: LegId, leg: LegId) {
        self.answered_at = Some(ctx.now.wall);
        let hunt = self.hunt.take();
        self.begin_meeting(ctx, &[leg]);
        self.hunt = hunt;
        self.await_for(leg);
        self.end_leg(ctx, caller, Refusal::of(Cause::Transferred));
        self.release_line(ctx, caller);
    }

    /// The phones that rang are answered elsewhere: by this leg.
    fn picked_up(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        self.hunt = None;
        let codec = self.media_of(leg).map(|media| media.codec().to_owned()).unwrap_or_default();
        ctx.out.push(Act::Fact(What::Answered { leg, codec }));
        let caller = self.caller();
        if self.pick_up(ctx) {
            self.begin_meeting(ctx, &[caller, leg]);
        }
    }

    /// What went is there.
    fn leg_taken(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        if self.giving.take_if(|giving| giving.leg == leg).is_none() {
            return;
        }
        let refusal = Refusal { status: 200, ..Refusal::of(Cause::Transferred) };
        match self.phase {
            Phase::Visiting(_) => self.finish(ctx, refusal, Party::System),
            Phase::Hunting | Phase::Local(_) | Phase::Talking { .. } | Phase::Meeting | Phase::Over(_) => {
                self.errand_given(ctx);
                self.tidy(ctx, refusal, Party::System);
            }
        }
    }

    /// What went could not be used: it ends here, or goes on as before.
    fn take_back(&mut self, ctx: &mut Ctx<'_>, from: CallId, handed: Handed) {
        let leg = handed.leg.id;
        self.giving = None;
        self.return_home(ctx, from, handed);
        if matches!(self.phase, Phase::Over(_) | Phase::Visiting(_)) {
            self.end_leg(ctx, leg, Refusal::of(Cause::Gone));
            self.release_line(ctx, leg);
            return self.finish(ctx, Refusal::of(Cause::Gone), Party::System);
        }
        self.seat(leg, MAIN, Role::Talks);
        self.errand_failed(ctx, Refusal::of(Cause::Gone));
    }

    /// Puts a leg where its husk is.
    fn return_home(&mut self, ctx: &mut Ctx<'_>, from: CallId, handed: Handed) {
        let Handed { leg, line, trunk, home, .. } = handed;
        note_come(ctx, from, &leg);
        let port = leg.media.as_ref().map(|media| media.port());
        let came = Came { call_id: leg.call_id.clone(), local_tag: leg.local_tag.clone(), port, home };
        ctx.out.push(Act::Adopt { leg: leg.id, came });
        if let Some(line) = line {
            ctx.lines.occupy(&line);
            self.occupied.push(line);
        }
        if let Some(trunk) = trunk {
            let _counted = ctx.trunks.admit(ctx.now, &trunk, true);
            self.admitted.push(trunk);
        }
        match self.leg_mut(leg.id) {
            Some(husk) => *husk = leg,
            None => self.legs.push(leg),
        }
    }

    /// What was promised does not come, or what we promised is not wanted any more.
    fn never_comes(&mut self, ctx: &mut Ctx<'_>, from: CallId) {
        let was_expected = self.expected.take_if(|expected| expected.from == from).is_some();
        let was_given = self.giving.take_if(|giving| giving.to == from && !giving.gone).is_some();
        if was_expected || was_given || self.asks_for(None) {
            self.timers.stop(CallTimer::Guest);
            self.guest_missing(ctx);
        }
    }

    /// What was promised has not come in time.
    pub(super) fn guest_missing(&mut self, ctx: &mut Ctx<'_>) {
        self.expected = None;
        if let Some(giving) = self.giving.take_if(|giving| !giving.gone) {
            self.write(ctx, giving.to, Word::Never);
        }
        let gone = Refusal::of(Cause::NoAnswer);
        match self.phase {
            Phase::Hunting if self.legs.iter().all(|leg| leg.calling().is_none()) => {
                self.hunt = None;
                self.turn_away(ctx, gone, Party::Callee);
            }
            Phase::Visiting(_) => self.visit_over(ctx, 480),
            Phase::Meeting if self.asks_for(None) => self.errand_failed(ctx, gone),
            Phase::Hunting | Phase::Local(_) | Phase::Talking { .. } | Phase::Meeting | Phase::Over(_) => {
                self.tidy(ctx, gone, Party::System);
            }
        }
    }

    /// Who stands at a leg's far end, as others are shown it: number and name.
    pub(super) fn shown_as(&self, ctx: &Ctx<'_>, leg: LegId) -> (String, String) {
        let (number, name) = self.stands_as(ctx, leg);
        match self.slot_word(leg) {
            Some(slot) if name.is_empty() => (number, slot.to_owned()),
            Some(slot) => (number, format!("{slot} {name}")),
            None => (number, name),
        }
    }

    fn stands_as(&self, ctx: &Ctx<'_>, leg: LegId) -> (String, String) {
        if leg == self.caller() && self.guests.iter().all(|(guest, _, _)| *guest != leg) {
            return (self.facts.caller.clone(), self.facts.caller_name.clone());
        }
        if let Some((_, number, name)) = self.guests.iter().find(|(guest, _, _)| *guest == leg) {
            return (number.clone(), name.clone());
        }
        let Some(at) = self.leg(leg) else { return Default::default() };
        let name = match &at.endpoint {
            Endpoint::Station(extension) => ctx.routes.station(extension).map(|it| {
                let of_user = || ctx.routes.user(&it.user).map(|user| user.name.clone());
                Some(it.name.clone()).filter(|name| !name.is_empty()).or_else(of_user).unwrap_or_default()
            }),
            Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_) => None,
        };
        (at.dialled.clone(), name.unwrap_or_default())
    }

    /// Media port of the leg with this Call-ID.
    pub(crate) fn port_of_call_id(&self, call_id: &str) -> Option<base::PortId> {
        let leg = self.legs.iter().find(|leg| leg.call_id == call_id)?;
        leg.media.as_ref().map(|media| media.port())
    }
}

/// The record has a leg that has come from another call, or is back from there.
fn note_come(ctx: &mut Ctx<'_>, from: CallId, leg: &Leg) {
    ctx.out.push(Act::Fact(What::LegCame {
        leg: leg.id,
        from,
        to: leg.endpoint.clone(),
        dialled: record_text(&leg.dialled),
        sip_call_id: record_text(&leg.call_id),
    }));
}
