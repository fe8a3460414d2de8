//! A cadence of tones, sample by sample.

use base::media::{Tone, TonePart};

use super::oscillator::{self, Oscillator};
use crate::frame::Rate;

/// Peak of a sine of 0 dBm0: full scale is +3.17 dBm0 (ITU-T G.711 table 5).
const PEAK_0_DBM0: f32 = 22_747.5;
/// How long a tone takes to come and to go, so that it does not click: 2 ms, in ticks.
const RAMP_TICKS: u64 = 96;
/// Ticks of a millisecond.
const MS_TICKS: u64 = 48;

/// Where in its cadence a tone stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ToneState {
    part: usize,
    /// Ticks of the part so far.
    at: u64,
    /// Cadences that are over.
    rounds: u16,
    wave: Oscillator,
}

impl ToneState {
    /// Writes the front of `out` and says how many samples; fewer than all when the tone is over.
    pub(super) fn fill(&mut self, tone: &Tone, rate: Rate, out: &mut [i16]) -> usize {
        let tick = u64::from(48_000 / rate.hz());
        let mut filled = 0;
        while filled < out.len() {
            let Some(part) = self.current(tone) else { break };
            let room = out.len() - filled;
            let count = match length(part) {
                Some(length) => room.min(usize::try_from((length - self.at).div_ceil(tick)).unwrap_or(room)),
                None => room,
            };
            let edges = Edges::of(tone, self.part, self.rounds);
            self.write(part, edges, rate, &mut out[filled..filled + count]);
            filled += count;
        }
        filled
    }

    /// The part that sounds now; steps over those that are over.
    fn current<'tone>(&mut self, tone: &'tone Tone) -> Option<&'tone TonePart> {
        // A tone of parts without length goes round at most once a call.
        for _ in 0..=tone.parts.len() {
            if tone.times > 0 && self.rounds >= tone.times {
                return None;
            }
            let part = tone.parts.get(self.part)?;
            let Some(length) = length(part) else { return Some(part) };
            if self.at < length {
                return Some(part);
            }
            self.at -= length;
            self.part += 1;
            if self.part == tone.parts.len() {
                self.part = 0;
                self.rounds = if tone.times > 0 { self.rounds + 1 } else { 1 };
            }
        }
        None
    }

    fn write(&mut self, part: &TonePart, edges: Edges, rate: Rate, out: &mut [i16]) {
        let tick = u64::from(48_000 / rate.hz());
        let peak = PEAK_0_DBM0 * 10f32.powf(part.dbm0 / 20.0);
        let steps = oscillator::steps(part.hz, rate.hz());
        if part.hz == [0; 4] {
            out.fill(0);
            self.at += tick * out.len() as u64;
            return;
        }
        for sample in out {
            let level = peak * self.envelope(part, edges);
            *sample = (level * self.wave.next(steps)).round() as i16;
            self.at += tick;
        }
    }

    fn envelope(&self, part: &TonePart, edges: Edges) -> f32 {
        let rise = if edges.from_before || self.at >= RAMP_TICKS { RAMP_TICKS } else { self.at };
        let fall = match length(part) {
            Some(length) if !edges.into_next => length.saturating_sub(self.at).min(RAMP_TICKS),
            Some(_) | None => RAMP_TICKS,
        };
        rise.min(fall) as f32 / RAMP_TICKS as f32
    }
}

/// Whether a part goes on from the one before as if they were one, and the one after from it.
#[derive(Clone, Copy, Debug)]
struct Edges {
    from_before: bool,
    into_next: bool,
}

impl Edges {
    fn of(tone: &Tone, at: usize, rounds: u16) -> Self {
        let same = |a: Option<&TonePart>, b: Option<&TonePart>| match (a, b) {
            (Some(a), Some(b)) => a.hz == b.hz && a.dbm0 == b.dbm0,
            (_, None) | (None, _) => false,
        };
        let last = tone.parts.len().saturating_sub(1);
        let again = tone.times == 0 || rounds + 1 < tone.times;
        let before =
            if at > 0 { tone.parts.get(at - 1) } else { tone.parts.get(last).filter(|_| rounds > 0) };
        let after = if at < last { tone.parts.get(at + 1) } else { tone.parts.first().filter(|_| again) };
        let here = tone.parts.get(at);
        Self { from_before: same(before, here), into_next: same(here, after) }
    }
}

/// In ticks; `None` is without end.
fn length(part: &TonePart) -> Option<u64> {
    (part.ms > 0).then(|| u64::from(part.ms) * MS_TICKS)
}
