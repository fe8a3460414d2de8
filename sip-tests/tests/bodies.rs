//! Bodies of several parts: the SDP among them counts, some others cross, none does harm (RFC 5621, RFC 3204).

use sip_tests::{ANSWER, Msg, Reply, SILENT, World, office};

const ISUP: &str = "Content-Type: application/isup;version=itu-t92+\r\nContent-Disposition: signal;handling=required\r\n\r\n\u{1}\u{2}iam";
const PLACE: &str = "Content-Type: application/pidf+xml\r\nContent-ID: <me@h>\r\n\r\n<presence/>";

fn wrapped(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--b\r\n{part}\r\n")).collect();
    format!("{parts}--b--\r\n")
}

const SDP: &str = "Content-Type: application/sdp\r\n\r\n{sdp}";

/// A call between two trunks whose INVITE has these parts; what the second hears.
fn tandem(trusted: bool, parts: &[&str]) -> Msg {
    let mut world = World::new(23);
    let carrier = world.trunk("carrier");
    let other = world.trunk("other");
    world.number("+4930123", "trunk:other");
    for name in ["carrier", "other"] {
        world.edit_trunk(name, |trunk| trunk.trust = trusted);
    }
    world.open(&[]);
    world.agents[carrier].wrap = Some(wrapped(parts));
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(other);
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    let invite = world.talk(callee).invite.clone();
    world.end_all();
    world.assert_clean();
    invite
}

/// RFC 5621 §3.1: every UA reads multipart/mixed; RFC 3204 §2: ISUP goes on between telephone networks.
#[test]
fn sdp_among_parts_makes_the_call_and_the_rest_crosses_between_the_trusted_alone() {
    let both = tandem(true, &[SDP, ISUP, PLACE, "Content-Type: text/plain\r\n\r\nsecret"]);
    assert!(both.must("Content-Type").starts_with("multipart/mixed;boundary="), "{both}");
    assert_eq!(both.header("MIME-Version"), Some("1.0"));
    for kept in
        ["application/sdp", "application/isup;version=itu-t92+", "\u{1}\u{2}iam", "<me@h>", "<presence/>"]
    {
        assert!(both.body.contains(kept), "{kept} is missing in\n{both}");
    }
    assert!(!both.body.contains("secret"));
    let none = tandem(false, &[SDP, ISUP, PLACE]);
    assert_eq!(none.must("Content-Type"), "application/sdp");
}

/// RFC 6442 §3.1, conformance §5.2: the caller's place is never taken from an emergency call.
#[test]
fn a_phones_place_reaches_those_who_send_help() {
    let (mut world, carrier, phone) = office(23);
    world.agents[phone].wrap = Some(wrapped(&[SDP, PLACE, ISUP]));
    world.dial(phone, "112");
    world.settle();
    let invite = world.talk(world.incoming(carrier)).invite.clone();
    assert!(invite.body.contains("<presence/>") && !invite.body.contains("iam"), "{invite}");
    world.end_all();
    world.dial(phone, "0301");
    world.settle();
    assert_eq!(world.talk(world.incoming(carrier)).invite.must("Content-Type"), "application/sdp");
    world.end_all();
    world.assert_clean();
}

/// RFC 3204 §6, RFC 3261 §8.2.3, RFC 5621 §8.2.
#[test]
fn what_must_be_understood_and_is_not_gets_415_with_what_is_taken() {
    let (mut world, carrier, phone) = office(23);
    let unknown = "Content-Type: application/x\r\nContent-Disposition: x;handling=required\r\n\r\nx";
    let packed = "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n\r\nx";
    for (parts, status) in [
        (wrapped(&[SDP, unknown]), 415),
        (wrapped(&[packed]), 415),
        (wrapped(&[SDP; 17]), 400),
        ("--b\r\n\r\nopen".to_owned(), 400),
        (wrapped(&["Content-Type: application/sdp"]), 400),
    ] {
        world.agents[carrier].wrap = Some(parts.clone());
        let caller = world.dial(carrier, "+4930123");
        world.settle();
        assert_eq!(world.talk(caller).status(), status, "{parts}");
        let refusal = world.talk(caller).refusal.clone().unwrap();
        if status == 415 {
            assert!(refusal.must("Accept").contains("multipart/mixed"));
            assert_eq!(refusal.must("Accept-Encoding"), "identity");
        }
    }
    assert!(world.agents[phone].talks.is_empty());
    world.agents[carrier].wrap = Some(wrapped(&["", "\r\n", SDP, "Content-Type: application/x\r\n\r\n"]));
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert!(world.talk(caller).is_up(), "AST-2017-003: empty parts do no harm\n{}", world.ladder());
    world.end_all();
    world.assert_clean();
}

#[test]
fn an_answer_in_parts_connects_and_a_choice_is_answered_by_its_last_sdp() {
    let (mut world, carrier, phone) = office(23);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    let body = wrapped(&["\r\nhello", SDP]).replace("{sdp}", &world.body_for(callee));
    world.reply(callee, Reply { status: 200, body, ..Reply::default() });
    world.settle();
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    world.end_all();
    world.agents[phone].manner = ANSWER;
    let choice = "Content-Type: multipart/alternative;boundary=c\r\n\r\n--c\r\nContent-Type: application/sdp\r\n\r\nv=bad\r\n\
                  --c\r\nContent-Type: application/sdp\r\n\r\n{sdp}\r\n--c--";
    world.agents[carrier].wrap = Some(wrapped(&[choice]));
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    world.end_all();
    world.assert_clean();
}
