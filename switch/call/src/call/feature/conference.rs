//! Several calls made into one, and more people brought into it (CROCO-42, BP-32, BP-33; RFC 5359 §2.10, §2.11).
//!
//! ```text
//!   this call   ana ⇄ carrier ◀── Ask(Gather) ── those of her other line come one by one
//!   her line    ana ⇄ bob     ──▶ Hand(bob)      when nobody is left there, it ends
//! ```
//!
//! Whoever began it is the host: it ends the conference for all, takes out who came last, or leaves it to the others.

use base::fact::{Conferring, TransferKind, TransferResult, What};
use base::limits::MEETING_MEMBERS;
use base::{CallId, Cause, LegId, Party};

use super::super::meeting::{MAIN, Role};
use super::super::{Call, Ctx, Refusal};
use super::conference_menu::Menu;
use super::errand::Errand;
use super::hold::WAITING;
use super::transfer::Way;
use crate::act::Act;
use crate::letter::{Wish, Word};

/// Who confers, once somebody has brought others in.
#[derive(Debug)]
pub(in crate::call) struct Conference {
    host: LegId,
    /// Who was brought in, the last one last.
    added: Vec<LegId>,
    /// Calls whose people were asked for.
    asked: Vec<CallId>,
    pub(super) menu: Option<Menu>,
}

/// A line of a phone in another call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OtherLine {
    pub(super) call: CallId,
    /// The phone's leg there, which ends.
    pub(super) leg: Option<LegId>,
    /// Whom it talks to.
    pub(super) number: String,
}

/// Somebody is rung who talks with all once there.
#[derive(Debug)]
pub(in crate::call) struct Invited {
    by: LegId,
    to: String,
}

/// Those of this call go to another one.
#[derive(Debug)]
pub(in crate::call) struct Leaving {
    to: CallId,
    /// Who stays until all others have gone.
    stays: Option<LegId>,
}

impl Call {
    /// `*3`: those of a consultation confer, or those of the phone's other lines come in.
    pub(in crate::call) fn confer(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        let asked = match self.errand() {
            Some(Errand::Consult(consult)) if consult.by == by => consult.with,
            Some(Errand::Consult(_) | Errand::Transfer(_) | Errand::Invite(_) | Errand::Leaving(_)) => {
                return false;
            }
            None => return self.bring_in(ctx, by),
        };
        let Some(asked) = asked else { return self.invite_asked(ctx, by) };
        let merged = self.merge(ctx, by);
        if merged {
            self.conference_of(by).added.push(asked);
            self.note_conference(ctx, asked, Conferring::Joined);
        }
        merged
    }

    /// Whoever is asked rings still: nobody waits for that any longer.
    fn invite_asked(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        let Some(Errand::Consult(consult)) = self.take_errand() else { return false };
        for leg in self.all_but(by).into_iter().filter(|leg| self.side_of(*leg) == Some(WAITING)) {
            self.note_held(ctx, leg, false);
        }
        self.bring_together();
        self.conference_of(by);
        self.note_conference(ctx, by, Conferring::Asks);
        self.set_errand(Errand::Invite(Invited { by, to: consult.to }));
        true
    }

    /// Rings somebody who hears nothing before being in; an error is the status for whoever asked.
    pub(in crate::call) fn invite(&mut self, ctx: &mut Ctx<'_>, by: LegId, to: &str) -> Result<(), u16> {
        let busy = self.meeting.as_ref().is_some_and(|meeting| meeting.errand.is_some());
        if busy || self.hunt.is_some() || !(self.rings_into_room(ctx) || self.meet(ctx)) {
            return Err(491);
        }
        let others = self.all_but(by).len();
        if others + 1 >= MEETING_MEMBERS {
            return Err(486);
        }
        let Way::Ring(verdict) = self.way_to(ctx, by, to)? else { return Err(488) };
        self.retrieve(ctx, by);
        self.conference_of(by);
        self.note_conference(ctx, by, Conferring::Asks);
        self.set_errand(Errand::Invite(Invited { by, to: to.to_owned() }));
        self.rings_for = Some((by, MAIN));
        self.go(ctx, verdict);
        Ok(())
    }

    /// Whoever is rung from a room comes into it: those of the call are in it one beside the other.
    fn rings_into_room(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let is_in = self.inside.as_ref().is_some_and(|inside| !inside.waits());
        if is_in && self.meeting.is_none() {
            let attendee = self.attendee();
            self.begin_meeting(ctx, &[attendee]);
        }
        is_in
    }

