//! sips asks for secure hops alone, and is refused where there are none (RFC 3261 §26.2, RFC 5630).

use std::sync::Arc;

use base::wire::{Proof, Transport};
use call::ShardInput;
use sip_tests::{Line, Msg, World};

/// Two phones over these transports, and what became of a call by sips.
fn call(caller: Transport, callee: Transport) -> (World, Line, usize) {
    let mut world = World::new(41);
    let phones = [("1001", "203.0.113.11:5061", caller), ("1002", "203.0.113.12:5061", callee)];
    let [from, to] = phones.map(|(extension, addr, transport)| world.phone_at(extension, addr, transport));
    world.open(&[from, to]);
    let talk = world.with_agent(from, |agent, now| agent.dial_uri(now, "sips:1002@192.0.2.1", &[]));
    world.settle();
    (world, Line { agent: from, talk }, to)
}

fn last_refusal(world: &World) -> &Msg {
    world.sent.iter().rfind(|msg| msg.status().is_some_and(|status| status >= 480)).expect("a refusal")
}

/// RFC 3261 §8.1.1.8, §12.1.1: the Contacts of a sips call are sips on both legs.
#[test]
fn a_sips_call_between_phones_under_tls_goes_through_and_its_contacts_are_sips() {
    let (mut world, caller, phone) = call(Transport::Tls, Transport::Tls);
    assert_eq!(world.talk(caller).status(), 200);
    let invite = &world.talk(world.incoming(phone)).invite;
    assert_eq!(invite.header("Contact"), Some("<sips:tandem@192.0.2.1:5060>"));
    let answers = |msg: &&Msg| msg.status() == Some(200) && msg.must("CSeq").ends_with("INVITE");
    let answer = world.sent.iter().rfind(answers).expect("an answer");
    assert_eq!(answer.header("Contact"), Some("<sips:tandem@192.0.2.1:5060>"));
    world.end_all();
    world.assert_clean();
}

/// RFC 5630 §4: 480 with the warning 380.
#[test]
fn a_sips_call_to_a_phone_without_tls_is_refused_with_a_warning() {
    for insecure in [Transport::Udp, Transport::Tcp, Transport::Ws] {
        let (mut world, caller, phone) = call(Transport::Tls, insecure);
        assert_eq!(world.talk(caller).status(), 480, "{insecure}");
        assert!(world.agents[phone].talks.is_empty(), "{insecure}");
        let warning = last_refusal(&world).header("Warning").expect("a warning");
        assert!(warning.starts_with("380 ") && warning.ends_with("\"SIPS Not Allowed\""), "{warning}");
        world.end_all();
        world.assert_clean();
    }
}

#[test]
fn a_sips_request_that_came_in_the_clear_is_refused() {
    for insecure in [Transport::Udp, Transport::Tcp, Transport::Ws] {
        let (mut world, caller, phone) = call(insecure, Transport::Tls);
        assert_eq!(world.talk(caller).status(), 480, "{insecure}");
        assert!(world.agents[phone].talks.is_empty(), "{insecure}");
        world.end_all();
        world.assert_clean();
    }
}

/// RFC 5922, GHSA-qqxj-v78h-hrf9: a trunk with a name is known by its certificate, and by nothing else.
#[test]
fn a_trunk_with_a_name_is_known_by_what_its_connection_has_proven_and_by_nothing_else() {
    let proof =
        |authority: &str, name: &str| Proof { authority: authority.to_owned(), names: vec![name.to_owned()] };
    for (proofs, expected) in [
        (vec![proof("", "carrier.example")], 200),
        (vec![], 407),
        (vec![proof("", "other.example")], 407),
        (vec![proof("other.pem", "carrier.example")], 407),
    ] {
        let mut world = World::new(42);
        let carrier = world.trunk_at("carrier", "198.51.100.10:5061", Transport::Tls);
        world.edit_trunk("carrier", |trunk| trunk.tls_name = "carrier.example".to_owned());
        world.number("+4930123", "test:answer");
        world.set_up();
        let conn = world.connection(carrier);
        if !proofs.is_empty() {
            let shards = world.shards.len();
            let proofs: Arc<[Proof]> = proofs.into();
            (0..shards)
                .for_each(|shard| world.input(shard, ShardInput::ConnProven(conn, Arc::clone(&proofs))));
        }
        let line = world.dial(carrier, "+4930123");
        world.settle();
        assert_eq!(world.talk(line).status(), expected);
        world.end_all();
        world.assert_clean();
    }
}
