//! The next hop when it is written as an address: RFC 3263 without DNS.

use std::net::SocketAddr;

use base::wire::{Target, Transport};

use crate::message::{Scheme, Uri};

/// The port of SIP over UDP and TCP.
pub(super) const SIP_PORT: u16 = 5060;

/// Where a request for this URI goes: `None` when its host is a name, or its scheme or transport not ours.
///
/// UDP and 5060 are the defaults; `maddr` is ignored.
#[must_use]
pub fn target_of(uri: &Uri) -> Option<Target> {
    if uri.scheme() != Scheme::Sip {
        return None;
    }
    let transport = match uri.param("transport") {
        None => Transport::Udp,
        Some(name) if name.eq_ignore_ascii_case(Transport::Udp.param()) => Transport::Udp,
        Some(name) if name.eq_ignore_ascii_case(Transport::Tcp.param()) => Transport::Tcp,
        Some(_) => return None,
    };
    let remote = SocketAddr::new(uri.host()?.ip()?, uri.port().unwrap_or(SIP_PORT));
    Some(Target::Addr { transport, remote })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str) -> Option<(Transport, String)> {
        target_of(&Uri::parse(uri).unwrap()).map(|target| (target.transport(), target.remote().to_string()))
    }

    #[test]
    fn an_address_needs_no_dns() {
        assert_eq!(target("sip:a@127.0.0.1"), Some((Transport::Udp, "127.0.0.1:5060".into())));
        assert_eq!(target("sip:[::1]:5070;transport=TCP"), Some((Transport::Tcp, "[::1]:5070".into())));
    }

    #[test]
    fn names_and_transports_we_lack_have_no_target() {
        for uri in ["sip:a@b.test", "sips:a@127.0.0.1", "sip:127.0.0.1;transport=ws", "tel:+15550100"] {
            assert_eq!(target(uri), None, "{uri}");
        }
    }
}
