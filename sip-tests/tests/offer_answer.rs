//! Offers and answers in every message that may carry them: the six patterns of RFC 6337 §2.2 (table 1) through
//! both legs, early offers that cannot be passed on, and late offers on either side.

use provision::Reliable;
use sip_tests::{Line, Pracks, Reinvite, Reply, SILENT, World, abilities, direction_of, office};

/// A call that has just come to a phone which says nothing by itself.
fn calling(seed: u64, with_offer: bool, headers: &[String]) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(seed);
    world.agents[phone].manner = SILENT;
    world.able(&[carrier, phone]);
    let caller = world.dial_as(carrier, None, "+4930123", with_offer, headers);
    world.settle();
    let callee = world.incoming(phone);
    world.forget_ladder();
    (world, caller, callee)
}

fn reliably(world: &mut World, line: Line, status: u16, rseq: u32) {
    let body = world.body_for(line);
    world.reply(line, Reply { status, body, rseq: Some(rseq), ..Reply::default() });
    world.settle();
}

/// Both are up and hear each other; the end is clean.
fn talks(mut world: World, caller: Line, callee: Line) -> World {
    world.settle();
    assert!(world.talk(caller).is_up() && world.talk(callee).is_up(), "{}", world.ladder());
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    world.bye(caller);
    world.settle();
    world.assert_clean();
    world
}

/// The bodies that an agent heard in INVITE's 2xx.
fn body_of_answer(world: &World, line: Line) -> String {
    let mut answers = world.agents[line.agent].heard.iter();
    let found = answers.rfind(|msg| msg.status() == Some(200) && msg.cseq().1 == "INVITE");
    found.expect("a 200").body.clone()
}

/// Pattern 1: the offer in the INVITE, the answer in its 2xx.
#[test]
fn pattern_1_the_invite_offers_and_its_2xx_answers() {
    let (mut world, caller, callee) = calling(61, true, &abilities());
    world.say_with_body(callee, 200);
    world.settle();
    assert!(body_of_answer(&world, caller).contains("m=audio"));
    talks(world, caller, callee);
}

/// Pattern 2: the offer in the 2xx, the answer in its ACK.
#[test]
fn pattern_2_the_2xx_offers_and_its_ack_answers() {
    let (mut world, caller, callee) = calling(62, false, &abilities());
    assert_eq!(world.talk(callee).invite.body, "");
    world.say_with_body(callee, 200);
    world.settle();
    assert!(world.talk(callee).remote_body.contains("m=audio"), "{}", world.ladder());
    talks(world, caller, callee);
}

/// Pattern 3: the offer in the INVITE, the answer in a reliable 1xx; the 2xx says no more.
#[test]
fn pattern_3_a_reliable_response_answers_the_invite() {
    let (mut world, caller, callee) = calling(63, true, &abilities());
    reliably(&mut world, callee, 183, 1);
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    world.say(callee, 200);
    world.settle();
    assert_eq!(body_of_answer(&world, caller), "");
    talks(world, caller, callee);
}

/// Pattern 4: the offer in a reliable 1xx, the answer in its PRACK. Both offers are late.
#[test]
fn pattern_4_a_reliable_response_offers_and_its_prack_answers() {
    let (mut world, caller, callee) = calling(64, false, &abilities());
    reliably(&mut world, callee, 183, 1);
    assert!(world.talk(callee).remote_body.contains("m=audio"), "{}", world.ladder());
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    world.say(callee, 200);
    world.settle();
    assert_eq!(body_of_answer(&world, caller), "");
    insta::assert_snapshot!(world.ladder());
    talks(world, caller, callee);
}

/// Pattern 5: a new offer in the PRACK, its answer in the PRACK's 2xx.
#[test]
fn pattern_5_a_prack_offers_anew_and_its_2xx_answers() {
    let (mut world, caller, callee) = calling(65, true, &abilities());
    world.agents[caller.agent].pracks = Pracks::Offering;
    reliably(&mut world, callee, 183, 1);
    let prack = world.agents[callee.agent].requests("PRACK").next().expect("a PRACK").clone();
    assert!(prack.body.contains("m=audio"), "{prack}");
    assert_eq!(world.talk(caller).pracks, [200], "{}", world.ladder());
    assert!(world.hear_each_other(caller, callee));
    world.say(callee, 200);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    talks(world, caller, callee);
}

/// Pattern 6 in the early dialog, from either side.
#[test]
fn pattern_6_an_update_offers_before_the_answer_from_either_side() {
    let (mut world, caller, callee) = calling(66, true, &abilities());
    reliably(&mut world, callee, 183, 1);
    world.update(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).updates, [200], "{}", world.ladder());
    assert_eq!(direction_of(&world.talk(callee).remote_body), "sendonly");
    world.update(callee, "sendrecv");
    world.settle();
    assert_eq!(world.talk(callee).updates, [200], "{}", world.ladder());
    assert_eq!(direction_of(&world.talk(caller).remote_body), "sendrecv");
    world.say(callee, 200);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    talks(world, caller, callee);
}

