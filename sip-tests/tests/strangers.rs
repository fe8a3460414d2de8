//! Whoever we do not know changes nothing (RFC 3261 §8.2, §12.2.2, §26.1).

use base::wire::Transport;
use sip_tests::{Line, RING, SILENT, World, office};

/// A call that is up, or rings, and a stranger at another address.
fn call_and_stranger(answered: bool) -> (World, Line, Line, usize) {
    let (mut world, carrier, phone) = office(11);
    let stranger = world.agent("mallory", "203.0.113.200:5060", Transport::Udp);
    if !answered {
        world.agents[phone].manner = RING;
    }
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    (world, caller, callee, stranger)
}

/// A request of the stranger with these ids of somebody else's dialog.
fn forged(method: &str, call_id: &str, from_tag: &str, to_tag: &str) -> String {
    let to_tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    format!(
        "{method} sip:tandem@192.0.2.1:5060 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\n\
         From: <sip:x@203.0.113.200>;tag={from_tag}\r\nTo: <sip:y@192.0.2.1>{to_tag}\r\nCall-ID: {call_id}\r\n\
         CSeq: 99 {method}\r\nContact: <sip:x@203.0.113.200>\r\nContent-Length: 0\r\n\r\n"
    )
}

fn answer_to(world: &mut World, stranger: usize, method: &str, text: &str) -> Option<u16> {
    let before = world.agents[stranger].results.len();
    world.with_agent(stranger, |agent, now| agent.ask(now, method, text));
    world.settle();
    world.agents[stranger].results.get(before).map(|(_, status)| *status)
}

#[test]
fn an_invite_of_a_stranger_is_challenged_and_begins_no_call() {
    let (mut world, _, _) = office(11);
    let stranger = world.agent("mallory", "203.0.113.200:5060", Transport::Udp);
    for dialled in ["1001", "0301", "+4930123", "*43", "911"] {
        let line = world.dial(stranger, dialled);
        world.settle();
        assert_eq!(world.talk(line).status(), 407, "{dialled}");
    }
    assert!(world.facts.is_empty());
    world.assert_clean();
}

#[test]
fn bye_info_and_re_invite_of_a_stranger_get_481() {
    for (guess_id, method) in
        [(false, "BYE"), (true, "BYE"), (true, "INFO"), (true, "INVITE"), (true, "UPDATE")]
    {
        let (mut world, caller, callee, stranger) = call_and_stranger(true);
        let talk = world.talk(caller).clone();
        let call_id = if guess_id { talk.call_id.clone() } else { "nobodys@example.org".to_owned() };
        let text = forged(method, &call_id, "guess", "guess");
        assert_eq!(answer_to(&mut world, stranger, method, &text), Some(481), "{method}");
        assert!(world.hear_each_other(caller, callee));
        world.end_all();
        world.assert_clean();
    }
}

#[test]
fn a_bye_with_our_tag_and_a_wrong_tag_of_the_other_side_gets_481() {
    let (mut world, caller, callee, stranger) = call_and_stranger(true);
    let talk = world.talk(caller).clone();
    let text = forged("BYE", &talk.call_id, "guess", &talk.remote_tag);
    assert_eq!(answer_to(&mut world, stranger, "BYE", &text), Some(403), "S13: it comes from elsewhere");
    assert_eq!(answer_to(&mut world, caller.agent, "BYE", &text), Some(481), "both tags make a dialog");
    assert!(world.hear_each_other(caller, callee));
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_cancel_of_a_stranger_gets_481_and_the_phone_rings_on() {
    let (mut world, caller, callee, stranger) = call_and_stranger(false);
    let talk = world.talk(caller).clone();
    let text = forged("CANCEL", &talk.call_id, &talk.local_tag, "");
    assert_eq!(answer_to(&mut world, stranger, "CANCEL", &text), Some(481));
    assert!(world.talk(callee).is_open());
    world.cancel(caller);
    world.settle();
    world.assert_clean();
}

#[test]
fn an_ack_of_a_stranger_is_ignored() {
    let (mut world, carrier, phone) = office(11);
    let stranger = world.agent("mallory", "203.0.113.200:5060", Transport::Udp);
    world.agents[carrier].withhold_acks = true;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let talk = world.talk(caller).clone();
    world.with_agent(stranger, |agent, _| {
        agent.say(
            &forged("ACK", &talk.call_id, "guess", "guess")
                .replace("{via}", "Via: SIP/2.0/UDP 203.0.113.200:5060;branch=z9hG4bKguess"),
        );
    });
    world.settle();
    assert!(world.agents[stranger].heard.is_empty());
    world.agents[carrier].withhold_acks = false;
    world.run_for(std::time::Duration::from_secs(2));
    assert!(world.hear_each_other(caller, world.incoming(phone)));
    world.end_all();
    world.assert_clean();
}

#[test]
fn answers_nobody_asked_for_are_dropped() {
    let (mut world, caller, callee, stranger) = call_and_stranger(false);
    let invite = world.talk(callee).invite.clone();
    for branch in [invite.branch().to_owned(), "z9hG4bK0000000000000000.1".to_owned()] {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch={branch}x\r\nFrom: {}\r\n\
             To: <sip:a@b>;tag=t\r\nCall-ID: {}\r\nCSeq: 1 INVITE\r\nContact: <sip:m@203.0.113.200>\r\n\
             Content-Length: 0\r\n\r\n",
            invite.must("From"),
            invite.must("Call-ID")
        );
        world.with_agent(stranger, |agent, _| agent.say(&text));
        world.settle();
    }
    assert!(world.talk(callee).is_open(), "it rings on");
    world.cancel(caller);
    world.settle();
    world.assert_clean();
}

