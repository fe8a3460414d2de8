//! What an earlier process left: its records, and the calls it was cut off in.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;

use base::record::CallRecord;
use base::{CallId, Wall};

use crate::assemble::{Assembler, Orphans, Taken};
use crate::checkpoint;
use crate::files::{self, Run, SegmentName};
use crate::line;

/// Lines between two reports of progress.
const PROGRESS_LINES: u64 = 500_000;

/// What was found in the journal's folder. Hand it to `Journal::start`, which brings the records into the sink
/// and then removes the segments; a crash before that finds the same again.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Every record that is not known to be settled, by end of call.
    pub records: Vec<CallRecord>,
    /// How many of them are calls that were cut off.
    pub interrupted: usize,
    /// Lines that were torn or damaged and are left out.
    pub torn_lines: usize,
    /// The first fact of each record's call in each segment.
    pub(crate) places: Vec<(CallId, SegmentName, u64)>,
    pub(crate) segments: Vec<SegmentName>,
}

/// Reads every segment in `dir`; nothing when the folder does not exist.
///
/// A call without an end is closed with `Cause::Interrupted` by `Party::System` at the last moment at which the
/// process is known to have lived: the time of the last fact of any call in the same run of its shard, or the
/// modification time of its segments, set once a second while the process lives, whichever is later. Its
/// `sip_status` is 200 when it had been answered and 0 otherwise, since no final response was sent.
///
/// # Errors
/// When the folder or a segment cannot be read. Damaged lines are no error: they are counted and left out.
pub fn recover(dir: &Path) -> io::Result<Recovered> {
    let segments = files::list(dir)?;
    let settled_before = checkpoint::read(dir);
    let mut runs: BTreeMap<Run, Vec<SegmentName>> = BTreeMap::new();
    for name in &segments {
        runs.entry(name.run).or_default().push(*name);
    }
    let mut found = Recovered { segments, ..Recovered::default() };
    let mut lines = 0;
    for parts in runs.into_values() {
        let mut reading = Reading::new(&settled_before);
        for name in parts {
            reading.read(dir, name, &mut lines)?;
        }
        reading.finish(&mut found);
    }
    found.records.sort_by_key(|record| (record.ended_at, record.call));
    if !found.segments.is_empty() {
        tracing::info!(
            segments = found.segments.len(),
            lines,
            records = found.records.len(),
            interrupted = found.interrupted,
            torn_lines = found.torn_lines,
            "journal of an earlier process read"
        );
    }
    Ok(found)
}

/// One run of one shard as it is read.
struct Reading<'a> {
    settled_before: &'a BTreeMap<SegmentName, u64>,
    assembler: Assembler,
    records: Vec<CallRecord>,
    places: HashMap<CallId, Vec<(SegmentName, u64)>>,
    settled: HashSet<CallId>,
    alive_until: Wall,
    torn_lines: usize,
}

impl<'a> Reading<'a> {
    fn new(settled_before: &'a BTreeMap<SegmentName, u64>) -> Self {
        Self {
            settled_before,
            assembler: Assembler::new(Orphans::Adopt),
            records: Vec::new(),
            places: HashMap::new(),
            settled: HashSet::new(),
            alive_until: Wall(i64::MIN),
            torn_lines: 0,
        }
    }

    fn read(&mut self, dir: &Path, name: SegmentName, lines: &mut u64) -> io::Result<()> {
        let settled_before = self.settled_before.get(&name).copied().unwrap_or(0);
        let path = name.path(dir);
        if let Some(alive) = files::marked_alive(&path)? {
            self.alive_until = self.alive_until.max(alive);
        }
        let text = fs::read(path)?;
        let mut offset = 0_u64;
        for line in text.split_inclusive(|octet| *octet == b'\n') {
            let at = offset;
            offset += line.len() as u64;
            *lines += 1;
            if lines.is_multiple_of(PROGRESS_LINES) {
                tracing::info!(lines, segment = %name, "reading the journal of an earlier process");
            }
            self.take(line.trim_ascii_end(), name, at, settled_before);
        }
        Ok(())
    }

    fn take(&mut self, line: &[u8], name: SegmentName, at: u64, settled_before: u64) {
        if line.is_empty() {
            return;
        }
        let Some(fact) = line::decode(line) else {
            self.torn_lines += 1;
            return;
        };
        self.alive_until = self.alive_until.max(fact.at);
        let places = self.places.entry(fact.call).or_default();
        if places.last().is_none_or(|(last, _)| *last != name) {
            if at < settled_before {
                self.settled.insert(fact.call);
            }
            places.push((name, at));
        }
        match self.assembler.take(&fact) {
            Taken::Ended(record) => self.records.push(*record),
            Taken::Open | Taken::Late => {}
        }
    }

    fn finish(mut self, found: &mut Recovered) {
        let mut interrupted = self.assembler.interrupt(self.alive_until);
        interrupted.retain(|record| !self.settled.contains(&record.call));
        self.records.retain(|record| !self.settled.contains(&record.call));
        found.interrupted +=
            interrupted.iter().filter(|record| record.cause == base::Cause::Interrupted).count();
        found.torn_lines += self.torn_lines;
        for record in self.records.drain(..).chain(interrupted) {
            let places = self.places.remove(&record.call).unwrap_or_default();
            found.places.extend(places.into_iter().map(|(name, at)| (record.call, name, at)));
            found.records.push(record);
        }
    }
}
