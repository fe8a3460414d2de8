//! Intercom: somebody speaks to a phone at once, which answers by itself (features.md §0.3; RFC 5373).

use base::media::{Over, Sound};
use base::{Cause, LegId, Party, Why};
use route::{After, Decline, Manner, RingPlan, RingStage, Rung};

use super::super::{Call, Ctx, Refusal};

impl Call {
    /// Calls a phone that answers by itself. One that does not obey rings.
    pub(in crate::call) fn intercom(&mut self, ctx: &mut Ctx<'_>, extension: &str) {
        if let Err(cause) = self.may_intercom(ctx, extension) {
            return self.turn_away(ctx, Refusal::of(cause), Party::System);
        }
        let secs = ctx.routes.station(extension).map_or(30, |station| station.ring_secs);
        let rung = vec![Rung::Phones { extension: extension.to_owned(), asks: false }];
        let plan = RingPlan {
            stages: vec![RingStage { rung, secs, why: Why::new(format!("intercom to {extension}")) }],
            total_secs: None,
            decline: Decline::All,
            after: After::default(),
            name: format!("station:{extension}"),
            manner: Manner { intercom: true, ..Manner::default() },
        };
        self.hunt_plan(ctx, plan);
    }

    fn may_intercom(&self, ctx: &Ctx<'_>, extension: &str) -> Result<(), Cause> {
        let caller = self.calling_station().ok_or(Cause::Forbidden)?;
        let station = ctx.routes.station(extension).ok_or(Cause::Unallocated)?;
        if !ctx.routes.may_speak_to(caller, station) {
            return Err(Cause::Forbidden);
        }
        let own = ctx.settings.of(extension);
        if own.do_not_disturb || own.unavailable || caller == extension || ctx.is_engaged(extension, self.id)
        {
            return Err(Cause::Busy);
        }
        Ok(())
    }

    /// A phone has answered by itself: whoever sits there hears so, and may be muted at first.
    pub(in crate::call) fn spoken_to(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        self.play(ctx, leg, vec![Sound::Tone(sounds::tones::beep())], 1, Over::Mixed);
        let station = self.leg(leg).and_then(|leg| ctx.routes.station(&leg.dialled));
        if station.is_some_and(|station| station.intercom_muted) {
            self.set_voice(leg, |voice| voice.muted = true);
            self.muted_until_key = Some(leg);
        }
    }

    /// A key lets a phone be heard that was muted at first; `false` when it was not.
    pub(in crate::call) fn heard_after_key(&mut self, leg: LegId) -> bool {
        if self.muted_until_key.take_if(|muted| *muted == leg).is_none() {
            return false;
        }
        self.set_voice(leg, |voice| voice.muted = false);
        true
    }
}
