//! RTP, RTCP, and whatever else comes to a media port: STUN and DTLS among it.

use std::net::{IpAddr, SocketAddr};

use ::media::{Arrival, Channel, Relay, rtcp as reports, rtp as packets};
use base::media::{Codec, MediaFlow, Payload, Remote};
use base::{Mono, PortId, ShardId};

/// RFC 3550 §5.1.
pub(super) fn rtp(octets: &[u8]) {
    if let Some(header) = packets::read(octets) {
        assert!(header.payload_octets + 12 <= octets.len() && header.payload_type < 128);
    }
    let _ = packets::is_rtcp_under_mux(octets);
    let mut twice = octets.to_vec();
    packets::disguise_ssrc(&mut twice);
    packets::disguise_ssrc(&mut twice);
    assert_eq!(twice, octets);
}

/// RFC 3550 §6.4, A.2.
pub(super) fn rtcp(octets: &[u8]) {
    if reports::read(octets).is_some() {
        assert!(octets.len() >= 8 && octets.len().is_multiple_of(4) && octets[0] >> 6 == 2);
    }
}

const ALICE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 4_000);
const BOB: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)), 5_000);
const STRANGER: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9)), 6_666);

/// Packets from a stranger and from the far end itself: nothing of a stranger goes on, and nothing goes to one. The
/// first octet of each packet says from whom, to which socket and how many octets it has.
pub(super) fn relay(octets: &[u8]) {
    let mut relay = call();
    let (mut now, mut rest) = (Mono(0), octets);
    while let Some((head, behind)) = rest.split_first() {
        let (packet, later) = behind.split_at(usize::from(head >> 2).min(behind.len()));
        rest = later;
        let channel = if head & 1 == 0 { Channel::Rtp } else { Channel::Rtcp };
        let from = if head & 2 == 0 { STRANGER } else { ALICE };
        let sendings = relay.receive(now, Arrival { slot: 0, channel, from }, packet);
        for sending in sendings {
            assert_eq!((from, sending.slot, sending.to.ip()), (ALICE, 1, BOB.ip()));
        }
        now = Mono(now.0 + 20_000);
        relay.tick(now);
        while relay.poll_event().is_some() {}
    }
}

fn call() -> Relay {
    let mut relay = Relay::new(0, 2);
    for (slot, far) in [(0, ALICE), (1, BOB)] {
        relay.open(slot, ShardId(0));
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
        relay.agree(Mono(0), slot, &remote);
    }
    relay.hear(0, &[PortId { worker: 0, slot: 1 }]);
    relay.hear(1, &[PortId { worker: 0, slot: 0 }]);
    relay
}
