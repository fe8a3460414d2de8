//! Calls that went out by a trunk, to know one that comes round to us (RFC 5393's loop, for a B2BUA).

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Where calls of this shard have been.
#[derive(Debug, Default)]
pub(crate) struct Trails(HashSet<u128>);

/// A call at this node: its Session-ID and what it dialled here. A call that comes back with another number went
/// its way through some other switch and is on its way still; one that dials the same again will do so forever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trail(u128);

impl Trail {
    pub(crate) fn of(session: u128, dialled: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        dialled.hash(&mut hasher);
        Self(session ^ u128::from(hasher.finish()))
    }
}

impl Trails {
    /// Whether a call with this trail is here now.
    pub(crate) fn has(&self, trail: Trail) -> bool {
        self.0.contains(&trail.0)
    }

    pub(crate) fn enter(&mut self, trail: Trail) {
        self.0.insert(trail.0);
    }

    pub(crate) fn leave(&mut self, trail: Trail) {
        self.0.remove(&trail.0);
    }
}