#[test]
fn methods_for_phones_only_ask_for_a_password_unknown_ones_get_501_and_unknown_extensions_420() {
    let (mut world, _, _) = office(11);
    let stranger = world.agent("mallory", "203.0.113.200:5060", Transport::Udp);
    let statuses = [("SUBSCRIBE", 407), ("REFER", 407), ("PUBLISH", 489), ("DANCE", 501)];
    for (method, status) in statuses {
        let text = forged(method, &format!("id-{method}"), "t", "");
        assert_eq!(answer_to(&mut world, stranger, method, &text), Some(status), "{method}");
    }
    assert!(world.agents[stranger].heard.last().unwrap().must("Allow").contains("INVITE"));
    let text = forged("OPTIONS", "id-require", "t", "").replace("CSeq", "Require: telepathy\r\nCSeq");
    assert_eq!(answer_to(&mut world, stranger, "OPTIONS", &text), Some(420));
    assert_eq!(world.agents[stranger].heard.last().unwrap().must("Unsupported"), "telepathy");
    world.assert_clean();
}

#[test]
fn options_of_anybody_are_answered_with_what_we_take() {
    let (mut world, _, _) = office(11);
    let stranger = world.agent("mallory", "203.0.113.200:5060", Transport::Udp);
    let text = forged("OPTIONS", "id-options", "t", "");
    assert_eq!(answer_to(&mut world, stranger, "OPTIONS", &text), Some(200));
    let answer = world.agents[stranger].heard.last().unwrap();
    assert!(answer.must("Accept").starts_with("application/sdp"));
    assert!(answer.must("Allow").contains("INVITE"), "{answer}");
    world.assert_clean();
}

#[test]
fn a_merged_request_gets_482_and_too_many_hops_483() {
    let (mut world, carrier, phone) = office(11);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let invite = world.talk(caller).invite.to_string().replace('\n', "\r\n").replace("\r\r", "\r");
    let merged = invite.replace(world.talk(caller).invite.branch(), "z9hG4bKother-way");
    world.with_agent(carrier, |agent, _| agent.say(&merged));
    world.settle();
    let statuses: Vec<_> = world.agents[carrier].heard.iter().filter_map(sip_tests::Msg::status).collect();
    assert!(statuses.contains(&482), "RFC 3261 §8.2.2.2: {statuses:?}");
    assert_eq!(world.agents[phone].talks.len(), 1);
    let spent = invite
        .replace("Max-Forwards: 70", "Max-Forwards: 0")
        .replace(&world.talk(caller).call_id.clone(), "spent@x")
        .replace(world.talk(caller).invite.branch(), "z9hG4bKspent");
    world.with_agent(carrier, |agent, _| agent.say(&spent));
    world.settle();
    assert_eq!(world.agents[carrier].heard.last().unwrap().status(), Some(483));
    world.cancel(caller);
    world.settle();
    world.agents[phone].dead = true;
    world.assert_clean();
}

#[test]
fn a_number_nobody_set_up_gets_404_and_a_body_that_is_no_sdp_400_or_415() {
    let (mut world, carrier, phone) = office(11);
    let line = world.dial(carrier, "+4999999");
    world.settle();
    assert_eq!(world.talk(line).status(), 404);
    let line = world.dial(carrier, "1001");
    world.settle();
    assert_eq!(world.talk(line).status(), 404, "a trunk never reaches extensions");
    let line = world.dial(carrier, "0301");
    world.settle();
    assert_eq!(world.talk(line).status(), 404, "nor dial rules");
    let bodies = [("text/plain", "hello", 415), ("application/sdp", "hello", 400)];
    for (n, (kind, body, status)) in bodies.into_iter().enumerate() {
        let text = forged("INVITE", &format!("id-body-{n}"), "t", "")
            .replace("sip:tandem@", "sip:+4930123@")
            .replace(
                "Content-Length: 0\r\n\r\n",
                &format!("Content-Type: {kind}\r\nContent-Length: 5\r\n\r\n{body}"),
            );
        assert_eq!(answer_to(&mut world, carrier, "INVITE", &text), Some(status), "{kind}");
    }
    assert!(world.agents[phone].talks.is_empty());
}
