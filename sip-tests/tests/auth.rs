//! Digest on both sides: phones show us who they are, and we show trunks who we are (RFC 3261 §22, RFC 7616).

use std::time::Duration;

use base::Cause;
use sip_tests::{Guard, World, office};

fn guard(methods: &'static [&'static str], status: u16) -> Option<Guard> {
    Some(Guard { methods, status, password: "trunk-secret".to_owned(), fresh: false })
}

/// A phone 1001 and a carrier that asks for credentials.
fn guarded(methods: &'static [&'static str], status: u16, password: &str) -> (World, usize, usize) {
    let (mut world, carrier, phone) = office(9);
    world.edit_trunk("carrier", |trunk| {
        trunk.username = Some("customer".to_owned());
        trunk.password = Some(password.to_owned());
    });
    world.set_up();
    world.agents[carrier].guard = guard(methods, status);
    (world, carrier, phone)
}

#[test]
fn a_trunk_that_asks_with_401_or_407_is_answered() {
    for status in [401, 407] {
        let (mut world, carrier, phone) = guarded(&["INVITE"], status, "trunk-secret");
        let (caller, callee) = world.connect(phone, "0301", carrier);
        assert!(world.hear_each_other(caller, callee));
        world.bye(caller);
        world.settle();
        world.assert_clean();
    }
}

#[test]
fn a_trunk_that_asks_for_each_method_gets_credentials_on_bye_and_re_invite_too() {
    let (mut world, carrier, phone) = guarded(&["INVITE", "BYE"], 407, "trunk-secret");
    let (caller, callee) = world.connect(phone, "0301", carrier);
    world.reinvite(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [200], "{}", world.ladder());
    world.bye(caller);
    world.settle();
    assert!(world.talk(callee).bye.is_some(), "{}", world.ladder());
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn every_request_of_a_long_call_is_answered_for_however_many_were_asked_before() {
    let (mut world, carrier, phone) = guarded(&["INVITE", "BYE"], 407, "trunk-secret");
    world.agents[carrier].guard.as_mut().unwrap().fresh = true;
    let (caller, callee) = world.connect(phone, "0301", carrier);
    for direction in ["sendonly", "sendrecv", "sendonly", "sendrecv"] {
        world.reinvite(caller, direction);
        world.settle();
    }
    assert_eq!(world.talk(caller).reinvites, [200; 4], "{}", world.ladder());
    world.bye(caller);
    world.settle();
    assert!(world.talk(callee).bye.is_some(), "{}", world.ladder());
    world.assert_clean();
}

/// S3, CVE-2021-41158: whoever calls us does not get to ask for our password.
#[test]
fn a_trunk_that_calls_us_and_then_asks_for_our_bye_gets_no_credentials() {
    let (mut world, carrier, phone) = guarded(&["BYE"], 401, "trunk-secret");
    let (_, callee) = world.connect(carrier, "+4930123", phone);
    world.bye(callee);
    world.settle();
    let byes: Vec<_> = world.agents[carrier].requests("BYE").collect();
    assert!(byes.len() == 1 && byes[0].header("Authorization").is_none(), "{}", world.ladder());
}

/// S3: another realm than the trunk's, and MD5 where SHA-256 is agreed.
#[test]
fn a_challenge_of_a_foreign_realm_or_a_weaker_hash_gets_nothing() {
    for (realm, digest) in [("other", provision::AnswersTo::Any), ("", provision::AnswersTo::Sha256)] {
        let (mut world, carrier, phone) = guarded(&["INVITE"], 407, "trunk-secret");
        world.edit_trunk("carrier", |trunk| (trunk.realm, trunk.digest) = (realm.to_owned(), digest));
        world.set_up();
        let caller = world.dial(phone, "0301");
        world.settle();
        assert_eq!(world.talk(caller).status(), 403);
        let bare = |invite: &sip_tests::Msg| invite.header("Proxy-Authorization").is_none();
        assert!(world.agents[carrier].requests("INVITE").all(bare), "{}", world.ladder());
        world.assert_clean();
    }
}

#[test]
fn a_trunk_that_may_ask_in_its_own_calls_gets_our_bye_with_credentials() {
    let (mut world, carrier, phone) = guarded(&["BYE"], 401, "trunk-secret");
    world.edit_trunk("carrier", |trunk| trunk.password_for = provision::PasswordFor::AllCalls);
    world.set_up();
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.bye(callee);
    world.settle();
    assert!(world.talk(caller).bye.is_some(), "{}", world.ladder());
    world.assert_clean();
}

#[test]
fn a_wrong_password_is_tried_once_and_the_caller_refused() {
    let (mut world, carrier, phone) = guarded(&["INVITE"], 407, "wrong");
    let caller = world.dial(phone, "0301");
    world.settle();
    assert_eq!(world.talk(caller).status(), 403);
    assert!(world.agents[carrier].requests("INVITE").count() <= 3);
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Rejected);
}

fn registering(min_expires: u32, password: &str) -> (World, usize) {
    let mut world = World::new(9);
    let carrier = world.trunk("carrier");
    world.agents[carrier].guard = guard(&["REGISTER"], 401);
    world.agents[carrier].min_expires = min_expires;
    world.edit_trunk("carrier", |trunk| {
        trunk.username = Some("customer".to_owned());
        trunk.password = Some(password.to_owned());
        trunk.register = true;
        trunk.hosts = Vec::new();
    });
    world.set_up();
    (world, carrier)
}

