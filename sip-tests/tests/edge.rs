//! Phones behind edge proxies and with several flows: RFC 3327, RFC 5626, RFC 6223.

use std::time::Duration;

use base::wire::Transport;
use sip_tests::{ANSWER, Manner, Msg, Reply, SILENT, World};

const EDGE: &str = "192.0.2.9:5060";
const PATH: &str = "<sip:f10w@192.0.2.9:5060;lr;ob>";

/// A carrier whose number +4930123 rings 1001, a rule for leading zeros, and an edge proxy at 192.0.2.9.
fn world() -> (World, usize) {
    let mut world = World::with(61, |config| {
        config.edges =
            vec!["192.0.2.9".parse().expect("an address"), "192.0.2.128/25".parse().expect("a network")];
    });
    let carrier = world.trunk("carrier");
    world.number("+4930123", "station:1001");
    world.rule("^0", &["carrier"]);
    (world, carrier)
}

/// A phone seen through an edge proxy: what the edge sends and gets.
fn behind(world: &mut World, addr: &str, lines: &[&str]) -> usize {
    let phone = world.phone_at("1001", addr, Transport::Udp);
    world.agents[phone].register_lines = lines.iter().map(|line| (*line).to_owned()).collect();
    phone
}

fn register(world: &mut World, phone: usize, contact: &str) -> Msg {
    world.with_agent(phone, |agent, now| agent.register_as(now, contact, Some(600), None));
    world.settle();
    world.agents[phone].heard.last().expect("an answer").clone()
}

fn invites(world: &World, agent: usize) -> usize {
    world.agents[agent].requests("INVITE").count()
}

/// RFC 3327 §5.3, §5.4, RFC 3261 §12.2.1.1; a private contact is never contacted itself.
#[test]
fn a_phone_behind_an_edge_is_called_and_hung_up_through_the_edge() {
    let (mut world, carrier) = world();
    let via = "Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKp;received=203.0.113.77";
    let edge = behind(&mut world, EDGE, &[via, &format!("Path: {PATH}"), "Supported: path"]);
    world.set_up();
    let granted = register(&mut world, edge, "<sip:1001@10.0.0.5:5060;gr=f81d4fae-7d;ob;x=Y>");
    assert_eq!((granted.status(), granted.must("Path")), (Some(200), PATH));
    world.agents[edge].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let invite = world.agents[edge].requests("INVITE").next().expect("an INVITE").clone();
    assert_eq!(
        invite.uri(),
        Some("sip:1001@10.0.0.5:5060;gr=f81d4fae-7d;ob;x=Y"),
        "GRUU-safe: as registered"
    );
    assert_eq!(invite.must("Route"), PATH);
    let callee = world.incoming(edge);
    let body = world.body_for(callee);
    let record = "Record-Route: <sip:192.0.2.9:5060;lr;did=1>".to_owned();
    world.reply(callee, Reply { status: 200, body, headers: vec![record], ..Reply::default() });
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    world.bye(caller);
    world.settle();
    for method in ["ACK", "BYE"] {
        let request = world.agents[edge].requests(method).next().expect("through the edge");
        assert_eq!(request.must("Route"), "<sip:192.0.2.9:5060;lr;did=1>", "{method}");
    }
    world.assert_clean();
}

