//! Differences as the store takes them.

use provision::Change;

/// The changes of a plan for the store.
#[must_use]
pub fn to_store(changes: Vec<Change>) -> Vec<store::Change> {
    let stored = changes.into_iter().map(|change| match change {
        Change::Added(entity) | Change::Changed { entity, .. } => store::Change::Put(entity),
        Change::Removed(key) => store::Change::Remove(key),
    });
    stored.collect()
}
