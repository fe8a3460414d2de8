//! Corners of RFC 3261 that carriers' engineers look into: what a CANCEL is answered with, when to try again, what
//! OPTIONS tells, which refusals end a dialog, and answers that cannot be read.

use std::time::Duration;

use base::Cause;
use sip_tests::{BUSY, Line, Manner, RING, Reinvite, Reply, SILENT, State, World, office};

const TRYING: Manner = &[(0, 100)];

fn up(seed: u64) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(seed);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    (world, caller, callee)
}

fn over(mut world: World, line: Line) {
    world.bye(line);
    world.settle();
    world.assert_clean();
}

/// The To tag of the last such answer.
fn tag_of(heard: &[sip_tests::Msg], method: &str, status: u16) -> String {
    let found = heard.iter().rfind(|msg| msg.status() == Some(status) && msg.cseq().1 == method);
    found.map(|msg| msg.to_tag().to_owned()).unwrap_or_else(|| panic!("no {status} to {method}"))
}

/// RFC 3261 §8.2.6.2, §9.2: a refusal, and the answer to CANCEL, belong to the early dialog that was told last, even
/// when an earlier leg came to nothing.
#[test]
fn a_refusal_has_the_tag_of_the_ringing_that_was_told_last() {
    for forks in [1, 2] {
        for refusal in [486, 603, 487] {
            let (mut world, carrier, phone) = office(20);
            let other = world.trunk("other");
            world.rule("^0", &["other", "carrier"]);
            world.set_up();
            world.agents[other].manner = &[(0, 503)];
            world.agents[carrier].manner = SILENT;
            let caller = world.dial(phone, "0301");
            world.settle();
            let callee = world.incoming(carrier);
            world.say(callee, 180);
            world.settle();
            let first = tag_of(&world.agents[phone].heard, "INVITE", 180);
            if forks == 2 {
                let (body, tag) = (world.body_for(callee), Some("second".to_owned()));
                world.reply(callee, Reply { status: 183, body, tag, ..Reply::default() });
                world.settle();
            }
            let heard = &world.agents[phone].heard;
            let last = if forks == 2 { tag_of(heard, "INVITE", 183) } else { first.clone() };
            assert_eq!(first == last, forks == 1);
            if refusal == 487 {
                world.cancel(caller);
            } else {
                world.say(callee, refusal);
            }
            world.settle();
            let heard = &world.agents[phone].heard;
            assert_eq!(tag_of(heard, "INVITE", refusal), last, "{}", world.ladder());
            if refusal == 487 {
                assert_eq!(tag_of(heard, "CANCEL", 200), last, "{}", world.ladder());
            }
            world.assert_clean();
        }
    }
}

/// RFC 3261 §9.2: the To tag of the answer to CANCEL is that of the INVITE's answers.
#[test]
fn the_answer_to_a_cancel_has_the_tag_of_the_487_whether_or_not_it_rang() {
    for manner in [RING, TRYING] {
        let (mut world, carrier, phone) = office(21);
        world.agents[phone].manner = manner;
        let caller = world.dial(carrier, "+4930123");
        world.settle();
        world.run_for(Duration::from_secs(1));
        world.cancel(caller);
        world.settle();
        let heard = &world.agents[carrier].heard;
        let tag = |method: &str, status: u16| tag_of(heard, method, status);
        assert_eq!(tag("CANCEL", 200), tag("INVITE", 487));
        assert_ne!(tag("CANCEL", 200), "");
        if manner == RING {
            assert_eq!(tag("INVITE", 180), tag("INVITE", 487), "RFC 3261 §8.2.6.2");
        }
        world.assert_clean();
    }
}

/// RFC 3261 §9.2, §17.2.2: a repeated CANCEL gets the same answer and changes nothing more.
#[test]
fn a_cancel_that_comes_twice_is_answered_twice_and_told_once() {
    let (mut world, carrier, phone) = office(21);
    world.agents[phone].manner = RING;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    world.links[carrier].doubled = 1_000;
    world.cancel(caller);
    world.settle();
    world.links[carrier].doubled = 0;
    assert_eq!(world.agents[phone].requests("CANCEL").count(), 1);
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Cancelled);
}

