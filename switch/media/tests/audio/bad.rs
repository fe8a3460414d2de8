//! Whatever a far end sends, its call and everybody else's go on.

use proptest::prelude::*;

use super::world::*;

/// A packet with a whole header and anything behind it: any of the agreed payload type and others, any numbers.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![Just(0_u8), Just(9), Just(96), any::<u8>()];
    let body = proptest::collection::vec(any::<u8>(), 0..1_400);
    (number, any::<u16>(), any::<u32>(), 0..3_u32, body).prop_map(
        |(number, sequence, timestamp, ssrc, body)| {
            [media::rtp::header(number, false, sequence, timestamp, 7_000 + ssrc).as_slice(), &body].concat()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// "Malformed RTP, absurd timestamps, payload types never offered."
    #[test]
    fn no_packet_of_a_member_stops_a_room(packets in proptest::collection::vec((0..3_u32, packet()), 1..60)) {
        let mut world = World::new(&[PCMU, G722, OPUS]);
        (0..3).for_each(|slot| world.join(slot, room(1)));
        world.tone(0, 440.0, 8_000.0);
        world.run(100);
        for (slot, packet) in packets {
            world.inject(slot, &packet);
            world.run(10);
        }
        world.run(800);
        prop_assert!(world.fars[1].level(440, 300) > dbm0(8_000.0) - 3.0);
    }
}
