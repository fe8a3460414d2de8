//! From a URI to addresses, as far as the answers reach: RFC 3263 §4.1 and §4.2.
//!
//! ```text
//!   address, port or transport in the URI?
//!     address ───────────────────────────────────────────────────────────▶ it, port or default
//!     name, port ─────────────────────────────────────────▶ A/AAAA ──────▶ that port
//!     name, transport ───────────────▶ SRV of it ─┬ none ─▶ A/AAAA ──────▶ default port
//!     name alone ──▶ NAPTR ─┬ some ──▶ SRV of them│
//!                           └ none ──▶ SRV of ours┴ some ─▶ A/AAAA of targets
//! ```

use std::net::{IpAddr, SocketAddr};

use base::Mono;
use base::dns::{Family, Host, Listens, Protocol, Question, Record, RecordKind, Server};
use base::limits::PEER_ADDRESSES;
use base::wire::Transport;

use super::cache::{Cache, Known};
use super::located::{Located, Place};

/// The protocols a domain without NAPTR is asked for, in our order.
const OURS: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// What is there; whole only when nothing is missing.
    pub(super) located: Located,
    /// Questions without an answer.
    pub(super) missing: Vec<Question>,
    /// Answers used that have outlived their time.
    pub(super) outdated: Vec<Question>,
    /// When the first of the answers used has to be asked for again.
    pub(super) fresh_until: Option<Mono>,
}

/// A protocol the server may offer, and the name of its SRV records.
struct Service {
    transport: Transport,
    rank: u16,
    name: String,
}

struct Walk<'a> {
    cache: &'a mut Cache,
    now: Mono,
    listens: Listens,
    port: Option<u16>,
    walked: Walked,
}

/// Walks as far as the answers reach.
pub(super) fn walk(cache: &mut Cache, now: Mono, listens: Listens, server: &Server) -> Walked {
    let mut walk = Walk { cache, now, listens, port: server.port, walked: Walked::default() };
    match (server.protocol(), &server.host) {
        (Protocol::Impossible, _) | (Protocol::Any, Host::Ip(_)) => {}
        (Protocol::Only(transport), Host::Ip(ip)) => walk.place(transport, &[*ip]),
        (Protocol::Only(transport), Host::Name(name)) if server.port.is_some() => walk.host(transport, name),
        (Protocol::Only(transport), Host::Name(name)) => {
            let service = Service { transport, rank: 0, name: srv_name(transport, name) };
            walk.services(vec![service], transport, name);
        }
        (Protocol::Any, Host::Name(name)) => walk.domain(server, name),
    }
    walk.walked
}

fn srv_name(transport: Transport, domain: &str) -> String {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp | Transport::Ws => "_sip._tcp",
        Transport::Tls | Transport::Wss => "_sips._tcp",
    };
    format!("{service}.{domain}")
}