/// RFC 3261 §20.33.
#[test]
fn a_callee_that_says_when_to_try_again_is_heard_by_the_caller() {
    for status in [404, 413, 480, 486, 500, 503, 600, 603] {
        let (mut world, carrier, phone) = office(22);
        world.agents[phone].manner = SILENT;
        let caller = world.dial(carrier, "+4930123");
        world.settle();
        let headers = vec!["Retry-After: 600 (in a meeting);duration=60".to_owned()];
        world.reply(world.incoming(phone), Reply { status, headers, ..Reply::default() });
        world.settle();
        let refusal = world.talk(caller).refusal.clone().expect("a refusal");
        assert_eq!((refusal.status(), refusal.header("Retry-After")), (Some(status), Some("600")));
        world.assert_clean();
    }
}

fn options(world: &mut World, agent: usize, user: &str, id: &str) -> sip_tests::Msg {
    let name = world.agents[agent].name.clone();
    let text = format!(
        "OPTIONS sip:{user}192.0.2.1 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\n\
         From: <sip:{name}@192.0.2.1>;tag=o\r\nTo: <sip:{user}192.0.2.1>\r\nCall-ID: {id}\r\n\
         CSeq: 1 OPTIONS\r\nContact: <sip:{name}@192.0.2.1>\r\nContent-Length: 0\r\n\r\n"
    );
    world.with_agent(agent, |agent, now| agent.ask(now, "OPTIONS", &text));
    world.settle();
    world.agents[agent].heard.last().expect("an answer").clone()
}

/// RFC 3261 §11.2: the status an INVITE would get, with what we take.
#[test]
fn options_get_the_status_that_an_invite_would_get() {
    let (mut world, carrier, phone) = office(23);
    let away = world.phone("1002");
    world.number("+4930124", "station:1002");
    world.number("+4930125", "hangup");
    world.number("+4930126", "test:busy");
    world.number("+4930127", "echo");
    if let Some(station) = world.directory.stations.get_mut("1001") {
        station.max_calls = 1;
    }
    world.set_up();
    let stranger = world.agent("mallory", "203.0.113.200:5060", base::wire::Transport::Udp);
    for (agent, user, status) in [
        (carrier, "", 200),
        (carrier, "tandem@", 200),
        (carrier, "+4930123@", 200),
        (carrier, "+4930124@", 480),
        (carrier, "+4930126@", 486),
        (carrier, "+4930127@", 200),
        (carrier, "nobody@", 404),
        (stranger, "", 200),
        (stranger, "1001@", 407),
        (stranger, "nobody@", 407),
    ] {
        let answer = options(&mut world, agent, user, &format!("o-{agent}-{user}"));
        assert_eq!(answer.status(), Some(status), "{user}");
        if status != 407 {
            assert!(answer.must("Allow").contains("INVITE") && answer.must("Supported").contains("timer"));
            assert!(answer.must("Accept").starts_with("application/sdp,"));
        }
    }
    let (caller, _) = world.connect(carrier, "+4930123", phone);
    // A shard knows of the lines of its own calls.
    let mut ask = |id| options(&mut world, carrier, "+4930123@", &format!("o-busy-{id}")).status();
    assert!((0..20).any(|id| ask(id) == Some(486)));
    let _ = away;
    over(world, caller);
}

/// RFC 5057 §5.3, RFC 3261 §12.2.1.2: of the answers to our re-INVITE only 408 and 481 end the dialog.
#[test]
fn a_refused_re_invite_ends_the_call_only_when_the_far_end_knows_it_no_more() {
    for (status, ends) in
        [(403, false), (415, false), (488, false), (500, false), (606, false), (408, true), (481, true)]
    {
        let (mut world, caller, callee) = up(24);
        world.agents[callee.agent].reinvites = Reinvite::Refuse(status);
        world.reinvite(caller, "sendonly");
        world.settle();
        world.run_for(Duration::from_secs(1));
        assert_eq!(world.talk(caller).reinvites.len(), 1);
        assert_eq!(world.state(caller) == State::Over, ends, "{status}:\n{}", world.ladder());
        if ends {
            world.assert_clean_but(callee);
        } else {
            over(world, caller);
        }
    }
}

