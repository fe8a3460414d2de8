//! A call whose far ends pass no more offers to each other: each talks with the switch, and a table says who hears whom.
//! Transfers, consultations, conferences within a call, parking and supervision are rows of it.
//!
//! ```text
//!   side 0   ana ⇄ carrier          those on one side hear each other
//!   side 1   bob                    alone there: music, or ringback while somebody is rung for that side
//! ```

use base::fact::What;
use base::limits::MEETING_MEMBERS;
use base::media::{Over, PlayId, Sound};
use base::{Cause, LegId, Party};
use sdp::Direction;
use sounds::tones::{Country, Signal};

use super::exchange::is_readable;
use super::feature::Errand;
use super::joining::Joined;
use super::local::LocalEnd;
use super::service::Service;
use super::spoken::SPEECH_LASTS;
use super::{Call, CallTimer, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::leg::Leg;
use crate::letter::Word;
use crate::mix::Part;
use base::PortId;
use base::media::Heard;
use route::Local;

/// The side where a call's talk goes on.
pub(crate) const MAIN: u8 = 0;

/// Those who take part, and what is being done about it.
#[derive(Debug, Default)]
pub(crate) struct Meeting {
    pub(super) members: Vec<Member>,
    /// What somebody has begun and not ended: a transfer, a consultation.
    pub(super) errand: Option<Box<Errand>>,
}

/// One who takes part.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) leg: LegId,
    pub(crate) side: u8,
    pub(crate) role: Role,
    /// Ringback that it hears.
    rings: Option<PlayId>,
}

/// How somebody takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Hears those of its side and is heard by them.
    Talks,
    /// Hears them alone.
    Listens,
    /// Hears them, and is heard by this one alone.
    Coaches(LegId),
}

impl Meeting {
    pub(super) fn member(&self, leg: LegId) -> Option<&Member> {
        self.members.iter().find(|member| member.leg == leg)
    }

    fn member_mut(&mut self, leg: LegId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.leg == leg)
    }

    /// Those who share a side with this one.
    pub(super) fn with(&self, leg: LegId) -> impl Iterator<Item = &Member> {
        let side = self.member(leg).map(|member| member.side);
        self.members.iter().filter(move |other| other.leg != leg && Some(other.side) == side)
    }

    /// Whether `one` hears `other`.
    fn hears(&self, one: &Member, other: &Member) -> bool {
        let spoken_to = match other.role {
            Role::Talks => true,
            Role::Listens => false,
            Role::Coaches(whom) => whom == one.leg,
        };
        one.leg != other.leg && one.side == other.side && spoken_to
    }
}

impl Call {
    /// Lets every far end talk with the switch alone from now on; `false` while an exchange is open between the two.
    pub(super) fn meet(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if self.meeting.is_some() {
            return true;
        }
        let Phase::Talking { callee } = self.phase else { return false };
        if self.passage.is_some() || self.late.is_some() || self.answered_at.is_none() {
            return false;
        }
        let caller = self.caller();
        self.begin_meeting(ctx, &[caller, callee]);
        true
    }

    /// These far ends talk with the switch alone from now on.
    pub(super) fn begin_meeting(&mut self, ctx: &mut Ctx<'_>, legs: &[LegId]) {
        let members = legs.iter().map(|leg| Member { leg: *leg, side: MAIN, role: Role::Talks, rings: None });
        self.meeting = Some(Box::new(Meeting { members: members.collect(), errand: None }));
        self.phase = Phase::Meeting;
        if !matches!(self.joined, Joined::Room(_)) {
            self.joined = Joined::Sides;
        }
        for leg in legs {
            self.make_readable(ctx, *leg);
        }
    }

    /// A far end whose codec we cannot read, or that was told to be silent for somebody else's sake, is asked anew.
    pub(super) fn make_readable(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(at) = self.leg_mut(leg) else { return };
        let Some(media) = at.media.as_ref().filter(|media| media.is_open()) else { return };
        let silenced = media.local().is_some_and(|ours| ours.direction() == Direction::SendOnly);
        at.renew |= silenced || !is_readable(media);
        self.renewals(ctx);
    }

