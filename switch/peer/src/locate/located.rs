//! Where a server is: targets with what decides their order.

use std::net::SocketAddr;

use base::wire::Transport;

/// One address to send to, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// The protocol.
    pub transport: Transport,
    /// The address.
    pub addr: SocketAddr,
}

/// A host of the server with its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) transport: Transport,
    /// The place of its protocol among those the server offers; lower is tried first.
    pub(crate) rank: u16,
    /// From SRV; 0 without.
    pub(crate) priority: u16,
    /// From SRV; 0 without.
    pub(crate) weight: u16,
    /// In the order to try them.
    pub(crate) addrs: Vec<SocketAddr>,
}

/// A server with all that was found of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located {
    pub(crate) places: Vec<Place>,
}

impl Located {
    /// Every address in the order of protocols and priorities; chance has no say.
    #[must_use]
    pub fn hops(&self) -> Vec<Hop> {
        let mut places: Vec<&Place> = self.places.iter().collect();
        places.sort_by_key(|place| (place.rank, place.priority, std::cmp::Reverse(place.weight)));
        places.into_iter().flat_map(Place::hops).collect()
    }
}

impl Place {
    pub(crate) fn hops(&self) -> impl Iterator<Item = Hop> {
        self.addrs.iter().map(|addr| Hop { transport: self.transport, addr: *addr })
    }
}
