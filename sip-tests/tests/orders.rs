//! What people do with a call that is up: digits, mute, levels, prompts, a conference.

use base::fact::What;
use base::media::{Gain, MediaCommand, TapId};
use base::{CallId, CallOrder};
use call::ShardInput;
use provision::{Conference, Entity};
use sip_tests::{Line, Reinvite, World, office};

fn only_call(world: &World) -> (usize, CallId) {
    let now = base::Now { mono: world.mono(), wall: base::Wall(0) };
    let mut calls = world.shards.iter().enumerate();
    calls.find_map(|(shard, it)| Some((shard, it.view(now).calls.first()?.id))).expect("a call")
}

fn order(world: &mut World, order: CallOrder) {
    let (shard, call) = only_call(world);
    world.input(shard, ShardInput::Order { call, order });
    world.settle();
}

fn happened(world: &World) -> Vec<(&'static str, String)> {
    let (shard, call) = only_call(world);
    let now = base::Now { mono: world.mono(), wall: base::Wall(0) };
    let view = world.shards[shard].view(now);
    let call = view.calls.into_iter().find(|it| it.id == call).expect("the call");
    call.happenings.into_iter().map(|it| (it.what, it.detail)).collect()
}

fn hears(world: &World, line: Line) -> usize {
    world.media.towards(world.talk(line).media).expect("a port").3.len()
}

fn muted(leg: usize, muted: bool) -> CallOrder {
    CallOrder::Voice { leg, muted: Some(muted), deaf: None, gain: None }
}

#[test]
fn a_side_is_muted_deaf_and_heard_again() {
    let (mut world, carrier, phone) = office(1);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    order(&mut world, muted(0, true));
    assert_eq!((hears(&world, caller), hears(&world, callee)), (1, 0), "the caller is not heard, but hears");
    order(&mut world, muted(0, false));
    assert!(world.hear_each_other(caller, callee));
    order(&mut world, CallOrder::Voice { leg: 1, muted: None, deaf: Some(true), gain: None });
    assert_eq!((hears(&world, caller), hears(&world, callee)), (1, 0));
    let gain = Some(Gain::centibels(-600));
    order(&mut world, CallOrder::Voice { leg: 1, muted: None, deaf: Some(false), gain });
    assert!(world.hear_each_other(caller, callee));
    world.end_all();
    world.assert_clean();
}

#[test]
fn digits_and_prompts_go_to_the_side_that_is_named() {
    let (mut world, carrier, phone) = office(2);
    let (_, callee) = world.connect(carrier, "+4930123", phone);
    let (port, ..) = world.media.towards(world.talk(callee).media).expect("a port");
    order(&mut world, CallOrder::Digits { leg: 1, digits: "12#".to_owned() });
    let prompt = "feature/echo-test".to_owned();
    order(&mut world, CallOrder::Play { leg: None, prompt, language: "es".to_owned(), times: 1 });
    order(&mut world, CallOrder::Stop { leg: Some(1) });
    let asked = &world.media.asked;
    let sent = |command: &&MediaCommand| matches!(command, MediaCommand::SendDigits { port: at, digits, .. } if *at == port && **digits == *"12#");
    assert_eq!(asked.iter().filter(sent).count(), 1);
    assert_eq!(asked.iter().filter(|command| matches!(command, MediaCommand::Play { .. })).count(), 2);
    let stopped = |command: &&MediaCommand| matches!(command, MediaCommand::StopPlay { port: at, play: None } if *at == port);
    assert_eq!(asked.iter().filter(stopped).count(), 1);
    world.end_all();
    world.assert_clean();
}

/// A conference on the media worker of the only call, or on another one.
fn conference(world: &mut World, near: bool) -> CallOrder {
    let (shard, call) = only_call(world);
    let now = base::Now { mono: world.mono(), wall: base::Wall(0) };
    let view = world.shards[shard].view(now);
    let worker = view.calls.iter().find(|it| it.id == call).expect("the call").worker;
    let mut names = (0..50).map(|n| format!("team{n}"));
    let name =
        names.find(|name| (call::room_of(name, view.workers).worker() == worker) == near).expect("a room");
    world.directory.put(Entity::Conference(Conference::named(&name)));
    world.set_up();
    CallOrder::Conference { name }
}

#[test]
fn both_sides_of_a_call_are_moved_into_a_conference() {
    let (mut world, carrier, phone) = office(3);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    let moved = conference(&mut world, true);
    order(&mut world, moved);
    let room = |line: Line| world.media.room_of(world.talk(line).media);
    assert!(room(caller).is_some() && room(caller) == room(callee));
    world.end_all();
    world.assert_clean();
}

#[test]
fn a_call_is_moved_into_a_conference_of_another_media_worker_and_on_into_one_of_its_first() {
    let (mut world, carrier, phone) = office(3);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    for _ in 0..2 {
        let moved = conference(&mut world, false);
        order(&mut world, moved);
        let room = |line: Line| world.media.room_of(world.talk(line).media);
        assert!(room(caller).is_some() && room(caller) == room(callee));
    }
    world.end_all();
    world.assert_clean();
}

const G729: &[&str] = &["18 G729/8000", "0 PCMU/8000", "101 telephone-event/8000"];

/// A codec that nobody here reads is of no use in a room: each far end is asked for another.
#[test]
fn far_ends_with_g729_are_asked_for_another_codec_when_they_come_into_a_conference() {
    let (mut world, carrier, phone) = office(4);
    world.agents[carrier].formats = G729;
    world.agents[phone].formats = G729;
    world.connect(carrier, "+4930123", phone);
    world.agents[phone].reinvites = Reinvite::Refuse(488);
    let moved = conference(&mut world, true);
    order(&mut world, moved);
    for agent in [carrier, phone] {
        let asked = world.agents[agent].requests("INVITE").last().expect("a re-INVITE");
        assert!(asked.body.contains("PCMA/8000") && !asked.body.contains("G729"), "{asked}");
    }
    let refused = "it was asked for another codec and refused with 488".to_owned();
    assert_eq!(happened(&world), [("not_understood", refused)], "{}", world.ladder());
    world.end_all();
    world.assert_clean();
}

/// Who hears itself needs nobody who understands it.
#[test]
fn an_echo_takes_a_codec_that_nobody_here_reads() {
    let (mut world, carrier, _) = office(5);
    world.number("+49777", "echo");
    world.set_up();
    world.agents[carrier].formats = &["18 G729/8000", "101 telephone-event/8000"];
    let caller = world.dial(carrier, "+49777");
    world.settle();
    assert!(world.talk(caller).remote_body.contains("RTP/AVP 18 101"), "{}", world.ladder());
    assert_eq!(hears(&world, caller), 1);
    world.end_all();
    world.assert_clean();
}

/// Issue row "Taps": nobody listens in without a word of it in the call's facts and on its page.
#[test]
fn a_tap_stands_in_the_call_with_who_asked_for_it() {
    let (mut world, carrier, phone) = office(3);
    world.connect(carrier, "+4930123", phone);
    let tap = |leg| CallOrder::Tap { leg, tap: TapId(1), hears: false, hz: 8_000, by: "boss".to_owned() };
    order(&mut world, tap(1));
    order(&mut world, tap(7));
    assert_eq!(happened(&world), [("tapped", "boss".to_owned())]);
    let facts = world.facts.iter().filter_map(|fact| {
        let What::Tapped { by, .. } = &fact.what else { return None };
        Some(by.as_str())
    });
    assert_eq!(facts.collect::<Vec<_>>(), ["boss"]);
    world.end_all();
    world.assert_clean();
}
