//! An engine, a clock that the test moves, and packets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base::media::{
    Codec, Gain, Heard, LegMedia, MediaCommand, MediaEvent, MediaFlow, Over, Payload, Play, PlayId, Remote,
    Sound, Tone, TonePart,
};
use base::testing::Counting;
use base::{Mono, PortId, RoomId, ShardId};
use media::{Arrival, Channel, Engine};

pub(crate) const ALICE: &str = "192.0.2.1:4000";
pub(crate) const BOB: &str = "192.0.2.2:5000";
pub(crate) const BLEEDER: &str = "203.0.113.9:6666";
pub(crate) const A: u32 = 0;
pub(crate) const B: u32 = 1;

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Mono,
    /// Reports that went out, with the slots they left from.
    pub(crate) reports: Vec<(u32, String, Vec<u8>)>,
}

/// Where a packet went.
pub(crate) type Went = Vec<(u32, String)>;

impl World {
    /// Alice on port A and Bob on port B hear each other.
    pub(crate) fn call() -> Self {
        let mut world = Self::empty();
        for (slot, address) in [(A, ALICE), (B, BOB)] {
            world.open(slot);
            world.agree(slot, &remote(address));
        }
        world.hear(A, &[B]);
        world.hear(B, &[A]);
        world
    }

    /// No port is open.
    pub(crate) fn empty() -> Self {
        Self {
            engine: Engine::new(3, 4, Box::new(Counting::default())),
            now: Mono(1_000_000),
            reports: Vec::new(),
        }
    }

    pub(crate) fn command(&mut self, command: MediaCommand) {
        self.engine.handle(self.now, ShardId(1), command);
    }

    pub(crate) fn open(&mut self, slot: u32) {
        self.command(MediaCommand::Open { port: port(slot) });
    }

    pub(crate) fn settle(&mut self, slot: u32) {
        self.command(MediaCommand::Settle { port: port(slot) });
    }

    pub(crate) fn close(&mut self, slot: u32) {
        self.command(MediaCommand::Close { port: port(slot) });
    }

    pub(crate) fn agree(&mut self, slot: u32, remote: &Remote) {
        self.command(MediaCommand::Remote { port: port(slot), remote: remote.clone() });
    }

    pub(crate) fn hear(&mut self, slot: u32, sources: &[u32]) {
        let sources = sources.iter().map(|slot| Heard::plain(port(*slot))).collect();
        self.command(MediaCommand::Hear { port: port(slot), room: None, sources });
    }

    pub(crate) fn packet(&mut self, slot: u32, channel: Channel, from: &str, packet: &[u8]) -> Went {
        self.packets(slot, channel, from, packet).into_iter().map(|(slot, to, _)| (slot, to)).collect()
    }

    /// The same with what went there.
    pub(crate) fn packets(
        &mut self,
        slot: u32,
        channel: Channel,
        from: &str,
        packet: &[u8],
    ) -> Vec<(u32, String, Vec<u8>)> {
        let arrival = Arrival { slot, channel, from: address(from) };
        self.engine.receive(self.now, arrival, &mut packet.to_vec());
        self.sent()
    }

    /// Packets that went out; reports are put aside.
    pub(crate) fn sent(&mut self) -> Vec<(u32, String, Vec<u8>)> {
        let mut went = Vec::new();
        while let Some((sending, packet)) = self.engine.poll_packet() {
            let sent = (sending.slot, sending.to.to_string(), packet.to_vec());
            if packet.get(1).is_some_and(|octet| (200..=207).contains(octet)) {
                self.reports.push(sent)
            } else {
                went.push(sent)
            }
        }
        went
    }

    pub(crate) fn rtp(&mut self, slot: u32, from: &str, sequence: u16) -> Went {
        self.packet(slot, Channel::Rtp, from, &rtp_of(0, sequence, 7))
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.now += time;
        self.engine.tick(self.now);
        assert_eq!(self.sent(), []);
    }

    /// In beats of 10 ms; how many packets went out.
    pub(crate) fn run(&mut self, time: Duration) -> usize {
        let mut went = 0;
        for _ in 0..time.as_millis() / 10 {
            self.now += Duration::from_millis(10);
            self.engine.tick(self.now);
            went += self.sent().len();
        }
        went
    }

    /// Hears a tone of ours for a minute.
    pub(crate) fn play_tone(&mut self, slot: u32) {
        let part = TonePart { hz: [1_004, 0, 0, 0], dbm0: -10.0, ms: 60_000 };
        let tone = Sound::Tone(Tone { parts: [part].into_iter().collect(), times: 1 });
        let (items, over) = (vec![tone].into(), Over::Alone);
        let play = Play { id: PlayId(1), items, times: 1, over, until_digit: false, gain: Gain::UNITY };
        self.command(MediaCommand::Play { port: port(slot), play: Arc::new(play) });
    }

    /// Hears and is heard in the room.
    pub(crate) fn join(&mut self, slot: u32, room: RoomId) {
        let (port, gain) = (port(slot), Gain::UNITY);
        self.command(MediaCommand::Speak { port, room: Some(room), gain });
        self.command(MediaCommand::Hear { port, room: Some(room), sources: [].into_iter().collect() });
    }

    /// All that was told but figures and troubles.
    pub(crate) fn events(&mut self) -> Vec<MediaEvent> {
        let is_quality =
            |event: &MediaEvent| matches!(event, MediaEvent::Quality { .. } | MediaEvent::Trouble { .. });
        self.all_events().into_iter().filter(|event| !is_quality(event)).collect()
    }

    pub(crate) fn all_events(&mut self) -> Vec<MediaEvent> {
        std::iter::from_fn(|| self.engine.poll_event())
            .map(|(shard, event)| {
                assert_eq!(shard, ShardId(1));
                event
            })
            .collect()
    }

    pub(crate) fn figures(&self, slot: u32) -> LegMedia {
        self.engine.figures(slot).expect("an open port")
    }
}

pub(crate) fn port(slot: u32) -> PortId {
    PortId { worker: 3, slot }
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub(crate) fn remote(at: &str) -> Remote {
    let rtp = address(at);
    let payloads = [Payload { number: 0, clock_hz: 8_000, codec: Codec::Pcmu }].into_iter().collect();
    let rtcp = Some(SocketAddr::new(rtp.ip(), rtp.port() + 1));
    Remote { rtp: Some(rtp), rtcp, mux: false, payloads, flow: MediaFlow::Both, ..Remote::default() }
}

pub(crate) fn rtp_of(payload_type: u8, sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0xff; 160]);
    packet
}

pub(crate) fn sender_report(ssrc: u32, ntp_middle: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 200, 0, 6];
    packet.extend(ssrc.to_be_bytes());
    packet.extend((u64::from(ntp_middle) << 16).to_be_bytes());
    packet.extend([0; 12]);
    packet
}

/// How `ssrc` hears `heard`.
pub(crate) fn receiver_report(ssrc: u32, heard: u32, lost: u8, last_report: u32) -> Vec<u8> {
    let mut packet = vec![0x81, 201, 0, 7];
    packet.extend(ssrc.to_be_bytes());
    packet.extend(heard.to_be_bytes());
    packet.extend([0, 0, 0, lost, 0, 0, 0, 0, 0, 0, 0, 0]);
    packet.extend(last_report.to_be_bytes());
    packet.extend([0; 4]);
    packet
}

pub(crate) fn to(slot: u32, at: &str) -> Went {
    vec![(slot, at.to_owned())]
}
