//! Connections of those who never say who they are: bounded in number and time, and no burden to others.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use base::wire::{Outbound, Target, Transport};
use base::{Mono, ShardId};
use net::{ConnectionLimits, NetConfig, NetEvent};
use peer::guard::{Entry, Notice};
use socket2::{Domain, Socket, Type};
use tokio::time::Instant;

use crate::bench::{Bench, PATIENCE, bench_with, config, outbound, request};
use crate::pki::read;
use crate::tls::until_quiet;

fn limited(connections: ConnectionLimits) -> Bench {
    bench_with(1_024, NetConfig { connections, ..config() })
}

fn connect_from(source: IpAddr, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(source, 0).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn source(index: u8) -> IpAddr {
    IpAddr::from([127, 0, 77, index])
}

fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0; 64]), Ok(0) | Err(_))
}

/// How long a healthy peer waits for its answer.
fn round_trip(bench: &Bench, stream: &mut TcpStream) -> Duration {
    let since = Instant::now();
    stream.write_all(&request("OPTIONS", "healthy")).unwrap();
    let heard = std::iter::repeat_with(|| bench.event()).find_map(|event| match event {
        NetEvent::Wire(inbound) => {
            let is_ours = String::from_utf8_lossy(&inbound.data).contains("Call-ID: healthy");
            is_ours.then_some(inbound.flow)
        }
        NetEvent::SendFailed { .. }
        | NetEvent::Returned(_)
        | NetEvent::ConnProven(..)
        | NetEvent::ConnClosed(_) => None,
    });
    let flow = heard.unwrap();
    let answer = Outbound { target: Target::Flow(flow), ..outbound(Transport::Tcp, flow.remote, 0) };
    bench.net.sender(ShardId(0)).send(answer.clone()).unwrap();
    read(stream, answer.data.len());
    since.elapsed()
}

/// Conformance S11: 500 slow connections, one octet at a time; a healthy one keeps being served.
#[test]
fn five_hundred_slow_connections_are_closed_in_time_and_slow_nobody_else() {
    let headers = Duration::from_millis(1_500);
    let bench = limited(ConnectionLimits { headers, ..Default::default() });
    let mut healthy = connect_from(source(1), bench.tcp());
    round_trip(&bench, &mut healthy);
    let mut slow: Vec<TcpStream> = (0..500_u16)
        .map(|at| connect_from(source(2 + u8::try_from(at / 20).unwrap()), bench.tcp()))
        .collect();
    for octet in b"OPTIONS sip:" {
        for stream in &mut slow {
            stream.write_all(&[*octet]).unwrap();
        }
        let took = round_trip(&bench, &mut healthy);
        assert!(took < Duration::from_millis(250), "{took:?}");
    }
    assert!(slow.iter_mut().all(is_closed));
    drop(healthy);
    until_quiet(&bench);
    assert_eq!(bench.net.stats().tcp_timeouts, 500);
}

/// Conformance S11: unauthenticated connections per source; a known one is not counted.
#[test]
fn a_source_may_hold_twenty_strangers_and_who_is_known_makes_room() {
    let bench = limited(ConnectionLimits::default());
    let mut held: Vec<TcpStream> = (0..20).map(|_| connect_from(source(1), bench.tcp())).collect();
    assert!(is_closed(&mut connect_from(source(1), bench.tcp())));
    held[0].write_all(&request("OPTIONS", "one")).unwrap();
    let conn = bench.message().flow.conn.unwrap();
    bench.net.sender(ShardId(0)).known(conn);
    let mut another = connect_from(source(1), bench.tcp());
    another.write_all(&request("OPTIONS", "two")).unwrap();
    bench.message();
    assert_eq!(bench.net.gauge().strangers(), 20);
    drop((held, another));
    until_quiet(&bench);
}

