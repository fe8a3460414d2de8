//! A room: who is heard by everybody in it, and who listens.

use base::media::Gain;

use crate::audience::Audience;
use crate::frame::{FRAME_MAX, Frame, Rate};
use crate::mix::{Factor, Limiter, Ramp, Sum};

/// With more speakers than this, those who only breathe are left out of the sum.
const GATED: usize = 8;
/// What counts as breathing, as mean square: −52 dBov.
const BREATH: f32 = 6.3e-6;
/// For so many beats after a word somebody still counts as speaking.
const HANGOVER: u8 = 40;

/// One room of a worker.
#[derive(Debug, Default)]
pub(crate) struct Room {
    speakers: Vec<Speaker>,
    /// Slots of the ports that hear the room.
    pub(crate) listeners: Vec<u32>,
    /// How many want the audio of all who speak here.
    pub(crate) wanted: u32,
    /// Of them, recordings and taps.
    pub(crate) ears: u32,
    /// The rate that everybody is heard at.
    pub(crate) rate: Rate,
    /// Members or their codecs have changed since the rate was chosen.
    pub(crate) stale: bool,
    /// Everybody's voice in this beat.
    sum: Option<Box<Sum>>,
    /// Nothing was added up before: nobody fades in.
    fresh: bool,
    /// Everybody's voice as one frame, for recordings and taps.
    whole: Option<Box<(Limiter, Frame)>>,
    pub(crate) floor: Floor,
    pub(crate) audience: Audience,
}

/// One who is heard by everybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Speaker {
    pub(crate) slot: u32,
    pub(crate) gain: Gain,
    ramp: Ramp,
    /// Has left; the rest fades out.
    gone: bool,
    /// Beats for which it still counts as speaking.
    active: u8,
}

/// Who has the floor: the loudest, once it has been so for a while.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Floor {
    pub(crate) speaker: Option<u32>,
    loudest: Option<u32>,
    /// Beats for which `loudest` has been that.
    run: u8,
    /// Beats since a change was told.
    told: u8,
}

/// Beats that somebody is the loudest for before it has the floor, and that a change is told apart from the next.
const RUN: u8 = 20;
const APART: u8 = 30;
/// Beats of silence before nobody has it.
const NOBODY: u8 = 150;
/// Who speaks over whoever has the floor must be this much louder, as a power ratio: 3 dB.
const OVER: f32 = 2.0;

impl Room {
    pub(crate) fn attend(&mut self, listener: u32) {
        self.stale = true;
        self.listeners.push(listener);
    }

    pub(crate) fn ignore(&mut self, listener: u32) {
        self.stale = true;
        self.listeners.retain(|known| *known != listener);
    }

    /// Its audio begins to be wanted, or ends to be.
    pub(crate) fn awake(&mut self) {
        (self.fresh, self.stale) = (true, true);
        self.forget_gone();
    }

    /// Those who speak here now.
    pub(crate) fn speakers(&self) -> impl Iterator<Item = &Speaker> {
        self.speakers.iter().filter(|speaker| !speaker.gone)
    }

    pub(crate) fn enter(&mut self, slot: u32, gain: Gain) {
        self.stale = true;
        match self.speakers.iter_mut().find(|speaker| speaker.slot == slot) {
            Some(known) => (known.gain, known.gone) = (gain, false),
            None => {
                let ramp = Ramp { from: Factor::ZERO, to: Factor::ZERO };
                self.speakers.push(Speaker { slot, gain, ramp, gone: false, active: HANGOVER });
            }
        }
    }

    /// Its voice fades out with the next beat.
    pub(crate) fn depart(&mut self, slot: u32) {
        self.stale = true;
        self.speakers
            .iter_mut()
            .filter(|speaker| speaker.slot == slot)
            .for_each(|speaker| speaker.gone = true);
        if self.wanted == 0 {
            self.forget_gone();
        }
    }

    pub(crate) fn forget_gone(&mut self) {
        self.speakers.retain(|speaker| !speaker.gone);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.speakers.is_empty() && self.listeners.is_empty() && self.wanted == 0
    }

