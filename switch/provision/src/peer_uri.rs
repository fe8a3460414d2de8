//! The address of a trunk's peer: a SIP URI that names a host, and nothing that needs a SIP parser.

use std::net::IpAddr;
use std::str::FromStr;

use base::dns::{Host, Server};
use base::wire::Transport;

/// Characters of a host name (RFC 1035 §2.3.4).
const NAME_CHARS: usize = 253;

/// What a peer's URI says: `sip:[user@]host[:port][;transport=udp|tcp|tls]`, or `sips:` for TLS alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerUri {
    /// Where.
    pub host: Host,
    /// The port, when the URI names one.
    pub port: Option<u16>,
    /// The protocol, when the URI names one.
    pub transport: Option<Transport>,
    /// Whether only TLS will do: `sips`.
    pub secure: bool,
}

impl PeerUri {
    /// The server to locate; `transport` is meant where the URI names none.
    #[must_use]
    pub fn server(&self, transport: Option<Transport>) -> Server {
        let named = transport.filter(|_| !self.secure);
        let transport = self.transport.or(named);
        Server { host: self.host.clone(), port: self.port, transport, secure: self.secure }
    }
}

/// A URI that is no address of a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no peer ({reason}); allowed: sip:HOST[:PORT][;transport=udp|tcp|tls], such as sip:198.51.100.10:5060"
)]
pub struct BadPeerUri {
    found: String,
    reason: &'static str,
}

impl FromStr for PeerUri {
    type Err = BadPeerUri;

    fn from_str(text: &str) -> Result<Self, BadPeerUri> {
        read(text).map_err(|reason| BadPeerUri { found: text.chars().take(80).collect(), reason })
    }
}

fn read(text: &str) -> Result<PeerUri, &'static str> {
    let (scheme, rest) = text.split_once(':').ok_or("it does not begin with sip:")?;
    let secure = scheme.eq_ignore_ascii_case("sips");
    if !secure && !scheme.eq_ignore_ascii_case("sip") {
        return Err("it does not begin with sip:");
    }
    if rest.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"?,".contains(c)) {
        return Err("it has a character that does not belong there");
    }
    let mut parts = rest.split(';');
    let place = parts.next().unwrap_or_default();
    let place = place.rsplit_once('@').map_or(place, |(_user, place)| place);
    let (host, port) = host_and_port(place)?;
    let mut transport = None;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if name.eq_ignore_ascii_case("transport") {
            transport = Some(match (value.to_ascii_lowercase().as_str(), secure) {
                ("udp", false) => Transport::Udp,
                ("tcp", false) => Transport::Tcp,
                ("tls", _) | ("tcp", true) => Transport::Tls,
                _ => return Err("its transport is none of udp, tcp and tls"),
            });
        }
    }
    Ok(PeerUri { host, port, transport, secure })
}

fn host_and_port(place: &str) -> Result<(Host, Option<u16>), &'static str> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or("its IPv6 address has no ]")?;
            let ip = host.parse().map(IpAddr::V6).map_err(|_not_ip| "its IPv6 address is wrong")?;
            (Host::Ip(ip), after)
        }
        None => {
            let end = place.find(':').unwrap_or(place.len());
            let (host, after) = place.split_at(end);
            (named(host)?, after)
        }
    };
    if port.is_empty() {
        return Ok((host, None));
    }
    let digits = port.strip_prefix(':').ok_or("something follows its address")?;
    match digits.parse::<u16>() {
        Ok(number) if number > 0 => Ok((host, Some(number))),
        Ok(_) | Err(_) => Err("its port is not 1 to 65535"),
    }
}

fn named(host: &str) -> Result<Host, &'static str> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(Host::Ip(ip));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    let numeric = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    if name.is_empty() || name.len() > NAME_CHARS || numeric || !name.split('.').all(label) {
        return Err("its host is neither an address nor a name");
    }
    Ok(Host::named(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match text.parse::<PeerUri>() {
            Ok(uri) => format!("{:?} {:?} {:?}", uri.host, uri.port, uri.transport),
            Err(error) => error.reason.to_owned(),
        }
    }

    #[test]
    fn addresses_names_ports_and_transports_are_read() {
        assert_eq!(read("sip:198.51.100.10"), "Ip(198.51.100.10) None None");
        assert_eq!(
            read("SIP:gw@Carrier.Example:5070;transport=TCP"),
            r#"Name("carrier.example") Some(5070) Some(Tcp)"#
        );
        assert_eq!(read("sip:[2001:db8::1]:5080;lr"), "Ip(2001:db8::1) Some(5080) None");
    }

    /// RFC 5630 §3.1.3: a sips URI is never reached without TLS.
    #[test]
    fn tls_is_asked_for_by_parameter_or_by_scheme() {
        assert_eq!(read("sip:gw.example;transport=tls"), r#"Name("gw.example") None Some(Tls)"#);
        assert_eq!(read("sips:gw.example;transport=tcp"), r#"Name("gw.example") None Some(Tls)"#);
        assert_eq!(read("sips:gw.example;transport=udp"), "its transport is none of udp, tcp and tls");
        let server = "sips:gw.example".parse::<PeerUri>().unwrap().server(Some(Transport::Udp));
        assert_eq!((server.secure, server.transport), (true, None));
    }

    #[test]
    fn what_is_no_peer_is_refused_with_its_reason() {
        for wrong in
            ["", "198.51.100.10", "sip:", "sip:a b", "sip:1.2.3.400", "sip:h:0", "sip:h:70000", "sip:[::1"]
        {
            assert!(wrong.parse::<PeerUri>().is_err(), "{wrong}");
        }
        assert_eq!(read("sip:h;transport=ws"), "its transport is none of udp, tcp and tls");
    }
}
