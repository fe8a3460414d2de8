//! What a URI says of the server it names: the input of RFC 3263, and all of it where the host is an address.

use std::net::SocketAddr;

use base::dns::{self, Protocol, Server};
use base::wire::{Target, Transport};

use crate::message::{Host, Scheme, Uri};

/// The server a URI names: `maddr` before the host (RFC 3263 §4). `None` when its scheme or transport is not ours:
/// SCTP (RFC 4168) among them.
#[must_use]
pub fn server_of(uri: &Uri) -> Option<Server> {
    let secure = match uri.scheme() {
        Scheme::Sip => false,
        Scheme::Sips => true,
        Scheme::Tel | Scheme::Other => return None,
    };
    let transport = uri.param("transport").map(transport_of).map_or(Some(None), |it| it.map(Some))?;
    let maddr = uri.param("maddr").and_then(|text| Host::parse(text).ok());
    let host = match maddr.as_ref().or_else(|| uri.host())? {
        Host::Name(name) => dns::Host::named(name),
        Host::V4(ip) => dns::Host::Ip((*ip).into()),
        Host::V6(ip) => dns::Host::Ip((*ip).into()),
    };
    Some(Server { host, port: uri.port(), transport, secure })
}

/// Where a request for this URI goes: `None` when its host is a name, which needs the DNS, or its scheme or
/// transport is not ours.
#[must_use]
pub fn target_of(uri: &Uri) -> Option<Target> {
    let server = server_of(uri)?;
    match (server.protocol(), server.host) {
        (Protocol::Only(transport), dns::Host::Ip(ip)) => {
            let remote = SocketAddr::new(ip, server.port.unwrap_or_else(|| transport.default_port()));
            Some(Target::Addr { transport, remote })
        }
        (Protocol::Only(_) | Protocol::Any | Protocol::Impossible, _) => None,
    }
}

fn transport_of(name: &str) -> Option<Transport> {
    let ours = [Transport::Udp, Transport::Tcp, Transport::Tls, Transport::Ws];
    ours.into_iter().find(|transport| name.eq_ignore_ascii_case(transport.param()))
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
        assert_eq!(target("sips:a@127.0.0.1"), Some((Transport::Tls, "127.0.0.1:5061".into())));
        assert_eq!(
            target("sips:127.0.0.1:5099;transport=tcp"),
            Some((Transport::Tls, "127.0.0.1:5099".into()))
        );
        assert_eq!(target("sip:127.0.0.1;transport=tls"), Some((Transport::Tls, "127.0.0.1:5061".into())));
    }

    /// RFC 3263 §4: TARGET is the maddr where there is one.
    #[test]
    fn maddr_stands_before_the_host() {
        assert_eq!(
            target("sip:b.test:5070;maddr=127.0.0.9"),
            Some((Transport::Udp, "127.0.0.9:5070".into()))
        );
    }

    /// RFC 3263 §4, RFC 4168, RFC 3261 §26.2.2.
    #[test]
    fn names_and_transports_we_lack_have_no_target() {
        for uri in [
            "sip:a@b.test",
            "sips:a@127.0.0.1;transport=udp",
            "sip:127.0.0.1;transport=ws",
            "sip:127.0.0.1;transport=sctp",
            "sips:127.0.0.1;transport=tls-sctp",
            "tel:+15550100",
        ] {
            assert_eq!(target(uri), None, "{uri}");
        }
    }

    #[test]
    fn what_the_dns_needs_is_kept_apart() {
        let server = server_of(&Uri::parse("sip:a@GW.Example.:5070;transport=tcp").unwrap()).unwrap();
        assert_eq!(
            server,
            Server {
                host: dns::Host::Name("gw.example".into()),
                port: Some(5070),
                transport: Some(Transport::Tcp),
                secure: false
            }
        );
        assert_eq!(server_of(&Uri::parse("sip:b.test;transport=sctp").unwrap()), None);
    }
}
