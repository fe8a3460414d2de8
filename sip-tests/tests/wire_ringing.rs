//! Mobiles and groups with real phones through the built switch: not packets are checked but who hears whom.

use base::media::Codec;
use media::codec;
use media::frame::Rate;
use sip_tests::wire::{Baresip, Block, Node, Party, Transport, header, level_at, read_wav, until};

/// Samples of a second and a half.
const LISTEN: usize = 12_000;
/// The share of the power that the other's tone has to have.
const CLEAR: f64 = 0.5;

fn samples(party: &Party, packets: usize) -> Vec<i16> {
    let mut decoder = codec::decoder(Codec::Pcmu, Rate::Hz8000).expect("G.711");
    let mut heard = Vec::new();
    for packet in party.hear(packets) {
        let mut samples = [0; 480];
        let count = decoder.decode(&packet.payload, &mut samples).expect("G.711");
        heard.extend_from_slice(&samples[..count]);
    }
    heard
}

/// MYOP-6, E83: whoever answers at the mobile hears a question, and has the call only after a 1.
#[test]
fn a_mobile_hears_a_question_and_then_the_caller() {
    let block = Block::claim();
    let mobile = Party::new(block.at(3, 5_060));
    let provisioning = format!(
        "[[trunk]]\nname = \"carrier\"\npeer = \"sip:{}\"\nhosts = [\"{}\"]\nhealth_secs = 0\ndtmf = \"info\"\n\n\
         [[user]]\nlogin = \"ana\"\nmobile = \"0123\"\nincoming = \"mobile_only\"\n\n\
         [[station]]\nextension = \"1001\"\nuser = \"ana\"\npassword = \"secret-1001\"\n\n\
         [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
         [[dial_rule]]\npattern = \"^0\"\ntrunks = [\"carrier\"]\n",
        mobile.address(),
        block.ip(3)
    );
    let node = Node::start(block, &provisioning);
    let mut caller = Baresip::start(&node.block, 22, "1002", Transport::Udp, 440.0);
    until("the phone to be registered", || {
        (node.api().items("/api/v1/registrations").len() == 1).then_some(())
    });
    caller.command("dial", &format!("sip:1001@{}", node.sip()));
    let invite = mobile.expect("INVITE");
    mobile.reply(&invite, node.sip(), "200 OK", &mobile.sdp());
    mobile.expect("ACK");
    let question = samples(&mobile, 100);
    let loudest = question.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    assert!(loudest > 1_000, "the question is heard: {loudest}");
    assert!(level_at(&question, 440.0) < CLEAR / 5.0, "and not the caller");
    let live = node.live().remove(0);
    assert_eq!(live["state"], "ringing", "the caller waits: {live:#}");
    press(&node, &mobile, &invite, '1');
    caller.event("CALL_ESTABLISHED");
    samples(&mobile, 20);
    let talk = samples(&mobile, 75);
    assert!(level_at(&talk, 440.0) > CLEAR, "{}", level_at(&talk, 440.0));
    caller.command("hangup", "");
    let record = node.records(1).remove(0);
    assert_eq!(
        (&record["cause"], &record["answered_by"]),
        (&"normal".into(), &"trunk:carrier".into()),
        "{record:#}"
    );
}

/// A key of the mobile, in SIP INFO.
fn press(node: &Node, mobile: &Party, invite: &str, key: char) {
    let (from, to) = (header(invite, "To"), header(invite, "From"));
    let contact = header(invite, "Contact").trim_matches(['<', '>']);
    let (me, id) = (mobile.address(), header(invite, "Call-ID"));
    let body = format!("Signal={key}\r\nDuration=120\r\n");
    mobile.send(
        node.sip(),
        format!(
            "INFO {contact} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bKkey\r\nMax-Forwards: 70\r\n\
             From: {from};tag=party\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: 7 INFO\r\n\
             Content-Type: application/dtmf-relay\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    mobile.expect("SIP/2.0 200");
}

/// VOX-19: two phones of a group answer at the same moment; one has the call, the other none.
#[test]
fn of_two_phones_of_a_group_that_answer_at_once_one_has_the_call() {
    let stations: String = ["1001", "1002", "1003"]
        .map(|extension| {
            format!("[[station]]\nextension = \"{extension}\"\npassword = \"secret-{extension}\"\n\n")
        })
        .concat();
    let group =
        "[[group]]\nname = \"sales\"\nextension = \"600\"\nmembers = [\"station:1001\", \"station:1002\"]\n";
    let node = Node::start(Block::claim(), &format!("{stations}{group}"));
    let _members = [("1001", 21), ("1002", 22)]
        .map(|(user, host)| Baresip::start(&node.block, host, user, Transport::Udp, 1_200.0));
    let mut caller = Baresip::start(&node.block, 23, "1003", Transport::Udp, 440.0);
    until("all to be registered", || (node.api().items("/api/v1/registrations").len() == 3).then_some(()));
    caller.command("dial", &format!("sip:600@{}", node.sip()));
    caller.event("CALL_ESTABLISHED");
    let sound = until("a second of sound", || {
        let samples = caller.heard().first().map(|file| read_wav(file))?;
        let from = samples.iter().position(|sample| sample.unsigned_abs() > 1_000)?;
        samples.get(from..from + LISTEN).map(<[i16]>::to_vec)
    });
    assert!(level_at(&sound, 1_200.0) > CLEAR);
    caller.command("hangup", "");
    let record = node.records(1).remove(0);
    assert_eq!((&record["cause"], &record["to"]), (&"normal".into(), &"group:sales".into()), "{record:#}");
}
