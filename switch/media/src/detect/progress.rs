//! Call progress tones of many countries (ITU-T E.180 and its supplement), by frequency and cadence.

use base::media::Detected;

use super::listener::{FRAME_MS, Look};
use super::spectrum::Spectrum;

/// Softer than this is a pause.
const SOFTEST_DBM0: f32 = -46.0;
/// A pause is so much softer than the tone before it, and ends when it is so much louder.
const STEP_DB: f32 = 9.0;
/// The level is smoothed over so many frames: beats of two tones 40 Hz apart even out.
const SMOOTHED: usize = 4;
/// By which a tone seems longer for it, and a pause shorter.
const BLUR_MS: u32 = 30;
/// The share of power between the progress tones, and of how many looks in percent.
const PURE: f32 = 0.85;
const PURE_PERCENT: u32 = 75;
/// Frequencies are read when a tone has lasted so long, and again after each so long: the 128 ms before lie within it.
const READ_FRAMES: u32 = 14;
/// How far a tone may be from its frequency: 1 %, and what reading adds.
const OFF_HZ: f32 = 9.0;
/// Phases that are remembered.
const PHASES: usize = 3;

/// What a tone is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// 350 and 440 Hz.
    NorthAmericanDial,
    /// 440 and 480 Hz.
    NorthAmericanRing,
    /// 480 and 620 Hz.
    NorthAmericanBusy,
    /// 400 and 450 Hz, or one tone of 400…450 Hz, also one that is modulated.
    Single,
    /// None of these.
    Other,
}

/// A tone and the pause after it, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Phase {
    kind: Kind,
    on: u32,
    off: u32,
}

/// Tells what the cadence shows, once until it shows something else. Ringing of North America after 0.6 s of it, of
/// others 1.2 s into the first pause; busy and congestion at the third tone; dial tone after 1 s in North America,
/// 3 s elsewhere, where only its length tells it from ringing.
#[derive(Debug, Default)]
pub(super) struct Progress {
    levels: [f32; SMOOTHED],
    state: State,
    /// The latest first.
    past: [Option<Phase>; PHASES],
    told: Option<Detected>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Quiet { frames: u32, floor_db: f32 },
    Loud(Loud),
}

#[derive(Clone, Copy, Debug)]
struct Loud {
    frames: u32,
    pure: u32,
    peak_db: f32,
    kind: Option<Kind>,
}

impl Default for State {
    fn default() -> Self {
        Self::Quiet { frames: 0, floor_db: SOFTEST_DBM0 - STEP_DB }
    }
}

impl Progress {
    /// `long` gives the spectrum of the last 128 ms.
    pub(super) fn hear(&mut self, look: &Look, long: impl FnOnce() -> Spectrum) -> Option<Detected> {
        self.levels.rotate_left(1);
        self.levels[SMOOTHED - 1] = 10f32.powf(look.dbm0 / 10.0);
        let mean: f32 = self.levels.iter().sum::<f32>() / SMOOTHED as f32;
        let db = 10.0 * mean.max(1e-12).log10();
        match self.state {
            State::Quiet { frames, floor_db } => self.quiet(db, frames, floor_db),
            State::Loud(loud) => self.loud(db, loud, look, long),
        }
        let shown = self.shown()?;
        (self.told.replace(shown) != Some(shown)).then_some(shown)
    }

    fn quiet(&mut self, db: f32, frames: u32, floor_db: f32) {
        if db > SOFTEST_DBM0.max(floor_db + STEP_DB) {
            self.state = State::Loud(Loud { frames: 1, pure: 0, peak_db: db, kind: None });
            return;
        }
        let floor_db = floor_db.min(db).max(SOFTEST_DBM0 - STEP_DB);
        self.state = State::Quiet { frames: frames.saturating_add(1), floor_db };
        if let Some(phase) = &mut self.past[0] {
            phase.off = frames.saturating_add(1).saturating_mul(FRAME_MS).saturating_add(BLUR_MS);
        }
    }

