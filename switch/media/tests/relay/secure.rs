//! Encrypted legs and faxes, as far ends and attackers see them (RFC 3711, ITU-T T.38).

use std::sync::Arc;
use std::time::Duration;

use base::media::{Carries, Codec, MasterKey, MediaFlow, Payload, Remote, StreamKeys, Suite};
use media::Channel;
use media::srtp::{Guard, ROOM};

use super::world::*;

fn key(suite: Suite, seed: u8) -> (Suite, MasterKey) {
    let (key, salt) = suite.lengths();
    (suite, MasterKey::new(suite, &vec![seed; key + salt]).expect("its length"))
}

/// Our keys towards a far end, and its guard.
fn keys(suite: Suite, seed: u8) -> (StreamKeys, Guard) {
    let (ours, theirs) = (key(suite, seed), key(suite, seed + 1));
    let far = StreamKeys { send: theirs.clone(), receive: ours.clone(), mki_octets: 0 };
    (StreamKeys { send: ours, receive: theirs, mki_octets: 0 }, Guard::new(&far))
}

fn secured(at: &str, keys: &StreamKeys) -> Remote {
    Remote { keys: Some(Arc::new(keys.clone())), ..remote(at) }
}

fn seal(guard: &mut Guard, packet: &[u8]) -> Vec<u8> {
    let mut buffer = [packet, &[0; ROOM]].concat();
    let length = guard.protect_rtp(&mut buffer, packet.len()).expect("a fresh number");
    buffer.truncate(length);
    buffer
}

fn open(guard: &mut Guard, packet: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = packet.to_vec();
    let length = guard.unprotect_rtp(&mut buffer).ok()?;
    buffer.truncate(length);
    Some(buffer)
}

/// Alice's leg is encrypted, Bob's is not.
fn half(suite: Suite) -> (World, Guard) {
    let mut world = World::call();
    let (keys, far) = keys(suite, 1);
    world.agree(A, &secured(ALICE, &keys));
    (world, far)
}

#[test]
fn an_encrypted_leg_and_a_plain_one_hear_each_other() {
    for suite in Suite::ALL {
        let (mut world, mut alice) = half(suite);
        for n in 1..20 {
            let plain = rtp_of(0, n, 7);
            let went = world.packets(A, Channel::Rtp, ALICE, &seal(&mut alice, &plain));
            assert_eq!((went.len(), &went[0].1[..]), (1, BOB), "{suite:?}");
            assert_eq!(went[0].2[12..], plain[12..], "{suite:?}");
            let back = world.packets(B, Channel::Rtp, BOB, &rtp_of(0, n, 8));
            assert_ne!(back[0].2[12..172], [0xff; 160]);
            assert_eq!(open(&mut alice, &back[0].2).expect("ours")[12..], [0xff; 160], "{suite:?}");
        }
        assert_eq!((world.figures(A).received, world.figures(A).unauthentic), (19, 0));
    }
}

#[test]
fn two_suites_meet() {
    let (mut world, mut alice) = half(Suite::AesCm128Sha1_80);
    let (of_bob, mut bob) = keys(Suite::AeadAes256Gcm, 50);
    world.agree(B, &secured(BOB, &of_bob));
    let plain = rtp_of(0, 9, 7);
    let went = world.packets(A, Channel::Rtp, ALICE, &seal(&mut alice, &plain));
    assert_eq!(open(&mut bob, &went[0].2).expect("for Bob")[12..], plain[12..]);
}

/// RFC 7362 §5: latching is for packets that only the far end can have made.
#[test]
fn plain_forged_and_repeated_packets_are_counted_and_nobody_hears_or_learns_from_them() {
    let (mut world, mut alice) = half(Suite::AesCm128Sha1_80);
    for n in 0..100 {
        assert_eq!(world.rtp(A, ALICE, n), vec![], "in the clear");
        assert_eq!(world.rtp(A, "192.0.2.1:6000", n), vec![], "in the clear, to be learned");
    }
    let sealed = seal(&mut alice, &rtp_of(0, 1, 7));
    let mut forged = sealed.clone();
    forged[20] ^= 1;
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &forged), vec![]);
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &sealed), to(B, BOB));
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &sealed), vec![], "a second time");
    let (_, mut stranger) = keys(Suite::AesCm128Sha1_80, 99);
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &seal(&mut stranger, &rtp_of(0, 2, 7))), vec![]);
    let figures = world.figures(A);
    assert_eq!((figures.received, figures.unauthentic, figures.strays), (1, 203, 203));
}

