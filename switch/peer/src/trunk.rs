//! What is known of one trunk while it runs.

use std::time::Duration;

use base::{Entropy, Now};
use provision::{Peer, Trunk};

use crate::capacity::Usage;
use crate::reach::PeerState;
use crate::registration::Registration;
use crate::selection::{self, Candidate};
use crate::{PeerAt, TrunkView};

#[derive(Clone, Debug)]
pub(crate) struct TrunkState {
    pub(crate) trunk: Trunk,
    pub(crate) peers: Vec<PeerState>,
    pub(crate) registration: Registration,
    pub(crate) usage: Usage,
}

impl TrunkState {
    /// The trunk as newly set up, keeping of its former state what still applies.
    pub(crate) fn new(now: Now, trunk: &Trunk, former: Option<Self>) -> Self {
        let mut peers: Vec<PeerState> =
            trunk.peers.iter().map(|peer| PeerState::new(now, peer, trunk)).collect();
        let Some(former) = former else {
            let registration = Registration::new(trunk.register);
            return Self { trunk: trunk.clone(), peers, registration, usage: Usage::default() };
        };
        for peer in &mut peers {
            former.peers.iter().for_each(|former| peer.inherit(former));
        }
        let same = registers_alike(&former.trunk, trunk);
        let registration = if same { former.registration } else { Registration::new(trunk.register) };
        Self { trunk: trunk.clone(), peers, registration, usage: former.usage }
    }

    pub(crate) fn probes_every(&self) -> Option<Duration> {
        (self.trunk.health_secs > 0).then(|| Duration::from_secs(self.trunk.health_secs.into()))
    }

    /// Every target of every peer in the order to try them; those that are down come last.
    pub(crate) fn order(&self, entropy: &mut dyn Entropy) -> Vec<PeerAt> {
        let of = |(at, (state, set_up)): (usize, (&PeerState, &Peer))| Candidate {
            at,
            up: state.is_up(),
            priority: set_up.priority.into(),
            weight: set_up.weight,
        };
        let candidates = self.peers.iter().zip(&self.trunk.peers).enumerate().map(of).collect();
        let peers = selection::order(candidates, entropy);
        let mut ordered: Vec<(PeerAt, bool)> = Vec::new();
        for (peer, state) in peers.into_iter().filter_map(|at| Some((at, self.peers.get(at)?))) {
            let targets = state.order(entropy);
            ordered.extend(targets.into_iter().map(|(hop, up)| (state.at(peer, hop), up)));
        }
        ordered.sort_by_key(|(_, up)| !up);
        ordered.into_iter().map(|(at, _)| at).collect()
    }

    pub(crate) fn view(&self) -> TrunkView {
        TrunkView {
            name: self.trunk.name.clone(),
            peers: self.peers.iter().map(PeerState::view).collect(),
            registration: self.registration.state,
            calls: self.usage.total(),
        }
    }
}

/// Whether a registration made for one is good for the other.
pub(crate) fn registers_alike(a: &Trunk, b: &Trunk) -> bool {
    let of = |it: &Trunk| {
        let first = it.peers.first().map(|peer| peer.uri.clone());
        let identity = (it.username.clone(), it.password.clone(), it.domain.clone());
        (it.register, it.register_secs, it.transport, first, identity)
    };
    of(a) == of(b)
}
