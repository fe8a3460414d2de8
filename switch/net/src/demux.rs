//! Which shard a message belongs to: arithmetic on its Call-ID, no table.

use std::hash::{BuildHasher, Hash, RandomState};

use base::ShardId;
use base::wire::marked_shard;
use sip::message::peek;

/// The keyed hash and the number of shards, fixed for the life of the process.
#[derive(Debug)]
pub(crate) struct Demux {
    shards: u8,
    keys: RandomState,
}

impl Demux {
    pub(crate) fn new(shards: u8) -> Self {
        Self { shards: shards.max(1), keys: RandomState::new() }
    }

    /// Every shard.
    pub(crate) fn shards(&self) -> impl Iterator<Item = ShardId> + use<> {
        (0..self.shards).map(ShardId)
    }

    /// The registrar's shard for a REGISTER, the shard in a Call-ID of ours, else one chosen by hash. Strangers
    /// cannot aim at one shard because the hash is keyed. A shard that is alone gets all unread.
    pub(crate) fn shard(&self, message: &[u8]) -> ShardId {
        let peek = if self.shards > 1 { peek(message) } else { None };
        let Some(peek) = peek else { return ShardId(0) };
        if peek.is("REGISTER") {
            return ShardId(0);
        }
        match marked_shard(peek.call_id) {
            Some(shard) if shard.0 < self.shards => shard,
            Some(_) | None => {
                ShardId(u8::try_from(self.hash(peek.call_id) % u64::from(self.shards)).unwrap_or(0))
            }
        }
    }

    /// A number strangers cannot foresee, the same for the same value.
    pub(crate) fn hash(&self, value: impl Hash) -> u64 {
        self.keys.hash_one(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(demux: &Demux, method: &str, call_id: &str) -> ShardId {
        let text = format!("{method} sip:a@b SIP/2.0\r\nCall-ID: {call_id}\r\n\r\n");
        demux.shard(text.as_bytes())
    }

    #[test]
    fn a_register_goes_to_the_registrars_shard() {
        let demux = Demux::new(8);
        assert!((0..50).all(|n| shard(&demux, "REGISTER", &n.to_string()) == ShardId(0)));
    }

    #[test]
    fn a_call_id_of_ours_goes_to_its_shard_unless_no_such_shard_exists() {
        let demux = Demux::new(4);
        assert_eq!(shard(&demux, "BYE", &base::wire::marked_call_id(ShardId(3), 7, 7)), ShardId(3));
        assert!(shard(&demux, "BYE", &base::wire::marked_call_id(ShardId(9), 7, 7)).0 < 4);
    }

    #[test]
    fn a_foreign_call_id_always_goes_to_the_same_shard_and_many_use_all() {
        let demux = Demux::new(4);
        assert_eq!(shard(&demux, "INVITE", "x@y"), shard(&demux, "BYE", "x@y"));
        let used: std::collections::HashSet<_> =
            (0..200).map(|n| shard(&demux, "INVITE", &format!("{n}@y"))).collect();
        assert_eq!(used.len(), 4);
    }
}
