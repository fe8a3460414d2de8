//! The relay as far ends and attackers see it.

use std::time::Duration;

use base::PortId;
use base::media::{Codec, LegMedia, MediaEvent, MediaFlow, Payload, Remote};
use media::{Channel, rtp};
use proptest::prelude::*;

use super::world::*;

#[test]
fn two_far_ends_hear_each_other() {
    let mut world = World::call();
    assert_eq!(world.rtp(A, ALICE, 1), to(B, BOB));
    assert_eq!(world.rtp(B, BOB, 1), to(A, ALICE));
    let latched = |slot, from| MediaEvent::Latched { port: PortId { worker: 3, slot }, from: address(from) };
    assert_eq!(world.events(), [latched(A, ALICE), latched(B, BOB)]);
    assert_eq!(
        (world.figures(A).received, world.figures(A).sent, world.figures(A).received_octets),
        (1, 1, 160)
    );
}

/// Conformance M1: RTP bleed before, during and after the answer.
#[test]
fn a_bleeder_gets_nothing_and_disturbs_nothing_once_the_far_end_is_known() {
    let mut world = World::call();
    world.rtp(A, ALICE, 1);
    for n in 0..1_000 {
        assert_eq!(world.rtp(A, BLEEDER, n), vec![]);
    }
    assert_eq!(world.rtp(B, BOB, 1), to(A, ALICE));
    assert_eq!(world.rtp(A, ALICE, 2), to(B, BOB));
    assert_eq!((world.figures(A).strays, world.figures(A).lost), (1_000, 0));
}

#[test]
fn a_bleeder_before_any_negotiation_gets_nothing() {
    let mut world = World::empty();
    assert_eq!(world.rtp(A, BLEEDER, 1), vec![]);
    world.open(A);
    world.hear(A, &[A]);
    (1..10).for_each(|n| assert_eq!(world.rtp(A, BLEEDER, n), vec![]));
    assert_eq!(world.figures(A).strays, 9);
}

#[test]
fn a_bleeder_that_wins_the_window_loses_to_the_negotiated_address() {
    let mut world = World::call();
    (1..=5).for_each(|n| drop(world.rtp(A, BLEEDER, n)));
    world.wait(Duration::from_millis(100));
    assert_eq!(world.rtp(A, ALICE, 1), to(B, BOB));
    assert_eq!(world.rtp(A, BLEEDER, 6), vec![]);
    assert_eq!(world.rtp(B, BOB, 1), to(A, ALICE));
}

#[test]
fn a_new_negotiation_to_the_same_address_opens_no_window() {
    let mut world = World::call();
    world.rtp(A, ALICE, 1);
    world.agree(A, &Remote { flow: MediaFlow::Neither, rtp: None, rtcp: None, ..remote(ALICE) });
    world.agree(A, &remote(ALICE));
    (1..10).for_each(|n| assert_eq!(world.rtp(A, BLEEDER, n), vec![]));
    assert_eq!(world.rtp(A, ALICE, 2), to(B, BOB));
}

#[test]
fn after_a_move_media_goes_to_the_new_address_at_once() {
    let mut world = World::call();
    world.rtp(A, ALICE, 1);
    world.agree(A, &remote("192.0.2.77:4400"));
    assert_eq!(world.rtp(B, BOB, 1), to(A, "192.0.2.77:4400"));
    assert_eq!(world.rtp(A, ALICE, 2), vec![]);
    assert_eq!(world.rtp(A, "192.0.2.77:4400", 1), to(B, BOB));
}

/// Conformance M2: payload types nobody agreed, and junk, from the right address.
#[test]
fn other_payload_types_and_junk_are_strays_and_do_not_latch() {
    let mut world = World::call();
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &rtp_of(8, 1, 7)), vec![]);
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, b"\0\x01\0\0hello"), vec![]);
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, b""), vec![]);
    assert_eq!((world.figures(A).strays, world.events()), (3, vec![]));
}

/// RFC 3264 §8.4.
#[test]
fn a_hold_stops_what_its_direction_says() {
    let mut world = World::call();
    world.agree(A, &Remote { flow: MediaFlow::Send, ..remote(ALICE) });
    assert_eq!(world.rtp(A, ALICE, 1), vec![]);
    assert_eq!(world.rtp(B, BOB, 1), to(A, ALICE));
    world.agree(A, &Remote { flow: MediaFlow::Receive, ..remote(ALICE) });
    assert_eq!(world.rtp(A, ALICE, 2), to(B, BOB));
    assert_eq!(world.rtp(B, BOB, 2), vec![]);
}

