//! Reliable provisional responses on both sides of the switch (RFC 3262).

use std::time::Duration;

use base::{Cause, Party};
use provision::Reliable;
use sip_tests::{Guard, Line, Pracks, Reply, SILENT, State, World, abilities, office, over};

const REQUIRED: &str = "Require: 100rel";

/// A call that has just come to the phone, which says nothing by itself. The caller's INVITE bears these lines.
fn calling(seed: u64, headers: &[String]) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(seed);
    world.agents[phone].manner = SILENT;
    world.able(&[carrier, phone]);
    let caller = world.dial_as(carrier, None, "+4930123", true, headers);
    world.settle();
    let callee = world.incoming(phone);
    world.forget_ladder();
    (world, caller, callee)
}

fn required() -> Vec<String> {
    abilities().into_iter().chain([REQUIRED.to_owned()]).collect()
}

/// A reliable response of the callee.
fn reliably(world: &mut World, line: Line, status: u16, rseq: u32, with_body: bool) {
    let body = if with_body { world.body_for(line) } else { String::new() };
    world.reply(line, Reply { status, body, rseq: Some(rseq), ..Reply::default() });
    world.settle();
}

/// What an agent heard with this status.
fn heard(world: &World, line: Line, status: u16) -> Vec<sip_tests::Msg> {
    world.agents[line.agent].heard.iter().filter(|msg| msg.status() == Some(status)).cloned().collect()
}

/// RFC 3262 §3: with Require, every provisional response but 100 is reliable.
#[test]
fn a_caller_that_requires_it_gets_plain_ringing_reliably() {
    let (mut world, caller, callee) = calling(41, &required());
    world.say(callee, 180);
    world.settle();
    assert_eq!((world.talk(caller).rseqs.len(), &world.talk(caller).pracks[..]), (1, &[200][..]));
    assert_eq!(world.talk(callee).rseqs, [0_u32; 0], "the callee knows nothing of it");
    let ringing = heard(&world, caller, 180).pop().expect("180");
    let session = world.talk(callee).invite.must("Session-ID").to_owned();
    let ours = session.split(';').next().unwrap_or_default();
    assert!(ringing.must("Session-ID").ends_with(&format!(";remote={ours}")), "RFC 7989 §8: {ringing}");
    world.say_with_body(callee, 200);
    world.settle();
    assert!(world.hear_each_other(caller, callee));
    insta::assert_snapshot!(world.ladder());
    over(world, caller);
}

/// RFC 3262 §3: with Supported alone, what carries a session description is reliable and the rest is not.
#[test]
fn a_caller_that_supports_it_gets_early_media_reliably_and_ringing_plainly() {
    let (mut world, caller, callee) = calling(42, &abilities());
    world.say(callee, 180);
    world.settle();
    assert!(world.talk(caller).rseqs.is_empty());
    world.say_with_body(callee, 183);
    world.settle();
    assert_eq!(world.talk(caller).pracks, [200], "{}", world.ladder());
    assert!(world.hear_each_other(caller, callee));
    world.say_with_body(callee, 200);
    world.settle();
    let answer = heard(&world, caller, 200).into_iter().rfind(|msg| msg.cseq().1 == "INVITE").expect("200");
    assert_eq!(answer.body, "", "RFC 6337 §2.2: the reliable answer was the answer");
    assert!(world.hear_each_other(caller, callee));
    over(world, callee);
}

/// Interworking: the callee is acknowledged here, the caller gets what it understands.
#[test]
fn a_reliable_callee_is_acknowledged_for_a_caller_that_knows_nothing_of_it() {
    let (mut world, caller, callee) = calling(43, &[]);
    assert!(world.talk(callee).invite.must("Supported").contains("100rel"));
    reliably(&mut world, callee, 183, 700, true);
    assert_eq!(world.talk(callee).rseqs, [700], "{}", world.ladder());
    let early = heard(&world, caller, 183);
    assert!(early[0].header("Require").is_none() && early[0].header("RSeq").is_none(), "{}", early[0]);
    assert!(world.hear_each_other(caller, callee));
    world.say(callee, 200);
    world.settle();
    assert!(world.talk(caller).remote_body.contains("m=audio"));
    assert!(world.talk(caller).is_up() && world.hear_each_other(caller, callee));
    over(world, caller);
}

/// RFC 3262 end to end: the caller's PRACK is the callee's.
#[test]
fn early_media_that_is_reliable_on_both_sides_is_acknowledged_end_to_end() {
    let (mut world, caller, callee) = calling(44, &abilities());
    world.agents[caller.agent].pracks = Pracks::None;
    reliably(&mut world, callee, 183, 9, true);
    assert!(world.talk(callee).rseqs.is_empty(), "the caller has not acknowledged it yet");
    let rseq = world.talk(caller).rseqs[0];
    world.with_agent(caller.agent, |agent, now| agent.prack(now, caller.talk, rseq, ""));
    world.settle();
    assert_eq!((&world.talk(callee).rseqs[..], &world.talk(caller).pracks[..]), (&[9][..], &[200][..]));
    world.say(callee, 200);
    world.settle();
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    insta::assert_snapshot!(world.ladder());
    over(world, caller);
}

