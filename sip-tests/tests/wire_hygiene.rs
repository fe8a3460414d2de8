//! Bleed, injection and media turned on others, on the wire (conformance M1, M2, M4, M5, M7). Everybody has an address on
//! loopback of their own.

use std::net::SocketAddr;

use sip_tests::wire::{Block, Node, Party, RtpPacket, sdp_port};

const ID: &str = "clean";
const CALLER: u8 = 0x11;
const CALLEE: u8 = 0x22;
/// Packets that an address of a third party gets before the caller has shown that it reads what we send.
const EARLY_PACKETS: usize = 1_000;

fn node(more: &str) -> Node {
    let block = Block::claim();
    let (caller, carrier) = (block.ip(2), block.at(3, 5_060));
    let provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{caller}\"]\nhealth_secs = 0\n{more}\n\
         [[trunk]]\nname = \"carrier\"\npeer = \"sip:{carrier}\"\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:carrier\"\n"
    );
    Node::start(block, &provisioning)
}

/// A stream of 20 ms packets of silence, PCMU, from this sequence number on.
fn stream(ssrc: u32, first: u16, count: u16) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(move |n| {
        let sequence = first.wrapping_add(n);
        let mut packet = vec![0x80, 0];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 160).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend([0x99; 160]);
        packet
    })
}

/// A binding request, the start of a ClientHello, a BYE and a report for the stream that `talk` sends.
fn other_protocols() -> Vec<Vec<u8>> {
    let stun = b"\x00\x01\x00\x00\x21\x12\xa4\x42tandemtandem".to_vec();
    let dtls = b"\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x01\x00\x00\x14".to_vec();
    let bye = vec![0x81, 203, 0, 1, CALLER, CALLER, CALLER, CALLER];
    let report = [vec![0x80, 201, 0, 1, CALLER, CALLER, CALLER, CALLER], bye.clone()].concat();
    vec![stun, dtls, bye, report]
}

/// Sprays everything a stranger can at a media port and the one above.
fn attack(stranger: &Party, port: SocketAddr, first: u16) {
    let above = SocketAddr::new(port.ip(), port.port() + 1);
    let own = u32::from_be_bytes([CALLER; 4]);
    for at in [port, above] {
        stranger.spray(at, stream(own, first, 50).chain(stream(666, first, 50)).chain(other_protocols()));
    }
}

fn sounds(heard: &[RtpPacket]) -> Vec<u8> {
    let mut sounds: Vec<u8> = heard.iter().map(|packet| packet.payload[0]).collect();
    sounds.dedup();
    sounds
}

/// M1: "before, during, after answer and after re-INVITE"; M2, M4, M5 on the way.
#[test]
fn a_stranger_hears_nothing_and_is_not_heard_at_any_stage_of_a_call() {
    let node = node("");
    let (caller, callee) = (Party::new(node.block.at(2, 5_060)), Party::new(node.block.at(3, 5_060)));
    let stranger = Party::new(node.block.at(9, 5_060));
    caller.invite(node.sip(), "+15550199", ID);
    let invite = callee.expect("INVITE");
    let far = SocketAddr::new(node.sip().ip(), sdp_port(&invite));
    attack(&stranger, far, 1);
    callee.reply(&invite, node.sip(), "200 OK", &callee.sdp());
    let ok = caller.expect("SIP/2.0 200");
    let near = SocketAddr::new(node.sip().ip(), sdp_port(&ok));
    attack(&stranger, near, 1);
    caller.acknowledge(&ok, node.sip(), ID);
    callee.expect("ACK");
    attack(&stranger, near, 60);
    attack(&stranger, far, 60);
    std::thread::scope(|scope| {
        scope.spawn(|| caller.talk(near, 20, CALLER));
        scope.spawn(|| callee.talk(far, 20, CALLEE));
        scope.spawn(|| (0..10).for_each(|n| attack(&stranger, near, n * 7)));
    });
    assert_eq!(sounds(&callee.hear(20)), [CALLER]);
    assert_eq!(sounds(&caller.hear(20)), [CALLEE]);
    attack(&stranger, near, 900);
    assert_eq!((caller.hear_out(), callee.hear_out(), stranger.hear_out()), (vec![], vec![], vec![]));
    caller.hang_up(&ok, node.sip(), ID);
    let bye = callee.expect("BYE");
    callee.reply(&bye, node.sip(), "200 OK", "");
    let record = node.records(1).remove(0);
    let strays = record["legs"][0]["media"]["strays"].as_u64().expect("counted");
    assert!(strays > 1_000, "{record:#}");
}

/// M7: `c=` names somebody else, and no ACK ever comes.
#[test]
fn an_invite_that_names_a_third_party_brings_it_a_bounded_number_of_packets() {
    let node = node("");
    let (caller, callee) = (Party::new(node.block.at(2, 5_060)), Party::new(node.block.at(3, 5_060)));
    let victim = Party::new(node.block.at(8, 5_060));
    caller.invite_with(node.sip(), "+15550199", ID, &victim.sdp());
    let invite = callee.expect("INVITE");
    callee.reply(&invite, node.sip(), "200 OK", &callee.sdp());
    caller.expect("SIP/2.0 200");
    let far = SocketAddr::new(node.sip().ip(), sdp_port(&invite));
    let mut heard = 0;
    for part in 0..8 {
        callee.spray(far, stream(7, part * 150, 150));
        heard += victim.hear_out().len();
    }
    assert!((1..=EARLY_PACKETS).contains(&heard), "{heard} of 1,200 packets");
}

/// M1: `nat = "off"` and `media_from` of a trunk.
#[test]
fn a_trunk_without_learning_is_heard_from_its_address_and_its_networks_alone() {
    let third = Block::claim();
    let node = node(&format!("nat = \"off\"\nmedia_from = [\"{}/24\"]\n", third.ip(0)));
    let (caller, callee) = (Party::new(node.block.at(2, 5_060)), Party::new(node.block.at(3, 5_060)));
    let (other_port, gateway) = (Party::new(node.block.at(2, 5_062)), Party::new(third.at(7, 5_060)));
    caller.invite(node.sip(), "+15550199", ID);
    let invite = callee.expect("INVITE");
    callee.reply(&invite, node.sip(), "200 OK", &callee.sdp());
    let ok = caller.expect("SIP/2.0 200");
    let near = caller.acknowledge(&ok, node.sip(), ID);
    other_port.spray(near, stream(5, 1, 20));
    assert_eq!(callee.hear_out(), []);
    gateway.spray(near, stream(6, 1, 20));
    assert_eq!(callee.hear_out().len(), 18, "all but the two it is learned by");
    callee.talk(SocketAddr::new(near.ip(), sdp_port(&invite)), 5, CALLEE);
    assert_eq!((caller.hear(5).len(), gateway.hear_out()), (5, vec![]), "what is sent goes where SDP says");
}
