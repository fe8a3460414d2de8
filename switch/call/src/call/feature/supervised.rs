//! An agent's call in which supervisors take part: they hear what the agent says and hears, and are heard as their way
//! has it (VOX-44, BP-94; docs/adr/0037).
//!
//! Their legs stay in calls of their own, so that one that ends takes nothing away here (E45).

use base::fact::{Endpoint, What, record_text};
use base::media::{Heard, Over, PlayId, Sound, Tone, TonePart};
use base::{CallId, LegId, PortId, Supervision};
use smallvec::{SmallVec, smallvec};

use super::super::exchange::is_readable;
use super::super::joining::{Joined, open_port};
use super::super::{Call, Ctx, Phase};
use crate::act::Act;
use crate::letter::{Attend, Sight, Word};
use crate::mix::Part;

/// The tone that tells an agent of it: 620 Hz, unlike that of recordings.
const BEEP_HZ: u16 = 620;
const BEEP_MS: u32 = 150;
const BEEP_DBM0: f32 = -22.0;

/// The supervisors of a call.
#[derive(Debug, Default)]
pub(in crate::call) struct Attended {
    all: Vec<Attending>,
    /// The tone that an agent hears while there are any.
    beep: Option<(LegId, PlayId)>,
}

/// One of them.
#[derive(Debug)]
struct Attending {
    /// Its call.
    from: CallId,
    attend: Attend,
    /// What it was told last.
    told: Option<Sight>,
}

impl Call {
    /// A supervisor wants to take part, or in another way than so far.
    pub(in crate::call) fn attended_by(&mut self, ctx: &mut Ctx<'_>, from: CallId, mut attend: Attend) {
        if self.only_listen(ctx) {
            attend.mode = Supervision::Listen;
        }
        let known = self.attended.all.iter().position(|it| it.from == from);
        if known.is_none() && self.attended.all.len() >= base::limits::SUPERVISORS {
            return self.write(ctx, from, Word::Parted { moved: false });
        }
        self.note_supervision(ctx, &attend, Some(attend.mode));
        match known.and_then(|known| self.attended.all.get_mut(known)) {
            Some(known) => *known = Attending { from, attend, told: None },
            None => {
                self.attended.all.push(Attending { from, attend, told: None });
                self.be_understood(ctx);
            }
        }
    }

    /// A supervisor has left.
    pub(in crate::call) fn left_by(&mut self, from: CallId) {
        for it in self.attended.all.iter_mut().filter(|it| it.from == from) {
            it.attend.port = NOBODY;
        }
    }

    /// Emergency calls are listened to, and nothing else.
    fn only_listen(&self, ctx: &Ctx<'_>) -> bool {
        self.seeks_help(ctx)
    }

    /// Whether whoever began the call wants help: nobody takes it over, leads it on or has it wait.
    pub(in crate::call) fn seeks_help(&self, ctx: &Ctx<'_>) -> bool {
        ctx.routes.is_emergency(&self.facts.dialled)
    }

    /// Whoever speaks what we cannot read is asked for something else, so that more than one can hear it.
    fn be_understood(&mut self, ctx: &mut Ctx<'_>) {
        let unread = |leg: &&crate::leg::Leg| {
            leg.talking().is_some()
                && leg.media.as_ref().is_some_and(|media| media.is_open() && !is_readable(media))
        };
        for leg in self.legs.iter().filter(unread).map(|leg| leg.id).collect::<Vec<_>>() {
            if !self.ask_for_readable(ctx, leg) {
                self.cannot_be_heard(ctx.now, leg, 0);
            }
        }
    }

    /// Tells each supervisor what there is to be heard, where that has changed, and parts from those whose agent is
    /// not here any more.
    pub(in crate::call) fn show_supervisors(&mut self, ctx: &mut Ctx<'_>) {
        if self.attended.all.is_empty() {
            return;
        }
        let before: Vec<(CallId, Attend)> =
            self.attended.all.iter().map(|it| (it.from, it.attend.clone())).collect();
        for (from, attend) in before {
            if attend.port == NOBODY || self.leg_of_port(attend.port).is_some() {
                self.part_from(ctx, from);
            } else if !self.is_attended(attend.leg) {
                let goes = self.giving.as_ref().filter(|giving| giving.leg == attend.leg);
                let moved = goes.is_some_and(|giving| giving.is_gone());
                self.part_from(ctx, from);
                self.write(ctx, from, Word::Parted { moved });
            }
        }
        for at in 0..self.attended.all.len() {
            let Some(sight) = self.attended.all.get(at).and_then(|it| self.sight_of(ctx, it)) else {
                continue;
            };
            let Some(it) = self.attended.all.get_mut(at).filter(|it| it.told.as_ref() != Some(&sight)) else {
                continue;
            };
            let to = it.from;
            it.told = Some(sight.clone());
            self.write(ctx, to, Word::Sight(sight));
        }
        self.supervision_beep(ctx);
    }

