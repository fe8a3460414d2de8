//! Ids: newtypes that cannot be mixed up and that say which shard owns the thing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Wall;

/// Which shard (0-based). Fixed for the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ShardId(pub u8);

/// Bits of an id below the shard byte.
const LOW_BITS: u32 = 56;
const LOW_MASK: u64 = (1 << LOW_BITS) - 1;

macro_rules! sharded_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The shard in the top byte.
            #[must_use]
            pub fn shard(self) -> ShardId {
                ShardId((self.0 >> LOW_BITS) as u8)
            }

            fn new(shard: ShardId, low: u64) -> Self {
                Self(u64::from(shard.0) << LOW_BITS | (low & LOW_MASK))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{:016x}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let digits = text.strip_prefix(concat!($prefix, "_")).ok_or(BadId)?;
                if digits.len() != 16 {
                    return Err(BadId);
                }
                u64::from_str_radix(digits, 16).map(Self).map_err(|_not_hex| BadId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

sharded_id!(
    /// A caller's whole visit. Prints `call_02…` with the shard in the first two digits.
    CallId,
    "call"
);
sharded_id!(
    /// One dialog with one far end. Prints `leg_02…`.
    LegId,
    "leg"
);

sharded_id!(
    /// A recording. Prints `rec_02…`.
    RecordingId,
    "rec"
);

/// A set of ports that may hear each other. All of them belong to the worker that its top byte names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(u64);

impl RoomId {
    /// The room of that number, below 2^56, on a worker.
    #[must_use]
    pub fn new(worker: u8, number: u64) -> Self {
        Self(u64::from(worker) << LOW_BITS | (number & LOW_MASK))
    }

    /// Where its ports are.
    #[must_use]
    pub fn worker(self) -> u8 {
        (self.0 >> LOW_BITS) as u8
    }
}

/// An id that does not read `prefix_` and sixteen hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is its prefix, an underscore and 16 hexadecimal digits")]
pub struct BadId;

/// Hands out the call and leg ids of one shard, rising, and never the same one again after a restart:
/// the count starts at the wall clock's seconds times 2^20, so it would take a million ids in every
/// second of uptime to reach the ids of a later start.
#[derive(Clone, Debug)]
pub struct CallIds {
    shard: ShardId,
    next: u64,
}

impl CallIds {
    /// The ids of a shard in a process that started at `start`.
    #[must_use]
    pub fn new(shard: ShardId, start: Wall) -> Self {
        let seconds = u64::try_from(start.0 / 1_000_000).unwrap_or(0);
        Self { shard, next: seconds << 20 }
    }

    /// The next call.
    pub fn call(&mut self) -> CallId {
        CallId::new(self.shard, self.bump())
    }

    /// The next leg.
    pub fn leg(&mut self) -> LegId {
        LegId::new(self.shard, self.bump())
    }

    /// The next recording.
    pub fn recording(&mut self) -> RecordingId {
        RecordingId::new(self.shard, self.bump())
    }

    fn bump(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// A bound pair of RTP and RTCP sockets: which media worker holds it and its slot there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortId {
    /// The worker (0-based).
    pub worker: u8,
    /// The slot in that worker.
    pub slot: u32,
}

/// Whose data it is. Every stored row and every fact carries one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TenantId(pub u32);

impl TenantId {
    /// The one tenant of a node that has not been divided: `default`.
    pub const DEFAULT: Self = Self(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_prints_its_shard_and_reads_back() {
        let mut ids = CallIds::new(ShardId(2), Wall(1_700_000_000_000_000));
        let call = ids.call();
        assert_eq!(call.shard(), ShardId(2));
        assert!(call.to_string().starts_with("call_02"));
        assert_eq!(call.to_string().parse(), Ok(call));
        assert_eq!("leg_02".parse::<LegId>(), Err(BadId));
    }

    #[test]
    fn ids_of_a_later_start_are_higher() {
        let mut first = CallIds::new(ShardId(0), Wall(1_700_000_000_000_000));
        let mut second = CallIds::new(ShardId(0), Wall(1_700_000_001_000_000));
        let highest = (0..1_000).map(|_| first.call()).max().expect("a thousand ids");
        assert!(second.call() > highest);
    }
}
