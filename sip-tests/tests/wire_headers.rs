//! The built switch between SIPp trunks: who calls, what crosses, and a call that would go round for ever.

use sip_tests::wire::{Block, Capture, Node, Script, Sipp, Transport};

const NAME: &str = "ab30317f1a784dc48ff824d0d3715d86";

/// RFC 3323, RFC 3325, RFC 5806, RFC 7989: a withheld number, its forwards and its Session-ID between two trunks.
#[test]
fn an_anonymous_call_crosses_two_trusted_trunks_with_its_identity_and_reaches_a_stranger_without() {
    let block = Block::claim();
    let (one, other, stranger) = (block.ip(2), block.at(3, 5_070), block.at(4, 5_070));
    let provisioning = format!(
        "[[trunk]]\nname = \"one\"\nhosts = [\"{one}\"]\nhealth_secs = 0\ntrust = true\n\n\
         [[trunk]]\nname = \"other\"\npeer = \"sip:{other}\"\nhealth_secs = 0\ntrust = true\nforwards = \"both\"\n\n\
         [[trunk]]\nname = \"stranger\"\npeer = \"sip:{stranger}\"\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:other\"\n\n\
         [[number]]\ndid = \"+15550198\"\nto = \"trunk:stranger\"\n"
    );
    let node = Node::start(block, &provisioning);
    let folder = node.block.folder();
    let calls = || {
        Script::new()
            .header("P-Asserted-Identity: \"Boss\" <sip:+15550123@h>")
            .header("Privacy: id")
            .header("Diversion: <tel:+1-555-0177>;reason=no-answer")
            .header(&format!("Session-ID: {NAME};remote=00000000000000000000000000000000"))
            .sdp()
            .ask("INVITE")
            .talk()
            .saying(&format!("remote={NAME}"))
    };
    let trusted = Script::new()
        .take("INVITE")
        .saying("From: .Anonymous. .sip:anonymous@anonymous.invalid>")
        .saying("P-Asserted-Identity: .Boss. .sip:.15550123@")
        .saying("Privacy: id")
        .saying("Diversion: .tel:.1-555-0177.;reason=no-answer")
        .saying("History-Info: .tel:.1-555-0177.;index=1")
        .saying(&format!("Session-ID: {NAME}"));
    let plain = Script::new()
        .take("INVITE")
        .saying("From: .Anonymous. .sip:anonymous@anonymous.invalid>")
        .saying(&format!("Session-ID: {NAME}"));
    for (number, at, answers) in [("+15550199", other, trusted), ("+15550198", stranger, plain)] {
        let mut capture = (number == "+15550198").then(|| Capture::start(&node.block));
        let answers = Sipp::script(&answers.listen(), &format!("hears-{number}"), folder, at, Transport::Udp);
        let answers = answers.from(number).calls(1).listen();
        let caller = node.block.at(2, 5_060);
        let says = Sipp::script(&calls(), &format!("says-{number}"), folder, caller, Transport::Udp);
        assert_eq!(says.from("anonymous").to(number).calls(1).call(node.sip()).end().successful, 1);
        assert_eq!(answers.end().successful, 1);
        if let Some(capture) = &mut capture {
            capture.stop_after("BYE sip:", 2);
            let filter = format!("sip.Method == \"INVITE\" && ip.dst == {}", at.ip());
            let heard = capture.fields(&filter, &["sip.P-Asserted-Identity", "sip.Diversion", "sip.Privacy"]);
            assert_eq!(heard.first().map(|line| line.trim()), Some(""), "RFC 3325 §5");
        }
    }
}

/// RFC 5393; conformance §5.1: two switches whose trunks point at each other end a call with 482 or 483.
#[test]
fn two_switches_that_lead_a_call_to_each_other_end_it_in_less_than_seventy_messages() {
    let far = Node::start(Block::claim(), "");
    let near = Node::start(Block::claim(), "");
    let towards = |other: &Node, more: &str| {
        let sip = other.sip();
        format!(
            "[[trunk]]\nname = \"other\"\nhosts = [\"{}\"]\npeer = \"sip:{sip}\"\nhealth_secs = 0\n\n{more}\
             [[number]]\ndid = \"+15550199\"\nto = \"trunk:other\"\n",
            sip.ip()
        )
    };
    let caller = near.block.at(2, 5_060);
    let caller_trunk =
        format!("[[trunk]]\nname = \"caller\"\nhosts = [\"{}\"]\nhealth_secs = 0\n\n", caller.ip());
    far.apply(&towards(&near, ""));
    near.apply(&towards(&far, &caller_trunk));
    let mut capture = Capture::start(&near.block);
    let refused = Script::new().sdp().ask("INVITE").expect(482).ask("ACK-REFUSAL");
    let refused = Sipp::script(&refused, "refused", near.block.folder(), caller, Transport::Udp);
    let calls = refused.from("+15550123").to("+15550199").calls(1).call(near.sip()).end();
    assert_eq!(calls.successful, 1);
    capture.stop_after("ACK sip:", 2);
    let messages = capture.fields("sip", &["sip.Method"]).len();
    assert!((4..70).contains(&messages), "{messages} messages");
}