fn registers(world: &World, carrier: usize) -> Vec<String> {
    let expires = |msg: &sip_tests::Msg| msg.must("Expires").to_owned();
    world.agents[carrier].requests("REGISTER").map(expires).collect()
}

#[test]
fn a_registering_trunk_registers_once_and_refreshes_before_it_runs_out() {
    let (mut world, carrier) = registering(0, "trunk-secret");
    world.run_for(Duration::from_secs(10));
    assert_eq!(registers(&world, carrier), ["300", "300"], "one challenge, one answer");
    world.run_for(Duration::from_secs(290));
    let all = registers(&world, carrier).len();
    assert!((3..=4).contains(&all), "{all} by the end of the first lifetime");
    let ids: Vec<_> = world.agents[carrier].requests("REGISTER").map(|msg| msg.must("Call-ID")).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "RFC 3261 §10.2.4: one Call-ID");
    let numbers: Vec<_> = world.agents[carrier].requests("REGISTER").map(|msg| msg.cseq().0).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn a_lifetime_that_is_too_brief_is_asked_for_again_as_423_says() {
    let (mut world, carrier) = registering(600, "trunk-secret");
    world.run_for(Duration::from_secs(60));
    assert!(registers(&world, carrier).contains(&"600".to_owned()), "{:?}", registers(&world, carrier));
    world.run_for(Duration::from_secs(200));
    assert!(registers(&world, carrier).len() <= 6, "{:?}", registers(&world, carrier));
}

#[test]
fn a_registrar_that_refuses_our_password_is_not_asked_without_end() {
    let (mut world, carrier) = registering(0, "wrong");
    world.run_for(Duration::from_secs(300));
    assert!(registers(&world, carrier).len() <= 15, "{}", registers(&world, carrier).len());
}

#[test]
fn a_call_from_the_registrar_is_taken_as_a_call_of_that_trunk() {
    let (mut world, carrier) = registering(0, "trunk-secret");
    let phone = world.phone("1001");
    world.number("+4930123", "station:1001");
    world.run_for(Duration::from_secs(1));
    world.open(&[phone]);
    let contact = world.agents[carrier].requests("REGISTER").last().unwrap().contact().unwrap().to_owned();
    assert_eq!(contact, "sip:customer@192.0.2.1:5060");
    let (caller, _) = world.connect(carrier, "+4930123", phone);
    world.bye(caller);
    world.settle();
    world.command(call::ShardCommand::EndAll);
    world.settle();
    assert_eq!(registers(&world, carrier).last().map(String::as_str), Some("0"), "we sign off");
    world.assert_clean();
}

#[test]
fn a_trunk_that_answers_no_options_is_down_and_comes_back() {
    let (mut world, carrier, phone) = office(9);
    world.edit_trunk("carrier", |trunk| trunk.health_secs = 10);
    world.agents[carrier].options = 0;
    world.set_up();
    world.run_for(Duration::from_secs(180));
    assert!(!is_up(&world), "{:?}", world.shards[0].view(now(&world)).trunks);
    world.agents[carrier].options = 404;
    world.run_for(Duration::from_secs(60));
    assert!(is_up(&world), "any answer shows that somebody is there");
    let (caller, _) = world.connect(phone, "0301", carrier);
    world.bye(caller);
    world.settle();
}

fn now(world: &World) -> base::Now {
    base::Now { mono: world.mono(), wall: base::Wall(1_800_000_000_000_000) }
}

fn is_up(world: &World) -> bool {
    let ups: Vec<bool> =
        world.shards.iter().map(|shard| shard.view(now(world)).trunks[0].peers[0].up).collect();
    assert!(ups.windows(2).all(|pair| pair[0] == pair[1]), "all shards think the same: {ups:?}");
    ups[0]
}

#[test]
fn a_phone_with_a_wrong_password_is_asked_again_and_its_call_goes_nowhere() {
    let (mut world, _, phone) = office(9);
    world.agents[phone].password = Some("guess".to_owned());
    let caller = world.dial(phone, "0301");
    world.settle();
    assert_eq!(world.talk(caller).status(), 407);
    assert!(world.facts.is_empty(), "no call began");
    world.assert_clean();
}

#[test]
fn credentials_that_were_seen_before_are_stale_at_every_shard() {
    let (mut world, _, phone) = office(9);
    let caller = world.dial(phone, "*43");
    world.settle();
    let invite = world.talk(caller).invite.clone();
    world.bye(caller);
    world.settle();
    let before = world.facts.len();
    for copy in 0..9 {
        let text = invite.to_string().replace('\n', "\r\n").replace("\r\r", "\r");
        let text = text.replace(invite.must("Call-ID"), &format!("replayed-{copy}@203.0.113.11"));
        let replay = text.replace(invite.branch(), &format!("z9hG4bKreplay{copy}"));
        world.with_agent(phone, |agent, _| agent.say(&replay));
        world.settle();
        let last = world.agents[phone].heard.last().unwrap();
        assert_eq!(last.status(), Some(407), "{last}");
        assert!(last.must("Proxy-Authenticate").contains("stale=true"), "{last}");
    }
    assert_eq!(world.facts.len(), before, "no call began");
}
