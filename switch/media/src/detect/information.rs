//! Special information tones: three rising tones before an announcement (ITU-T E.180 §7, Telcordia SR-2275 §6.21).

use base::media::{Announcement, Detected};

use super::listener::{FRAME_MS, Look};

/// Where the three tones lie, in hertz: 950, 1,400 and 1,800 of the ITU, 30 and 35 beside them of North America.
const BANDS: [std::ops::Range<f32>; 3] = [890.0..1_010.0, 1_340.0..1_460.0, 1_745.0..1_835.0];
/// How long each lasts: E.180 says 330 ms, 70 more or less, North America 276 or 380.
const SEGMENT_MS: std::ops::RangeInclusive<u32> = 220..=450;
/// Below it a tone is short.
const LONG_MS: u32 = 328;
/// The third is told when it has lasted so long.
const ENOUGH_MS: u32 = 200;
/// E.180: up to 30 ms between two; windows blur as much again.
const GAP_MS: u32 = 60;
/// The share of all power in a tone, where it is alone in the window.
const PURE: f32 = 0.9;
const SOFTEST_DBM0: f32 = -44.0;
/// Pure looks of a tone, in percent of all of it.
const PURE_PERCENT: u32 = 65;

/// Told 0.2 s into the third tone.
#[derive(Debug, Default)]
pub(super) struct Information {
    /// Those that are over, in order.
    done: [Segment; 2],
    /// Which of the three runs or ran last; 0…2.
    at: usize,
    running: Segment,
    gap_ms: u32,
    told: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Segment {
    ms: u32,
    pure: u32,
    /// Sum of the frequencies of the pure looks.
    hz: f32,
}

impl Information {
    pub(super) fn hear(&mut self, look: &Look) -> Option<Detected> {
        let [peak, second] = look.peaks;
        let both = peak.share + second.share;
        let band = BANDS.iter().position(|band| band.contains(&peak.hz));
        let Some(band) = band.filter(|_| look.long_dbm0 > SOFTEST_DBM0 && both > 0.6) else {
            self.gap_ms += FRAME_MS;
            if self.gap_ms > GAP_MS {
                *self = Self::default();
            }
            return None;
        };
        self.enter(band);
        self.gap_ms = 0;
        self.running.ms += FRAME_MS;
        if peak.share >= PURE {
            self.running.pure += 1;
            self.running.hz += peak.hz;
        }
        let enough = self.at == 2 && self.running.ms >= ENOUGH_MS && self.running.is_pure();
        if !enough || std::mem::replace(&mut self.told, true) {
            return None;
        }
        Some(Detected::SpecialInformation(announcement(self.done)))
    }

    /// A look at a tone of that band: the running one, the next, or a first.
    fn enter(&mut self, band: usize) {
        if band == self.at && self.running.ms > 0 {
            return;
        }
        let next = band == self.at + 1 && SEGMENT_MS.contains(&self.running.ms) && self.running.is_pure();
        if next {
            self.done[self.at] = std::mem::take(&mut self.running);
            self.at = band;
        } else {
            *self = Self::default();
            // A second or third tone without the one before it never leads anywhere.
            self.at = band;
        }
    }
}

impl Segment {
    fn is_pure(self) -> bool {
        self.pure * 100 >= self.ms / FRAME_MS * PURE_PERCENT
    }

    fn mean_hz(self) -> f32 {
        self.hz / self.pure.max(1) as f32
    }

    fn is_long(self) -> bool {
        self.ms >= LONG_MS
    }
}

/// By the lengths and frequencies of the first two tones; the third is long in all.
fn announcement([first, second]: [Segment; 2]) -> Announcement {
    if first.ms == 0 || second.ms == 0 || (932.0..967.5).contains(&first.mean_hz()) {
        return Announcement::General;
    }
    let (first_high, second_high) = (first.mean_hz() > 950.0, second.mean_hz() > 1_400.0);
    match ((first.is_long(), first_high), (second.is_long(), second_high)) {
        ((false, false), (false, false)) => Announcement::Intercept,
        ((true, true), (false, false)) => Announcement::VacantCode,
        // Within a region or between two, which differ in the high and low ones.
        ((false, _), (true, _)) => Announcement::Reorder,
        ((true, _), (true, _)) => Announcement::NoCircuit,
        ((_, _), (false, _)) => Announcement::General,
    }
}
