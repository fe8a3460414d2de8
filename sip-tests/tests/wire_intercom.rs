//! Intercom and paging with real phones through the built switch: who answers by itself, and who hears whom.

use std::time::Duration;

use base::media::Codec;
use sip_tests::wire::{
    Audio, Baresip, Block, Capture, Node, Phone, Transport, converse, level_at, read_wav, until,
};

/// Samples of a second and a half.
const LISTEN: usize = 12_000;
/// The share of the power that a tone has to have.
const CLEAR: f64 = 0.5;

fn stations(extensions: &[&str]) -> String {
    let station = |extension: &&str| {
        format!("[[station]]\nextension = \"{extension}\"\npassword = \"secret-{extension}\"\n\n")
    };
    extensions.iter().map(station).collect()
}

fn registered(node: &Node, count: usize) {
    until("all to be registered", || {
        (node.api().items("/api/v1/registrations").len() == count).then_some(())
    });
}

/// A second and a half of what a phone hears, from where it is loud.
fn sound(phone: &Baresip) -> Vec<i16> {
    until("a second of sound", || {
        let samples = phone.heard().first().map(|file| read_wav(file))?;
        let from = samples.iter().position(|sample| sample.unsigned_abs() > 1_000)?;
        samples.get(from + 4_000..from + 4_000 + LISTEN).map(<[i16]>::to_vec)
    })
}

/// features.md §0.3, as tshark reads it; baresip answers every call by itself and knows no header for it.
#[test]
fn an_intercom_call_says_that_the_phone_is_to_answer_and_both_hear_each_other() {
    let node = Node::start(Block::claim(), &stations(&["1001", "1002"]));
    let phone = Baresip::start(&node.block, 21, "1001", Transport::Udp, 1_200.0);
    let mut caller = Baresip::start(&node.block, 22, "1002", Transport::Udp, 440.0);
    registered(&node, 2);
    let mut capture = Capture::start(&node.block);
    caller.command("dial", &format!("sip:*841001@{}", node.sip()));
    caller.event("CALL_ESTABLISHED");
    assert!(level_at(&sound(&caller), 1_200.0) > CLEAR);
    assert!(level_at(&sound(&phone), 440.0) > CLEAR);
    caller.command("hangup", "");
    let record = node.records(1).remove(0);
    assert_eq!(record["cause"], "normal", "{record:#}");
    capture.stop_after("answer-after=0", 1);
    let filter = format!("sip.Method == \"INVITE\" && ip.dst == {}", node.block.ip(21));
    let (ours, fields) = (node.block.ip(1), ["sip.Call-Info", "sip.Alert-Info"]);
    let wanted = format!("<sip:{ours}>;answer-after=0\t<http://{ours}>;info=alert-autoanswer;delay=0");
    assert_eq!(capture.fields(&filter, &fields), [wanted]);
}

/// features.md §0.3: three phones hear the tone and then the caller, who hears none of them; all is over when it hangs up.
#[test]
fn three_phones_that_are_paged_hear_a_tone_and_then_the_caller_and_are_not_heard() {
    let group = "[[group]]\nname = \"all\"\nextension = \"600\"\npage = true\n\
                 members = [\"station:1001\", \"station:1002\", \"station:1003\"]\n\n";
    let block = Block::claim();
    let mut caller = Phone::new(block.at(9, 5_060), Codec::Pcmu);
    let trunk = format!(
        "[[trunk]]\nname = \"carrier\"\nhosts = [\"{}\"]\nhealth_secs = 0\n\n[[number]]\ndid = \"77\"\nto = \"group:all\"\n",
        block.ip(9)
    );
    let node = Node::start(block, &format!("{}{group}{trunk}", stations(&["1001", "1002", "1003"])));
    let phones = [("1001", 21), ("1002", 22), ("1003", 23)]
        .map(|(user, host)| Baresip::start(&node.block, host, user, Transport::Udp, 1_200.0));
    registered(&node, 3);
    caller.say(&Audio::tones(Codec::Pcmu, &[(440, 1_000)]));
    let ok = caller.call(node.sip(), "77", "page");
    converse(&mut [&mut caller], Duration::from_millis(3_500));
    for phone in &phones {
        assert!(level_at(&sound(phone), 440.0) > CLEAR, "the caller is heard");
        let samples = phone.heard().first().map(|file| read_wav(file)).unwrap_or_default();
        let from = samples.iter().position(|sample| sample.unsigned_abs() > 500).unwrap_or(0);
        let beep = samples.get(from..from + 1_200).expect("a tone");
        assert!(level_at(beep, 1_000.0) > CLEAR, "a tone comes first: {}", level_at(beep, 1_000.0));
    }
    let heard = caller.heard();
    let back = heard.tone(1_200, 0, heard.ms());
    assert!(back < -50.0, "nobody is heard: {back}");
    let ready = (0..heard.ms().saturating_sub(100)).step_by(50).map(|at| heard.tone(440, at, at + 100));
    assert!(ready.fold(f32::MIN, f32::max) > -25.0, "the caller hears that it is ready");
    caller.party.hang_up(&ok, node.sip(), "page");
    until("all to be over", || node.live().is_empty().then_some(()));
    assert_eq!(node.records(1).remove(0)["cause"], "normal");
}
