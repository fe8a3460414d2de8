//! TLS with an authority of our own: who is believed, who is not, and what hostile handshakes do.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use base::ShardId;
use base::dns::Host;
use base::wire::{Outbound, PeerKey, Target, Transport};
use net::{Authority, ConnectionLimits, NetConfig, NetEvent, TlsPeer, TlsSetup};
use rcgen::SanType;

use crate::bench::{Bench, PATIENCE, bench_with, config, outbound, request};
use crate::pki::{Ca, Cert, client_hello, connect, dns, read, say, uri};

const CARRIER: &str = "carrier.example";

fn key() -> PeerKey {
    PeerKey::of("carrier", &Host::named(CARRIER))
}

fn secure(identity: Option<&Cert>, peers: Vec<TlsPeer>, authorities: Vec<Authority>) -> NetConfig {
    let security = TlsSetup { identity: identity.map(Cert::identity), peers, authorities };
    NetConfig { tls: vec![SocketAddr::from(([127, 0, 0, 1], 0))], security, ..config() }
}

fn serving() -> Bench {
    bench_with(64, secure(Some(&Cert::self_signed(vec![dns("pbx.example")])), vec![], vec![]))
}

fn tls(bench: &Bench) -> SocketAddr {
    bench.net.addresses(Transport::Tls)[0]
}

fn to(remote: SocketAddr, peer: PeerKey, ticket: u64) -> Outbound {
    let target = Target::Peer { transport: Transport::Tls, remote, peer };
    Outbound { target, ..outbound(Transport::Tls, remote, ticket) }
}

/// Whether a message reaches a peer that shows this certificate.
fn reaches(bench: &Bench, cert: &Cert) -> bool {
    let listener = TcpListener::bind("127.0.0.9:0").unwrap();
    let message = to(listener.local_addr().unwrap(), key(), 7);
    bench.net.sender(ShardId(0)).send(message.clone()).unwrap();
    let served = cert.serve(&listener);
    match served {
        Ok(mut stream) => {
            let mut data = vec![0; message.data.len()];
            stream.read_exact(&mut data).is_ok() && data == message.data
        }
        Err(_) => false,
    }
}

