//! The journal's thread: facts in, batches of records out, settled segments away.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base::record::CallRecord;
use base::{Mono, Now, ShardId, Wall, limits};

use crate::assemble::{Assembler, Orphans, Taken};
use crate::files::{self, Run};
use crate::ledger::Ledger;
use crate::recover::Recovered;
use crate::settler::{Attempt, Settler, SinkError};
use crate::writer::{InFlight, Message, Outlets, Writer};
use crate::{checkpoint, sync};

/// Messages taken in before the sink is looked at again.
const GULP: usize = 1_024;
/// Facts gather this long, so that the shards need not wake this thread for each.
const GATHER: Duration = Duration::from_millis(100);

/// Where and how the journal keeps its segments.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// The folder, made when missing with mode 0700. One process at a time.
    pub dir: PathBuf,
    /// Size at which a segment is full.
    pub segment_octets: u64,
    /// Time between two rounds of removing settled segments and writing the checkpoint. What is found settled in
    /// one round is acted upon in the next, which leaves the store that long to make it durable.
    pub housekeeping: Duration,
}

impl JournalConfig {
    /// Segments of 64 MiB in `dir`, housekeeping every 30 s.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), segment_octets: 64 << 20, housekeeping: Duration::from_secs(30) }
    }
}

/// The running journal.
pub struct Journal {
    config: JournalConfig,
    start: Wall,
    outlets: Outlets,
    stop: Arc<OnceLock<Duration>>,
    settling: JoinHandle<usize>,
    syncing: JoinHandle<()>,
}

impl Journal {
    /// Starts the journal's threads. The records in `recovered` go to the sink first; their segments are removed
    /// once they are settled. `clock` reads both clocks, for each
    /// of the two threads. `sink` stores records, at most 100 at a time, and must
    /// take one it already has without complaint; it may block, but not for ever.
    ///
    /// # Errors
    /// When the folder cannot be made or a thread cannot be started.
    pub fn start(
        config: JournalConfig,
        recovered: Recovered,
        clock: impl Fn() -> Now + Clone + Send + 'static,
        sink: impl FnMut(Vec<CallRecord>) -> Result<(), SinkError> + Send + 'static,
    ) -> io::Result<Self> {
        files::make_dir(&config.dir)?;
        let now = clock();
        let latest = recovered.segments.iter().map(|name| name.run.start.0).max();
        let start = Wall(latest.map_or(now.wall.0, |latest| now.wall.0.max(latest + 1)));
        let (turns, inbox) = sync_channel(limits::JOURNAL_FACTS);
        let stop = Arc::new(OnceLock::new());
        let (sync, syncing) = sync::start(&config.dir, clock.clone(), Arc::clone(&stop))?;
        let outlets = Outlets { turns, sync, in_flight: InFlight::default() };
        let worker = Worker {
            dir: config.dir.clone(),
            housekeeping: config.housekeeping,
            next_round: now.mono + config.housekeeping,
            clock,
            sink,
            assembler: Assembler::new(Orphans::Late),
            ledger: ledger_of(&recovered),
            settler: Settler::new(now.mono, recovered.records),
            in_flight: outlets.in_flight.clone(),
            stop: Arc::clone(&stop),
            failing: false,
        };
        let settling = thread::Builder::new().name("journal".into()).spawn(move || worker.run(&inbox))?;
        Ok(Self { config, start, outlets, stop, settling, syncing })
    }

    /// The writer of a shard, once per shard.
    ///
    /// # Errors
    /// When its first segment cannot be created, or the shard has a writer already.
    pub fn writer(&self, shard: ShardId) -> io::Result<Writer> {
        let run = Run { shard, start: self.start };
        Writer::open(self.config.dir.clone(), run, self.config.segment_octets, self.outlets.clone())
    }

    /// How full the queue of facts is: 0 empty, 1 at `limits::JOURNAL_FACTS`. New calls are refused from 0.8 on.
    #[must_use]
    pub fn fill(&self) -> f64 {
        self.outlets.in_flight.fill()
    }

    /// Brings what was written into the sink and ends the threads. Drop the writers first. After `patience` it
    /// gives up on a sink that fails; what is not settled then stays on disk for the next start. Returns the
    /// number of calls left unsettled.
    #[must_use]
    pub fn finish(self, patience: Duration) -> usize {
        self.stop.get_or_init(|| patience);
        drop(self.outlets.turns.try_send(Message::Wake)); // full: the thread is awake
        self.settling.thread().unpark();
        drop(self.outlets);
        let left = self.settling.join().unwrap_or_else(|_panic| {
            tracing::error!("the journal's thread had failed; records are made at the next start");
            0
        });
        if self.syncing.join().is_err() {
            tracing::error!("the thread that makes the journal durable had failed");
        }
        left
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("config", &self.config)
            .field("fill", &self.fill())
            .finish_non_exhaustive()
    }
}