#[test]
fn reliable_ringing_without_a_body_is_acknowledged_on_each_side_alone() {
    let (mut world, caller, callee) = calling(45, &abilities());
    reliably(&mut world, callee, 180, 3, false);
    assert_eq!((&world.talk(callee).rseqs[..], &world.talk(caller).pracks[..]), (&[3][..], &[200][..]));
    reliably(&mut world, callee, 183, 4, true);
    let rseqs = world.talk(caller).rseqs.clone();
    assert_eq!(rseqs[1], rseqs[0] + 1, "RFC 3262 §3: by one");
    world.say(callee, 200);
    world.settle();
    over(world, callee);
}

/// RFC 3262 §3: T1, doubled, until the PRACK comes.
#[test]
fn a_lost_reliable_response_comes_again_until_it_is_acknowledged() {
    let (mut world, caller, callee) = calling(46, &required());
    world.links[caller.agent].lost = 1_000;
    world.say(callee, 180);
    world.run_for(Duration::from_secs(4));
    world.links[caller.agent].lost = 0;
    world.run_for(Duration::from_secs(4));
    assert_eq!(world.talk(caller).pracks, [200], "{}", world.ladder());
    let copies = heard(&world, caller, 180).len();
    world.run_for(Duration::from_secs(10));
    assert_eq!(heard(&world, caller, 180).len(), copies);
    world.say_with_body(callee, 200);
    world.settle();
    over(world, caller);
}

#[test]
fn a_lost_prack_and_a_lost_answer_to_it_are_made_good() {
    let (mut world, caller, callee) = calling(47, &abilities());
    world.agents[callee.agent].withhold_pracked = true;
    reliably(&mut world, callee, 183, 1, true);
    world.run_for(Duration::from_millis(700));
    world.links[callee.agent].lost = 1_000;
    world.run_for(Duration::from_secs(2));
    world.links[callee.agent].lost = 0;
    world.agents[callee.agent].withhold_pracked = false;
    world.run_for(Duration::from_secs(3));
    world.say(callee, 200);
    world.run_for(Duration::from_secs(3));
    assert!(world.talk(caller).is_up() && world.talk(callee).is_up(), "{}", world.ladder());
    assert_eq!(world.talk(callee).rseqs, [1]);
    over(world, caller);
}

/// RFC 3262 §3: after 64·T1 without PRACK the INVITE is refused with a 5xx.
#[test]
fn a_caller_that_never_acknowledges_is_refused_and_the_callee_is_taken_back() {
    let (mut world, caller, callee) = calling(48, &required());
    world.agents[caller.agent].pracks = Pracks::None;
    world.say(callee, 180);
    world.run_for(Duration::from_secs(31));
    assert_eq!(heard(&world, caller, 180).len(), 6);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.talk(caller).status(), 504, "{}", world.ladder());
    assert_eq!(world.state(callee), State::Over);
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Timeout, 504, Party::Caller));
}

/// RFC 3262 §3: a PRACK that matches nothing unacknowledged gets 481.
#[test]
fn a_prack_of_something_else_gets_481() {
    let (mut world, caller, callee) = calling(49, &required());
    world.agents[caller.agent].pracks = Pracks::None;
    world.say(callee, 180);
    world.settle();
    let rseq = world.talk(caller).rseqs[0];
    for wrong in [rseq + 1, rseq, rseq] {
        world.with_agent(caller.agent, |agent, now| agent.prack(now, caller.talk, wrong, ""));
        world.settle();
    }
    assert_eq!(world.talk(caller).pracks, [481, 200, 481]);
    world.say_with_body(callee, 200);
    world.settle();
    world.with_agent(caller.agent, |agent, now| agent.prack(now, caller.talk, rseq, ""));
    world.settle();
    assert_eq!(world.talk(caller).pracks, [481, 200, 481, 481]);
    over(world, caller);
}

/// RFC 3262 §3: the second waits for the PRACK of the first.
#[test]
fn one_reliable_response_is_out_at_a_time() {
    let (mut world, caller, callee) = calling(50, &required());
    world.agents[caller.agent].pracks = Pracks::None;
    world.say(callee, 180);
    world.say_with_body(callee, 183);
    world.settle();
    assert!(heard(&world, caller, 183).is_empty(), "{}", world.ladder());
    let first = world.talk(caller).rseqs[0];
    world.agents[caller.agent].pracks = Pracks::All;
    world.with_agent(caller.agent, |agent, now| agent.prack(now, caller.talk, first, ""));
    world.settle();
    assert_eq!(world.talk(caller).rseqs, [first, first + 1]);
    world.say(callee, 200);
    world.settle();
    over(world, caller);
}