    fn is_attended(&self, leg: LegId) -> bool {
        let talks = self.leg(leg).is_some_and(|leg| leg.talking().is_some() && open_port(leg).is_some());
        talks && !matches!(self.phase, Phase::Over(_))
    }

    fn part_from(&mut self, ctx: &mut Ctx<'_>, from: CallId) {
        let Some(at) = self.attended.all.iter().position(|it| it.from == from) else { return };
        let gone = self.attended.all.remove(at);
        self.note_supervision(ctx, &gone.attend, None);
    }

    /// What the agent says, what it hears, and what other supervisors say to all.
    fn sight_of(&self, ctx: &Ctx<'_>, it: &Attending) -> Option<Sight> {
        let agent = self.leg(it.attend.leg)?;
        let part = self.part_of(agent)?;
        let own = self.heard(agent.id).filter(|_| part.room.is_none());
        let barging = self.barging().filter(|port| *port != it.attend.port).map(Heard::plain);
        let mut sources: SmallVec<[Heard; 2]> = SmallVec::new();
        for heard in own.into_iter().chain(part.sources.iter().copied()).chain(barging) {
            if sources.iter().all(|known| known.port != heard.port) {
                sources.push(heard);
            }
        }
        Some(Sight {
            worker: self.worker,
            room: part.room,
            sources,
            mode: it.attend.mode,
            only_listen: self.only_listen(ctx),
        })
    }

    /// A part in the mix with those supervisors whom it hears.
    pub(in crate::call) fn with_supervisors(&self, mut part: Part) -> Part {
        for it in self.attended.all.iter().filter(|it| it.told.is_some() && it.attend.port != NOBODY) {
            let agent = self.port_of(it.attend.leg);
            let is_agent = Some(part.port) == agent;
            let hears = match it.attend.mode {
                Supervision::Listen => false,
                Supervision::Whisper => is_agent,
                // In a room the supervisor speaks to the room.
                Supervision::Barge if matches!(self.joined, Joined::Room(_)) => false,
                Supervision::Barge => is_agent || part.sources.iter().any(|it| Some(it.port) == agent),
            };
            if hears {
                part.sources.push(Heard::plain(it.attend.port));
            }
        }
        part
    }

    /// The ports of supervisors who speak to all: what they say belongs to the call's recording.
    pub(in crate::call) fn barging(&self) -> impl Iterator<Item = PortId> {
        let barges = |it: &&Attending| it.attend.mode == Supervision::Barge && it.attend.port != NOBODY;
        self.attended.all.iter().filter(barges).map(|it| it.attend.port)
    }

    /// Lets an agent know, where that is set up, and no longer when all have left.
    fn supervision_beep(&mut self, ctx: &mut Ctx<'_>) {
        let wanted = self.attended.all.iter().find_map(|it| {
            let secs = self.beep_secs(ctx, it.attend.leg);
            (secs > 0).then_some((it.attend.leg, secs))
        });
        if self.attended.beep.map(|(leg, _)| leg) == wanted.map(|(leg, _)| leg) {
            return;
        }
        if let Some((leg, play)) = self.attended.beep.take() {
            self.stop_play(ctx, leg, Some(play));
        }
        let Some((leg, secs)) = wanted else { return };
        let pause = Sound::Silence(secs.saturating_mul(1_000).saturating_sub(BEEP_MS));
        let play = self.play(ctx, leg, vec![Sound::Tone(beep()), pause], 0, Over::Mixed);
        self.attended.beep = play.map(|play| (leg, play));
    }

    fn beep_secs(&self, ctx: &Ctx<'_>, leg: LegId) -> u32 {
        match self.leg(leg).map(|leg| &leg.endpoint) {
            Some(Endpoint::Station(extension)) => {
                ctx.routes.station(extension).map_or(0, |station| station.supervision_beep_secs)
            }
            Some(Endpoint::Trunk(_) | Endpoint::Local(_) | Endpoint::Stranger(_)) | None => 0,
        }
    }

    /// Nobody listens without a word of it in the call.
    fn note_supervision(&mut self, ctx: &mut Ctx<'_>, attend: &Attend, mode: Option<Supervision>) {
        let (leg, by) = (attend.leg, record_text(&attend.by));
        if self.leg(leg).is_none() {
            return;
        }
        let detail = format!("{} {by}", mode.map_or("over", Supervision::word));
        self.note_supervisor(ctx.now, leg, detail);
        ctx.out.push(Act::Fact(What::Supervised { leg, by, mode }));
    }
}

/// The port of one who has left and is to be taken leave of.
const NOBODY: PortId = PortId { worker: u8::MAX, slot: u32::MAX };

fn beep() -> Tone {
    let part = TonePart { hz: [BEEP_HZ, 0, 0, 0], dbm0: BEEP_DBM0, ms: BEEP_MS };
    Tone { parts: smallvec![part], times: 1 }
}
