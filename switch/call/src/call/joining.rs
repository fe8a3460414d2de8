//! Whom the legs of a call hear, made into a mix and told to the media workers.

use base::media::{Gain, Heard};
use base::{LegId, PortId, RoomId};

use super::{Call, Ctx, Phase};
use crate::act::Act;
use crate::leg::Leg;
use crate::mix::{Mix, Part};

/// Who is with whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Joined {
    /// Nobody hears anybody.
    #[default]
    Nobody,
    /// These two hear each other.
    Two(LegId, LegId),
    /// It hears itself.
    Itself(LegId),
    /// Those who share a side of the meeting hear each other.
    Sides,
    /// Every leg is in this room.
    Room(RoomId),
}

/// How a far end takes part, where that is not as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Voice {
    pub(crate) leg: LegId,
    /// Nobody hears it.
    pub(crate) muted: bool,
    /// It hears nobody.
    pub(crate) deaf: bool,
    /// How loud it is heard.
    pub(crate) gain: Gain,
}

impl Voice {
    fn usual(leg: LegId) -> Self {
        Self { leg, muted: false, deaf: false, gain: Gain::UNITY }
    }

    fn is_usual(&self) -> bool {
        *self == Self::usual(self.leg)
    }
}

impl Call {
    /// Two legs hear each other from now on.
    pub(super) fn join(&mut self, one: LegId, other: LegId) {
        self.joined = Joined::Two(one, other);
    }

    /// A leg hears itself.
    pub(super) fn echo(&mut self, leg: LegId) {
        self.joined = Joined::Itself(leg);
    }

    /// Changes how a far end takes part.
    pub(super) fn set_voice(&mut self, leg: LegId, change: impl FnOnce(&mut Voice)) {
        let mut voice = self.voice(leg);
        change(&mut voice);
        self.voices.retain(|known| known.leg != leg);
        if !voice.is_usual() {
            self.voices.push(voice);
        }
    }

    pub(super) fn voice(&self, leg: LegId) -> Voice {
        self.voices.iter().find(|voice| voice.leg == leg).copied().unwrap_or_else(|| Voice::usual(leg))
    }

    /// Tells the media workers what has changed about who hears whom.
    pub(super) fn remix(&mut self, ctx: &mut Ctx<'_>) {
        if matches!(self.phase, Phase::Over(_)) {
            return;
        }
        let parts = self.legs.iter().filter_map(|leg| self.part_of(leg));
        let wanted: Mix = parts.map(|part| self.with_supervisors(part)).collect();
        ctx.out.extend(self.mix.changes_to(&wanted).into_iter().map(Act::Media));
        self.mix = wanted;
    }

    pub(super) fn part_of(&self, leg: &Leg) -> Option<Part> {
        let port = open_port(leg)?;
        if let Some(part) = self.part_of_supervisor(leg, port) {
            return Some(part);
        }
        let voice = self.voice(leg.id);
        if self.joined == Joined::Sides {
            return Some(self.part_in_meeting(leg, port));
        }
        let mut part = Part::alone(port, self.worker);
        if let Joined::Room(room) = self.joined {
            if leg.talking().is_none() {
                return Some(part);
            }
            part.room = Some(room).filter(|_| !voice.deaf);
            part.speaks = Some((room, voice.gain)).filter(|_| !voice.muted);
            return Some(part);
        }
        let source = match self.joined {
            Joined::Two(one, other) if leg.id == one => Some(other),
            Joined::Two(one, other) if leg.id == other => Some(one),
            Joined::Itself(one) if leg.id == one => Some(one),
            Joined::Nobody | Joined::Two(..) | Joined::Itself(_) | Joined::Sides | Joined::Room(_) => None,
        };
        let heard = source.filter(|_| !voice.deaf).and_then(|source| self.heard(source));
        part.sources.extend(heard);
        Some(part)
    }

    pub(super) fn heard(&self, source: LegId) -> Option<Heard> {
        let voice = self.voice(source);
        let port = open_port(self.leg(source)?).filter(|_| !voice.muted)?;
        Some(Heard { port, gain: voice.gain })
    }
}

pub(super) fn open_port(leg: &Leg) -> Option<PortId> {
    leg.media.as_ref().filter(|media| media.is_open()).map(|media| media.port())
}
