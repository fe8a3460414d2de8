//! Carriers by name: found by the DNS ahead of calls, left for their next target when they are silent, and followed to
//! the names they give inside a call (RFC 3263, RFC 3261 §12.2.1.1; conformance.md row 3263).

use std::time::Duration;

use base::dns::{Question, Record, RecordKind};
use base::wire::Transport;
use provision::Peer;
use sip_tests::{Manner, World};

const UNAVAILABLE: Manner = &[(0, 100), (10, 503)];

fn naptr(service: &str, replacement: &str) -> Record {
    Record::Naptr {
        order: 1,
        preference: 1,
        flags: "s".to_owned(),
        service: service.to_owned(),
        replacement: replacement.to_owned(),
    }
}

fn record(world: &mut World, name: &str, kind: RecordKind, record: Record) {
    world.zone.push((Question { name: name.to_owned(), kind }, record));
}

fn srv(world: &mut World, name: &str, priority: u16, agent: usize) {
    let (addr, target) = (world.agents[agent].addr, format!("gw{agent}.carrier.test"));
    let found = Record::Srv { priority, weight: 1, port: addr.port(), target: target.clone() };
    record(world, name, RecordKind::Srv, found);
    world.names.insert(target, vec![addr.ip()]);
}

fn at(uri: &str) -> Vec<Peer> {
    vec![Peer { uri: uri.to_owned(), priority: 0, weight: 10 }]
}

/// A phone, and a carrier by its domain alone with three gateways of falling priority.
fn three_gateways() -> (World, usize, [usize; 3]) {
    let mut world = World::new(63);
    let first = world.trunk("carrier");
    let second = world.agent("second", "198.51.100.98:5070", Transport::Udp);
    let third = world.agent("third", "198.51.100.99:5080", Transport::Udp);
    let gateways = [first, second, third];
    record(&mut world, "carrier.test", RecordKind::Naptr, naptr("SIP+D2U", "_sip._udp.carrier.test"));
    for (priority, gateway) in (1..).zip(gateways) {
        srv(&mut world, "_sip._udp.carrier.test", priority, gateway);
    }
    world.edit_trunk("carrier", |trunk| {
        trunk.peers = at("sip:carrier.test");
        trunk.transport = None;
    });
    let phone = world.phone("1001");
    world.rule("^0", &["carrier"]);
    world.open(&[phone]);
    world.run_for(Duration::from_secs(1));
    (world, phone, gateways)
}

fn invites(world: &World, agent: usize) -> usize {
    world.agents[agent].requests("INVITE").count()
}

