//! What came as RTP, as audio on its own time line.

use std::time::Instant;

use base::media::Codec;
use media::codec;
use media::dsp::level;

use super::phone::{Audio, Came, TONE_DBM0};

/// A tone counts from this level on: what one that phones say has in half a window.
const AUDIBLE: f32 = TONE_DBM0 - 6.0;
/// Milliseconds of one look at the tones.
const WINDOW: usize = 20;
/// Milliseconds of a piece that is measured by itself.
const PIECE: usize = 50;
/// Shorter ones are clicks.
const SHORTEST: usize = 60;
/// What a time line holds at most, in seconds.
const LONGEST: usize = 60;

/// Audio with the times at which it came; what never came is silence.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Samples per second.
    pub rate_hz: u32,
    /// From the first packet on.
    pub samples: Vec<i16>,
    /// Each packet's first sample, and its arrival.
    arrivals: Vec<(usize, Instant)>,
}

/// A stretch of one tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its frequency.
    pub hz: u32,
    /// Its beginning, in milliseconds after the first packet.
    pub from: usize,
    /// Its length in milliseconds.
    pub ms: usize,
}

impl Heard {
    /// # Panics
    /// When a payload cannot be decoded, or timestamps leap by more than a minute.
    pub(super) fn of(codec: Codec, number: u8, came: &[Came]) -> Self {
        let rate = Audio::rate(codec);
        let mut decoder = codec::decoder(codec, rate).expect("speech");
        let mut speech: Vec<&Came> = came.iter().filter(|came| came.head.payload_type == number).collect();
        let mut heard = Self { rate_hz: rate.hz(), samples: Vec::new(), arrivals: Vec::new() };
        let Some(first) = speech.first().map(|came| came.head) else { return heard };
        speech.sort_by_key(|came| came.head.sequence.wrapping_sub(first.sequence));
        let clock = if codec == Codec::Opus { 48_000 } else { 8_000 };
        for came in speech {
            let ticks = came.head.timestamp.wrapping_sub(first.timestamp);
            let at = ticks as usize * rate.hz() as usize / clock;
            assert!(
                at < LONGEST * rate.hz() as usize,
                "a leap of {ticks} ticks: {:?} after {first:?}",
                came.head
            );
            let mut audio = vec![0; rate.hz() as usize / 1_000 * 120];
            let count = decoder.decode(&came.payload, &mut audio).expect("a payload of its codec");
            let end = at + count;
            heard.samples.resize(heard.samples.len().max(end), 0);
            heard.samples[at..end].copy_from_slice(&audio[..count]);
            heard.arrivals.push((at, came.at));
        }
        heard
    }

    /// Its length in milliseconds.
    pub fn ms(&self) -> usize {
        self.samples.len() / self.per_ms()
    }

    /// The part from one moment to another, in milliseconds; shorter where it ends before.
    pub fn part(&self, from: usize, to: usize) -> &[i16] {
        let end = (to * self.per_ms()).min(self.samples.len());
        &self.samples[(from * self.per_ms()).min(end)..end]
    }

    /// The level of a tone in a part, in dBm0.
    pub fn tone(&self, hz: u32, from: usize, to: usize) -> f32 {
        level::tone_dbm0(self.part(from, to), hz, self.rate_hz)
    }

    /// The usual level of a tone in a part, in dBm0: the median of pieces, which a slip of the phase does not touch.
    ///
    /// # Panics
    /// When the part is shorter than a piece.
    pub fn usual_tone(&self, hz: u32, from: usize, to: usize) -> f32 {
        let pieces = (from..=to.saturating_sub(PIECE)).step_by(PIECE);
        let mut levels: Vec<f32> = pieces.map(|at| self.tone(hz, at, at + PIECE)).collect();
        levels.sort_by(f32::total_cmp);
        *levels.get(levels.len() / 2).expect("a piece")
    }

    /// The same over its last so many milliseconds.
    ///
    /// # Panics
    /// When it is shorter than a piece.
    pub fn last_tone(&self, hz: u32, ms: usize) -> f32 {
        self.usual_tone(hz, self.ms().saturating_sub(ms), self.ms())
    }

    /// The level of all in a part, in dBm0.
    pub fn level(&self, from: usize, to: usize) -> f32 {
        level::dbm0(self.part(from, to))
    }

    /// Which of these tones are heard one after the other. Gaps as short as clicks are closed.
    pub fn segments(&self, tones: &[u32]) -> Vec<Segment> {
        let mut found: Vec<Segment> = Vec::new();
        for at in (WINDOW / 2..self.ms().saturating_sub(WINDOW / 2)).step_by(5) {
            let level = |hz| self.tone(hz, at - WINDOW / 2, at + WINDOW / 2);
            let levels = tones.iter().map(|hz| (level(*hz), *hz));
            let Some((_, hz)) =
                levels.filter(|(level, _)| *level > AUDIBLE).max_by(|one, other| one.0.total_cmp(&other.0))
            else {
                continue;
            };
            match found.last_mut() {
                Some(last) if last.hz == hz && at < last.from + last.ms + SHORTEST => {
                    last.ms = at - last.from
                }
                _ => found.push(Segment { hz, from: at, ms: 0 }),
            }
        }
        found.retain(|segment| segment.ms >= SHORTEST);
        found
    }

    /// When the packet came that holds this moment.
    ///
    /// # Panics
    /// When none came.
    pub fn came_at(&self, ms: usize) -> Instant {
        let at = ms * self.per_ms();
        let packet = self.arrivals.iter().rev().find(|(first, _)| *first <= at);
        packet.expect("a packet with this moment").1
    }

    /// The level of each stretch of so many milliseconds, as an amplitude.
    pub fn envelope(&self, ms: usize) -> Vec<f64> {
        let stretches = self.samples.chunks_exact(ms * self.per_ms());
        stretches.map(|stretch| f64::from(level::mean_square(stretch)).sqrt()).collect()
    }

    fn per_ms(&self) -> usize {
        self.rate_hz as usize / 1_000
    }
}
