//! All trunks while they run: where they are, whether they answer, how full they are.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use base::dns::{Answer, Listens, Question, Server};
use base::wire::Transport;
use base::{Entropy, Mono, Now, ShardId};
use provision::Trunk;

use crate::agenda::Agenda;
use crate::reach::{PeerState, TargetState};
use crate::trunk::{TrunkState, registers_alike};
use crate::{Failing, Hop, Locator, PeerAt, Refusal, RegisterFail, Step, TrunkView};

/// A 200 that grants no time at all is a refusal.
const NOTHING_GRANTED: RegisterFail = RegisterFail { status: 200, retry_after: None, min_expires: None };

/// Something a trunk wants done in the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrunkAction {
    /// Ask the DNS, then call `answered`.
    Resolve {
        /// What to ask.
        question: Question,
    },
    /// Send OPTIONS to a peer, then call `probed`.
    Probe {
        /// The trunk.
        trunk: String,
        /// The peer and which of its targets.
        at: PeerAt,
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
    /// A target of a peer went down or came up: for the log and, as `TrunkGossip`, for the other shards.
    Changed {
        /// The trunk.
        trunk: String,
        /// The peer.
        peer: usize,
        /// Its target.
        hop: Hop,
        /// Whether it is up now.
        up: bool,
    },
}

/// What one shard tells the others of a peer's target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkGossip {
    /// The trunk.
    pub trunk: String,
    /// The peer.
    pub peer: usize,
    /// Its target.
    pub hop: Hop,
    /// Whether it is up.
    pub up: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// Every peer that waits for the DNS is looked for again.
    LocateAsking,
    Locate(String, usize),
    Probe(String, usize),
    /// A target that is down may be tried again.
    Retry(String, usize, Hop),
    Register(String),
}

/// The running state of all trunks, as one shard knows it.
#[derive(Debug)]
pub struct Trunks {
    pub(crate) owner: bool,
    pub(crate) seed: u64,
    pub(crate) trunks: BTreeMap<String, TrunkState>,
    pub(crate) locator: Locator,
    pub(crate) agenda: Agenda<Due, Mono>,
    pub(crate) actions: VecDeque<TrunkAction>,
}