/// A carrier may open a connection for each call, and its address is listed; so is that of an edge proxy.
#[test]
fn a_listed_address_is_no_strangers_and_holds_more_than_twenty_connections_in_silence() {
    let stranger_idle = Duration::from_millis(200);
    let bench = limited(ConnectionLimits { stranger_idle, ..Default::default() });
    let notice = Notice { entry: Entry::trunk(source(1)), until: Mono(u64::MAX) };
    bench.roll.note(Mono(0), &notice);
    let mut carriers: Vec<TcpStream> = (0..25).map(|_| connect_from(source(1), bench.tcp())).collect();
    assert!(is_closed(&mut connect_from(source(2), bench.tcp())), "a stranger's silence is cut short");
    for stream in &mut carriers {
        stream.write_all(&request("OPTIONS", "listed")).unwrap();
        while !matches!(bench.event(), NetEvent::Wire(_)) {}
    }
    assert_eq!((bench.net.gauge().strangers(), bench.net.stats().tcp_refused), (0, 0));
    drop(carriers);
    until_quiet(&bench);
}

/// Conformance S11: those who stay for ever keep nobody out, least of all a phone that comes back.
#[test]
fn strangers_that_hold_every_place_make_room_and_a_familiar_address_needs_none() {
    let bench = limited(ConnectionLimits { strangers: 40, ..Default::default() });
    let notice = Notice { entry: Entry::known(source(9)), until: Mono(u64::MAX) };
    bench.roll.note(Mono(0), &notice);
    let hold = |stream: &mut TcpStream| {
        stream.write_all(&request("ACK", "hold")).unwrap();
        while !matches!(bench.event(), NetEvent::Wire(_)) {}
    };
    let mut held: Vec<TcpStream> = (0..40).map(|at| connect_from(source(1 + at / 20), bench.tcp())).collect();
    held.iter_mut().for_each(hold);
    let mut back: Vec<TcpStream> = (0..25).map(|_| connect_from(source(9), bench.tcp())).collect();
    back.iter_mut().for_each(hold);
    assert_eq!((bench.net.gauge().strangers(), bench.net.stats().tcp_displaced), (40, 0));
    let mut new = connect_from(source(3), bench.tcp());
    round_trip(&bench, &mut new);
    assert!(is_closed(&mut held[0]), "the oldest");
    hold(&mut held[1]);
    assert_eq!((bench.net.gauge().strangers(), bench.net.stats().tcp_displaced), (40, 1));
    drop((held, back, new));
    until_quiet(&bench);
}

/// Conformance S11: what gets no answer earns no time, and questions earn only so much.
#[test]
fn a_stranger_gains_nothing_by_talking_on() {
    let limits = ConnectionLimits {
        stranger_idle: Duration::from_millis(600),
        stranger: Duration::from_millis(1_500),
        ..Default::default()
    };
    let bench = limited(limits);
    let lives = |method: &str, index| {
        let (mut stream, since) = (connect_from(source(index), bench.tcp()), Instant::now());
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        while since.elapsed() < PATIENCE && stream.write_all(&request(method, "on")).is_ok() {
            let ended = |error: &std::io::Error| error.kind() != std::io::ErrorKind::WouldBlock;
            if stream.read(&mut [0; 64]).as_ref().err().is_none_or(ended) {
                break;
            }
        }
        since.elapsed()
    };
    let (statements, questions) = (lives("ACK", 1), lives("OPTIONS", 2));
    assert!(statements < Duration::from_millis(1_400), "{statements:?}");
    assert!((1_400..5_000).contains(&questions.as_millis()), "{questions:?}");
    assert_eq!(bench.net.stats().tcp_timeouts, 2);
}

#[test]
fn a_stranger_that_says_nothing_is_sent_away_and_a_known_peer_may_be_silent() {
    let stranger_idle = Duration::from_millis(200);
    let bench = limited(ConnectionLimits { stranger_idle, ..Default::default() });
    let mut known = connect_from(source(1), bench.tcp());
    known.write_all(&request("OPTIONS", "one")).unwrap();
    bench.net.sender(ShardId(0)).known(bench.message().flow.conn.unwrap());
    let mut silent = connect_from(source(2), bench.tcp());
    let mut keeps_alive = connect_from(source(3), bench.tcp());
    keeps_alive.write_all(b"\r\n\r\n").unwrap();
    assert_eq!(read(&mut keeps_alive, 2), b"\r\n");
    assert!(is_closed(&mut silent) && is_closed(&mut keeps_alive));
    assert_eq!(bench.net.stats().tcp_timeouts, 2);
    known.write_all(&request("OPTIONS", "two")).unwrap();
    while !matches!(bench.event(), NetEvent::Wire(_)) {}
}

