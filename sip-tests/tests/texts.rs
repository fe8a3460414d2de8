//! Texts between phones (RFC 3428), and INFO with and without packages (RFC 6086).

use base::wire::Transport;
use sip_tests::{SILENT, World, office};

/// A MESSAGE of `from` to `to` with these lines before its body; the status it gets, credentials given when asked.
fn text(world: &mut World, from: usize, to: &str, lines: &str, body: &str) -> u16 {
    let uri = format!("sip:{to}@192.0.2.1");
    let id = world.agents[from].results.len();
    let user = world.agents[from].user.clone();
    let write = |number: u32, credentials: &str| {
        format!(
            "MESSAGE {uri} SIP/2.0\r\n{{via}}\r\nMax-Forwards: 70\r\nFrom: <sip:{user}@h>;tag=m{id}\r\nTo: <{uri}>\r\n\
             Call-ID: text{id}-{user}@x\r\nCSeq: {number} MESSAGE\r\n{credentials}{lines}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    world.with_agent(from, |agent, now| agent.ask(now, "MESSAGE", &write(1, "")));
    world.settle();
    if world.agents[from].results.last().is_some_and(|(_, status)| *status == 407) {
        let challenge = world.agents[from].heard.last().expect("a challenge was heard").clone();
        let line = world.agents[from].credentials(&challenge, "MESSAGE", &uri);
        let Some(line) = line else { return 407 };
        world.with_agent(from, |agent, now| agent.ask(now, "MESSAGE", &write(2, &format!("{line}\r\n"))));
        world.settle();
    }
    world.agents[from].results.last().map_or(0, |(_, status)| *status)
}

const PLAIN: &str = "Content-Type: text/plain\r\n";

#[test]
fn a_text_reaches_every_phone_of_an_extension_and_shows_who_wrote_it() {
    let (mut world, _, desk) = office(29);
    let mobile = world.phone("1001");
    let writer = world.phone("1002");
    world.directory.stations.get_mut("1002").unwrap().name = "Ana".to_owned();
    world.open(&[mobile, writer]);
    let lines = "Content-Type: text/plain;charset=utf-8\r\nContent-Disposition: render\r\nP-Asserted-Identity: <sip:boss@h>\r\n";
    assert_eq!(text(&mut world, writer, "1001", lines, "Grüße"), 200);
    for phone in [desk, mobile] {
        let heard = world.agents[phone].requests("MESSAGE").next().unwrap().clone();
        assert_eq!(heard.body, "Grüße");
        assert!(heard.must("From").starts_with("\"Ana\" <sip:1002@192.0.2.1>"), "{heard}");
        assert_eq!(heard.must("Content-Type"), "text/plain;charset=utf-8");
        assert_eq!(heard.header("Content-Disposition"), Some("render"));
        for stays in ["P-Asserted-Identity", "Proxy-Authorization", "Contact"] {
            assert_eq!(heard.header(stays), None, "{stays}");
        }
    }
    world.agents[desk].texts = 480;
    assert_eq!(text(&mut world, writer, "1001", PLAIN, "one takes it"), 200);
    world.agents[mobile].texts = 486;
    assert_eq!(text(&mut world, writer, "1001", PLAIN, "nobody takes it"), 486);
    world.assert_clean();
}

/// Conformance §5.2 and §8 (CVE-2021-37624): a text is authenticated like a call, from the first release on.
#[test]
fn a_text_of_a_stranger_is_challenged_and_a_carrier_reaches_numbers_alone() {
    let (mut world, carrier, phone) = office(29);
    let stranger = world.agent("mallory", "203.0.113.200:5060", Transport::Udp);
    assert_eq!(text(&mut world, stranger, "1001", PLAIN, "hello"), 407);
    assert_eq!(world.agents[phone].requests("MESSAGE").count(), 0);
    assert_eq!(text(&mut world, carrier, "+4930123", PLAIN, "hello"), 200);
    assert_eq!(text(&mut world, carrier, "1001", PLAIN, "hello"), 404);
    assert_eq!(world.agents[phone].requests("MESSAGE").count(), 1);
    world.assert_clean();
}

/// RFC 3428 §7, §8.
#[test]
fn a_text_that_cannot_be_delivered_is_refused_with_the_reason() {
    let (mut world, _, phone) = office(29);
    world.phone("1003");
    let mobile = world.phone_at("1004", "203.0.113.70:5060", Transport::Tcp);
    world.open(&[mobile]);
    assert_eq!(text(&mut world, phone, "1003", PLAIN, "hello"), 480, "no phone is there");
    assert_eq!(text(&mut world, phone, "7777", PLAIN, "hello"), 404);
    assert_eq!(text(&mut world, phone, "0301", PLAIN, "hello"), 404, "carriers get no texts");
    assert_eq!(text(&mut world, phone, "1004", "Content-Type: text/html\r\n", "<b>"), 415);
    assert!(world.agents[phone].heard.last().unwrap().must("Accept").contains("text/plain"));
    let packed = "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n";
    assert_eq!(text(&mut world, phone, "1004", packed, "x"), 415);
    assert_eq!(text(&mut world, phone, "1004", PLAIN, &"x".repeat(1_400)), 513, "too long for a datagram");
    assert_eq!(
        text(&mut world, mobile, "1001", PLAIN, &"x".repeat(1_400)),
        513,
        "the other phone has no stream"
    );
    assert_eq!(text(&mut world, phone, "1004", PLAIN, "hello"), 200);
    world.assert_clean();
}

/// RFC 6086 §4.2.2, §5.
#[test]
fn an_info_package_that_the_other_side_did_not_offer_gets_469() {
    let (mut world, carrier, phone) = office(29);
    world.agents[phone].manner = SILENT;
    let offers = vec!["Recv-Info: mine".to_owned()];
    let caller = world.dial_as(carrier, Some("+492"), "+4930123", true, &offers);
    world.settle();
    let callee = world.incoming(phone);
    assert_eq!(world.talk(callee).invite.header("Recv-Info"), Some("mine"));
    let body = world.body_for(callee);
    let headers = vec!["Recv-Info: tones, video".to_owned()];
    world.reply(callee, sip_tests::Reply { status: 200, body, headers, ..sip_tests::Reply::default() });
    world.settle();
    let package = "Info-Package: video;x=1\r\nContent-Type: a/b\r\nContent-Disposition: Info-Package\r\n";
    assert_eq!(world.info(caller, package, "x"), 200);
    let heard = world.agents[phone].requests("INFO").next().unwrap().clone();
    assert_eq!(
        (heard.header("Info-Package"), heard.header("Content-Disposition")),
        (Some("video;x=1"), Some("Info-Package"))
    );
    assert_eq!(world.info(caller, "Info-Package: strange\r\n", ""), 469);
    assert_eq!(world.agents[carrier].heard.last().unwrap().must("Recv-Info"), "tones, video");
    assert_eq!(world.info(callee, "Info-Package: tones\r\n", ""), 469, "each side says what it takes");
    let old = "Content-Type: application/broadsoft\r\n";
    assert_eq!(world.info(caller, old, "event talk\r\n"), 200, "RFC 6086 §3: INFO of old passes");
    [caller, callee].iter().for_each(|line| world.agents[line.agent].rewind(line.talk, -100));
    world.end_all();
    world.assert_clean();
}

/// RFC 6086 §4.2.2, §3.
#[test]
fn an_info_package_towards_a_side_that_never_spoke_of_any_gets_469_and_info_of_old_passes() {
    let (mut world, carrier, phone) = office(29);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    for (line, other) in [(caller, phone), (callee, carrier)] {
        assert_eq!(world.info(line, "Info-Package: tones\r\n", ""), 469);
        assert_eq!(world.agents[line.agent].heard.last().unwrap().must("Recv-Info"), "");
        assert_eq!(world.agents[other].requests("INFO").count(), 0);
    }
    for (line, other) in [(caller, phone), (callee, carrier)] {
        let old = "Content-Type: application/broadsoft\r\n";
        assert_eq!(world.info(line, old, "event talk\r\n"), 200);
        assert_eq!(world.agents[other].requests("INFO").count(), 1);
        world.agents[line.agent].rewind(line.talk, -100);
    }
    world.end_all();
    world.assert_clean();
}

#[test]
fn an_info_outside_a_call_gets_481() {
    let (mut world, carrier, _) = office(29);
    let text = "INFO sip:1001@192.0.2.1 SIP/2.0\r\n{via}\r\nMax-Forwards: 70\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n\
                Call-ID: x@y\r\nCSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n";
    world.with_agent(carrier, |agent, now| agent.ask(now, "INFO", text));
    world.settle();
    assert_eq!(world.agents[carrier].results.last(), Some(&("INFO".to_owned(), 481)));
    world.assert_clean();
}
