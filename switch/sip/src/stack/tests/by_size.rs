//! Large requests over TCP, and back to UDP (RFC 3261 §18.1.1).

use super::*;

/// An INVITE of more than 1,300 octets.
fn large() -> Draft {
    let mut draft = draft(Method::Invite);
    draft.push(Header::of("Subject"), &"x".repeat(1_300));
    draft
}

fn ask(rig: &mut Rig, draft: Draft) -> ClientId {
    let target = Target::Addr { transport: Transport::Udp, remote: address(PEER) };
    let id = rig.stack.request_by_size(rig.now, &mut rig.entropy, target, &Here, draft, |_| true).unwrap();
    rig.story();
    id
}

/// The protocol of the latest message, by its path and by its Via, and its branch.
fn latest(rig: &Rig) -> (Transport, String, String) {
    let via = rig.last_sent().top_via().unwrap();
    let protocol = via.to_string().split(' ').next().unwrap_or_default().to_owned();
    (rig.sent.last().unwrap().target.transport(), protocol, via.branch().unwrap().to_owned())
}

#[test]
fn a_large_request_goes_over_tcp_with_a_via_that_says_so() {
    let mut rig = Rig::new();
    ask(&mut rig, large());
    let (transport, via, _) = latest(&rig);
    assert_eq!((transport, via.as_str()), (Transport::Tcp, "SIP/2.0/TCP"));
    assert_eq!(rig.peer_answers(200, "bob"), ["Response 200"]);
    assert_eq!(rig.until(31_000), [""; 0], "a stream repeats nothing");
    assert_eq!(rig.stack.stats().by_stream, 1);
}

#[test]
fn a_small_request_and_one_to_a_peer_with_udp_chosen_stay_with_udp() {
    let mut rig = Rig::new();
    ask(&mut rig, draft(Method::Invite));
    assert_eq!(latest(&rig).0, Transport::Udp);
    let target = Target::Addr { transport: Transport::Udp, remote: address(PEER) };
    rig.stack.request_by_size(rig.now, &mut rig.entropy, target, &Here, large(), |_| false).unwrap();
    rig.story();
    assert_eq!(latest(&rig).0, Transport::Udp);
}

#[test]
fn a_peer_that_refuses_tcp_gets_the_same_request_by_udp_at_once_and_the_next_ones_too() {
    let mut rig = Rig::new();
    ask(&mut rig, large());
    let (_, _, branch) = latest(&rig);
    let ticket = rig.sent[0].ticket;
    rig.stack.transport_failed(rig.now, ticket);
    assert_eq!(rig.story(), ["> INVITE"]);
    assert_eq!(latest(&rig), (Transport::Udp, "SIP/2.0/UDP".to_owned(), branch));
    assert_eq!(rig.until(600), ["500 > INVITE"], "UDP repeats");
    rig.stack.transport_failed(rig.now, ticket);
    assert_eq!(rig.story(), [""; 0], "the failure of TCP told late is not that of UDP");
    assert_eq!(rig.peer_answers(486, "bob"), ["> ACK", "Response 486"]);
    assert_eq!(latest(&rig).0, Transport::Udp);
    ask(&mut rig, large());
    assert_eq!(latest(&rig).0, Transport::Udp, "remembered");
    rig.until(301_000);
    ask(&mut rig, large());
    assert_eq!(latest(&rig).0, Transport::Tcp, "for five minutes");
}

#[test]
fn silence_over_tcp_costs_a_second() {
    let mut rig = Rig::new();
    ask(&mut rig, large());
    assert_eq!(rig.until(1_600), ["1000 > INVITE", "1500 > INVITE"]);
    assert_eq!(latest(&rig).0, Transport::Udp);
    assert_eq!(rig.peer_answers(180, "bob"), ["Response 180"]);
    let ticket = rig.last_request().ticket;
    rig.stack.transport_failed(rig.now, ticket);
    assert_eq!(rig.story(), ["Unreachable", "Done"], "a failure of UDP is told");
}

#[test]
fn any_response_over_tcp_keeps_it_there() {
    let mut rig = Rig::new();
    let id = ask(&mut rig, large());
    assert_eq!(rig.peer_answers(100, ""), ["Response 100"]);
    assert_eq!(rig.until(20_000), [""; 0]);
    rig.stack.cancel(rig.now, id, None);
    assert_eq!(rig.story(), ["> CANCEL"]);
    assert_eq!(latest(&rig).0, Transport::Tcp, "a CANCEL takes the way of its INVITE");
}

#[test]
fn a_wish_to_cancel_outlives_the_way_back_to_udp() {
    let mut rig = Rig::new();
    let id = ask(&mut rig, large());
    rig.stack.cancel(rig.now, id, None);
    assert_eq!(rig.until(1_100), ["1000 > INVITE"]);
    assert_eq!(rig.peer_answers(180, "bob"), ["Response 180", "> CANCEL"]);
    assert_eq!(latest(&rig).0, Transport::Udp);
}

#[test]
fn without_a_tcp_listener_everything_goes_by_udp() {
    struct UdpOnly;
    impl Locals for UdpOnly {
        fn signalling(&self, transport: Transport, _: SocketAddr) -> Option<SocketAddr> {
            (transport == Transport::Udp).then(|| address(HERE))
        }
        fn media(&self, _: SocketAddr) -> std::net::IpAddr {
            address(HERE).ip()
        }
        fn listens(&self) -> Listens {
            Listens::at(Transport::Udp, [&address(HERE)])
        }
    }
    let mut rig = Rig::new();
    let target = Target::Addr { transport: Transport::Udp, remote: address(PEER) };
    rig.stack.request_by_size(rig.now, &mut rig.entropy, target, &UdpOnly, large(), |_| true).unwrap();
    rig.story();
    assert_eq!(latest(&rig).0, Transport::Udp);
}
