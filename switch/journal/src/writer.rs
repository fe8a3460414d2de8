//! The shard's side: a turn's facts on disk with one write, then on to the journal's thread.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use base::fact::Fact;
use base::limits;

use crate::files::{Run, SegmentFile, SegmentName};
use crate::line;

/// What writers tell the journal's thread.
#[derive(Debug)]
pub(crate) enum Message {
    /// Facts of one turn, in the segment from `offset` on.
    Turn { segment: SegmentName, offset: u64, facts: Vec<Fact> },
    /// Nothing more will be written to the segment.
    Closed(SegmentName),
    /// Look at the stop sign.
    Wake,
}

/// Facts written and not yet taken by the journal's thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<AtomicUsize>);

impl InFlight {
    pub(crate) fn add(&self, facts: usize) {
        self.0.fetch_add(facts, Ordering::Relaxed);
    }

    pub(crate) fn sub(&self, facts: usize) {
        self.0.fetch_sub(facts, Ordering::Relaxed);
    }

    pub(crate) fn fill(&self) -> f64 {
        let facts = u32::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        f64::from(facts) / limits::JOURNAL_FACTS as f64
    }
}

/// Where a writer's facts go besides the disk.
#[derive(Clone, Debug)]
pub(crate) struct Outlets {
    pub(crate) turns: SyncSender<Message>,
    pub(crate) sync: SyncSender<Arc<SegmentFile>>,
    pub(crate) in_flight: InFlight,
}

/// Appends the facts of one shard. Lives on the shard's thread and never waits for anyone but the disk.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    segment: Arc<SegmentFile>,
    segment_octets: u64,
    written: u64,
    /// The last write failed half-way: the next begins on a new line.
    torn: bool,
    buffer: Vec<u8>,
    outlets: Outlets,
    /// Turns the full channel would not take. New calls are refused long before, so what gathers here is
    /// bounded by the facts that running calls still have to come.
    backlog: VecDeque<Message>,
}

impl Writer {
    pub(crate) fn open(dir: PathBuf, run: Run, segment_octets: u64, outlets: Outlets) -> io::Result<Self> {
        let segment = Arc::new(SegmentFile::create(&dir, SegmentName { run, part: 0 })?);
        let writer = Self {
            dir,
            segment,
            segment_octets,
            written: 0,
            torn: false,
            buffer: Vec::new(),
            outlets,
            backlog: VecDeque::new(),
        };
        writer.watch();
        Ok(writer)
    }

    /// Puts the facts of one turn on disk with one `write(2)`; call it before anything of the turn is sent.
    ///
    /// # Errors
    /// When the disk refuses (full, gone). The facts still reach the records' side; only `kill -9` can then
    /// lose them.
    pub fn append(&mut self, facts: Vec<Fact>) -> io::Result<()> {
        if facts.is_empty() {
            self.flush();
            return Ok(());
        }
        if self.written >= self.segment_octets {
            self.rotate();
        }
        let offset = self.written;
        let done = self.write(&facts);
        self.outlets.in_flight.add(facts.len());
        self.pass_on(Message::Turn { segment: self.segment.name, offset, facts });
        done
    }

    /// Passes on what the journal's thread could not take earlier. For turns without facts; cheap when there
    /// is nothing.
    pub fn flush(&mut self) {
        while let Some(message) = self.backlog.pop_front() {
            match self.outlets.turns.try_send(message) {
                Ok(()) => {}
                Err(TrySendError::Full(message)) => {
                    self.backlog.push_front(message);
                    return;
                }
                Err(TrySendError::Disconnected(_)) => self.backlog.clear(), // recovery reads them from disk
            }
        }
    }

    /// How full the queue to the journal's thread is: 0 empty, 1 at `limits::JOURNAL_FACTS`; more when running
    /// calls go on past it. New calls are refused from 0.8 on.
    #[must_use]
    pub fn fill(&self) -> f64 {
        self.outlets.in_flight.fill()
    }

    fn write(&mut self, facts: &[Fact]) -> io::Result<()> {
        self.buffer.clear();
        if self.torn {
            self.buffer.push(b'\n');
        }
        for fact in facts {
            line::encode(fact, &mut self.buffer);
        }
        let done = (&self.segment.file).write_all(&self.buffer);
        self.torn = done.is_err();
        self.written += self.buffer.len() as u64;
        self.segment.dirty.store(true, Ordering::Release);
        done
    }

    fn rotate(&mut self) {
        let old = self.segment.name;
        let name = SegmentName { part: old.part.saturating_add(1), ..old };
        match SegmentFile::create(&self.dir, name) {
            Ok(segment) => {
                self.segment = Arc::new(segment);
                self.written = 0;
                self.torn = false;
                self.watch();
                self.pass_on(Message::Closed(old));
            }
            Err(error) => tracing::error!(%name, %error, "cannot start a new segment, the old one grows on"),
        }
    }

    fn watch(&self) {
        if self.outlets.sync.try_send(Arc::clone(&self.segment)).is_err() {
            tracing::error!(segment = %self.segment.name, "segment is not made durable against power loss");
        }
    }

    fn pass_on(&mut self, message: Message) {
        self.backlog.push_back(message);
        self.flush();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.pass_on(Message::Closed(self.segment.name));
    }
}
