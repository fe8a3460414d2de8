//! What trunks do by themselves: finding their peers, probing, registering, coming back.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use base::dns::Host;
use base::limits::DNS_TTL_MIN;
use base::{Mono, Now};

use crate::locate::Step;
use crate::reach::{PeerState, TargetState};
use crate::registration::PATIENCE;
use crate::trunk::TrunkState;
use crate::trunks::Due;
use crate::{Hop, TrunkAction, Trunks};

/// How long something waits that needs an address not yet known.
const ADDRESS_WAIT: Duration = Duration::from_secs(1);
/// Answers that come this close together are worked off together.
pub(crate) const ANSWERS_TOGETHER: Duration = Duration::from_millis(5);

impl Trunks {
    /// Looks for every peer that waits for the DNS.
    pub(crate) fn locate_asking(&mut self, now: Now) {
        let asking = |(name, state): (&String, &TrunkState)| {
            let peers = state.peers.iter().enumerate().filter(|(_, peer)| peer.asking);
            peers.map(|(at, _)| (name.clone(), at)).collect::<Vec<_>>()
        };
        let waiting: Vec<(String, usize)> = self.trunks.iter().flat_map(asking).collect();
        waiting.into_iter().for_each(|(trunk, peer)| self.locate_peer(now, &trunk, peer));
    }

    pub(crate) fn locate_peer(&mut self, now: Now, trunk: &str, peer: usize) {
        let Some(server) = self.peer_mut(trunk, peer).and_then(|peer| peer.server.clone()) else { return };
        let step = self.locator.locate(now.mono, &server);
        self.pass_questions_on();
        let Some(state) = self.trunks.get_mut(trunk).and_then(|state| state.peers.get_mut(peer)) else {
            return;
        };
        let (located, again) = match step {
            Step::Asking => {
                state.asking = true;
                return;
            }
            Step::Found { located, again } => (located, again),
        };
        state.asking = again.is_some_and(|again| again <= now.mono);
        // Nothing found leaves what was found before: a carrier that errs in its zone is reached on.
        if !located.hops().is_empty() || matches!(server.host, Host::Ip(_)) {
            for hop in state.found(now, located) {
                self.agenda.stop(&Due::Retry(trunk.to_owned(), peer, hop));
            }
        }
        if let Some(again) = again {
            let due = Due::Locate(trunk.to_owned(), peer);
            self.agenda.set(due, again.max(now.mono + DNS_TTL_MIN));
        }
    }

    pub(crate) fn pass_questions_on(&mut self) {
        while let Some(question) = self.locator.poll() {
            self.actions.push_back(TrunkAction::Resolve { question });
        }
    }

    /// An answer is there; whoever waits for one looks again soon.
    pub(crate) fn look_again(&mut self, now: Now) {
        if !self.agenda.has(&Due::LocateAsking) {
            self.agenda.set(Due::LocateAsking, now.mono + ANSWERS_TOGETHER);
        }
    }

    pub(crate) fn probe(&mut self, now: Now, trunk: String, peer: usize) {
        let Some(every) = self.trunks.get(&trunk).and_then(TrunkState::probes_every) else { return };
        let hops: Vec<Hop> =
            self.peer_mut(&trunk, peer).map(|peer| peer.hops().collect()).unwrap_or_default();
        let wait = if hops.is_empty() { ADDRESS_WAIT } else { every };
        self.agenda.set(Due::Probe(trunk.clone(), peer), now.mono + wait);
        for hop in hops {
            let Some(state) = self.peer_mut(&trunk, peer) else { return };
            let at = state.at(peer, hop);
            if let Some(target) = state.target_mut(hop) {
                target.probe = Some(now.mono);
                self.actions.push_back(TrunkAction::Probe { trunk: trunk.clone(), at });
            }
        }
    }

    /// A target that is asked by OPTIONS stays down until it answers one; another is tried with a call.
    pub(crate) fn retry(&mut self, now: Now, trunk: &str, peer: usize, hop: Hop) {
        if self.trunks.get(trunk).is_some_and(|state| state.probes_every().is_some()) {
            return;
        }
        self.note(now, trunk, peer, hop, |target| {
            target.health.try_again(now);
            true
        });
    }

