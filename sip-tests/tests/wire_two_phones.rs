//! linphonec and baresip, two phones of different make, in calls with each other: judged by what each hears.

use sip_tests::wire::{Baresip, Block, Desk, Linphone, Node};

const STATIONS: &str = "[[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n\n\
     [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
     [[station]]\nextension = \"1003\"\npassword = \"secret-1003\"\n";
/// What stands before the microphones of 1001, 1002 and 1003.
const TONES: [f64; 3] = [440.0, 1_200.0, 740.0];

/// linphonec is 1001 and baresip 1002.
fn phones() -> (Node, Linphone, Baresip) {
    let node = Node::start(Block::claim(), STATIONS);
    let linphone = Linphone::start(&node.block, 21, "1001", TONES[0]);
    let baresip = Baresip::desk(&node.block, 22, "1002", TONES[1]);
    (node, linphone, baresip)
}

/// `caller` calls `callee`, who answers.
fn connect(caller: &mut dyn Desk, callee: &mut dyn Desk, number: &str) {
    caller.dial(number);
    callee.rings();
    caller.hears_ringing();
    callee.answer();
    caller.talks();
    callee.talks();
}

fn hear_each_other(one: (&dyn Desk, f64), other: (&dyn Desk, f64)) {
    one.0.hears_tone(other.1);
    other.0.hears_tone(one.1);
}

fn disconnect(one: &mut dyn Desk, other: &mut dyn Desk) {
    one.hang_up();
    one.ended();
    other.ended();
}

/// RFC 3665 §3.1, between makes.
#[test]
fn phones_of_two_makes_call_each_other_and_each_hears_the_other() {
    let (node, mut linphone, mut baresip) = phones();
    connect(&mut linphone, &mut baresip, "1002");
    hear_each_other((&linphone, TONES[0]), (&baresip, TONES[1]));
    disconnect(&mut linphone, &mut baresip);
    connect(&mut baresip, &mut linphone, "1001");
    hear_each_other((&linphone, TONES[0]), (&baresip, TONES[1]));
    disconnect(&mut linphone, &mut baresip);
    for record in node.records(2) {
        assert_eq!(record["cause"], "normal", "{record:#}");
    }
}

/// RFC 5359 §2.1, §2.3: whoever holds, the other hears music, and then they talk again.
#[test]
fn each_phone_holds_the_other_with_music_and_then_they_talk_again() {
    let (_node, mut linphone, mut baresip) = phones();
    connect(&mut linphone, &mut baresip, "1002");
    hear_each_other((&linphone, TONES[0]), (&baresip, TONES[1]));
    hold_and_retrieve(&mut linphone, &mut baresip);
    hear_each_other((&linphone, TONES[0]), (&baresip, TONES[1]));
    hold_and_retrieve(&mut baresip, &mut linphone);
    hear_each_other((&linphone, TONES[0]), (&baresip, TONES[1]));
    disconnect(&mut baresip, &mut linphone);
}

fn hold_and_retrieve(holder: &mut dyn Desk, held: &mut dyn Desk) {
    holder.hold();
    held.is_held();
    held.hears_music(&TONES);
    holder.resume(0);
    held.is_retrieved();
}

/// RFC 3261 §21.6.2, §21.4.21.
#[test]
fn a_phone_declines_and_the_caller_is_told() {
    let (node, mut linphone, mut baresip) = phones();
    linphone.dial("1002");
    baresip.rings();
    baresip.reject();
    let told = linphone.ended();
    assert!(told.starts_with("486"), "{told}");
    baresip.dial("1001");
    linphone.rings();
    linphone.reject();
    let told = baresip.ended();
    assert!(told.starts_with("603"), "{told}");
    assert_eq!(node.records(2).len(), 2);
}

/// RFC 4733 §2.5.
#[test]
fn digits_cross_both_ways_between_phones_of_two_makes() {
    let (_node, mut linphone, mut baresip) = phones();
    connect(&mut linphone, &mut baresip, "1002");
    hear_each_other((&linphone, TONES[0]), (&baresip, TONES[1]));
    linphone.press("1*");
    assert_eq!([baresip.digit(), baresip.digit()], ['1', '*']);
    baresip.press("7");
    assert_eq!(linphone.digit(), '7');
    disconnect(&mut baresip, &mut linphone);
}

/// RFC 5359 §2.2: the held one hears music while the holder asks a third, and is there again afterwards.
#[test]
fn each_phone_holds_one_call_asks_another_and_comes_back() {
    let (node, mut linphone, mut baresip) = phones();
    let mut third = Baresip::desk(&node.block, 23, "1003", TONES[2]);
    ask_between(&mut linphone, (&mut baresip, "1002"), &mut third);
    ask_between(&mut baresip, (&mut linphone, "1001"), &mut third);
    assert_eq!(node.records(4).len(), 4);
}

/// `holder` calls `held`, holds it and calls the third, 1003.
fn ask_between(holder: &mut dyn Desk, held: (&mut dyn Desk, &str), third: &mut dyn Desk) {
    let (held, number) = held;
    connect(holder, held, number);
    holder.hold();
    held.is_held();
    connect(holder, third, "1003");
    holder.hears_tone(TONES[2]);
    held.hears_music(&TONES);
    disconnect(holder, third);
    holder.resume(0);
    held.is_retrieved();
    let tone = if number == "1001" { TONES[0] } else { TONES[1] };
    holder.hears_tone(tone);
    disconnect(held, holder);
}

/// RFC 5359 §2.10 without the switch's doing: linphonec mixes its two calls, of which each is a call of its own here.
#[test]
fn two_calls_that_a_phone_mixes_by_itself_hear_each_other() {
    let (node, mut linphone, mut baresip) = phones();
    let mut third = Baresip::desk(&node.block, 23, "1003", TONES[2]);
    connect(&mut linphone, &mut baresip, "1002");
    linphone.hold();
    baresip.is_held();
    connect(&mut linphone, &mut third, "1003");
    linphone.confer();
    hear_each_other((&baresip, TONES[1]), (&third, TONES[2]));
    assert_eq!(node.live().len(), 2);
}

/// features.md §0.3: a code is dialled as a person does.
#[test]
fn who_dials_the_echo_hears_itself() {
    let node = Node::start(Block::claim(), STATIONS);
    let mut linphone = Linphone::start(&node.block, 21, "1001", TONES[0]);
    linphone.dial("*43");
    linphone.talks();
    linphone.hears_tone(TONES[0]);
    linphone.hang_up();
    linphone.ended();
}
