//! Encrypted media on the wire: real phones whose sound must arrive, and peers that do wrong (RFC 3711, RFC 4568).

use std::net::SocketAddr;

use base::media::{MasterKey, StreamKeys, Suite};
use media::srtp::{Guard, ROOM};
use sip_tests::wire::{Baresip, Block, Node, Party, Transport, level_at, read_wav, sdp_port, until};

/// Samples of a second and a half.
const LISTEN: usize = 12_000;
const CLEAR: f64 = 0.5;
const PACKETS: u16 = 30;
const ID: &str = "srtp";

/// One phone encrypts and the other does not.
fn conversation(srtp: &str, manner: &str, encrypted_calls: bool) {
    let node = Node::start(
        Block::claim(),
        &format!(
            "[[station]]\nextension = \"1001\"\npassword = \"secret-1001\"\nsrtp = \"{srtp}\"\n\n\
             [[station]]\nextension = \"1002\"\npassword = \"secret-1002\"\n"
        ),
    );
    let (low, high) = (440.0, 1_200.0);
    let mut one = Baresip::start_encrypted(&node.block, 21, "1001", low, manner);
    let mut two = Baresip::start(&node.block, 22, "1002", Transport::Udp, high);
    until("both to be registered", || (node.api().items("/api/v1/registrations").len() == 2).then_some(()));
    let (caller, to) = if encrypted_calls { (&mut one, "1002") } else { (&mut two, "1001") };
    caller.command("dial", &format!("sip:{to}@{};transport=udp", node.sip()));
    caller.event("CALL_ESTABLISHED");
    for (phone, theirs, own) in [(&one, high, low), (&two, low, high)] {
        let sound = until("a second of sound", || {
            let samples = phone.heard().first().map(|file| read_wav(file))?;
            let from = samples.iter().position(|sample| sample.unsigned_abs() > 1_000)?;
            samples.get(from..from + LISTEN).map(<[i16]>::to_vec)
        });
        let (clear, echo) = (level_at(&sound, theirs), level_at(&sound, own));
        assert!(clear > CLEAR && echo < CLEAR / 10.0, "{theirs} Hz has {clear}, {own} Hz {echo}");
    }
    let secured: Vec<String> = node.api().items("/api/v1/calls?state=live")[0]["legs"]
        .as_array()
        .expect("legs")
        .iter()
        .map(|leg| format!("{} {}", leg["endpoint"].as_str().unwrap_or_default(), leg["secured"]))
        .collect();
    assert!(secured.contains(&"station:1001 \"srtp-open\"".to_owned()), "{secured:?}");
    assert!(secured.contains(&"station:1002 \"\"".to_owned()), "{secured:?}");
    two.command("hangup", "");
    let record = node.records(1).remove(0);
    for leg in 0..2 {
        let media = &record["legs"][leg]["media"];
        // baresip opens the way through its router with one report in the clear.
        assert!(media["unauthentic"].as_u64() <= Some(1), "{record:#}");
        assert!(media["received"].as_u64() > Some(70), "{record:#}");
    }
}

#[test]
fn a_phone_that_encrypts_calls_one_that_does_not_and_each_hears_the_other_s_tone() {
    conversation("required", "srtp-mand", true);
}

#[test]
fn a_plain_phone_calls_one_that_encrypts_and_each_hears_the_other_s_tone() {
    conversation("required", "srtp-mand", false);
}

/// RFC 8643.
#[test]
fn a_plain_phone_calls_one_that_encrypts_if_the_other_does_and_each_hears_the_other_s_tone() {
    conversation("optional", "srtp", false);
}

/// A call that is up between an encrypted caller and a plain callee.
struct Call {
    node: Node,
    caller: Party,
    callee: Party,
    ok: String,
    near: SocketAddr,
    guard: Guard,
}

/// Key and salt of AEAD_AES_128_GCM, and how SDP writes them.
const THEIRS: [u8; 28] = *b"0123456789abcdefQuid pro quo";
const WRITTEN: &str = "MDEyMzQ1Njc4OWFiY2RlZlF1aWQgcHJvIHF1bw==";

impl Call {
    fn up() -> Self {
        let block = Block::claim();
        let (host, carrier) = (block.ip(2), block.at(3, 5_060));
        let node = Node::start(
            block,
            &format!(
                "[[trunk]]\nname = \"caller\"\nhosts = [\"{host}\"]\nhealth_secs = 0\nsrtp = \"required\"\n\n\
                 [[trunk]]\nname = \"carrier\"\npeer = \"sip:{carrier}\"\nhealth_secs = 0\n\n\
                 [[number]]\ndid = \"+15550199\"\nto = \"trunk:carrier\"\n"
            ),
        );
        let (caller, callee) = (Party::new(node.block.at(2, 5_060)), Party::new(node.block.at(3, 5_060)));
        let offer = caller.sdp().replace("RTP/AVP", "RTP/SAVP");
        let line = format!("a=crypto:1 AEAD_AES_128_GCM inline:{WRITTEN}\r\n");
        caller.invite_with(node.sip(), "+15550199", ID, &(offer + &line));
        let invite = callee.expect("INVITE");
        callee.reply(&invite, node.sip(), "200 OK", &callee.sdp());
        let ok = caller.expect("SIP/2.0 200");
        let near = caller.acknowledge(&ok, node.sip(), ID);
        callee.expect("ACK");
        let answer = sdp::Sdp::parse(ok.split_once("\r\n\r\n").expect("a body").1.as_bytes()).expect("SDP");
        let ours = answer.audio().expect("audio").cryptos().next().expect("a key of the switch").key;
        let key = MasterKey::new(Suite::AeadAes128Gcm, &THEIRS).expect("its length");
        let guard = Guard::new(&StreamKeys {
            send: (Suite::AeadAes128Gcm, key),
            receive: (Suite::AeadAes128Gcm, ours),
            mki_octets: 0,
        });
        Self { node, caller, callee, ok, near, guard }
    }

