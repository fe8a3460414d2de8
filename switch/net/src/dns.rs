//! Asking the DNS, one question at a time; what the answers lead to is decided elsewhere.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use base::dns::{Answer, Question, Record, RecordKind};
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};

use crate::counters::count;

/// The octets of a CNAME chain's records and all others that one answer may have are the library's business; this
/// many of its records are looked at.
const LOOKED_AT: usize = 256;

/// Whom to ask, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsConfig {
    /// Servers, all alike; empty for those of the system.
    pub servers: Vec<SocketAddr>,
    /// How long one server may take over one try.
    pub timeout: Duration,
    /// How often a question is put.
    pub tries: usize,
}

/// The way to the DNS.
pub struct Dns {
    resolver: TokioResolver,
    /// Everything together takes this long at most.
    patience: Duration,
    counters: DnsCounters,
}

#[derive(Debug, Default)]
struct DnsCounters {
    found: AtomicU64,
    nothing: AtomicU64,
    failed: AtomicU64,
}

/// The system tells no servers, or the library cannot use them.
#[derive(Debug, thiserror::Error)]
#[error("names cannot be looked up: {0}")]
pub struct NoDns(#[from] NetError);

impl Dns {
    /// Prepares; nothing is sent.
    ///
    /// # Errors
    /// When the system's configuration cannot be read or used; `config.servers` avoids that.
    pub fn new(config: &DnsConfig) -> Result<Self, NoDns> {
        let mut builder = match config.servers.as_slice() {
            [] => TokioResolver::builder_tokio()?,
            servers => {
                let servers = ResolverConfig::from_name_servers(servers.iter().map(name_server).collect());
                Resolver::builder_with_config(servers, TokioRuntimeProvider::default())
            }
        };
        bound(builder.options_mut(), config);
        let tries = u32::try_from(config.tries).unwrap_or(u32::MAX);
        let patience = config.timeout.saturating_mul(tries.saturating_add(1));
        Ok(Self { resolver: builder.build()?, patience, counters: DnsCounters::default() })
    }

    /// Asks, for as long as is configured at most.
    pub async fn ask(&self, question: &Question) -> Answer {
        let kind = record_type(question.kind);
        let Some(name) = name_of(&question.name) else {
            return self.counted(Answer::Nothing { ttl: None });
        };
        let looked_up = tokio::time::timeout(self.patience, self.resolver.lookup(name, kind)).await;
        let answer = match looked_up {
            Ok(Ok(lookup)) => read(lookup.answers(), kind),
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(nothing)))) => {
                Answer::Nothing { ttl: nothing.negative_ttl.map(|secs| Duration::from_secs(secs.into())) }
            }
            Ok(Err(error)) => {
                tracing::debug!(name = question.name, %error, "the DNS does not answer");
                Answer::Failed
            }
            Err(_late) => Answer::Failed,
        };
        self.counted(answer)
    }

    /// Questions by what came of them, since the start.
    #[must_use]
    pub fn stats(&self) -> [(&'static str, u64); 3] {
        let now = |counter: &AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
        let DnsCounters { found, nothing, failed } = &self.counters;
        [("found", now(found)), ("nothing", now(nothing)), ("failed", now(failed))]
    }

    fn counted(&self, answer: Answer) -> Answer {
        count(match &answer {
            Answer::Records { .. } => &self.counters.found,
            Answer::Nothing { .. } => &self.counters.nothing,
            Answer::Failed => &self.counters.failed,
        });
        answer
    }
}

fn name_server(at: &SocketAddr) -> NameServerConfig {
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    connections.iter_mut().for_each(|connection| connection.port = at.port());
    NameServerConfig::new(at.ip(), true, connections)
}

/// What is remembered is remembered by whoever asks.
fn bound(options: &mut ResolverOpts, config: &DnsConfig) {
    options.timeout = config.timeout;
    options.attempts = config.tries;
    options.cache_size = 0;
    options.case_randomization = true;
}

/// A name with a dot is whole: the system's search list would only lead astray (RFC 1535).
fn name_of(text: &str) -> Option<Name> {
    let mut name = Name::from_utf8(text).ok()?;
    name.set_fqdn(text.contains('.'));
    Some(name)
}

