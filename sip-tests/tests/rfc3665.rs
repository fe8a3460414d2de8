//! The flows of RFC 3665 with the switch where the RFC has its proxies: each leg is a dialog of its own, and the
//! ladder shows both. A test's name begins with the section.

use std::time::Duration;

use base::wire::Transport;
use base::{Cause, Party};
use provision::Peer;
use sip_tests::{BUSY, Guard, Manner, Reply, SILENT, State, World};

/// Alice has 1001, Bob 1002; both are registered.
fn alice_and_bob(seed: u64) -> (World, usize, usize) {
    let mut world = World::new(seed);
    let (alice, bob) = (world.phone("1001"), world.phone("1002"));
    world.open(&[alice, bob]);
    (world, alice, bob)
}

/// Alice has 1001 and is set up, but not registered.
fn alice_alone(seed: u64) -> (World, usize) {
    let mut world = World::new(seed);
    let alice = world.phone("1001");
    world.open(&[]);
    (world, alice)
}

fn registers(world: &mut World, phone: usize, contact: &str, expires: Option<u32>) -> u16 {
    world.with_agent(phone, |agent, now| agent.register_as(now, contact, expires, None));
    world.settle();
    world.agents[phone].results.last().map_or(0, |(_, status)| *status)
}

fn contacts(world: &World, phone: usize) -> Vec<String> {
    let answer = world.agents[phone].heard.last().expect("an answer");
    let mut listed: Vec<String> = answer.all("Contact").map(str::to_owned).collect();
    listed.sort();
    listed
}

const DESK: &str = "<sip:1001@203.0.113.10:5060>";
const MOBILE: &str = "<sip:1001@203.0.113.10:5082>";

#[test]
fn s2_1_a_new_registration_is_challenged_once_and_then_stands() {
    let (mut world, alice) = alice_alone(60);
    assert_eq!(registers(&mut world, alice, DESK, Some(3_600)), 200);
    insta::assert_snapshot!(world.ladder());
    assert_eq!(contacts(&world, alice), [format!("{DESK};expires=3600")]);
}

#[test]
fn s2_2_a_second_contact_joins_the_list() {
    let (mut world, alice) = alice_alone(60);
    registers(&mut world, alice, DESK, Some(3_600));
    assert_eq!(registers(&mut world, alice, MOBILE, Some(3_600)), 200);
    let listed = contacts(&world, alice);
    assert_eq!(listed, [format!("{DESK};expires=3599"), format!("{MOBILE};expires=3600")]);
}

#[test]
fn s2_3_a_register_without_a_contact_asks_for_the_list_and_changes_nothing() {
    let (mut world, alice) = alice_alone(60);
    registers(&mut world, alice, DESK, Some(3_600));
    world.run_for(Duration::from_secs(600));
    assert_eq!(registers(&mut world, alice, "", None), 200);
    assert_eq!(contacts(&world, alice), [format!("{DESK};expires=2999")]);
}

#[test]
fn s2_4_a_star_with_expires_0_cancels_every_contact() {
    let (mut world, alice) = alice_alone(60);
    registers(&mut world, alice, DESK, Some(3_600));
    registers(&mut world, alice, MOBILE, Some(3_600));
    assert_eq!(registers(&mut world, alice, "*", Some(0)), 200);
    assert_eq!(contacts(&world, alice), Vec::<String>::new());
}

#[test]
fn s2_5_a_registration_with_a_wrong_password_is_refused_again() {
    let (mut world, alice) = alice_alone(60);
    world.agents[alice].password = Some("guessed".to_owned());
    assert_eq!(registers(&mut world, alice, DESK, Some(3_600)), 401);
    insta::assert_snapshot!(world.ladder());
}