/// Pattern 6 in the confirmed dialog after pattern 4.
#[test]
fn an_update_after_a_session_that_prack_settled() {
    let (mut world, caller, callee) = calling(67, false, &abilities());
    reliably(&mut world, callee, 183, 1);
    world.say(callee, 200);
    world.settle();
    world.update(callee, "inactive");
    world.settle();
    assert_eq!(world.talk(callee).updates, [200], "{}", world.ladder());
    let (held, holds) = (&world.talk(caller).remote_body, &world.talk(callee).remote_body);
    assert_eq!(
        (direction_of(held), direction_of(holds)),
        ("sendonly", "inactive"),
        "the held side hears music"
    );
    talks(world, caller, callee);
}

/// RFC 3311 §5.2: before the first offer is answered, an UPDATE with one gets 500 or 491.
#[test]
fn an_update_before_the_first_answer_is_asked_to_wait() {
    let (mut world, caller, callee) = calling(68, true, &abilities());
    world.say(callee, 180);
    world.settle();
    world.update(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).updates, [500], "their own offer is unanswered: {}", world.ladder());
    world.update(callee, "sendonly");
    world.settle();
    assert_eq!(world.talk(callee).updates, [491], "our offer is unanswered: {}", world.ladder());
    world.with_agent(caller.agent, |agent, now| agent.ask_inside(now, caller.talk, "UPDATE", ""));
    world.settle();
    assert_eq!(world.talk(caller).updates, [500, 200], "a refresh of the target needs no offer");
    world.say_with_body(callee, 200);
    talks(world, caller, callee);
}

/// An early offer to a callee that takes no UPDATE cannot be passed on (and a re-INVITE is not possible yet).
#[test]
fn an_early_update_for_a_callee_that_takes_none_gets_488() {
    let (mut world, caller, callee) = calling(69, true, &abilities());
    world.agents[callee.agent].abilities = vec!["Allow: INVITE, ACK, CANCEL, BYE, PRACK".to_owned()];
    reliably(&mut world, callee, 183, 1);
    world.update(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).updates, [488], "{}", world.ladder());
    world.say(callee, 200);
    talks(world, caller, callee);
}

/// The same for a callee whose caller takes no reliable responses.
#[test]
fn an_early_update_for_a_caller_that_cannot_be_asked_gets_488() {
    let (mut world, caller, callee) = calling(70, true, &[]);
    reliably(&mut world, callee, 183, 1);
    world.update(callee, "sendonly");
    world.settle();
    assert_eq!(world.talk(callee).updates, [488], "{}", world.ladder());
    world.say(callee, 200);
    talks(world, caller, callee);
}

/// RFC 6337 §3.2: a PRACK cannot be refused for its offer; a callee that answered unreliably cannot be asked.
#[test]
fn an_offer_in_a_prack_that_cannot_be_passed_on_is_answered_as_agreed_before() {
    let (mut world, caller, callee) = calling(71, true, &abilities());
    world.agents[caller.agent].pracks = Pracks::Offering;
    world.say_with_body(callee, 183);
    world.settle();
    assert_eq!(world.talk(caller).pracks, [200], "{}", world.ladder());
    assert!(world.talk(caller).remote_body.contains("m=audio"));
    assert_eq!(world.agents[callee.agent].requests("UPDATE").count(), 0);
    world.say_with_body(callee, 200);
    talks(world, caller, callee);
}

/// Early UPDATEs that meet: 491 for both (RFC 3311 §5.2).
#[test]
fn early_updates_that_meet_are_both_refused_with_491() {
    let (mut world, caller, callee) = calling(72, true, &abilities());
    reliably(&mut world, callee, 183, 1);
    world.update(caller, "sendonly");
    world.update(callee, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).updates, [491], "{}", world.ladder());
    assert_eq!(world.talk(callee).updates, [491], "{}", world.ladder());
    world.say(callee, 200);
    talks(world, caller, callee);
}

/// The answer crosses an UPDATE that is on its way through.
#[test]
fn an_answer_while_an_early_update_is_open_leaves_both_in_step() {
    let (mut world, caller, callee) = calling(73, true, &abilities());
    world.agents[callee.agent].updates = Reinvite::Wait;
    reliably(&mut world, callee, 183, 1);
    world.update(caller, "sendonly");
    world.settle();
    world.say(callee, 200);
    world.settle();
    world.with_agent(callee.agent, |agent, now| agent.accept_update(now, callee.talk));
    world.settle();
    assert_eq!(world.talk(caller).updates, [200], "{}", world.ladder());
    assert_eq!(direction_of(&world.talk(callee).remote_body), "sendonly");
    talks(world, caller, callee);
}