    /// Whoever was invited is in.
    pub(super) fn invited_came(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(Errand::Invite(invited)) = self.take_errand() else { return };
        self.conference_of(invited.by).added.push(leg);
        self.note_conference(ctx, leg, Conferring::Joined);
    }

    /// Whoever was invited does not come; the others go on.
    pub(super) fn invited_refuses(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal) {
        let Some(Errand::Invite(Invited { by, to })) = self.take_errand() else { return };
        let result = TransferResult::Failed(refusal.cause);
        self.note_transfer(ctx, Some(by), TransferKind::Attended, &to, result);
        self.conference_refused(ctx, refusal.cause);
        self.tidy(ctx, refusal, Party::Callee);
    }

    fn bring_in(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        let lines = self.held_lines(ctx, by);
        match lines.len() {
            0 => false,
            1 => self.gather(ctx, by, &lines),
            _ => self.ask_which(ctx, by, lines),
        }
    }

    /// The order of an API: another call, by the phone that stands in both or whole.
    pub(in crate::call) fn merge_with(&mut self, ctx: &mut Ctx<'_>, with: CallId) -> bool {
        let stations =
            |leg: &crate::leg::Leg| leg.talking().is_some().then(|| self.extension_of(leg.id)).flatten();
        let shared = self.legs.iter().find_map(|leg| {
            let extension = stations(leg)?;
            let spot = ctx.floor.spots_of(with).iter().find(|spot| *spot.line == *extension)?;
            Some((leg.id, spot.leg))
        });
        let first = self.legs.iter().find(|leg| leg.talking().is_some()).map(|leg| leg.id);
        let (by, leg) = match (shared, first) {
            (Some((by, leg)), _) => (by, Some(leg)),
            (None, Some(first)) => (first, None),
            (None, None) => return false,
        };
        let line = OtherLine { call: with, leg, number: String::new() };
        with != self.id && self.gather(ctx, by, &[line])
    }

    /// Asks for those who talk on these lines.
    pub(super) fn gather(&mut self, ctx: &mut Ctx<'_>, by: LegId, lines: &[OtherLine]) -> bool {
        let busy = self.meeting.as_ref().is_some_and(|meeting| meeting.errand.is_some());
        if busy || lines.is_empty() || !self.meet(ctx) {
            return false;
        }
        self.retrieve(ctx, by);
        self.note_conference(ctx, by, Conferring::Asks);
        for line in lines {
            self.conference_of(by).asked.push(line.call);
            self.write(ctx, line.call, Word::Ask(Wish::Gather { stays: line.leg }));
        }
        true
    }

    /// Another call wants those who talk here; `stays` is the phone that stands in both.
    pub(in crate::call) fn lets_all_go(
        &mut self,
        ctx: &mut Ctx<'_>,
        to: CallId,
        stays: Option<LegId>,
    ) -> Result<Option<Wish>, Word> {
        let busy = self.meeting.as_ref().is_some_and(|meeting| meeting.errand.is_some());
        if busy || self.hunt.is_some() || self.giving.is_some() || self.expected.is_some() {
            return Err(Word::No(491));
        }
        if !self.meet(ctx) {
            return Err(Word::No(488));
        }
        if let Some(stays) = stays {
            self.retrieve(ctx, stays);
        }
        if self.next_to_leave(stays).is_none() {
            return Err(Word::No(481));
        }
        self.set_errand(Errand::Leaving(Leaving { to, stays }));
        self.next_leaves(ctx);
        Ok(None)
    }

    fn next_to_leave(&self, stays: Option<LegId>) -> Option<LegId> {
        let members = self.meeting.iter().flat_map(|meeting| &meeting.members);
        members.filter(|it| it.role == Role::Talks && Some(it.leg) != stays).map(|it| it.leg).next()
    }

    /// One after the other goes; with the last one the call is over. `false` when nobody leaves.
    pub(super) fn next_leaves(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(Errand::Leaving(Leaving { to, stays })) = self.errand() else { return false };
        let (to, stays) = (*to, *stays);
        if let Some(next) = self.next_to_leave(stays) {
            self.give(ctx, next, to, Wish::Join);
            return true;
        }
        self.take_errand();
        let left: Vec<LegId> =
            self.meeting.iter().flat_map(|it| &it.members).map(|member| member.leg).collect();
        left.into_iter().for_each(|leg| self.dismiss(ctx, leg, Cause::Transferred));
        true
    }

