//! Conferences on the wire: who hears whom, and how loud.

use std::time::Duration;

use base::media::Codec;
use media::dsp::level::tone_dbm0;
use sip_tests::wire::{Audio, Baresip, Block, Node, Phone, TONE_DBM0, Transport, converse, read_wav, until};

/// Callers of a trunk on host 2 reach the conference by a number, stations by 700.
fn provisioning(block: &Block) -> String {
    format!(
        "[[conference]]\nname = \"team\"\nextension = \"700\"\nannounce = \"off\"\n\n\
         [[trunk]]\nname = \"caller\"\nhosts = [\"{}\"]\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550170\"\nto = \"conference:team\"\n\n",
        block.ip(2)
    )
}

fn node() -> Node {
    let block = Block::claim();
    let provisioning = provisioning(&block);
    Node::start(block, &provisioning)
}

/// A member with its call.
fn member(node: &Node, place: u16, codec: Codec) -> (Phone, String) {
    let mut phone = Phone::new(node.block.at(2, 5_060 + place), codec);
    let before: Vec<String> = ids(node);
    phone.call(node.sip(), "+15550170", &format!("member{place}"));
    let id = until("the call to be listed", || ids(node).into_iter().find(|id| !before.contains(id)));
    (phone, id)
}

fn ids(node: &Node) -> Vec<String> {
    node.live().iter().map(|call| call["id"].as_str().expect("an id").to_owned()).collect()
}

fn voice(node: &Node, call: &str, wish: &str) {
    let path = format!("/api/v1/calls/{call}/voice");
    let wish = serde_json::from_str(wish).expect("JSON");
    let (status, problem) = node.api().post(&path, &wish).expect("an answer");
    assert_eq!(status, 202, "{problem}");
}

/// Three phones with a codec each: what each hears is changed through the API while they speak.
#[test]
fn each_of_three_hears_the_others_as_they_are_muted_deaf_and_softer_by_order() {
    const HZ: [u32; 3] = [400, 700, 1_100];
    let node = node();
    let codecs = [Codec::Pcmu, Codec::G722, Codec::Pcma];
    let (mut phones, calls): (Vec<Phone>, Vec<String>) =
        (0..3).map(|place| member(&node, place, codecs[usize::from(place)])).unzip();
    for (phone, (codec, hz)) in phones.iter_mut().zip(codecs.into_iter().zip(HZ)) {
        phone.say(&Audio::tones(codec, &[(hz, 10_000)]));
    }
    let off = f32::NEG_INFINITY;
    // What each hears of each, in decibels.
    let steps = [
        (0, "{\"leg\":0}", [[off, 0.0, 0.0], [0.0, off, 0.0], [0.0, 0.0, off]]),
        (0, "{\"leg\":0,\"muted\":true}", [[off, 0.0, 0.0], [off, off, 0.0], [off, 0.0, off]]),
        (
            0,
            "{\"leg\":0,\"muted\":false,\"gain_db\":-12}",
            [[off, 0.0, 0.0], [-12.0, off, 0.0], [-12.0, 0.0, off]],
        ),
        (1, "{\"leg\":0,\"deaf\":true}", [[off, 0.0, 0.0], [off, off, off], [-12.0, 0.0, off]]),
        (1, "{\"leg\":0,\"deaf\":false}", [[off, 0.0, 0.0], [-12.0, off, 0.0], [-12.0, 0.0, off]]),
    ];
    for (who, wish, heard) in steps {
        voice(&node, &calls[who], wish);
        let all = |phones: &mut Vec<Phone>, ms| {
            converse(&mut phones.iter_mut().collect::<Vec<_>>(), Duration::from_millis(ms));
        };
        all(&mut phones, 400);
        phones.iter_mut().for_each(Phone::forget);
        all(&mut phones, 500);
        for (listener, levels) in phones.iter().zip(heard) {
            let sound = listener.heard();
            for (hz, wanted) in HZ.into_iter().zip(levels) {
                let found = sound.last_tone(hz, 300);
                let right =
                    if wanted == off { found < -45.0 } else { (found - TONE_DBM0 - wanted).abs() < 1.0 };
                assert!(right, "{wish}: {hz} Hz has {found:.1} dBm0 and not {wanted:.1} below {TONE_DBM0}");
            }
        }
    }
}

