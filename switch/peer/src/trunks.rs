//! All trunks while they run: where they are, whether they answer, how full they are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base::{Entropy, Mono, Now, ShardId};
use provision::{PeerHost, Trunk};

use crate::agenda::Agenda;
use crate::registration::PATIENCE;
use crate::trunk::{PeerState, TrunkState, registers_alike};
use crate::{PeerAt, Refusal, RegisterFail, TrunkView, selection};

/// How long resolved addresses are used before they are asked for again.
const RESOLVE_AGAIN: Duration = Duration::from_secs(60);
/// The same after a name gave no address.
const RESOLVE_RETRY: Duration = Duration::from_secs(10);
/// How long something waits that needs an address not yet known.
const ADDRESS_WAIT: Duration = Duration::from_secs(1);
/// Addresses of one host that are used.
const ADDRESSES: usize = 8;

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
enum Due {
    Resolve(String),
    Probe(String, usize),
    /// A peer that is down may be tried again.
    Retry(String, usize),
    Register(String),
}

/// The running state of all trunks, as one shard knows it.
#[derive(Debug)]
pub struct Trunks {
    owner: bool,
    seed: u64,
    trunks: BTreeMap<String, TrunkState>,
    hosts: BTreeMap<String, Vec<IpAddr>>,
    agenda: Agenda<Due, Mono>,
    actions: VecDeque<TrunkAction>,
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

/// What is due when.
impl Trunks {
    fn resolve(&mut self, now: Now, host: String) {
        let port = self.targets().find(|(name, _)| *name == host).map(|(_, port)| port);
        if let Some(port) = port {
            self.agenda.set(Due::Resolve(host.clone()), now.mono + RESOLVE_AGAIN);
            self.actions.push_back(TrunkAction::Resolve { host, port });
        }
    }

    fn probe(&mut self, now: Now, trunk: String, peer: usize) {
        let known = self.at(&trunk, peer).is_some();
        let Some(every) = self.trunks.get(&trunk).and_then(TrunkState::probes_every) else { return };
        let wait = if known { every } else { ADDRESS_WAIT };
        self.agenda.set(Due::Probe(trunk.clone(), peer), now.mono + wait);
        if let Some(state) = self.peer_mut(&trunk, peer).filter(|_| known) {
            state.probe = Some(now.mono);
            self.actions.push_back(TrunkAction::Probe { trunk, peer });
        }
    }

    /// A peer that is asked by OPTIONS stays down until it answers one; another is tried with a call.
    fn retry(&mut self, now: Now, trunk: &str, peer: usize) {
        if self.trunks.get(trunk).is_some_and(|state| state.probes_every().is_some()) {
            return;
        }
        self.note(now, trunk, peer, |state| {
            state.health.try_again(now);
            true
        });
    }

    fn register(&mut self, now: Now, trunk: String) {
        let known = self.at(&trunk, 0).is_some();
        let Some(state) = self.trunks.get(&trunk) else { return };
        let expires = state.registration.lifetime_secs(state.trunk.register_secs);
        let wait = if known { PATIENCE } else { ADDRESS_WAIT };
        self.agenda.set(Due::Register(trunk.clone()), now.mono + wait);
        if known {
            self.actions.push_back(TrunkAction::Register { trunk, expires });
        }
    }

    fn note(&mut self, now: Now, trunk: &str, peer: usize, change: impl FnOnce(&mut PeerState) -> bool) {
        let Some(state) = self.peer_mut(trunk, peer) else { return };
        if !change(state) {
            return;
        }
        let (up, until) = (state.health.is_up(), state.health.down_until());
        self.retry_at(trunk, peer, until.map(|until| until.max(now.mono)));
        self.actions.push_back(TrunkAction::Changed { trunk: trunk.to_owned(), peer, up });
    }

    fn retry_at(&mut self, trunk: &str, peer: usize, at: Option<Mono>) {
        let due = Due::Retry(trunk.to_owned(), peer);
        match at {
            Some(at) => self.agenda.set(due, at),
            None => self.agenda.stop(&due),
        }
    }

    fn schedule(&mut self, now: Now, state: &TrunkState) {
        let name = &state.trunk.name;
        for (index, peer) in state.peers.iter().enumerate() {
            self.retry_at(name, index, peer.health.down_until());
            if self.owner && state.probes_every().is_some() {
                let at = now.mono + Duration::from_millis(self.jitter(name, index as u64, 1_000).into());
                self.agenda.set(Due::Probe(name.clone(), index), at);
            }
        }
        let due = Due::Register(name.clone());
        if self.owner && state.trunk.register && !self.agenda.has(&due) {
            self.agenda.set(due, now.mono);
        }
    }

    fn forget(&mut self, old: &TrunkState, stays_registered: bool) {
        let name = &old.trunk.name;
        for index in 0..old.peers.len() {
            self.agenda.stop(&Due::Probe(name.clone(), index));
            self.agenda.stop(&Due::Retry(name.clone(), index));
        }
        if !stays_registered {
            self.agenda.stop(&Due::Register(name.clone()));
            if self.owner && old.trunk.register {
                self.actions.push_back(TrunkAction::Unregister { trunk: name.clone() });
            }
        }
    }

    fn follow_hosts(&mut self, now: Now) {
        let wanted: BTreeSet<String> = self.targets().map(|(host, _)| host.to_owned()).collect();
        let gone: Vec<String> = self.hosts.keys().filter(|host| !wanted.contains(*host)).cloned().collect();
        for host in gone {
            self.hosts.remove(&host);
            self.agenda.stop(&Due::Resolve(host));
        }
        for host in wanted {
            if !self.hosts.contains_key(&host) {
                self.agenda.set(Due::Resolve(host.clone()), now.mono);
                self.hosts.insert(host, Vec::new());
            }
        }
    }

    /// Names to resolve, with ports.
    fn targets(&self) -> impl Iterator<Item = (&str, u16)> {
        let peers = self.trunks.values().flat_map(|state| &state.peers);
        peers.filter_map(|peer| peer.target.as_ref()).filter_map(|target| match &target.host {
            PeerHost::Ip(_) => None,
            PeerHost::Name(name) => Some((name.as_str(), target.port)),
        })
    }

    fn addresses(&self, state: &TrunkState, peer: usize) -> Vec<PeerAt> {
        let Some(it) = state.peers.get(peer) else { return Vec::new() };
        let Some(target) = &it.target else { return Vec::new() };
        let ips = match &target.host {
            PeerHost::Ip(ip) => std::slice::from_ref(ip),
            PeerHost::Name(name) => self.hosts.get(name).map_or(&[][..], Vec::as_slice),
        };
        let at = |ip: &IpAddr| PeerAt {
            peer,
            uri: it.uri.clone(),
            transport: it.transport,
            addr: SocketAddr::new(*ip, target.port),
        };
        ips.iter().map(at).collect()
    }

    fn peer_mut(&mut self, trunk: &str, peer: usize) -> Option<&mut PeerState> {
        self.trunks.get_mut(trunk)?.peers.get_mut(peer)
    }

    /// A number below `bound` that differs from trunk to trunk and from node to node.
    fn jitter(&self, trunk: &str, salt: u64, bound: u64) -> u32 {
        let mut hasher = DefaultHasher::new();
        (self.seed, trunk, salt).hash(&mut hasher);
        (hasher.finish() % bound.max(1)) as u32
    }
}

#[cfg(test)]
#[path = "trunks_tests.rs"]
mod tests;