impl Trunks {
    /// No trunks yet. The one `owner` among the shards probes and registers; targets are sought among what we
    /// listen for.
    pub fn new(owner: bool, listens: Listens, entropy: &mut dyn Entropy) -> Self {
        Self {
            owner,
            seed: entropy.next_u64(),
            trunks: BTreeMap::new(),
            locator: Locator::new(listens),
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
                    self.trunks.insert(trunk.name.clone(), state);
                    self.schedule(now, &trunk.name);
                }
            }
        }
        for gone in former.values() {
            self.forget(gone, false);
        }
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

    /// Every target of every peer, in the order to try them; those that are down come last.
    pub fn order(&self, _now: Now, entropy: &mut dyn Entropy, trunk: &str) -> Vec<PeerAt> {
        self.trunks.get(trunk).map(|state| state.order(entropy)).unwrap_or_default()
    }

    /// Where a peer is: its first target that is up; `None` while it is not found.
    #[must_use]
    pub fn at(&self, trunk: &str, peer: usize) -> Option<PeerAt> {
        let state = self.trunks.get(trunk)?.peers.get(peer)?;
        Some(state.at(peer, state.first()?))
    }

    /// Every address that calls out go to, as far as names are resolved.
    pub fn addresses_in_use(&self) -> impl Iterator<Item = IpAddr> {
        let peers = self.trunks.values().flat_map(|state| &state.peers);
        peers.flat_map(|peer| peer.hops()).map(|hop| hop.addr.ip())
    }

    /// Whether calls out over a trunk go to this address, by any of its peers.
    #[must_use]
    pub fn has_at(&self, trunk: &str, ip: IpAddr) -> bool {
        let peers = self.trunks.get(trunk).map_or(0, |state| state.peers.len());
        (0..peers).any(|peer| self.is_at(trunk, peer, ip))
    }

    /// Whether one of a peer's targets has this address.
    #[must_use]
    pub fn is_at(&self, trunk: &str, peer: usize, ip: IpAddr) -> bool {
        let Some(state) = self.trunks.get(trunk).and_then(|state| state.peers.get(peer)) else {
            return false;
        };
        state.hops().any(|hop| hop.addr.ip().to_canonical() == ip.to_canonical())
    }

    /// Whether a target of this address is down at every trunk that has it.
    #[must_use]
    pub fn is_down(&self, hop: Hop) -> bool {
        let mut known = self.targets().filter(|(_, target)| target.hop == hop).peekable();
        known.peek().is_some() && known.all(|(_, target)| !target.health.is_up())
    }

    /// Whether requests to this address stay with UDP whatever their size: a trunk chose UDP for it.
    #[must_use]
    pub fn is_pinned(&self, addr: SocketAddr) -> bool {
        let udp = Hop { transport: Transport::Udp, addr };
        self.targets().any(|(peer, target)| peer.is_pinned() && target.hop == udp)
    }

    /// Where a server is that a request inside a call names: its first target that is not down.
    /// `Err` while answers are awaited, `Ok(None)` when it is nowhere.
    ///
    /// # Errors
    /// When an answer of the DNS is still to come; `answered` is the time to ask again.
    pub fn find(&mut self, now: Now, server: &Server) -> Result<Option<Hop>, Awaited> {
        let step = self.locator.locate(now.mono, server);
        self.pass_questions_on();
        let Step::Found { located, .. } = step else { return Err(Awaited) };
        let hops = located.hops();
        Ok(hops.iter().find(|hop| !self.is_down(**hop)).or_else(|| hops.first()).copied())
    }

    /// A request to a target was not served.
    pub fn failed(&mut self, now: Now, trunk: &str, at: &PeerAt, how: Failing) {
        self.note(now, trunk, at.peer, at.hop(), |target| target.health.failed(now, how));
    }

    /// A target answered.
    pub fn worked(&mut self, now: Now, trunk: &str, at: &PeerAt) {
        self.note(now, trunk, at.peer, at.hop(), |target| target.health.worked(now));
    }

    /// The outcome of a `Probe`: any final answer counts.
    pub fn probed(&mut self, now: Now, trunk: &str, at: &PeerAt, answered: bool) {
        if !answered {
            return self.failed(now, trunk, at, Failing::Refused);
        }
        self.note(now, trunk, at.peer, at.hop(), |target| {
            if let Some(sent) = target.probe.take() {
                target.rtt_ms = u32::try_from(now.mono.since(sent).as_millis()).ok();
            }
            target.health.worked(now)
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

    /// The outcome of a `Resolve`; peers that waited for it are looked for again a moment later.
    pub fn answered(&mut self, now: Now, question: &Question, answer: Answer) {
        if self.locator.answered(now.mono, question, answer) {
            self.look_again(now);
        }
    }

    /// Another shard saw a target go down or come up.
    pub fn gossip(&mut self, now: Now, told: &TrunkGossip) {
        let peer = self.peer_mut(&told.trunk, told.peer);
        let Some(target) = peer.and_then(|peer| peer.target_mut(told.hop)) else { return };
        if target.health.told(now, told.up) {
            let until = target.health.down_until();
            self.retry_at(&told.trunk, told.peer, told.hop, until);
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Now) {
        while let Some(due) = self.agenda.due(now.mono) {
            match due {
                Due::LocateAsking => self.locate_asking(now),
                Due::Locate(trunk, peer) => self.locate_peer(now, &trunk, peer),
                Due::Probe(trunk, peer) => self.probe(now, trunk, peer),
                Due::Retry(trunk, peer, hop) => self.retry(now, &trunk, peer, hop),
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

    fn targets(&self) -> impl Iterator<Item = (&PeerState, &TargetState)> {
        let peers = self.trunks.values().flat_map(|state| &state.peers);
        peers.flat_map(|peer| peer.targets().iter().map(move |target| (peer, target)))
    }
}

/// The DNS owes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited;

#[cfg(test)]
#[path = "trunks_tests.rs"]
mod tests;
