//! What is played to the far ends of a call: by itself, or for as long as somebody is held.

use std::sync::Arc;

use base::media::{Gain, MediaCommand, Over, Play, PlayEnd, PlayId, Sound};
use base::{LegId, Mono};
use sounds::say::Speaker;

use super::joining::open_port;
use super::{Call, Ctx, Joined, Phase};
use crate::act::Act;
use crate::leg::Leg;
use base::fact::Endpoint;

/// The class of music where nobody says another.
const MUSIC: &str = "default";
/// Where in its music a call may begin: anywhere in a day, modulo the length of the piece.
const DAY_MS: u64 = 86_400_000;

/// Music that a far end hears while the other one holds it; the same piece goes on at the next hold.
#[derive(Debug)]
pub(crate) struct Music {
    pub(super) leg: LegId,
    class: Arc<str>,
    /// Where in it the next hold begins.
    at_ms: u64,
    /// Since when it plays, and as which playing.
    plays: Option<(Mono, PlayId)>,
}

impl Call {
    /// Plays to a far end; `None` when its port is closed.
    pub(super) fn play(
        &mut self,
        ctx: &mut Ctx<'_>,
        leg: LegId,
        items: Vec<Sound>,
        times: u16,
        over: Over,
    ) -> Option<PlayId> {
        let port = open_port(self.leg(leg)?)?;
        self.plays += 1;
        let id = PlayId(self.plays);
        let play = Play { id, items: items.into(), times, over, until_digit: false, gain: Gain::UNITY };
        ctx.out.push(Act::Media(MediaCommand::Play { port, play: Arc::new(play) }));
        Some(id)
    }

    /// Ends a playing, `None` all of them.
    pub(super) fn stop_play(&self, ctx: &mut Ctx<'_>, leg: LegId, play: Option<PlayId>) {
        if let Some(port) = self.leg(leg).and_then(open_port) {
            ctx.out.push(Act::Media(MediaCommand::StopPlay { port, play }));
        }
    }

    /// A playing is over.
    pub(super) fn played(&mut self, ctx: &mut Ctx<'_>, leg: LegId, play: PlayId, end: &PlayEnd) {
        if matches!(end, PlayEnd::Missing(_)) {
            ctx.out.push(Act::Count("prompts_missing"));
        }
        // A key that cuts a mailbox short is still down: what it means comes with its end.
        if matches!(end, PlayEnd::Digit(_)) && self.is_at_mailbox() {
            return;
        }
        self.slot_said(ctx, leg, play);
        if !self.whispered(ctx, play) {
            self.served(ctx, leg, play);
        }
    }

    /// Whoever speaks to a far end: in its own language, else the node's.
    pub(super) fn speaker(&self, ctx: &Ctx<'_>, leg: LegId, wanted: &str) -> Speaker {
        let of_leg = match self.leg(leg).map(|leg| &leg.endpoint) {
            Some(Endpoint::Station(extension)) => {
                ctx.routes.station(extension).map(|it| it.language.as_str())
            }
            Some(Endpoint::Trunk(name)) => ctx.routes.trunk(name).map(|it| it.trunk().language.as_str()),
            Some(Endpoint::Local(_) | Endpoint::Stranger(_)) | None => None,
        };
        let said = [wanted, of_leg.unwrap_or_default(), &ctx.config.language];
        Speaker::new(said.into_iter().find(|said| !said.is_empty()).unwrap_or("en"))
    }

    /// Whether a far end hears music because it is held.
    pub(super) fn hears_music(&self, leg: LegId) -> bool {
        self.music.iter().any(|music| music.leg == leg && music.plays.is_some())
    }

