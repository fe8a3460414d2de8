use super::*;

#[test]
fn a_request_carries_our_via_on_top_and_a_branch_nobody_guesses() {
    let mut rig = Rig::new();
    rig.asks(Method::Options);
    let via = rig.last_sent().top_via().unwrap();
    assert_eq!(via.to_string(), "SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK0000000000000002.1000000");
    assert_eq!(rig.sent[0].target.remote(), address(PEER));
}

#[test]
fn an_unanswered_invite_is_repeated_and_then_reported_once() {
    let mut rig = Rig::new();
    rig.asks(Method::Invite);
    let story = rig.until(40_000);
    assert_eq!(story[..2], ["500 > INVITE", "1500 > INVITE"]);
    assert_eq!(story[6..], ["32000 TimedOut", "32000 Done"]);
    assert_eq!(rig.stack.transactions(), 0);
}

#[test]
fn a_refusal_is_acknowledged_on_the_same_branch_as_often_as_it_comes() {
    let mut rig = Rig::new();
    rig.asks(Method::Invite);
    let invite = rig.last_sent();
    assert_eq!(rig.peer_answers_to(&invite, 100, ""), ["Response 100"]);
    assert_eq!(rig.peer_answers_to(&invite, 486, "bob"), ["> ACK", "Response 486"]);
    assert_eq!(
        String::from_utf8(rig.last_sent().bytes().to_vec()).unwrap(),
        "ACK sip:bob@127.0.0.9:5062 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK0000000000000002.1000000\r\n\
         Route: <sip:127.0.0.9:5062;lr>\r\nFrom: <sip:us@a.test>;tag=us\r\nTo: <sip:bob@b.test>;tag=bob\r\n\
         Call-ID: call-1\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(rig.peer_answers_to(&invite, 486, "bob"), ["> ACK"]);
    assert_eq!(rig.sent[1].data, rig.sent[2].data);
    assert_eq!(rig.until(40_000), ["32000 Done"]);
}

/// RFC 6026 §7.2, RFC 3261 §13.2.2.4: two forks answered, one of them twice.
#[test]
fn every_2xx_of_a_fork_is_delivered() {
    let mut rig = Rig::new();
    rig.asks(Method::Invite);
    let invite = rig.last_sent();
    assert_eq!(rig.peer_answers_to(&invite, 200, "one"), ["Response 200"]);
    assert_eq!(rig.peer_answers_to(&invite, 200, "two"), ["Response 200"]);
    assert_eq!(rig.peer_answers_to(&invite, 200, "one"), ["Response 200"]);
    let mut tags = rig.events.iter().filter_map(|event| match event {
        SipEvent::Response { response, .. } => response.to_tag(),
        SipEvent::Request { .. }
        | SipEvent::Ack { .. }
        | SipEvent::Cancelled { .. }
        | SipEvent::TimedOut { .. }
        | SipEvent::Unreachable { .. }
        | SipEvent::Unacknowledged { .. }
        | SipEvent::Unpracked { .. }
        | SipEvent::Done { .. } => None,
    });
    assert_eq!((tags.next(), tags.next()), (Some("one"), Some("two")));
    assert_eq!(rig.until(40_000), ["32000 Done"]);
}

#[test]
fn a_response_that_answers_nothing_of_ours_is_counted_and_dropped() {
    let mut rig = Rig::new();
    rig.asks(Method::Options);
    let ours = rig.last_sent();
    let forged = String::from_utf8(ours.bytes().to_vec()).unwrap().replace("0002.1000000", "0003.1000000");
    let forged = message(&Bytes::from(forged));
    assert!(rig.peer_answers_to(&forged, 200, "x").is_empty());
    let other = String::from_utf8(ours.bytes().to_vec()).unwrap().replace("1 OPTIONS", "1 BYE");
    assert!(rig.peer_answers_to(&message(&Bytes::from(other)), 200, "x").is_empty());
    assert_eq!(rig.stack.stats().strays, 2);
    assert_eq!(rig.peer_answers_to(&ours, 200, "x"), ["Response 200"]);
}

#[test]
fn a_repeated_final_response_is_absorbed() {
    let mut rig = Rig::new();
    rig.asks(Method::Options);
    assert_eq!(rig.peer_answers(200, "bob"), ["Response 200"]);
    assert!(rig.peer_answers(200, "bob").is_empty());
    assert_eq!(rig.until(6_000), ["5000 Done"]);
}

#[test]
fn a_request_that_cannot_be_sent_is_reported_and_over() {
    let mut rig = Rig::new();
    rig.asks_by(Method::Invite, Transport::Tcp);
    let ticket = rig.sent[0].ticket;
    rig.stack.transport_failed(rig.now, ticket);
    assert_eq!(rig.story(), ["Unreachable", "Done"]);
    rig.stack.transport_failed(rig.now, ticket);
    assert!(rig.story().is_empty());
    assert!(rig.until(60_000).is_empty());
}

#[test]
fn without_a_socket_that_way_nothing_is_sent() {
    let mut rig = Rig::new();
    let target = Target::Addr { transport: Transport::Tcp, remote: address(PEER) };
    let result = rig.stack.request(rig.now, &mut rig.entropy, target, &Nowhere, draft(Method::Options));
    assert_eq!(result, Err(NoSocket(address(PEER))));
    assert!(rig.story().is_empty());
}

#[test]
fn the_ack_of_a_2xx_has_a_branch_of_its_own_and_is_not_repeated() {
    let mut rig = Rig::new();
    let target = Target::Addr { transport: Transport::Udp, remote: address(PEER) };
    let data = rig.stack.send_ack(&mut rig.entropy, target, &Here, draft(Method::Ack)).unwrap();
    assert_eq!(rig.story(), ["> ACK"]);
    assert!(message(&data).top_via().unwrap().branch().unwrap().starts_with("z9hG4bK"));
    assert_eq!(rig.stack.deadline(), None);
}

/// RFC 3261 §18.4: a port where nobody listens ends the request at once; only with the branch of one that waits.
#[test]
fn a_request_that_comes_back_is_over_but_a_forged_error_ends_nothing() {
    let mut rig = Rig::new();
    rig.asks(Method::Invite);
    let data = rig.sent[0].data.clone();
    let text = String::from_utf8(data.to_vec()).unwrap();
    for forged in
        [text.replace("z9hG4bK0000000000000002", "z9hG4bK0000000000000003"), text.replace("Via", "Max")]
    {
        rig.stack.returned(rig.now, forged.as_bytes());
    }
    rig.stack.returned(rig.now, &data[..40]);
    assert!(rig.story().is_empty());
    rig.stack.returned(rig.now, &data[..150]);
    assert_eq!(rig.story(), ["Unreachable", "Done"]);
    rig.stack.returned(rig.now, &data);
    assert!(rig.story().is_empty());
}