/// RFC 3262 §3, race 14: no 2xx before the PRACK of a session description.
#[test]
fn an_answer_waits_for_the_prack_of_early_media() {
    let (mut world, caller, callee) = calling(51, &abilities());
    world.agents[caller.agent].pracks = Pracks::None;
    world.say_with_body(callee, 183);
    world.say_with_body(callee, 200);
    world.run_for(Duration::from_secs(3));
    assert_eq!(world.talk(caller).status(), 183, "{}", world.ladder());
    let rseq = world.talk(caller).rseqs[0];
    world.with_agent(caller.agent, |agent, now| agent.prack(now, caller.talk, rseq, ""));
    world.settle();
    assert!(world.talk(caller).is_up() && world.hear_each_other(caller, callee), "{}", world.ladder());
    assert!(world.talk(callee).acks > 0);
    over(world, caller);
}

/// RFC 3262 §3: without a session description the 2xx need not wait, and the PRACK still gets its 200.
#[test]
fn an_answer_does_not_wait_for_the_prack_of_mere_ringing() {
    let (mut world, caller, callee) = calling(52, &required());
    world.agents[caller.agent].pracks = Pracks::None;
    world.say(callee, 180);
    world.say_with_body(callee, 200);
    world.settle();
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    let rseq = world.talk(caller).rseqs[0];
    world.with_agent(caller.agent, |agent, now| agent.prack(now, caller.talk, rseq, ""));
    world.settle();
    assert_eq!(world.talk(caller).pracks, [200]);
    over(world, callee);
}

#[test]
fn a_caller_that_gives_up_while_its_answer_waits_leaves_nobody_alone() {
    let (mut world, caller, callee) = calling(53, &abilities());
    world.agents[caller.agent].pracks = Pracks::None;
    world.say_with_body(callee, 183);
    world.say_with_body(callee, 200);
    world.settle();
    world.cancel(caller);
    world.settle();
    assert_eq!(world.talk(caller).status(), 487, "{}", world.ladder());
    assert!(world.talk(callee).acks > 0 && world.talk(callee).bye.is_some(), "{}", world.ladder());
    world.assert_clean();
}

/// RFC 3262 §4: out of order is neither acknowledged nor used, and comes again.
#[test]
fn a_reliable_response_that_overtook_another_waits_for_it() {
    let (mut world, caller, callee) = calling(54, &[]);
    reliably(&mut world, callee, 180, 5, false);
    reliably(&mut world, callee, 183, 7, true);
    assert_eq!(world.talk(callee).rseqs, [5], "{}", world.ladder());
    assert_eq!(world.talk(caller).status(), 180);
    let pracks = world.agents[callee.agent].requests("PRACK").count();
    reliably(&mut world, callee, 180, 5, false);
    assert_eq!(world.agents[callee.agent].requests("PRACK").count(), pracks, "its PRACK went out before");
    world.say_with_body(callee, 200);
    world.settle();
    over(world, caller);
}

/// RFC 3262 §3 and §4 at `test:reliable`: both sides of what a peer can be tested for.
#[test]
fn the_test_number_speaks_reliably_and_refuses_who_cannot() {
    let (mut world, carrier, _) = office(55);
    world.number("+49777", "test:reliable");
    world.set_up();
    let able = world.dial_as(carrier, None, "+49777", true, &abilities());
    world.run_for(Duration::from_secs(3));
    assert_eq!(
        (world.talk(able).pracks.clone(), world.talk(able).is_up()),
        (vec![200], true),
        "{}",
        world.ladder()
    );
    world.bye(able);
    let unable = world.dial(carrier, "+49777");
    world.settle();
    let refusal = world.talk(unable).refusal.clone().expect("a refusal");
    assert_eq!((refusal.status(), refusal.header("Require")), (Some(421), Some("100rel")));
    world.assert_clean();
}

#[test]
fn an_unacknowledged_test_call_is_given_up_after_64_t1() {
    let (mut world, carrier, _) = office(56);
    world.number("+49777", "test:reliable");
    world.set_up();
    world.agents[carrier].pracks = Pracks::None;
    let caller = world.dial_as(carrier, None, "+49777", true, &required());
    world.run_for(Duration::from_secs(33));
    assert_eq!(world.talk(caller).status(), 504, "{}", world.ladder());
    world.assert_clean();
}

