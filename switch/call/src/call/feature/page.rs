//! Paging: the free phones of a group answer by themselves and hear the caller; nobody hears them, unless talkback is
//! set (features.md §0.3; RFC 5373).
//!
//! ```text
//!   caller  Talks    ──► phone  Listens      each after a tone; those that have not
//!                    ──► phone  Listens      answered after 3 s are given up
//! ```
//!
//! Deliberately absent: multicast. Every phone gets a stream of its own, from the caller's worker.

use base::fact::{Endpoint, What};
use base::limits::PAGE_PHONES;
use base::media::{Over, Sound};
use base::{Cause, LegId, Party};
use peer::Binding;
use provision::{Feature, Group, IntercomFrom};
use route::Local;
use sounds::say::Agreement;

use super::super::hunt::{one_flow_each, phone_leg};
use super::super::manner::OBEYS;
use super::super::meeting::{MAIN, Role};
use super::super::{Call, CallTimer, Ctx, Refusal};
use crate::act::Act;
use crate::headers;

/// A page that is under way.
#[derive(Debug)]
pub(in crate::call) struct Page {
    /// Those who are paged are heard.
    talkback: bool,
    /// How many have answered.
    there: u32,
}

impl Call {
    /// Pages a group, by its extension or name.
    pub(in crate::call) fn page_group(&mut self, ctx: &mut Ctx<'_>, name: &str) {
        let Some(group) = ctx.routes.group_called(name) else {
            return self.turn_away(ctx, Refusal::of(Cause::Unallocated), Party::System);
        };
        if self.free_phones(ctx, group).is_empty() {
            return self.turn_away(ctx, Refusal::of(Cause::Busy), Party::System);
        }
        let rest = group.name.clone();
        self.serve(ctx, Local::Feature { feature: Feature::Page, rest });
    }

    /// The caller is there: the phones are called.
    pub(in crate::call) fn page(&mut self, ctx: &mut Ctx<'_>, name: &str) {
        let Some(group) = ctx.routes.group_called(name) else {
            return self.finish(ctx, Refusal::of(Cause::NoRoute), Party::System);
        };
        let phones = self.free_phones(ctx, group);
        let Ok(mut shares) = headers::breadth_shares(&self.invite, phones.len()) else {
            return self.finish(ctx, Refusal::of(Cause::Loop), Party::System);
        };
        self.page = Some(Box::new(Page { talkback: group.talkback, there: 0 }));
        let caller = self.caller();
        self.begin_meeting(ctx, &[caller]);
        for binding in phones {
            let extension = binding.aor.clone();
            let out = phone_leg(ctx, binding).with_breadth(shares.next().flatten());
            if self.start_leg(ctx, out).is_ok() {
                ctx.lines.occupy(&extension);
                self.occupied.push(extension);
            }
        }
        self.timers.set(CallTimer::Obeys, ctx.now.mono + OBEYS);
    }

    /// Phones of the group that nobody uses and that take it, up to the bound.
    fn free_phones(&self, ctx: &Ctx<'_>, group: &Group) -> Vec<Binding> {
        let takes = |extension: &String| {
            let Some(station) = ctx.routes.station(extension) else { return false };
            let may = match self.guest() {
                Endpoint::Station(caller) => caller != extension && ctx.routes.may_speak_to(caller, station),
                Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_) => {
                    station.intercom == IntercomFrom::Everybody
                }
            };
            let own = ctx.settings.of(extension);
            may && !own.do_not_disturb && !own.unavailable && !ctx.is_engaged(extension, self.id)
        };
        let free = ctx.routes.extensions_of(group).into_iter().filter(takes);
        let phones = free.flat_map(|it| one_flow_each(ctx.registrar.lookup(ctx.now, &it).into_iter()).0);
        phones.take(PAGE_PHONES).collect()
    }

    /// A phone that is paged has answered; `false` when nobody is paged.
    pub(in crate::call) fn page_answered(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        let Some(page) = &mut self.page else { return false };
        page.there += 1;
        let first = page.there == 1;
        let role = if page.talkback { Role::Talks } else { Role::Listens };
        let codec = self.media_of(leg).map(|media| media.codec().to_owned()).unwrap_or_default();
        ctx.out.push(Act::Fact(What::Answered { leg, codec }));
        if !self.seat(leg, MAIN, role) {
            self.leg_gone(ctx, leg, Refusal::of(Cause::LimitReached), Party::System);
            return true;
        }
        self.play(ctx, leg, vec![Sound::Tone(sounds::tones::beep())], 1, Over::Alone);
        if first {
            let caller = self.caller();
            self.play(ctx, caller, vec![Sound::Tone(sounds::tones::accepted())], 1, Over::Mixed);
        }
        true
    }

    /// A phone that is paged refuses, or cannot be reached; `false` when nobody is paged.
    pub(in crate::call) fn page_refused(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        if self.page.is_some() {
            self.release_line(ctx, leg);
        }
        self.page.is_some()
    }

    /// Phones that have not answered by now are given up, and the caller is told how many are there; `false` when nobody
    /// is paged.
    pub(in crate::call) fn page_due(&mut self, ctx: &mut Ctx<'_>) -> bool {
        let Some(page) = &self.page else { return false };
        let there = page.there;
        let late = self.legs.iter().filter(|leg| leg.calling().is_some()).map(|leg| leg.id);
        for leg in late.collect::<Vec<_>>() {
            self.disobeyed(ctx, leg);
            self.end_leg(ctx, leg, Refusal::of(Cause::NoAnswer));
            self.release_line(ctx, leg);
        }
        let caller = self.caller();
        if there == 0 {
            self.page = None;
            let said = vec![Sound::Tone(sounds::tones::refused())];
            self.hand_to_words(ctx, caller, said, Refusal::of(Cause::NoAnswer));
            return true;
        }
        let said = self.speaker(ctx, caller, "").number(there.into(), Agreement::Alone);
        self.play(ctx, caller, said, 1, Over::Mixed);
        true
    }

    /// Paging ends with the caller, and with the last who hears it; `false` when nobody is paged.
    pub(in crate::call) fn page_tidy(&mut self, ctx: &mut Ctx<'_>, refusal: Refusal, by: Party) -> bool {
        if self.page.is_none() {
            return false;
        }
        let caller = self.caller();
        let members = self.meeting.iter().flat_map(|meeting| &meeting.members);
        let (mut speaks, mut others) = (false, 0);
        members.for_each(|member| if member.leg == caller { speaks = true } else { others += 1 });
        let rings = self.legs.iter().any(|leg| leg.calling().is_some());
        if !speaks || (others == 0 && !rings) {
            self.finish(ctx, refusal, by);
        }
        true
    }
}