    /// Sends the offers of our own that are due, as far as nothing is in their way.
    pub(super) fn renewals(&mut self, ctx: &mut Ctx<'_>) {
        if self.meeting.is_none() || self.timers.is_set(CallTimer::Renew) {
            return;
        }
        let due: Vec<LegId> = self.legs.iter().filter(|leg| leg.renew).map(|leg| leg.id).collect();
        for leg in due {
            if self.ask_for_readable(ctx, leg)
                && let Some(at) = self.leg_mut(leg)
            {
                at.renew = false;
            }
        }
    }

    /// One more takes part; `false` when there are as many as may be.
    pub(super) fn seat(&mut self, leg: LegId, side: u8, role: Role) -> bool {
        let Some(meeting) = &mut self.meeting else { return false };
        if meeting.members.len() >= MEETING_MEMBERS {
            return false;
        }
        meeting.members.retain(|member| member.leg != leg);
        meeting.members.push(Member { leg, side, role, rings: None });
        true
    }

    /// Puts one who takes part on another side.
    pub(super) fn move_to_side(&mut self, leg: LegId, side: u8) {
        if let Some(member) = self.meeting.as_mut().and_then(|meeting| meeting.member_mut(leg)) {
            member.side = side;
        }
    }

    pub(super) fn set_role(&mut self, leg: LegId, role: Role) {
        if let Some(member) = self.meeting.as_mut().and_then(|meeting| meeting.member_mut(leg)) {
            member.role = role;
        }
    }

    /// Everybody talks with everybody.
    pub(super) fn bring_together(&mut self) {
        for member in self.meeting.iter_mut().flat_map(|meeting| &mut meeting.members) {
            member.side = MAIN;
        }
    }

    pub(super) fn side_of(&self, leg: LegId) -> Option<u8> {
        Some(self.meeting.as_ref()?.member(leg)?.side)
    }

    /// Far ends that share a side with this one and talk there.
    pub(super) fn company(&self, leg: LegId) -> Vec<LegId> {
        let talks = |member: &&Member| member.role == Role::Talks;
        let with = self.meeting.iter().flat_map(|meeting| meeting.with(leg).filter(talks));
        with.map(|member| member.leg).collect()
    }

    /// All who talk, whatever side they are on, but this one.
    pub(super) fn all_but(&self, leg: LegId) -> Vec<LegId> {
        let members = self.meeting.iter().flat_map(|meeting| &meeting.members);
        members.filter(|it| it.leg != leg && it.role == Role::Talks).map(|it| it.leg).collect()
    }

    /// A far end is gone, or goes: alone where several take part, with the call where two do.
    pub(super) fn leg_gone(&mut self, ctx: &mut Ctx<'_>, leg: LegId, refusal: Refusal, by: Party) {
        if self.meeting.is_none() {
            return self.finish(ctx, refusal, by);
        }
        if self.goes_with_host(ctx, leg) {
            return self.finish(ctx, refusal, by);
        }
        self.end_leg(ctx, leg, refusal);
        self.unseat(ctx, leg);
        self.errand_lost(ctx, leg, refusal, by);
        self.tidy(ctx, refusal, by);
    }

    /// One who took part no longer does.
    pub(super) fn unseat(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(meeting) = &mut self.meeting else { return };
        meeting.members.retain(|member| member.leg != leg);
        self.forget_hold_of(ctx, leg);
        self.release_line(ctx, leg);
    }

    /// Ends what has nobody left to talk to; those whom nobody keeps apart any more talk with each other.
    pub(super) fn tidy(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal, by: Party) {
        self.ring_for_somebody(ctx);
        if self.page_tidy(ctx, refusal, by) {
            return;
        }
        let Some(meeting) = &self.meeting else { return };
        if meeting.errand.is_some() || self.hunt.is_some() || self.expected.is_some() || self.is_parked(ctx) {
            return;
        }
        let Some(meeting) = &self.meeting else { return };
        let talks = |member: &&Member| member.role == Role::Talks;
        if self.inside.is_some() && !meeting.members.is_empty() {
            return;
        }
        if meeting.members.iter().filter(talks).count() < 2 && self.giving.is_none() {
            return self.finish(ctx, refusal, by);
        }
        self.keep_company();
    }

