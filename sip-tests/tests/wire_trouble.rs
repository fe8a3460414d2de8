//! What others send into a conference, or what is not there to be played, does not touch those who talk.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::media::Codec;
use media::rtp;
use sip_tests::wire::{Audio, Block, Node, Phone, TONE_DBM0, converse, until};

const HZ: [u32; 3] = [400, 700, 1_100];
const CODECS: [Codec; 3] = [Codec::Pcmu, Codec::Pcma, Codec::G722];
/// Packets between two pauses of a millisecond.
const FLOOD: usize = 4;

fn node(music: &str) -> Node {
    let block = Block::claim();
    let provisioning = format!(
        "[[conference]]\nname = \"team\"\nannounce = \"off\"\nmusic = \"{music}\"\n\n\
         [[trunk]]\nname = \"caller\"\nhosts = [\"{}\"]\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550170\"\nto = \"conference:team\"\n\n\
         [[number]]\ndid = \"+15550171\"\nto = \"play:our/welcome\"\n\n",
        block.ip(2)
    );
    Node::start(block, &provisioning)
}

fn member(node: &Node, place: u16, codec: Codec) -> Phone {
    let mut phone = Phone::new(node.block.at(2, 5_060 + place), codec);
    phone.call(node.sip(), "+15550170", &format!("member{place}"));
    phone
}

fn talking(node: &Node) -> Vec<Phone> {
    let with_tone = |place: u16| {
        let (codec, hz) = (CODECS[usize::from(place)], HZ[usize::from(place)]);
        let mut phone = member(node, place, codec);
        phone.say(&Audio::tones(codec, &[(hz, 10_000)]));
        phone
    };
    (0..3).map(with_tone).collect()
}

/// Each has heard the two others, whole, and nothing of itself.
fn assert_talk(phones: &[Phone], during: &str) {
    for (listener, phone) in phones.iter().enumerate() {
        let heard = phone.heard();
        assert!(heard.ms() > 1_000, "{during}: {listener} has heard {} ms", heard.ms());
        let windows = (100..heard.ms() - 200).step_by(100);
        for (source, hz) in HZ.into_iter().enumerate() {
            let mut levels: Vec<f32> = windows.clone().map(|at| heard.tone(hz, at, at + 100)).collect();
            levels.sort_by(f32::total_cmp);
            let usual = levels[levels.len() / 2];
            let right = if source == listener { usual < -40.0 } else { (usual - TONE_DBM0).abs() < 1.0 };
            assert!(right, "{during}: {listener} hears {source} with {levels:?}");
            // A machine with much else to do may delay a packet or two.
            let weak = levels.iter().filter(|level| **level < TONE_DBM0 - 3.0).count();
            assert!(
                source == listener || weak <= levels.len() / 8,
                "{during}: {listener} hears {source} with {levels:?}"
            );
        }
        let (all, two) = (heard.level(100, heard.ms() - 100), TONE_DBM0 + 3.0);
        assert!((all - two).abs() < 1.5, "{during}: {listener} hears {all:.1} dBm0 in all, not {two:.1}");
    }
}

/// Packets that are none, or of nobody, or out of time; each is silent where it can be played at all.
fn rubbish() -> Vec<Vec<u8>> {
    let silence = [0xff; 160];
    let packet = |head: [u8; 12], payload: &[u8]| [&head[..], payload].concat();
    let mut all = vec![Vec::new(), vec![0x80], vec![0x80; 11], vec![0; 12], vec![0xff; 1_400]];
    for number in 0..60_u16 {
        let leap = u32::from(number).wrapping_mul(0x1234_5677);
        all.push(packet(rtp::header(77, false, number, leap, 9), &silence));
        all.push(packet(rtp::header(0, true, number.wrapping_mul(7_919), leap, 9), &silence));
        all.push(packet(rtp::header(0, false, number, 160, leap), &silence));
        let mut bad = packet(rtp::header(0, false, number, 160, 9), &silence);
        bad[0] = [0x00, 0x40, 0xc0, 0x8f, 0x90, 0xa0, 0xbf][usize::from(number) % 7];
        bad.truncate(12 + usize::from(number));
        all.push(bad);
        all.push(packet(rtp::header(101, true, number, leap, 9), &[0xee; 3]));
        all.push(packet(rtp::header(13, false, number, leap, 9), &[0x7f; 40]));
    }
    all
}

/// RTCP whose lengths lie (RFC 3550 §6.4, RFC 3611).
fn reports() -> Vec<Vec<u8>> {
    let kinds = 192..=213_u8;
    kinds
        .flat_map(|kind| {
            [vec![0x9f, kind, 0xff, 0xff], vec![0x81, kind, 0, 7, 1, 2, 3, 4], vec![0x80, kind, 0]]
        })
        .collect()
}