/// RFC 3327 §5.3: "the recommended policy is" 420 when the phone does not know of Path; from an edge of ours it is taken.
#[test]
fn a_path_is_taken_from_an_edge_of_ours_or_from_a_phone_that_knows_of_it() {
    let (mut world, carrier) = world();
    let path = "Path: <sip:198.51.100.66:5060;lr>";
    let known = behind(&mut world, EDGE, &[&format!("Path: {PATH}")]);
    let unknown = behind(&mut world, "203.0.113.5:5060", &[path]);
    let knowing = behind(&mut world, "203.0.113.6:5060", &[path, "Supported: path, outbound"]);
    let victim = world.agent("victim", "198.51.100.66:5060", Transport::Udp);
    world.set_up();
    let granted = register(&mut world, known, "<sip:a@10.0.0.5>");
    assert_eq!(
        (granted.status(), granted.header("Path")),
        (Some(200), None),
        "not told to those who do not ask"
    );
    let refused = register(&mut world, unknown, "<sip:b@10.0.0.6>");
    assert_eq!((refused.status(), refused.header("Unsupported")), (Some(420), Some("path")));
    assert_eq!(register(&mut world, knowing, "<sip:c@10.0.0.7>").status(), Some(200));
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert_eq!([known, unknown, knowing, victim].map(|agent| invites(&world, agent)), [1, 0, 1, 0]);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// A Path that cannot be followed is refused (S10: bounded, RFC 3327 §4: SIP URIs).
#[test]
fn a_path_that_cannot_be_followed_gets_400() {
    let (mut world, _) = world();
    let nine = format!("Path: {}", ["<sip:192.0.2.9;lr>"; 9].join(", "));
    for path in ["Path: <tel:+49301>", "Path: nonsense \"", &nine] {
        let edge = behind(&mut world, EDGE, &[path]);
        world.set_up();
        assert_eq!(register(&mut world, edge, "<sip:a@10.0.0.5>").status(), Some(400), "{path}");
        world.agents[edge].addr = "192.0.2.250:5060".parse().expect("an address");
    }
}

/// A phone's call through an edge is the phone's own, even where a trunk lists the edge's address.
#[test]
fn calls_from_an_edge_are_asked_for_a_password() {
    let (mut world, carrier) = world();
    world.edit_trunk("carrier", |trunk| trunk.hosts.push("192.0.2.9".parse().expect("an address")));
    let edge = behind(&mut world, EDGE, &[&format!("Path: {PATH}")]);
    world.set_up();
    world.agents[edge].password = None;
    let caller = world.dial(edge, "040999");
    world.settle();
    assert_eq!(world.talk(caller).status(), 407);
    world.agents[edge].password = Some("secret".to_owned());
    let caller = world.dial(edge, "040999");
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    assert_eq!(invites(&world, carrier), 1);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// RFC 5626 §6: 439 for a phone that insists, otherwise its reg-id is ignored.
#[test]
fn flows_through_an_edge_that_does_not_keep_them_are_not_promised() {
    let (mut world, _) = world();
    let contact = "<sip:a@10.0.0.5>;+sip.instance=\"<urn:uuid:1>\";reg-id=1";
    let insisting = behind(&mut world, EDGE, &["Path: <sip:192.0.2.9;lr>", "Supported: path, outbound"]);
    world.set_up();
    assert_eq!(register(&mut world, insisting, contact).status(), Some(439));
    world.agents[insisting].register_lines = vec!["Path: <sip:192.0.2.9;lr>".to_owned()];
    let granted = register(&mut world, insisting, contact);
    assert_eq!(granted.must("Contact"), "<sip:a@10.0.0.5>;expires=600;+sip.instance=\"<urn:uuid:1>\"");
    assert_eq!((granted.header("Require"), granted.header("Flow-Timer")), (None, None));
    world.agents[insisting].register_lines =
        vec![format!("Path: {PATH}"), "Supported: path, outbound".to_owned()];
    let granted = register(&mut world, insisting, contact);
    assert_eq!(
        (granted.header("Require"), granted.header("Flow-Timer")),
        (Some("outbound"), None),
        "the edge's own"
    );
    assert!(granted.must("Contact").ends_with(";reg-id=1"), "{granted:?}");
}

/// RFC 5626 §6, §4.4, RFC 6223 §4.3, RFC 3261 §10.3 step 8.
#[test]
fn a_phone_is_told_how_to_keep_its_flow_and_what_time_it_is() {
    let (mut world, _) = world();
    let phone = behind(&mut world, "203.0.113.5:5060", &["Supported: outbound"]);
    world.set_up();
    let contact = "<sip:a@10.0.0.5>;q=0.5;+sip.instance=\"<urn:uuid:1>\";reg-id=2";
    let granted = register(&mut world, phone, contact);
    assert_eq!((granted.must("Require"), granted.must("Flow-Timer")), ("outbound", "29"));
    assert_eq!(granted.must("Date"), "Fri, 15 Jan 2027 08:00:00 GMT");
    let listed = "<sip:a@10.0.0.5>;expires=600;q=0.500;+sip.instance=\"<urn:uuid:1>\";reg-id=2";
    assert_eq!(granted.must("Contact"), listed);
    assert_eq!(granted.header("Service-Route"), None, "RFC 3608: we are no proxy to route through");
}

/// Two flows of one phone, at two edges.
fn two_flows(first: Manner, second: Manner) -> (World, usize, [usize; 2]) {
    let (mut world, carrier) = world();
    let lines = |host: u8| {
        [format!("Path: <sip:f@192.0.2.{host}:5060;lr;ob>"), "Supported: path, outbound".to_owned()]
    };
    let edges = [200_u8, 201].map(|host| {
        let lines = lines(host);
        let lines = [lines[0].as_str(), lines[1].as_str()];
        behind(&mut world, &format!("192.0.2.{host}:5060"), &lines)
    });
    world.set_up();
    for (reg_id, edge, manner) in [(1, edges[1], second), (2, edges[0], first)] {
        world.agents[edge].manner = manner;
        world.agents[edge].name = format!("edge{reg_id}");
        world.agents[edge].user = "1001".to_owned();
        let contact = format!("<sip:a@10.0.0.5;ob>;+sip.instance=\"<urn:uuid:1>\";reg-id={reg_id}");
        assert_eq!(register(&mut world, edge, &contact).status(), Some(200));
        world.run_for(Duration::from_secs(1));
    }
    world.forget_ladder();
    (world, carrier, edges)
}

/// RFC 5626 §7: one flow of a phone at a time, the freshest first.
#[test]
fn a_phone_with_two_flows_rings_once() {
    let (mut world, carrier, edges) = two_flows(ANSWER, ANSWER);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert!(world.talk(caller).is_up());
    assert_eq!(edges.map(|edge| invites(&world, edge)), [1, 0]);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// RFC 5626 §7, §11.5: 430 says that this flow is gone, not the phone.
#[test]
fn a_failed_flow_is_followed_by_the_next() {
    const FLOW_FAILED: Manner = &[(0, 100), (5, 430)];
    let (mut world, carrier, edges) = two_flows(FLOW_FAILED, ANSWER);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    assert_eq!(edges.map(|edge| invites(&world, edge)), [1, 1]);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

#[test]
fn an_edge_without_power_costs_ten_seconds_and_a_busy_phone_is_busy() {
    let (mut world, carrier, edges) = two_flows(ANSWER, ANSWER);
    world.agents[edges[0]].dead = true;
    let caller = world.dial(carrier, "+4930123");
    world.run_for(Duration::from_secs(9));
    assert_eq!(invites(&world, edges[1]), 0);
    world.run_for(Duration::from_secs(3));
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    world.bye(caller);
    world.settle();
    world.agents[edges[0]].dead = false;
    world.agents[edges[0]].manner = sip_tests::BUSY;
    let before = invites(&world, edges[1]);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert_eq!((world.talk(caller).status(), invites(&world, edges[1])), (486, before));
    world.run_for(Duration::from_secs(60));
    world.assert_clean();
}

/// RFC 5626 §4.2, §6: a flow of the phone's own ends with its connection, and the next one is used at once.
#[test]
fn a_closed_connection_is_a_lost_flow() {
    let (mut world, carrier) = world();
    let flows = [1, 2].map(|reg_id| {
        let phone = world.phone_at("1001", &format!("203.0.113.{}:5060", 40 + reg_id), Transport::Tcp);
        world.agents[phone].register_lines = vec!["Supported: outbound".to_owned()];
        world.agents[phone].name = format!("flow{reg_id}");
        (phone, format!("<sip:a@10.0.0.5;transport=tcp;ob>;+sip.instance=\"<urn:uuid:1>\";reg-id={reg_id}"))
    });
    world.set_up();
    for (phone, contact) in &flows {
        assert_eq!(register(&mut world, *phone, contact).must("Flow-Timer"), "120");
        world.run_for(Duration::from_secs(1));
    }
    world.close_connection(flows[1].0);
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    assert_eq!([flows[0].0, flows[1].0].map(|phone| invites(&world, phone)), [1, 0]);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// Registrations and their paths outlive the process.
#[test]
fn a_path_is_kept_over_a_restart() {
    let (mut first, _) = world();
    let edge = behind(&mut first, EDGE, &[&format!("Path: {PATH}"), "Supported: path"]);
    first.set_up();
    register(&mut first, edge, "<sip:1001@10.0.0.5:5060>");
    let kept = serde_json::to_string(&first.bindings).expect("is JSON");
    let (mut second, carrier) = world();
    let edge = behind(&mut second, EDGE, &[]);
    second.set_up();
    for shard in 0..second.shards.len() {
        let changes = serde_json::from_str(&kept).expect("reads back");
        second.input(shard, call::ShardInput::Bindings(changes));
    }
    let caller = second.dial(carrier, "+4930123");
    second.settle();
    assert!(second.talk(caller).is_up(), "{}", second.ladder());
    assert_eq!(second.agents[edge].requests("INVITE").next().expect("an INVITE").must("Route"), PATH);
    second.bye(caller);
    second.settle();
    second.assert_clean();
}
