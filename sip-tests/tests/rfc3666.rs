//! The flows of RFC 3666: the switch stands where the RFC has its proxies, gateways are trunks. ISUP and ISDN
//! messages happen behind the gateways; their causes arrive as statuses and Reason headers. A test's name begins
//! with the section.

use std::time::Duration;

use base::fact::What;
use base::{Cause, Party};
use sip_tests::{BUSY, EARLY, Line, Manner, Reply, SILENT, State, World};

const FAST: Manner = &[(0, 200)];
const FULL: Manner = &[(0, 100), (10, 503)];
const ALERTING: Manner = &[(0, 100), (30, 180), (400, 200)];
/// What a subscriber of the PSTN dials to reach Bob.
const BOB: &str = "+19725552222";

/// Alice's phone 1001, two gateways tried in order for numbers with a leading 1, and Bob's number.
fn network() -> (World, usize, usize, usize) {
    let mut world = World::new(61);
    let (one, two) = (world.trunk("ngw1"), world.trunk("ngw2"));
    let alice = world.phone("1001");
    world.rule("^1", &["ngw1", "ngw2"]);
    world.number(BOB, "station:1001");
    world.open(&[alice]);
    (world, alice, one, two)
}

fn ends(mut world: World, caller: Line, callee: Line) -> String {
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    world.bye(caller);
    world.settle();
    let ladder = world.ladder();
    world.assert_clean();
    ladder
}

#[test]
fn s2_1_a_sip_phone_calls_the_pstn_and_hears_its_ringing_as_early_media() {
    let (mut world, alice, ngw1, _) = network();
    world.agents[ngw1].manner = EARLY;
    let (caller, callee) = world.connect(alice, "19185553333", ngw1);
    insta::assert_snapshot!(ends(world, caller, callee));
}

#[test]
fn s2_2_a_sip_phone_calls_an_isdn_pbx_that_alerts() {
    let (mut world, alice, ngw1, _) = network();
    world.agents[ngw1].manner = ALERTING;
    let (caller, callee) = world.connect(alice, "19185553333", ngw1);
    insta::assert_snapshot!(ends(world, caller, callee));
}

#[test]
fn s2_3_a_gateway_without_free_circuits_overflows_to_the_next() {
    let (mut world, alice, ngw1, ngw2) = network();
    world.agents[ngw1].manner = FULL;
    let (caller, callee) = world.connect(alice, "19185553333", ngw2);
    insta::assert_snapshot!(ends(world, caller, callee));
}

/// The RFC's proxy asks ENUM whether the number is reachable by SIP. The switch asks its own table of numbers:
/// a number it has itself never leaves it.
#[test]
fn s2_4_a_number_that_is_reachable_by_sip_does_not_go_through_the_pstn() {
    let (mut world, alice, ngw1, _) = network();
    let bob = world.phone("1002");
    world.number("+13145551111", "station:1002");
    world.set_up();
    world.register(bob);
    world.forget_ladder();
    let (caller, callee) = world.connect(alice, "+13145551111", bob);
    assert!(world.agents[ngw1].talks.is_empty());
    insta::assert_snapshot!(ends(world, caller, callee));
}

/// The PSTN plays an announcement in early media; the caller hears it, and hangs up.
#[test]
fn s2_5_a_treatment_of_the_pstn_is_heard_until_the_caller_gives_up() {
    let (mut world, alice, ngw1, _) = network();
    world.agents[ngw1].manner = SILENT;
    let caller = world.dial(alice, "19185553333");
    world.settle();
    let callee = world.incoming(ngw1);
    world.say_with_body(callee, 183);
    world.settle();
    assert!(world.hear_each_other(caller, callee), "the announcement is heard");
    world.cancel(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Cancelled, 487, Party::Caller));
}

/// Q.850 cause 1 (unallocated number) is 404; the Reason header keeps the cause itself (RFC 3398 §8.2.6.1).
#[test]
fn s2_6_a_release_with_a_cause_reaches_the_caller_as_its_status() {
    let (mut world, alice, ngw1, ngw2) = network();
    world.agents[ngw1].manner = SILENT;
    let caller = world.dial(alice, "19185553333");
    world.settle();
    let callee = world.incoming(ngw1);
    let headers = vec!["Reason: Q.850;cause=1".to_owned()];
    world.reply(callee, Reply { status: 404, headers, ..Reply::default() });
    world.settle();
    assert_eq!(world.talk(caller).status(), 404);
    assert!(world.agents[ngw2].talks.is_empty(), "nobody has that number, at no gateway");
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    let q850 = world
        .facts
        .iter()
        .find_map(|fact| if let What::LegEnded { q850, .. } = &fact.what { Some(*q850) } else { None });
    assert_eq!(q850, Some(1));
}

