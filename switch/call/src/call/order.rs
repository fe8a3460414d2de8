//! What people do with a call that is up: play to it, send digits, mute, change levels, move it into a conference.

use std::time::Duration;

use base::fact::{TransferKind, TransferResult, What};
use base::limits::RECORD_CHARS;
use base::media::{Ear, MediaCommand, Over, Tap};
use base::{CallOrder, Cause, LegId, Part, Party, PortId};
use phone::keys::InCall;

use super::exchange::is_readable;
use super::feature::{Blind, Failing};
use super::joining::{Joined, open_port};
use super::meeting::Role;
use super::{Call, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::leg::Leg;
use crate::rooms::room_of;

/// How long a digit sounds that is sent by hand.
const DIGIT: Duration = Duration::from_millis(120);

impl Call {
    /// Does what is asked, as far as the call still stands; a leg is named by its place.
    pub(super) fn ordered(&mut self, ctx: &mut Ctx<'_>, order: CallOrder) {
        if matches!(self.phase, Phase::Over(_)) {
            return;
        }
        match order {
            CallOrder::Play { leg, prompt, language, times } => {
                for leg in self.legs_meant(leg) {
                    let said = vec![self.speaker(ctx, leg, &language).prompt(&prompt)];
                    self.play(ctx, leg, said, times, Over::Alone);
                }
            }
            CallOrder::Stop { leg } => {
                for leg in self.legs_meant(leg) {
                    self.stop_play(ctx, leg, None);
                }
            }
            CallOrder::Digits { leg, digits } => {
                for port in self.legs_meant(Some(leg)).into_iter().filter_map(|leg| open_port(self.leg(leg)?))
                {
                    let digits = digits.clone().into_boxed_str();
                    ctx.out.push(Act::Media(MediaCommand::SendDigits { port, digits, each: DIGIT }));
                }
            }
            CallOrder::Voice { leg, muted, deaf, gain } => {
                for leg in self.legs_meant(Some(leg)) {
                    self.set_voice(leg, |voice| {
                        voice.muted = muted.unwrap_or(voice.muted);
                        voice.deaf = deaf.unwrap_or(voice.deaf);
                        voice.gain = gain.unwrap_or(voice.gain);
                    });
                }
            }
            CallOrder::Record(order) => self.record_ordered(ctx, order),
            CallOrder::Tap { leg, tap, hears, hz, by } => {
                for leg in self.legs_meant(Some(leg)) {
                    self.tap(ctx, leg, &by, |port| {
                        let ear = if hears { Ear::To(port) } else { Ear::From(port) };
                        Tap { id: tap, port, ear, hz }
                    });
                }
            }
            CallOrder::Code { leg, code } => self.code_ordered(ctx, leg, &code),
            CallOrder::Conference { name } => self.move_into(ctx, &name),
            CallOrder::Transfer { leg, to, on_failure, stays } => {
                let failing = on_failure.as_deref().map(Failing::of);
                self.for_leg(leg, |call, leg| {
                    let blind = Blind { to: &to, failing, stays, report: None };
                    let led = call.lead_on(ctx, leg, blind);
                    call.note_refused(ctx, leg, TransferKind::Blind, &to, led);
                });
            }
            CallOrder::Consult { leg, to } => self.for_leg(leg, |call, leg| {
                let asked = call.consult(ctx, leg, &to);
                call.note_refused(ctx, leg, TransferKind::Attended, &to, asked);
            }),
            CallOrder::Consulted { leg, act } => self.for_leg(leg, |call, leg| {
                call.consulted(ctx, leg, act);
            }),
            CallOrder::Hold { leg, on } => self.for_leg(leg, |call, leg| {
                let _as_it_was = if on { call.hold(ctx, leg) } else { call.retrieve(ctx, leg) };
            }),
            CallOrder::TakePart { leg, part } => self.take_part(ctx, leg, part),
            CallOrder::Park { leg, slot } => {
                self.for_leg(leg, |call, leg| call.park_ordered(ctx, leg, &slot))
            }
            CallOrder::PickUp { station } => self.pick_up_ordered(ctx, &station),
            CallOrder::Supervise(order) => self.supervise_ordered(ctx, order),
            CallOrder::Invite { leg, to } => self.for_leg(leg, |call, leg| {
                let invited = call.invite(ctx, leg, &to);
                call.note_refused(ctx, leg, TransferKind::Attended, &to, invited);
            }),
            CallOrder::Merge { with } => {
                let _as_it_was = self.merge_with(ctx, with);
            }
            CallOrder::Drop { leg } => self.for_leg(leg, |call, leg| {
                let refusal = Refusal { status: 200, ..Refusal::of(Cause::Operator) };
                call.leg_gone(ctx, leg, refusal, Party::System);
            }),
        }
    }

    /// What a phone would ask for by a code.
    fn code_ordered(&mut self, ctx: &mut Ctx<'_>, leg: usize, code: &str) {
        let leg = self.legs_meant(Some(leg)).into_iter().next();
        if let (Some(leg), Some(code)) = (leg, InCall::of(code)) {
            self.in_call(ctx, leg, &code);
        }
    }

    fn take_part(&mut self, ctx: &mut Ctx<'_>, leg: usize, part: Part) {
        let role = match part {
            Part::Talks => Some(Role::Talks),
            Part::Listens => Some(Role::Listens),
            Part::Coaches { leg } => self.legs.get(leg).map(|leg| Role::Coaches(leg.id)),
        };
        self.for_leg(leg, |call, leg| {
            if let Some(role) = role.filter(|_| call.meet(ctx)) {
                call.set_role(leg, role);
            }
        });
    }

    /// Nobody listens in without a word of it in the call.
    fn tap(&mut self, ctx: &mut Ctx<'_>, leg: LegId, by: &str, tap: impl FnOnce(PortId) -> Tap) {
        let Some(port) = self.leg(leg).and_then(open_port) else { return };
        let by: String = by.chars().take(RECORD_CHARS).collect();
        self.tapped(ctx.now, leg, by.clone());
        ctx.out.push(Act::Fact(What::Tapped { leg, by }));
        ctx.out.push(Act::Media(MediaCommand::Tap(tap(port))));
    }

    /// Both sides of a call go into a room, and their ports to the worker where it is.
    fn move_into(&mut self, ctx: &mut Ctx<'_>, conference: &str) {
        let room = room_of(conference, ctx.config.workers);
        let talks =
            matches!(self.phase, Phase::Talking { .. } | Phase::Meeting) && self.answered_at.is_some();
        if !talks || self.joined == Joined::Room(room) {
            return;
        }
        if let Some(before) = self.seated_in() {
            self.inside = None;
            ctx.out.push(Act::Leave(before));
        }
        self.joined = Joined::Room(room);
        self.worker = room.worker();
        self.sit_as_moved(ctx, room, conference);
        let unread =
            |leg: &&Leg| leg.media.as_ref().is_some_and(|media| media.is_open() && !is_readable(media));
        for leg in self.legs.iter().filter(unread).map(|leg| leg.id).collect::<Vec<_>>() {
            if !self.ask_for_readable(ctx, leg) {
                self.cannot_be_heard(ctx.now, leg, 0);
            }
        }
    }

    fn for_leg(&mut self, place: usize, act: impl FnOnce(&mut Self, LegId)) {
        if let Some(leg) = self.legs.get(place).filter(|leg| leg.talking().is_some()).map(|leg| leg.id) {
            act(self, leg);
        }
    }

    /// What somebody wanted and could not have stands in the record.
    fn note_refused(
        &self,
        ctx: &mut Ctx<'_>,
        by: LegId,
        kind: TransferKind,
        to: &str,
        done: Result<(), u16>,
    ) {
        if let Err(status) = done {
            self.note_transfer(ctx, Some(by), kind, to, TransferResult::Failed(Cause::from_sip(status)));
        }
    }

    fn legs_meant(&self, place: Option<usize>) -> Vec<LegId> {
        let up = |leg: &&Leg| open_port(leg).is_some();
        match place {
            Some(place) => self.legs.get(place).filter(up).map(|leg| leg.id).into_iter().collect(),
            None => self.legs.iter().filter(up).map(|leg| leg.id).collect(),
        }
    }
}
