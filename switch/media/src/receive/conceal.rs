//! What was likely lost, when the codec has no idea of its own: the last pitch period again and again, softer and softer,
//! as ITU-T G.711 Appendix I does it.

use super::pitch;

/// Nothing is left of it after so many ms; the first of them are at full level.
const FADED_MS: usize = 60;
const FULL_MS: usize = 10;
/// How long it fades into what comes next.
const BLEND_MS: usize = 5;

/// One loss.
#[derive(Debug)]
pub(super) struct Concealer {
    hz: u32,
    /// One period, without a seam where it begins again.
    cycle: Vec<i16>,
    at: usize,
    /// Samples made so far; `None` while nothing is lost.
    made: Option<usize>,
}

impl Concealer {
    pub(super) fn new(hz: u32) -> Self {
        Self { hz, cycle: Vec::with_capacity(pitch::longest(hz)), at: 0, made: None }
    }

    /// Goes on after `past`, the audio before the loss, which counts in the first call of a loss only.
    pub(super) fn fill(&mut self, past: &[i16], out: &mut [i16]) {
        if self.made.is_none() {
            self.begin(past);
        }
        for sample in out {
            *sample = self.next();
        }
    }

    /// Ends a sound that nothing follows within `out`.
    pub(super) fn fade_out(&mut self, past: &[i16], out: &mut [i16]) {
        self.fill(past, out);
        let length = out.len();
        for (at, sample) in out.iter_mut().enumerate() {
            *sample = pitch::blend(*sample, 0, at, length);
        }
        self.made = None;
    }

    /// The loss is over: fades into what follows, at its beginning.
    pub(super) fn end(&mut self, head: &mut [i16]) {
        if self.made.is_none() {
            return;
        }
        let length = head.len().min(self.ms(BLEND_MS));
        for (at, sample) in head[..length].iter_mut().enumerate() {
            let made_up = self.next();
            *sample = pitch::blend(made_up, *sample, at, length);
        }
        self.made = None;
    }

    fn begin(&mut self, past: &[i16]) {
        (self.at, self.made) = (0, Some(0));
        self.cycle.clear();
        let Some(found) = pitch::find(past, self.hz) else { return };
        let (period, length) = (found.period, past.len());
        self.cycle.extend_from_slice(&past[length - period..]);
        let seam = period / 4;
        for i in 0..seam {
            let place = period - seam + i;
            let before = past[length - 2 * period + place];
            self.cycle[place] = pitch::blend(self.cycle[place], before, i + 1, seam);
        }
    }

    fn next(&mut self) -> i16 {
        let made = self.made.map_or(0, |made| made);
        self.made = Some(made + 1);
        let (full, faded) = (self.ms(FULL_MS), self.ms(FADED_MS));
        let Some(sample) = self.cycle.get(self.at).copied().filter(|_| made < faded) else { return 0 };
        self.at = if self.at + 1 == self.cycle.len() { 0 } else { self.at + 1 };
        pitch::blend(sample, 0, made.saturating_sub(full), faded - full)
    }

    fn ms(&self, ms: usize) -> usize {
        self.hz as usize * ms / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(samples: std::ops::Range<usize>) -> Vec<i16> {
        let wave = |n| (10_000.0 * (std::f64::consts::TAU * 250.0 * n as f64 / 8_000.0).sin()) as i16;
        samples.map(wave).collect()
    }

    #[test]
    fn a_lost_piece_of_a_tone_is_the_tone_and_a_long_loss_is_silent() {
        let mut concealer = Concealer::new(8_000);
        let mut lost = [0; 80];
        concealer.fill(&tone(0..320), &mut lost);
        for (made, real) in lost.iter().zip(tone(320..400)) {
            assert!((made - real).abs() < 1_200, "{made} for {real}");
        }
        for _ in 0..5 {
            concealer.fill(&[], &mut lost);
        }
        concealer.fill(&[], &mut lost);
        assert_eq!(lost, [0; 80]);
    }

    #[test]
    fn too_little_of_a_past_is_silence() {
        let mut lost = [7; 80];
        Concealer::new(8_000).fill(&[1, 2, 3], &mut lost);
        assert_eq!(lost, [0; 80]);
    }
}