    /// One of those who are about to leave is gone.
    pub(super) fn leaving_lost(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(Errand::Leaving(leaving)) = self.errand() else { return };
        leaving.stays = leaving.stays.filter(|stays| *stays != leg);
        match self.giving.as_ref().map(|giving| (giving.leg == leg, giving.is_gone())) {
            Some((true, false)) => self.giving = None,
            Some(_) => return,
            None => {}
        }
        self.next_leaves(ctx);
    }

    /// The call that wanted them does not take them: they talk on here.
    pub(super) fn leaving_failed(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal) {
        self.take_errand();
        self.bring_together();
        self.tidy(ctx, refusal, Party::System);
    }

    /// A leg of another call has come.
    pub(in crate::call) fn conferee_came(&mut self, ctx: &mut Ctx<'_>, from: CallId, leg: LegId) {
        let Some(conference) = self.conference.as_mut().filter(|it| it.asked.contains(&from)) else { return };
        conference.added.push(leg);
        self.note_conference(ctx, leg, Conferring::Joined);
    }

    /// Another call does not let its people go; `false` when none was asked.
    pub(in crate::call) fn conferees_refused(
        &mut self,
        ctx: &mut Ctx<'_>,
        from: CallId,
        status: u16,
    ) -> bool {
        let Some(conference) = &mut self.conference else { return false };
        let before = conference.asked.len();
        conference.asked.retain(|asked| *asked != from);
        if conference.asked.len() == before {
            return false;
        }
        self.conference_refused(ctx, Cause::from_sip(status));
        true
    }

    /// Whoever asked hears that it is not to be had.
    fn conference_refused(&mut self, ctx: &mut Ctx<'_>, cause: Cause) {
        let Some(host) = self.conference.as_ref().map(|conference| conference.host) else { return };
        if self.leg(host).is_some_and(|leg| leg.talking().is_some()) {
            self.note_conference(ctx, host, Conferring::Refused(cause));
            self.tell_failure(ctx, host);
        }
    }

    /// `*#` of the host: who came last goes, or is no longer rung.
    pub(in crate::call) fn drop_last(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        if !self.is_host(by) {
            return false;
        }
        if let Some(Errand::Invite(_)) = self.errand() {
            self.stop_seeking(ctx, Cause::Cancelled);
            self.hunt = None;
            self.take_errand();
            self.tidy(ctx, Refusal::of(Cause::Normal), Party::System);
            return true;
        }
        let is_here = |call: &Self, leg: &LegId| call.side_of(*leg).is_some() && *leg != by;
        let added = self.conference.as_ref().map(|it| it.added.clone()).unwrap_or_default();
        let Some(last) = added.into_iter().rev().find(|leg| is_here(self, leg)) else { return false };
        self.note_conference(ctx, last, Conferring::Removed);
        self.dismiss(ctx, last, Cause::Normal);
        self.tidy(ctx, Refusal { status: 200, ..Refusal::of(Cause::Normal) }, Party::System);
        true
    }

    /// `*9` of the host: the conference is over for all (E49).
    pub(in crate::call) fn end_for_all(&mut self, ctx: &mut Ctx<'_>, by: LegId) -> bool {
        let confers = self.is_host(by) && self.all_but(by).len() >= 2;
        if confers {
            self.note_conference(ctx, by, Conferring::Ended);
            let party = self.party(by);
            self.finish(ctx, Refusal { status: 200, ..Refusal::of(Cause::Normal) }, party);
        }
        confers
    }

    /// Whether all goes with this one: the host, where it is set up so.
    pub(in crate::call) fn goes_with_host(&self, ctx: &Ctx<'_>, leg: LegId) -> bool {
        let ends = |extension: String| ctx.routes.station(&extension).is_some_and(|it| it.ends_with_host);
        self.inside.is_none()
            && self.is_host(leg)
            && self.all_but(leg).len() >= 2
            && self.extension_of(leg).is_some_and(ends)
    }

    fn is_host(&self, leg: LegId) -> bool {
        self.conference.as_ref().is_some_and(|conference| conference.host == leg)
    }

    /// What is known of those who confer; whoever begins it is the host.
    pub(super) fn conference_of(&mut self, by: LegId) -> &mut Conference {
        let new = || Box::new(Conference { host: by, added: Vec::new(), asked: Vec::new(), menu: None });
        self.conference.get_or_insert_with(new)
    }

    fn note_conference(&self, ctx: &mut Ctx<'_>, leg: LegId, did: Conferring) {
        ctx.out.push(Act::Fact(What::Conference { leg, name: String::new(), did }));
    }
}
