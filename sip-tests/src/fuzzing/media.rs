//! RTP, RTCP, and whatever else comes to a media port: STUN and DTLS among it.

use std::net::{IpAddr, SocketAddr};

use ::media::{Arrival, Channel, Engine, rtcp as reports, rtp as packets};
use base::media::{Codec, Heard, MediaCommand, MediaFlow, Payload, Remote};
use base::testing::Counting;
use base::{Mono, PortId, ShardId};

/// RFC 3550 §5.1.
pub(super) fn rtp(octets: &[u8]) {
    if let Some(header) = packets::read(octets) {
        assert!(header.payload_octets + 12 <= octets.len() && header.payload_type < 128);
    }
    let _ = packets::is_rtcp_under_mux(octets);
    assert_eq!(packets::payload(octets).is_some(), packets::read(octets).is_some());
}

/// RFC 3550 §6.4, A.2.
pub(super) fn rtcp(octets: &[u8]) {
    if reports::read(octets, 0).is_some() {
        assert!(octets.len() >= 8 && octets.len().is_multiple_of(4) && octets[0] >> 6 == 2);
    }
}

const ALICE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 4_000);
const BOB: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)), 5_000);
const STRANGER: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9)), 6_666);

/// Packets from a stranger and from the far end itself: nothing of a stranger goes on, and nothing goes to one. The
/// first octet of each packet says from whom, to which socket and how many octets it has.
pub(super) fn relay(octets: &[u8]) {
    let mut engine = call();
    let (mut now, mut rest) = (Mono(0), octets);
    while let Some((head, behind)) = rest.split_first() {
        let (packet, later) = behind.split_at(usize::from(head >> 2).min(behind.len()));
        rest = later;
        let channel = if head & 1 == 0 { Channel::Rtp } else { Channel::Rtcp };
        let from = if head & 2 == 0 { STRANGER } else { ALICE };
        engine.receive(now, Arrival { slot: 0, channel, from }, &mut packet.to_vec());
        while let Some((sending, _)) = engine.poll_packet() {
            assert_eq!((from, sending.slot, sending.to.ip()), (ALICE, 1, BOB.ip()));
        }
        now = Mono(now.0 + 20_000);
        engine.tick(now);
        while let Some((report, _)) = engine.poll_packet() {
            assert_ne!(report.to.ip(), STRANGER.ip());
        }
        while engine.poll_event().is_some() {}
    }
}

fn call() -> Engine {
    let mut engine = Engine::new(0, 2, Box::new(Counting::default()));
    let mut obey = |command| engine.handle(Mono(0), ShardId(0), command);
    for (slot, far) in [(0, ALICE), (1, BOB)] {
        let port = PortId { worker: 0, slot };
        obey(MediaCommand::Open { port });
        let payloads = [Payload { number: 0, clock_hz: 8_000, codec: Codec::Pcmu }].into_iter().collect();
        let remote = Remote {
            rtp: Some(far),
            rtcp: Some(SocketAddr::new(far.ip(), far.port() + 1)),
            mux: false,
            payloads,
            flow: MediaFlow::Both,
            host: Some(far.ip()),
            ..Remote::default()
        };
        obey(MediaCommand::Remote { port, remote });
        let other = Heard::plain(PortId { worker: 0, slot: 1 - slot });
        obey(MediaCommand::Hear { port, room: None, sources: [other].into_iter().collect() });
    }
    engine
}
