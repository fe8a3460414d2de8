//! What goes to a far end that takes comfort noise while there is nothing to hear (RFC 3389).

use crate::frame::Frame;

/// Beats of silence before noise takes its place: shorter pauses are part of speech.
const LONG: u16 = 20;
/// Beats between two packets of noise (RFC 3389 §4 leaves it open; this keeps translators of addresses awake).
const EVERY: u16 = 200;

/// The level of what we tell it to make up, in −dBov (RFC 3389 §3.1).
pub(crate) const LEVEL: u8 = 75;

/// Beats for which there has been nothing to hear.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lull(u16);

/// What a beat is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    /// What there is to hear.
    Audio,
    /// A packet of noise.
    Noise,
    /// Nothing, since noise has been sent.
    Nothing,
}

impl Lull {
    pub(crate) fn note(&mut self, frame: &Frame) -> Filling {
        if frame.samples().iter().any(|sample| *sample != 0) {
            self.0 = 0;
            return Filling::Audio;
        }
        self.0 = if self.0 < LONG + EVERY { self.0 + 1 } else { LONG + 1 };
        match self.0 {
            beats if beats <= LONG => Filling::Audio,
            beats if beats == LONG + 1 => Filling::Noise,
            _beats => Filling::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Rate;

    #[test]
    fn noise_comes_after_a_while_and_now_and_then_and_ends_with_the_first_sound() {
        let mut lull = Lull::default();
        let silent = Frame::silent(Rate::Hz8000);
        let filled: Vec<Filling> = (0..421).map(|_| lull.note(&silent)).collect();
        let noise: Vec<usize> = (0..421).filter(|beat| filled[*beat] == Filling::Noise).collect();
        assert_eq!(noise, [20, 220, 420]);
        assert!(filled[..20].iter().all(|filling| *filling == Filling::Audio));
        let mut loud = silent;
        loud.samples_mut()[3] = 1;
        assert_eq!(lull.note(&loud), Filling::Audio);
    }
}
