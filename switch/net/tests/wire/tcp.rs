//! Streams over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::bench::{PATIENCE, bench, bench_with, config, outbound, request};
use base::ShardId;
use base::wire::{Target, Transport};
use net::{ConnectionLimits, NetConfig, NetEvent};

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn read(stream: &mut TcpStream, octets: usize) -> Vec<u8> {
    let mut buffer = vec![0; octets];
    stream.read_exact(&mut buffer).expect("as many octets");
    buffer
}

#[test]
fn a_message_in_many_writes_and_many_messages_in_one_write_come_out_whole() {
    let bench = bench(8);
    let mut stream = connect(bench.tcp());
    let one = request("OPTIONS", "one");
    for part in one.chunks(7) {
        stream.write_all(part).unwrap();
    }
    assert_eq!(bench.message().data, one);
    let two = request("OPTIONS", "two");
    stream.write_all(&[b"\r\n", &two[..], &one[..], &two[..30]].concat()).unwrap();
    stream.write_all(&two[30..]).unwrap();
    assert_eq!(bench.message().data, two);
    assert_eq!(bench.message().data, one);
    let last = bench.message();
    assert_eq!(last.data, two);
    assert_eq!(last.flow.remote, stream.local_addr().unwrap());
    assert_eq!((last.flow.local, last.flow.conn.is_some()), (bench.tcp(), true));
}

#[test]
fn an_answer_goes_back_on_the_connection_its_request_came_by() {
    let bench = bench(8);
    let mut stream = connect(bench.tcp());
    stream.write_all(&request("OPTIONS", "one")).unwrap();
    let flow = bench.message().flow;
    let mut answer = outbound(Transport::Tcp, flow.remote, 1);
    answer.target = Target::Flow(flow);
    let expected = answer.data.clone();
    bench.net.sender(ShardId(0)).send(answer).unwrap();
    assert_eq!(read(&mut stream, expected.len()), expected);
}

/// RFC 5626 §3.5.1.
#[test]
fn a_ping_is_answered_with_a_pong() {
    let bench = bench(8);
    let mut stream = connect(bench.tcp());
    stream.write_all(b"\r\n\r\n").unwrap();
    assert_eq!(read(&mut stream, 2), b"\r\n");
}

#[test]
fn messages_to_one_address_share_a_connection_even_while_it_is_being_opened() {
    let bench = bench(8);
    let peer = TcpListener::bind("127.0.0.9:0").unwrap();
    let remote = peer.local_addr().unwrap();
    let sender = bench.net.sender(ShardId(0));
    let message = outbound(Transport::Tcp, remote, 1);
    sender.send(message.clone()).unwrap();
    sender.send(message.clone()).unwrap();
    let mut stream = accept(&peer);
    assert_eq!(read(&mut stream, message.data.len() * 2), [&message.data[..], &message.data].concat());
    sender.send(message.clone()).unwrap();
    assert_eq!(read(&mut stream, message.data.len()), message.data);
    assert_eq!(bench.net.stats().tcp_opened, 1);

    stream.write_all(&request("OPTIONS", "back")).unwrap();
    assert_eq!(bench.message().data, request("OPTIONS", "back"), "the connection serves both directions");
}

#[test]
fn a_flow_whose_connection_is_gone_is_opened_anew() {
    let bench = bench(8);
    let peer = TcpListener::bind("127.0.0.9:0").unwrap();
    let sender = bench.net.sender(ShardId(0));
    let message = outbound(Transport::Tcp, peer.local_addr().unwrap(), 0);
    sender.send(message.clone()).unwrap();
    let mut stream = accept(&peer);
    stream.write_all(&request("OPTIONS", "one")).unwrap();
    let flow = bench.message().flow;
    drop(stream);
    assert!(matches!(bench.event(), NetEvent::ConnClosed(conn) if Some(conn) == flow.conn));
    sender.send(base::wire::Outbound { target: Target::Flow(flow), ..message.clone() }).unwrap();
    assert_eq!(read(&mut accept(&peer), message.data.len()), message.data);
}

#[test]
fn a_peer_nobody_listens_at_fails_every_waiting_message_with_its_ticket() {
    let bench = bench(8);
    let nobody = TcpListener::bind("127.0.0.9:0").unwrap().local_addr().unwrap();
    let sender = bench.net.sender(ShardId(0));
    for ticket in [5, 6] {
        sender.send(outbound(Transport::Tcp, nobody, ticket)).unwrap();
    }
    let mut failed = Vec::new();
    while failed.len() < 2 {
        if let NetEvent::SendFailed { ticket } = bench.event() {
            failed.push(ticket);
        }
    }
    assert_eq!(failed, [5, 6]);
}

#[test]
fn what_is_no_sip_is_answered_where_possible_and_cut_off() {
    let bench = bench(8);
    let mut stream = connect(bench.tcp());
    let broken = String::from_utf8(request("OPTIONS", "one")).unwrap();
    let broken = broken.replace("Content-Length: 0", "Content-Length: -1");
    stream.write_all(broken.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("SIP/2.0 400 "), "{answer}");
    assert_eq!(bench.net.stats().tcp_framing_errors, 1);

    let mut stream = connect(bench.tcp());
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(bench.net.stats().tcp_aliens, 1);
}

#[test]
fn a_connection_that_never_says_a_whole_message_is_closed() {
    let connections = ConnectionLimits { headers: Duration::from_millis(50), ..Default::default() };
    let bench = bench_with(8, NetConfig { connections, ..config() });
    let mut stream = connect(bench.tcp());
    stream.write_all(b"OPTIONS sip:a SIP/2.0\r\n").unwrap();
    assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap_or(0), 0);
    assert!(matches!(bench.event(), NetEvent::ConnClosed(_)));
    assert_eq!(bench.net.stats().tcp_timeouts, 1);
}

#[test]
fn a_connection_beyond_the_cap_of_its_source_is_closed_at_once() {
    let connections = ConnectionLimits { per_source: 1, ..Default::default() };
    let bench = bench_with(8, NetConfig { connections, ..config() });
    let mut first = connect(bench.tcp());
    first.write_all(&request("OPTIONS", "one")).unwrap();
    bench.message();
    let mut second = connect(bench.tcp());
    assert_eq!(second.read_to_end(&mut Vec::new()).unwrap_or(0), 0);
    assert_eq!(bench.net.stats().tcp_refused, 1);
}

#[test]
fn a_full_inbox_stops_reading_and_loses_nothing() {
    let bench = bench(1);
    let mut stream = connect(bench.tcp());
    let sent: Vec<_> = (0..100).map(|number| request("INVITE", &number.to_string())).collect();
    stream.write_all(&sent.concat()).unwrap();
    for expected in &sent {
        assert_eq!(bench.message().data, expected);
    }
    assert!(bench.net.stats().tcp_held > 0);
}

#[test]
fn shutting_down_ends_the_connections() {
    let bench = bench(8);
    let mut stream = connect(bench.tcp());
    stream.write_all(&request("OPTIONS", "one")).unwrap();
    bench.message();
    bench.net.shutdown();
    assert_eq!(stream.read_to_end(&mut Vec::new()).unwrap_or(0), 0);
}
