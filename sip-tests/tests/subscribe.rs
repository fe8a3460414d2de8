//! Subscriptions (RFC 6665) to the registrations of one's own extension (RFC 3680), and referrals (RFC 3515).

use std::time::Duration;

use base::wire::Transport;
use sip_tests::{Msg, World, office};

const PACKAGES: &str = "reg, dialog, message-summary, as-feature-event";

/// A SUBSCRIBE of 1001; `tag` is the switch's, inside a subscription.
fn subscribe(world: &mut World, phone: usize, number: u32, tag: &str, lines: &str) -> u16 {
    let mut said = notifies(world, phone).into_iter();
    let call_id = said.find(|msg| msg.from_tag() == tag).map(|msg| msg.must("Call-ID").to_owned());
    let call_id = call_id.unwrap_or_else(|| format!("sub{}@host", world.agents[phone].heard.len()));
    let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    let contact = world.agents[phone].contact();
    let text = format!(
        "SUBSCRIBE sip:1001@192.0.2.1 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: <sip:1001@192.0.2.1>;tag=me\r\n\
         To: <sip:1001@192.0.2.1>{tag}\r\nCall-ID: {call_id}\r\nCSeq: {number} SUBSCRIBE\r\nContact: {contact}\r\n\
         {lines}Content-Length: 0\r\n\r\n"
    );
    world.with_agent(phone, |agent, now| agent.ask(now, "SUBSCRIBE", &text));
    world.settle();
    world.agents[phone].results.last().expect("an answer").1
}

fn notifies(world: &World, phone: usize) -> Vec<Msg> {
    world.agents[phone].requests("NOTIFY").cloned().collect()
}

fn our_tag(world: &World, phone: usize) -> String {
    notifies(world, phone).first().expect("a NOTIFY").from_tag().to_owned()
}

/// An office whose phone takes NOTIFYs.
fn watched() -> (World, usize) {
    let (mut world, _, phone) = office(71);
    world.agents[phone].notified = 200;
    (world, phone)
}

/// RFC 6665 §4.2.1.2: a NOTIFY follows at once; RFC 3680 §5: full at first, then what changed with the next version.
#[test]
fn a_phone_watches_its_own_extension_and_is_told_what_changes() {
    let (mut world, phone) = watched();
    assert_eq!(
        subscribe(
            &mut world,
            phone,
            1,
            "",
            "Event: reg\r\nExpires: 600\r\nAccept: application/reginfo+xml\r\n"
        ),
        200
    );
    let answer =
        world.agents[phone].heard.iter().rfind(|msg| msg.status() == Some(200)).expect("200").clone();
    assert_eq!(answer.must("Expires"), "600");
    let first = notifies(&world, phone).remove(0);
    assert_eq!((first.must("Event"), first.must("Subscription-State")), ("reg", "active;expires=600"));
    assert_eq!(first.must("Content-Type"), "application/reginfo+xml");
    assert!(
        first.body.contains("version=\"0\" state=\"full\"") && first.body.contains("event=\"registered\""),
        "{first:?}"
    );
    world.run_for(Duration::from_secs(6));
    let other = world.phone_at("1001", "203.0.113.99:5060", Transport::Udp);
    world.agents[other].user = "1001".to_owned();
    world.with_agent(other, |agent, now| {
        agent.register_as(now, "<sip:a&'b@203.0.113.99:5060>", Some(600), None)
    });
    world.settle();
    world.run_for(Duration::from_secs(1));
    let second = notifies(&world, phone).remove(1);
    assert!(second.body.contains("version=\"1\" state=\"partial\""), "{second:?}");
    assert!(second.body.contains("<uri>sip:a&amp;&apos;b@203.0.113.99:5060</uri>"), "{second:?}");
    assert_eq!(second.body.matches("<contact ").count(), 1, "only what changed: {second:?}");
    world.with_agent(other, |agent, now| agent.register_as(now, "*", Some(0), None));
    world.settle();
    assert_eq!(notifies(&world, phone).len(), 2, "no sooner than five seconds later");
    world.run_for(Duration::from_secs(6));
    let third = notifies(&world, phone).remove(2);
    assert_eq!(third.body.matches("state=\"terminated\" event=\"unregistered\"").count(), 2, "{third:?}");
    world.assert_clean();
}

