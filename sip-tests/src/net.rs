//! The network between agents and switch: what it delays, loses, doubles and overtakes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base::Entropy;
use base::dns::Listens;
use base::wire::{Locals, Transport, marked_shard};

use crate::world::{SHARDS, SWITCH, SWITCH6};

/// The way between one agent and the switch, the same in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The shortest delay.
    pub delay: Duration,
    /// What chance adds at most: later datagrams overtake earlier ones.
    pub jitter: Duration,
    /// Of 1,000 datagrams this many vanish.
    pub lost: u64,
    /// Of 1,000 datagrams this many come twice.
    pub doubled: u64,
}

impl Link {
    /// A quiet line.
    pub const GOOD: Self =
        Self { delay: Duration::from_millis(1), jitter: Duration::ZERO, lost: 0, doubled: 0 };

    /// When copies of a datagram arrive; a stream loses, doubles and reorders nothing.
    pub(crate) fn arrivals(&self, rng: &mut dyn Entropy, reliable: bool) -> Vec<Duration> {
        if reliable {
            return vec![self.delay];
        }
        let mut arrivals = Vec::new();
        if rng.below(1_000) >= self.lost {
            arrivals.push(self.takes(rng));
        }
        if rng.below(1_000) < self.doubled {
            arrivals.push(self.takes(rng));
        }
        arrivals
    }

    fn takes(&self, rng: &mut dyn Entropy) -> Duration {
        let jitter = u64::try_from(self.jitter.as_micros()).unwrap_or(0);
        self.delay + Duration::from_micros(rng.below(jitter + 1))
    }
}

/// Which of the switch's addresses faces whom.
#[derive(Debug)]
pub(crate) struct Addresses;

impl Locals for Addresses {
    fn signalling(&self, _transport: Transport, remote: SocketAddr) -> Option<SocketAddr> {
        Some(ours(remote))
    }

    fn media(&self, remote: SocketAddr) -> IpAddr {
        ours(remote).ip()
    }

    fn listens(&self) -> Listens {
        Listens::ALL
    }
}

/// The switch's address that faces a remote one.
pub(crate) fn ours(remote: SocketAddr) -> SocketAddr {
    let text = if remote.is_ipv6() { SWITCH6 } else { SWITCH };
    text.parse().expect("the switch has an address")
}

/// The shard a message belongs to, as the network finds it: REGISTER at the first, our Call-IDs by their
/// mark, others by hash.
pub(crate) fn shard_of(data: &[u8]) -> usize {
    let Some(peek) = sip::message::peek(data) else { return 0 };
    if peek.is("REGISTER") {
        return 0;
    }
    if let Some(shard) = marked_shard(peek.call_id) {
        return usize::from(shard.0.min(SHARDS - 1));
    }
    let mut hasher = DefaultHasher::new();
    peek.call_id.hash(&mut hasher);
    usize::try_from(hasher.finish() % u64::from(SHARDS)).unwrap_or(0)
}