    fn sealed(&mut self, sequence: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 0];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 160).to_be_bytes());
        packet.extend([7; 4]);
        packet.extend([0x55; 160]);
        let length = packet.len();
        packet.resize(length + ROOM, 0);
        let length = self.guard.protect_rtp(&mut packet, length).expect("a fresh number");
        packet.truncate(length);
        packet
    }

    /// The record of the call, with its figures of the encrypted leg.
    fn end(self) -> serde_json::Value {
        self.caller.hang_up(&self.ok, self.node.sip(), ID);
        let bye = self.callee.expect("BYE");
        self.callee.reply(&bye, self.node.sip(), "200 OK", "");
        self.node.records(1).remove(0)["legs"][0]["media"].clone()
    }
}

/// RFC 3711 §3.3.2: each packet counts once, whoever sends it again.
#[test]
fn what_is_sent_a_second_time_is_heard_once() {
    let mut call = Call::up();
    for sequence in 1..=PACKETS {
        let sealed = call.sealed(sequence);
        call.caller.spray(call.near, [sealed.clone(), sealed]);
    }
    let heard = call.callee.hear(PACKETS.into());
    assert_eq!(heard.len(), usize::from(PACKETS));
    assert!(heard.iter().all(|packet| packet.payload == [0x55; 160]));
    assert_eq!(call.callee.hear_out(), []);
    let media = call.end();
    assert_eq!((&media["received"], &media["unauthentic"]), (&PACKETS.into(), &PACKETS.into()), "{media:#}");
}

#[test]
fn sound_in_the_clear_or_under_a_wrong_key_is_not_heard_and_counted() {
    let mut call = Call::up();
    call.caller.talk(call.near, PACKETS, 0x11);
    let mut wrong = call.sealed(1);
    wrong[30] ^= 1;
    call.caller.spray(call.near, [wrong]);
    assert_eq!(call.callee.hear_out(), []);
    let right = call.sealed(2);
    call.caller.spray(call.near, [right]);
    assert_eq!(call.callee.hear(1)[0].payload, [0x55; 160]);
    let media = call.end();
    assert_eq!((&media["received"], &media["unauthentic"]), (&1.into(), &(PACKETS + 1).into()), "{media:#}");
}

/// ITU-T T.38 annex D: the callee's machine turns the call into a fax, and sound comes back afterwards.
#[test]
fn a_fax_crosses_as_it_is_and_sound_comes_back_afterwards() {
    let block = Block::claim();
    let (host, carrier) = (block.ip(2), block.at(3, 5_060));
    let node = Node::start(
        block,
        &format!(
            "[[trunk]]\nname = \"caller\"\nhosts = [\"{host}\"]\nhealth_secs = 0\n\n\
             [[trunk]]\nname = \"carrier\"\npeer = \"sip:{carrier}\"\nhealth_secs = 0\n\n\
             [[number]]\ndid = \"+15550199\"\nto = \"trunk:carrier\"\n"
        ),
    );
    let (caller, callee) = (Party::new(node.block.at(2, 5_060)), Party::new(node.block.at(3, 5_060)));
    caller.invite(node.sip(), "+15550199", ID);
    let invite = callee.expect("INVITE");
    callee.reply(&invite, node.sip(), "200 OK", &callee.sdp());
    let ok = caller.expect("SIP/2.0 200");
    let near = caller.acknowledge(&ok, node.sip(), ID);
    let far = SocketAddr::new(node.sip().ip(), sdp_port(&invite));
    callee.expect("ACK");
    let changed = |cseq: u32, by_caller: String, by_callee: String| {
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| {
                let asked = callee.expect("INVITE");
                callee.reply(&asked, node.sip(), "200 OK", &by_callee);
                callee.expect("ACK");
                asked
            });
            let answer = caller.reinvite(&ok, node.sip(), ID, cseq, &by_caller);
            (asked.join().expect("the callee"), answer)
        })
    };
    let (asked, answer) = changed(2, fax(&caller), fax(&callee));
    assert!(asked.contains("udptl t38") && answer.contains("udptl t38"), "{asked}\n{answer}");
    assert!(asked.contains("a=T38FaxUdpEC:t38UDPRedundancy"), "{asked}");
    let sent: Vec<Vec<u8>> = (0..40_u16)
        .map(|number| [&number.to_be_bytes()[..], &vec![0x6b; usize::from(number) * 30]].concat())
        .collect();
    for (from, to, at) in [(&caller, near, &callee), (&callee, far, &caller)] {
        until("the ports to carry a fax", || {
            from.spray(to, [vec![0xff, 0xff]]);
            (!at.drained().is_empty()).then_some(())
        });
    }
    caller.spray(near, sent.clone());
    callee.spray(far, sent.clone());
    assert_eq!(callee.datagrams(sent.len()), sent);
    assert_eq!(caller.datagrams(sent.len()), sent);
    changed(3, caller.sdp(), callee.sdp());
    caller.talk(near, 5, 0x11);
    assert_eq!(callee.hear(5).len(), 5);
    caller.hang_up(&ok, node.sip(), ID);
    let bye = callee.expect("BYE");
    callee.reply(&bye, node.sip(), "200 OK", "");
    node.records(1);
}

fn fax(party: &Party) -> String {
    let (ip, port) = (party.rtp_address().ip(), party.rtp_address().port());
    format!(
        "v=0\r\no=party 1 2 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=image {port} udptl t38\r\n\
         a=T38FaxVersion:0\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"
    )
}
