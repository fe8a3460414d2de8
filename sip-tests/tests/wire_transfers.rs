//! What phones of two makes do with calls that they are in: transfers by their own keys, codes, pickup. Judged by who
//! hears whom afterwards.

use sip_tests::wire::{Baresip, Block, Capture, Desk, Linphone, Node, level_at, until};

const STATIONS: &str = "[[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n\n\
     [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
     [[station]]\nextension = \"1003\"\npassword = \"secret-1003\"\n";
/// What stands before the microphones of 1001, 1002 and 1003.
const TONES: [f64; 3] = [440.0, 1_200.0, 740.0];

/// linphonec is 1001, baresip 1002 and 1003.
fn phones() -> (Node, Linphone, Baresip, Baresip) {
    let node = Node::start(Block::claim(), STATIONS);
    let linphone = Linphone::start(&node.block, 21, "1001", TONES[0]);
    let baresip = Baresip::desk(&node.block, 22, "1002", TONES[1]);
    let third = Baresip::desk(&node.block, 23, "1003", TONES[2]);
    (node, linphone, baresip, third)
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

/// What NOTIFYs told a phone of its REFER, the last one too (RFC 3515 §2.4.5).
fn told(node: &Node, capture: &mut Capture, phone: u8) -> Vec<String> {
    capture.stop_after("terminated;reason=noresource", 1);
    let filter = format!("sip.Method == \"NOTIFY\" && ip.dst == {}", node.block.ip(phone));
    capture.fields(&filter, &["sipfrag.line"])
}

/// RFC 5359 §2.4, RFC 5589 §6.
#[test]
fn linphonec_transfers_without_asking() {
    let (node, mut linphone, mut baresip, mut third) = phones();
    let mut capture = Capture::start(&node.block);
    blind((&mut linphone, TONES[0]), (&mut baresip, "1002", TONES[1]), &mut third);
    assert_eq!(told(&node, &mut capture, 21), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
}

/// RFC 5359 §2.4, RFC 5589 §6.
#[test]
fn baresip_transfers_without_asking() {
    let (node, mut linphone, mut baresip, mut third) = phones();
    let mut capture = Capture::start(&node.block);
    blind((&mut baresip, TONES[1]), (&mut linphone, "1001", TONES[0]), &mut third);
    assert_eq!(told(&node, &mut capture, 22), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
}

fn blind(transferor: (&mut dyn Desk, f64), other: (&mut dyn Desk, &str, f64), third: &mut dyn Desk) {
    let ((transferor, own), (other, number, tone)) = (transferor, other);
    connect(transferor, other, number);
    transferor.hears_tone(tone);
    other.hears_tone(own);
    transferor.transfer("1003");
    third.rings();
    third.answer();
    third.talks();
    transferor.ended();
    other.hears_tone(TONES[2]);
    third.hears_tone(tone);
    third.hang_up();
    other.ended();
}

/// RFC 5359 §2.5, RFC 5589 §7.
#[test]
fn linphonec_asks_and_connects_both() {
    let (node, mut linphone, mut baresip, mut third) = phones();
    let mut capture = Capture::start(&node.block);
    attended(&mut linphone, (&mut baresip, "1002", TONES[1]), &mut third);
    assert_eq!(told(&node, &mut capture, 21), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
}

/// RFC 5359 §2.5, RFC 5589 §7.
#[test]
fn baresip_asks_and_connects_both() {
    let (node, mut linphone, mut baresip, mut third) = phones();
    let mut capture = Capture::start(&node.block);
    attended(&mut baresip, (&mut linphone, "1001", TONES[0]), &mut third);
    assert_eq!(told(&node, &mut capture, 22), ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]);
}

fn attended(transferor: &mut dyn Desk, other: (&mut dyn Desk, &str, f64), third: &mut dyn Desk) {
    let (other, number, tone) = other;
    connect(transferor, other, number);
    transferor.hold();
    other.is_held();
    connect(transferor, third, "1003");
    transferor.hears_tone(TONES[2]);
    other.hears_music(&TONES);
    transferor.connect_both();
    transferor.ended();
    transferor.ended();
    other.hears_tone(TONES[2]);
    third.hears_tone(tone);
    third.hang_up();
    other.ended();
}

/// Features §0.3, `*2`n`#` and `*3`; RFC 5359 §2.10: a phone that knows nothing of conferences makes one by keys.
#[test]
fn keys_of_a_phone_bring_three_together() {
    let (_node, mut linphone, mut baresip, mut third) = phones();
    connect(&mut baresip, &mut linphone, "1001");
    baresip.hears_tone(TONES[0]);
    baresip.press("*21003#");
    third.rings();
    linphone.hears_music(&TONES);
    third.answer();
    third.talks();
    baresip.hears_tone(TONES[2]);
    baresip.press("*3");
    hears_both(&linphone, 0);
    hears_both(&baresip, 1);
    hears_both(&third, 2);
    baresip.hang_up();
    baresip.ended();
    // The two others talk on.
    linphone.hears_tone(TONES[2]);
    third.hears_tone(TONES[0]);
    third.hang_up();
    linphone.ended();
}

/// Waits until a phone hears the two other tones alike, and not its own.
fn hears_both(phone: &dyn Desk, own: usize) {
    until("the two others to be heard", || {
        let heard = phone.hears(250);
        let shares = TONES.map(|hertz| level_at(&heard, hertz));
        let right = |(place, share): (usize, &f64)| if place == own { *share < 0.05 } else { *share > 0.3 };
        shares.iter().enumerate().all(right).then_some(())
    });
}

/// Features §0.3, `*88`; RFC 5359 §2.16.
#[test]
fn linphonec_takes_a_call_that_rings_at_another_phone() {
    let (_node, mut linphone, mut baresip, mut third) = phones();
    baresip.dial("1003");
    third.rings();
    linphone.dial("*881003");
    third.ended();
    linphone.talks();
    baresip.talks();
    linphone.hears_tone(TONES[1]);
    baresip.hears_tone(TONES[0]);
    linphone.hang_up();
    baresip.ended();
}
