//! The relay as far ends and attackers see it.

use std::time::Duration;

use base::media::{LegMedia, MediaEvent, MediaFlow, Remote};
use base::{Mono, PortId, ShardId};
use media::{Arrival, Channel, Relay};
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
    let mut world = World { relay: Relay::new(3, 2), now: Mono(0) };
    assert_eq!(world.rtp(A, BLEEDER, 1), vec![]);
    world.relay.open(A, ShardId(1));
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
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &rtp(8, 1, 7)), vec![]);
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

#[test]
fn an_echo_is_marked_so_and_goes_last() {
    let mut world = World::call();
    world.hear(A, &[A]);
    let arrival = Arrival { slot: A, channel: Channel::Rtp, from: address(ALICE) };
    let sendings = world.relay.receive(world.now, arrival, &rtp(0, 1, 7));
    assert_eq!(sendings.iter().map(|s| (s.slot, s.echo)).collect::<Vec<_>>(), [(B, false), (A, true)]);
    assert_eq!(
        world.packet(A, Channel::Rtcp, "192.0.2.1:4001", &sender_report(7, 9)),
        to(B, "192.0.2.2:5001")
    );
}

#[test]
fn a_closed_port_neither_hears_nor_is_heard_when_its_slot_is_used_again() {
    let mut world = World::call();
    world.rtp(B, BOB, 1);
    world.relay.close(B);
    assert_eq!(world.rtp(A, ALICE, 1), vec![]);
    world.relay.open(B, ShardId(1));
    world.agree(B, &remote("192.0.2.3:7000"));
    assert_eq!(world.rtp(A, ALICE, 2), vec![]);
    assert_eq!(world.rtp(B, "192.0.2.3:7000", 1), vec![]);
    let media = LegMedia { received: 1, received_octets: 160, ..LegMedia::default() };
    assert!(world.events().contains(&MediaEvent::Closed { port: PortId { worker: 3, slot: B }, media }));
}

#[test]
fn rtcp_passes_between_the_rtcp_addresses_and_tells_loss_and_round_trip() {
    let mut world = World::call();
    let report = sender_report(7, 0xabcd);
    assert_eq!(world.packet(A, Channel::Rtcp, "192.0.2.1:4001", &report), to(B, "192.0.2.2:5001"));
    assert_eq!(world.packet(A, Channel::Rtcp, BLEEDER, &report), vec![]);
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &report), vec![]);
    world.wait(Duration::from_millis(40));
    world.packet(B, Channel::Rtcp, "192.0.2.2:5001", &receiver_report(8, 3, 0xabcd));
    assert_eq!((world.figures(B).far_lost, world.figures(B).rtcp), (3, 1));
    assert_eq!(world.relay.round_trip(B), Some(Duration::from_millis(40)));
    assert_eq!(world.figures(A).strays, 2);
}

#[test]
fn rtcp_of_a_phone_behind_nat_is_known_by_the_host_of_its_rtp() {
    let mut world = World::call();
    (1..=3).for_each(|n| drop(world.rtp(A, "198.51.100.1:33000", n)));
    let went = world.packet(A, Channel::Rtcp, "198.51.100.1:33441", &sender_report(7, 1));
    assert_eq!(went, to(B, "192.0.2.2:5001"));
    let back = world.packet(B, Channel::Rtcp, "192.0.2.2:5001", &sender_report(8, 1));
    assert_eq!(back, to(A, "198.51.100.1:33441"));
}

/// RFC 5761 §4: told apart by payload type; the other leg need not share.
#[test]
fn a_leg_with_a_shared_port_talks_to_one_without() {
    let mut world = World::call();
    world.agree(A, &Remote { mux: true, ..remote(ALICE) });
    assert_eq!(world.packet(A, Channel::Rtp, ALICE, &sender_report(7, 1)), to(B, "192.0.2.2:5001"));
    assert_eq!(world.packet(B, Channel::Rtcp, "192.0.2.2:5001", &sender_report(8, 1)), to(A, ALICE));
    assert_eq!(world.packet(A, Channel::Rtcp, "192.0.2.1:4001", &sender_report(7, 1)), vec![]);
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
    assert_eq!(world.relay.deadline(), Some(Mono(11_000_000)));
}

#[test]
fn a_held_far_end_is_not_silent_and_is_watched_anew_after_the_hold() {
    let mut world = World::call();
    world.relay.close(B);
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
                0 => rtp(0, sequence, 7),
                1 => rtp(0, sequence, u32::from(sequence)),
                2 => sender_report(7, 1),
                _junk => junk,
            };
            prop_assert_eq!(world.packet(slot, channel, &format!("203.0.113.9:{port}"), &packet), vec![]);
        }
        prop_assert_eq!(world.rtp(A, ALICE, 2), to(B, BOB));
        prop_assert_eq!(world.rtp(B, BOB, 2), to(A, ALICE));
    }
}
