use std::time::Duration;

use base::dns::Answer;
use base::wire::Transport;

use super::super::{Locator, Step};
use super::*;

/// Records as a zone file writes them, one a line.
const ZONE: &str = "
full.example NAPTR 20 10 s SIP+D2T _sip._tcp.full.example
full.example NAPTR 10 10 s SIP+D2U _sip._udp.full.example
full.example NAPTR 30 10 s SIPS+D2T _sips._tcp.full.example
full.example NAPTR 5 10 s SIP+D2S _sip._sctp.full.example
_sip._udp.full.example SRV 10 1 5070 gw1.full.example
_sip._udp.full.example SRV 20 1 5080 gw2.full.example
_sip._tcp.full.example SRV 10 1 5060 gw1.full.example
_sips._tcp.full.example SRV 10 1 5061 gw2.full.example
gw1.full.example A 192.0.2.1
gw2.full.example A 192.0.2.2
srv.example A 192.0.2.9
_sip._tcp.srv.example SRV 1 1 5062 gw1.full.example
_sips._tcp.srv.example SRV 1 1 5063 gw2.full.example
bare.example A 192.0.2.3
bare.example AAAA 2001:db8::3
sctp.example NAPTR 1 1 s SIP+D2S _sip._sctp.sctp.example
sctp.example A 192.0.2.4
enum.example NAPTR 1 1 u E2U+sip !^.*$!sip:a@b!
enum.example A 192.0.2.5
gone.example A 192.0.2.6
_sip._udp.gone.example SRV 0 0 0 .
dual.example A 192.0.2.7
dual.example A 192.0.2.8
dual.example AAAA 2001:db8::7
dual.example AAAA 2001:db8::8
absurd.example A 0.0.0.0
absurd.example A 255.255.255.255
absurd.example A 224.0.0.1
absurd.example A 192.0.2.10
absurd.example A 192.0.2.10
broken.example NAPTR 1 1 s SIP+D2U _sip._udp.broken.example
broken.example A 192.0.2.11
loop.example NAPTR 1 1 s SIP+D2U loop.example
";

fn all() -> Listens {
    let pairs =
        Transport::ALL.into_iter().flat_map(|transport| Family::ALL.map(|family| (transport, family)));
    pairs.fold(Listens::default(), |listens, (transport, family)| listens.with(transport, family))
}

fn v4(transports: &[Transport]) -> Listens {
    transports.iter().fold(Listens::default(), |listens, transport| listens.with(*transport, Family::V4))
}

fn answer(question: &Question) -> Answer {
    let records: Vec<Record> = ZONE.lines().filter_map(|line| record(line, question)).collect();
    match records.is_empty() {
        true => Answer::Nothing { ttl: None },
        false => Answer::Records { records, ttl: Duration::from_secs(300) },
    }
}

fn record(line: &str, question: &Question) -> Option<Record> {
    let words: Vec<&str> = line.split(' ').collect();
    let kind = match *words.get(1)? {
        "NAPTR" => RecordKind::Naptr,
        "SRV" => RecordKind::Srv,
        "A" => RecordKind::A,
        _ => RecordKind::Aaaa,
    };
    if words[0] != question.name || kind != question.kind {
        return None;
    }
    let number = |at: usize| words[at].parse().expect("a number");
    Some(match kind {
        RecordKind::Naptr => Record::Naptr {
            order: number(2),
            preference: number(3),
            flags: words[4].to_owned(),
            service: words[5].to_owned(),
            replacement: words[6].to_owned(),
        },
        RecordKind::Srv => Record::Srv {
            priority: number(2),
            weight: number(3),
            port: number(4),
            target: words[5].trim_matches('.').to_owned(),
        },
        RecordKind::A | RecordKind::Aaaa => Record::Address(words[2].parse().expect("an address")),
    })
}

/// `host[:port][ transport][ sips]` as a URI would say it.
fn server(text: &str) -> Server {
    let mut words = text.split(' ');
    let place = words.next().expect("a host");
    let (host, port) = match place.parse::<SocketAddr>() {
        Ok(addr) => (Host::Ip(addr.ip()), Some(addr.port())),
        Err(_) => match place.parse::<IpAddr>() {
            Ok(ip) => (Host::Ip(ip), None),
            Err(_) => match place.split_once(':') {
                Some((name, port)) => (Host::named(name), port.parse().ok()),
                None => (Host::named(place), None),
            },
        },
    };
    let words: Vec<&str> = words.collect();
    let transport =
        Transport::ALL.into_iter().find(|it| *it != Transport::Wss && words.contains(&it.param()));
    Server { host, port, transport, secure: words.contains(&"sips") }
}

