//! What trunks do by themselves: resolving, probing, registering, coming back.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base::{Mono, Now};
use provision::PeerHost;

use crate::registration::PATIENCE;
use crate::trunk::{PeerState, TrunkState};
use crate::trunks::{Due, RESOLVE_AGAIN};
use crate::{PeerAt, TrunkAction, Trunks};

/// How long something waits that needs an address not yet known.
const ADDRESS_WAIT: Duration = Duration::from_secs(1);

impl Trunks {
    pub(crate) fn resolve(&mut self, now: Now, host: String) {
        let port = self.targets().find(|(name, _)| *name == host).map(|(_, port)| port);
        if let Some(port) = port {
            self.agenda.set(Due::Resolve(host.clone()), now.mono + RESOLVE_AGAIN);
            self.actions.push_back(TrunkAction::Resolve { host, port });
        }
    }

    pub(crate) fn probe(&mut self, now: Now, trunk: String, peer: usize) {
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
    pub(crate) fn retry(&mut self, now: Now, trunk: &str, peer: usize) {
        if self.trunks.get(trunk).is_some_and(|state| state.probes_every().is_some()) {
            return;
        }
        self.note(now, trunk, peer, |state| {
            state.health.try_again(now);
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
        change: impl FnOnce(&mut PeerState) -> bool,
    ) {
        let Some(state) = self.peer_mut(trunk, peer) else { return };
        if !change(state) {
            return;
        }
        let (up, until) = (state.health.is_up(), state.health.down_until());
        self.retry_at(trunk, peer, until.map(|until| until.max(now.mono)));
        self.actions.push_back(TrunkAction::Changed { trunk: trunk.to_owned(), peer, up });
    }

    pub(crate) fn retry_at(&mut self, trunk: &str, peer: usize, at: Option<Mono>) {
        let due = Due::Retry(trunk.to_owned(), peer);
        match at {
            Some(at) => self.agenda.set(due, at),
            None => self.agenda.stop(&due),
        }
    }

    pub(crate) fn schedule(&mut self, now: Now, state: &TrunkState) {
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

    pub(crate) fn forget(&mut self, old: &TrunkState, stays_registered: bool) {
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

    pub(crate) fn follow_hosts(&mut self, now: Now) {
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
    pub(crate) fn targets(&self) -> impl Iterator<Item = (&str, u16)> {
        let peers = self.trunks.values().flat_map(|state| &state.peers);
        peers.filter_map(|peer| peer.target.as_ref()).filter_map(|target| match &target.host {
            PeerHost::Ip(_) => None,
            PeerHost::Name(name) => Some((name.as_str(), target.port)),
        })
    }

    pub(crate) fn addresses(&self, state: &TrunkState, peer: usize) -> Vec<PeerAt> {
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
