//! How many calls each extension has, for its cap: those of this shard at once, those of other shards as soon as they are
//! heard of. Two shards that ring one phone in the same moment may both do so.

use std::collections::HashMap;

use base::ShardId;
use phone::floor::Floor;

/// Calls of this shard by extension.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    in_use: HashMap<String, u32>,
}

impl Lines {
    pub(crate) fn occupy(&mut self, extension: &str) {
        *self.in_use.entry(extension.to_owned()).or_insert(0) += 1;
    }

    pub(crate) fn release(&mut self, extension: &str) {
        if let Some(calls) = self.in_use.get_mut(extension) {
            *calls -= 1;
            if *calls == 0 {
                self.in_use.remove(extension);
            }
        }
    }

    /// Whether a further call would be one too many on the whole node; a cap of 0 is none.
    pub(crate) fn is_full(&self, floor: &Floor, own: ShardId, extension: &str, cap: u32) -> bool {
        let here = self.in_use.get(extension).copied().unwrap_or(0);
        cap > 0 && (here >= cap || here.saturating_add(floor.calls_elsewhere(extension, own)) >= cap)
    }
}