fn record_type(kind: RecordKind) -> RecordType {
    match kind {
        RecordKind::Naptr => RecordType::NAPTR,
        RecordKind::Srv => RecordType::SRV,
        RecordKind::A => RecordType::A,
        RecordKind::Aaaa => RecordType::AAAA,
    }
}

/// The records of the kind asked for, at the end of whatever aliases; they hold as long as the briefest of them all.
fn read(answers: &[hickory_resolver::proto::rr::Record], kind: RecordType) -> Answer {
    let answers = answers.get(..LOOKED_AT).unwrap_or(answers);
    let wanted = answers.iter().filter(|record| record.record_type() == kind);
    let records: Vec<Record> = wanted.filter_map(|record| record_of(&record.data)).collect();
    let secs = answers.iter().map(|record| record.ttl).min().unwrap_or(0);
    let ttl = Duration::from_secs(secs.into());
    if records.is_empty() { Answer::Nothing { ttl: Some(ttl) } } else { Answer::Records { records, ttl } }
}

fn record_of(data: &RData) -> Option<Record> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum; no other record is asked for")]
    Some(match data {
        RData::A(ip) => Record::Address(ip.0.into()),
        RData::AAAA(ip) => Record::Address(ip.0.into()),
        RData::SRV(srv) => Record::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: plain(&srv.target),
        },
        RData::NAPTR(naptr) => Record::Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: text(&naptr.flags)?,
            service: text(&naptr.services)?,
            replacement: plain(&naptr.replacement),
        },
        _ => return None,
    })
}

fn text(octets: &[u8]) -> Option<String> {
    std::str::from_utf8(octets).ok().map(str::to_owned)
}

/// In lower case and without the dot at the end; the root is empty.
fn plain(name: &Name) -> String {
    let text = name.to_lowercase().to_utf8();
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::rr::rdata::{A, CNAME, NAPTR, SRV};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_utf8(text).unwrap()
    }

    fn record(ttl: u32, data: RData) -> hickory_resolver::proto::rr::Record {
        hickory_resolver::proto::rr::Record::from_rdata(name("a.example."), ttl, data)
    }

    #[test]
    fn records_are_read_past_their_aliases_and_hold_as_long_as_the_briefest() {
        let alias = RData::CNAME(CNAME(name("b.example.")));
        let answers = [record(30, alias), record(300, RData::A(A::new(192, 0, 2, 1)))];
        let records = vec![Record::Address([192, 0, 2, 1].into())];
        let ttl = Duration::from_secs(30);
        assert_eq!(read(&answers, RecordType::A), Answer::Records { records, ttl });
        assert_eq!(read(&answers[..1], RecordType::A), Answer::Nothing { ttl: Some(ttl) });
    }

    #[test]
    fn names_come_in_lower_case_without_their_last_dot() {
        let srv = RData::SRV(SRV::new(1, 2, 5070, name("GW.Example.")));
        let gw = Record::Srv { priority: 1, weight: 2, port: 5070, target: "gw.example".to_owned() };
        assert_eq!(record_of(&srv), Some(gw));
        let Some(Record::Srv { target, .. }) = record_of(&RData::SRV(SRV::new(0, 0, 0, Name::root()))) else {
            panic!("SRV")
        };
        assert_eq!(target, "", "decidedly not there");
    }

    #[test]
    fn a_service_is_read_from_naptr() {
        let octets = |text: &str| text.as_bytes().to_vec().into_boxed_slice();
        let replacement = name("_sip._udp.Example.");
        let naptr = NAPTR::new(1, 2, octets("s"), octets("SIP+D2U"), octets(""), replacement);
        let Some(Record::Naptr { order, preference, flags, service, replacement }) =
            record_of(&RData::NAPTR(naptr))
        else {
            panic!("NAPTR")
        };
        assert_eq!((order, preference, flags.as_str(), service.as_str()), (1, 2, "s", "SIP+D2U"));
        assert_eq!(replacement, "_sip._udp.example");
    }

    #[test]
    fn only_a_name_without_a_dot_is_sought_in_the_search_list() {
        assert!(name_of("gw.example").unwrap().is_fqdn());
        assert!(!name_of("gw").unwrap().is_fqdn());
    }
}
