//! Phones with different codecs talk through the built switch, and hear what it plays: by tones, not by packets.

use std::net::SocketAddr;

use sip_tests::wire::{Baresip, Block, Node, Party, level_at, read_wav, sdp_port, until};

/// The share of the power that the tone has to have.
const CLEAR: f64 = 0.5;

const STATIONS: &str = "[[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n\n\
    [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n\n\
    [[conference]]\nname = \"team\"\nextension = \"700\"\nannounce = \"off\"\n";

fn node(phones: usize, start: impl FnOnce(&Block) -> Vec<Baresip>) -> (Node, Vec<Baresip>) {
    let node = Node::start(Block::claim(), STATIONS);
    let started = start(&node.block);
    until("all to be registered", || {
        (node.api().items("/api/v1/registrations").len() == phones).then_some(())
    });
    (node, started)
}

/// Waits until the last half second that a phone has heard is that tone.
fn heard(phone: &Baresip, tone: f64) {
    until("half a second of that tone", || {
        let file = phone.heard().into_iter().next()?;
        let header = std::fs::read(&file).ok().filter(|octets| octets.len() > 44)?;
        let channels = usize::from(u16::from_le_bytes([header[22], header[23]]));
        let rate = u32::from_le_bytes([header[24], header[25], header[26], header[27]]);
        let samples: Vec<i16> = read_wav(&file).into_iter().step_by(channels).collect();
        let last = samples.iter().rposition(|sample| sample.unsigned_abs() > 800)?;
        let half = usize::try_from(rate / 2).expect("a rate");
        let sound = samples.get(last.checked_sub(half)?..last)?;
        // The level is measured as if there were 8,000 samples a second.
        let level = level_at(sound, tone * 8_000.0 / f64::from(rate));
        (level > CLEAR).then_some(())
    });
}

/// Twenty packets of this payload type, all of one octet.
fn packets(sound: u8, payload_type: u8) -> Vec<Vec<u8>> {
    let packet = |sequence: u16| {
        let mut packet = vec![0x80, payload_type];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 160).to_be_bytes());
        packet.extend([sound; 24]);
        packet
    };
    (1..=20).map(packet).collect()
}

fn talk_through(one: &'static str, other: &'static str) {
    let (low, high) = (440.0, 1_200.0);
    let (node, mut phones) = node(2, |block| {
        vec![
            Baresip::start_speaking(block, 21, "1001", low, one),
            Baresip::start_speaking(block, 22, "1002", high, other),
        ]
    });
    phones[0].command("dial", &format!("sip:1002@{}", node.sip()));
    phones[0].event("CALL_ESTABLISHED");
    heard(&phones[0], high);
    heard(&phones[1], low);
    phones[0].command("hangup", "");
    assert_eq!(node.records(1).remove(0)["cause"], "normal");
}

#[test]
fn a_pcmu_phone_and_a_pcma_phone_hear_each_other() {
    talk_through("PCMU/8000/1", "PCMA/8000/1");
}

#[test]
fn an_opus_phone_and_a_pcmu_phone_hear_each_other() {
    talk_through("opus/48000/2", "PCMU/8000/1");
}

#[test]
fn an_opus_phone_and_a_pcma_phone_hear_each_other() {
    talk_through("opus/48000/2", "PCMA/8000/1");
}

/// ITU-T G.722, RFC 3551 §4.5.2: its clock is said to be 8 kHz.
#[test]
fn a_g722_phone_and_a_pcmu_phone_hear_each_other() {
    talk_through("G722/16000/1", "PCMU/8000/1");
}

#[test]
fn an_opus_phone_and_a_g722_phone_hear_each_other() {
    talk_through("opus/48000/2", "G722/16000/1");
}

/// ITU-T O.6: the test tone of 1,004 Hz.
#[test]
fn a_phone_that_dials_the_milliwatt_hears_it() {
    let (node, mut phones) =
        node(1, |block| vec![Baresip::start_speaking(block, 21, "1001", 440.0, "PCMA/8000/1")]);
    phones[0].command("dial", &format!("sip:*44@{}", node.sip()));
    phones[0].event("CALL_ESTABLISHED");
    heard(&phones[0], 1_004.0);
    phones[0].command("hangup", "");
    assert_eq!(node.records(1).remove(0)["to"], "feature:test_tone");
}

#[test]
fn two_phones_in_a_conference_hear_each_other() {
    let (low, high) = (440.0, 1_200.0);
    let (node, mut phones) = node(2, |block| {
        vec![
            Baresip::start_speaking(block, 21, "1001", low, "PCMU/8000/1"),
            Baresip::start_speaking(block, 22, "1002", high, "PCMA/8000/1"),
        ]
    });
    for phone in &mut phones {
        phone.command("dial", &format!("sip:700@{}", node.sip()));
        phone.event("CALL_ESTABLISHED");
    }
    heard(&phones[0], high);
    heard(&phones[1], low);
    phones.iter_mut().for_each(|phone| phone.command("hangup", ""));
    node.records(2);
}

/// What nobody here can read passes untouched between two that agree on it.
#[test]
fn g729_crosses_untouched_between_two_that_agree_on_it() {
    let block = Block::claim();
    let (caller, carrier) = (block.ip(2), block.at(3, 5_060));
    let node = Node::start(
        block,
        &format!(
            "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n\n\
             [[trunk]]\nname = \"carrier\"\npeer = \"sip:{carrier}\"\nhealth_secs = 0\n\n\
             [[number]]\ndid = \"+15550199\"\nto = \"trunk:carrier\"\n"
        ),
    );
    let (caller, callee) = (Party::new(node.block.at(2, 5_060)), Party::new(carrier));
    let g729 =
        |sdp: String| sdp.replace("RTP/AVP 0", "RTP/AVP 18").replace("rtpmap:0 PCMU", "rtpmap:18 G729");
    caller.invite_with(node.sip(), "+15550199", "g729", &g729(caller.sdp()));
    let invite = callee.expect("INVITE");
    assert!(invite.contains("RTP/AVP 18"), "{invite}");
    callee.reply(&invite, node.sip(), "200 OK", &g729(callee.sdp()));
    let ok = caller.expect("SIP/2.0 200");
    assert!(ok.contains("RTP/AVP 18"), "{ok}");
    let near = caller.acknowledge(&ok, node.sip(), "g729");
    callee.expect("ACK");
    let far = SocketAddr::new(node.sip().ip(), sdp_port(&invite));
    caller.spray(near, packets(0x11, 18));
    callee.spray(far, packets(0x22, 18));
    for (party, sound) in [(&caller, 0x22), (&callee, 0x11)] {
        let came = party.hear(20);
        assert_eq!(came.len(), 20);
        assert!(came.iter().all(|packet| packet.payload_type == 18 && packet.payload == [sound; 20]));
    }
    caller.hang_up(&ok, node.sip(), "g729");
    let bye = callee.expect("BYE");
    callee.reply(&bye, node.sip(), "200 OK", "");
    assert_eq!(node.records(1).remove(0)["codec"], "G729");
}
