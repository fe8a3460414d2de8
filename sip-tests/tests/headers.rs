//! What crosses from one leg to the other, and what never does (RFC 7092; the table in `call/src/headers.rs`).

use base::wire::Transport;
use sip_tests::{Msg, Reply, SILENT, World, office};

const SIXTY: &[&str] = &[
    "Accept-Language: de",
    "Alert-Info: <http://www.example.org/ring.wav>",
    "Allow-Events: talk",
    "Call-Info: <http://www.example.org/x>;purpose=info",
    "Content-Language: de",
    "Date: Sat, 13 Nov 2010 23:29:00 GMT",
    "Diversion: <sip:a@inside.example>;reason=unknown",
    "Expires: 120",
    "Feature-Caps: *;+x",
    "Geolocation: <cid:target@inside.example>",
    "Geolocation-Routing: yes",
    "History-Info: <sip:a@inside.example>;index=1",
    "Identity: abc;info=<https://inside.example/c>",
    "In-Reply-To: other@inside.example",
    "Join: x;from-tag=1;to-tag=2",
    "Max-Breadth: 60",
    "MIME-Version: 1.0",
    "Min-SE: 90",
    "Organization: Example",
    "P-Access-Network-Info: x",
    "P-Asserted-Identity: <sip:boss@inside.example>",
    "P-Charging-Vector: icid-value=1",
    "P-Early-Media: supported",
    "P-Preferred-Identity: <sip:boss@inside.example>",
    "Path: <sip:proxy.inside.example;lr>",
    "Priority: urgent",
    "Privacy: id",
    "Proxy-Authorization: Digest username=\"a\"",
    "Reason: Q.850;cause=1",
    "Record-Route: <sip:198.51.100.10;lr>",
    "Referred-By: <sip:a@inside.example>",
    "Reject-Contact: *;x",
    "Remote-Party-ID: <sip:boss@inside.example>",
    "Replaces: x;from-tag=1;to-tag=2",
    "Reply-To: <sip:a@example.org>",
    "Request-Disposition: proxy",
    "Resource-Priority: q735.3",
    "Session-Expires: 1900",
    "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000",
    "Subject: lunch",
    "Supported: timer, 100rel",
    "Timestamp: 54",
    "User-Agent: InsideSwitch/1",
    "User-to-User: 48656c6c6f;encoding=hex",
    "Warning: 370 inside.example \"x\"",
    "X-Campaign: 7",
    "X-Empty:",
    "X-Twice: one",
    "X-Twice: two",
    "x-lower: case",
    "X-Utf8: Grüße",
    "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "X-Quoted: \"a;b,c\";d=e",
    "X-Comma: a, b",
    "X-1: 1",
    "X-2: 2",
    "X-3: 3",
    "X-4: 4",
    "X-5: 5",
    "X-6: 6",
];

/// A call of a trunk to another; what of its headers arrives, and what is there instead.
fn golden(from_trusted: bool, to_trusted: bool) -> String {
    let mut world = World::new(13);
    let carrier = world.trunk("carrier");
    let other = world.trunk("other");
    world.number("+4930123", "trunk:other");
    world.edit_trunk("carrier", |trunk| trunk.trust = from_trusted);
    world.edit_trunk("other", |trunk| trunk.trust = to_trusted);
    world.open(&[]);
    arrives(&mut world, carrier, other)
}

/// The sixty as they arrive, then what Tandem says in place of some (Session-ID excepted: it is new each time).
fn arrives(world: &mut World, from: usize, to: usize) -> String {
    let lines: Vec<String> = SIXTY.iter().map(|line| (*line).to_owned()).collect();
    assert_eq!(lines.len(), 60);
    let caller = world.dial_as(from, Some("+49301"), "+4930123", true, &lines);
    world.settle();
    let invite = world.talk(world.incoming(to)).invite.clone();
    let lines: Vec<String> =
        invite.headers.iter().map(|(name, value)| format!("{name}: {value}").trim_end().to_owned()).collect();
    let (crossed, ours): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|line| SIXTY.contains(&line.as_str()));
    let instead = |line: &String| {
        let name = line.split(':').next().unwrap_or_default();
        name != "Session-ID" && SIXTY.iter().any(|known| known.split(':').next() == Some(name))
    };
    let ours: Vec<String> = ours.into_iter().filter(instead).collect();
    world.bye(caller);
    world.settle();
    world.assert_clean();
    format!("{}\n-- and from us\n{}", crossed.join("\n"), ours.join("\n"))
}

