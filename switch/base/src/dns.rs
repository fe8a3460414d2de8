//! Questions to the DNS and what may come back: the words between whoever locates servers and the network.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::wire::Transport;

/// A server to locate: what a SIP URI says of it (RFC 3263 §4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Server {
    /// The host, by address or by name.
    pub host: Host,
    /// The port, when the URI names one.
    pub port: Option<u16>,
    /// The protocol, when the URI names one.
    pub transport: Option<Transport>,
    /// Whether only TLS will do: `sips`.
    pub secure: bool,
}

impl Server {
    /// The protocol its requests take (RFC 3263 §4.1): the one it names; else with an address or a port UDP, or TLS
    /// for `sips`. `sips` over `tcp` means TLS, and never UDP (RFC 3261 §26.2.2). WebSockets are opened by clients
    /// alone (RFC 7118 §5).
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        match (self.transport, self.secure) {
            (Some(Transport::Tls), _) | (Some(Transport::Tcp), true) => Protocol::Only(Transport::Tls),
            (Some(Transport::Udp), true) | (Some(Transport::Ws | Transport::Wss), _) => Protocol::Impossible,
            (Some(transport @ (Transport::Udp | Transport::Tcp)), false) => Protocol::Only(transport),
            (None, _) if matches!(self.host, Host::Name(_)) && self.port.is_none() => Protocol::Any,
            (None, _) => Protocol::Only(self.usual()),
        }
    }

    /// What is meant where nothing says otherwise: UDP, or TLS for `sips`.
    #[must_use]
    pub fn usual(&self) -> Transport {
        if self.secure { Transport::Tls } else { Transport::Udp }
    }
}

/// The protocol that requests to a server take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// This one.
    Only(Transport),
    /// What its domain offers.
    Any,
    /// There is none.
    Impossible,
}

/// A host by address or by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// An address.
    Ip(IpAddr),
    /// A name to look up, in lower case and without a dot at its end.
    Name(String),
}

impl Host {
    /// A name as the DNS compares it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::Name(name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase())
    }
}

/// As a certificate or an address book has it: no brackets around IPv6.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => write!(f, "{ip}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The name, in lower case and without a dot at its end.
    pub name: String,
    /// Which records of it.
    pub kind: RecordKind,
}

/// The kinds of records that lead to a SIP server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// Services and protocols of a domain (RFC 3403).
    Naptr,
    /// Hosts and ports of a service (RFC 2782).
    Srv,
    /// IPv4 addresses of a host.
    A,
    /// IPv6 addresses of a host.
    Aaaa,
}

/// What came of a question. Aliases (CNAME) have been followed already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Records.
    Records {
        /// They, in no certain order.
        records: Vec<Record>,
        /// How long they hold.
        ttl: Duration,
    },
    /// The name has no such records, or does not exist (RFC 2308).
    Nothing {
        /// How long that holds, where the DNS said so.
        ttl: Option<Duration>,
    },
    /// Nobody answered, or with an error: nothing is known.
    Failed,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// A service of a domain.
    Naptr {
        /// Lower comes first, always.
        order: u16,
        /// Among equal orders lower is wanted first.
        preference: u16,
        /// What the replacement is: `s` for a name with SRV records.
        flags: String,
        /// The service: `SIP+D2U`.
        service: String,
        /// The next name.
        replacement: String,
    },
    /// A host of a service.
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// The share among equal priorities.
        weight: u16,
        /// Its port.
        port: u16,
        /// Its name; empty when the service is decidedly not there (RFC 2782, a target of `.`).
        target: String,
    },
    /// An address of a host.
    Address(IpAddr),
}

/// For which protocols and address families we listen: others cannot answer us, so requests do not go there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listens {
    bits: u16,
}

impl Listens {
    /// For every protocol in both families.
    pub const ALL: Self = Self { bits: u16::MAX };

    /// For one protocol in the families of these addresses.
    #[must_use]
    pub fn at<'a>(transport: Transport, listeners: impl IntoIterator<Item = &'a SocketAddr>) -> Self {
        let add = |listens: Self, at: &SocketAddr| listens.with(transport, Family::of(at.ip()));
        listeners.into_iter().fold(Self::default(), add)
    }

    /// What either of them says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { bits: self.bits | other.bits }
    }

    /// The same and one more.
    #[must_use]
    pub fn with(self, transport: Transport, family: Family) -> Self {
        Self { bits: self.bits | bit(transport, family) }
    }

    /// Whether we listen for this protocol in this family.
    #[must_use]
    pub fn on(self, transport: Transport, family: Family) -> bool {
        self.bits & bit(transport, family) != 0
    }

    /// Whether we listen for this protocol at all.
    #[must_use]
    pub fn over(self, transport: Transport) -> bool {
        self.on(transport, Family::V4) || self.on(transport, Family::V6)
    }
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// That of an address.
    #[must_use]
    pub fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

fn bit(transport: Transport, family: Family) -> u16 {
    let place = transport as u16 * 2 + family as u16;
    1 << place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_and_family_is_listened_for_by_itself() {
        let listens = Listens::default().with(Transport::Udp, Family::V4).with(Transport::Tls, Family::V6);
        let on: Vec<_> = Transport::ALL
            .into_iter()
            .flat_map(|transport| Family::ALL.map(|family| (transport, family)))
            .filter(|(transport, family)| listens.on(*transport, *family))
            .collect();
        assert_eq!(on, [(Transport::Udp, Family::V4), (Transport::Tls, Family::V6)]);
        assert!(listens.over(Transport::Tls) && !listens.over(Transport::Tcp));
    }

    #[test]
    fn a_name_is_kept_as_the_dns_compares_it() {
        assert_eq!(Host::named("GW.Example."), Host::Name("gw.example".to_owned()));
    }
}
