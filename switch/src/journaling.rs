//! A shard's facts on their way to the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base::Mono;
use base::fact::Fact;
use call::{ShardCommand, ShardInput};

use crate::drive::round_after;

/// Room for the facts of a usual turn.
const FACTS: usize = 8;
/// The journal's fill from which new calls are refused, and the one from which they are taken again.
const FULL: f64 = 0.8;
const ROOM: f64 = 0.6;

/// The shard's segment of the journal.
pub(crate) struct Journaling {
    writer: journal::Writer,
    /// Not written yet, in order.
    owed: Vec<Fact>,
    due: Option<Mono>,
    fill: Fill,
    failing: bool,
    full: bool,
}

/// How full the journal's queue is, for readers.
#[derive(Clone, Default)]
pub(crate) struct Fill(Arc<AtomicU32>);

impl Fill {
    /// 0 empty, 1 full.
    pub(crate) fn ratio(&self) -> f64 {
        f64::from(self.0.load(Ordering::Relaxed)) / 1_000.0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.ratio() >= FULL
    }

    fn set(&self, ratio: f64) {
        self.0.store((ratio * 1_000.0) as u32, Ordering::Relaxed);
    }
}

impl Journaling {
    pub(crate) fn new(writer: journal::Writer, fill: Fill) -> Self {
        Self { writer, owed: Vec::with_capacity(FACTS), due: None, fill, failing: false, full: false }
    }

    /// Takes a fact that is to be on disk before anybody is told anything, else in the next round.
    pub(crate) fn owe(&mut self, now: Mono, fact: Fact) {
        self.due.get_or_insert_with(|| round_after(now));
        self.owed.push(fact);
    }

    /// Puts what is owed on disk.
    pub(crate) fn write(&mut self) {
        self.due = None;
        if self.owed.is_empty() {
            return;
        }
        match self.writer.append(std::mem::replace(&mut self.owed, Vec::with_capacity(FACTS))) {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    tracing::warn!("the journal writes to disk again");
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::error!(%error, "the journal cannot write; call records live in memory only");
                }
            }
        }
    }

    /// Tells the shard when the journal becomes too full for new calls or has room again.
    pub(crate) fn fullness(&mut self) -> Option<ShardInput> {
        let fill = self.writer.fill();
        self.fill.set(fill);
        let full = if self.full { fill > ROOM } else { fill >= FULL };
        let changed = std::mem::replace(&mut self.full, full) != full;
        changed.then_some(ShardInput::Command(ShardCommand::JournalFull(full)))
    }

    /// Writes what has waited long enough, and passes on what the journal's thread could not take earlier.
    pub(crate) fn keep_up(&mut self, now: Mono) {
        if self.due.is_some_and(|due| due <= now) {
            self.write();
        }
        self.writer.flush();
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        self.due
    }
}

impl Drop for Journaling {
    fn drop(&mut self) {
        self.write();
    }
}