/// Late offers, 1 of 4: the caller is late and takes nothing early, so the callee is not told of 100rel.
#[test]
fn a_late_caller_without_prack_makes_a_late_callee_without_it() {
    let (mut world, caller, callee) = calling(74, false, &[]);
    let invite = &world.talk(callee).invite;
    assert!(!invite.header("Supported").is_some_and(|value| value.contains("100rel")), "{invite}");
    world.say_with_body(callee, 183);
    world.say_with_body(callee, 200);
    talks(world, caller, callee);
}

/// Late offers, 2 of 4: the callee must offer early, the caller cannot answer early. Its offer is answered in the
/// caller's place, and the caller is offered what was agreed.
#[test]
fn a_callee_that_must_offer_early_is_answered_for_a_late_caller_that_cannot() {
    let (mut world, carrier, phone) = office(75);
    let set_up = world.directory.stations.get_mut("1001").expect("a station");
    set_up.reliable = Reliable::Required;
    world.set_up();
    world.agents[phone].manner = SILENT;
    let caller = world.dial_as(carrier, None, "+4930123", false, &[]);
    world.settle();
    let callee = world.incoming(phone);
    world.forget_ladder();
    reliably(&mut world, callee, 183, 1);
    assert_eq!(world.talk(callee).rseqs, [1], "{}", world.ladder());
    assert!(world.talk(callee).remote_body.contains("m=audio"), "the PRACK answered");
    world.say(callee, 200);
    world.settle();
    let offered = body_of_answer(&world, caller);
    assert!(offered.contains("RTP/AVP 0 "), "the codec that is agreed already is wanted most: {offered}");
    insta::assert_snapshot!(world.ladder());
    talks(world, caller, callee);
}

/// Late offers, 3 of 4: the caller offers, and the callee is asked with it. 4 of 4 is pattern 4.
#[test]
fn a_caller_that_offers_makes_a_callee_that_answers() {
    let (mut world, caller, callee) = calling(76, true, &[]);
    assert!(world.talk(callee).invite.body.contains("m=audio"));
    world.say_with_body(callee, 200);
    talks(world, caller, callee);
}

/// A late caller that answers an early offer with nothing: the call cannot go on.
#[test]
fn a_prack_without_the_answer_it_owes_ends_the_call() {
    let (mut world, caller, callee) = calling(77, false, &abilities());
    world.agents[caller.agent].pracks = Pracks::None;
    reliably(&mut world, callee, 183, 1);
    let rseq = world.talk(caller).rseqs[0];
    world.with_agent(caller.agent, |agent, now| agent.prack(now, caller.talk, rseq, ""));
    world.settle();
    assert_eq!(world.talk(caller).status(), 488, "{}", world.ladder());
    world.assert_clean();
}

/// Tandem itself offers early to a caller that made no offer, and takes the answer from the PRACK.
#[test]
fn the_test_number_offers_early_to_a_late_caller() {
    let (mut world, carrier, _) = office(78);
    world.number("+49777", "test:reliable");
    world.set_up();
    let caller = world.dial_as(carrier, None, "+49777", false, &abilities());
    world.run_for(std::time::Duration::from_secs(3));
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    assert!(world.media.towards(world.talk(caller).media).is_some(), "the answer came with the PRACK");
    world.update(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).updates, [200], "{}", world.ladder());
    world.bye(caller);
    world.settle();
    world.assert_clean();
}

/// An exchange in an early dialog that lost does not keep the call that won waiting.
#[test]
fn an_early_update_of_a_fork_that_lost_is_out_of_the_way_at_once() {
    let (mut world, carrier, phone) = office(79);
    let mobile = world.phone_at("1001", "203.0.113.22:5060", base::wire::Transport::Udp);
    world.agents[mobile].name = "mobile".to_owned();
    world.set_up();
    world.with_agent(mobile, |agent, now| agent.register_user(now, "1001", 3_600));
    world.settle();
    for agent in [phone, mobile] {
        world.agents[agent].manner = SILENT;
    }
    world.able(&[carrier, phone, mobile]);
    let caller = world.dial_as(carrier, None, "+4930123", true, &abilities());
    world.settle();
    let (desk, other) = (world.incoming(phone), world.incoming(mobile));
    reliably(&mut world, desk, 183, 1);
    world.agents[phone].updates = Reinvite::Wait;
    world.update(caller, "sendonly");
    world.settle();
    world.say_with_body(other, 200);
    world.settle();
    assert_eq!(world.talk(caller).updates, [481], "{}", world.ladder());
    world.update(caller, "sendrecv");
    world.settle();
    assert_eq!(world.talk(caller).updates, [481, 200], "{}", world.ladder());
    talks(world, caller, other);
}