/// RFC 3550 §8.2: a far end that hears itself must not take that for a collision.
#[test]
fn an_echo_comes_back_under_an_identity_of_our_own() {
    let mut world = World::call();
    world.hear(A, &[A]);
    world.hear(B, &[]);
    let went = world.packets(A, Channel::Rtp, ALICE, &rtp_of(0, 1, 7));
    let [(A, to, packet)] = &went[..] else { panic!("{went:?}") };
    assert_eq!((to.as_str(), &packet[12..]), (ALICE, [0xff; 160].as_slice()));
    assert_ne!(packet[8..12], 7_u32.to_be_bytes());
}

/// RFC 3550 §5.1: each leg has one SSRC, its own payload numbers, and sequence numbers that show what was lost.
#[test]
fn a_relayed_packet_carries_the_numbers_of_the_leg_it_leaves_by() {
    let mut world = World::call();
    let event = |number| Payload { number, clock_hz: 8_000, codec: Codec::TelephoneEvent };
    for (slot, at, number) in [(A, ALICE, 101), (B, BOB, 96)] {
        let mut remote = remote(at);
        remote.payloads.push(event(number));
        world.agree(slot, &remote);
    }
    let heads: Vec<rtp::Header> = [(0, 10), (0, 11), (0, 13), (101, 14)]
        .into_iter()
        .flat_map(|(number, sequence)| world.packets(A, Channel::Rtp, ALICE, &rtp_of(number, sequence, 7)))
        .map(|(_, _, packet)| rtp::read(&packet).expect("a packet of RTP"))
        .collect();
    let first = heads[0];
    let rows: Vec<_> = heads
        .iter()
        .map(|head| {
            assert_eq!(head.ssrc, first.ssrc);
            let step = head.timestamp.wrapping_sub(first.timestamp);
            (head.payload_type, head.sequence.wrapping_sub(first.sequence), step, head.marker)
        })
        .collect();
    assert_eq!(rows, [(0, 0, 0, true), (0, 1, 160, false), (0, 3, 480, false), (96, 4, 640, false)]);
}

/// RFC 3550 §5.3.1: extensions and contributing sources were agreed with the other leg.
#[test]
fn header_extensions_sources_and_padding_do_not_cross() {
    let mut world = World::call();
    let mut packet = rtp_of(0, 1, 7);
    let payload = packet.split_off(12);
    packet[0] = 0xb1;
    packet.extend([0, 0, 0, 9, 0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
    packet.extend(payload);
    packet.extend([0, 0, 3]);
    let went = world.packets(A, Channel::Rtp, ALICE, &packet);
    assert_eq!((went[0].2[0], &went[0].2[12..]), (0x80, [0xff; 160].as_slice()));
}

/// A payload type that the other leg has not agreed to is left out, and is not missed.
#[test]
fn what_the_other_leg_has_no_number_for_is_left_out_without_a_gap() {
    let mut world = World::call();
    let mut alice = remote(ALICE);
    alice.payloads.push(Payload { number: 101, clock_hz: 8_000, codec: Codec::TelephoneEvent });
    world.agree(A, &alice);
    let numbers: Vec<u16> = [(0, 1), (101, 2), (101, 3), (0, 4)]
        .into_iter()
        .flat_map(|(number, sequence)| world.packets(A, Channel::Rtp, ALICE, &rtp_of(number, sequence, 7)))
        .filter_map(|(_, _, packet)| Some(rtp::read(&packet)?.sequence))
        .collect();
    assert_eq!(numbers, [numbers[0], numbers[0].wrapping_add(1)]);
}

#[test]
fn a_closed_port_neither_hears_nor_is_heard_when_its_slot_is_used_again() {
    let mut world = World::call();
    world.rtp(B, BOB, 1);
    world.close(B);
    assert_eq!(world.rtp(A, ALICE, 1), vec![]);
    world.open(B);
    world.agree(B, &remote("192.0.2.3:7000"));
    assert_eq!(world.rtp(A, ALICE, 2), vec![]);
    assert_eq!(world.rtp(B, "192.0.2.3:7000", 1), vec![]);
    let media = LegMedia { received: 1, received_octets: 160, mos_centi: 441, ..LegMedia::default() };
    assert!(world.events().contains(&MediaEvent::Closed { port: PortId { worker: 3, slot: B }, media }));
}

/// RFC 3550 §6: reports are about the streams of one leg and end there.
#[test]
fn rtcp_of_the_far_end_is_counted_and_does_not_cross() {
    let mut world = World::call();
    let report = sender_report(7, 0xabcd);
    assert_eq!(world.packet(A, Channel::Rtcp, "192.0.2.1:4001", &report), vec![]);
    assert_eq!(world.packet(A, Channel::Rtcp, BLEEDER, &report), vec![]);
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &report), vec![]);
    let heard = world.packets(A, Channel::Rtp, ALICE, &rtp_of(0, 1, 7));
    let ours = rtp::read(&heard[0].2).expect("a packet of RTP").ssrc;
    world.packet(B, Channel::Rtcp, "192.0.2.2:5001", &receiver_report(8, ours, 3, 0xabcd));
    assert_eq!((world.figures(B).far_lost, world.figures(B).rtcp), (3, 1));
    assert_eq!((world.figures(A).rtcp, world.figures(A).strays), (1, 2));
}

