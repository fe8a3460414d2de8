//! A call that becomes a fax over UDPTL and a call again (ITU-T T.38 annex D, RFC 3264 §8).

use std::net::SocketAddr;

use base::media::{Carries, MediaCommand, Srtp};
use sip_tests::{Line, Reinvite, Reply, World, office, over};

/// The call is up, and whoever is asked to change it waits for the test.
fn up(seed: u64) -> (World, Line, Line) {
    let (mut world, carrier, phone) = office(seed);
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    world.agents[carrier].reinvites = Reinvite::Wait;
    world.agents[phone].reinvites = Reinvite::Wait;
    world.forget_ladder();
    (world, caller, callee)
}

/// The agent's body for a fax at its usual address: `before` stands before the fax.
fn fax(world: &World, line: Line, before: &str) -> String {
    let SocketAddr::V4(at) = world.talk(line).media else { panic!("IPv4") };
    let (ip, port) = (at.ip(), at.port());
    format!(
        "v=0\r\no=- 7 900 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n{before}m=image {port} udptl t38\r\n\
         a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"
    )
}

const NO_SOUND: &str = "m=audio 0 RTP/AVP 0\r\n";

fn ask(world: &mut World, line: Line, offer: &str) {
    world.with_agent(line.agent, |agent, now| agent.reinvite_with(now, line.talk, offer));
    world.settle();
}

fn answer(world: &mut World, line: Line, body: String) {
    world.reply(line, Reply { status: 200, body, ..Reply::default() });
    world.settle();
}

fn carried(world: &World, line: Line) -> Carries {
    let (_, _, remote, _) = world.media.towards(world.talk(line).media).expect("a port");
    remote.carries
}

fn streams(body: &str) -> Vec<&str> {
    body.lines().filter(|line| line.starts_with("m=")).collect()
}

/// The callee's machine hears the fax tone and asks for T.38, as most do; afterwards the caller takes sound back.
#[test]
fn a_call_becomes_a_fax_and_a_call_again() {
    let (mut world, caller, callee) = up(1);
    let offer = fax(&world, callee, "");
    ask(&mut world, callee, &offer);
    let asked = world.talk(caller).remote_body.clone();
    assert!(streams(&asked)[0].ends_with("udptl t38") && asked.contains("a=T38MaxBitRate:14400"), "{asked}");
    assert!(!asked.contains(&world.talk(callee).media.ip().to_string()), "anchored: {asked}");
    let body = fax(&world, caller, "");
    answer(&mut world, caller, body);
    assert_eq!(world.talk(callee).reinvites, [200], "{}", world.ladder());
    assert_eq!([caller, callee].map(|line| carried(&world, line)), [Carries::Udptl; 2]);
    assert!(world.hear_each_other(caller, callee), "{}", world.ladder());
    let music = world.media.asked.iter().any(|asked| matches!(asked, MediaCommand::Play { .. }));
    assert!(!music, "a fax is no hold");
    world.agents[callee.agent].reinvites = Reinvite::Accept;
    world.reinvite(caller, "sendrecv");
    world.settle();
    assert_eq!([caller, callee].map(|line| carried(&world, line)), [Carries::Rtp; 2]);
    assert!(world.hear_each_other(caller, callee));
    insta::assert_snapshot!(world.ladder());
    over(world, caller);
}

/// RFC 3264 §6, §8: as many streams in the answer as in the offer, and none goes away.
#[test]
fn a_fax_beside_refused_sound_keeps_every_stream_in_its_place() {
    let (mut world, caller, callee) = up(2);
    let offer = fax(&world, caller, NO_SOUND);
    ask(&mut world, caller, &offer);
    let asked = world.talk(callee).remote_body.clone();
    assert_eq!((streams(&asked).len(), streams(&asked)[0]), (2, "m=audio 0 RTP/AVP 0"), "{asked}");
    let body = fax(&world, callee, NO_SOUND);
    answer(&mut world, callee, body);
    assert_eq!(streams(&world.talk(caller).remote_body).len(), 2);
    assert_eq!([caller, callee].map(|line| carried(&world, line)), [Carries::Udptl; 2]);
    world.agents[callee.agent].reinvites = Reinvite::Accept;
    let sound = world.body_for(caller) + "m=image 0 udptl t38\r\n";
    ask(&mut world, caller, &sound);
    assert_eq!(streams(&world.talk(callee).remote_body).len(), 2, "{}", world.talk(callee).remote_body);
    assert_eq!([caller, callee].map(|line| carried(&world, line)), [Carries::Rtp; 2]);
    over(world, caller);
}

/// ITU-T T.38 D.2.2.4.2: who has no T.38 says 488, and the fax goes on as sound.
#[test]
fn a_fax_that_the_other_side_refuses_goes_on_as_sound() {
    let (mut world, caller, callee) = up(3);
    world.agents[caller.agent].reinvites = Reinvite::Refuse(488);
    let offer = fax(&world, callee, "");
    ask(&mut world, callee, &offer);
    assert_eq!(world.talk(callee).reinvites, [488], "{}", world.ladder());
    assert_eq!([caller, callee].map(|line| carried(&world, line)), [Carries::Rtp; 2]);
    assert!(world.hear_each_other(caller, callee));
    over(world, caller);
}

#[test]
fn both_machines_ask_at_once_and_one_asks_again() {
    let (mut world, caller, callee) = up(4);
    for line in [caller, callee] {
        let offer = fax(&world, line, "");
        world.with_agent(line.agent, |agent, now| agent.reinvite_with(now, line.talk, &offer));
    }
    world.settle();
    assert_eq!(world.talk(caller).reinvites, [491], "{}", world.ladder());
    assert_eq!(world.talk(callee).reinvites, [491], "{}", world.ladder());
    let offer = fax(&world, callee, "");
    ask(&mut world, callee, &offer);
    let body = fax(&world, caller, "");
    answer(&mut world, caller, body);
    assert_eq!([caller, callee].map(|line| carried(&world, line)), [Carries::Udptl; 2]);
    over(world, caller);
}

#[test]
fn a_call_may_be_a_fax_from_its_first_message() {
    let (mut world, carrier, phone) = office(5);
    world.agents[phone].manner = sip_tests::SILENT;
    world.agents[carrier].fax = true;
    let caller = world.dial(carrier, "+4930123");
    world.settle();
    let callee = world.incoming(phone);
    assert!(streams(&world.talk(callee).invite.body)[0].ends_with("udptl t38"), "{}", world.ladder());
    let body = fax(&world, callee, "");
    answer(&mut world, callee, body);
    assert!(world.talk(caller).is_up(), "{}", world.ladder());
    assert_eq!([caller, callee].map(|line| carried(&world, line)), [Carries::Udptl; 2]);
    over(world, caller);
}

/// A fax over UDPTL is never encrypted.
#[test]
fn where_media_must_be_encrypted_a_fax_goes_as_sound() {
    let (mut world, carrier, phone) = office(6);
    let name = world.agents[phone].user.clone();
    world.directory.stations.get_mut(&name).expect("the phone's station").srtp = Srtp::Required;
    world.set_up();
    world.agents[phone].profile = "RTP/SAVP";
    world.agents[phone].crypto =
        &["1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"];
    let (caller, callee) = world.connect(carrier, "+4930123", phone);
    for line in [caller, callee] {
        let offer = fax(&world, line, "");
        ask(&mut world, line, &offer);
        assert_eq!(world.talk(line).reinvites, [488], "{}", world.ladder());
    }
    assert!(world.hear_each_other(caller, callee));
    over(world, caller);
}
