//! Each leg speaks what it can: offers are widened by what we can make of them, answers narrowed to one codec
//! (RFC 3264 §5 to §8, docs/adr/0026).

use base::media::Codec;
use sip_tests::{Line, Reply, SILENT, World, body, direction_of, maps_of, office};

const EVENTS: &str = "101 telephone-event/8000 0-15";
const MU: &[&str] = &["0 PCMU/8000", EVENTS];
const A: &[&str] = &["8 PCMA/8000", EVENTS];
const OPUS: &[&str] = &["111 opus/48000/2 usedtx=1", "101 telephone-event/8000"];
const G729: &[&str] = &["18 G729/8000 annexb=no", EVENTS];

fn maps(body: &str) -> Vec<&str> {
    maps_of(body).into_iter().map(|(_, map)| map.split('/').next().unwrap_or_default()).collect()
}

fn numbers(body: &str) -> Vec<&str> {
    maps_of(body).into_iter().map(|(number, _)| number).collect()
}

/// The codec that the switch sends to the far end of this line.
fn sent_to(world: &World, line: Line) -> Option<Codec> {
    let (_, _, remote, _) = world.media.towards(world.talk(line).media).expect("a port");
    let speech = |codec: &Codec| !matches!(codec, Codec::TelephoneEvent | Codec::ComfortNoise);
    remote.payloads.iter().map(|payload| payload.codec).find(speech)
}

/// A carrier that speaks some codecs and a phone that speaks others.
fn pair(seed: u64, near: &'static [&str], far: &'static [&str]) -> (World, usize, usize) {
    let (mut world, carrier, phone) = office(seed);
    world.agents[carrier].formats = near;
    world.agents[phone].formats = far;
    (world, carrier, phone)
}

fn up(world: &mut World, carrier: usize, phone: usize) -> (Line, Line) {
    let lines = world.connect(carrier, "+4930123", phone);
    assert!(world.hear_each_other(lines.0, lines.1), "{}", world.ladder());
    lines
}

