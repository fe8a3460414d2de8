//! The shard's copy of the floor: its own calls tell where they stand, other shards tell of theirs.

use std::sync::Arc;

use base::CallId;
use phone::floor::{Floor, Spot};

use super::Shard;
use crate::call::CallInput;
use crate::io::{Gossip, ShardOutput};

impl Shard {
    /// Who is on which line, at all shards.
    #[must_use]
    pub fn floor(&self) -> &Floor {
        &self.floor
    }

    /// Whether a further call of an extension would be one too many.
    pub(super) fn has_full_line(&self, extension: &str, cap: u32) -> bool {
        self.lines.is_full(&self.floor, self.config.shard, extension, cap)
    }

    /// A call of this shard stands elsewhere now.
    pub(super) fn stands(&mut self, call: CallId, spots: Arc<[Spot]>) {
        self.outputs.push_back(ShardOutput::Gossip(Gossip::Floor { call, spots: spots.clone() }));
        self.heard_of_spots(call, &spots);
    }

    /// A call of any shard stands elsewhere now.
    pub(super) fn heard_of_spots(&mut self, call: CallId, spots: &Arc<[Spot]>) {
        self.lasts.hear(spots);
        let lines = self.floor.tell(call, spots);
        for line in &lines {
            let watchers = self.watched.get(line).into_iter().flatten();
            self.later.extend(watchers.map(|watcher| (*watcher, CallInput::Line)));
        }
        self.lines_changed(lines);
    }

    /// A call wants to be told what changes on these lines, and on no others.
    pub(super) fn watch(&mut self, call: CallId, lines: Vec<Box<str>>) {
        if lines.is_empty() && self.watched.is_empty() {
            return;
        }
        self.watched.retain(|_, watchers| {
            watchers.remove(&call);
            !watchers.is_empty()
        });
        for line in lines {
            self.watched.entry(line).or_default().insert(call);
        }
    }

    /// A call is over, whatever it told last.
    pub(super) fn leaves_floor(&mut self, call: CallId) {
        if !self.floor.spots_of(call).is_empty() {
            self.stands(call, Arc::from([]));
        }
    }
}