    /// Lets music begin where a hold has begun and end where it has ended.
    pub(super) fn hold_music(&mut self, ctx: &mut Ctx<'_>) {
        let (Joined::Two(one, other), Phase::Talking { .. }) = (self.joined, &self.phase) else {
            return;
        };
        for (leg, by) in [(one, other), (other, one)] {
            let known = self.music.iter().position(|music| music.leg == leg);
            let plays = known.is_some_and(|at| self.music.get(at).is_some_and(|music| music.plays.is_some()));
            match (self.is_held_by(leg, by), plays) {
                (true, false) => self.begin_music(ctx, leg, by, known),
                (false, true) => self.end_music(ctx, leg),
                (true, true) | (false, false) => {}
            }
        }
    }

    /// Whether a far end listens while the other one does not. A trunk that sends while it holds has music of its own.
    pub(super) fn is_held_by(&self, leg: LegId, by: LegId) -> bool {
        let (Some(held), Some(holder)) = (self.leg(leg), self.leg(by)) else { return false };
        let direction = |leg: &Leg| leg.media.as_ref().filter(|media| media.is_open())?.theirs();
        let (Some(listens), Some(holds)) = (direction(held), direction(holder)) else { return false };
        let own_music = matches!(holder.endpoint, Endpoint::Trunk(_)) && holds.sends();
        listens.receives() && !holds.receives() && !own_music
    }

    /// Lets music play, or stop, for one who takes part in a meeting.
    pub(super) fn music_when(&mut self, ctx: &mut Ctx<'_>, leg: LegId, wanted: bool) {
        let known = self.music.iter().position(|music| music.leg == leg);
        let plays = known.is_some_and(|at| self.music.get(at).is_some_and(|music| music.plays.is_some()));
        match (wanted, plays) {
            (true, false) => self.begin_music(ctx, leg, leg, known),
            (false, true) => self.end_music(ctx, leg),
            (true, true) | (false, false) => {}
        }
    }

    fn begin_music(&mut self, ctx: &mut Ctx<'_>, leg: LegId, by: LegId, known: Option<usize>) {
        let at = known.unwrap_or_else(|| {
            let at_ms = ctx.entropy.next_u64() % DAY_MS;
            let class = Arc::from(self.class_of_music(ctx, leg, by));
            self.music.push(Music { leg, class, at_ms, plays: None });
            self.music.len() - 1
        });
        let Some(music) = self.music.get(at) else { return };
        let sound = Sound::Music { class: Arc::clone(&music.class), at_ms: music.at_ms };
        let Some(play) = self.play(ctx, leg, vec![sound], 0, Over::Alone) else { return };
        if let Some(music) = self.music.get_mut(at) {
            music.plays = Some((ctx.now.mono, play));
        }
    }

    fn end_music(&mut self, ctx: &mut Ctx<'_>, leg: LegId) {
        let Some(music) = self.music.iter_mut().find(|music| music.leg == leg) else { return };
        let Some((since, play)) = music.plays.take() else { return };
        let lasted = ctx.now.mono.since(since).as_millis();
        music.at_ms = (music.at_ms + u64::try_from(lasted).unwrap_or(0)) % DAY_MS;
        self.stop_play(ctx, leg, Some(play));
    }

    /// The class of the one who holds, else of the one who is held.
    pub(super) fn class_of_music<'a>(&'a self, ctx: &'a Ctx<'_>, leg: LegId, by: LegId) -> &'a str {
        let of = |leg| match self.leg(leg).map(|leg| &leg.endpoint) {
            Some(Endpoint::Station(extension)) => ctx.routes.station(extension).map(|it| it.music.as_str()),
            Some(Endpoint::Trunk(name)) => ctx.routes.trunk(name).map(|it| it.trunk().music.as_str()),
            Some(Endpoint::Local(_) | Endpoint::Stranger(_)) | None => None,
        };
        let lot = self.lot_of(leg).and_then(|lot| ctx.routes.parking(lot)).map(|lot| lot.music.as_str());
        let said = [lot, of(by), of(leg)].into_iter().flatten();
        said.into_iter().find(|class| !class.is_empty()).unwrap_or(MUSIC)
    }
}