/// No ANM comes: the gateway gives up with 480 after it has said 183.
#[test]
fn s2_7_an_anm_timeout_at_the_gateway_is_480_for_the_caller() {
    let (mut world, alice, ngw1, ngw2) = network();
    world.agents[ngw1].manner = SILENT;
    let caller = world.dial(alice, "19185553333");
    world.settle();
    let callee = world.incoming(ngw1);
    world.say_with_body(callee, 183);
    world.run_for(Duration::from_secs(120));
    let headers = vec!["Reason: Q.850;cause=19".to_owned()];
    world.reply(callee, Reply { status: 480, headers, ..Reply::default() });
    world.settle();
    assert_eq!(world.talk(caller).status(), 480);
    assert!(world.agents[ngw2].talks.is_empty());
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn s3_1_the_pstn_calls_a_sip_phone() {
    let (mut world, alice, ngw1, _) = network();
    let (caller, callee) = world.connect(ngw1, BOB, alice);
    insta::assert_snapshot!(ends(world, caller, callee));
}

#[test]
fn s3_2_a_fast_answer_needs_no_ringing() {
    let (mut world, alice, ngw1, _) = network();
    world.agents[alice].manner = FAST;
    let (caller, callee) = world.connect(ngw1, BOB, alice);
    assert!(!world.talk(caller).statuses.contains(&180));
    insta::assert_snapshot!(ends(world, caller, callee));
}

/// A PBX behind a gateway dials a private extension; the gateway has a number for it.
#[test]
fn s3_3_a_pbx_calls_a_sip_phone_by_its_private_number() {
    let (mut world, alice, ngw1, _) = network();
    world.number("4443333", "station:1001");
    world.set_up();
    let caller = world.dial_as(ngw1, Some("4441111"), "4443333", true, &[]);
    world.settle();
    let callee = world.incoming(alice);
    insta::assert_snapshot!(ends(world, caller, callee));
}

fn refused(status: u16) -> (World, Line) {
    let (mut world, alice, ngw1, _) = network();
    world.agents[alice].manner = SILENT;
    let caller = world.dial(ngw1, BOB);
    world.settle();
    let callee = world.incoming(alice);
    world.say(callee, status);
    world.settle();
    (world, caller)
}

/// 604 and its kin are for the gateway to map (RFC 3398 §7.2.6); it gets the cause beside the status.
#[test]
fn s3_4_an_error_of_the_callee_reaches_the_gateway_with_its_cause() {
    let (mut world, caller) = refused(604);
    assert_eq!(world.talk(caller).status(), 604);
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn s3_5_a_busy_callee_reaches_the_gateway_as_486_with_cause_17() {
    let (mut world, alice, ngw1, _) = network();
    world.agents[alice].manner = BUSY;
    let caller = world.dial(ngw1, BOB);
    world.settle();
    let refusal = world.talk(caller).refusal.clone().expect("a refusal");
    assert_eq!(refusal.status(), Some(486));
    assert!(refusal.header("Reason").is_some_and(|reason| reason.contains("cause=17")), "{refusal}");
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

/// Tones are the gateway's: it has its final status at once, and no early media of ours stands in its way.
#[test]
fn s3_6_an_error_is_told_at_once_so_that_the_gateway_can_play_its_tone() {
    let (mut world, caller) = refused(480);
    assert_eq!(world.talk(caller).statuses, [100, 480]);
    world.assert_clean();
}

/// Nothing but 100 comes from the switch, and the gateway's ACM timer runs out first.
#[test]
fn s3_7_a_gateway_whose_acm_timer_runs_out_takes_its_call_back() {
    let (mut world, alice, ngw1, _) = network();
    world.agents[alice].manner = &[(0, 100)];
    let caller = world.dial(ngw1, BOB);
    world.settle();
    world.run_for(Duration::from_secs(20));
    assert_eq!(world.talk(caller).statuses, [100]);
    world.cancel(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Cancelled);
}

/// Nothing at all comes from the phone: its INVITE is repeated (timer A) until the gateway takes the call back.
#[test]
fn s3_8_a_callee_that_says_nothing_is_asked_again_until_the_acm_timer_of_the_gateway_runs_out() {
    let (mut world, alice, ngw1, _) = network();
    world.agents[alice].dead = true;
    let caller = world.dial(ngw1, BOB);
    world.run_for(Duration::from_secs(8));
    world.cancel(caller);
    world.settle();
    assert_eq!((world.state(caller), world.talk(caller).status()), (State::Over, 487));
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    assert_eq!(world.ending().0, Cause::Cancelled);
}

#[test]
fn s3_9_a_caller_in_the_pstn_who_hangs_up_while_it_rings_abandons_the_call() {
    let (mut world, alice, ngw1, _) = network();
    world.agents[alice].manner = sip_tests::RING;
    let caller = world.dial(ngw1, BOB);
    world.run_for(Duration::from_secs(8));
    world.cancel(caller);
    world.settle();
    assert_eq!(world.state(world.incoming(alice)), State::Over);
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

/// From one gateway to another, with the early media of the second.
#[test]
fn s4_1_the_pstn_calls_the_pstn_through_the_switch() {
    let (mut world, _, ngw1, ngw2) = network();
    world.number("^\\+1918", "trunk:ngw2");
    world.set_up();
    world.agents[ngw2].manner = EARLY;
    let (caller, callee) = world.connect(ngw1, "+19185553333", ngw2);
    insta::assert_snapshot!(ends(world, caller, callee));
}

#[test]
fn s4_2_a_pbx_calls_an_isdn_pbx_and_overflows_to_another_gateway() {
    let (mut world, alice, ngw1, ngw2) = network();
    world.agents[ngw1].manner = FULL;
    world.agents[ngw2].manner = ALERTING;
    let (caller, callee) = world.connect(alice, "19185553333", ngw2);
    let first = world.incoming(ngw1);
    assert_eq!(world.state(first), State::Over);
    insta::assert_snapshot!(ends(world, caller, callee));
}
