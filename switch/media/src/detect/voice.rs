//! Talking and silence.

use base::media::Detected;

use super::listener::Look;
use super::spectrum::Peak;

/// Louder than this may be talk.
const SOFTEST_DBM0: f32 = -46.0;
/// Talk is so much louder than what is always there.
const ABOVE_DB: f32 = 8.0;
/// What is always there is taken to grow by so much in a frame while it is louder than thought: 6 dB in a second.
const FLOOR_RISE_DB: f32 = 0.06;
/// Where the first guess of it lies.
const FLOOR_DBM0: f32 = -60.0;
/// Frames that are looked at together: 200 ms.
const SEEN: usize = 20;
/// Talk has so many loud ones among them.
const LOUD: usize = 8;
/// And its level varies by so much on the mean: a tone's or a noise's does not.
const VARIES_DB: f32 = 2.0;
/// The share of power in the two loudest tones, and how far the loudest may move from look to look, of something that
/// is a tone and no talk.
const PURE: f32 = 0.95;
const STEADY_HZ: f32 = 12.0;
/// Silence is told after so many frames without anything loud.
const SILENT: u32 = 50;

/// Tells talk within 0.2 s, and silence 0.5 s after the last of it. Music counts as talk.
#[derive(Debug)]
pub(super) struct Voice {
    floor: f32,
    /// Levels of the last frames, and whether each was loud and a tone.
    levels: [f32; SEEN],
    loud: [bool; SEEN],
    tonal: [bool; SEEN],
    at: usize,
    last: Peak,
    quiet: u32,
    talking: Option<bool>,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            floor: FLOOR_DBM0,
            levels: [FLOOR_DBM0; SEEN],
            loud: [false; SEEN],
            tonal: [false; SEEN],
            at: 0,
            last: Peak::default(),
            quiet: 0,
            talking: None,
        }
    }
}

impl Voice {
    pub(super) fn hear(&mut self, look: &Look) -> Option<Detected> {
        let level = look.dbm0.max(FLOOR_DBM0);
        self.floor = if level < self.floor { level } else { (self.floor + FLOOR_RISE_DB).min(level) };
        let [peak, second] = look.peaks;
        let steady = (peak.hz - self.last.hz).abs() <= STEADY_HZ;
        self.last = peak;
        self.at = (self.at + 1) % SEEN;
        self.levels[self.at] = level;
        self.loud[self.at] = level > SOFTEST_DBM0 && level > self.floor + ABOVE_DB;
        self.tonal[self.at] = steady && peak.share + second.share >= PURE;
        self.quiet = if self.loud[self.at] { 0 } else { self.quiet.saturating_add(1) };
        if self.quiet >= SILENT {
            return (self.talking.replace(false) != Some(false)).then_some(Detected::Silence);
        }
        (self.is_talk() && self.talking.replace(true) != Some(true)).then_some(Detected::Speech)
    }

    fn is_talk(&self) -> bool {
        let count = self.loud.iter().filter(|loud| **loud).count();
        if count < LOUD {
            return false;
        }
        let seen = || self.loud.iter().zip(&self.tonal).zip(&self.levels).filter(|((loud, _), _)| **loud);
        let tonal = seen().filter(|((_, tonal), _)| **tonal).count();
        let mean = seen().map(|(_, level)| level).sum::<f32>() / count as f32;
        let varies = seen().map(|(_, level)| (level - mean).abs()).sum::<f32>() / count as f32;
        tonal * 2 < count && varies >= VARIES_DB
    }
}