/// Issue row: any call can be moved into any conference, also where its media worker is another than the call's.
#[test]
fn a_call_of_two_goes_into_a_conference_of_either_media_worker_and_hears_who_is_there() {
    const HZ: [u32; 4] = [400, 700, 1_100, 1_500];
    let block = Block::claim();
    let room = |worker| {
        let mut names = (0..50).map(|n| format!("team{n}"));
        names.find(|name| call::room_of(name, 2).worker() == worker).expect("a name")
    };
    let rooms = [room(0), room(1)];
    let mut provisioning = format!(
        "[[trunk]]\nname = \"caller\"\nhosts = [\"{}\"]\nhealth_secs = 0\n\n\
         [[trunk]]\nname = \"carrier\"\npeer = \"sip:{}\"\nhealth_secs = 0\n\n\
         [[number]]\ndid = \"+15550199\"\nto = \"trunk:carrier\"\n\n",
        block.ip(2),
        block.at(3, 5_060)
    );
    for (n, name) in rooms.iter().enumerate() {
        provisioning += &format!(
            "[[conference]]\nname = \"{name}\"\nextension = \"70{n}\"\nannounce = \"off\"\n\n\
             [[number]]\ndid = \"+1555018{n}\"\nto = \"conference:{name}\"\n\n"
        );
    }
    let node = Node::start_working(block, &provisioning, 2);
    let mut phones: Vec<Phone> =
        (0..3).map(|place| Phone::new(node.block.at(2, 5_060 + place), Codec::Pcmu)).collect();
    phones.push(Phone::new(node.block.at(3, 5_060), Codec::Pcmu));
    for (phone, hz) in phones.iter_mut().zip(HZ) {
        phone.say(&Audio::tones(Codec::Pcmu, &[(hz, 10_000)]));
    }
    let [first, second, caller, callee] = &mut phones[..] else { panic!("four phones") };
    first.call(node.sip(), "+15550180", "member0");
    second.call(node.sip(), "+15550181", "member1");
    let members = ids(&node);
    std::thread::scope(|scope| {
        let answered = scope.spawn(|| callee.answer(node.sip()));
        caller.call(node.sip(), "+15550199", "talk");
        answered.join().expect("an answer");
    });
    let call = until("the call to talk", || {
        let live = node.live();
        let talks =
            live.iter().find(|it| it["state"] == "talking" && !members.iter().any(|id| it["id"] == **id));
        talks.map(|it| it["id"].as_str().expect("an id").to_owned())
    });
    let talk = |phones: &mut Vec<Phone>, ms| {
        converse(&mut phones.iter_mut().collect::<Vec<_>>(), Duration::from_millis(ms));
    };
    talk(&mut phones, 300);
    // One of the two is of another worker than the call, whichever it was given.
    for (n, name) in rooms.iter().enumerate() {
        let wish = serde_json::json!({ "name": name });
        let (status, problem) =
            node.api().post(&format!("/api/v1/calls/{call}/conference"), &wish).expect("an answer");
        assert_eq!(status, 202, "{problem}");
        talk(&mut phones, 600);
        phones.iter_mut().for_each(Phone::forget);
        talk(&mut phones, 500);
        for listener in [n, 2, 3] {
            for (speaker, hz) in HZ.into_iter().enumerate() {
                let found = phones[listener].heard().last_tone(hz, 300);
                let is_heard = speaker != listener && speaker != 1 - n;
                let right = if is_heard { (found - TONE_DBM0).abs() < 1.0 } else { found < -45.0 };
                assert!(right, "in {name} {listener} hears {hz} Hz with {found:.1} dBm0");
            }
        }
    }
}

/// One speaks, then another, and everybody else hears it.
#[test]
fn in_a_room_of_thirty_whoever_speaks_is_heard_by_all_others() {
    let node = node();
    let mut phones: Vec<Phone> = (0..30)
        .map(|place| {
            let mut phone = Phone::new(node.block.at(2, 5_060 + place), Codec::Pcmu);
            phone.call(node.sip(), "+15550170", &format!("of-thirty-{place}"));
            phone
        })
        .collect();
    let silence = Audio::tones(Codec::Pcmu, &[(0, 100)]);
    phones.iter_mut().for_each(|phone| phone.say(&silence));
    converse(&mut phones.iter_mut().collect::<Vec<_>>(), Duration::from_millis(500));
    phones.iter_mut().for_each(Phone::forget);
    phones[3].say(&Audio::tones(Codec::Pcmu, &[(0, 200), (400, 600), (0, 4_000)]));
    phones[17].say(&Audio::tones(Codec::Pcmu, &[(0, 1_000), (900, 600), (0, 4_000)]));
    converse(&mut phones.iter_mut().collect::<Vec<_>>(), Duration::from_millis(2_000));
    for (place, phone) in phones.iter().enumerate() {
        let heard = phone.heard();
        let found = heard.segments(&[400, 900]);
        let tones: Vec<u32> = found.iter().map(|tone| tone.hz).collect();
        let wanted: &[u32] = match place {
            3 => &[900],
            17 => &[400],
            _ => &[400, 900],
        };
        assert_eq!(tones, wanted, "{place}: {found:?}");
        for tone in &found {
            let level = heard.usual_tone(tone.hz, tone.from + 100, tone.from + 500);
            assert!((level - TONE_DBM0).abs() < 1.0, "{place} hears {} Hz with {level:.1} dBm0", tone.hz);
        }
    }
}

#[test]
fn three_real_phones_in_a_conference_hear_the_two_others_and_not_themselves() {
    /// A quarter of full scale, which is in front of their microphones.
    const SPOKEN: f32 = -8.9;
    const LISTEN: usize = 8_000;
    let block = Block::claim();
    let stations: String = (1..=3)
        .map(|n| format!("[[station]]\nextension = \"100{n}\"\npassword = \"secret-100{n}\"\n\n"))
        .collect();
    let provisioning = provisioning(&block) + &stations;
    let node = Node::start(block, &provisioning);
    let tones = [300, 700, 1_200];
    let mut phones: Vec<Baresip> = (0..3_u8)
        .map(|place| {
            let user = format!("100{}", place + 1);
            Baresip::start(
                &node.block,
                21 + place,
                &user,
                Transport::Udp,
                f64::from(tones[usize::from(place)]),
            )
        })
        .collect();
    until("all to be registered", || (node.api().items("/api/v1/registrations").len() == 3).then_some(()));
    for phone in &mut phones {
        phone.command("dial", &format!("sip:700@{};transport=udp", node.sip()));
        phone.event("CALL_ESTABLISHED");
    }
    for (place, phone) in phones.iter().enumerate() {
        until("a second of the two others and not itself", || {
            let samples = phone.heard().first().map(|file| read_wav(file))?;
            let sound = &samples[samples.len().checked_sub(LISTEN)?..];
            let levels = tones.map(|hz| tone_dbm0(sound, hz, 8_000));
            let as_wished = levels.iter().enumerate().all(|(source, level)| {
                if source == place { *level < -40.0 } else { (level - SPOKEN).abs() < 1.0 }
            });
            as_wished.then_some(())
        });
    }
}
