//! A phone that Tandem has answered dials again: whoever called last is called back, or a number is typed after the
//! dial tone.

use std::time::Duration;

use base::fact::{What, record_text};
use base::media::{Collect, CollectId, DigitSet, MediaCommand, Over, Sound};
use base::{Cause, LegId, Party, Why};
use phone::keys::NUMBER_KEYS;
use sounds::tones::{Country, Signal};

use super::super::joining::{Joined, open_port};
use super::super::local::LocalEnd;
use super::super::meeting::MAIN;
use super::super::service::Service;
use super::super::{Call, Ctx, Phase, Refusal};
use super::transfer::Way;
use crate::act::Act;

/// How long the first key may take.
const FIRST: Duration = Duration::from_secs(20);
/// How long the next one may take.
const NEXT: Duration = Duration::from_secs(4);

/// What is dialled by keys after the answer.
#[derive(Debug)]
pub(in crate::call) struct Dialling {
    /// What `1` dials; where it is none the keys are the number.
    offered: Option<String>,
    collect: CollectId,
}

impl Call {
    /// `*69`: says who called last, and calls back when 1 is pressed.
    pub(in crate::call) fn last_caller(&mut self, ctx: &mut Ctx<'_>, number: &str) {
        let caller = self.caller();
        let speaker = self.speaker(ctx, caller, "");
        if number.is_empty() {
            return self.say(ctx, vec![speaker.prompt("feature/no-last-call")], 1);
        }
        let mut said = vec![speaker.prompt("feature/last-call-from")];
        let spoken = speaker.telephone(number);
        said.extend(if spoken.is_empty() { speaker.spell(number) } else { spoken });
        said.push(speaker.prompt("feature/to-call-back"));
        self.play(ctx, caller, said, 1, Over::Alone);
        self.await_number(ctx, Some(number.to_owned()));
    }

    /// `*9`: all others are let go; the phone stays and hears the dial tone.
    pub(super) fn release_far_ends(&mut self, ctx: &mut Ctx<'_>, leg: LegId) -> bool {
        if matches!(self.joined, Joined::Room(_)) || self.is_busy_with_errand() || !self.meet(ctx) {
            return false;
        }
        self.dismiss_all_but(ctx, leg);
        if self.alone_with(ctx, leg) {
            let dial_tone = Country::named(&ctx.config.language).or_else(|| Country::named("us"));
            let dial_tone = dial_tone.expect("the table has the United States").tone(Signal::Dial);
            self.play(ctx, leg, vec![Sound::Tone(dial_tone)], 1, Over::Alone);
            self.await_number(ctx, None);
        }
        true
    }

    /// Whether somebody is being led on, asked or rung.
    pub(super) fn is_busy_with_errand(&self) -> bool {
        self.hunt.is_some() || self.meeting.as_ref().is_some_and(|meeting| meeting.errand.is_some())
    }

    /// Lets go of all but this one.
    pub(super) fn dismiss_all_but(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let members = self.meeting.iter().flat_map(|meeting| &meeting.members).map(|member| member.leg);
        for other in members.filter(|other| *other != leg).collect::<Vec<_>>() {
            self.dismiss(ctx, other, Cause::Normal);
        }
    }

    fn await_number(&mut self, ctx: &mut Ctx<'_>, offered: Option<String>) {
        let Some(port) = self.leg(self.caller()).and_then(open_port) else {
            return self.finish(ctx, Refusal::of(Cause::Internal), Party::System);
        };
        self.plays += 1;
        let collect = CollectId(self.plays);
        let (most, ends) = if offered.is_some() { (1, "") } else { (NUMBER_KEYS as u8, "#") };
        ctx.out.push(Act::Media(MediaCommand::Collect {
            port,
            collect: Box::new(Collect {
                id: collect,
                most,
                first: FIRST,
                between: NEXT,
                terminators: DigitSet::of(ends),
                barges_in: true,
                type_ahead: false,
            }),
        }));
        self.stand(Service::Dialling(Dialling { offered, collect }));
    }

    /// What is being dialled, which the call no longer holds.
    pub(in crate::call) fn take_dialling(&mut self) -> Option<Dialling> {
        let Phase::Local(end) = &mut self.phase else { return None };
        let LocalEnd::Serving(service) = end else { return None };
        let Service::Dialling(Dialling { offered, collect }) = &mut **service else { return None };
        let taken = Dialling { offered: offered.take(), collect: *collect };
        *end = LocalEnd::Up;
        Some(taken)
    }

    /// Keys have been pressed, or none for long enough.
    pub(in crate::call) fn dialling_typed(
        &mut self,
        ctx: &mut Ctx<'_>,
        dialling: Dialling,
        collect: CollectId,
        digits: &str,
    ) {
        if dialling.collect != collect {
            return self.stand(Service::Dialling(dialling));
        }
        match &dialling.offered {
            Some(offered) if digits == "1" => self.dial_on(ctx, offered),
            None if !digits.is_empty() => self.dial_on(ctx, digits),
            Some(_) | None => self.finish(ctx, Refusal::of(Cause::Normal), Party::Callee),
        }
    }

    /// Calls a number for the one who is here, by the rules that hold for its station.
    fn dial_on(&mut self, ctx: &mut Ctx<'_>, number: &str) {
        let caller = self.caller();
        match self.way_to(ctx, caller, number) {
            Ok(way @ Way::Ring(_)) => {
                number.clone_into(&mut self.facts.dialled);
                let by = format!("station:{}", self.extension_of(caller).unwrap_or_default());
                let (to, when) = (record_text(number), "dialled".to_owned());
                let why = Why::new("dialled after the answer");
                ctx.out.push(Act::Fact(What::LedOn { by, to, when, why }));
                self.begin_meeting(ctx, &[caller]);
                self.seek(ctx, way, caller, MAIN);
            }
            Ok(Way::Local(local)) => self.meet_locally(ctx, local),
            Err(_status) => {
                let refused = self.speaker(ctx, caller, "").prompt("refuse/cannot-complete");
                self.say(ctx, vec![refused], 1);
            }
        }
    }
}