/// RFC 6665 §4.1.2.3, §4.4.3: 0 takes it back or fetches once; the last NOTIFY says terminated.
#[test]
fn a_subscription_is_refreshed_taken_back_fetched_and_runs_out() {
    let (mut world, phone) = watched();
    assert_eq!(subscribe(&mut world, phone, 1, "", "Event: reg;id=7\r\nExpires: 90\r\n"), 200);
    let tag = our_tag(&world, phone);
    world.agents[phone].results.clear();
    assert_eq!(subscribe(&mut world, phone, 10, &tag, "Event: reg;id=7\r\nExpires: 120\r\n"), 200);
    let states = |world: &World| -> Vec<String> {
        notifies(world, phone).iter().map(|msg| msg.must("Subscription-State").to_owned()).collect()
    };
    assert_eq!(states(&world), ["active;expires=90", "active;expires=120"]);
    world.agents[phone].results.clear();
    assert_eq!(subscribe(&mut world, phone, 20, &tag, "Event: presence\r\nExpires: 0\r\n"), 489);
    world.agents[phone].results.clear();
    assert_eq!(subscribe(&mut world, phone, 30, &tag, "Event: reg;id=7\r\nExpires: 0\r\n"), 200);
    assert_eq!(states(&world)[2], "terminated;reason=timeout");
    world.agents[phone].results.clear();
    assert_eq!(subscribe(&mut world, phone, 40, &tag, "Event: reg;id=7\r\n"), 481);
    assert_eq!(subscribe(&mut world, phone, 50, "", "Event: reg\r\nExpires: 0\r\n"), 200);
    assert_eq!(states(&world)[3], "terminated;reason=timeout", "fetched once");
    world.agents[phone].results.clear();
    assert_eq!(subscribe(&mut world, phone, 60, "", "Event: reg\r\nExpires: 60\r\n"), 200);
    world.run_for(Duration::from_secs(61));
    assert_eq!(states(&world)[5], "terminated;reason=timeout");
    world.assert_clean();
}

/// RFC 6665 §4.2.1.1, §7.2: each refusal has its status and says what would have done.
#[test]
fn what_nobody_can_subscribe_to_is_refused() {
    let (mut world, phone) = watched();
    let mut ask = |lines: &str| {
        world.agents[phone].results.clear();
        let status = subscribe(&mut world, phone, 1, "", lines);
        (status, world.agents[phone].heard.last().expect("an answer").clone())
    };
    for event in ["Event: presence\r\n", "Event: conference\r\n", ""] {
        let (status, answer) = ask(event);
        assert_eq!((status, answer.header("Allow-Events")), (489, Some(PACKAGES)), "{event}");
    }
    let (status, answer) = ask("Event: reg\r\nExpires: 10\r\n");
    assert_eq!((status, answer.must("Min-Expires")), (423, "60"));
    assert_eq!(ask("Event: reg\r\nAccept: text/plain\r\n").0, 406);
    // AST-2018-004: many Accept headers are read one by one, or not at all.
    assert_eq!(ask(&format!("Event: reg\r\n{}", "Accept: text/plain\r\n".repeat(60))).0, 406);
    assert_eq!(notifies(&world, phone).len(), 0);
    world.agents[phone].password = None;
    assert_eq!(subscribe(&mut world, phone, 1, "", "Event: reg\r\n"), 407, "always with a password");
    world.assert_clean();
}

/// RFC 6665 §4.2.2: 481 ends it; and ten are enough for one extension in one shard.
#[test]
fn a_subscriber_that_knows_nothing_of_it_is_told_no_more() {
    let (mut world, phone) = watched();
    world.agents[phone].notified = 481;
    assert_eq!(subscribe(&mut world, phone, 1, "", "Event: reg\r\n"), 200);
    world.run_for(Duration::from_secs(10));
    world.register(phone);
    world.run_for(Duration::from_secs(10));
    assert_eq!(notifies(&world, phone).len(), 1);
    world.agents[phone].notified = 200;
    let mut statuses = Vec::new();
    for _ in 0..31 {
        world.agents[phone].results.clear();
        statuses.push(subscribe(&mut world, phone, 1, "", "Event: reg\r\n"));
    }
    assert!(statuses.contains(&403), "ten in each of three shards: {statuses:?}");
    world.run_for(Duration::from_secs(3_700));
    world.assert_clean();
}

