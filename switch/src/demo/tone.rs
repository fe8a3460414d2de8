//! The tones of the play: each end of a call sends one of its own, so that ears know who is heard.

use std::f64::consts::TAU;

/// Tones there are, half of them for each side.
pub(super) const PITCHES: usize = 32;
/// Tones lie so far apart, and 20 ms hold a whole number of periods of each: none is heard for another.
const STEP_HZ: u32 = 50;
const LOWEST_HZ: u32 = 400;
const AMPLITUDE: f64 = 8_000.0;
/// Below this nothing is heard, as the root of the mean square.
const SILENT: f64 = 60.0;
/// Of the energy, what a tone of several has at least.
const PART: f64 = 0.15;
/// Of the energy, what tones have together where nothing else is heard.
const WHOLE: f64 = 0.8;

/// Which end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Who placed it.
    Caller,
    /// Who took it.
    Callee,
}

/// One of the tones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pitch(usize);

/// What a moment of audio holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing.
    Silence,
    /// Tones alone.
    Tones(Chord),
    /// Speech, music or anything else.
    Sound,
}

/// A set of tones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chord(u32);

impl Pitch {
    /// A tone of this side; neighbours in turn differ, and the next round of callers meets other callees.
    pub(super) fn of(side: Side, turn: usize) -> Self {
        let tones = PITCHES / 2;
        match side {
            Side::Caller => Self(turn % tones * 2),
            Side::Callee => Self((turn + turn / tones) % tones * 2 + 1),
        }
    }

    /// Whose tone it is.
    pub(super) fn side(self) -> Side {
        if self.0.is_multiple_of(2) { Side::Caller } else { Side::Callee }
    }

    /// Its place among all.
    pub(super) fn index(self) -> usize {
        self.0
    }

    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..PITCHES).map(Self)
    }

    /// The tone from its sample `at` on.
    pub(super) fn write(self, at: u64, rate: u32, audio: &mut [i16]) {
        let step = TAU * self.hz() / f64::from(rate);
        for (sample, at) in audio.iter_mut().zip(at..) {
            *sample = (AMPLITUDE * (step * (at % u64::from(rate)) as f64).sin()) as i16;
        }
    }

    fn hz(self) -> f64 {
        f64::from(LOWEST_HZ) + f64::from(STEP_HZ) * self.0 as f64
    }

    /// How much of the energy this tone has, by Goertzel's filter.
    fn share(self, audio: &[i16], rate: u32, energy: f64) -> f64 {
        let twice = 2.0 * (TAU * self.hz() / f64::from(rate)).cos();
        let (one, two) =
            audio.iter().fold((0.0, 0.0), |(one, two), sample| (f64::from(*sample) + twice * one - two, one));
        let power = one * one + two * two - twice * one * two;
        2.0 * power / (energy * audio.len() as f64)
    }
}

impl Chord {
    /// Every tone in it.
    pub(super) fn pitches(self) -> impl Iterator<Item = Pitch> {
        Pitch::all().filter(move |pitch| self.0 & (1 << pitch.0) != 0)
    }
}

/// Listens to a moment of audio, 20 ms of it; `likely` saves work when it is the only tone.
pub(super) fn listen(audio: &[i16], rate: u32, likely: Option<Pitch>) -> Heard {
    let energy: f64 = audio.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if energy < SILENT * SILENT * audio.len() as f64 || audio.is_empty() {
        return Heard::Silence;
    }
    if let Some(pitch) = likely.filter(|pitch| pitch.share(audio, rate, energy) > 1.0 - PART) {
        return Heard::Tones(Chord(1 << pitch.0));
    }
    let (mut chord, mut together) = (Chord::default(), 0.0);
    for pitch in Pitch::all() {
        let share = pitch.share(audio, rate, energy);
        if share >= PART {
            chord.0 |= 1 << pitch.0;
            together += share;
        }
    }
    if together >= WHOLE { Heard::Tones(chord) } else { Heard::Sound }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(pitch: Pitch, rate: u32) -> Vec<i16> {
        let mut audio = vec![0; rate as usize / 50];
        pitch.write(7_777, rate, &mut audio);
        audio
    }

    #[test]
    fn each_tone_is_heard_as_itself_at_both_rates() {
        for pitch in Pitch::all() {
            for rate in [8_000, 16_000] {
                let heard = listen(&tone(pitch, rate), rate, None);
                assert_eq!(heard, Heard::Tones(Chord(1 << pitch.index())), "{pitch:?} at {rate}");
                assert_eq!(listen(&tone(pitch, rate), rate, Some(pitch)), heard);
            }
        }
    }

    #[test]
    fn two_tones_at_once_are_heard_as_two() {
        let (one, other) = (Pitch::of(Side::Caller, 3), Pitch::of(Side::Callee, 3));
        let both: Vec<i16> =
            tone(one, 8_000).iter().zip(tone(other, 8_000)).map(|(one, other)| one + other).collect();
        let Heard::Tones(chord) = listen(&both, 8_000, Some(one)) else { panic!("no tones") };
        assert_eq!(chord.pitches().collect::<Vec<_>>(), [one, other]);
        assert_eq!((one.side(), other.side()), (Side::Caller, Side::Callee));
    }

    #[test]
    fn silence_and_other_sounds_are_no_tones() {
        let between: Vec<i16> =
            (0..160).map(|at| (6_000.0 * (TAU * 2_725.0 * f64::from(at) / 8_000.0).sin()) as i16).collect();
        assert_eq!(listen(&between, 8_000, None), Heard::Sound);
        assert_eq!(listen(&[3; 160], 8_000, None), Heard::Silence);
    }
}
