//! WebSocket clients, good and hostile (RFC 6455, RFC 7118).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base::ShardId;
use base::wire::{Outbound, Target, Transport};
use net::{ConnectionLimits, NetConfig, NetEvent, TlsSetup};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

use crate::bench::{Bench, PATIENCE, bench_with, config, outbound, request};
use crate::pki::{self, Cert, dns, read};
use crate::tls::until_quiet;

fn web() -> NetConfig {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let identity = Some(Cert::self_signed(vec![dns("pbx.example")]).identity());
    let security = TlsSetup { identity, ..TlsSetup::default() };
    NetConfig { ws: vec![any_port], wss: vec![any_port], security, ..config() }
}

fn address(bench: &Bench, transport: Transport) -> SocketAddr {
    bench.net.addresses(transport)[0]
}

fn upgrade<S: Read + Write>(stream: S) -> WebSocket<S> {
    let mut request = "ws://pbx.example/".into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "sip".parse().unwrap());
    let (socket, response) = client(request, stream).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(response.headers()["sec-websocket-protocol"], "sip");
    socket
}

fn tcp(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn browser(bench: &Bench) -> WebSocket<TcpStream> {
    upgrade(tcp(address(bench, Transport::Ws)))
}

/// What a phone of a browser does, over either kind.
fn talks<S: Read + Write>(bench: &Bench, mut socket: WebSocket<S>, transport: Transport) {
    let text = String::from_utf8(request("OPTIONS", "one")).unwrap();
    for message in [Message::text(text.clone()), Message::binary(text.clone().into_bytes())] {
        socket.send(message).unwrap();
        let inbound = bench.message();
        assert_eq!((&inbound.data[..], inbound.flow.transport), (text.as_bytes(), transport));
        let answer = outbound(transport, inbound.flow.remote, 0);
        let answer = Outbound { target: Target::Flow(inbound.flow), ..answer };
        bench.net.sender(ShardId(0)).send(answer.clone()).unwrap();
        assert_eq!(socket.read().unwrap(), Message::text(String::from_utf8(answer.data.to_vec()).unwrap()));
    }
    socket.send(Message::Ping("x".into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong("x".into()));
    socket.send(Message::text("\r\n\r\n")).unwrap();
    assert_eq!(socket.read().unwrap(), Message::text("\r\n"));
    socket.close(None).unwrap();
    while socket.read().is_ok() {}
    assert!(matches!(bench.event(), NetEvent::ConnClosed(_)));
}

/// RFC 7118 §5: text or binary in, one message each; answers down the same connection; keep-alives of both kinds.
#[test]
fn a_browsers_phone_speaks_and_is_answered_over_either_kind_of_websocket() {
    let bench = bench_with(64, web());
    talks(&bench, browser(&bench), Transport::Ws);
    talks(&bench, upgrade(pki::connect(address(&bench, Transport::Wss), None)), Transport::Wss);
    assert_eq!(bench.net.stats().ws_opened, 2);
}

/// RFC 7118 §5: the server cannot open a connection to a client.
#[test]
fn a_client_that_is_gone_is_not_called_back() {
    let bench = bench_with(64, web());
    let mut socket = browser(&bench);
    socket.send(Message::text(String::from_utf8(request("OPTIONS", "one")).unwrap())).unwrap();
    let flow = bench.message().flow;
    drop(socket);
    assert!(matches!(bench.event(), NetEvent::ConnClosed(_)));
    let again = Outbound { target: Target::Flow(flow), ..outbound(Transport::Ws, flow.remote, 4) };
    assert!(bench.net.sender(ShardId(0)).send(again).is_err());
}

#[test]
fn a_message_in_fragments_is_one_message() {
    let bench = bench_with(64, web());
    let mut socket = browser(&bench);
    let data = request("OPTIONS", "one");
    let (first, rest) = data.split_at(40);
    let (middle, last) = rest.split_at(1);
    for (opcode, part) in [(0x01, first), (0x00, middle), (0x00, &[][..]), (0x80, last)] {
        socket.get_mut().write_all(&frame(opcode, part)).unwrap();
    }
    assert_eq!(bench.message().data, data);
}

/// Conformance S12, AST-2018-006, -007, -009; the close codes of RFC 6455 §7.4.1.
#[test]
fn frames_that_must_not_be_end_their_connection_with_the_code_for_it() {
    let bench = bench_with(64, web());
    let unmasked = [&[0x81, 0x05][..], b"hello"].concat();
    let huge = [&[0x82, 0xff][..], &(16_u64 << 20).to_be_bytes(), &[0; 4]].concat();
    let endless = [&[0x82, 0xff][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat();
    let long = vec![b'x'; 300_000];
    let halves: Vec<u8> = [frame(0x02, &long[..200_000]), frame(0x80, &long[..200_000])].concat();
    for (why, octets, code) in [
        ("unmasked", unmasked, CloseCode::Protocol),
        ("16 MB announced", huge, CloseCode::Size),
        ("more than there is", endless, CloseCode::Size),
        ("too long in fragments", halves, CloseCode::Size),
        ("no text", frame(0x81, b"\xff\xfe"), CloseCode::Invalid),
        ("an opcode nobody knows", frame(0x83, b"x"), CloseCode::Protocol),
        ("a bit nobody agreed to", frame(0xc1, b"x"), CloseCode::Protocol),
        ("a continuation of nothing", frame(0x80, b"x"), CloseCode::Protocol),
        ("a ping in fragments", frame(0x09, b"x"), CloseCode::Protocol),
        ("a ping too long", frame(0x89, &[b'x'; 126]), CloseCode::Protocol),
    ] {
        let mut socket = browser(&bench);
        // A part may be left unread by then.
        socket.get_mut().write_all(&octets).ok();
        let said = std::iter::from_fn(|| socket.read().ok()).find_map(|message| match message {
            Message::Close(frame) => frame,
            Message::Text(_)
            | Message::Binary(_)
            | Message::Ping(_)
            | Message::Pong(_)
            | Message::Frame(_) => None,
        });
        assert_eq!(said.map(|frame| frame.code), Some(code), "{why}");
    }
    until_quiet(&bench);
}

#[test]
fn empty_messages_and_one_octet_frames_do_no_harm() {
    let bench = bench_with(64, web());
    let mut socket = browser(&bench);
    for _ in 0..50 {
        socket.get_mut().write_all(&frame(0x81, b"")).unwrap();
        socket.get_mut().write_all(&frame(0x82, b"")).unwrap();
    }
    socket.get_mut().write_all(&frame(0x81, b"x")).unwrap();
    assert_eq!(&bench.message().data[..], b"x", "the shard says what is wrong with it");
    socket.send(Message::text(String::from_utf8(request("OPTIONS", "one")).unwrap())).unwrap();
    bench.message();
}

/// Conformance S11: a message in parts has the time of a body, however slowly its octets come.
#[test]
fn half_a_frame_and_one_octet_at_a_time_live_no_longer_than_a_body() {
    let connections = ConnectionLimits { body: Duration::from_millis(400), ..Default::default() };
    let bench = bench_with(64, NetConfig { connections, ..web() });
    let whole = frame(0x81, &request("OPTIONS", "one"));
    let mut half = browser(&bench);
    half.get_mut().write_all(&whole[..20]).unwrap();
    let mut drip = browser(&bench);
    drip.get_mut().set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let ended = whole.iter().take(60).any(|octet| {
        drip.get_mut().write_all(&[*octet]).is_err() || matches!(drip.read(), Ok(Message::Close(_)))
    });
    assert!(ended);
    assert!(matches!(half.read(), Ok(Message::Close(_))));
    assert_eq!(bench.net.stats().tcp_timeouts, 2);
}

#[test]
fn pings_without_end_are_answered_once_a_second() {
    let bench = bench_with(64, web());
    let mut socket = browser(&bench);
    socket.get_mut().write_all(&frame(0x89, b"x").repeat(1_000)).unwrap();
    socket.get_mut().set_read_timeout(Some(Duration::from_millis(1_500))).unwrap();
    let since = Instant::now();
    let pongs = std::iter::from_fn(|| socket.read().ok())
        .take_while(|_| since.elapsed() < Duration::from_millis(1_500))
        .count();
    assert!((1..=12).contains(&pongs), "{pongs}");
}

#[test]
fn a_request_from_a_page_of_somebody_else_is_refused() {
    let bench = bench_with(64, web());
    let mut stream = tcp(address(&bench, Transport::Ws));
    let evil = "GET / HTTP/1.1\r\nHost: pbx.example\r\nOrigin: https://evil.example\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: sip\r\n\r\n";
    stream.write_all(evil.as_bytes()).unwrap();
    assert_eq!(read(&mut stream, 12), b"HTTP/1.1 403");
    assert!(stream.read_to_end(&mut Vec::new()).is_ok());
    until_quiet(&bench);
    assert_eq!(bench.net.stats().ws_refused, 1);
}

/// Conformance S12: connects that are cut off anywhere, in the request to upgrade or in a frame.
#[test]
fn churn_with_cuts_anywhere_leaves_nothing_and_the_next_client_is_served() {
    let connections = ConnectionLimits { strangers_per_source: 1_000, ..Default::default() };
    let bench = bench_with(1_024, NetConfig { connections, ..web() });
    let request_text = "GET / HTTP/1.1\r\nHost: pbx.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Protocol: sip\r\n\r\n";
    let script = [request_text.as_bytes(), &frame(0x81, &request("INVITE", "cut"))].concat();
    let mut seed = 0x9e37_79b9_u64;
    for _ in 0..300 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let cut = usize::try_from(seed >> 33).unwrap() % script.len();
        let mut stream = tcp(address(&bench, Transport::Ws));
        stream.write_all(&script[..cut]).unwrap();
    }
    until_quiet(&bench);
    talks_once(&bench);
}

fn talks_once(bench: &Bench) {
    let mut socket = browser(bench);
    socket.send(Message::text(String::from_utf8(request("OPTIONS", "one")).unwrap())).unwrap();
    while !matches!(bench.event(), NetEvent::Wire(_)) {}
}

/// A masked frame with a mask of nothing.
fn frame(opcode: u8, data: &[u8]) -> Vec<u8> {
    let length = match data.len() {
        short @ 0..126 => vec![0x80 | u8::try_from(short).unwrap()],
        middle @ 126..65_536 => [&[0xfe][..], &u16::try_from(middle).unwrap().to_be_bytes()].concat(),
        long => [&[0xff][..], &(long as u64).to_be_bytes()].concat(),
    };
    [&[opcode][..], &length, &[0; 4], data].concat()
}
