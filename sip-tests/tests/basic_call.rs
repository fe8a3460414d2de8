//! Calls between trunks and phones, each as a ladder (RFC 3665 §3.1, RFC 3666 §2 and §3).

use base::{Cause, Party};
use sip_tests::World;

#[test]
fn a_call_from_a_trunk_rings_a_phone_and_the_caller_hangs_up() {
    let mut world = World::new(1);
    let carrier = world.trunk("carrier");
    let phone = world.phone("1001");
    world.number("+4930123", "station:1001");
    world.open(&[phone]);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    assert!(world.hear_each_other(caller, callee));
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Caller));
}

#[test]
fn a_phone_calls_another_phone_and_the_callee_hangs_up() {
    let mut world = World::new(1);
    let desk = world.phone("1001");
    let kitchen = world.phone("1002");
    world.open(&[desk, kitchen]);
    let (caller, callee) = world.connect(desk, "1002", kitchen);
    assert!(world.hear_each_other(caller, callee));
    world.bye(callee);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
    assert_eq!(world.ending(), (Cause::Normal, 200, Party::Callee));
}

#[test]
fn a_phone_calls_out_over_a_trunk() {
    let mut world = World::new(1);
    let carrier = world.trunk("carrier");
    let phone = world.phone("1001");
    world.rule("^0", &["carrier"]);
    world.open(&[phone]);
    let (caller, callee) = world.connect(phone, "030123456", carrier);
    assert!(world.hear_each_other(caller, callee));
    world.bye(caller);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}

#[test]
fn a_call_passes_from_trunk_to_trunk() {
    let mut world = World::new(1);
    let inside = world.trunk("inside");
    let outside = world.trunk("outside");
    world.number("^\\+4940", "trunk:outside");
    world.open(&[]);
    let (caller, callee) = world.connect(inside, "+4940555", outside);
    assert!(world.hear_each_other(caller, callee));
    world.bye(callee);
    world.settle();
    insta::assert_snapshot!(world.ladder());
    world.assert_clean();
}
