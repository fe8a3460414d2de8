//! The calling tone of a fax: 1,100 Hz for half a second, every 3.5 s (ITU-T T.30 §4.3.1.1).

use base::media::Detected;

use super::listener::{FRAME_MS, Look};

/// T.30 allows 38 Hz; the way there adds a little.
const HZ: std::ops::RangeInclusive<f32> = 1_055.0..=1_145.0;
/// The share of all power in the tone.
const PURE: f32 = 0.85;
/// T.30: 0.5 s, 15 % more or less; a window of 32 ms blurs its ends.
const BURST_MS: std::ops::RangeInclusive<u32> = 405..=605;
/// How long nothing may follow before a burst counts.
const AFTER_MS: u32 = 250;
/// What follows is so much softer.
const SOFTER_DB: f32 = 12.0;
/// A burst alone is enough when it never moved further than this.
const STEADY_HZ: f32 = 12.0;
const STEADY_DB: f32 = 3.0;
/// From burst to burst: 3.5 s, 15 % more or less.
const PERIOD_MS: std::ops::RangeInclusive<u32> = 2_950..=4_050;
const SOFTEST_DBM0: f32 = -44.0;
/// Frames at the edges of a burst that do not count for its steadiness.
const EDGE: u32 = 4;

/// Told after 0.25 s of the silence behind the first burst, or behind the second where the first wavered.
#[derive(Debug, Default)]
pub(super) struct Calling {
    burst: Option<Burst>,
    /// A burst that ended, while it is not sure what follows.
    ended: Option<(Burst, u32)>,
    /// Since the burst before began.
    since_ms: Option<u32>,
    told: bool,
}

#[derive(Clone, Copy, Debug)]
struct Burst {
    frames: u32,
    hz: (f32, f32),
    db: (f32, f32),
    /// Values of the last frames, not yet counted: they may be its end.
    recent: [(f32, f32); EDGE as usize],
}

impl Calling {
    pub(super) fn hear(&mut self, look: &Look) -> Option<Detected> {
        self.since_ms = self.since_ms.map(|ms| ms.saturating_add(FRAME_MS));
        let [peak, _] = look.peaks;
        let tone = look.long_dbm0 > SOFTEST_DBM0 && HZ.contains(&peak.hz) && peak.share >= PURE;
        if tone {
            self.ended = None;
            let burst = self.burst.get_or_insert_with(Burst::new);
            burst.frame(peak.hz, look.long_dbm0);
            return None;
        }
        if let Some(burst) = self.burst.take()
            && BURST_MS.contains(&(burst.frames * FRAME_MS))
        {
            self.ended = Some((burst, 0));
        }
        let (burst, ms) = self.ended?;
        // Its own end is still in the window for a moment.
        if ms >= 40 && look.dbm0 > burst.db.0 - SOFTER_DB {
            self.ended = None;
            return None;
        }
        self.ended = Some((burst, ms + FRAME_MS));
        if ms < AFTER_MS {
            return None;
        }
        self.ended = None;
        let again = self.since_ms.replace(ms + burst.frames * FRAME_MS);
        let in_time = again
            .is_some_and(|since| PERIOD_MS.contains(&(since.saturating_sub(ms + burst.frames * FRAME_MS))));
        let sure = burst.is_steady() || in_time;
        (sure && !std::mem::replace(&mut self.told, true)).then_some(Detected::FaxCalling)
    }
}

impl Burst {
    fn new() -> Self {
        let none = (f32::INFINITY, f32::NEG_INFINITY);
        Self { frames: 0, hz: none, db: none, recent: [(0.0, 0.0); EDGE as usize] }
    }

    fn frame(&mut self, hz: f32, db: f32) {
        self.frames += 1;
        let (old_hz, old_db) = self.recent[0];
        self.recent.rotate_left(1);
        self.recent[EDGE as usize - 1] = (hz, db);
        if self.frames > 2 * EDGE {
            self.hz = (self.hz.0.min(old_hz), self.hz.1.max(old_hz));
            self.db = (self.db.0.min(old_db), self.db.1.max(old_db));
        }
    }

    fn is_steady(self) -> bool {
        self.hz.1 - self.hz.0 <= STEADY_HZ && self.db.1 - self.db.0 <= STEADY_DB
    }
}
