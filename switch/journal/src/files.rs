//! Names of segments and what is where in the journal's folder.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use base::{ShardId, Wall};

/// One shard in one process: calls never span two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Run {
    pub(crate) shard: ShardId,
    /// When the process started, made unique among the segments that lay there.
    pub(crate) start: Wall,
}

/// The name of a segment: `00-1700000000000000-0003.jsonl` is the fourth file of shard 0's run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SegmentName {
    pub(crate) run: Run,
    pub(crate) part: u32,
}

impl SegmentName {
    pub(crate) fn path(self, dir: &Path) -> PathBuf {
        dir.join(self.to_string())
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:016}-{:04}.jsonl", self.run.shard.0, self.run.start.0, self.part)
    }
}

/// A file name that is no segment's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotASegment;

impl FromStr for SegmentName {
    type Err = NotASegment;

    fn from_str(name: &str) -> Result<Self, NotASegment> {
        let mut fields = name.strip_suffix(".jsonl").ok_or(NotASegment)?.splitn(3, '-');
        let mut field = || fields.next().ok_or(NotASegment);
        let bad = |_not_a_number| NotASegment;
        let shard = ShardId(field()?.parse().map_err(bad)?);
        let start = Wall(field()?.parse().map_err(bad)?);
        let part = field()?.parse().map_err(bad)?;
        Ok(Self { run: Run { shard, start }, part })
    }
}

/// The segments in `dir`, by run and part; none when the folder does not exist.
pub(crate) fn list(dir: &Path) -> io::Result<Vec<SegmentName>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().to_str().and_then(|name| name.parse::<SegmentName>().ok()));
    }
    names.sort();
    Ok(names)
}

/// Makes the folder, readable by its owner only.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// A segment being written. The thread that makes it durable shares it with the writer.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    pub(crate) name: SegmentName,
    pub(crate) file: File,
    /// Written since it was last made durable.
    pub(crate) dirty: AtomicBool,
}

impl SegmentFile {
    pub(crate) fn create(dir: &Path, name: SegmentName) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(name.path(dir))?;
        Ok(Self { name, file, dirty: AtomicBool::new(false) })
    }
}

/// A modification time as a living process sets it.
pub(crate) fn to_the_millisecond(now: Wall) -> SystemTime {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
}

/// When the segment's process last set the modification time. A finer time is that of a write, which has a fact
/// to tell it, or of a copy made much later.
pub(crate) fn marked_alive(path: &Path) -> io::Result<Option<Wall>> {
    let since = fs::metadata(path)?.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let set = since.subsec_nanos().is_multiple_of(1_000_000);
    Ok(i64::try_from(since.as_millis()).ok().filter(|_| set).map(Wall::from_millis))
}

/// A file appended to and readable by its owner only.
pub(crate) fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segments_name_reads_back_and_other_names_are_left_alone() {
        let name =
            SegmentName { run: Run { shard: ShardId(3), start: Wall(1_700_000_000_000_000) }, part: 12 };
        assert_eq!(name.to_string(), "03-1700000000000000-0012.jsonl");
        assert_eq!(name.to_string().parse(), Ok(name));
        for other in ["refused.jsonl", "checkpoint.json", "03-12.jsonl", "-.jsonl", "03-1-1.jsonl.tmp"] {
            assert_eq!(other.parse::<SegmentName>(), Err(NotASegment), "{other}");
        }
    }
}
