//! Parking and picking up by the phones' own keys, from one make to another: judged by who hears whom.

use sip_tests::wire::{Baresip, Block, Desk, Linphone, Node};

const SET_UP: &str = "[[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n\n\
     [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
     [[station]]\nextension = \"1003\"\npassword = \"secret-1003\"\n\n\
     [[parking]]\nname = \"desk\"\n";
/// What stands before the microphones of 1001, 1002 and 1003.
const TONES: [f64; 3] = [440.0, 1_200.0, 740.0];

/// linphonec is 1001, baresip 1002 and 1003.
fn phones() -> (Node, Linphone, Baresip, Baresip) {
    let node = Node::start(Block::claim(), SET_UP);
    let linphone = Linphone::start(&node.block, 21, "1001", TONES[0]);
    let baresip = Baresip::desk(&node.block, 22, "1002", TONES[1]);
    let third = Baresip::desk(&node.block, 23, "1003", TONES[2]);
    (node, linphone, baresip, third)
}

/// RFC 5359 §2.15: linphonec parks by transfer, baresip takes the call back by dialling the slot.
#[test]
fn a_call_that_one_make_parks_is_taken_back_by_another() {
    let (node, mut linphone, mut baresip, mut third) = phones();
    baresip.dial("1001");
    linphone.rings();
    linphone.answer();
    linphone.talks();
    baresip.talks();
    linphone.transfer("701");
    baresip.hears_music(&TONES);
    let slots = node.api().items("/api/v1/parking-slots");
    assert_eq!((slots.len(), &slots[0]["slot"]), (1, &701.into()), "{slots:?}");
    third.dial("701");
    third.talks();
    third.hears_tone(TONES[1]);
    baresip.hears_tone(TONES[2]);
    assert_eq!(node.api().items("/api/v1/parking-slots").len(), 0);
    linphone.ended();
    third.hang_up();
    baresip.ended();
}

/// RFC 5359 §2.16: linphonec rings, baresip takes the call by a code.
#[test]
fn a_call_that_rings_at_one_make_is_taken_by_another() {
    let (_node, mut linphone, mut baresip, mut third) = phones();
    baresip.dial("1001");
    linphone.rings();
    third.dial("*881001");
    third.talks();
    third.hears_tone(TONES[1]);
    baresip.hears_tone(TONES[2]);
    linphone.ended();
    third.hang_up();
    baresip.ended();
}