    fn loud(&mut self, db: f32, mut loud: Loud, look: &Look, long: impl FnOnce() -> Spectrum) {
        if db < SOFTEST_DBM0 || db < loud.peak_db - STEP_DB {
            let kind = loud.kind.filter(|_| loud.is_pure()).unwrap_or(Kind::Other);
            let on = (loud.frames * FRAME_MS).saturating_sub(BLUR_MS);
            self.past.rotate_right(1);
            self.past[0] = Some(Phase { kind, on, off: 0 });
            self.state = State::Quiet { frames: 0, floor_db: db };
            return;
        }
        if db > loud.peak_db + STEP_DB && loud.frames > SMOOTHED as u32 {
            // A tone among something softer that is no tone.
            self.past = [None; PHASES];
            loud = Loud { frames: 0, pure: 0, peak_db: db, kind: None };
        }
        loud.frames = loud.frames.saturating_add(1);
        loud.pure += u32::from(look.low_share >= PURE);
        loud.peak_db = loud.peak_db.max(db);
        if loud.frames.is_multiple_of(READ_FRAMES) && loud.kind != Some(Kind::Other) {
            let kind = kind(&long());
            loud.kind = Some(if loud.kind.is_none_or(|before| before == kind) { kind } else { Kind::Other });
        }
        self.state = State::Loud(loud);
    }

    fn shown(&self) -> Option<Detected> {
        match self.state {
            State::Loud(loud) => loud.shown(self.past[0]).or_else(|| self.repeated(true)),
            State::Quiet { .. } => self.rung().or_else(|| self.repeated(false)),
        }
    }

    /// Ringing outside North America: a second or so, or two halves of one, and a long pause.
    fn rung(&self) -> Option<Detected> {
        let [Some(last), before, _] = self.past else { return None };
        let rings = matches!(last.kind, Kind::Single | Kind::NorthAmericanRing);
        let once = (650..=2_400).contains(&last.on);
        let twice = before.is_some_and(|before| {
            before.kind == last.kind
                && (300..=520).contains(&before.on)
                && (130..=300).contains(&before.off)
                && (300..=520).contains(&last.on)
        });
        (rings && last.off >= 1_200 && (once || twice)).then_some(Detected::Ringback)
    }

    /// Two tones and two pauses, all alike: busy when slow, congestion when fast. The second pause is over when the next
    /// tone has begun.
    fn repeated(&self, begun: bool) -> Option<Detected> {
        let [Some(second), Some(first), _] = self.past else { return None };
        let tone = matches!(second.kind, Kind::Single | Kind::NorthAmericanBusy) && first.kind == second.kind;
        if !tone || !begun {
            return None;
        }
        let alike = |one: u32, other: u32| one.abs_diff(other) <= 40 + one.max(other) / 8;
        let british =
            alike(first.on, 400) && alike(first.off, 350) && alike(second.on, 225) && alike(second.off, 525);
        let even = alike(first.on, second.on) && alike(first.off, second.off) && alike(first.on, first.off);
        match first.on {
            _ if british => Some(Detected::Congestion),
            150..300 if even => Some(Detected::Congestion),
            300..=800 if even => Some(Detected::Busy),
            _ => None,
        }
    }
}

impl Loud {
    fn is_pure(self) -> bool {
        self.pure * 100 >= self.frames * PURE_PERCENT
    }

    /// What shows before the tone ends.
    fn shown(self, before: Option<Phase>) -> Option<Detected> {
        let ms = self.frames * FRAME_MS;
        match self.kind.filter(|_| self.is_pure())? {
            Kind::NorthAmericanDial if ms >= 1_000 => Some(Detected::DialTone),
            Kind::NorthAmericanRing if ms >= 600 => Some(Detected::Ringback),
            // A busy tone that began as one goes on as one.
            Kind::Single if ms >= 3_000 && before.is_none_or(|before| before.off > 800) => {
                Some(Detected::DialTone)
            }
            Kind::NorthAmericanDial
            | Kind::NorthAmericanRing
            | Kind::NorthAmericanBusy
            | Kind::Single
            | Kind::Other => None,
        }
    }
}

/// What 128 ms of a tone are made of.
fn kind(spectrum: &Spectrum) -> Kind {
    let [first, second] = spectrum.peaks();
    let near = |hz: f32, of: f32| (hz - of).abs() <= OFF_HZ;
    let (low, high) = if first.hz < second.hz { (first, second) } else { (second, first) };
    let pair = |a: f32, b: f32| near(low.hz, a) && near(high.hz, b) && second.share >= first.share / 10.0;
    let narrow = first.share + second.share >= 0.9;
    if narrow && pair(350.0, 440.0) {
        Kind::NorthAmericanDial
    } else if narrow && pair(440.0, 480.0) {
        Kind::NorthAmericanRing
    } else if narrow && pair(480.0, 620.0) {
        Kind::NorthAmericanBusy
    } else if (390.0..460.0).contains(&first.hz) && spectrum.share(370.0..480.0) >= 0.9 {
        Kind::Single
    } else {
        Kind::Other
    }
}