/// RFC 5057 §5.2: 481 to an INFO that we passed on ends the call, any other refusal is the sender's business.
#[test]
fn an_info_answered_481_ends_the_call_on_both_legs() {
    let (mut world, caller, callee) = up(24);
    world.agents[callee.agent].talks[callee.talk].state = State::Over;
    world.with_agent(caller.agent, |agent, now| agent.ask_inside(now, caller.talk, "INFO", ""));
    world.settle();
    assert_eq!(world.agents[caller.agent].results.last(), Some(&("INFO".to_owned(), 481)));
    assert!(world.talk(caller).bye.is_some(), "{}", world.ladder());
    world.assert_clean();
}

/// RFC 3261 §12.2.2: a lower number is out of order, a gap is none of our business.
#[test]
fn a_lower_sequence_number_gets_500_and_a_gap_is_taken() {
    let (mut world, caller, callee) = up(25);
    let ask = |world: &mut World| {
        world.with_agent(caller.agent, |agent, now| agent.ask_inside(now, caller.talk, "INFO", ""));
        world.settle();
        world.agents[caller.agent].results.last().map(|(_, status)| *status)
    };
    world.with_agent(caller.agent, |agent, _| agent.rewind(caller.talk, -500));
    assert_eq!(ask(&mut world), Some(200));
    world.with_agent(caller.agent, |agent, _| agent.rewind(caller.talk, 100));
    assert_eq!(ask(&mut world), Some(500));
    assert!(world.talk(callee).is_up());
    world.with_agent(caller.agent, |agent, _| agent.rewind(caller.talk, -500));
    over(world, caller);
}

/// RFC 3261 §13.2.2.4: every 2xx gets its ACK, and one that cannot be used is ended with BYE.
#[test]
fn a_2xx_whose_contact_cannot_be_read_gets_ack_and_bye_and_the_caller_500() {
    for header in ["Contact: <<sip:>", "Record-Route: %%%;;"] {
        let (mut world, carrier, phone) = office(26);
        world.agents[phone].manner = SILENT;
        let caller = world.dial(carrier, "+4930123");
        world.settle();
        let callee = world.incoming(phone);
        let (tag, body) = (world.talk(callee).local_tag.clone(), world.body_for(callee));
        let invite = world.talk(callee).invite.clone();
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag={tag}\r\nCall-ID: {}\r\nCSeq: 1 INVITE\r\n{header}\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            invite.must("Via"),
            invite.must("From"),
            invite.must("To"),
            invite.must("Call-ID"),
            body.len()
        );
        world.with_agent(phone, |agent, _| agent.say(&text));
        world.settle();
        assert_eq!(world.agents[phone].requests("ACK").count(), 1, "{}", world.ladder());
        assert_eq!(world.agents[phone].requests("BYE").count(), 1, "{}", world.ladder());
        assert_eq!(world.talk(caller).status(), 500);
        world.assert_clean_but(callee);
    }
}

/// RFC 3261 §13.2.2.4: a body that is no SDP ends the call that was just answered.
#[test]
fn a_2xx_whose_body_cannot_be_read_gets_ack_and_bye() {
    let (mut world, carrier, phone) = office(26);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    world.reply(callee, Reply { status: 200, body: "v=0\r\nnonsense".to_owned(), ..Reply::default() });
    world.settle();
    assert!(world.talk(callee).bye.is_some(), "{}", world.ladder());
    assert_eq!(world.talk(caller).status(), 488);
    world.assert_clean();
}

