//! A call is led on: by whoever was called, by a phone, by a group that nobody answers for.

use base::fact::{Endpoint, What, record_text};
use base::limits::FORWARDS;
use base::{Cause, Party};
use provision::ForwardWhen;
use route::{Inquiry, LedWhen, Onward, Origin, Verdict};

use super::telling::Telling;
use super::{Call, Ctx, Phase, Refusal};
use crate::act::Act;
use crate::shard::words;
use crate::trails::Trail;

impl Call {
    /// Sends the call where it is led. Whoever leads it on a second time closes a circle.
    pub(super) fn divert(&mut self, ctx: &mut Ctx<'_>, onward: Onward) {
        self.stop_ringing();
        if self.meeting.is_none() {
            self.phase = Phase::Hunting;
        }
        if self.led.len() >= FORWARDS || self.led.iter().any(|led| led.by == onward.by) {
            return self.nobody_found(ctx, Refusal::of(Cause::Loop), Party::System);
        }
        let caller = self.facts.caller.clone();
        let from = match &self.facts.origin {
            Endpoint::Trunk(name) => Origin::Trunk(name),
            Endpoint::Station(name) | Endpoint::Local(name) | Endpoint::Stranger(name) => {
                Origin::Station(name)
            }
        };
        let inquiry = Inquiry {
            from,
            dialled: &self.facts.dialled,
            caller: &caller,
            withheld: self.facts.withheld,
            settings: ctx.settings,
            seed: ctx.entropy.next_u64(),
            at: ctx.now.wall,
        };
        let (verdict, found) = route::onward(ctx.routes, &inquiry, &onward);
        let to = words(&verdict);
        let why = base::Why::new(format!("{}; {found}", onward.why()));
        self.facts.to.clone_from(&to);
        let (by, to) = (record_text(&onward.by.to_string()), record_text(&to));
        ctx.out.push(Act::Fact(What::LedOn { by, to, when: word(onward.when).to_owned(), why }));
        self.led.push(onward);
        self.tell_led_on(ctx);
        self.go(ctx, verdict);
    }

    /// 181: the caller knows that it takes longer (RFC 3261 §21.1.3); not while it hears somebody.
    fn tell_led_on(&mut self, ctx: &mut Ctx<'_>) {
        let hears = self.hunt.as_ref().is_some_and(|hunt| hunt.early.is_some());
        let Some(caller) = self.legs.first().filter(|caller| !hears && caller.incoming().is_some()) else {
            return;
        };
        let near = caller.local_tag.clone();
        let telling = Telling { near, status: 181, body: None, owed: None, wants_prack: false };
        self.tell_provisional(ctx, telling, None);
    }

    /// Goes the way that a verdict points, for a call that waits.
    pub(super) fn go(&mut self, ctx: &mut Ctx<'_>, verdict: Verdict) {
        match verdict {
            Verdict::Ring(plan) => self.hunt_plan(ctx, *plan),
            Verdict::Onward(onward) => self.divert(ctx, onward),
            Verdict::Trunks { tries, emergency } => {
                let trail = Trail::of(self.session.caller(), &self.facts.dialled);
                if self.trail.is_none() && self.meeting.is_none() {
                    if ctx.trails.has(trail) {
                        return self.finish(ctx, Refusal::of(Cause::Loop), Party::System);
                    }
                    ctx.trails.enter(trail);
                    self.trail = Some(trail);
                }
                self.hunt_trunks(ctx, tries, emergency);
            }
            Verdict::Local(local) if self.meeting.is_some() => self.lead_to_service(ctx, local),
            Verdict::Local(local) => {
                self.hunt = None;
                self.meet_locally(ctx, local);
            }
            Verdict::Refuse(cause) => self.nobody_found(ctx, Refusal::of(cause), Party::System),
        }
    }
}

/// The word of a reason in records.
fn word(when: LedWhen) -> &'static str {
    match when {
        LedWhen::Forward(ForwardWhen::Always) => "always",
        LedWhen::Forward(ForwardWhen::Busy) => "busy",
        LedWhen::Forward(ForwardWhen::NoAnswer) => "no_answer",
        LedWhen::Forward(ForwardWhen::Unregistered) => "unregistered",
        LedWhen::AfterHours => "after_hours",
    }
}
