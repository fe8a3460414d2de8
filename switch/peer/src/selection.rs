//! In which order the peers of a trunk, and the hosts of a peer, are tried.

use std::net::SocketAddr;

use base::Entropy;
use base::wire::{PeerKey, Target, Transport};

use crate::Hop;

/// One address of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAt {
    /// The peer's place in the trunk's list.
    pub peer: usize,
    /// The URI as set up.
    pub uri: String,
    /// The protocol to use.
    pub transport: Transport,
    /// Where to send.
    pub addr: SocketAddr,
    /// Who must answer there; only a secure protocol can tell.
    pub key: PeerKey,
}

impl PeerAt {
    /// Where messages to this peer go.
    #[must_use]
    pub fn target(&self) -> Target {
        let (transport, remote) = (self.transport, self.addr);
        if transport.is_secure() {
            Target::Peer { transport, remote, peer: self.key }
        } else {
            Target::Addr { transport, remote }
        }
    }

    /// Where and how, without whose it is.
    #[must_use]
    pub fn hop(&self) -> Hop {
        Hop { transport: self.transport, addr: self.addr }
    }
}

/// What an order depends on: of peers among each other, and of the hosts of one peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Its place in its list.
    pub(crate) at: usize,
    pub(crate) up: bool,
    pub(crate) priority: u32,
    pub(crate) weight: u16,
}

/// Those that are up before those that are down, lower priority values before higher, and among equals by chance in
/// proportion to weight (RFC 2782).
pub(crate) fn order(mut candidates: Vec<Candidate>, entropy: &mut dyn Entropy) -> Vec<usize> {
    candidates.sort_by_key(|it| (!it.up, it.priority, it.weight));
    let mut ordered = Vec::with_capacity(candidates.len());
    for equals in candidates.chunk_by(|a, b| (a.up, a.priority) == (b.up, b.priority)) {
        let mut left = equals.to_vec();
        while !left.is_empty() {
            let sum: u64 = left.iter().map(|it| u64::from(it.weight)).sum();
            let drawn = entropy.below(sum + 1);
            let mut running = 0;
            let chosen = left.iter().position(|it| {
                running += u64::from(it.weight);
                running >= drawn
            });
            ordered.push(left.remove(chosen.unwrap_or(0)).at);
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use base::testing::Seeded;

    use super::*;

    fn candidate(at: usize, up: bool, priority: u32, weight: u16) -> Candidate {
        Candidate { at, up, priority, weight }
    }

    #[test]
    fn equals_share_in_proportion_to_their_weight() {
        let mut entropy = Seeded::new(1);
        let peers = vec![candidate(0, true, 0, 10), candidate(1, true, 0, 30)];
        let first = (0..10_000).filter(|_| order(peers.clone(), &mut entropy)[0] == 1).count();
        assert!((7_200..7_600).contains(&first), "{first}");
    }

    #[test]
    fn a_weight_of_zero_is_still_tried_at_times() {
        let mut entropy = Seeded::new(2);
        let peers = vec![candidate(0, true, 0, 0), candidate(1, true, 0, 9)];
        let first = (0..10_000).filter(|_| order(peers.clone(), &mut entropy)[0] == 0).count();
        assert!((900..1_100).contains(&first), "{first}");
    }

    #[test]
    fn priority_comes_before_weight_and_health_before_both() {
        let peers = vec![candidate(0, false, 0, 90), candidate(1, true, 2, 90), candidate(2, true, 1, 0)];
        assert_eq!(order(peers, &mut Seeded::new(3)), [2, 1, 0]);
    }
}
