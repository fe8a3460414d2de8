//! Which listener faces a peer.

use std::net::SocketAddr;

use crate::routes::Routes;

/// The index of the listener to use towards `remote`: the one on the address the system would choose, else one
/// on every address, else one the peer can reach. `None` when no listener of its family can.
pub(crate) fn facing(listeners: &[SocketAddr], remote: SocketAddr, routes: &Routes) -> Option<usize> {
    let usable = |listener: &SocketAddr| {
        let reaches = remote.ip().is_loopback() || !listener.ip().is_loopback();
        listener.is_ipv4() == remote.is_ipv4() && reaches
    };
    let candidates = || listeners.iter().enumerate().filter(|(_, listener)| usable(listener));
    let (first, _) = candidates().next()?;
    if candidates().nth(1).is_none() {
        return Some(first);
    }
    let chosen = routes.local_ip(remote.ip());
    let exact = candidates().find(|(_, listener)| Some(listener.ip()) == chosen);
    let any = || candidates().find(|(_, listener)| listener.ip().is_unspecified());
    exact.or_else(any).map_or(Some(first), |(index, _)| Some(index))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn choose(listeners: &[&str], remote: &str) -> Option<usize> {
        let listeners: Vec<SocketAddr> = listeners.iter().map(|text| text.parse().unwrap()).collect();
        facing(&listeners, remote.parse().unwrap(), &Routes::new(Arc::default()))
    }

    #[test]
    fn the_listener_on_the_chosen_address_wins_over_one_on_every_address() {
        assert_eq!(choose(&["0.0.0.0:5060", "127.0.0.1:5070"], "127.0.0.2:5060"), Some(1));
        assert_eq!(choose(&["192.0.2.1:5060", "0.0.0.0:5070"], "127.0.0.2:5060"), Some(1));
    }

    #[test]
    fn a_loopback_listener_does_not_face_the_world() {
        assert_eq!(choose(&["127.0.0.1:5060"], "192.0.2.9:5060"), None);
    }

    #[test]
    fn families_do_not_mix() {
        assert_eq!(choose(&["0.0.0.0:5060"], "[::1]:5060"), None);
        assert_eq!(choose(&["0.0.0.0:5060", "[::]:5060"], "[::1]:5060"), Some(1));
    }
}