fn ledger_of(recovered: &Recovered) -> Ledger {
    let mut ledger = Ledger::default();
    for name in &recovered.segments {
        ledger.closed(*name);
    }
    for (call, name, offset) in &recovered.places {
        ledger.saw(*name, *offset, *call);
    }
    ledger
}

struct Worker<Clock, Sink> {
    dir: PathBuf,
    housekeeping: Duration,
    next_round: Mono,
    clock: Clock,
    sink: Sink,
    assembler: Assembler,
    ledger: Ledger,
    settler: Settler,
    in_flight: InFlight,
    stop: Arc<OnceLock<Duration>>,
    /// The last attempt failed; said once in the log, and once more when it heals.
    failing: bool,
}

impl<Clock, Sink> Worker<Clock, Sink>
where
    Clock: Fn() -> Now,
    Sink: FnMut(Vec<CallRecord>) -> Result<(), SinkError>,
{
    fn run(mut self, inbox: &Receiver<Message>) -> usize {
        while self.stop.get().is_none() {
            let now = (self.clock)().mono;
            self.settle(now);
            self.keep_house(now);
            let next = self.settler.deadline().map_or(self.next_round, |at| at.min(self.next_round));
            let wait = next.since((self.clock)().mono);
            if self.settler.is_full() {
                thread::park_timeout(wait);
                continue;
            }
            match inbox.try_recv() {
                Ok(message) => {
                    self.take(message);
                    inbox.try_iter().take(GULP).for_each(|message| self.take(message));
                }
                Err(TryRecvError::Empty) => thread::park_timeout(wait.min(GATHER)),
                Err(TryRecvError::Disconnected) => break,
            }
        }
        self.drain(inbox)
    }

    /// Brings everything written so far into the sink, or gives up when patience ends.
    fn drain(mut self, inbox: &Receiver<Message>) -> usize {
        let patience = self.stop.get().copied().unwrap_or_default();
        let give_up = (self.clock)().mono + patience;
        inbox.try_iter().for_each(|message| self.take(message));
        loop {
            self.settler.hurry();
            let now = (self.clock)().mono;
            self.settle(now);
            if self.settler.pending() == 0 || now >= give_up {
                break;
            }
            let next = self.settler.deadline().map_or(give_up, |at| at.min(give_up));
            thread::park_timeout(next.since(now));
        }
        self.round(); // finds what is settled
        self.round(); // and acts on it: a process that ends in order leaves nothing to do again
        let left = self.ledger.unsettled_calls();
        if left > 0 {
            tracing::warn!(calls = left, "the records of these calls are made at the next start");
        }
        left
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Turn { segment, offset, facts } => {
                self.in_flight.sub(facts.len());
                self.ledger.turn(segment, offset);
                for fact in &facts {
                    let taken = self.assembler.take(fact);
                    if taken != Taken::Late {
                        self.ledger.saw(segment, offset, fact.call);
                    }
                    if let Taken::Ended(record) = taken {
                        self.settler.add((self.clock)().mono, *record);
                    }
                }
            }
            Message::Closed(segment) => self.ledger.closed(segment),
            Message::Wake => {}
        }
    }

    fn settle(&mut self, now: Mono) {
        loop {
            match self.settler.attempt(now, &mut self.sink) {
                Attempt::NotDue => return,
                Attempt::Settled(records) => {
                    if std::mem::take(&mut self.failing) {
                        tracing::info!(waiting = self.settler.pending(), "records are stored again");
                    }
                    records.iter().for_each(|record| self.ledger.settled(record.call));
                }
                Attempt::Refused(record, reason) => self.set_aside(&record, &reason),
                Attempt::Waiting(reason) => {
                    if !std::mem::replace(&mut self.failing, true) {
                        let waiting = self.settler.pending();
                        tracing::warn!(waiting, reason, "records cannot be stored now, they are kept");
                    }
                }
            }
        }
    }

    /// Keeps a record the sink will never take in `refused.jsonl`; while that fails its segment stays.
    fn set_aside(&mut self, record: &CallRecord, reason: &str) {
        tracing::error!(call = %record.call, reason, "record refused by the store, kept in refused.jsonl");
        match append_record(&self.dir, record) {
            Ok(()) => self.ledger.settled(record.call),
            Err(error) => tracing::error!(call = %record.call, %error, "cannot write refused.jsonl"),
        }
    }

    fn keep_house(&mut self, now: Mono) {
        if now >= self.next_round {
            self.next_round = now + self.housekeeping;
            self.round();
        }
    }

    fn round(&mut self) {
        let round = self.ledger.round();
        for name in round.remove {
            if let Err(error) = fs::remove_file(name.path(&self.dir)) {
                tracing::warn!(segment = %name, %error, "cannot remove a settled segment");
            }
        }
        if let Err(error) = checkpoint::write(&self.dir, &round.settled_before) {
            tracing::warn!(%error, "cannot write the journal's checkpoint");
        }
    }
}

fn append_record(dir: &Path, record: &CallRecord) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    let mut file = files::append_to(&dir.join("refused.jsonl"))?;
    file.write_all(&line)?;
    file.sync_data()
}