impl Walk<'_> {
    /// A name with neither port nor transport: NAPTR, else SRV of what we speak (RFC 3263 §4.1).
    fn domain(&mut self, server: &Server, domain: &str) {
        let Some(records) = self.look(RecordKind::Naptr, domain) else { return };
        let secure = server.secure;
        let (about_sip, services) = self.offered(&records, secure);
        if about_sip {
            return self.services(services, server.usual(), "");
        }
        let ours = OURS.into_iter().zip(0..).filter(|(transport, _)| !secure || transport.is_secure());
        let ours = ours.filter(|(transport, _)| self.listens.over(*transport));
        let services =
            ours.map(|(transport, rank)| Service { transport, rank, name: srv_name(transport, domain) });
        self.services(services.collect(), server.usual(), domain);
    }

    /// Whether the domain names SIP services at all, and those of them that we speak, best first.
    fn offered(&self, records: &[Record], secure: bool) -> (bool, Vec<Service>) {
        let mut about_sip = false;
        let mut services = Vec::new();
        for record in records {
            let Record::Naptr { flags, service, replacement, .. } = record else { continue };
            let Some(transport) = protocol_of(service) else {
                about_sip |= is_sip(service);
                continue;
            };
            about_sip = true;
            let wanted = self.listens.over(transport) && (!secure || transport.is_secure());
            if wanted && flags.eq_ignore_ascii_case("s") && !replacement.is_empty() {
                let rank = u16::try_from(services.len()).unwrap_or(u16::MAX);
                services.push(Service { transport, rank, name: replacement.clone() });
            }
        }
        (about_sip, services)
    }

    /// The SRV records of all services; without any of them the domain's own address (RFC 3263 §4.2), unless
    /// NAPTR has sent us here (an empty `domain`).
    fn services(&mut self, services: Vec<Service>, default: Transport, domain: &str) {
        let mut found = false;
        for service in services {
            let Some(records) = self.look(RecordKind::Srv, &service.name) else {
                found = true;
                continue;
            };
            found |= !records.is_empty();
            for record in records {
                self.target(&service, &record);
            }
        }
        if !found && !domain.is_empty() {
            self.host(default, domain);
        }
    }

    fn target(&mut self, service: &Service, record: &Record) {
        let Record::Srv { priority, weight, port, target } = record else { return };
        if target.is_empty() || *port == 0 {
            return;
        }
        let Some(addrs) = self.addresses(service.transport, target, *port) else { return };
        self.put(Place {
            transport: service.transport,
            rank: service.rank,
            priority: *priority,
            weight: *weight,
            addrs,
        });
    }

    /// A host by name at the port of the URI, else at the default.
    fn host(&mut self, transport: Transport, name: &str) {
        let port = self.port.unwrap_or_else(|| transport.default_port());
        let Some(addrs) = self.addresses(transport, name, port) else { return };
        self.put(Place { transport, rank: 0, priority: 0, weight: 0, addrs });
    }

    fn place(&mut self, transport: Transport, ips: &[IpAddr]) {
        let port = self.port.unwrap_or_else(|| transport.default_port());
        let addrs = ips.iter().map(|ip| SocketAddr::new(*ip, port)).collect();
        self.put(Place { transport, rank: 0, priority: 0, weight: 0, addrs });
    }

    /// IPv6 and IPv4 by turns, IPv6 first (RFC 7984 §3, RFC 8305 §4); only families we listen in.
    fn addresses(&mut self, transport: Transport, name: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let mut families = Vec::new();
        for (family, kind) in [(Family::V6, RecordKind::Aaaa), (Family::V4, RecordKind::A)] {
            if self.listens.on(transport, family) {
                families.push(self.look(kind, name));
            }
        }
        let families: Vec<Vec<IpAddr>> =
            families.into_iter().map(|records| Some(usable(&records?))).collect::<Option<_>>()?;
        let longest = families.iter().map(Vec::len).max().unwrap_or(0);
        let by_turns = (0..longest).flat_map(|at| families.iter().filter_map(move |ips| ips.get(at)));
        Some(by_turns.map(|ip| SocketAddr::new(*ip, port)).collect())
    }

    fn put(&mut self, mut place: Place) {
        let places = &mut self.walked.located.places;
        let known = |addr: &SocketAddr| {
            places.iter().any(|other| other.transport == place.transport && other.addrs.contains(addr))
        };
        place.addrs.retain(|addr| !known(addr));
        let room = PEER_ADDRESSES.saturating_sub(places.iter().map(|place| place.addrs.len()).sum());
        place.addrs.truncate(room);
        if !place.addrs.is_empty() {
            places.push(place);
        }
    }

    /// The records of a name; `None` when no answer has come yet.
    fn look(&mut self, kind: RecordKind, name: &str) -> Option<Vec<Record>> {
        let question = Question { name: name.to_owned(), kind };
        match self.cache.look(self.now, &question) {
            Known::Records(records, fresh_until) => {
                let records = records.to_vec();
                let first = self.walked.fresh_until.map_or(fresh_until, |first| first.min(fresh_until));
                self.walked.fresh_until = Some(first);
                if fresh_until <= self.now {
                    self.walked.outdated.push(question);
                }
                Some(records)
            }
            Known::Missing => {
                self.walked.missing.push(question);
                None
            }
        }
    }
}

/// The protocol of a NAPTR service we can speak (RFC 3263 §4.1).
fn protocol_of(service: &str) -> Option<Transport> {
    let is = |known: &str| service.eq_ignore_ascii_case(known);
    if is("SIP+D2U") {
        Some(Transport::Udp)
    } else if is("SIP+D2T") {
        Some(Transport::Tcp)
    } else if is("SIPS+D2T") {
        Some(Transport::Tls)
    } else {
        None
    }
}

/// Whether a service is SIP by another protocol: SCTP (RFC 4168) or WebSocket (RFC 7118).
fn is_sip(service: &str) -> bool {
    let protocol = service.split('+').next().unwrap_or_default();
    protocol.eq_ignore_ascii_case("SIP") || protocol.eq_ignore_ascii_case("SIPS")
}

/// Addresses a request may go to: not to many at once, not to nobody.
fn usable(records: &[Record]) -> Vec<IpAddr> {
    let addresses = records.iter().filter_map(|record| match record {
        Record::Address(ip) => Some(ip.to_canonical()),
        Record::Naptr { .. } | Record::Srv { .. } => None,
    });
    let mut ips = Vec::new();
    for ip in addresses.filter(|ip| !ip.is_multicast() && !ip.is_unspecified()) {
        if !ips.contains(&ip) && ip != IpAddr::V4(std::net::Ipv4Addr::BROADCAST) {
            ips.push(ip);
        }
    }
    ips
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
