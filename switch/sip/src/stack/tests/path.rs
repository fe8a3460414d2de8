use super::*;

fn answer_to(flow: Flow, via: &str) -> (SocketAddr, String) {
    let mut rig = Rig::new();
    rig.hears_by(flow, &request("OPTIONS", via, ""));
    rig.answers(200);
    let via = rig.last_sent().headers(Header::Via).collect::<Vec<_>>().join(" | ");
    (rig.sent[0].target.remote(), via)
}

/// RFC 3581 §4.
#[test]
fn with_rport_the_answer_goes_to_the_port_it_came_from() {
    let (remote, via) =
        answer_to(flow(Transport::Udp, "127.0.0.7:9999"), "10.0.0.1:5062;rport;branch=z9hG4bKa");
    assert_eq!(remote, address("127.0.0.7:9999"));
    assert_eq!(via, "SIP/2.0/UDP 10.0.0.1:5062;rport=9999;branch=z9hG4bKa;received=127.0.0.7");
}

/// RFC 3261 §18.2.2.
#[test]
fn without_rport_the_answer_goes_to_the_source_address_and_the_port_of_the_via() {
    let (remote, via) = answer_to(flow(Transport::Udp, "127.0.0.7:9999"), "phone.test:5062;branch=z9hG4bKa");
    assert_eq!(remote, address("127.0.0.7:5062"));
    assert_eq!(via, "SIP/2.0/UDP phone.test:5062;branch=z9hG4bKa;received=127.0.0.7");
    let (remote, via) = answer_to(flow(Transport::Udp, "127.0.0.7:9999"), "127.0.0.7;branch=z9hG4bKa");
    assert_eq!(remote, address("127.0.0.7:5060"));
    assert_eq!(via, "SIP/2.0/UDP 127.0.0.7;branch=z9hG4bKa");
}

/// RFC 3261 §18.2.2: should it be closed by then, a new one to the port of the Via takes the answer.
#[test]
fn the_answer_to_a_request_by_tcp_goes_back_on_its_connection() {
    let mut rig = Rig::new();
    let tcp = flow(Transport::Tcp, "127.0.0.7:9999");
    rig.hears_by(tcp, &request("OPTIONS", "127.0.0.7:5062;branch=z9hG4bKa", ""));
    rig.answers(200);
    assert_eq!(rig.sent[0].target, Target::Flow(Flow { remote: address("127.0.0.7:5062"), ..tcp }));
    assert_eq!(rig.stack.transactions(), 0);
}

/// RFC 3261 §17.2.2, §18.2.2: the connection of the first one may be gone by then.
#[test]
fn a_repetition_by_a_connection_of_the_same_host_is_answered_there() {
    let mut rig = Rig::new();
    let octets = request("OPTIONS", "127.0.0.7:5062;branch=z9hG4bKa", "");
    rig.hears_by(flow(Transport::Udp, "127.0.0.7:9999"), &octets);
    rig.answers(200);
    for (source, transport) in [("127.0.0.7:5062", Transport::Tcp), ("127.0.0.66:9999", Transport::Tcp)] {
        rig.hears_by(flow(Transport::Tcp, source), &octets);
        let answered = rig.sent.last().expect("the same answer").target;
        assert_eq!((answered.transport(), answered.remote()), (transport, address("127.0.0.7:5062")));
    }
}

#[test]
fn the_vias_of_proxies_on_the_way_are_kept_in_order() {
    let two = "127.0.0.9:5062;rport;branch=z9hG4bKa, SIP/2.0/TCP p1.test;branch=z9hG4bKb\n\
               Via: SIP/2.0/UDP p2.test;branch=z9hG4bKc";
    let (_, via) = answer_to(flow(Transport::Udp, PEER), two);
    assert_eq!(
        via.replace(" | ", ", "),
        "SIP/2.0/UDP 127.0.0.9:5062;rport=5062;branch=z9hG4bKa;received=127.0.0.9, \
         SIP/2.0/TCP p1.test;branch=z9hG4bKb, SIP/2.0/UDP p2.test;branch=z9hG4bKc"
    );
}

/// RFC 3261 §18.1.2: where the Via asks for a group or a broadcast, nothing goes there; RFC 4475 "bcast".
#[test]
fn maddr_is_not_followed_and_unanswerable_sources_are_dropped() {
    let (remote, _) =
        answer_to(flow(Transport::Udp, PEER), "255.255.255.255;maddr=224.0.1.75;branch=z9hG4bKa");
    assert_eq!(remote, address("127.0.0.9:5060"));
    let mut rig = Rig::new();
    for source in ["224.0.1.75:5060", "255.255.255.255:5060", "0.0.0.0:5060", "127.0.0.9:0"] {
        let outcome = rig.hears_by(flow(Transport::Udp, source), &request("OPTIONS", VIA, ""));
        assert!(outcome.is_empty(), "{source}");
    }
    assert_eq!(rig.stack.stats().unanswerable, 4);
}
