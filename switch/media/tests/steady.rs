//! In the steady state nothing allocates, and a large room keeps time.

use std::net::SocketAddr;
use std::sync::Arc;

use base::media::{
    Codec, Gain, Heard, MasterKey, MediaCommand, MediaFlow, Payload, Remote, StreamKeys, Suite,
};
use base::testing::Counting;
use base::{Mono, PortId, RoomId, ShardId};
use media::frame::Rate;
use media::srtp::Guard;
use media::{Arrival, Channel, Engine, codec, rtp};

const PCMU: Payload = Payload { number: 0, clock_hz: 8_000, codec: Codec::Pcmu };
const PCMA: Payload = Payload { number: 8, clock_hz: 8_000, codec: Codec::Pcma };
const G722: Payload = Payload { number: 9, clock_hz: 8_000, codec: Codec::G722 };

/// Far ends that say the same again and again.
struct Hall {
    engine: Engine,
    now: Mono,
    fars: Vec<(Payload, Vec<u8>)>,
    packets: u16,
    sent: usize,
    /// Of those that encrypt.
    guards: Vec<Guard>,
}

fn port(slot: u32) -> PortId {
    PortId { worker: 0, slot }
}

fn address(slot: u32) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 2_000 + slot as u16 * 2))
}

/// 20 ms of a tone.
fn content(payload: Payload) -> Vec<u8> {
    let rate = match payload.codec.audio_hz() {
        16_000 => Rate::Hz16000,
        _ => Rate::Hz8000,
    };
    let mut encoder = codec::encoder(payload.codec, &base::media::Wishes::default(), rate).expect("speech");
    let step = std::f32::consts::TAU * 400.0 / rate.hz() as f32;
    let audio: Vec<i16> = (0..rate.frame() * 2).map(|n| (4_000.0 * (step * n as f32).sin()) as i16).collect();
    let mut out = vec![0; 4_000];
    let octets = encoder.encode(&audio, &mut out).expect("20 ms");
    out.truncate(octets);
    out
}

impl Hall {
    fn new(payloads: impl IntoIterator<Item = Payload>) -> Self {
        let engine = Engine::new(0, 2_048, Box::new(Counting::default()));
        let mut hall =
            Self { engine, now: Mono(1_000_000), fars: Vec::new(), packets: 0, sent: 0, guards: Vec::new() };
        for (payload, slot) in payloads.into_iter().zip(0..) {
            hall.obey(MediaCommand::Open { port: port(slot) });
            let remote = Remote {
                rtp: Some(address(slot)),
                payloads: [payload].into_iter().collect(),
                flow: MediaFlow::Both,
                ..Remote::default()
            };
            hall.obey(MediaCommand::Remote { port: port(slot), remote });
            hall.fars.push((payload, content(payload)));
        }
        hall
    }

    fn obey(&mut self, command: MediaCommand) {
        self.engine.handle(self.now, ShardId(0), command);
    }

    fn pairs(mut self) -> Self {
        for slot in 0..self.fars.len() as u32 {
            let sources = [Heard::plain(port(slot ^ 1))].into_iter().collect();
            self.obey(MediaCommand::Hear { port: port(slot), room: None, sources });
        }
        self
    }

    fn encrypted(mut self, suite: Suite) -> Self {
        let (key, salt) = suite.lengths();
        let key = MasterKey::new(suite, &vec![3; key + salt]).expect("its length");
        let keys = StreamKeys { send: (suite, key.clone()), receive: (suite, key), mki_octets: 0 };
        for slot in 0..self.fars.len() as u32 {
            let remote = Remote {
                rtp: Some(address(slot)),
                payloads: [self.fars[slot as usize].0].into_iter().collect(),
                flow: MediaFlow::Both,
                keys: Some(Arc::new(keys.clone())),
                ..Remote::default()
            };
            self.obey(MediaCommand::Remote { port: port(slot), remote });
            self.guards.push(Guard::new(&keys));
        }
        self
    }

