//! Where requests inside a call go once its connection is lost: RFC 3261 §12.2.1.1, §18.1.1, RFC 3263 §4.1, RFC 5626.

use std::sync::Arc;

use base::wire::{Proof, Transport};
use call::ShardInput;
use sip_tests::World;

const DID: &str = "+4930123";
const PLAIN: &str = "<sip:carrier@198.51.100.10>";

/// A carrier over this transport, and a phone over that one that its calls ring.
fn office(carrier: (&str, Transport), phone: Transport) -> (World, usize, usize) {
    let mut world = World::new(71);
    let carrier = world.trunk_at("carrier", carrier.0, carrier.1);
    let phone = world.phone_at("1001", "203.0.113.11:5061", phone);
    world.number(DID, "station:1001");
    world.rule("^0", &["carrier"]);
    (world, carrier, phone)
}

fn byes(world: &World, agent: usize) -> usize {
    world.agents[agent].requests("BYE").count()
}

/// RFC 5922, RFC 5923: the name it has proven is asked for again.
#[test]
fn a_carrier_known_by_its_name_is_hung_up_on_over_a_new_connection() {
    let (mut world, carrier, phone) = office(("198.51.100.10:5061", Transport::Tls), Transport::Udp);
    world.edit_trunk("carrier", |trunk| trunk.tls_name = "carrier.example".to_owned());
    world.open(&[phone]);
    let conn = world.connection(carrier);
    let proofs: Arc<[Proof]> =
        [Proof { authority: String::new(), names: vec!["carrier.example".to_owned()] }].into();
    for shard in 0..world.shards.len() {
        world.input(shard, ShardInput::ConnProven(conn, Arc::clone(&proofs)));
    }
    let (_, callee) = world.connect(carrier, DID, phone);
    world.close_connection(carrier);
    world.bye(callee);
    world.settle();
    assert_eq!(byes(&world, carrier), 1, "{}", world.ladder());
    world.assert_clean();
}

/// RFC 3263 §4.1, RFC 3261 §18.1.1: what names no protocol is reached by UDP where nobody takes TCP.
#[test]
fn a_carrier_whose_contact_names_no_protocol_is_hung_up_on_by_udp_when_tcp_is_gone() {
    for outward in [false, true] {
        let (mut world, carrier, phone) = office(("198.51.100.10:5060", Transport::Tcp), Transport::Udp);
        world.agents[carrier].said_contact = Some(PLAIN.to_owned());
        world.open(&[phone]);
        let line = if outward {
            world.connect(phone, "0301", carrier).0
        } else {
            world.connect(carrier, DID, phone).1
        };
        world.close_connection(carrier);
        world.agents[carrier].transport = Transport::Udp;
        let by_stream = world.agent("carrier's TCP", "198.51.100.10:5060", Transport::Tcp);
        world.agents[by_stream].dead = true;
        world.bye(line);
        world.settle();
        assert_eq!((byes(&world, carrier), byes(&world, by_stream)), (1, 0), "{}", world.ladder());
        world.assert_clean();
    }
}

/// RFC 3261 §18.1.1: who has only TCP is still reached by it.
#[test]
fn a_carrier_whose_contact_names_no_protocol_is_hung_up_on_by_tcp_where_it_takes_that() {
    let (mut world, carrier, phone) = office(("198.51.100.10:5060", Transport::Tcp), Transport::Udp);
    world.agents[carrier].said_contact = Some(PLAIN.to_owned());
    world.open(&[phone]);
    let (_, callee) = world.connect(carrier, DID, phone);
    world.close_connection(carrier);
    world.bye(callee);
    world.settle();
    assert_eq!(byes(&world, carrier), 1, "{}", world.ladder());
    world.assert_clean();
}

/// RFC 5626 §4.2, §5.3: a phone that has come back is reached by its present flow, whichever side it is on.
#[test]
fn a_phone_that_registers_again_is_hung_up_on_over_its_new_connection() {
    let named = "<sip:1001@10.0.0.5:40000>;+sip.instance=\"<urn:uuid:1>\";reg-id=1";
    let moved = "<sip:1001@10.0.0.5:41000>;+sip.instance=\"<urn:uuid:1>\";reg-id=1";
    for transport in [Transport::Tcp, Transport::Tls, Transport::Ws] {
        for (before, after, calls) in
            [(None, None, false), (None, None, true), (Some(named), Some(moved), false)]
        {
            let (mut world, carrier, phone) = office(("198.51.100.10:5060", Transport::Udp), transport);
            world.set_up();
            let contact = world.agents[phone].contact();
            let before = before.unwrap_or(&contact);
            world.agents[phone].said_contact = Some(before.to_owned());
            let after = after.unwrap_or(&contact);
            world.agents[phone].register_lines = vec!["Supported: outbound, path".to_owned()];
            world.with_agent(phone, |agent, now| agent.register_as(now, before, Some(600), None));
            world.settle();
            let line = if calls {
                world.connect(phone, "0301", carrier).1
            } else {
                world.connect(carrier, DID, phone).0
            };
            world.close_connection(phone);
            world.agents[phone].addr = "203.0.113.12:41000".parse().expect("an address");
            world.with_agent(phone, |agent, now| agent.register_as(now, after, Some(600), None));
            world.settle();
            world.bye(line);
            world.settle();
            assert_eq!(byes(&world, phone), 1, "{transport} {calls}\n{}", world.ladder());
            world.assert_clean();
        }
    }
}
