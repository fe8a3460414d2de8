//! `checkpoint.json`: for each segment, the place before which every call is settled.
//!
//! It spares a restart from handing settled records over again. It is a convenience: without it everything is
//! handed over, and the sink takes a record it knows without complaint.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::files::SegmentName;

const NAME: &str = "checkpoint.json";

/// Reads it; empty when there is none or it cannot be read.
pub(crate) fn read(dir: &Path) -> BTreeMap<SegmentName, u64> {
    let Ok(text) = fs::read(dir.join(NAME)) else { return BTreeMap::new() };
    let places: BTreeMap<String, u64> = serde_json::from_slice(&text).unwrap_or_default();
    places.into_iter().filter_map(|(name, offset)| Some((name.parse().ok()?, offset))).collect()
}

/// Replaces it as a whole.
pub(crate) fn write(dir: &Path, settled_before: &BTreeMap<SegmentName, u64>) -> io::Result<()> {
    let places: BTreeMap<String, u64> =
        settled_before.iter().map(|(name, offset)| (name.to_string(), *offset)).collect();
    let new = dir.join("checkpoint.json.new");
    fs::write(&new, serde_json::to_vec(&places)?)?;
    fs::rename(new, dir.join(NAME))
}