    fn room(mut self) -> Self {
        let room = Some(RoomId::new(0, 7));
        for slot in 0..self.fars.len() as u32 {
            self.obey(MediaCommand::Speak { port: port(slot), room, gain: Gain::UNITY });
            self.obey(MediaCommand::Hear { port: port(slot), room, sources: [].into_iter().collect() });
        }
        self
    }

    /// 20 ms.
    fn step(&mut self) {
        self.packets = self.packets.wrapping_add(1);
        let mut packet = [0; 2_048];
        for ((payload, content), slot) in self.fars.iter().zip(0..) {
            let timestamp = u32::from(self.packets) * (payload.clock_hz / 50);
            let header = rtp::header(payload.number, false, self.packets, timestamp, 7 + slot);
            packet[..12].copy_from_slice(&header);
            packet[12..12 + content.len()].copy_from_slice(content);
            let arrival = Arrival { slot, channel: Channel::Rtp, from: address(slot) };
            let length = 12 + content.len();
            let sealed = self.guards.get_mut(slot as usize);
            let length = sealed.map_or(Ok(length), |guard| guard.protect_rtp(&mut packet, length));
            self.engine.receive(self.now, arrival, &mut packet[..length.expect("a fresh number")]);
        }
        for _ in 0..2 {
            self.now = Mono(self.now.0 + 10_000);
            self.engine.tick(self.now);
            while let Some((_, packet)) = self.engine.poll_packet() {
                self.sent += usize::from(packet[1] & 0x7f < 64 || packet[1] & 0x7f > 95);
            }
            while self.engine.poll_event().is_some() {}
        }
    }

    /// Allocations of so many seconds once things have settled. Reports, and the figures that go with them to the shard,
    /// come every few seconds and are no part of it: they are counted while nobody is worked on.
    fn allocations(&mut self) -> u64 {
        (0..400).for_each(|_| self.step());
        let least =
            (0..8).map(|_| allocation_counter::measure(|| (0..20).for_each(|_| self.step())).count_total);
        least.min().expect("eight")
    }
}

#[test]
fn relaying_allocates_nothing() {
    assert_eq!(Hall::new([PCMU; 40]).pairs().allocations(), 0);
}

#[test]
fn encrypted_relaying_and_mixing_allocate_nothing() {
    for suite in Suite::ALL {
        let mut pair = Hall::new([PCMU; 2]).encrypted(suite).pairs();
        assert_eq!(pair.allocations(), 0, "{suite:?}");
        assert!(pair.sent > 1_000, "{}", pair.sent);
        assert_eq!(Hall::new([PCMU, PCMA]).encrypted(suite).pairs().allocations(), 0, "{suite:?}");
    }
}

/// What the Opus library allocates by itself is counted in `allocation.rs`.
#[test]
fn transcoding_allocates_nothing() {
    for other in [PCMA, G722] {
        assert_eq!(Hall::new([PCMU, other]).pairs().allocations(), 0, "{:?}", other.codec);
    }
}

#[test]
fn mixing_allocates_nothing() {
    assert_eq!(Hall::new([PCMU, PCMA, PCMU]).room().allocations(), 0);
    assert_eq!(Hall::new([G722, PCMU, G722, PCMU]).room().allocations(), 0);
}

/// A beat of a thousand who all speak, each with what it hears for itself.
#[test]
fn a_room_of_a_thousand_is_mixed_for_each_of_them() {
    let mut hall = Hall::new([PCMU; 1_000]).room();
    (0..25).for_each(|_| hall.step());
    hall.sent = 0;
    (0..25).for_each(|_| hall.step());
    assert_eq!(hall.sent, 25 * 1_000, "half a second of packets to each");
    let load = hall.engine.load();
    assert_eq!((load.ports, load.rooms, load.skipped), (1_000, 1, 0));
}