    /// Adds up everybody's voice. `voice` is asked for each one's power in this beat, and then to add what it said with
    /// its factor.
    pub(crate) fn gather(&mut self, mut voice: impl FnMut(u32, Rate, Option<(Ramp, &mut [i32])>) -> f32) {
        let mut sum = self.sum.take().unwrap_or_else(|| Box::new([0; FRAME_MAX]));
        let part = &mut sum[..self.rate.frame()];
        part.fill(0);
        let gated = self.speakers.len() > GATED;
        let mut loudest = None;
        for speaker in &mut self.speakers {
            let power = voice(speaker.slot, self.rate, None);
            let to = speaker.target(power, gated);
            speaker.ramp = if self.fresh { Ramp { from: to, to } } else { speaker.ramp.towards(to) };
            if power > BREATH && loudest.is_none_or(|(_, most)| power > most) && to != Factor::ZERO {
                loudest = Some((speaker.slot, power));
            }
            if !speaker.ramp.is_silent() && power > 0.0 {
                voice(speaker.slot, self.rate, Some((speaker.ramp, part)));
            }
        }
        let holder = self.floor.speaker.map_or(0.0, |slot| voice(slot, self.rate, None));
        self.floor.hear(loudest, holder);
        if self.ears > 0 || !self.audience.is_empty() {
            let silent = || Box::new((Limiter::default(), Frame::silent(self.rate)));
            let (limiter, frame) = &mut **self.whole.get_or_insert_with(silent);
            frame.reset(self.rate);
            limiter.limit(part, frame.samples_mut());
        }
        self.sum = Some(sum);
        self.fresh = false;
        self.forget_gone();
    }

    /// Those who only listen get this beat.
    pub(crate) fn tell_audience(&mut self) {
        if let Some(whole) = &self.whole {
            self.audience.hear(&whole.1);
        }
    }

    /// All that is said here, in this beat.
    pub(crate) fn overheard(&self) -> Option<&Frame> {
        self.whole.as_ref().map(|whole| &whole.1)
    }

    /// Everybody's voice in this beat; empty before the first.
    pub(crate) fn sum(&self) -> &[i32] {
        self.sum.as_ref().map_or(&[], |sum| &sum[..self.rate.frame()])
    }
}

impl Speaker {
    fn target(&mut self, power: f32, gated: bool) -> Factor {
        self.active = if power > BREATH { HANGOVER } else { self.active.saturating_sub(1) };
        if self.gone || (gated && self.active == 0) { Factor::ZERO } else { Factor::of(self.gain) }
    }
}

impl Floor {
    fn hear(&mut self, loudest: Option<(u32, f32)>, holder: f32) {
        self.told = self.told.saturating_add(1);
        let challenger = match loudest {
            Some((slot, power)) if Some(slot) == self.speaker || power > holder * OVER => Some(slot),
            Some(_) => self.speaker,
            None => None,
        };
        self.run = if challenger == self.loudest { self.run.saturating_add(1) } else { 0 };
        self.loudest = challenger;
    }

    /// The change that is due to be told, once.
    pub(crate) fn change(&mut self) -> Option<Option<u32>> {
        let needed = if self.loudest.is_some() { RUN } else { NOBODY };
        if self.loudest == self.speaker || self.run < needed || self.told < APART {
            return None;
        }
        (self.speaker, self.told) = (self.loudest, 0);
        Some(self.speaker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: f32 = 0.01;

    fn beats(floor: &mut Floor, beats: u32, voices: &[(u32, f32)]) -> Vec<Option<u32>> {
        (0..beats)
            .filter_map(|_| {
                let loudest = voices.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
                let holder =
                    voices.iter().find(|voice| Some(voice.0) == floor.speaker).map_or(0.0, |voice| voice.1);
                floor.hear(loudest, holder);
                floor.change()
            })
            .collect()
    }

    #[test]
    fn the_floor_goes_to_who_speaks_for_a_while_and_not_to_who_coughs() {
        let mut floor = Floor::default();
        assert_eq!(beats(&mut floor, 60, &[(1, LOUD)]), [Some(1)]);
        assert_eq!(beats(&mut floor, 10, &[(1, LOUD), (2, LOUD * 9.0)]), []);
        assert_eq!(beats(&mut floor, 60, &[(1, LOUD), (2, LOUD * 1.5)]), [], "hardly louder");
        assert_eq!(beats(&mut floor, 60, &[(1, LOUD), (2, LOUD * 9.0)]), [Some(2)]);
        assert_eq!(beats(&mut floor, 100, &[]), [], "a breath between two sentences");
        assert_eq!(beats(&mut floor, 100, &[]), [None]);
    }

    #[test]
    fn in_a_large_room_those_who_only_breathe_are_left_out() {
        let mut room = Room::default();
        (0..20).for_each(|slot| room.enter(slot, Gain::UNITY));
        let mut heard = Vec::new();
        for _ in 0..100 {
            heard.clear();
            room.gather(|slot, _, part| {
                if let Some((ramp, _)) = part {
                    heard.push((slot, ramp.to));
                }
                if slot == 3 { LOUD } else { BREATH / 2.0 }
            });
        }
        assert_eq!(heard, [(3, Factor::ONE)]);
    }
}
