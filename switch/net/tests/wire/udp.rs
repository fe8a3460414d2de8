//! Datagrams over real sockets.

use std::net::{SocketAddr, UdpSocket};

use crate::bench::{PATIENCE, bench, bench_with, config, outbound, request};
use base::wire::{Locals, Target, Transport};
use net::{Net, NetConfig, SendFailed};

fn phone() -> UdpSocket {
    phone_at("127.0.0.9:0")
}

fn phone_at(address: &str) -> UdpSocket {
    let socket = UdpSocket::bind(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn text(socket: &UdpSocket) -> String {
    let mut buffer = [0; 4_096];
    let (octets, _) = socket.recv_from(&mut buffer).expect("a datagram");
    String::from_utf8(buffer[..octets].to_vec()).unwrap()
}

#[test]
fn a_datagram_reaches_its_shard_whole_and_an_answer_goes_back_along_its_flow() {
    let bench = bench(8);
    let phone = phone();
    phone.send_to(&request("OPTIONS", "one"), bench.udp()).unwrap();
    let inbound = bench.message();
    assert_eq!(inbound.data, request("OPTIONS", "one"));
    assert_eq!((inbound.flow.transport, inbound.flow.local), (Transport::Udp, bench.udp()));
    assert_eq!(inbound.flow.remote, phone.local_addr().unwrap());

    let mut answer = outbound(Transport::Udp, inbound.flow.remote, 1);
    answer.target = Target::Flow(inbound.flow);
    bench.net.sender(base::ShardId(0)).send(answer).unwrap();
    assert!(text(&phone).starts_with("OPTIONS "));
}

#[test]
fn a_wildcard_socket_tells_the_address_its_peer_sees() {
    let udp = vec![SocketAddr::from(([0, 0, 0, 0], 0))];
    let bench = bench_with(8, NetConfig { udp, ..config() });
    let port = bench.udp().port();
    let phone = phone();
    phone.send_to(&request("OPTIONS", "one"), ("127.0.0.1", port)).unwrap();
    let flow = bench.message().flow;
    assert_eq!(flow.local, SocketAddr::from(([127, 0, 0, 1], port)));
    assert_eq!(bench.net.locals().signalling(Transport::Udp, flow.remote), Some(flow.local));

    let mut answer = outbound(Transport::Udp, flow.remote, 1);
    answer.target = Target::Flow(flow);
    bench.net.sender(base::ShardId(0)).send(answer).unwrap();
    let mut buffer = [0; 4_096];
    assert_eq!(phone.recv_from(&mut buffer).unwrap().1, flow.local);
}

/// RFC 3261 §8.2.7, RFC 3581 §4.
#[test]
fn a_new_invite_to_a_full_inbox_is_answered_503_with_retry_after() {
    let bench = bench(0);
    let phone = phone();
    phone.send_to(&request("OPTIONS", "dropped"), bench.udp()).unwrap();
    phone.send_to(&request("INVITE", "one"), bench.udp()).unwrap();
    let answer = text(&phone);
    assert!(answer.starts_with("SIP/2.0 503 "), "{answer}");
    assert!(answer.contains("\r\nRetry-After: "), "{answer}");
    let port = phone.local_addr().unwrap().port();
    assert!(answer.contains(&format!("rport={port}")), "{answer}");
    assert!(answer.contains("received=127.0.0.9"), "{answer}");
    assert!(answer.contains("To: <sip:1001@127.0.0.1>;tag="), "{answer}");

    phone.send_to(&request("INVITE", "one"), bench.udp()).unwrap();
    assert_eq!(text(&phone), answer, "a copy of the request gets the same answer");
    let stats = bench.net.stats();
    assert_eq!((stats.udp_refused, stats.udp_dropped), (2, 1));
}

#[test]
fn keep_alives_are_counted_and_go_nowhere() {
    let bench = bench(8);
    let phone = phone();
    phone.send_to(b"\r\n\r\n", bench.udp()).unwrap();
    phone.send_to(b"\0\0\0\0", bench.udp()).unwrap();
    phone.send_to(&request("OPTIONS", "after"), bench.udp()).unwrap();
    assert_eq!(bench.message().data, request("OPTIONS", "after"));
    assert_eq!(bench.net.stats().udp_keepalives, 2);
}

#[test]
fn more_datagrams_than_a_batch_all_arrive() {
    let bench = bench(512);
    let phone = phone();
    for number in 0..300 {
        phone.send_to(&request("OPTIONS", &number.to_string()), bench.udp()).unwrap();
    }
    let calls: std::collections::HashSet<_> = (0..300).map(|_| bench.message().data).collect();
    assert_eq!(calls.len(), 300);
}

#[test]
fn a_datagram_that_cannot_be_sent_fails_at_once_with_its_ticket() {
    let bench = bench(8);
    let sender = bench.net.sender(base::ShardId(0));
    let no_socket = outbound(Transport::Udp, "[::1]:5060".parse().unwrap(), 7);
    assert_eq!(sender.send(no_socket), Err(SendFailed { ticket: 7 }));
    let mut too_long = outbound(Transport::Udp, "127.0.0.9:5060".parse().unwrap(), 8);
    too_long.data = vec![b'x'; 70_000].into();
    assert_eq!(sender.send(too_long), Err(SendFailed { ticket: 8 }));
}

#[test]
fn ipv6_works_beside_ipv4_where_the_machine_has_it() {
    if UdpSocket::bind("[::1]:0").is_err() {
        return;
    }
    let udp = vec!["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
    let bench = bench_with(8, NetConfig { udp, ..config() });
    let phone = phone_at("[::1]:0");
    phone.send_to(&request("OPTIONS", "six"), bench.net.addresses(Transport::Udp)[1]).unwrap();
    let flow = bench.message().flow;
    assert_eq!(flow.local, bench.net.addresses(Transport::Udp)[1]);
    let to_phone = outbound(Transport::Udp, phone.local_addr().unwrap(), 0);
    bench.net.sender(base::ShardId(0)).send(to_phone).unwrap();
    assert!(text(&phone).starts_with("OPTIONS "));
}

#[test]
fn an_address_in_use_is_named() {
    let taken = phone();
    let udp = vec![taken.local_addr().unwrap()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = NetConfig { udp, ..config() };
    let Err(error) = Net::start(&config, runtime.handle().clone(), std::sync::Arc::new(|_, _| Ok(()))) else {
        panic!("the address is taken")
    };
    let said = error.to_string();
    let wanted = format!("SIP over UDP cannot listen on {}:", taken.local_addr().unwrap());
    assert!(said.starts_with(&wanted), "{said}");
}
