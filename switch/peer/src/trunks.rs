//! All trunks while they run: where they are, whether they answer, how full they are.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use base::{Entropy, Mono, Now, ShardId};
use provision::Trunk;

use crate::agenda::Agenda;
use crate::trunk::{TrunkState, registers_alike};
use crate::{PeerAt, Refusal, RegisterFail, TrunkView, selection};

/// How long resolved addresses are used before they are asked for again.
pub(crate) const RESOLVE_AGAIN: Duration = Duration::from_secs(60);
/// The same after a name gave no address.
const RESOLVE_RETRY: Duration = Duration::from_secs(10);
/// Addresses of one host that are used.
const ADDRESSES: usize = 8;

/// A 200 that grants no time at all is a refusal.
const NOTHING_GRANTED: RegisterFail = RegisterFail { status: 200, retry_after: None, min_expires: None };

/// Something a trunk wants done in the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrunkAction {
    /// Resolve a name, then call `resolved`.
    Resolve {
        /// The name.
        host: String,
        /// The port of the first peer there.
        port: u16,
    },
    /// Send OPTIONS to a peer (see `Trunks::at`), then call `probed`.
    Probe {
        /// The trunk.
        trunk: String,
        /// The peer.
        peer: usize,
    },
    /// Send REGISTER to the first peer, then call `registered`.
    Register {
        /// The trunk.
        trunk: String,
        /// The lifetime to ask for, seconds.
        expires: u32,
    },
    /// Send REGISTER with lifetime 0 to the first peer; nobody waits for the outcome.
    Unregister {
        /// The trunk.
        trunk: String,
    },
    /// A peer went down or came up: for the log and, as `TrunkGossip`, for the other shards.
    Changed {
        /// The trunk.
        trunk: String,
        /// The peer.
        peer: usize,
        /// Whether it is up now.
        up: bool,
    },
}

/// What one shard tells the others of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkGossip {
    /// The trunk.
    pub trunk: String,
    /// The peer.
    pub peer: usize,
    /// Whether it is up.
    pub up: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    Resolve(String),
    Probe(String, usize),
    /// A peer that is down may be tried again.
    Retry(String, usize),
    Register(String),
}

/// The running state of all trunks, as one shard knows it.
#[derive(Debug)]
pub struct Trunks {
    pub(crate) owner: bool,
    pub(crate) seed: u64,
    pub(crate) trunks: BTreeMap<String, TrunkState>,
    pub(crate) hosts: BTreeMap<String, Vec<IpAddr>>,
    pub(crate) agenda: Agenda<Due, Mono>,
    pub(crate) actions: VecDeque<TrunkAction>,
}

impl Trunks {
    /// No trunks yet. The one `owner` among the shards probes and registers.
    pub fn new(owner: bool, entropy: &mut dyn Entropy) -> Self {
        Self {
            owner,
            seed: entropy.next_u64(),
            trunks: BTreeMap::new(),
            hosts: BTreeMap::new(),
            agenda: Agenda::new(),
            actions: VecDeque::new(),
        }
    }

