//! Panics of the engine: each costs the port it came from. A worker that cannot go on ends, and everybody can see it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use base::Mono;
use media::{Engine, Mended};

/// Panics nobody is known to be at fault for, within `SPAN`, after which an engine is not trusted any more.
const BLIND: usize = 3;
const SPAN: Duration = Duration::from_secs(1);

/// What came of work on the engine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// It was done.
    Done,
    /// It panicked, and the engine can be used again.
    Mended(Mended),
    /// It panicked, and the engine cannot be used any more.
    Lost,
}

/// Counts panics.
#[derive(Debug, Default)]
pub(crate) struct Fence {
    panics: u64,
    blind: [Option<Mono>; BLIND],
}

impl Fence {
    /// How many there were.
    pub(crate) fn panics(&self) -> u64 {
        self.panics
    }

    /// Works on the engine.
    pub(crate) fn hold(&mut self, now: Mono, engine: &mut Engine, work: impl FnOnce(&mut Engine)) -> Held {
        // An engine that a panic has gone through is used for nothing before it is mended.
        if catch_unwind(AssertUnwindSafe(|| work(engine))).is_ok() {
            return Held::Done;
        }
        self.panics += 1;
        // An engine that cannot be mended is not used again.
        let Ok(mended) = catch_unwind(AssertUnwindSafe(|| engine.mend(now))) else { return Held::Lost };
        if !mended.is_known && self.is_too_often(now) {
            return Held::Lost;
        }
        Held::Mended(mended)
    }

    fn is_too_often(&mut self, now: Mono) -> bool {
        self.blind.rotate_left(1);
        if let Some(last) = self.blind.last_mut() {
            *last = Some(now);
        }
        let oldest = self.blind.first().copied().flatten();
        oldest.is_some_and(|oldest| now.since(oldest) <= SPAN)
    }
}