/// The targets in order, and the names asked for.
fn locate(listens: Listens, text: &str) -> (String, Vec<String>) {
    let mut locator = Locator::new(listens);
    let mut asked = Vec::new();
    loop {
        let step = locator.locate(Mono(0), &server(text));
        let mut questions = Vec::new();
        while let Some(question) = locator.poll() {
            questions.push(question);
        }
        match step {
            Step::Found { located, .. } => {
                assert!(questions.is_empty());
                let hops = located.hops();
                let hops: Vec<_> =
                    hops.iter().map(|hop| format!("{} {}", hop.transport.param(), hop.addr)).collect();
                return (hops.join(", "), asked);
            }
            Step::Asking => assert!(!questions.is_empty(), "{text} waits for nothing"),
        }
        for question in questions {
            locator.answered(Mono(0), &question, answer(&question));
            asked.push(format!("{:?} {}", question.kind, question.name));
        }
        assert!(asked.len() < 40, "{text} never ends");
    }
}

fn hops(listens: Listens, text: &str) -> String {
    locate(listens, text).0
}

const UT: [Transport; 2] = [Transport::Udp, Transport::Tcp];
const UTL: [Transport; 3] = [Transport::Udp, Transport::Tcp, Transport::Tls];

/// RFC 3263 §4.1, §4.2: an address needs no DNS; the port and protocol are those named, else the defaults.
#[test]
fn an_address_is_where_it_says_with_the_default_port_and_protocol() {
    for (uri, found) in [
        ("192.0.2.1", "udp 192.0.2.1:5060"),
        ("192.0.2.1:5070", "udp 192.0.2.1:5070"),
        ("192.0.2.1 tcp", "tcp 192.0.2.1:5060"),
        ("192.0.2.1 tls", "tls 192.0.2.1:5061"),
        ("192.0.2.1 sips", "tls 192.0.2.1:5061"),
        ("192.0.2.1:5099 tcp sips", "tls 192.0.2.1:5099"),
        ("2001:db8::1", "udp [2001:db8::1]:5060"),
    ] {
        assert_eq!(locate(all(), uri), (found.to_owned(), Vec::new()), "{uri}");
    }
}

/// RFC 3261 §26.2.2: sips never goes over UDP; RFC 7118 knows no client of ours.
#[test]
fn what_contradicts_itself_or_is_not_ours_is_nowhere() {
    for uri in ["192.0.2.1 udp sips", "full.example udp sips", "192.0.2.1 ws", "full.example ws"] {
        assert_eq!(hops(all(), uri), "", "{uri}");
    }
}

/// RFC 3263 §4.1: a port means UDP (TLS for sips) and no NAPTR or SRV.
#[test]
fn a_name_with_a_port_is_looked_up_as_a_host_only() {
    let udp = v4(&UTL);
    let (found, asked) = locate(udp, "bare.example:5099");
    assert_eq!((found.as_str(), asked), ("udp 192.0.2.3:5099", vec!["A bare.example".to_owned()]));
    assert_eq!(hops(udp, "bare.example:5099 sips"), "tls 192.0.2.3:5099");
    assert_eq!(hops(udp, "bare.example:5099 tcp"), "tcp 192.0.2.3:5099");
}

/// RFC 3263 §4.2: a protocol means SRV of that protocol, else the host itself at the default port.
#[test]
fn a_name_with_a_protocol_is_looked_up_by_srv() {
    let (found, asked) = locate(v4(&UTL), "full.example tcp");
    assert_eq!(found, "tcp 192.0.2.1:5060");
    assert_eq!(asked, ["Srv _sip._tcp.full.example", "A gw1.full.example"]);
    assert_eq!(hops(v4(&UTL), "full.example tcp sips"), "tls 192.0.2.2:5061");
    assert_eq!(hops(v4(&UTL), "bare.example tcp"), "tcp 192.0.2.3:5060");
    assert_eq!(hops(v4(&UTL), "bare.example tls"), "tls 192.0.2.3:5061");
}