#[test]
fn s3_1_one_phone_calls_another() {
    let (mut world, alice, bob) = alice_and_bob(60);
    let (caller, callee) = world.connect(alice, "1002", bob);
    assert!(world.hear_each_other(caller, callee));
    world.bye(callee);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

/// The carriers on both sides have proxies that record their route: each leg keeps its own route set.
#[test]
fn s3_2_a_call_between_two_carriers_behind_proxies() {
    let mut world = World::new(60);
    let (atlanta, biloxi) = (world.trunk("atlanta"), world.trunk("biloxi"));
    let proxy = world.agent("ss1", "198.51.100.10:5070", Transport::Udp);
    world.number("+19725552222", "trunk:biloxi");
    world.open(&[]);
    let routes = ["Record-Route: <sip:198.51.100.10:5070;lr>".to_owned()];
    let caller = world.dial_as(atlanta, Some("+13145551111"), "+19725552222", true, &routes);
    world.settle();
    let callee = world.incoming(biloxi);
    assert!(world.hear_each_other(caller, callee));
    assert_eq!(
        world.talk(callee).invite.header("Record-Route"),
        None,
        "the route set of the other leg stays there"
    );
    world.bye(callee);
    world.settle();
    let bye = world.agents[proxy].requests("BYE").next().expect("the BYE goes by the proxy").clone();
    assert_eq!(bye.header("Route"), Some("<sip:198.51.100.10:5070;lr>"));
    assert_eq!(bye.uri(), Some("sip:atlanta@198.51.100.10:5060"));
    insta::assert_snapshot!(world.ladder());
}

/// Two parties ask for credentials: the switch its phone, the carrier the switch. Neither sees the other's.
#[test]
fn s3_3_both_hops_ask_for_credentials_and_each_gets_its_own() {
    let mut world = World::new(60);
    let (carrier, alice) = (world.trunk("carrier"), world.phone("1001"));
    world.rule("^0", &["carrier"]);
    world.edit_trunk("carrier", |trunk| {
        trunk.username = Some("customer".to_owned());
        trunk.password = Some("trunk-secret".to_owned());
    });
    world.open(&[alice]);
    let password = "trunk-secret".to_owned();
    world.agents[carrier].guard = Some(Guard { methods: &["INVITE"], status: 407, password, fresh: false });
    let (caller, callee) = world.connect(alice, "0301", carrier);
    assert!(world.hear_each_other(caller, callee));
    let shown = world.talk(callee).invite.must("Proxy-Authorization");
    assert!(shown.contains("username=\"customer\"") && !shown.contains("1001"), "{shown}");
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn s3_4_a_proxy_that_has_failed_is_passed_over() {
    let mut world = World::new(60);
    let (first, alice) = (world.trunk("carrier"), world.phone("1001"));
    let second = world.agent("second", "198.51.100.99:5060", Transport::Udp);
    world.edit_trunk("carrier", |trunk| {
        trunk.peers.push(Peer { uri: "sip:198.51.100.99:5060".to_owned(), priority: 1, weight: 10 });
    });
    world.rule("^0", &["carrier"]);
    world.agents[first].dead = true;
    world.open(&[alice]);
    let caller = world.dial(alice, "0301");
    world.run_for(Duration::from_secs(6));
    let callee = world.incoming(second);
    assert!(world.hear_each_other(caller, callee));
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

/// The switch is the gateway between a private network and the others: what a phone says of its own address
/// is kept as its name, and it is reached where its messages come from.
#[test]
fn s3_5_a_phone_with_a_private_address_is_reached_through_its_gateway() {
    let (mut world, alice) = alice_alone(60);
    let bob = world.phone("1002");
    world.set_up();
    world.register(bob);
    assert_eq!(registers(&mut world, alice, "<sip:1001@10.1.3.33:5060>", Some(600)), 200);
    let (caller, callee) = world.connect(bob, "1001", alice);
    assert_eq!(world.talk(callee).invite.uri(), Some("sip:1001@10.1.3.33:5060"));
    assert!(!world.talk(caller).remote_body.contains("10.1.3.33"), "the media is anchored at the switch");
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// The carrier's redirect server names one of the carrier's own gateways; the caller has sent no offer, so
/// its answer comes in the ACK.
#[test]
fn s3_6_a_redirection_by_the_carrier_is_followed_and_the_answer_comes_in_the_ack() {
    const REDIRECTS: Manner = &[];
    let mut world = World::new(60);
    let (server, alice) = (world.trunk("carrier"), world.phone("1001"));
    let gateway = world.agent("gateway", "198.51.100.99:5060", Transport::Udp);
    world.edit_trunk("carrier", |trunk| trunk.hosts.push("198.51.100.99".parse().expect("a host")));
    world.rule("^0", &["carrier"]);
    world.agents[server].manner = REDIRECTS;
    world.open(&[alice]);
    let caller = world.dial_as(alice, None, "0301", false, &[]);
    world.settle();
    let asked = world.incoming(server);
    let headers = vec!["Contact: <sip:+4930301@198.51.100.99:5060>".to_owned()];
    world.reply(asked, Reply { status: 302, headers, ..Reply::default() });
    world.settle();
    assert_eq!(world.agents[gateway].talks.len(), 1, "{}", world.ladder());
    let callee = world.incoming(gateway);
    assert_eq!(world.talk(callee).invite.uri(), Some("sip:+4930301@198.51.100.99:5060"));
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

/// Bob sits at a carrier whose network is known; a new address within it may speak for his call.
#[test]
fn s3_7_a_party_that_changes_its_address_says_so_with_a_re_invite() {
    let mut world = World::new(60);
    let (bob, alice) = (world.trunk("carrier"), world.phone("1001"));
    world.edit_trunk("carrier", |trunk| trunk.hosts = vec!["198.51.100.0/24".parse().expect("a network")]);
    world.rule("^0", &["carrier"]);
    world.open(&[alice]);
    let (caller, callee) = world.connect(alice, "0301", bob);
    world.agents[bob].addr = "198.51.100.200:5060".parse().expect("an address");
    world.agents[bob].talks[callee.talk].media = "198.51.100.200:47000".parse().expect("an address");
    world.reinvite(callee, "sendrecv");
    world.settle();
    assert_eq!(world.talk(callee).reinvites, [200], "{}", world.ladder());
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    world.bye(caller);
    world.settle();
    assert_eq!(world.state(callee), State::Over, "the BYE reaches the new address");
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn s3_8_a_caller_who_gives_up_while_it_rings_cancels_both_legs() {
    let (mut world, alice, bob) = alice_and_bob(60);
    world.agents[bob].manner = sip_tests::RING;
    let caller = world.dial(alice, "1002");
    world.settle();
    world.run_for(Duration::from_secs(5));
    world.cancel(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Cancelled, 487, Party::Caller));
}

#[test]
fn s3_9_a_busy_phone_says_486_and_so_hears_the_caller() {
    let (mut world, alice, bob) = alice_and_bob(60);
    world.agents[bob].manner = BUSY;
    let caller = world.dial(alice, "1002");
    world.settle();
    assert_eq!(world.talk(caller).status(), 486);
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

/// The RFC's proxy answers 480 once timer C has run out; a registered phone that says nothing at all has
/// vanished, and its callers hear so after ten seconds.
#[test]
fn s3_10_a_phone_that_never_responds_is_480_for_its_caller() {
    let (mut world, alice, bob) = alice_and_bob(60);
    world.agents[bob].dead = true;
    let caller = world.dial(alice, "1002");
    world.run_for(Duration::from_secs(12));
    assert_eq!(world.talk(caller).status(), 480);
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::NoResponse);
}

#[test]
fn s3_11_a_callee_who_is_away_for_now_is_480_for_its_caller() {
    let (mut world, alice, bob) = alice_and_bob(60);
    world.agents[bob].manner = SILENT;
    let caller = world.dial(alice, "1002");
    world.settle();
    let callee = world.incoming(bob);
    world.say(callee, 180);
    world.settle();
    world.say(callee, 480);
    world.settle();
    assert_eq!(world.talk(caller).status(), 480);
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}