/// Conformance row 3263: the first call completes in less than 4 s, the second goes straight to the second target.
#[test]
fn a_dead_target_costs_the_first_call_three_seconds_and_the_second_nothing() {
    let (mut world, phone, [one, two, three]) = three_gateways();
    world.agents[one].dead = true;
    let caller = world.dial(phone, "0301");
    world.run_for(Duration::from_millis(3_900));
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    let callee = world.incoming(two);
    assert_eq!(world.talk(callee).invite.uri(), Some("sip:0301@carrier.test"), "the name stays in the URI");
    world.bye(caller);
    world.settle();
    let heard = invites(&world, one);
    let began = world.mono();
    let (caller, _) = world.connect(phone, "0302", two);
    assert!(world.mono().since(began) < Duration::from_secs(1), "{}", world.ladder());
    assert_eq!((invites(&world, one), invites(&world, three)), (heard, 0));
    let shown: Vec<bool> =
        world.shards[0].view(now(&world)).trunks[0].peers[0].targets.iter().map(|target| target.up).collect();
    assert_eq!(shown.len(), 3);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// RFC 3263 §4.3: 503 leads to the next target within the call.
#[test]
fn a_target_that_answers_503_is_followed_by_the_next() {
    let (mut world, phone, [one, two, _]) = three_gateways();
    world.agents[one].manner = UNAVAILABLE;
    let (caller, callee) = world.connect(phone, "0301", two);
    assert!(world.hear_each_other(caller, callee));
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// Conformance row 3263: no DNS on the path of a call.
#[test]
fn a_call_asks_the_dns_nothing() {
    let (mut world, phone, [one, ..]) = three_gateways();
    let asked = world.asked.len();
    assert!(asked > 0);
    let (caller, _) = world.connect(phone, "0301", one);
    assert_eq!(world.asked.len(), asked);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// RFC 8767: stale answers serve while the DNS is down, for a day.
#[test]
fn calls_go_on_while_the_dns_is_down() {
    let (mut world, phone, [one, ..]) = three_gateways();
    world.dns_down = true;
    world.run_for(Duration::from_secs(7_200));
    world.register(phone);
    let (caller, _) = world.connect(phone, "0301", one);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// RFC 2308: that there is nothing is not believed for ever.
#[test]
fn a_carrier_that_the_dns_learns_of_later_is_found_by_itself() {
    let (mut world, phone, [one, ..]) = three_gateways();
    let zone = std::mem::take(&mut world.zone);
    world.edit_trunk("carrier", |trunk| trunk.peers = at("sip:new.test"));
    world.set_up();
    world.run_for(Duration::from_secs(1));
    let caller = world.dial(phone, "0301");
    world.settle();
    assert_eq!(world.talk(caller).status(), 503, "{}", world.ladder());
    world.zone = zone;
    record(&mut world, "new.test", RecordKind::Naptr, naptr("SIP+D2U", "_sip._udp.carrier.test"));
    world.run_for(Duration::from_secs(30));
    let (caller, _) = world.connect(phone, "0302", one);
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// RFC 4168: SCTP is not ours, so a domain that offers nothing else is out of reach; no other way is guessed.
#[test]
fn a_carrier_that_offers_sctp_alone_is_refused_with_503() {
    let (mut world, phone, [one, ..]) = three_gateways();
    record(&mut world, "sctp.test", RecordKind::Naptr, naptr("SIP+D2S", "_sip._sctp.sctp.test"));
    world.names.insert("sctp.test".to_owned(), vec![world.agents[one].addr.ip()]);
    world.edit_trunk("carrier", |trunk| trunk.peers = at("sip:sctp.test"));
    world.set_up();
    world.run_for(Duration::from_secs(2));
    let caller = world.dial(phone, "0301");
    world.settle();
    assert_eq!((world.talk(caller).status(), invites(&world, one)), (503, 0));
    world.assert_clean();
}

/// RFC 3261 §12.2.1.1 and §8.1.2: the first route is the next hop, also by name; what needs it waits for the DNS.
#[test]
fn requests_inside_a_call_follow_a_route_by_name() {
    let (mut world, carrier, phone) = sip_tests::office(64);
    let proxy = world.agent("proxy", "198.51.100.10:5090", Transport::Udp);
    world.names.insert("edge.carrier.test".to_owned(), vec![world.agents[proxy].addr.ip()]);
    let route = "Record-Route: <sip:edge.carrier.test:5090;lr>".to_owned();
    world.dial_as(carrier, Some("+4940999"), "+4930123", true, &[route]);
    world.settle();
    let callee = world.incoming(phone);
    world.bye(callee);
    world.settle();
    assert_eq!(world.agents[carrier].requests("BYE").count(), 0, "{}", world.ladder());
    let byes: Vec<_> = world.agents[proxy].requests("BYE").collect();
    assert_eq!(byes.len(), 1, "{}", world.ladder());
    assert_eq!(byes[0].uri(), Some("sip:carrier@198.51.100.10:5060"));
}

/// A name that leads nowhere leaves the way the call came by.
#[test]
fn a_route_by_a_name_that_is_nowhere_leaves_requests_on_the_calls_own_path() {
    for down in [false, true] {
        let (mut world, carrier, phone) = sip_tests::office(65);
        world.dns_down = down;
        let route = "Record-Route: <sip:nowhere.carrier.test;lr>".to_owned();
        world.dial_as(carrier, Some("+4940999"), "+4930123", true, &[route]);
        world.settle();
        let callee = world.incoming(phone);
        world.bye(callee);
        world.settle();
        assert_eq!(world.agents[carrier].requests("BYE").count(), 1, "{}", world.ladder());
        world.assert_clean();
    }
}

/// RFC 3263 §4.1: a transport that the next hop names is used.
#[test]
fn a_route_that_asks_for_tcp_gets_tcp() {
    let (mut world, carrier, phone) = sip_tests::office(66);
    let proxy = world.agent("proxy", "198.51.100.10:5090", Transport::Tcp);
    let route = "Record-Route: <sip:198.51.100.10:5090;transport=tcp;lr>".to_owned();
    world.dial_as(carrier, Some("+4940999"), "+4930123", true, &[route]);
    world.settle();
    let callee = world.incoming(phone);
    world.bye(callee);
    world.settle();
    assert_eq!(world.agents[proxy].requests("BYE").count(), 1, "{}", world.ladder());
}

/// RFC 3263 §4.3: a registration leaves a silent target for the next one.
#[test]
fn a_registration_leaves_a_silent_target_for_the_next() {
    let (mut world, _, [one, two, _]) = three_gateways();
    world.agents[one].dead = true;
    world.edit_trunk("carrier", |trunk| {
        trunk.register = true;
        trunk.username = Some("us".to_owned());
        trunk.password = Some("secret".to_owned());
    });
    world.set_up();
    world.run_for(Duration::from_secs(40));
    assert!(world.agents[two].requests("REGISTER").count() > 0, "{}", world.ladder());
    let state = world.shards[0].view(now(&world)).trunks[0].registration;
    assert!(matches!(state, peer::RegistrationState::Registered { .. }), "{state:?}");
}

/// RFC 3261 §18.1.1: nobody takes TCP at this carrier, so a large INVITE comes back to UDP and the call goes through.
#[test]
fn a_large_invite_that_finds_no_tcp_goes_by_udp() {
    let (mut world, phone, [one, ..]) = three_gateways();
    let subject = format!("Subject: {}", "x".repeat(1_300));
    let caller = world.dial_as(phone, None, "0301", true, &[subject]);
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    assert_eq!(invites(&world, one), 1);
    assert!(world.agents[one].requests("INVITE").all(|it| it.must("Via").starts_with("SIP/2.0/UDP")));
    let tried = world.sent.iter().filter(|msg| msg.method() == Some("INVITE")).count();
    assert_eq!(tried, 2, "{}", world.ladder());
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

fn now(world: &World) -> base::Now {
    base::Now { mono: world.mono(), wall: base::Wall(1_800_000_000_000_000) }
}