/// AST-2012-010, S20: a re-INVITE that is worked on for ever has an end.
#[test]
fn a_re_invite_without_a_final_answer_is_taken_back_after_a_minute_and_the_call_goes_on() {
    let (mut world, caller, callee) = up(27);
    world.agents[callee.agent].reinvites = Reinvite::Wait;
    world.reinvite(caller, "sendonly");
    world.settle();
    world.reply(callee, Reply { status: 183, ..Reply::default() });
    world.run_for(Duration::from_secs(59));
    assert_eq!(world.talk(caller).reinvites, Vec::<u16>::new());
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.talk(caller).reinvites, [487], "{}", world.ladder());
    assert!(world.hear_each_other(caller, callee));
    over(world, caller);
}

#[test]
fn a_re_invite_that_is_not_even_given_up_when_cancelled_ends_the_call() {
    let (mut world, caller, callee) = up(27);
    world.agents[callee.agent].reinvites = Reinvite::Wait;
    world.reinvite(caller, "sendonly");
    world.settle();
    world.reply(callee, Reply { status: 183, ..Reply::default() });
    world.settle();
    world.agents[callee.agent].dead = true;
    world.run_for(Duration::from_secs(100));
    assert_eq!(world.state(caller), State::Over, "{}", world.ladder());
    world.assert_clean();
}

/// Race 3 (RFC 5407 §3.1.5): the 200 of a re-INVITE that crosses our BYE still gets its ACK.
#[test]
fn a_2xx_of_a_re_invite_that_comes_after_our_bye_is_acknowledged() {
    let (mut world, caller, callee) = up(28);
    world.agents[callee.agent].reinvites = Reinvite::Wait;
    world.reinvite(caller, "sendonly");
    world.settle();
    world.links[callee.agent].delay = Duration::from_millis(100);
    world.bye(caller);
    world.with_agent(callee.agent, |agent, now| agent.accept_reinvite(now, callee.talk));
    world.run_for(Duration::from_secs(1));
    let acks = world.agents[callee.agent].requests("ACK").count();
    assert_eq!(acks, 2, "one for each INVITE:\n{}", world.ladder());
    world.assert_clean();
}

/// RFC 4320, RFC 4321: nothing but INVITE is ever answered 408 or with a provisional response.
#[test]
fn a_request_that_the_other_side_does_not_answer_gets_neither_408_nor_180() {
    let (mut world, caller, callee) = up(29);
    world.links[callee.agent].lost = 1_000;
    world.with_agent(caller.agent, |agent, now| agent.ask_inside(now, caller.talk, "INFO", ""));
    world.run_for(Duration::from_secs(40));
    let said: Vec<u16> = world
        .sent
        .iter()
        .filter(|msg| msg.status().is_some() && msg.cseq().1 != "INVITE")
        .filter_map(sip_tests::Msg::status)
        .collect();
    assert!(said.iter().all(|status| *status == 100 || (*status >= 200 && *status != 408)), "{said:?}");
    world.links[callee.agent].lost = 0;
    over(world, caller);
}

/// RFC 3261 §12.2.1.1: a first route without `lr` gets the request as if it were the goal.
#[test]
fn a_strict_router_on_the_way_to_the_carrier_gets_requests_the_old_way() {
    let (mut world, carrier, phone) = office(30);
    let router = world.agent("old", "198.51.100.10:5070", base::wire::Transport::Udp);
    let routes = ["Record-Route: <sip:198.51.100.10:5070>".to_owned()];
    let caller = world.dial_as(carrier, None, "+4930123", true, &routes);
    world.settle();
    let callee = world.incoming(phone);
    world.bye(callee);
    world.settle();
    let bye = world.agents[router].requests("BYE").next().expect("the BYE goes by the router").clone();
    assert_eq!(bye.uri(), Some("sip:198.51.100.10:5070"));
    assert_eq!(bye.header("Route"), Some("<sip:carrier@198.51.100.10:5060>"));
    world.assert_clean_but(caller);
}

/// A call that was never let in leaves a 486 and nothing else: AST-2017-011.
#[test]
fn refused_calls_leave_nothing() {
    let (mut world, carrier, phone) = office(31);
    world.agents[phone].manner = BUSY;
    for _ in 0..50 {
        world.dial(carrier, "+4930123");
        world.dial(carrier, "nobody");
    }
    world.settle();
    world.assert_clean();
    assert_eq!(world.facts_by_call().len(), 100);
}
