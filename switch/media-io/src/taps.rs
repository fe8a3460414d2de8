//! The other ends of taps: channels between a media worker and whoever listens and speaks.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::media::{TapId, TapWord};
use dashmap::DashMap;
use tokio::sync::mpsc::{self, Receiver, Sender, error::TrySendError};

/// Blocks of 20 ms that may wait for a slow listener; further ones are left out.
const BLOCKS: usize = 50;
/// Words that may wait for the worker; who speaks faster waits.
const WORDS: usize = 64;
/// Taps that were asked for and not set yet; further ones are refused.
const WAITING: usize = 256;

/// What a listener holds. Dropping it ends the tap.
#[derive(Debug)]
pub struct TapEnd {
    /// Which.
    pub id: TapId,
    /// What is heard, 20 ms at a time; it ends with the tap.
    pub audio: Receiver<Box<[i16]>>,
    /// What is said to the far end.
    pub words: Sender<TapWord>,
}

/// What the worker holds.
#[derive(Debug)]
pub(crate) struct Line {
    audio: Sender<Box<[i16]>>,
    words: Receiver<TapWord>,
}

/// Lines that wait for their tap to be set.
#[derive(Clone, Default)]
pub struct Taps(Arc<Waiting>);

#[derive(Default)]
struct Waiting {
    lines: DashMap<TapId, Line>,
    named: AtomicU64,
}

impl Taps {
    /// A new tap's other end; it is to be set by `MediaCommand::Tap` with its name. `None` when too many wait.
    #[must_use]
    pub fn prepare(&self) -> Option<TapEnd> {
        let Waiting { lines, named } = &*self.0;
        // Who was not set in time has gone by itself.
        lines.retain(|_, line| !line.audio.is_closed());
        if lines.len() >= WAITING {
            return None;
        }
        let id = TapId(named.fetch_add(1, Ordering::Relaxed) + 1);
        let (audio_in, audio) = mpsc::channel(BLOCKS);
        let (words, words_out) = mpsc::channel(WORDS);
        lines.insert(id, Line { audio: audio_in, words: words_out });
        Some(TapEnd { id, audio, words })
    }

    pub(crate) fn take(&self, id: TapId) -> Option<Line> {
        self.0.lines.remove(&id).map(|(_, line)| line)
    }
}

impl Line {
    /// Whether somebody still listens.
    pub(crate) fn give(&self, block: Box<[i16]>) -> bool {
        !matches!(self.audio.try_send(block), Err(TrySendError::Closed(_)))
    }

    /// The next thing that was said.
    pub(crate) fn word(&mut self) -> Option<TapWord> {
        self.words.try_recv().ok()
    }
}

impl fmt::Debug for Taps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taps").field("waiting", &self.0.lines.len()).finish()
    }
}