/// GHSA-589g, GHSA-8jw3: nothing that nobody asked for is read, and strangers get one small answer.
#[test]
fn notify_and_publish_out_of_the_blue_are_refused() {
    let (mut world, _, _) = office(72);
    let stranger = world.agent("stranger", "203.0.113.66:5060", Transport::Udp);
    for (method, expected) in [("NOTIFY", 481), ("PUBLISH", 489)] {
        let body = "x".repeat(20_000);
        let text = format!(
            "{method} sip:1001@192.0.2.1 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: <sip:x@y>;tag=1\r\nTo: <sip:1001@z>\r\n\
             Call-ID: {method}\r\nCSeq: 1 {method}\r\nContact: <sip:x@203.0.113.66>\r\nEvent: message-summary\r\n\
             Subscription-State: active\r\nContent-Type: application/simple-message-summary\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        world.with_agent(stranger, |agent, now| agent.ask(now, method, &text));
        world.settle();
        assert_eq!(world.agents[stranger].results.last(), Some(&(method.to_owned(), expected)));
    }
    world.assert_clean();
}

/// RFC 3515 §2.4.2, S8, RFC 5363 §8: no call comes of a REFER, and what is wrong with one is said.
#[test]
fn a_refer_to_nowhere_makes_no_call() {
    let (mut world, carrier, phone) = office(73);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    let before = world.agents[carrier].requests("INVITE").count();
    let invite = world.talk(callee).invite.clone();
    let ok = world.agents[phone].requests("ACK").next().expect("an ACK").must("To").to_owned();
    let mut refer = |number: u32, lines: &str| {
        let text = format!(
            "REFER {} SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: {ok}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {number} REFER\r\n\
             Contact: <sip:1001@203.0.113.11:5060>\r\n{lines}Content-Length: 0\r\n\r\n",
            invite.contact().expect("a Contact"),
            invite.must("From"),
            invite.must("Call-ID"),
        );
        world.with_agent(phone, |agent, now| agent.ask(now, "REFER", &text));
        world.settle();
        let status = world.agents[phone].results.last().expect("an answer").1;
        (status, world.agents[phone].heard.last().and_then(|msg| msg.header("Warning").map(str::to_owned)))
    };
    let declined = refer(100, "Refer-To: <sip:9001@evil.test>\r\n");
    assert_eq!(declined, (404, Some("399 tandem \"The call cannot be led there\"".to_owned())));
    assert_eq!(refer(101, "").0, 400);
    assert_eq!(refer(102, "Refer-To: <sip:a@b>, <sip:c@d>\r\n").0, 400);
    assert_eq!(refer(103, "Refer-To: <cid:x@y>\r\nContent-Type: application/resource-lists+xml\r\n").0, 403);
    assert_eq!(refer(104, "Refer-To: <sip:a@b>\r\nRequire: multiple-refer\r\n").0, 420);
    assert_eq!(refer(105, "Refer-To: <sip:a@b>\r\nRequire: nosub\r\n").0, 404);
    assert_eq!(world.agents[carrier].requests("INVITE").count(), before);
    assert!(world.talk(caller).is_up(), "the call goes on");
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// RFC 3515 §5: outside a call only for whom we know.
#[test]
fn a_refer_out_of_the_blue_needs_a_password_and_then_makes_no_call_either() {
    let (mut world, carrier, phone) = office(74);
    let text = "REFER sip:1001@192.0.2.1 SIP/2.0\r\n{via}\r\nMax-Forwards: 70\r\nFrom: <sip:1001@192.0.2.1>;tag=1\r\n\
                To: <sip:1001@192.0.2.1>\r\nCall-ID: r\r\nCSeq: 1 REFER\r\nContact: <sip:1001@203.0.113.11:5060>\r\n\
                Refer-To: <sip:0900123@192.0.2.1>\r\nContent-Length: 0\r\n\r\n";
    let stranger = world.agent("stranger", "203.0.113.66:5060", Transport::Udp);
    for (agent, last) in [(stranger, 407), (phone, 603)] {
        world.with_agent(agent, |agent, now| agent.ask(now, "REFER", text));
        world.settle();
        assert_eq!(world.agents[agent].results.last(), Some(&("REFER".to_owned(), last)));
    }
    assert_eq!(world.agents[carrier].requests("INVITE").count(), 0);
    world.assert_clean();
}

/// RFC 6665 §4.1.3, §4.1.2.2, §7.2: the dialog of a call has no subscription, and what there is to watch is told.
#[test]
fn events_in_the_dialog_of_a_call_are_refused_by_what_they_are() {
    let (mut world, carrier, phone) = office(72);
    let (caller, _) = world.connect(carrier, "+4930123", phone);
    let talk = world.talk(caller).clone();
    let (from, to) = talk.ends();
    let call_id = &talk.call_id;
    for (number, (method, event, status)) in
        [("NOTIFY", "talk", 481), ("SUBSCRIBE", "presence", 489), ("SUBSCRIBE", "reg", 403)]
            .into_iter()
            .enumerate()
    {
        let text = format!(
            "{method} sip:tandem@192.0.2.1:5060 SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\n\
             Call-ID: {call_id}\r\nCSeq: {} {method}\r\nEvent: {event}\r\nSubscription-State: active\r\n\
             Contact: <sip:carrier@198.51.100.10:5060>\r\nContent-Length: 0\r\n\r\n",
            number + 20
        );
        world.with_agent(carrier, |agent, now| agent.ask(now, method, &text));
        world.settle();
        let answer = world.agents[carrier].heard.last().expect("an answer");
        assert_eq!(answer.status(), Some(status), "{method} {event}");
        assert_eq!(answer.header("Allow-Events"), (status == 489).then_some(PACKAGES));
    }
    world.agents[carrier].rewind(caller.talk, -100);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}
