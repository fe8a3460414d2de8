use base::wire::PeerKey;
use bytes::Bytes;

use super::*;

fn table(total: usize, per_source: usize) -> Table {
    Table::new(ConnectionLimits { total, per_source, ..ConnectionLimits::default() })
}

fn peer(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 9], port))
}

fn way(port: u16) -> Way {
    Way { transport: Transport::Tcp, remote: peer(port), peer: None }
}

fn write() -> Write {
    Write { data: Bytes::from_static(b"x"), report: None }
}

#[test]
fn a_second_write_to_an_address_uses_the_connection_of_the_first() {
    let table = table(10, 10);
    let Towards::Open(_opened) = table.write_to(way(1), write()) else { panic!("a new connection") };
    assert!(matches!(table.write_to(way(1), write()), Towards::Queued));
    assert_eq!(table.len(), 1);
}

#[test]
fn a_peer_at_its_cap_is_refused_until_a_connection_ends() {
    let table = table(10, 1);
    let first = table.accept(Transport::Tcp, peer(1), Address::Strange).expect("room");
    assert!(table.accept(Transport::Tcp, peer(2), Address::Strange).is_none());
    table.leave(&first);
    assert!(table.accept(Transport::Tcp, peer(2), Address::Strange).is_some());
}

#[test]
fn the_node_at_its_cap_refuses_everybody() {
    let table = table(1, 10);
    let _held = table.accept(Transport::Tcp, peer(1), Address::Strange).expect("room");
    assert!(table.accept(Transport::Tcp, SocketAddr::from(([127, 0, 0, 8], 1)), Address::Strange).is_none());
    assert_eq!(table.len(), 1);
}

#[test]
fn a_peer_that_has_closed_its_side_gets_answers_but_no_requests_there() {
    let table = table(10, 10);
    let opened = table.accept(Transport::Tcp, peer(1), Address::Strange).expect("room");
    table.retire(opened.key);
    let answer = Write { data: Bytes::from_static(b"SIP/2.0 200 OK"), report: None };
    assert!(table.write(opened.key.id, answer).is_ok());
    assert!(matches!(table.write(opened.key.id, write()), Err(Refused::Gone(_))));
    assert!(matches!(table.write_to(way(1), write()), Towards::Open(_)));
}

#[test]
fn a_peer_that_does_not_read_is_cut_off() {
    let table = table(10, 10);
    let opened = table.accept(Transport::Tcp, peer(1), Address::Strange).expect("room");
    for _ in 0..limits::CONNECTION_WRITES {
        table.write(opened.key.id, write()).expect("room in the queue");
    }
    assert!(matches!(table.write(opened.key.id, write()), Err(Refused::Full)));
}

/// Conformance S11: unauthenticated connections per source and of the node.
#[test]
fn strangers_have_caps_of_their_own_until_they_are_known() {
    let limits = ConnectionLimits { strangers: 3, strangers_per_source: 2, ..ConnectionLimits::default() };
    let table = Table::new(limits);
    let accept = |octet, port| {
        table.accept(Transport::Tls, SocketAddr::from(([127, 0, 0, octet], port)), Address::Strange)
    };
    let first = accept(9, 1).expect("room");
    let second = accept(9, 2).expect("room");
    assert!(accept(9, 3).is_none(), "of one source");
    let other = accept(8, 1).expect("room");
    table.know(first.key.id);
    table.know(first.key.id);
    assert_eq!(table.strangers(), 2);
    let third = accept(9, 3).expect("one of its connections is known");
    assert!([&first, &second, &other, &third].iter().all(|opened| !opened.instead));
    let newest = accept(7, 1).expect("the oldest makes room");
    assert!(newest.instead);
    let again = accept(9, 4).expect("its address has one place more");
    assert_eq!((table.len(), table.strangers()), (6, 3));
    for opened in [&first, &second, &other, &third, &newest, &again] {
        table.leave(opened);
    }
    assert_eq!((table.len(), table.strangers(), table.by_source.len()), (0, 0, 0));
}

/// Conformance S11: a phone comes back to an address where its password was right.
#[test]
fn connections_from_a_familiar_address_take_no_strangers_places() {
    let limits = ConnectionLimits { strangers: 1, strangers_per_source: 1, ..ConnectionLimits::default() };
    let table = Table::new(limits);
    let stranger = table.accept(Transport::Tcp, peer(1), Address::Strange).expect("room");
    let phones =
        [2, 3].map(|port| table.accept(Transport::Tcp, peer(port), Address::Familiar).expect("room"));
    assert!(phones.iter().all(|phone| !phone.instead && !phone.standing.is_known()));
    assert_eq!(table.strangers(), 1);
    for opened in phones.iter().chain([&stranger]) {
        table.leave(opened);
    }
    assert_eq!((table.len(), table.strangers(), table.by_source.len()), (0, 0, 0));
}

/// RFC 5923 §5: a connection is shared only with messages for the same proven peer.
#[test]
fn messages_for_another_name_at_the_same_address_open_a_connection_of_their_own() {
    let table = table(10, 10);
    let to = |host| Way {
        transport: Transport::Tls,
        remote: peer(1),
        peer: Some(PeerKey::of("t", &base::dns::Host::named(host))),
    };
    let Towards::Open(_one) = table.write_to(to("a"), write()) else { panic!("a new connection") };
    assert!(matches!(table.write_to(to("a"), write()), Towards::Queued));
    assert!(matches!(table.write_to(to("b"), write()), Towards::Open(_)));
}

#[test]
fn a_connection_under_tls_that_a_peer_opened_takes_no_messages_for_its_address() {
    let table = table(10, 10);
    let _opened = table.accept(Transport::Tls, peer(1), Address::Strange).expect("room");
    let to = Way { transport: Transport::Tls, remote: peer(1), peer: None };
    assert!(matches!(table.write_to(to, write()), Towards::Open(_)));
}
