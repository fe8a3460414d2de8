//! Our own addresses as a peer should see them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base::dns::Listens;
use base::wire::{Locals, Transport};

use crate::facing::facing;
use crate::routes::Routes;

/// The listeners as bound, and the addresses to show instead.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) udp: Vec<SocketAddr>,
    pub(crate) tcp: Vec<SocketAddr>,
    pub(crate) tls: Vec<SocketAddr>,
    pub(crate) ws: Vec<SocketAddr>,
    pub(crate) wss: Vec<SocketAddr>,
    pub(crate) external_ip: Option<IpAddr>,
    pub(crate) media_external_ip: Option<IpAddr>,
    pub(crate) media_ip: Option<IpAddr>,
}

impl Shown {
    pub(crate) fn listeners(&self, transport: Transport) -> &[SocketAddr] {
        match transport {
            Transport::Udp => &self.udp,
            Transport::Tcp => &self.tcp,
            Transport::Tls => &self.tls,
            Transport::Ws => &self.ws,
            Transport::Wss => &self.wss,
        }
    }
}

/// Answers for one shard; each copy remembers routes by itself.
#[derive(Clone, Debug)]
pub struct NetLocals {
    shown: Arc<Shown>,
    routes: Routes,
}

impl NetLocals {
    pub(crate) fn new(shown: Arc<Shown>, routes: Routes) -> Self {
        Self { shown, routes }
    }
}

impl Locals for NetLocals {
    fn signalling(&self, transport: Transport, remote: SocketAddr) -> Option<SocketAddr> {
        let listeners = self.shown.listeners(transport);
        let listener = listeners.get(facing(listeners, remote, &self.routes)?)?;
        let ip =
            if listener.ip().is_unspecified() { self.routes.local_ip(remote.ip())? } else { listener.ip() };
        let ip = external(self.shown.external_ip, remote.ip()).unwrap_or(ip);
        Some(SocketAddr::new(ip, listener.port()))
    }

    fn media(&self, remote: SocketAddr) -> IpAddr {
        external(self.shown.media_external_ip, remote.ip())
            .or(self.shown.media_ip)
            .or_else(|| self.routes.local_ip(remote.ip()))
            .unwrap_or_else(|| unspecified(remote))
    }

    fn listens(&self) -> Listens {
        let of = |transport| Listens::at(transport, self.shown.listeners(transport));
        Transport::ALL.into_iter().map(of).fold(Listens::default(), Listens::or)
    }
}

/// The configured address where it applies: same family, and a peer beyond this machine.
fn external(configured: Option<IpAddr>, remote: IpAddr) -> Option<IpAddr> {
    configured.filter(|ip| ip.is_ipv4() == remote.is_ipv4() && !remote.is_loopback())
}

fn unspecified(remote: SocketAddr) -> IpAddr {
    match remote {
        SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locals(udp: &str, external: Option<&str>) -> NetLocals {
        let external = external.map(|ip| ip.parse().unwrap());
        let udp = vec![udp.parse().unwrap()];
        let shown = Shown { udp, external_ip: external, media_external_ip: external, ..Shown::default() };
        NetLocals::new(Arc::new(shown), Routes::new(Arc::default()))
    }

    #[test]
    fn a_peer_beyond_this_machine_sees_the_external_address_and_the_bound_port() {
        let locals = locals("192.0.2.1:5060", Some("203.0.113.7"));
        let remote = "198.51.100.9:5060".parse().unwrap();
        assert_eq!(locals.signalling(Transport::Udp, remote), Some("203.0.113.7:5060".parse().unwrap()));
        assert_eq!(locals.media(remote), IpAddr::from([203, 0, 113, 7]));
    }

    #[test]
    fn a_loopback_peer_sees_the_loopback_address_even_then() {
        let locals = locals("0.0.0.0:5060", Some("203.0.113.7"));
        let remote = "127.0.0.9:5060".parse().unwrap();
        assert_eq!(locals.signalling(Transport::Udp, remote), Some("127.0.0.1:5060".parse().unwrap()));
        assert_eq!(locals.media(remote), IpAddr::from([127, 0, 0, 1]));
    }

    #[test]
    fn media_with_one_address_shows_that_one_to_every_peer() {
        let media_ip = Some(IpAddr::from([127, 0, 0, 5]));
        let shown = Shown { media_ip, ..Shown::default() };
        let locals = NetLocals::new(Arc::new(shown), Routes::new(Arc::default()));
        assert_eq!(locals.media("127.0.0.9:5060".parse().unwrap()), IpAddr::from([127, 0, 0, 5]));
    }

    #[test]
    fn a_protocol_nobody_listens_on_has_no_address() {
        let locals = locals("127.0.0.1:5060", None);
        assert_eq!(locals.signalling(Transport::Tcp, "127.0.0.9:5060".parse().unwrap()), None);
    }
}