#[test]
fn rtcp_of_a_phone_behind_nat_is_known_by_the_host_of_its_rtp() {
    let mut world = World::call();
    (1..=3).for_each(|n| drop(world.rtp(A, "198.51.100.1:33000", n)));
    world.packet(A, Channel::Rtcp, "198.51.100.1:33441", &sender_report(7, 1));
    assert_eq!(world.figures(A).rtcp, 1);
}

/// RFC 5761 §4: told apart by payload type.
#[test]
fn reports_on_a_shared_port_are_told_from_media() {
    let mut world = World::call();
    world.agree(A, &Remote { mux: true, ..remote(ALICE) });
    world.packet(A, Channel::Rtp, ALICE, &sender_report(7, 1));
    world.packet(A, Channel::Rtcp, "192.0.2.1:4001", &sender_report(7, 1));
    assert_eq!((world.figures(A).rtcp, world.figures(A).strays), (1, 1));
    assert_eq!(world.rtp(A, ALICE, 1), to(B, BOB));
}

#[test]
fn silence_is_reported_and_its_end_too() {
    let mut world = World::call();
    let port = PortId { worker: 3, slot: A };
    world.rtp(B, BOB, 1);
    world.events();
    world.wait(Duration::from_secs(5));
    let quiet = Duration::from_secs(5);
    assert_eq!(world.events(), [MediaEvent::Silent { port, ever_heard: false, quiet }]);
    world.rtp(A, ALICE, 1);
    let latched = MediaEvent::Latched { port, from: address(ALICE) };
    assert_eq!(world.events(), [latched, MediaEvent::Heard { port }]);
}

#[test]
fn a_held_far_end_is_not_silent_and_is_watched_anew_after_the_hold() {
    let mut world = World::call();
    world.close(B);
    world.rtp(A, ALICE, 1);
    world.agree(A, &Remote { flow: MediaFlow::Send, ..remote(ALICE) });
    world.events();
    world.wait(Duration::from_secs(300));
    assert_eq!(world.events(), []);
    world.agree(A, &remote(ALICE));
    world.wait(Duration::from_secs(9));
    assert_eq!(world.events(), []);
    world.wait(Duration::from_secs(1));
    let quiet = Duration::from_secs(10);
    let silent = MediaEvent::Silent { port: PortId { worker: 3, slot: A }, ever_heard: true, quiet };
    assert_eq!(world.events(), [silent]);
}

/// Conformance M7: a `c=` that names a third party.
#[test]
fn an_address_that_never_answers_gets_media_for_a_minute_at_most() {
    let mut world = World::call();
    world.wait(Duration::from_secs(59));
    assert_eq!(world.rtp(A, ALICE, 1), to(B, BOB));
    world.wait(Duration::from_secs(1));
    assert_eq!(world.rtp(A, ALICE, 2), vec![]);
    assert_eq!(world.rtp(B, BOB, 1), to(A, ALICE));
    assert_eq!(world.rtp(A, ALICE, 3), to(B, BOB));
}

/// Conformance M5.
#[test]
fn reports_of_a_stranger_are_not_learned_once_the_rtp_of_the_far_end_is_known() {
    let mut world = World::call();
    world.rtp(A, ALICE, 1);
    world.rtp(B, BOB, 1);
    for _ in 0..3 {
        let report = sender_report(7, 1);
        assert_eq!(world.packet(B, Channel::Rtcp, "203.0.113.9:1032", &report), vec![]);
    }
}

proptest! {
    #[test]
    fn nothing_from_a_stranger_is_ever_relayed_once_the_far_ends_are_known(
        packets in proptest::collection::vec(
            (0..3u32, any::<bool>(), 1_000..1_100u16, 0..4u8, any::<u16>(), proptest::collection::vec(any::<u8>(), 0..40)),
            1..200,
        ),
    ) {
        let mut world = World::call();
        world.rtp(A, ALICE, 1);
        world.rtp(B, BOB, 1);
        for (slot, is_rtcp, port, kind, sequence, junk) in packets {
            let channel = if is_rtcp { Channel::Rtcp } else { Channel::Rtp };
            let packet = match kind {
                0 => rtp_of(0, sequence, 7),
                1 => rtp_of(0, sequence, u32::from(sequence)),
                2 => sender_report(7, 1),
                _junk => junk,
            };
            prop_assert_eq!(world.packet(slot, channel, &format!("203.0.113.9:{port}"), &packet), vec![]);
        }
        prop_assert_eq!(world.rtp(A, ALICE, 2), to(B, BOB));
        prop_assert_eq!(world.rtp(B, BOB, 2), to(A, ALICE));
    }
}
