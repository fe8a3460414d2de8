use super::*;

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut rig = Rig::new();
    let id = rig.asks(Method::Invite);
    let invite = rig.last_sent();
    rig.stack.cancel(rig.now, id, Some("SIP;cause=200;text=\"Call completed elsewhere\""));
    assert!(rig.story().is_empty());
    assert_eq!(rig.peer_answers_to(&invite, 100, ""), ["Response 100", "> CANCEL"]);
    assert_eq!(
        String::from_utf8(rig.last_sent().bytes().to_vec()).unwrap(),
        "CANCEL sip:bob@127.0.0.9:5062 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bK0000000000000002.1000000\r\n\
         Route: <sip:127.0.0.9:5062;lr>\r\nFrom: <sip:us@a.test>;tag=us\r\nTo: <sip:bob@b.test>\r\n\
         Call-ID: call-1\r\nCSeq: 1 CANCEL\r\nMax-Forwards: 70\r\n\
         Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\nContent-Length: 0\r\n\r\n"
    );
}

#[test]
fn a_cancelled_invite_ends_by_its_487_and_the_owner_sees_only_that() {
    let mut rig = Rig::new();
    let id = rig.asks(Method::Invite);
    let invite = rig.last_sent();
    rig.peer_answers_to(&invite, 180, "bob");
    rig.stack.cancel(rig.now, id, None);
    assert_eq!(rig.story(), ["> CANCEL"]);
    let cancel = rig.last_sent();
    assert!(rig.peer_answers_to(&cancel, 200, "bob").is_empty());
    assert_eq!(rig.peer_answers_to(&invite, 487, "bob"), ["> ACK", "Response 487"]);
    assert_eq!(rig.until(60_000), ["32000 Done"]);
    assert_eq!(rig.stack.transactions(), 0);
}

/// RFC 3261 §9.1: the 2xx was on its way already.
#[test]
fn a_2xx_that_crosses_the_cancel_is_delivered_to_be_acknowledged_and_ended() {
    let mut rig = Rig::new();
    let id = rig.asks(Method::Invite);
    let invite = rig.last_sent();
    rig.peer_answers_to(&invite, 180, "bob");
    rig.stack.cancel(rig.now, id, None);
    rig.story();
    assert_eq!(rig.peer_answers_to(&invite, 200, "bob"), ["Response 200"]);
}

#[test]
fn a_held_cancel_is_forgotten_when_the_first_response_is_final() {
    let mut rig = Rig::new();
    let id = rig.asks(Method::Invite);
    let invite = rig.last_sent();
    rig.stack.cancel(rig.now, id, None);
    assert_eq!(rig.peer_answers_to(&invite, 200, "bob"), ["Response 200"]);
    rig.stack.cancel(rig.now, id, None);
    assert!(rig.story().is_empty());
}

#[test]
fn a_cancel_that_nobody_answers_ends_the_invite_after_64_t1() {
    let mut rig = Rig::new();
    let id = rig.asks(Method::Invite);
    let invite = rig.last_sent();
    rig.peer_answers_to(&invite, 180, "bob");
    rig.stack.cancel(rig.now, id, None);
    rig.stack.cancel(rig.now, id, None);
    assert_eq!(rig.story(), ["> CANCEL"]);
    let story = rig.until(60_000);
    assert!(story.iter().filter(|line| line.ends_with("> CANCEL")).count() == 10);
    assert_eq!(story[10..], ["32000 TimedOut", "32000 Done"]);
    assert_eq!(rig.stack.transactions(), 0);
}

/// RFC 3261 §9.2.
#[test]
fn a_cancel_from_the_peer_is_answered_at_once_and_told_once() {
    let mut rig = Rig::new();
    rig.hears(&request("INVITE", VIA, ""));
    rig.answers(180);
    let tag = rig.last_sent().to_tag().unwrap().to_owned();
    let invite = rig.latest_request();
    assert_eq!(rig.hears(&request("CANCEL", VIA, "")), ["> 200", "Cancelled"]);
    assert_eq!(rig.last_sent().to_tag(), Some(tag.as_str()), "the tag of the INVITE's answers");
    assert_eq!(rig.hears(&request("CANCEL", VIA, "")), ["> 200"]);
    assert_eq!(rig.answers_to(invite, 487), ["> 487"]);
    rig.hears(&request("ACK", VIA, &format!(";tag={tag}")));
    rig.until(10_000);
    assert_eq!(rig.hears(&request("CANCEL", VIA, "")), ["> 200"], "absorbed though its INVITE is gone");
}

#[test]
fn a_cancel_after_the_final_response_changes_nothing() {
    let mut rig = Rig::new();
    rig.hears(&request("INVITE", VIA, ""));
    rig.answers(200);
    assert_eq!(rig.hears(&request("CANCEL", VIA, "")), ["> 200"]);
}

#[test]
fn a_cancel_of_nothing_gets_481() {
    let mut rig = Rig::new();
    assert_eq!(rig.hears(&request("CANCEL", VIA, "")), ["> 481"]);
    rig.hears(&request("INVITE", VIA, ""));
    let guessed = "127.0.0.8:5062;rport;branch=z9hG4bKann1";
    assert_eq!(rig.hears(&request("CANCEL", guessed, "")), ["> 481"], "another sent-by");
    assert_eq!(rig.stack.transactions(), 1);
}