/// Conformance S11: a body that never comes.
#[test]
fn a_body_that_never_comes_is_not_waited_for() {
    let body = Duration::from_millis(200);
    let bench = limited(ConnectionLimits { body, ..Default::default() });
    let mut stream = connect_from(source(1), bench.tcp());
    let text = String::from_utf8(request("MESSAGE", "one")).unwrap();
    stream.write_all(text.replace("Content-Length: 0", "Content-Length: 10").as_bytes()).unwrap();
    assert!(is_closed(&mut stream));
    assert_eq!(bench.net.stats().tcp_timeouts, 1);
}

/// Conformance S11: 400 KB of keep-alives get a handful of answers (both reference servers: 200 KB or none).
#[test]
fn a_flood_of_keep_alives_is_hardly_answered() {
    let bench = limited(ConnectionLimits::default());
    let mut stream = connect_from(source(1), bench.tcp());
    stream.write_all(&b"\r\n\r\n".repeat(100_000)).unwrap();
    round_trip_after_pongs(&bench, &mut stream);
    assert_eq!(bench.net.stats().tcp_pings, 100_000);
}

fn round_trip_after_pongs(bench: &Bench, stream: &mut TcpStream) {
    stream.write_all(&request("OPTIONS", "one")).unwrap();
    let flow = bench.message().flow;
    let answer = Outbound { target: Target::Flow(flow), ..outbound(Transport::Tcp, flow.remote, 0) };
    bench.net.sender(ShardId(0)).send(answer.clone()).unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(&answer.data) {
        let mut part = [0; 4_096];
        let octets = stream.read(&mut part).unwrap();
        assert!(octets > 0);
        heard.extend_from_slice(&part[..octets]);
    }
    assert!(heard.len() - answer.data.len() <= 2 * 16, "{} octets of pongs", heard.len() - answer.data.len());
}

/// Conformance S11: Content-Length of −1 and 2^32+1, headers without end, TLS where none is spoken.
#[test]
fn what_cannot_be_framed_is_told_and_closed() {
    let bench = limited(ConnectionLimits::default());
    for (length, status) in [("-1", "400"), ("4294967297", "413"), ("1\r\nContent-Length: 2", "400")] {
        let mut stream = connect_from(source(1), bench.tcp());
        let text = String::from_utf8(request("OPTIONS", "one")).unwrap();
        let text = text.replace("Content-Length: 0", &format!("Content-Length: {length}"));
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("SIP/2.0 {status} ")), "{length}: {answer}");
    }
    let mut endless = connect_from(source(1), bench.tcp());
    endless.write_all(b"OPTIONS sip:a SIP/2.0\r\n").unwrap();
    let more = b"X: y\r\n".repeat(1_000);
    while endless.write_all(&more).is_ok() {}
    let mut hello = connect_from(source(1), bench.tcp());
    hello.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap();
    assert!(is_closed(&mut hello));
    until_quiet(&bench);
    assert_eq!((bench.net.stats().tcp_framing_errors, bench.net.stats().tcp_aliens), (4, 1));
}

/// Conformance S12, AST-2018-005, AST-2020-001: INVITE, then gone.
#[test]
fn a_hundred_invites_whose_senders_reset_the_connection_leave_nothing() {
    let bench = limited(ConnectionLimits { strangers_per_source: 1_000, ..Default::default() });
    for at in 0..100 {
        let stream = connect_from(source(1), bench.tcp());
        (&stream).write_all(&request("INVITE", &at.to_string())).unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    until_quiet(&bench);
    round_trip(&bench, &mut connect_from(source(1), bench.tcp()));
}