/// Conformance §5.2, row of RFC 7092: the table in `docs/operating/headers.md`, in all directions of trust.
#[test]
fn sixty_headers_cross_between_two_trusted_trunks_as_the_table_says() {
    insta::assert_snapshot!(golden(true, true));
}

#[test]
fn sixty_headers_of_a_trusted_trunk_reach_a_stranger_as_the_table_says() {
    insta::assert_snapshot!(golden(true, false));
}

#[test]
fn sixty_headers_of_a_stranger_reach_a_trusted_trunk_as_the_table_says() {
    insta::assert_snapshot!(golden(false, true));
}

#[test]
fn sixty_headers_cross_between_strangers_as_the_table_says() {
    insta::assert_snapshot!(golden(false, false));
}

#[test]
fn sixty_headers_of_a_trusted_trunk_reach_a_phone_as_the_table_says() {
    let (mut world, carrier, phone) = office(13);
    world.edit_trunk("carrier", |trunk| trunk.trust = true);
    world.set_up();
    insta::assert_snapshot!(arrives(&mut world, carrier, phone));
}

#[test]
fn headers_of_the_answer_cross_back() {
    let (mut world, carrier, phone) = office(13);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    let body = world.body_for(callee);
    let headers = [
        "Organization: desk",
        "X-Answered-By: desk",
        "P-Asserted-Identity: <sip:boss@h>",
        "Server: Phone/1",
        "Warning: 399 203.0.113.11 \"x\"",
    ];
    let headers = headers.map(str::to_owned).to_vec();
    world.reply(callee, Reply { status: 200, body, headers, ..Reply::default() });
    world.settle();
    let answer = world.agents[carrier].heard.iter().rfind(|msg| msg.status() == Some(200)).unwrap();
    assert_eq!(answer.header("Organization"), Some("desk"));
    assert_eq!(answer.header("X-Answered-By"), None, "a phone is not believed");
    assert_eq!(answer.header("P-Asserted-Identity"), None, "RFC 3325 §5");
    assert_eq!((answer.all("Server").count(), answer.header("Server")), (1, Some("Tandem")));
    assert_eq!(answer.header("Warning"), None);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

#[test]
fn nothing_of_one_side_shows_on_the_other() {
    let (mut world, carrier, phone) = office(13);
    let lines = vec!["Record-Route: <sip:proxy.inside.example;lr>".to_owned()];
    let caller = world.dial_as(carrier, Some("+49301"), "+4930123", true, &lines);
    world.settle();
    let callee = world.incoming(phone);
    world.reinvite(caller, "sendonly");
    world.settle();
    world.bye(callee);
    world.settle();
    let (a, b) = (world.talk(caller).clone(), world.talk(callee).clone());
    let of_a =
        [a.branch_of_invite(), a.call_id, a.local_tag, "198.51.100.10".to_owned(), "inside".to_owned()];
    let of_b = [b.branch_of_invite(), b.call_id, b.local_tag, "203.0.113.11".to_owned()];
    let shows = |messages: &[Msg], secrets: &[String]| {
        for msg in messages {
            let text = msg.to_string();
            secrets
                .iter()
                .for_each(|secret| assert!(!text.contains(secret.as_str()), "{secret} shows in\n{text}"));
        }
    };
    shows(&world.agents[phone].heard[2..], &of_a);
    shows(&world.agents[carrier].heard, &of_b);
    world.assert_clean();
}

#[test]
fn hops_are_counted_down_across_us() {
    let (mut world, carrier, phone) = office(13);
    world.connect(carrier, "+4930123", phone);
    let callee = world.incoming(phone);
    assert_eq!(world.talk(callee).invite.must("Max-Forwards"), "69");
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_trunk_sets_and_removes_headers_and_shows_its_own_number() {
    let (mut world, carrier, phone) = office(13);
    world.edit_trunk("carrier", |trunk| {
        let rule = |name: &str, value: Option<&str>| provision::HeaderRule {
            name: name.to_owned(),
            value: value.map(str::to_owned),
        };
        trunk.headers = vec![rule("X-Account", Some("42")), rule("Subject", None)];
        trunk.caller_id = "+4930999".to_owned();
        trunk.domain = "carrier.test".to_owned();
    });
    world.set_up();
    let lines = vec!["Subject: lunch".to_owned()];
    world.dial_as(phone, None, "0301", true, &lines);
    world.settle();
    let invite = world.talk(world.incoming(carrier)).invite.clone();
    assert_eq!((invite.header("X-Account"), invite.header("Subject")), (Some("42"), None));
    assert!(invite.must("From").starts_with("<sip:+4930999@carrier.test>"), "{invite}");
    assert_eq!(invite.header("Proxy-Authorization"), None, "the phone's credentials stay with us");
    world.end_all();
    world.assert_clean();
}

#[test]
fn legs_of_both_families_talk_to_each_other() {
    let mut world = World::new(13);
    let carrier = world.trunk_at("carrier", "[2001:db8::77]:5060", Transport::Udp);
    let phone = world.phone("1001");
    world.number("+4930123", "station:1001");
    world.rule("^0", &["carrier"]);
    world.open(&[phone]);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    assert!(world.talk(caller).remote_body.contains("IN IP6 2001:db8::1"));
    assert!(world.hear_each_other(caller, callee));
    world.bye(callee);
    world.settle();
    let (caller, _) = world.connect(phone, "0301", carrier);
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn a_call_runs_over_streams_at_both_ends() {
    let mut world = World::new(13);
    let carrier = world.trunk_at("carrier", "198.51.100.70:5060", Transport::Tcp);
    let phone = world.phone_at("1001", "203.0.113.70:5060", Transport::Tcp);
    world.number("+4930123", "station:1001");
    world.rule("^0", &["carrier"]);
    world.open(&[phone]);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    assert!(world.talk(callee).invite.must("Via").starts_with("SIP/2.0/TCP"));
    world.bye(callee);
    world.settle();
    assert!(world.talk(caller).bye.is_some());
    world.connect(phone, "0301", carrier);
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_connection_that_closes_in_mid_call_is_opened_anew_for_the_bye() {
    let mut world = World::new(13);
    let carrier = world.trunk("carrier");
    let phone = world.phone_at("1001", "203.0.113.70:5060", Transport::Tcp);
    world.number("+4930123", "station:1001");
    world.open(&[phone]);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.close_connection(phone);
    world.settle();
    assert!(world.talk(caller).is_up(), "a call outlives its connection");
    world.bye(caller);
    world.settle();
    assert!(world.talk(callee).bye.is_some());
    world.connect(carrier, "+4930123", phone);
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_phone_that_cannot_be_reached_over_its_stream_is_given_up_at_once() {
    let mut world = World::new(13);
    let carrier = world.trunk("carrier");
    let phone = world.phone_at("1001", "203.0.113.70:5060", Transport::Tcp);
    world.number("+4930123", "station:1001");
    world.open(&[phone]);
    world.agents[phone].dead = true;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert!(world.talk(caller).status() >= 480, "{}", world.ladder());
    world.assert_clean();
}

#[test]
fn a_carrier_behind_a_proxy_gets_requests_through_its_route() {
    let (mut world, carrier, phone) = office(13);
    world.agents[carrier].manner = SILENT;
    let caller = world.dial(phone, "0301");
    world.settle();
    let callee = world.incoming(carrier);
    let body = world.body_for(callee);
    let headers = vec![
        "Record-Route: <sip:10.9.9.9;lr>".to_owned(),
        "Record-Route: <sip:198.51.100.10:5060;lr>".to_owned(),
    ];
    world.reply(callee, Reply { status: 200, body, headers, ..Reply::default() });
    world.settle();
    world.bye(caller);
    world.settle();
    let bye = world.agents[carrier].requests("BYE").next().expect("a BYE").clone();
    let routes: Vec<_> = bye.all("Route").collect();
    assert_eq!(routes, ["<sip:198.51.100.10:5060;lr>", "<sip:10.9.9.9;lr>"], "RFC 3261 §12.1.2: reversed");
}