/// RFC 5922 §7.1, §7.2; AST-2015-003: own authority; wrong name, wildcard, common name alone, NUL, expired,
/// self-signed, another authority.
#[test]
fn only_a_peer_that_proves_its_name_gets_a_message() {
    let (ca, other) = (Ca::new("ours"), Ca::new("another"));
    let peer = TlsPeer { key: key(), name: CARRIER.to_owned(), trust: Some(ca.trust()), identity: None };
    let bench = bench_with(64, secure(None, vec![peer], vec![]));
    assert!(reaches(&bench, &ca.sign(vec![dns(CARRIER)])));
    assert!(reaches(&bench, &ca.sign(vec![dns("x.example"), dns("Carrier.Example")])));
    assert!(reaches(&bench, &ca.sign(vec![uri("sip:carrier.example")])));
    let expired =
        ca.sign_with(vec![dns(CARRIER)], |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let early =
        ca.sign_with(vec![dns(CARRIER)], |params| params.not_before = rcgen::date_time_ymd(2120, 1, 1));
    for (why, cert) in [
        ("another name", ca.sign(vec![dns("other.example")])),
        ("a part of the name", ca.sign(vec![dns("example")])),
        ("a wildcard", ca.sign(vec![dns("*.example")])),
        ("the common name alone", ca.sign(vec![])),
        ("NUL in the name", ca.sign(vec![dns("carrier.example\0.evil.example")])),
        (
            "a sip URI of another stands before the DNS name",
            ca.sign(vec![uri("sip:o.example"), dns(CARRIER)]),
        ),
        ("a user of the domain", ca.sign(vec![uri("sip:user@carrier.example")])),
        ("another scheme", ca.sign(vec![uri("https://carrier.example")])),
        ("an address", ca.sign(vec![SanType::IpAddress("127.0.0.9".parse().unwrap())])),
        ("expired", expired),
        ("not yet valid", early),
        ("another authority", other.sign(vec![dns(CARRIER)])),
        ("self-signed", Cert::self_signed(vec![dns(CARRIER)])),
    ] {
        assert!(!reaches(&bench, &cert), "{why}");
        let mut events = std::iter::repeat_with(|| bench.event());
        let failed = events.find(|event| !matches!(event, NetEvent::ConnClosed(_)));
        assert!(matches!(failed, Some(NetEvent::SendFailed { ticket: 7 })), "{why}: {failed:?}");
    }
}

#[test]
fn a_peer_by_address_proves_its_address_and_one_that_need_not_prove_anything_is_reached() {
    let ca = Ca::new("ours");
    let address =
        |name: &str| TlsPeer { key: key(), name: name.to_owned(), trust: Some(ca.trust()), identity: None };
    let bench = bench_with(64, secure(None, vec![address("127.0.0.9")], vec![]));
    let ip = |text: &str| SanType::IpAddress(text.parse().unwrap());
    assert!(reaches(&bench, &ca.sign(vec![ip("127.0.0.9")])));
    assert!(!reaches(&bench, &ca.sign(vec![ip("127.0.0.8")])));
    let anybody = TlsPeer { trust: None, ..address(CARRIER) };
    let bench = bench_with(64, secure(None, vec![anybody], vec![]));
    assert!(reaches(&bench, &Cert::self_signed(vec![])));
}

/// RFC 5923 §5, and a peer nobody has set up.
#[test]
fn a_proven_connection_is_used_again_and_nothing_is_opened_for_who_cannot_be_asked_for_proof() {
    let ca = Ca::new("ours");
    let cert = ca.sign(vec![dns(CARRIER)]);
    let peer = TlsPeer { key: key(), name: CARRIER.to_owned(), trust: Some(ca.trust()), identity: None };
    let bench = bench_with(64, secure(None, vec![peer], vec![]));
    let listener = TcpListener::bind("127.0.0.9:0").unwrap();
    let remote = listener.local_addr().unwrap();
    let sender = bench.net.sender(ShardId(0));
    let message = to(remote, key(), 1);
    sender.send(message.clone()).unwrap();
    let mut stream = cert.serve(&listener).unwrap();
    sender.send(message.clone()).unwrap();
    assert_eq!(read(&mut stream, 2 * message.data.len()), [&message.data[..], &message.data].concat());
    assert_eq!(bench.net.stats().tls_handshakes, 1);

    say(&mut stream, &request("OPTIONS", "back"));
    let inbound = bench.message();
    assert_eq!(inbound.flow.transport, Transport::Tls);
    drop(stream);
    while !matches!(bench.event(), NetEvent::ConnClosed(_)) {}
    assert!(sender.send(Outbound { target: Target::Flow(inbound.flow), ..message }).is_err());
    assert!(sender.send(outbound(Transport::Tls, remote, 2)).is_err());

    let stranger = to(remote, PeerKey::of("other", &Host::named(CARRIER)), 3);
    sender.send(stranger).unwrap();
    while !matches!(bench.event(), NetEvent::SendFailed { ticket: 3 }) {}
}

#[test]
fn a_phone_speaks_and_is_answered_on_its_own_connection() {
    let bench = serving();
    let mut phone = connect(tls(&bench), None);
    let whole = request("OPTIONS", "one");
    for octet in &whole {
        say(&mut phone, std::slice::from_ref(octet));
    }
    let inbound = bench.message();
    assert_eq!((&inbound.data[..], inbound.flow.transport), (&whole[..], Transport::Tls));
    assert_eq!(inbound.flow.local, tls(&bench));
    let answer =
        Outbound { target: Target::Flow(inbound.flow), ..outbound(Transport::Tls, inbound.flow.remote, 0) };
    bench.net.sender(ShardId(0)).send(answer.clone()).unwrap();
    assert_eq!(read(&mut phone, answer.data.len()), answer.data);
    say(&mut phone, b"\r\n\r\n");
    assert_eq!(read(&mut phone, 2), b"\r\n");
}

/// GHSA-qqxj-v78h-hrf9: what nobody vouches for proves nothing, and is no reason to send a phone away.
#[test]
fn only_a_certificate_that_somebody_vouches_for_proves_the_names_it_bears() {
    let (ca, other) = (Ca::new("ours"), Ca::new("another"));
    let identity = Cert::self_signed(vec![dns("pbx.example")]);
    let authorities = vec![Authority { name: "carriers.pem".to_owned(), trust: ca.trust() }];
    let bench = bench_with(64, secure(Some(&identity), vec![], authorities));
    let names = || vec![dns(CARRIER), dns("*.example")];
    let expired = ca.sign_with(names(), |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    for stranger in [None, Some(Cert::self_signed(names())), Some(other.sign(names())), Some(expired)] {
        let mut phone = connect(tls(&bench), stranger.as_ref());
        say(&mut phone, &request("OPTIONS", "one"));
        bench.message();
        drop(phone);
        assert!(matches!(bench.event(), NetEvent::ConnClosed(_)));
    }
    let mut carrier = connect(tls(&bench), Some(&ca.sign(names())));
    say(&mut carrier, &request("OPTIONS", "one"));
    let NetEvent::ConnProven(conn, proofs) = bench.event() else { panic!("the proof comes first") };
    assert_eq!(
        (proofs[0].authority.as_str(), &proofs[0].names[..]),
        ("carriers.pem", &[CARRIER.to_owned()][..])
    );
    assert_eq!(bench.message().flow.conn, Some(conn));
}

#[test]
fn a_new_certificate_is_shown_to_new_connections_and_ends_no_other() {
    let bench = serving();
    let mut old = connect(tls(&bench), None);
    let new = Cert::self_signed(vec![dns("new.example")]);
    let setup = TlsSetup { identity: Some(new.identity()), ..TlsSetup::default() };
    bench.net.gauge().secure(&setup);
    let fresh = connect(tls(&bench), None);
    let shown = |client: &crate::pki::Client| client.conn.peer_certificates().unwrap()[0].as_ref().to_vec();
    assert_ne!(shown(&old), shown(&fresh));
    say(&mut old, &request("OPTIONS", "one"));
    bench.message();
}

/// Conformance S12, AST-2021-009: a handshake broken off at any octet leaves nothing behind.
#[test]
fn a_handshake_broken_off_anywhere_is_counted_and_leaves_nothing() {
    let connections = ConnectionLimits { strangers_per_source: 1_000, ..Default::default() };
    let identity = Cert::self_signed(vec![dns("pbx.example")]);
    let bench = bench_with(1_024, NetConfig { connections, ..secure(Some(&identity), vec![], vec![]) });
    let hello = client_hello();
    let cuts: Vec<usize> = (0..hello.len()).step_by(3).collect();
    for cut in &cuts {
        let mut stream = TcpStream::connect(tls(&bench)).unwrap();
        stream.write_all(&hello[..*cut]).unwrap();
    }
    let mut garbled = hello.clone();
    garbled.iter_mut().skip(5).step_by(7).for_each(|octet| *octet ^= 0x55);
    let mut stream = TcpStream::connect(tls(&bench)).unwrap();
    stream.write_all(&garbled).unwrap();
    look(&bench, || bench.net.stats().tls_failures > cuts.len() as u64);
    until_quiet(&bench);
    let mut phone = connect(tls(&bench), None);
    say(&mut phone, &request("OPTIONS", "one"));
    while !matches!(bench.event(), NetEvent::Wire(_)) {}
}

/// Conformance S11: a handshake that stalls.
#[test]
fn a_handshake_that_stalls_is_closed_while_others_go_on() {
    let connections = ConnectionLimits { handshake: Duration::from_millis(300), ..Default::default() };
    let identity = Cert::self_signed(vec![dns("pbx.example")]);
    let bench = bench_with(64, NetConfig { connections, ..secure(Some(&identity), vec![], vec![]) });
    let mut stalled = TcpStream::connect(tls(&bench)).unwrap();
    stalled.set_read_timeout(Some(PATIENCE)).unwrap();
    stalled.write_all(&client_hello()[..50]).unwrap();
    let mut phone = connect(tls(&bench), None);
    say(&mut phone, &request("OPTIONS", "one"));
    bench.message();
    assert_eq!(stalled.read_to_end(&mut Vec::new()).unwrap_or(0), 0);
    assert!(matches!(bench.event(), NetEvent::ConnClosed(_)));
    assert_eq!(bench.net.stats().tls_failures, 1);
}

#[test]
fn plain_sip_on_the_tls_port_is_no_handshake() {
    let bench = serving();
    let mut stream = TcpStream::connect(tls(&bench)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&request("OPTIONS", "one")).unwrap();
    // An alert may come first; then it is over.
    assert!(stream.read_to_end(&mut Vec::new()).unwrap_or(0) < 16);
    until_quiet(&bench);
    assert_eq!(bench.net.stats().tls_failures, 1);
}

/// Waits until every connection has been forgotten.
pub(crate) fn until_quiet(bench: &Bench) {
    let gauge = bench.net.gauge();
    look(bench, || gauge.connections() == 0);
    assert_eq!(gauge.strangers(), 0);
}

/// Looks again and again, taking events out in between, until something holds.
fn look(bench: &Bench, holds: impl Fn() -> bool) {
    const LOOKS: usize = 20_000;
    let pause = || bench.inbox.recv_timeout(Duration::from_millis(5)).ok();
    let held = (0..LOOKS).any(|_| holds() || pause().is_some_and(|_| holds()));
    assert!(held, "{:?}", bench.net.stats());
}
