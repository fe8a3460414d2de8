//! What goes to a far end that takes comfort noise while there is nothing but background to hear (RFC 3389).

use crate::dsp::level;
use crate::frame::Frame;

/// Beats of background before noise takes its place: shorter pauses are part of speech.
const LONG: u16 = 20;
/// Beats between two packets of noise at most, so that a far end that came late or lost one knows the level soon (RFC
/// 3389 §4 leaves it open).
const EVERY: u16 = 50;
/// Beats between two packets of noise at least.
const APART: u16 = 10;
/// In dBov: what is louder may be the beginning of a word, and is sent as it is.
const BACKGROUND_DBOV: f32 = -60.0;
/// In dB: what is heard as another background.
const ANOTHER: f32 = 3.0;
/// How much of the power of the background one beat is.
const SHARE: f32 = 0.125;
/// In −dBov: what stands for no sound at all, so that nobody takes the call for dead.
const SOFTEST: f32 = 75.0;

/// The background since somebody spoke.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lull {
    beats: u16,
    /// Beats since a packet of noise.
    told: u16,
    /// Mean square, full scale being 1.
    power: f32,
    /// Of the newest packet of noise, in −dBov.
    level: f32,
}

/// What a beat is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    /// What there is to hear.
    Audio,
    /// A packet of noise of that level, in −dBov (RFC 3389 §3.1).
    Noise(u8),
    /// Nothing, since noise has been sent.
    Nothing,
}

impl Lull {
    pub(crate) fn note(&mut self, frame: &Frame) -> Filling {
        let power = level::mean_square(frame.samples());
        if level::decibels(power) > BACKGROUND_DBOV {
            *self = Self::default();
            return Filling::Audio;
        }
        self.power = if self.beats == 0 { power } else { self.power + (power - self.power) * SHARE };
        let begins = self.beats == LONG;
        self.beats = self.beats.saturating_add(1).min(LONG + 1);
        self.told += 1;
        if self.beats <= LONG {
            return Filling::Audio;
        }
        let level = (-level::decibels(self.power)).min(SOFTEST);
        let differs = self.told >= APART && (level - self.level).abs() >= ANOTHER;
        if !(begins || differs || self.told >= EVERY) {
            return Filling::Nothing;
        }
        (self.told, self.level) = (0, level);
        Filling::Noise(level.round() as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Rate;

    fn of(height: i16) -> Frame {
        let mut frame = Frame::silent(Rate::Hz8000);
        let heights = [height, -height].into_iter().cycle();
        frame.samples_mut().iter_mut().zip(heights).for_each(|(sample, height)| *sample = height);
        frame
    }

    #[test]
    fn noise_comes_after_a_while_and_now_and_then_and_ends_with_the_first_sound() {
        let mut lull = Lull::default();
        let filled: Vec<Filling> = (0..121).map(|_| lull.note(&of(0))).collect();
        let noise: Vec<usize> = (0..121).filter(|beat| filled[*beat] == Filling::Noise(75)).collect();
        assert_eq!(noise, [20, 70, 120]);
        assert!(filled[..20].iter().all(|filling| *filling == Filling::Audio));
        let others = (20..120).filter(|beat| filled[*beat] == Filling::Nothing).count();
        assert_eq!(others, 98);
        let mut onset = of(0);
        onset.samples_mut()[79] = 400;
        assert_eq!(lull.note(&onset), Filling::Audio, "one sample at its end is enough");
        assert!((0..20).all(|_| lull.note(&of(0)) == Filling::Audio), "the next pause counts anew");
    }

    /// A-law has no zero: its silence is ±8 (ITU-T G.711 table 1a).
    #[test]
    fn a_background_is_told_as_loud_as_it_is_and_again_when_it_changes() {
        let mut lull = Lull::default();
        let told = |lull: &mut Lull, height| {
            let filled = (0..60).map(|_| lull.note(&of(height)));
            filled.filter(|filling| matches!(filling, Filling::Noise(_))).collect::<Vec<_>>()
        };
        assert_eq!(told(&mut lull, 8), [Filling::Noise(72)], "8 of 32,768");
        let louder = told(&mut lull, 24);
        assert_eq!(*louder.last().unwrap(), Filling::Noise(64), "nearly there: {louder:?}");
        assert!((2..=4).contains(&louder.len()), "{louder:?}");
        assert_eq!(told(&mut lull, 40), [], "what is louder than a background");
    }
}