/// RFC 3263 §4.1: NAPTR in its order; what we do not speak is passed over (RFC 4168's SCTP among it).
#[test]
fn naptr_says_which_protocols_and_in_which_order() {
    assert_eq!(
        hops(v4(&UTL), "full.example"),
        "udp 192.0.2.1:5070, udp 192.0.2.2:5080, tcp 192.0.2.1:5060, tls 192.0.2.2:5061"
    );
    assert_eq!(hops(v4(&[Transport::Tcp]), "full.example"), "tcp 192.0.2.1:5060");
    assert_eq!(hops(v4(&UTL), "full.example sips"), "tls 192.0.2.2:5061");
    assert_eq!(hops(v4(&UT), "full.example sips"), "", "we have no TLS");
}

/// RFC 4168, RFC 3263 §4.1: a domain that offers SCTP alone is out of reach, whatever its address.
#[test]
fn a_domain_that_offers_only_sctp_is_nowhere() {
    let (found, asked) = locate(v4(&UT), "sctp.example");
    assert_eq!((found.as_str(), asked), ("", vec!["Naptr sctp.example".to_owned()]));
}

/// RFC 3263 §4.1: without NAPTR of SIP, SRV of each protocol we speak.
#[test]
fn without_naptr_every_protocol_of_ours_is_asked_for() {
    let (found, asked) = locate(v4(&UTL), "srv.example");
    assert_eq!(found, "tcp 192.0.2.1:5062, tls 192.0.2.2:5063");
    assert_eq!(
        asked[..4],
        [
            "Naptr srv.example",
            "Srv _sip._udp.srv.example",
            "Srv _sip._tcp.srv.example",
            "Srv _sips._tcp.srv.example"
        ]
    );
    assert_eq!(hops(v4(&UT), "srv.example"), "tcp 192.0.2.1:5062");
    assert_eq!(hops(v4(&UTL), "srv.example sips"), "tls 192.0.2.2:5063");
    assert_eq!(hops(v4(&UT), "enum.example"), "udp 192.0.2.5:5060", "NAPTR of another service says nothing");
}

/// RFC 3263 §4.1, §4.2: without SRV the address of the name, UDP 5060 or TLS 5061.
#[test]
fn without_srv_the_name_itself_is_the_host() {
    assert_eq!(hops(v4(&UTL), "bare.example"), "udp 192.0.2.3:5060");
    assert_eq!(hops(v4(&UTL), "bare.example sips"), "tls 192.0.2.3:5061");
    assert_eq!(hops(v4(&UTL), "nothing.example"), "");
}

/// RFC 2782: a target of `.` says that the service is decidedly not there.
#[test]
fn a_service_that_is_decidedly_not_there_is_not_sought_at_the_host() {
    assert_eq!(hops(v4(&[Transport::Udp]), "gone.example udp"), "");
    assert_eq!(hops(v4(&[Transport::Udp]), "gone.example"), "");
}

/// RFC 7984 §3, RFC 8305 §4; RFC 5954 for the addresses themselves.
#[test]
fn both_families_come_by_turns_as_far_as_we_listen_in_them() {
    let dual = "udp [2001:db8::7]:5060, udp 192.0.2.7:5060, udp [2001:db8::8]:5060, udp 192.0.2.8:5060";
    assert_eq!(hops(all(), "dual.example"), dual);
    assert_eq!(hops(v4(&UT), "dual.example"), "udp 192.0.2.7:5060, udp 192.0.2.8:5060");
}

#[test]
fn absurd_answers_do_no_harm() {
    assert_eq!(hops(v4(&UT), "absurd.example:5060"), "udp 192.0.2.10:5060");
    assert_eq!(hops(v4(&UT), "broken.example"), "", "NAPTR leads to no SRV");
    assert_eq!(hops(v4(&UT), "loop.example"), "", "NAPTR leads to itself");
}

/// RFC 3263 §4.3 needs the next target at once, so everything is there before the first is tried.
#[test]
fn stale_answers_are_used_while_new_ones_are_fetched() {
    let mut locator = Locator::new(v4(&UT));
    let uri = server("bare.example:5060");
    assert_eq!(locator.locate(Mono(0), &uri), Step::Asking);
    let question = locator.poll().expect("a question");
    locator.answered(Mono(0), &question, answer(&question));
    let later = Mono(0) + Duration::from_secs(301);
    for asked in [true, false] {
        let Step::Found { located, again } = locator.locate(later, &uri) else { panic!("known") };
        assert_eq!((located.hops().len(), again), (1, Some(Mono(0) + Duration::from_secs(300))));
        assert_eq!(locator.poll().is_some(), asked, "asked once");
    }
}