    pub(crate) fn register(&mut self, now: Now, trunk: String) {
        let known = self.at(&trunk, 0).is_some();
        let Some(state) = self.trunks.get(&trunk) else { return };
        let expires = state.registration.lifetime_secs(state.trunk.register_secs);
        let wait = if known { PATIENCE } else { ADDRESS_WAIT };
        self.agenda.set(Due::Register(trunk.clone()), now.mono + wait);
        if known {
            self.actions.push_back(TrunkAction::Register { trunk, expires });
        }
    }

    pub(crate) fn note(
        &mut self,
        now: Now,
        trunk: &str,
        peer: usize,
        hop: Hop,
        change: impl FnOnce(&mut TargetState) -> bool,
    ) {
        let Some(target) = self.peer_mut(trunk, peer).and_then(|peer| peer.target_mut(hop)) else { return };
        if !change(target) {
            return;
        }
        let (up, until) = (target.health.is_up(), target.health.down_until());
        self.retry_at(trunk, peer, hop, until.map(|until| until.max(now.mono)));
        self.actions.push_back(TrunkAction::Changed { trunk: trunk.to_owned(), peer, hop, up });
    }

    pub(crate) fn retry_at(&mut self, trunk: &str, peer: usize, hop: Hop, at: Option<Mono>) {
        let due = Due::Retry(trunk.to_owned(), peer, hop);
        match at {
            Some(at) => self.agenda.set(due, at),
            None => self.agenda.stop(&due),
        }
    }

    /// Puts on the agenda what a trunk does by itself; its peers are looked for at once.
    pub(crate) fn schedule(&mut self, now: Now, name: &str) {
        let Some(state) = self.trunks.get(name) else { return };
        let (probes, registers) = (state.probes_every().is_some(), state.trunk.register);
        let down = |(at, peer): (usize, &PeerState)| {
            let targets = peer.targets().iter();
            targets.map(|target| (at, target.hop, target.health.down_until())).collect::<Vec<_>>()
        };
        let downs: Vec<_> = state.peers.iter().enumerate().flat_map(down).collect();
        let peers = state.peers.len();
        downs.into_iter().for_each(|(peer, hop, until)| self.retry_at(name, peer, hop, until));
        for index in 0..peers {
            self.locate_peer(now, name, index);
            if self.owner && probes {
                let at = now.mono + Duration::from_millis(self.jitter(name, index as u64, 1_000).into());
                self.agenda.set(Due::Probe(name.to_owned(), index), at);
            }
        }
        let due = Due::Register(name.to_owned());
        if self.owner && registers && !self.agenda.has(&due) {
            self.agenda.set(due, now.mono);
        }
    }

    pub(crate) fn forget(&mut self, old: &TrunkState, stays_registered: bool) {
        let name = &old.trunk.name;
        for (index, peer) in old.peers.iter().enumerate() {
            self.agenda.stop(&Due::Probe(name.clone(), index));
            self.agenda.stop(&Due::Locate(name.clone(), index));
            peer.hops().for_each(|hop| self.agenda.stop(&Due::Retry(name.clone(), index, hop)));
        }
        if !stays_registered {
            self.agenda.stop(&Due::Register(name.clone()));
            if self.owner && old.trunk.register {
                self.actions.push_back(TrunkAction::Unregister { trunk: name.clone() });
            }
        }
    }

    pub(crate) fn peer_mut(&mut self, trunk: &str, peer: usize) -> Option<&mut PeerState> {
        self.trunks.get_mut(trunk)?.peers.get_mut(peer)
    }

    /// A number below `bound` that differs from trunk to trunk and from node to node.
    pub(crate) fn jitter(&self, trunk: &str, salt: u64, bound: u64) -> u32 {
        let mut hasher = DefaultHasher::new();
        (self.seed, trunk, salt).hash(&mut hasher);
        (hasher.finish() % bound.max(1)) as u32
    }
}
