//! Nothing that a caller writes but the number says where a call goes (conformance S8, S17).

use sip_tests::{Line, Msg, World, office};

/// A call of an agent to a URI of its own making, with these lines; what became of it.
fn dial_uri(world: &mut World, from: usize, uri: &str, lines: &[&str]) -> u16 {
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let before = world.sent.len();
    let talk = world.with_agent(from, |agent, now| agent.dial_uri(now, uri, &lines));
    world.settle();
    let evil: Vec<&Msg> = world.sent[before..]
        .iter()
        .filter(|msg| msg.method() == Some("INVITE") && msg.to_string().contains("evil"))
        .collect();
    assert!(evil.is_empty(), "{}", evil[0]);
    world.talk(Line { agent: from, talk }).status()
}

const STEERING: [&str; 6] = [
    "sip:{user}@evil.example",
    "sip:{user}@192.0.2.1;maddr=evil.example",
    "sip:{user}@192.0.2.1;transport=tcp;ttl=16;method=INVITE",
    "sip:{user}@192.0.2.1:5099;lr",
    "sip:{user};phone-context=evil.example@192.0.2.1;user=phone",
    "sip:{user}:evil-password@evil.example:7000",
];

/// RFC 3261 §16.4 and §19.1.1 leave it to us whom we route for: for nobody but by the number.
#[test]
fn host_route_maddr_and_transport_of_a_caller_steer_nothing() {
    let (mut world, carrier, phone) = office(31);
    let routes = ["Route: <sip:evil.example;lr>", "Route: <sip:evil2.example>"];
    for uri in STEERING {
        for lines in [&routes[..], &[]] {
            let status = dial_uri(&mut world, carrier, &uri.replace("{user}", "+4930123"), lines);
            assert_eq!(status, 200, "{uri}");
            let invite = world.talk(world.incoming(phone)).invite.clone();
            assert_eq!(invite.uri(), Some("sip:1001@203.0.113.11:5060"), "{uri}");
            assert_eq!(invite.header("Route"), None);
            world.end_all();
            let status = dial_uri(&mut world, phone, &uri.replace("{user}", "0301"), lines);
            assert_eq!(status, 200, "{uri}");
            assert_eq!(
                world.talk(world.incoming(carrier)).invite.uri(),
                Some("sip:0301@198.51.100.10:5060"),
                "{uri}"
            );
            world.end_all();
        }
    }
    world.assert_clean();
}

/// RFC 3261 §19.1.5, RFC 4475 §3.1.1.3: headers of a URI are never headers of a message.
#[test]
fn headers_in_a_request_uri_are_refused() {
    let (mut world, carrier, phone) = office(31);
    for uri in ["sip:+4930123@192.0.2.1?Route=%3Csip:evil.example%3E", "sip:+4930123@192.0.2.1?"] {
        assert_eq!(dial_uri(&mut world, carrier, uri, &[]), 400, "{uri}");
    }
    assert!(world.agents[phone].talks.is_empty());
    world.assert_clean();
}

/// RFC 3966 §5.1; conformance §5.2: a `tel` URI is a number like any other, wherever it stands.
#[test]
fn tel_uris_are_numbers_in_request_uri_from_and_to() {
    let (mut world, carrier, phone) = office(31);
    for uri in [
        "tel:+49-30-123",
        "tel:+49.30.123;isub=7;ext=2",
        "TEL:+4930123;phone-context=evil.example",
        "tel:+(49)30123;tgrp=a;trunk-context=evil",
    ] {
        assert_eq!(dial_uri(&mut world, carrier, uri, &[]), 200, "{uri}");
        let invite = world.talk(world.incoming(phone)).invite.clone();
        assert!(invite.must("To").starts_with("<sip:1001@"), "{invite}");
        world.end_all();
    }
    assert_eq!(dial_uri(&mut world, phone, "tel:030-1;phone-context=+49", &[]), 200);
    assert_eq!(world.talk(world.incoming(carrier)).invite.uri(), Some("sip:0301@198.51.100.10:5060"));
    world.end_all();
    world.assert_clean();
}

/// Conformance S17: what a caller writes is shown as it is and evaluated by nobody.
#[test]
fn text_of_a_caller_is_never_run() {
    let (mut world, carrier, phone) = office(31);
    for name in ["$(id)", "`id`", "${SHELL(id)}", "a';DROP TABLE x--"] {
        let written = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let line = world.dial_as(carrier, Some(&format!("%24%28id%29{written}")), "+4930123", true, &[]);
        world.settle();
        assert!(world.talk(line).is_up(), "{name}");
        let from = world.talk(world.incoming(phone)).invite.must("From").to_owned();
        assert!(from.contains("$(id)") || from.contains("%24"), "{from}");
        world.end_all();
    }
    world.assert_clean();
}