#[test]
fn a_carrier_with_pcmu_and_a_phone_with_pcma_talk_each_in_its_own() {
    let (mut world, carrier, phone) = pair(1, MU, A);
    let (caller, callee) = up(&mut world, carrier, phone);
    assert_eq!(maps(&world.talk(callee).invite.body), ["PCMU", "PCMA", "G722", "opus", "telephone-event"]);
    assert_eq!(numbers(&world.talk(caller).remote_body), ["0", "101"], "one codec is answered");
    assert_eq!((sent_to(&world, caller), sent_to(&world, callee)), (Some(Codec::Pcmu), Some(Codec::Pcma)));
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_phone_with_opus_alone_calls_a_carrier_whose_list_is_pcmu() {
    let (mut world, carrier, phone) = pair(2, MU, OPUS);
    world.edit_trunk("carrier", |trunk| trunk.codecs = vec!["PCMU".to_owned()]);
    world.set_up();
    let (caller, callee) = world.connect(phone, "0123", carrier);
    assert_eq!(maps(&world.talk(callee).invite.body), ["PCMU", "telephone-event"], "the list is the limit");
    assert_eq!(numbers(&world.talk(caller).remote_body), ["111", "101"]);
    assert!(world.talk(caller).remote_body.contains("a=fmtp:111 useinbandfec=1"), "our own parameters");
    assert_eq!((sent_to(&world, caller), sent_to(&world, callee)), (Some(Codec::Opus), Some(Codec::Pcmu)));
    world.end_all();
    world.assert_clean();
}

/// What nobody here can read passes untouched between two that agree on it.
#[test]
fn g729_on_both_sides_passes_untouched() {
    let (mut world, carrier, phone) = pair(3, G729, G729);
    let (caller, callee) = up(&mut world, carrier, phone);
    assert_eq!(maps(&world.talk(callee).invite.body), ["G729", "telephone-event"]);
    assert!(world.talk(callee).invite.body.contains("a=fmtp:18 annexb=no"));
    assert!(matches!(sent_to(&world, caller), Some(Codec::Other(_))));
    assert_eq!(sent_to(&world, caller), sent_to(&world, callee), "one encoding: relayed");
    world.end_all();
    world.assert_clean();
}

#[test]
fn what_cannot_be_read_and_is_not_allowed_gets_488() {
    let (mut world, carrier, phone) = pair(4, G729, A);
    world.directory.stations.get_mut("1001").expect("a station").codecs = vec!["PCMA".to_owned()];
    world.set_up();
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    assert_eq!(world.talk(caller).status(), 488, "{}", world.ladder());
    assert_eq!(world.agents[phone].requests("INVITE").count(), 0);
    world.assert_clean();
}

/// The caller's own list limits and orders what it offers.
#[test]
fn the_list_of_a_trunk_holds_for_calls_from_it_too() {
    let (mut world, carrier, phone) = pair(5, &["18 G729/8000", "0 PCMU/8000", "8 PCMA/8000", EVENTS], MU);
    world.edit_trunk("carrier", |trunk| trunk.codecs = vec!["PCMA".to_owned(), "PCMU".to_owned()]);
    world.set_up();
    let (_, callee) = up(&mut world, carrier, phone);
    assert_eq!(maps(&world.talk(callee).invite.body), ["PCMA", "PCMU", "G722", "opus", "telephone-event"]);
    world.edit_trunk("carrier", |trunk| trunk.codecs = vec!["opus".to_owned()]);
    world.set_up();
    world.end_all();
    let refused = world.dial(carrier, "+4930123");
    world.settle();
    assert_eq!(world.talk(refused).status(), 488, "{}", world.ladder());
    world.assert_clean();
}

/// RFC 3264 §6.1: an answer may name several; we send the one that needs no work.
#[test]
fn of_several_codecs_that_a_callee_takes_it_is_sent_the_one_that_the_caller_speaks() {
    let (mut world, carrier, phone) = pair(6, MU, &[]);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    let answer = body(world.talk(callee).media, 1, "sendrecv").replace("AVP 0 8 101", "AVP 8 0 101");
    world.reply(callee, Reply { status: 200, body: answer, ..Reply::default() });
    world.settle();
    assert_eq!(numbers(&world.talk(caller).remote_body), ["0", "101"]);
    assert_eq!((sent_to(&world, caller), sent_to(&world, callee)), (Some(Codec::Pcmu), Some(Codec::Pcmu)));
    world.end_all();
    world.assert_clean();
}

/// RFC 4733 §2.4: keypad events are agreed leg by leg.
#[test]
fn keypad_events_are_offered_and_answered_whatever_the_other_side_has() {
    let (mut world, carrier, phone) = pair(7, &["0 PCMU/8000"], MU);
    let (caller, callee) = up(&mut world, carrier, phone);
    assert_eq!(maps(&world.talk(callee).invite.body).last(), Some(&"telephone-event"));
    assert_eq!(numbers(&world.talk(caller).remote_body), ["0"], "only what was offered is answered");
    world.end_all();
    world.agents[carrier].formats = MU;
    world.agents[phone].formats = &["0 PCMU/8000"];
    let (caller, _) = up(&mut world, carrier, phone);
    assert_eq!(numbers(&world.talk(caller).remote_body), ["0", "101"]);
    world.end_all();
    world.assert_clean();
}

/// RFC 3389 §4: where audio is worked on, comfort noise is agreed leg by leg; where packets are relayed, by both or none.
#[test]
fn comfort_noise_is_answered_where_the_other_side_takes_it_or_audio_is_worked_on() {
    let (mut world, carrier, phone) = pair(12, &["0 PCMU/8000", "13 CN/8000"], &["8 PCMA/8000"]);
    let (caller, _) = up(&mut world, carrier, phone);
    assert_eq!(numbers(&world.talk(caller).remote_body), ["0", "13"]);
    world.end_all();
    world.agents[phone].formats = &["0 PCMU/8000"];
    let (caller, _) = up(&mut world, carrier, phone);
    assert_eq!(numbers(&world.talk(caller).remote_body), ["0"]);
    world.end_all();
    world.assert_clean();
}

/// RFC 3264 §8.3.2: within a dialog a number keeps its meaning, and each dialog has its own.
#[test]
fn numbers_stay_what_they_are_when_either_side_offers_anew() {
    let near = &["96 opus/48000/2", "97 telephone-event/8000"];
    let far = &["97 opus/48000/2", "96 telephone-event/8000"];
    let (mut world, carrier, phone) = pair(8, near, far);
    let (caller, callee) = up(&mut world, carrier, phone);
    world.reinvite(callee, "sendonly");
    world.settle();
    let offered = world.talk(caller).remote_body.clone();
    assert_eq!(direction_of(&offered), "sendonly", "{}", world.ladder());
    let known = [("96", "opus/48000/2"), ("97", "telephone-event/8000")];
    assert!(known.iter().all(|known| maps_of(&offered).contains(known)), "{offered}");
    let mut once: Vec<&str> = numbers(&offered);
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), numbers(&offered).len(), "no number twice: {offered}");
    assert_eq!(numbers(&world.talk(callee).remote_body), ["97", "96"], "answered under its own numbers");
    world.reinvite(caller, "sendrecv");
    world.settle();
    let offered = &world.talk(callee).remote_body;
    assert!(maps_of(offered).contains(&("96", "opus/48000/2")), "as in the first offer: {offered}");
    world.end_all();
    world.assert_clean();
}