    /// Takes over what is set up now; trunks and peers that stay keep their state.
    pub fn configure<'a>(&mut self, now: Now, trunks: impl IntoIterator<Item = &'a Trunk>) {
        let mut former = std::mem::take(&mut self.trunks);
        for trunk in trunks {
            let old = former.remove(&trunk.name);
            let unchanged = old.as_ref().is_some_and(|old| old.trunk == *trunk);
            if let Some(old) = old.as_ref().filter(|_| !unchanged) {
                self.forget(old, registers_alike(&old.trunk, trunk));
            }
            match old {
                Some(old) if unchanged => drop(self.trunks.insert(trunk.name.clone(), old)),
                old => {
                    let state = TrunkState::new(now, trunk, old);
                    self.schedule(now, &state);
                    self.trunks.insert(trunk.name.clone(), state);
                }
            }
        }
        for gone in former.values() {
            self.forget(gone, false);
        }
        self.follow_hosts(now);
    }

    /// Counts a call in.
    ///
    /// # Errors
    /// When a cap is reached; never for an emergency call through a trunk that exists.
    pub fn admit(&mut self, now: Now, trunk: &str, emergency: bool) -> Result<(), Refusal> {
        let state = self.trunks.get_mut(trunk).ok_or(Refusal::Unknown)?;
        state.usage.admit(now.mono, &state.trunk, emergency)
    }

    /// Counts a call out.
    pub fn release(&mut self, trunk: &str) {
        if let Some(state) = self.trunks.get_mut(trunk) {
            state.usage.release();
        }
    }

    /// Another shard carries so many calls of a trunk.
    pub fn remote_usage(&mut self, shard: ShardId, trunk: &str, calls: u32) {
        if let Some(state) = self.trunks.get_mut(trunk) {
            state.usage.heard(shard, calls);
        }
    }

    /// The calls of a trunk on this shard, to tell the others.
    #[must_use]
    pub fn usage(&self, trunk: &str) -> u32 {
        self.trunks.get(trunk).map_or(0, |state| state.usage.here())
    }

    /// Every address of every peer, in the order to try them; those that are down come last.
    pub fn order(&self, _now: Now, entropy: &mut dyn Entropy, trunk: &str) -> Vec<PeerAt> {
        let Some(state) = self.trunks.get(trunk) else { return Vec::new() };
        let peers = selection::order(state.candidates(), entropy);
        peers.into_iter().flat_map(|peer| self.addresses(state, peer)).collect()
    }

    /// Where a peer is: its first address; `None` while it is not resolved.
    #[must_use]
    pub fn at(&self, trunk: &str, peer: usize) -> Option<PeerAt> {
        self.addresses(self.trunks.get(trunk)?, peer).into_iter().next()
    }

    /// A request to a peer was not answered, or with a sign that it cannot serve (503, a broken transport).
    pub fn failed(&mut self, now: Now, trunk: &str, peer: usize) {
        self.note(now, trunk, peer, |state| state.health.failed(now));
    }

    /// A peer answered.
    pub fn worked(&mut self, now: Now, trunk: &str, peer: usize) {
        self.note(now, trunk, peer, |state| state.health.worked(now));
    }

    /// The outcome of a `Probe`: any final answer counts.
    pub fn probed(&mut self, now: Now, trunk: &str, peer: usize, answered: bool) {
        if !answered {
            return self.failed(now, trunk, peer);
        }
        self.note(now, trunk, peer, |state| {
            if let Some(sent) = state.probe.take() {
                state.rtt_ms = u32::try_from(now.mono.since(sent).as_millis()).ok();
            }
            state.health.worked(now)
        });
    }

    /// The outcome of a `Register`: the lifetime granted in seconds, or why not.
    pub fn registered(&mut self, now: Now, trunk: &str, outcome: Result<u32, RegisterFail>) {
        let jitter = self.jitter(trunk, now.mono.0, 1_000);
        let Some(state) = self.trunks.get_mut(trunk).filter(|state| state.trunk.register) else { return };
        let wait = match outcome {
            Ok(0) => state.registration.refused(now, NOTHING_GRANTED, jitter),
            Ok(secs) => state.registration.granted(now, secs, jitter),
            Err(fail) => state.registration.refused(now, fail, jitter),
        };
        self.agenda.set(Due::Register(trunk.to_owned()), now.mono + wait);
    }

    /// The outcome of a `Resolve`; no addresses keep those known before.
    pub fn resolved(&mut self, now: Now, host: &str, mut addresses: Vec<IpAddr>) {
        let Some(known) = self.hosts.get_mut(host) else { return };
        let wait = if addresses.is_empty() { RESOLVE_RETRY } else { RESOLVE_AGAIN };
        if !addresses.is_empty() {
            addresses.truncate(ADDRESSES);
            *known = addresses;
        }
        self.agenda.set(Due::Resolve(host.to_owned()), now.mono + wait);
    }

    /// Another shard saw a peer go down or come up.
    pub fn gossip(&mut self, now: Now, told: &TrunkGossip) {
        let Some(peer) = self.peer_mut(&told.trunk, told.peer) else { return };
        if peer.health.told(now, told.up) {
            let until = peer.health.down_until();
            self.retry_at(&told.trunk, told.peer, until);
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Now) {
        while let Some(due) = self.agenda.due(now.mono) {
            match due {
                Due::Resolve(host) => self.resolve(now, host),
                Due::Probe(trunk, peer) => self.probe(now, trunk, peer),
                Due::Retry(trunk, peer) => self.retry(now, &trunk, peer),
                Due::Register(trunk) => self.register(now, trunk),
            }
        }
    }

    /// When `tick` is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        self.agenda.next()
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<TrunkAction> {
        self.actions.pop_front()
    }

    /// Every trunk as people see it, by name.
    #[must_use]
    pub fn views(&self) -> Vec<TrunkView> {
        self.trunks.values().map(TrunkState::view).collect()
    }
}

#[cfg(test)]
#[path = "trunks_tests.rs"]
mod tests;