    /// Nobody is rung for a side on which nobody waits any more.
    fn ring_for_somebody(&mut self, ctx: &mut Ctx<'_>) {
        let (Some(meeting), Some(hunt)) = (&self.meeting, &self.hunt) else { return };
        let waits = |member: &Member| member.side == hunt.side && member.role == Role::Talks;
        if !meeting.members.iter().any(waits) {
            self.stop_seeking(ctx, Cause::Cancelled);
            self.take_errand();
        }
    }

    /// Nobody waits on a side of its own without somebody who has put it there.
    fn keep_company(&mut self) {
        let Some(meeting) = &self.meeting else { return };
        let alone = |member: &Member| meeting.with(member.leg).all(|other| other.role != Role::Talks);
        let everybody = meeting.members.iter().filter(|member| member.role == Role::Talks);
        if everybody.clone().count() >= 2 && everybody.clone().all(alone) && !self.is_holding() {
            self.bring_together();
        }
    }

    /// Lines and caps that a leg held are free again.
    pub(super) fn release_line(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let (line, trunk) = self.take_line(leg);
        if let Some(line) = line {
            ctx.lines.release(&line);
        }
        if let Some(trunk) = trunk {
            ctx.trunks.release(&trunk);
        }
    }

    /// The line and the trunk that a leg holds, which are no longer this call's.
    pub(super) fn take_line(&mut self, leg: LegId) -> (Option<String>, Option<String>) {
        use base::fact::Endpoint;
        let endpoint = self.leg(leg).map(|leg| leg.endpoint.clone());
        let take = |held: &mut Vec<String>, name: &str| {
            held.iter().position(|it| it == name).map(|at| held.swap_remove(at))
        };
        match endpoint {
            Some(Endpoint::Station(extension)) => (take(&mut self.occupied, &extension), None),
            Some(Endpoint::Trunk(name)) => (None, take(&mut self.admitted, &name)),
            Some(Endpoint::Local(_) | Endpoint::Stranger(_)) | None => (None, None),
        }
    }

    /// What a member hears and where it is heard.
    pub(super) fn part_in_meeting(&self, leg: &Leg, port: PortId) -> Part {
        let mut part = Part::alone(port, self.worker);
        let Some(meeting) = &self.meeting else { return part };
        let Some(member) = meeting.member(leg.id).filter(|_| !self.voice(leg.id).deaf) else { return part };
        let heard = meeting.members.iter().filter(|other| meeting.hears(member, other));
        part.sources =
            heard.filter_map(|other| self.heard(other.leg)).collect::<smallvec::SmallVec<[Heard; 1]>>();
        part
    }

    /// Music for those who wait, ringback for those for whom somebody is rung.
    pub(super) fn meeting_sounds(&mut self, ctx: &mut Ctx<'_>) {
        let Some(meeting) = &self.meeting else { return };
        let rings = self.hunt.as_ref().map(|hunt| hunt.side);
        let in_room = matches!(self.joined, Joined::Room(_));
        let wanted: Vec<(LegId, bool, bool)> = meeting
            .members
            .iter()
            .map(|member| {
                let company: Vec<LegId> =
                    meeting.with(member.leg).filter(|it| it.role == Role::Talks).map(|it| it.leg).collect();
                let ringback = company.is_empty()
                    && rings == Some(member.side)
                    && member.role == Role::Talks
                    && !in_room;
                let held = company.iter().all(|other| self.is_held_by(member.leg, *other));
                (member.leg, held && !ringback && self.may_hear_music(member), ringback)
            })
            .collect();
        for (leg, music, ringback) in wanted {
            self.music_when(ctx, leg, music);
            self.ringback_when(ctx, leg, ringback);
        }
    }

    fn may_hear_music(&self, member: &Member) -> bool {
        let listens =
            |leg: &Leg| leg.media.as_ref().and_then(|media| media.theirs()).is_none_or(Direction::receives);
        member.role == Role::Talks
            && self.page.is_none()
            && matches!(self.joined, Joined::Sides)
            && self.leg(member.leg).is_some_and(listens)
    }

