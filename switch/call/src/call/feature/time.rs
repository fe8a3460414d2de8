//! `*60`: the date and the time, by the clock of the phone that asks.

use base::Wall;
use base::media::Sound;
use sounds::say::{Clock, Speaker};

use super::super::mail::said::{date_of, local_secs, time_of};
use super::super::{Call, Ctx};

const DAY_SECS: i64 = 86_400;

impl Call {
    pub(super) fn say_time(&mut self, ctx: &mut Ctx<'_>) {
        let zone = self.calling_station().map(|extension| ctx.routes.time_zone(extension));
        let ahead_secs = zone.unwrap_or_default().ahead_secs(ctx.now.wall);
        let said = spoken(&self.speaker(ctx, self.caller(), ""), ctx.now.wall, ahead_secs);
        self.say(ctx, said, 1);
    }
}

/// `Friday, November twentieth. The time is three forty five P.M.`
fn spoken(speaker: &Speaker, now: Wall, ahead_secs: i32) -> Vec<Sound> {
    let local = local_secs(now, ahead_secs);
    // The first of January 1970 was a Thursday.
    let weekday = (local.div_euclid(DAY_SECS) + 3).rem_euclid(7) + 1;
    let mut said: Vec<Sound> =
        u8::try_from(weekday).ok().and_then(|day| speaker.weekday(day)).into_iter().collect();
    said.extend(date_of(local).map(|date| speaker.date(date)).unwrap_or_default());
    said.push(speaker.prompt("feature/time-is"));
    said.extend(time_of(local).map(|time| speaker.time(time, Clock::Twelve)).unwrap_or_default());
    said
}