/// RFC 4568 §7.1.4.
#[test]
fn keys_that_stay_go_on_over_holds_and_over_a_time_in_the_clear() {
    let (mut world, mut alice) = half(Suite::AeadAes128Gcm);
    let (same, _) = keys(Suite::AeadAes128Gcm, 1);
    let hold = Remote { flow: MediaFlow::Neither, ..secured(ALICE, &same) };
    let mut seen = Vec::new();
    for (round, remote) in [hold, remote(ALICE), secured(ALICE, &same)].into_iter().enumerate() {
        let n = round as u16 + 1;
        world.wait(Duration::from_millis(20));
        world.agree(A, &secured(ALICE, &same));
        let sealed = world.packets(B, Channel::Rtp, BOB, &rtp_of(0, n, 8)).remove(0).2;
        assert!(open(&mut alice, &sealed).is_some(), "no number twice, no wrap lost");
        assert!(!seen.contains(&sealed[2..4].to_vec()));
        seen.push(sealed[2..4].to_vec());
        world.agree(A, &remote);
    }
}

/// A leg whose audio is worked on, and our reports to it (RFC 3711 §3.4).
#[test]
fn what_we_make_ourselves_is_encrypted_too() {
    let (mut world, mut alice) = half(Suite::AesCm128Sha1_80);
    let pcma = Payload { number: 8, clock_hz: 8_000, codec: Codec::Pcma };
    world.agree(B, &Remote { payloads: [pcma].into_iter().collect(), ..remote(BOB) });
    let (mut sound, mut reports) = (0, 0);
    for n in 0..400_u16 {
        let mut packet = rtp_of(8, n, 8);
        packet[12..].fill(0x55);
        let mut went = world.packets(B, Channel::Rtp, BOB, &packet);
        for _ in 0..2 {
            world.now += Duration::from_millis(10);
            world.engine.tick(world.now);
            went.extend(world.sent());
        }
        let sealed = seal(&mut alice, &rtp_of(0, n, 7));
        went.extend(world.packets(A, Channel::Rtp, ALICE, &sealed));
        for (_, _, octets) in went.iter().filter(|(slot, ..)| *slot == A) {
            assert_eq!(open(&mut alice, octets).expect("sound under our key").len(), 172);
            sound += 1;
        }
        for (_, _, mut report) in world.reports.drain(..).filter(|(slot, ..)| *slot == A) {
            let length = alice.unprotect_rtcp(&mut report).expect("a report under our key");
            assert!(media::rtcp::read(&report[..length], 0).is_some());
            reports += 1;
        }
    }
    assert!(sound > 350 && reports > 0, "{sound} {reports}");
}

fn fax(at: &str) -> Remote {
    Remote { carries: Carries::Udptl, payloads: std::iter::empty().collect(), ..remote(at) }
}

fn datagram(number: u16, octets: usize) -> Vec<u8> {
    let mut packet = number.to_be_bytes().to_vec();
    packet.resize(octets.max(2), 0x6b);
    packet
}

/// ITU-T T.38 §9.1.
#[test]
fn datagrams_of_a_fax_cross_as_they_are_and_sound_comes_back_afterwards() {
    let mut world = World::call();
    assert_eq!(world.rtp(A, ALICE, 1), to(B, BOB));
    for (slot, at) in [(A, ALICE), (B, BOB)] {
        world.agree(slot, &fax(at));
    }
    for (number, octets) in [(0, 2), (1, 60), (2, 1_400), (40_000, 300)] {
        let sent = datagram(number, octets);
        let went = world.packets(A, Channel::Rtp, ALICE, &sent);
        assert_eq!(went, [(B, BOB.to_owned(), sent.clone())]);
        assert_eq!(world.packets(B, Channel::Rtp, BOB, &sent), [(A, ALICE.to_owned(), sent)]);
    }
    world.events();
    world.wait(Duration::from_secs(600));
    assert_eq!(world.events(), [], "a fax may be silent for as long as a page takes");
    for (slot, at) in [(A, ALICE), (B, BOB)] {
        world.agree(slot, &remote(at));
    }
    assert_eq!(world.rtp(A, ALICE, 2), to(B, BOB));
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &datagram(5, 60)), vec![]);
}

#[test]
fn a_fax_is_not_for_strangers_nor_for_who_speaks() {
    let mut world = World::call();
    world.agree(A, &fax(ALICE));
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &datagram(1, 60)), vec![], "Bob does not take it yet");
    assert_eq!(world.rtp(B, BOB, 1), vec![], "and Alice no sound any more");
    world.agree(B, &fax(BOB));
    for number in 0..50 {
        assert_eq!(world.packet(A, Channel::Rtp, BLEEDER, &datagram(number, 60)), vec![]);
        assert_eq!(world.packet(A, Channel::Rtcp, ALICE, &datagram(number, 60)), vec![]);
    }
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &datagram(2, 60)), to(B, BOB));
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &[7]), vec![]);
    assert_eq!(world.figures(A).strays, 101);
}
