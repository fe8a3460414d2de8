//! Keys of real phones through the built switch: as events, as tones in the audio, and in SIP INFO.

use std::net::SocketAddr;
use std::time::Duration;

use base::media::{Codec, Wishes};
use media::codec;
use media::digits::{Key, Keypad, Mute, ToneReader};
use media::frame::{Frame, Rate};
use sip_tests::wire::{Baresip, Block, Node, Party, Transport, header, sdp_port, until};

/// A switch with baresip as 1001, which has events, and a carrier on host 3 that takes digits as `dtmf` says.
struct Call {
    node: Node,
    phone: Baresip,
    carrier: Party,
    invite: String,
    /// Where the carrier sends its RTP.
    media: SocketAddr,
}

impl Call {
    fn up(dtmf: &str) -> Self {
        let block = Block::claim();
        let carrier = Party::new(block.at(3, 5_060));
        let provisioning = format!(
            "[[trunk]]\nname = \"carrier\"\npeer = \"sip:{}\"\nhosts = [\"{}\"]\nhealth_secs = 0\ndtmf = \"{dtmf}\"\n\n\
             [[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\n\n\
             [[dial_rule]]\npattern = \"^0\"\ntrunks = [\"carrier\"]\n",
            carrier.address(),
            block.ip(3)
        );
        let node = Node::start(block, &provisioning);
        let mut phone = Baresip::start(&node.block, 21, "1001", Transport::Udp, 300.0);
        until("the phone to be registered", || {
            (node.api().items("/api/v1/registrations").len() == 1).then_some(())
        });
        phone.command("dial", &format!("sip:0123@{}", node.sip()));
        let invite = carrier.expect("INVITE");
        carrier.reply(&invite, node.sip(), "200 OK", &carrier.sdp());
        carrier.expect("ACK");
        phone.event("CALL_ESTABLISHED");
        let media = SocketAddr::new(node.sip().ip(), sdp_port(&invite));
        Self { node, phone, carrier, invite, media }
    }

    /// An INFO of the carrier.
    fn inform(&self, number: u32, body: &str) {
        let (from, to) = (header(&self.invite, "To"), header(&self.invite, "From"));
        let contact = header(&self.invite, "Contact").trim_matches(['<', '>']);
        let me = self.carrier.address();
        self.carrier.send(
            self.node.sip(),
            format!(
                "INFO {contact} SIP/2.0\r\nVia: SIP/2.0/UDP {me};rport;branch=z9hG4bKinfo{number}\r\nMax-Forwards: 70\r\n\
                 From: {from};tag=party\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {number} INFO\r\n\
                 Content-Type: application/dtmf-relay\r\nContent-Length: {}\r\n\r\n{body}",
                header(&self.invite, "Call-ID"),
                body.len()
            ),
        );
        self.carrier.expect("SIP/2.0 200");
    }

    /// The next key that the phone understands.
    fn key(&mut self) -> String {
        self.phone.event("CALL_DTMF_START")["param"].as_str().unwrap_or_default().to_owned()
    }
}

/// RFC 4733 to ITU-T Q.23: baresip's events are tones for a carrier that agreed on none.
#[test]
fn keys_of_a_phone_are_tones_for_a_carrier_without_events() {
    let mut call = Call::up("auto");
    assert!(call.invite.contains("telephone-event"), "it is offered, and not taken: {}", call.invite);
    call.carrier.hear(10);
    call.phone.command("sndcode", "159#");
    let mut decoder = codec::decoder(Codec::Pcmu, Rate::Hz8000).expect("G.711");
    let mut reader = ToneReader::new(Rate::Hz8000);
    let mut keys = String::new();
    for packet in call.carrier.hear(150) {
        let mut samples = [0; 480];
        let count = decoder.decode(&packet.payload, &mut samples).expect("G.711");
        for part in samples[..count].chunks_exact(80) {
            let mut frame = Frame::silent(Rate::Hz8000);
            frame.samples_mut().copy_from_slice(part);
            for key in reader.hear(&mut frame, Mute::No) {
                if let Key::Up(press) = key {
                    keys.push(press.digit);
                }
            }
        }
    }
    assert_eq!(keys, "159#");
}

#[test]
fn keys_cross_between_events_of_a_phone_and_info_of_a_carrier() {
    let mut call = Call::up("info");
    assert!(!call.invite.contains("telephone-event"), "{}", call.invite);
    call.phone.command("sndcode", "42*");
    for digit in ["4", "2", "*"] {
        let info = call.carrier.expect("INFO");
        assert!(info.contains(&format!("\r\n\r\nSignal={digit}\r\nDuration=")), "{info}");
        assert_eq!(header(&info, "Content-Type"), "application/dtmf-relay");
        call.carrier.reply(&info, call.node.sip(), "200 OK", "");
    }
    for (number, digit) in [(1, "7"), (2, "#")] {
        call.inform(number, &format!("Signal={digit}\r\nDuration=120\r\n"));
        assert_eq!(call.key(), digit);
    }
}

/// Features §0.3, E75: a code is the switch's alone; a star that becomes none reaches the far end after 1.5 seconds.
#[test]
fn a_code_of_a_phone_is_swallowed_and_a_star_that_is_none_is_replayed() {
    let mut call = Call::up("info");
    let expect = |call: &Call, digit: &str| {
        let info = call.carrier.expect("INFO");
        assert!(info.contains(&format!("\r\n\r\nSignal={digit}\r\nDuration=")), "{digit}: {info}");
        call.carrier.reply(&info, call.node.sip(), "200 OK", "");
    };
    call.phone.command("sndcode", "1*02");
    for digit in ["1", "2"] {
        expect(&call, digit);
    }
    // Neither of the two keys between has come, and the next ones are told apart from them by their order.
    call.phone.command("sndcode", "*");
    expect(&call, "*");
}

/// ITU-T Q.24 to RFC 4733.
#[test]
fn tones_of_a_carrier_are_events_for_a_phone() {
    let mut call = Call::up("inband");
    let mut encoder = codec::encoder(Codec::Pcmu, &Wishes::default(), Rate::Hz8000).expect("G.711");
    let mut packets = Vec::new();
    for digit in ['3', 'A', '0'] {
        let mut keypad = Keypad::press(digit, Duration::from_millis(100)).expect("a key");
        // 100 ms of tones and as long a pause.
        for _ in 0..10 {
            let mut audio = [0; 160];
            for half in audio.chunks_exact_mut(80) {
                let mut frame = Frame::silent(Rate::Hz8000);
                keypad.fill(&mut frame);
                half.copy_from_slice(frame.samples());
            }
            let mut payload = vec![0; 160];
            encoder.encode(&audio, &mut payload).expect("20 ms");
            packets.push(payload);
        }
    }
    call.carrier.play(call.media, &packets);
    for digit in ["3", "A", "0"] {
        assert_eq!(call.key(), digit);
    }
}
