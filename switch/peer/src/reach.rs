//! One peer of a trunk while it runs: where it was found, and how each of these targets does.

use base::dns::{Host, Server};
use base::wire::{PeerKey, Transport};
use base::{Entropy, Mono, Now, Wall};
use provision::{Peer, PeerUri, Trunk};

use crate::health::Health;
use crate::locate::Place;
use crate::selection::{self, Candidate};
use crate::view::TargetView;
use crate::{Hop, Located, PeerAt, PeerView};

#[derive(Clone, Debug)]
pub(crate) struct PeerState {
    pub(crate) uri: String,
    /// None when the URI cannot be read; such a peer is never tried.
    pub(crate) server: Option<Server>,
    /// Who it must prove to be where TLS is used.
    key: PeerKey,
    /// Set up since.
    since: Wall,
    /// The DNS owes an answer, or a newer one.
    pub(crate) asking: bool,
    places: Vec<Place>,
    targets: Vec<TargetState>,
}

/// One target: a protocol and an address.
#[derive(Clone, Debug)]
pub(crate) struct TargetState {
    pub(crate) hop: Hop,
    pub(crate) health: Health,
    pub(crate) probe: Option<Mono>,
    pub(crate) rtt_ms: Option<u32>,
}

impl PeerState {
    pub(crate) fn new(now: Now, peer: &Peer, trunk: &Trunk) -> Self {
        let uri: Option<PeerUri> = peer.uri.parse().ok(); // a URI that `provision::check` would refuse
        Self {
            uri: peer.uri.clone(),
            key: PeerKey::of(&trunk.name, uri.as_ref().map_or(&Host::Name(String::new()), |uri| &uri.host)),
            server: uri.map(|uri| uri.server(trunk.transport)),
            since: now.wall,
            asking: false,
            places: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// Takes over what was found of the same server before.
    pub(crate) fn inherit(&mut self, former: &Self) {
        if former.uri == self.uri && former.server == self.server {
            *self = former.clone();
        }
    }

    /// Whether its requests stay with UDP whatever their size, because somebody chose UDP for it.
    pub(crate) fn is_pinned(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.transport == Some(Transport::Udp))
    }

    /// It was found here; targets that stay keep their state. Returns those that are gone.
    pub(crate) fn found(&mut self, now: Now, located: Located) -> Vec<Hop> {
        let mut former = std::mem::take(&mut self.targets);
        for hop in located.hops() {
            let known = former.iter().position(|target| target.hop == hop).map(|at| former.remove(at));
            self.targets.push(known.unwrap_or_else(|| TargetState::new(now, hop)));
        }
        self.places = located.places;
        former.into_iter().map(|target| target.hop).collect()
    }

    pub(crate) fn is_up(&self) -> bool {
        self.targets.iter().any(|target| target.health.is_up())
    }

    pub(crate) fn hops(&self) -> impl Iterator<Item = Hop> {
        self.targets.iter().map(|target| target.hop)
    }

    pub(crate) fn targets(&self) -> &[TargetState] {
        &self.targets
    }

    pub(crate) fn target_mut(&mut self, hop: Hop) -> Option<&mut TargetState> {
        self.targets.iter_mut().find(|target| target.hop == hop)
    }

    /// Every target with whether it is up, hosts of one priority by chance in proportion to weight (RFC 2782).
    pub(crate) fn order(&self, entropy: &mut dyn Entropy) -> Vec<(Hop, bool)> {
        let is_up = |hop: &Hop| self.targets.iter().any(|it| it.hop == *hop && it.health.is_up());
        let candidates = self.places.iter().enumerate().map(|(at, place)| Candidate {
            at,
            up: place.hops().any(|hop| is_up(&hop)),
            priority: u32::from(place.rank) << 16 | u32::from(place.priority),
            weight: place.weight,
        });
        let places = selection::order(candidates.collect(), entropy);
        let hops = places.into_iter().filter_map(|at| self.places.get(at)).flat_map(Place::hops);
        hops.map(|hop| (hop, is_up(&hop))).collect()
    }

    /// The target to use when chance must have no say.
    pub(crate) fn first(&self) -> Option<Hop> {
        let up = self.targets.iter().find(|target| target.health.is_up());
        up.or_else(|| self.targets.first()).map(|target| target.hop)
    }

    pub(crate) fn at(&self, peer: usize, hop: Hop) -> PeerAt {
        PeerAt { peer, uri: self.uri.clone(), transport: hop.transport, addr: hop.addr, key: self.key }
    }

    pub(crate) fn view(&self) -> PeerView {
        let up = self.is_up();
        let alike = || self.targets.iter().filter(|target| target.health.is_up() == up);
        let since = alike().map(|target| target.health.since());
        PeerView {
            uri: self.uri.clone(),
            up,
            since: if up { since.min() } else { since.max() }.unwrap_or(self.since),
            failures: alike().map(|target| target.health.failures()).min().unwrap_or(0),
            rtt_ms: self.targets.iter().find_map(|target| target.rtt_ms),
            targets: self.targets.iter().map(TargetState::view).collect(),
        }
    }
}

impl TargetState {
    fn new(now: Now, hop: Hop) -> Self {
        Self { hop, health: Health::new(now), probe: None, rtt_ms: None }
    }

    fn view(&self) -> TargetView {
        TargetView {
            transport: self.hop.transport,
            addr: self.hop.addr,
            up: self.health.is_up(),
            since: self.health.since(),
            failures: self.health.failures(),
            rtt_ms: self.rtt_ms,
        }
    }
}