/// RFC 6337 pattern 2: the callee offers, the caller answers in its ACK.
#[test]
fn a_late_offer_is_widened_towards_the_caller_and_answered_with_what_the_callee_has() {
    let (mut world, carrier, phone) = pair(9, MU, A);
    let caller = world.dial_as(carrier, None, "+4930123", false, &[]);
    world.settle();
    let callee = world.incoming(phone);
    assert_eq!(maps(&world.talk(caller).remote_body), ["PCMA", "PCMU", "G722", "opus", "telephone-event"]);
    let ack = world.agents[phone].requests("ACK").last().expect("an ACK").body.clone();
    assert_eq!(numbers(&ack), ["8", "101"], "{}", world.ladder());
    assert_eq!((sent_to(&world, caller), sent_to(&world, callee)), (Some(Codec::Pcmu), Some(Codec::Pcma)));
    assert!(world.hear_each_other(caller, callee));
    world.end_all();
    world.assert_clean();
}

/// Forks may choose different codecs; the caller keeps its one.
#[test]
fn early_media_of_one_codec_and_an_answer_of_another_leave_the_caller_with_its_own() {
    let (mut world, carrier, phone) = pair(10, MU, A);
    world.agents[phone].manner = SILENT;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    world.say_with_body(callee, 183);
    world.settle();
    assert_eq!(numbers(&world.talk(caller).remote_body), ["0", "101"]);
    assert_eq!((sent_to(&world, caller), sent_to(&world, callee)), (Some(Codec::Pcmu), Some(Codec::Pcma)));
    world.agents[phone].formats = MU;
    let at = world.body_for(callee);
    world.reply(callee, Reply { status: 200, body: at, tag: Some("other".to_owned()), ..Reply::default() });
    world.settle();
    assert_eq!(numbers(&world.talk(caller).remote_body), ["0", "101"], "{}", world.ladder());
    assert_eq!(sent_to(&world, callee), Some(Codec::Pcmu), "{}", world.ladder());
    world.bye(caller);
    world.settle();
}

/// A re-INVITE that brings a codec nobody else has is answered all the same.
#[test]
fn a_side_that_changes_its_codec_in_the_call_is_understood() {
    let (mut world, carrier, phone) = pair(11, MU, MU);
    let (caller, callee) = up(&mut world, carrier, phone);
    world.agents[carrier].formats = A;
    world.reinvite(caller, "sendrecv");
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [200], "{}", world.ladder());
    assert_eq!((sent_to(&world, caller), sent_to(&world, callee)), (Some(Codec::Pcma), Some(Codec::Pcmu)));
    world.end_all();
    world.assert_clean();
}
