//! Trunks as people see them.

use std::net::SocketAddr;

use base::Wall;
use base::wire::Transport;
use serde::Serialize;

use crate::RegistrationState;

/// One trunk now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrunkView {
    /// Its name.
    pub name: String,
    /// Its peers, in the order set up.
    pub peers: Vec<PeerView>,
    /// Our registration with it.
    pub registration: RegistrationState,
    /// Calls it carries, over all shards.
    pub calls: u32,
}

/// One address of a peer now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetView {
    /// The protocol.
    pub transport: Transport,
    /// The address.
    pub addr: SocketAddr,
    /// Whether calls go there first.
    pub up: bool,
    /// Since when it is up or down.
    pub since: Wall,
    /// Failures in a row.
    pub failures: u32,
    /// Milliseconds the last answered OPTIONS took.
    pub rtt_ms: Option<u32>,
}

/// One peer of a trunk now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerView {
    /// Its URI.
    pub uri: String,
    /// Whether one of its targets is up: calls go there first.
    pub up: bool,
    /// Since when it is up or down.
    pub since: Wall,
    /// Failures in a row of its best target.
    pub failures: u32,
    /// Milliseconds the last answered OPTIONS took.
    pub rtt_ms: Option<u32>,
    /// Where it was found, in the order of the DNS; none while that is not known.
    pub targets: Vec<TargetView>,
}

#[cfg(test)]
pub(crate) mod testing {
    use provision::{Peer, Trunk};

    /// A plain trunk to these peers, all of one priority and weight.
    pub(crate) fn trunk(name: &str, uris: &[&str]) -> Trunk {
        let peer = |uri: &&str| Peer { uri: (*uri).to_owned(), priority: 0, weight: 10 };
        let mut trunk = Trunk::named(name);
        trunk.peers = uris.iter().map(peer).collect();
        trunk
    }
}
