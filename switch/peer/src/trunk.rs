//! What is known of one trunk while it runs.

use std::time::Duration;

use base::wire::Transport;
use base::{Mono, Now};
use provision::{Peer, PeerUri, Trunk};

use crate::capacity::Usage;
use crate::health::Health;
use crate::registration::Registration;
use crate::selection::Candidate;
use crate::{PeerView, TrunkView};

#[derive(Clone, Debug)]
pub(crate) struct TrunkState {
    pub(crate) trunk: Trunk,
    pub(crate) peers: Vec<PeerState>,
    pub(crate) registration: Registration,
    pub(crate) usage: Usage,
}

#[derive(Clone, Debug)]
pub(crate) struct PeerState {
    pub(crate) uri: String,
    /// None when the URI cannot be read; such a peer is never tried.
    pub(crate) target: Option<PeerUri>,
    pub(crate) transport: Transport,
    pub(crate) health: Health,
    pub(crate) probe: Option<Mono>,
    pub(crate) rtt_ms: Option<u32>,
}

impl TrunkState {
    /// The trunk as newly set up, keeping of its former state what still applies.
    pub(crate) fn new(now: Now, trunk: &Trunk, former: Option<Self>) -> Self {
        let mut peers: Vec<PeerState> =
            trunk.peers.iter().map(|peer| PeerState::new(now, peer, trunk.transport)).collect();
        let Some(former) = former else {
            let registration = Registration::new(trunk.register);
            return Self { trunk: trunk.clone(), peers, registration, usage: Usage::default() };
        };
        for peer in &mut peers {
            let same = |it: &&PeerState| it.uri == peer.uri && it.transport == peer.transport;
            if let Some(former) = former.peers.iter().find(same) {
                peer.health = former.health.clone();
                peer.rtt_ms = former.rtt_ms;
            }
        }
        let same = registers_alike(&former.trunk, trunk);
        let registration = if same { former.registration } else { Registration::new(trunk.register) };
        Self { trunk: trunk.clone(), peers, registration, usage: former.usage }
    }

    pub(crate) fn probes_every(&self) -> Option<Duration> {
        (self.trunk.health_secs > 0).then(|| Duration::from_secs(self.trunk.health_secs.into()))
    }

    pub(crate) fn candidates(&self) -> Vec<Candidate> {
        let of = |(peer, (state, set_up)): (usize, (&PeerState, &Peer))| Candidate {
            peer,
            up: state.health.is_up(),
            priority: set_up.priority,
            weight: set_up.weight,
        };
        self.peers.iter().zip(&self.trunk.peers).enumerate().map(of).collect()
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

impl PeerState {
    fn new(now: Now, peer: &Peer, transport: Transport) -> Self {
        let target: Option<PeerUri> = peer.uri.parse().ok(); // a URI that `provision::check` would refuse
        Self {
            uri: peer.uri.clone(),
            transport: target.as_ref().and_then(|it| it.transport).unwrap_or(transport),
            target,
            health: Health::new(now),
            probe: None,
            rtt_ms: None,
        }
    }

    fn view(&self) -> PeerView {
        PeerView {
            uri: self.uri.clone(),
            up: self.health.is_up(),
            since: self.health.since(),
            failures: self.health.failures(),
            rtt_ms: self.rtt_ms,
        }
    }
}