/// What is set up for a trunk counts: off, required.
#[test]
fn a_trunk_may_be_kept_from_it_or_held_to_it() {
    let (mut world, carrier, phone) = office(57);
    world.edit_trunk("carrier", |trunk| trunk.reliable = Reliable::Off);
    world.set_up();
    let caller = world.dial_as(carrier, None, "+4930123", true, &required());
    world.settle();
    let refusal = world.talk(caller).refusal.clone().expect("a refusal");
    assert_eq!((refusal.status(), refusal.header("Unsupported")), (Some(420), Some("100rel")));
    world.dial(phone, "0301");
    world.settle();
    assert!(!world.talk(world.incoming(carrier)).invite.must("Supported").contains("100rel"));

    world.edit_trunk("carrier", |trunk| trunk.reliable = Reliable::Required);
    world.set_up();
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let refusal = world.talk(caller).refusal.clone().expect("a refusal");
    assert_eq!((refusal.status(), refusal.header("Require")), (Some(421), Some("100rel")));
    world.dial(phone, "0302");
    world.settle();
    assert_eq!(world.talk(world.incoming(carrier)).invite.header("Require"), Some("100rel"));
    world.end_all();
    world.assert_clean();
}

/// RFC 3261 §22.2: a carrier may ask for credentials on PRACK as on any request.
#[test]
fn a_prack_that_is_challenged_goes_out_again_with_credentials() {
    let (mut world, carrier, phone) = office(58);
    world.edit_trunk("carrier", |trunk| {
        (trunk.username, trunk.password) = (Some("us".to_owned()), Some("secret".to_owned()));
    });
    world.set_up();
    world.agents[carrier].manner = SILENT;
    let password = "secret".to_owned();
    world.agents[carrier].guard = Some(Guard { methods: &["PRACK"], status: 407, password, fresh: true });
    let caller = world.dial(phone, "0301");
    world.settle();
    let callee = world.incoming(carrier);
    reliably(&mut world, callee, 183, 1, true);
    assert_eq!(world.talk(callee).rseqs, [1], "{}", world.ladder());
    world.say(callee, 200);
    world.settle();
    assert!(world.talk(caller).is_up());
    over(world, caller);
}

/// RFC 3262 §3: "Require: 100rel" is answered by what the callee cannot do too.
#[test]
fn options_say_that_we_take_prack_and_update() {
    let (mut world, carrier, _) = office(59);
    world.with_agent(carrier, |agent, now| {
        agent.ask(
            now,
            "OPTIONS",
            "OPTIONS sip:192.0.2.1 SIP/2.0\r\n{via}\r\nMax-Forwards: 70\r\nFrom: <sip:a@h>;tag=1\r\n\
             To: <sip:192.0.2.1>\r\nCall-ID: o\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
        )
    });
    world.settle();
    let answer = world.agents[carrier].heard.last().expect("an answer");
    assert!(answer.must("Supported").contains("100rel"), "{answer}");
    assert!(answer.must("Allow").contains("PRACK") && answer.must("Allow").contains("UPDATE"));
}

/// RFC 3262 §3: a re-INVITE may require it too; it is answered at once and no provisional response is owed.
#[test]
fn a_re_invite_that_requires_it_is_answered_without_provisional_responses() {
    let (mut world, caller, callee) = calling(60, &abilities());
    world.say_with_body(callee, 200);
    world.settle();
    world.agents[caller.agent].abilities = required();
    world.reinvite(caller, "sendonly");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [200], "{}", world.ladder());
    let passed = world.agents[callee.agent].requests("INVITE").last().expect("a re-INVITE");
    assert!(passed.header("Require").is_none(), "{passed}");
    over(world, caller);
}

#[test]
fn a_callee_that_hangs_up_while_its_answer_waits_is_let_go() {
    let (mut world, caller, callee) = calling(61, &abilities());
    world.agents[caller.agent].pracks = Pracks::None;
    world.say_with_body(callee, 183);
    world.say_with_body(callee, 200);
    world.settle();
    world.bye(callee);
    world.settle();
    assert_eq!(world.state(callee), State::Over);
    assert!(world.talk(caller).status() >= 400, "{}", world.ladder());
    world.assert_clean();
}

/// Two exchanges before the answer do not get in each other's way.
#[test]
fn a_prack_during_an_open_update_is_answered_and_the_callee_acknowledged() {
    let (mut world, caller, callee) = calling(62, &abilities());
    world.agents[callee.agent].updates = sip_tests::Reinvite::Wait;
    reliably(&mut world, callee, 183, 1, true);
    world.update(caller, "sendonly");
    world.settle();
    reliably(&mut world, callee, 180, 2, false);
    assert_eq!(
        (world.talk(callee).rseqs.len(), world.talk(caller).pracks.len()),
        (2, 2),
        "{}",
        world.ladder()
    );
    world.with_agent(callee.agent, |agent, now| agent.accept_update(now, callee.talk));
    world.settle();
    world.say(callee, 200);
    world.settle();
    over(world, caller);
}
