//! Media as a weapon and media under attack: conformance §7.2.

use std::time::Duration;

use base::RoomId;
use base::media::{MediaFlow, MediaRule, Nat, Remote, Standing};
use media::Channel;

use super::world::*;

const VICTIM: &str = "198.51.100.66:9000";
/// Packets that a third host gets before the caller has shown that it reads what we send.
const EARLY_PACKETS: u16 = 1_000;

/// Alice as her signalling comes from 192.0.2.1.
fn alice() -> Remote {
    Remote { host: Some(address(ALICE).ip()), ..remote(ALICE) }
}

/// Bob talks for this many packets of 20 ms; how many reached the far end of A, and where.
fn bob_talks(world: &mut World, packets: u16) -> (usize, Vec<String>) {
    let mut places = Vec::new();
    let mut sent = 0;
    for n in 0..packets {
        for (_, place) in world.rtp(B, BOB, n) {
            sent += 1;
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
        world.wait(Duration::from_millis(20));
    }
    (sent, places)
}

/// Whatever a stranger sends to A: RTP in sequence, with the stream's own SSRC and with others, RTCP, STUN and DTLS.
fn stranger_sprays(world: &mut World, sequence: u16) -> Went {
    let mut went = Went::new();
    for packet in [rtp_of(0, sequence, 7), rtp_of(0, sequence, 666), rtp_of(0, sequence, u32::from(sequence))]
    {
        went.extend(world.packet(A, Channel::Rtp, BLEEDER, &packet));
    }
    for packet in [sender_report(7, 1), receiver_report(7, 7, 0, 1), bye(7), STUN.to_vec(), DTLS.to_vec()] {
        went.extend(world.packet(A, Channel::Rtp, BLEEDER, &packet));
        went.extend(world.packet(A, Channel::Rtcp, BLEEDER, &packet));
    }
    went
}

/// A binding request (RFC 8489 §5) and the start of a ClientHello (RFC 6347 §4.1).
const STUN: &[u8] = b"\x00\x01\x00\x00\x21\x12\xa4\x42tandemtandem";
const DTLS: &[u8] =
    b"\x16\xfe\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x01\x00\x00\x14\x00\x00\x00\x00\x00\x00\x00\x14";

fn bye(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x81, 203, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet
}

/// M1: "before, during, after answer and after re-INVITE".
#[test]
fn a_bleeder_gets_nothing_at_any_stage_of_a_call() {
    let mut world = World::empty();
    for slot in [A, B] {
        world.open(slot);
    }
    world.hear(A, &[B]);
    world.hear(B, &[A]);
    let mut heard = 0;
    for (stage, port) in [(0, 4_000), (1, 4_000), (2, 4_000), (3, 4_400)] {
        if stage > 0 {
            let named = format!("192.0.2.1:{port}");
            world.agree(A, &Remote { rtp: Some(address(&named)), ..alice() });
            world.agree(B, &Remote { host: Some(address(BOB).ip()), ..remote(BOB) });
        }
        for n in 0..40 {
            assert_eq!(stranger_sprays(&mut world, n), vec![], "stage {stage}");
            let to: Vec<String> = world.rtp(B, BOB, n).into_iter().map(|(_, to)| to).collect();
            assert!(to.iter().all(|to| to.starts_with("192.0.2.1:")), "stage {stage}: {to:?}");
            heard += world.rtp(A, &format!("192.0.2.1:{port}"), n).len();
            world.wait(Duration::from_millis(20));
        }
    }
    assert_eq!(heard, 3 * 40, "Alice is heard all the while");
}

/// M1, ES2025-01: an attacker behind the same address as the far end may be learned first, and is not for long.
#[test]
fn who_wins_the_window_behind_the_same_nat_loses_to_the_address_of_the_sdp() {
    let mut world = World::call();
    world.agree(A, &alice());
    (1..=5).for_each(|n| drop(world.rtp(A, "192.0.2.1:666", n)));
    world.wait(Duration::from_millis(1_400));
    assert_eq!(world.rtp(A, ALICE, 1), to(B, BOB));
    assert_eq!(world.rtp(A, "192.0.2.1:666", 6), vec![]);
    assert_eq!(world.rtp(B, BOB, 1), to(A, ALICE));
}

/// M1: `nat = "off"` and `media_from`.
#[test]
fn learning_is_off_where_provisioning_says_so_and_third_networks_count_where_it_names_them() {
    let networks = ["203.0.113.0/24".parse().expect("a network")];
    let from = Some(networks.into_iter().collect());
    for (rule, relayed, strays) in
        [(MediaRule { nat: Nat::Off, from: None }, 0, 20), (MediaRule { nat: Nat::Off, from }, 8, 12)]
    {
        let mut world = World::call();
        world.agree(A, &Remote { rule, ..alice() });
        let relay = |world: &mut World, at: &str| (1..=10).map(|n| world.rtp(A, at, n).len()).sum::<usize>();
        assert_eq!(relay(&mut world, "192.0.2.1:61000"), 0);
        assert_eq!(relay(&mut world, BLEEDER), relayed);
        assert_eq!(world.rtp(B, BOB, 1), to(A, ALICE), "what is sent goes where SDP says");
        assert_eq!(world.figures(A).strays, strays);
    }
}

/// M2: "random SSRC; then with sniffed SSRC from other IP".
#[test]
fn injected_packets_reach_nobody_whatever_they_imitate() {
    let mut world = World::call();
    world.agree(A, &alice());
    for n in 0..200_u16 {
        assert_eq!(world.rtp(A, ALICE, n), to(B, BOB));
        for forged in [
            (ALICE, rtp_of(0, n.wrapping_mul(7), 666)),
            (ALICE, rtp_of(0, n.wrapping_add(20_000), 7)),
            (ALICE, rtp_of(8, n + 1, 7)),
            (BLEEDER, rtp_of(0, n + 1, 7)),
        ] {
            assert_eq!(world.packet(A, Channel::Rtp, forged.0, &forged.1), vec![], "packet {n}");
        }
        world.wait(Duration::from_millis(20));
    }
    let figures = world.figures(A);
    assert_eq!((figures.received, figures.strays, figures.lost), (200, 800, 0));
}

/// M2: RFC 3550 §8.2 lets a far end change its SSRC; after a pause of 60 ms that costs two packets.
#[test]
fn a_far_end_that_changes_its_ssrc_is_heard_again_at_once() {
    let mut world = World::call();
    world.rtp(A, ALICE, 1);
    world.wait(Duration::from_millis(200));
    let went: Vec<usize> =
        (1..=5).map(|n| world.packet(A, Channel::Rtp, ALICE, &rtp_of(0, n, 99)).len()).collect();
    assert_eq!(went, [0, 0, 1, 1, 1]);
}

/// M3, M4, M6: junk, STUN and DTLS end nothing, are answered by nobody and are counted.
#[test]
fn stun_dtls_and_junk_are_counted_and_nothing_else() {
    let mut world = World::call();
    world.rtp(A, ALICE, 1);
    world.events();
    for (n, from) in (0..1_000_u32).map(|n| (n, if n % 2 == 0 { ALICE } else { BLEEDER })) {
        let junk: Vec<u8> = (0..n % 60).map(|octet| (octet as u8).wrapping_mul(n as u8) & 0x7f).collect();
        for packet in [STUN, DTLS, junk.as_slice()] {
            assert_eq!(world.packet(A, Channel::Rtp, from, packet), vec![]);
        }
    }
    assert_eq!((world.events(), world.figures(A).strays), (vec![], 3_000));
    assert_eq!(world.rtp(A, ALICE, 2), to(B, BOB));
}

/// M5, AST-2017-012: lengths that lie, a part of an unknown kind, an old version; from the right address.
#[test]
fn malformed_compound_reports_are_counted_and_not_passed_on() {
    let mut world = World::call();
    let good = sender_report(7, 1);
    let joined = |second: &[u8]| [good.as_slice(), second].concat();
    let malformed = [
        good[..20].to_vec(),
        joined(&[0x81, 203, 0, 9, 0, 0, 0, 7]),
        joined(&[0x81, 203]),
        joined(&[0x41, 203, 0, 1, 0, 0, 0, 7]),
        joined(&[0x80, 150, 0, 1, 0, 0, 0, 7]),
        vec![0x9f, 201, 0, 1, 0, 0, 0, 7],
        vec![0x80, 200, 0xff, 0xff],
    ];
    for (n, packet) in malformed.iter().enumerate() {
        assert_eq!(world.packet(A, Channel::Rtcp, "192.0.2.1:4001", packet), vec![], "packet {n}");
    }
    assert_eq!(world.figures(A).strays, malformed.len() as u64);
    let whole = joined(&bye(7));
    world.packet(A, Channel::Rtcp, "192.0.2.1:4001", &whole);
    assert_eq!(world.figures(A).rtcp, 1);
}

/// M5.
#[test]
fn bye_and_reports_of_a_stranger_go_nowhere_before_and_after_the_far_end_is_known() {
    let mut world = World::call();
    world.agree(A, &alice());
    for _ in 0..2 {
        for packet in [bye(7), sender_report(7, 9), receiver_report(7, 7, 200, 9)] {
            assert_eq!(world.packet(A, Channel::Rtcp, BLEEDER, &packet), vec![]);
        }
        world.rtp(A, ALICE, 1);
        world.packet(A, Channel::Rtcp, "192.0.2.1:4001", &sender_report(7, 3));
    }
    assert_eq!((world.figures(A).rtcp, world.figures(A).far_lost), (2, 0));
}

/// M7: an INVITE whose source may be forged, and `c=` of somebody else.
#[test]
fn a_third_host_gets_a_small_budget_until_the_caller_has_shown_that_it_reads() {
    let named = Remote { rtp: Some(address(VICTIM)), standing: Standing::Early, ..alice() };
    let mut world = World::call();
    world.agree(A, &named);
    let (sent, places) = bob_talks(&mut world, 1_500);
    assert_eq!((sent, places), (usize::from(EARLY_PACKETS), vec![VICTIM.to_owned()]));
    world.agree(A, &named);
    assert_eq!(bob_talks(&mut world, 10).0, 0, "agreed once more, no more comes of it");
    world.settle(A);
    assert_eq!(bob_talks(&mut world, 10).0, 10);
    let (sent, _) = bob_talks(&mut world, 2_000);
    assert!((1_400..1_500).contains(&sent), "a minute in all: {sent}");
}

/// M7: what Tandem says itself costs who forges an INVITE nothing but that INVITE.
#[test]
fn what_we_say_ourselves_is_cut_short_until_the_caller_has_shown_that_it_reads() {
    for (named, most) in [(VICTIM, 25), (ALICE, 250)] {
        for in_a_room in [false, true] {
            let early = Remote { rtp: Some(address(named)), standing: Standing::Early, ..alice() };
            let mut world = World::empty();
            world.open(A);
            world.agree(A, &early);
            if in_a_room {
                world.join(A, RoomId::new(port(A).worker, 7));
            } else {
                world.play_tone(A);
            }
            assert_eq!(world.run(Duration::from_secs(20)), most, "{named}, in a room: {in_a_room}");
            world.agree(A, &early);
            assert_eq!(world.run(Duration::from_secs(1)), 0, "agreed once more, no more comes of it");
            world.settle(A);
            assert_eq!(world.run(Duration::from_secs(1)), 50, "{named}, in a room: {in_a_room}");
        }
    }
}

/// M7: who is heard gets all of it.
#[test]
fn what_we_say_ourselves_goes_on_once_the_caller_is_heard() {
    let mut world = World::empty();
    world.open(A);
    world.agree(A, &Remote { rtp: Some(address(VICTIM)), standing: Standing::Early, ..alice() });
    world.play_tone(A);
    assert_eq!(world.run(Duration::from_secs(2)), 25);
    world.rtp(A, VICTIM, 1);
    assert_eq!(world.run(Duration::from_secs(1)), 50);
}

#[test]
fn a_caller_whose_media_comes_from_its_own_host_has_no_budget() {
    let mut world = World::call();
    world.agree(A, &Remote { standing: Standing::Early, ..alice() });
    assert_eq!(bob_talks(&mut world, 1_500).0, 1_500);
}

/// M7: who only listens gets no more than who says nothing, unless it reports.
#[test]
fn an_address_that_only_takes_gets_media_for_a_minute_unless_reports_come_from_it() {
    for reports in [false, true] {
        let mut world = World::call();
        world.agree(A, &Remote { flow: MediaFlow::Send, ..alice() });
        if reports {
            world.packet(A, Channel::Rtcp, "192.0.2.1:4001", &receiver_report(7, 7, 0, 0));
        }
        let (sent, _) = bob_talks(&mut world, 4_000);
        assert_eq!(sent, if reports { 4_000 } else { 3_000 });
    }
}

/// M7: an address that SDP named and that is refused is none.
#[test]
fn without_an_address_nothing_is_sent_until_the_far_end_is_heard() {
    let mut world = World::empty();
    for slot in [A, B] {
        world.open(slot);
    }
    world.agree(A, &Remote { rtp: None, rtcp: None, ..alice() });
    world.agree(B, &remote(BOB));
    world.hear(A, &[B]);
    world.hear(B, &[A]);
    assert_eq!(bob_talks(&mut world, 5).0, 0);
    (1..=3).for_each(|n| drop(world.rtp(A, ALICE, n)));
    assert_eq!(bob_talks(&mut world, 5).1, [ALICE]);
}