    fn ringback_when(&mut self, ctx: &mut Ctx<'_>, leg: LegId, wanted: bool) {
        let plays = self.meeting.as_ref().and_then(|meeting| meeting.member(leg)?.rings);
        let now = match (wanted, plays) {
            (true, None) => {
                let tone = ringback(ctx);
                self.play(ctx, leg, vec![Sound::Tone(tone)], 0, Over::Alone)
            }
            (false, Some(play)) => {
                self.stop_play(ctx, leg, Some(play));
                None
            }
            (true, Some(_)) | (false, None) => return,
        };
        if let Some(member) = self.meeting.as_mut().and_then(|meeting| meeting.member_mut(leg)) {
            member.rings = now;
        }
    }

    /// Tells the record that somebody waits, or no longer.
    pub(super) fn note_held(&self, ctx: &mut Ctx<'_>, leg: LegId, on: bool) {
        ctx.out.push(Act::Fact(What::Held { leg, on }));
    }

    /// Ends a far end in the course of what somebody does, and says why.
    pub(super) fn dismiss(&mut self, ctx: &mut Ctx<'_>, leg: LegId, cause: Cause) {
        self.end_leg(ctx, leg, Refusal { status: 200, ..Refusal::of(cause) });
        self.unseat(ctx, leg);
    }

    /// The meeting is over, and what was begun in it with it.
    pub(super) fn close_meeting(&mut self, ctx: &mut Ctx<'_>) {
        self.report(ctx, 487);
        if let Some(giving) = self.giving.take_if(|giving| !giving.is_gone()) {
            self.write(ctx, giving.to, Word::Never);
        }
        self.leave_slot(ctx, None);
        self.parked = None;
        self.meeting = None;
        self.holding = None;
        self.expected = None;
    }

    /// The one who is left is Tandem's guest from now on.
    pub(super) fn hand_to_service(&mut self, ctx: &mut Ctx<'_>, leg: LegId, local: Local) {
        if self.alone_with(ctx, leg) {
            self.meet_locally(ctx, local);
        }
    }

    /// The one who is left hears this, and the call ends.
    pub(super) fn hand_to_words(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        said: Vec<Sound>,
        refusal: Refusal,
    ) {
        if !self.alone_with(ctx, leg) {
            return;
        }
        match self.play(ctx, leg, said, 1, Over::Alone) {
            Some(play) => {
                let service = Service::Refusing { refusal, by: Party::System, play };
                self.phase = Phase::Local(LocalEnd::Serving(Box::new(service)));
                self.timers.set(CallTimer::Script, ctx.now.mono + SPEECH_LASTS);
            }
            None => self.finish(ctx, refusal, Party::System),
        }
    }

    /// Tandem is the far end of this one leg; the others are over.
    pub(super) fn alone_with(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        self.leave_slot(ctx, None);
        self.hunt = None;
        self.music_when(ctx, leg, false);
        self.ringback_when(ctx, leg, false);
        let Some(at) = self.legs.iter().position(|it| it.id == leg && !it.is_over()) else {
            self.finish(ctx, Refusal::of(Cause::Normal), Party::System);
            return false;
        };
        self.legs.swap(0, at);
        self.meeting = None;
        self.holding = None;
        self.joined = Joined::Nobody;
        self.phase = Phase::Local(LocalEnd::Up);
        true
    }

    /// This one waits for whoever is being rung.
    pub(super) fn await_for(&mut self, leg: LegId) {
        self.rings_for = Some((leg, MAIN));
        if let Some(hunt) = &mut self.hunt {
            hunt.side = MAIN;
        }
        let to = self.facts.dialled.clone();
        self.expect_answer(to);
    }
}

fn ringback(ctx: &Ctx<'_>) -> base::media::Tone {
    let country = Country::named(&ctx.config.language).or_else(|| Country::named("us"));
    country.expect("the table has the United States").tone(Signal::Ringback)
}