/// Sends all of it again and again, thousands of packets a second, until told to end.
fn flood(socket: &UdpSocket, to: SocketAddr, packets: &[Vec<u8>], over: &AtomicBool) {
    for some in packets.chunks(FLOOD).cycle() {
        if over.load(Ordering::SeqCst) {
            return;
        }
        for packet in some {
            socket.send_to(packet, to).ok(); // a full queue is what a flood is about
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn rubbish_of_a_member_and_floods_from_elsewhere_leave_a_conference_as_it_is() {
    let node = node("");
    let mut phones = talking(&node);
    let mut wild = member(&node, 3, Codec::Pcmu);
    wild.say(&Audio::tones(Codec::Pcmu, &[(0, 100)]));
    let converse_all = |phones: &mut Vec<Phone>, ms| {
        converse(&mut phones.iter_mut().collect::<Vec<_>>(), Duration::from_millis(ms));
    };
    converse(&mut phones.iter_mut().chain([&mut wild]).collect::<Vec<_>>(), Duration::from_millis(600));
    let stranger = UdpSocket::bind((node.block.ip(9), 0)).expect("an address");
    // A loud tone from an address that nobody named.
    let spoofed: Vec<Vec<u8>> = (0..50)
        .map(|n: u16| {
            [&rtp::header(0, false, n, u32::from(n) * 160, 5)[..], &[[0x80, 0x00]; 80].concat()].concat()
        })
        .collect();
    let (rubbish, reports, over) = (rubbish(), reports(), AtomicBool::new(false));
    let victims: Vec<SocketAddr> = phones.iter().map(Phone::far).collect();
    phones.iter_mut().for_each(Phone::forget);
    std::thread::scope(|scope| {
        let (wild, over, rubbish, reports) = (&wild, &over, &rubbish, &reports);
        scope.spawn(move || {
            for some in rubbish.chunks(FLOOD).cycle() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                wild.party.spray(wild.far(), some.to_vec());
                let rtcp = SocketAddr::new(wild.far().ip(), wild.far().port() + 1);
                wild.party.report(rtcp, &reports[some.len() % reports.len()]);
                std::thread::park_timeout(Duration::from_millis(1));
            }
        });
        scope.spawn(|| flood(&stranger, victims[0], &spoofed, over));
        let rtcp = SocketAddr::new(victims[1].ip(), victims[1].port() + 1);
        let stranger = &stranger;
        scope.spawn(move || flood(stranger, rtcp, reports, over));
        converse_all(&mut phones, 1_800);
        over.store(true, Ordering::SeqCst);
    });
    assert_talk(&phones, "floods");

    // Whoever comes to its senses is heard.
    wild.say(&Audio::tones(Codec::Pcmu, &[(1_500, 10_000)]));
    converse(&mut phones.iter_mut().chain([&mut wild]).collect::<Vec<_>>(), Duration::from_millis(1_500));
    for phone in &phones {
        let level = phone.heard().last_tone(1_500, 400);
        assert!((level - TONE_DBM0).abs() < 1.0, "{level:.1} dBm0");
    }
}

/// Issue row "A prompt that does not exist: the call goes on, and operators are told".
#[test]
fn sounds_that_do_not_exist_leave_calls_as_they_are_and_stand_in_status_and_metrics() {
    let node = node("nobody-composed-this");
    let mut phones = vec![member(&node, 0, CODECS[0])];
    until("the missing music to be counted", || {
        (node.gauge("tandem_sounds_missing_total") > 0).then_some(())
    });
    drop(phones.pop());
    let mut phones = Vec::new();
    for place in 1..3 {
        let mut phone = member(&node, place, CODECS[usize::from(place)]);
        phone.say(&Audio::tones(CODECS[usize::from(place)], &[(HZ[usize::from(place)], 10_000)]));
        phones.push(phone);
    }
    converse(&mut phones.iter_mut().collect::<Vec<_>>(), Duration::from_millis(1_000));
    for (phone, hz) in phones.iter().zip([HZ[2], HZ[1]]) {
        let level = phone.heard().last_tone(hz, 400);
        assert!((level - TONE_DBM0).abs() < 1.0, "{hz} Hz has {level:.1} dBm0");
    }
    let mut caller = Phone::new(node.block.at(2, 5_070), Codec::Pcmu);
    caller.call(node.sip(), "+15550171", "welcome");
    let bye = caller.party.expect("BYE");
    caller.party.reply(&bye, node.sip(), "200 OK", "");
    let status = node.api().json("/api/v1/status").to_string();
    assert!(status.contains("our/welcome") && status.contains("nobody-composed-this"), "{status}");
    assert!(node.gauge("tandem_sounds_missing_total") > 1);
}
