//! A phone changes how calls reach it, and hears what holds now.

use base::media::Sound;
use base::{Cause, Party};
use provision::{ForwardTo, ForwardWhen, SettingsChange};
use route::Local;

use super::{Call, Ctx, Refusal};
use crate::act::Act;

impl Call {
    /// A phone wants its calls led to a number; without one, to where they are led as it is set up.
    pub(super) fn ask_forward(&mut self, ctx: &mut Ctx<'_>, when: ForwardWhen, number: &str) {
        let Some(extension) = self.calling_station() else {
            return self.turn_away(ctx, Refusal::of(Cause::Forbidden), Party::System);
        };
        let set_up = ctx.routes.station(extension).map(|station| station.forward_set_up(when).clone());
        let to = match number.parse() {
            Ok(to @ ForwardTo::Number(_)) => {
                if let Err((cause, _why)) = route::may_lead(ctx.routes, ctx.settings, extension, &to) {
                    return self.turn_away(ctx, Refusal::of(cause), Party::System);
                }
                Some(to)
            }
            Ok(ForwardTo::Nowhere) if set_up.is_some_and(|to| to.leads_on()) => None,
            Ok(ForwardTo::Nowhere | ForwardTo::Destination(_)) | Err(_) => {
                return self.turn_away(ctx, Refusal::of(Cause::InvalidNumber), Party::System);
            }
        };
        self.meet_locally(ctx, Local::Reach(SettingsChange::Forward(when, to)));
    }

    /// A phone wants its calls led nowhere.
    pub(super) fn ask_no_forward(&mut self, ctx: &mut Ctx<'_>, when: ForwardWhen) {
        let off = SettingsChange::Forward(when, Some(ForwardTo::Nowhere));
        self.meet_locally(ctx, Local::Reach(off));
    }

    /// Makes the change and says so.
    pub(super) fn change_reach(&mut self, ctx: &mut Ctx<'_>, change: SettingsChange) {
        let Some(extension) = self.calling_station().map(str::to_owned) else {
            return self.finish(ctx, Refusal::of(Cause::Forbidden), Party::System);
        };
        let speaker = self.speaker(ctx, self.caller(), "");
        let mut said = vec![speaker.prompt(prompt(&change))];
        if let SettingsChange::Forward(_, Some(ForwardTo::Number(number))) = &change {
            said.push(Sound::Silence(100));
            said.extend(speaker.spell(number));
        }
        ctx.out.push(Act::Reach { extension, change });
        self.say(ctx, said, 1);
    }
}

/// What is said about a change.
fn prompt(change: &SettingsChange) -> &'static str {
    let led_on = |to: &Option<ForwardTo>| to.as_ref().is_none_or(ForwardTo::leads_on);
    match change {
        SettingsChange::Forward(when, to) => match (when, led_on(to)) {
            (ForwardWhen::Always | ForwardWhen::Unregistered, true) => "feature/forward-on",
            (ForwardWhen::Always | ForwardWhen::Unregistered, false) => "feature/forward-off",
            (ForwardWhen::Busy, true) => "feature/forward-busy-on",
            (ForwardWhen::Busy, false) => "feature/forward-busy-off",
            (ForwardWhen::NoAnswer, true) => "feature/forward-no-answer-on",
            (ForwardWhen::NoAnswer, false) => "feature/forward-no-answer-off",
        },
        SettingsChange::DoNotDisturb(true) => "feature/dnd-on",
        SettingsChange::DoNotDisturb(false) => "feature/dnd-off",
        SettingsChange::NoAnswerSecs(_) | SettingsChange::Available(_) | SettingsChange::Agent(_) => {
            "feature/done"
        }
    }
}
