//! Legs in the engine: packets in at one side, packets out at the other.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use base::media::{Codec, Gain, Heard, MediaCommand, MediaFlow, Payload, Remote};
use base::testing::Seeded;
use base::{Mono, PortId, RoomId, ShardId};
use media::codec::{self, Decoder};
use media::dsp::level;
use media::frame::Rate;
use media::{Arrival, Channel, Engine};

use crate::race::Course;
use crate::signal;

const WORKER: u8 = 0;
const SHARD: ShardId = ShardId(0);
const BEAT: Duration = Duration::from_millis(10);
const HEADER_OCTETS: usize = 12;

/// An engine with its far ends.
#[derive(Debug)]
pub(crate) struct Crowd {
    engine: Engine,
    now: Mono,
    far_ends: Vec<FarEnd>,
    packet: Box<[u8; 1_500]>,
    /// Packets that the engine sent.
    sent: u64,
}

#[derive(Debug)]
struct FarEnd {
    arrival: Arrival,
    payload: Payload,
    payloads: Rc<[Vec<u8>]>,
    sequence: u16,
}

impl Crowd {
    /// So many calls between two codecs. Of equal ones the first hears the other a little softer, or they would be
    /// relayed.
    pub(crate) fn calls(codecs: [Codec; 2], calls: u32) -> Self {
        let gain = if codecs[0] == codecs[1] { Gain::centibels(-100) } else { Gain::UNITY };
        let mut crowd = Self::with(&codecs, 2 * calls);
        for slot in 0..2 * calls {
            let sources = [Heard { port: port(slot ^ 1), gain }].into_iter().collect();
            crowd.tell(MediaCommand::Hear { port: port(slot), room: None, sources });
        }
        crowd
    }

    /// Rooms of so many legs of one codec in which everybody speaks.
    pub(crate) fn rooms(codec: Codec, rooms: u32, members: u32) -> Self {
        let mut crowd = Self::with(&[codec], rooms * members);
        for slot in 0..rooms * members {
            let room = Some(RoomId::new(WORKER, u64::from(slot / members)));
            crowd.tell(MediaCommand::Speak { port: port(slot), room, gain: Gain::UNITY });
            crowd.tell(MediaCommand::Hear { port: port(slot), room, sources: [].into_iter().collect() });
        }
        crowd
    }

    /// Open ports, the codecs by turns.
    fn with(codecs: &[Codec], legs: u32) -> Self {
        let spoken: Vec<signal::Voices> = codecs.iter().copied().map(signal::voices).collect();
        let far_end = |slot: u32| {
            let which = slot as usize % codecs.len();
            let from = SocketAddr::from((Ipv4Addr::from(0xc612_0000 + slot), 4_000));
            FarEnd {
                arrival: Arrival { slot, channel: Channel::Rtp, from },
                payload: payload(codecs[which]),
                payloads: Rc::clone(signal::of(&spoken[which], slot / codecs.len() as u32)),
                sequence: slot as u16,
            }
        };
        let mut crowd = Self {
            engine: Engine::new(WORKER, legs as usize, Box::new(Seeded::new(1))),
            now: Mono(1_000_000),
            far_ends: (0..legs).map(far_end).collect(),
            packet: Box::new([0; 1_500]),
            sent: 0,
        };
        for slot in 0..legs {
            let far_end = &crowd.far_ends[slot as usize];
            let remote = Remote {
                rtp: Some(far_end.arrival.from),
                payloads: [far_end.payload].into_iter().collect(),
                flow: MediaFlow::Both,
                ..Remote::default()
            };
            crowd.tell(MediaCommand::Open { port: port(slot) });
            crowd.tell(MediaCommand::Remote { port: port(slot), remote });
        }
        crowd
    }

    pub(crate) fn tell(&mut self, command: MediaCommand) {
        self.engine.handle(self.now, SHARD, command);
    }

    /// Says what is wrong when the far end of the first port does not hear speech, or anyone not one packet per 20 ms.
    pub(crate) fn check(&mut self, what: &str) -> Result<(), String> {
        (0..50).for_each(|_| self.step());
        let before = self.sent;
        let codec = self.far_ends[0].payload.codec;
        let mut decoder = codec::decoder(codec, Rate::Hz8000).expect("a codec of speech");
        let mut heard = Vec::new();
        (0..50).for_each(|_| self.do_step(Some((decoder.as_mut(), &mut heard))));
        let (sent, wanted) = (self.sent - before, 50 * u64::from(self.legs()));
        if sent * 100 < wanted * 98 {
            return Err(format!("{what}: {sent} packets came out where {wanted} should"));
        }
        let level = level::dbm0(&heard);
        if level < -35.0 {
            return Err(format!("{what}: nothing is heard, {level:.0} dBm0"));
        }
        Ok(())
    }

    /// Half of the far ends send before the first beat and half before the second.
    fn do_step(&mut self, mut ear: Option<(&mut (dyn Decoder + 'static), &mut Vec<i16>)>) {
        for half in 0..2 {
            for place in 0..self.far_ends.len() {
                if place / 2 % 2 == half {
                    self.say(place);
                }
            }
            self.now += BEAT;
            self.engine.tick(self.now);
            while let Some((sending, packet)) = self.engine.poll_packet() {
                self.sent += u64::from(sending.channel == Channel::Rtp);
                if let Some((decoder, heard)) = &mut ear
                    && (sending.slot, sending.channel) == (0, Channel::Rtp)
                {
                    let mut audio = [0; 960];
                    let samples = decoder.decode(&packet[HEADER_OCTETS..], &mut audio).unwrap_or(0);
                    heard.extend_from_slice(&audio[..samples]);
                }
            }
            while self.engine.poll_event().is_some() {}
        }
    }

    /// One far end sends 20 ms.
    fn say(&mut self, place: usize) {
        let far_end = &mut self.far_ends[place];
        far_end.sequence = far_end.sequence.wrapping_add(1);
        let ticks = far_end.payload.clock_hz / 50;
        let timestamp = u32::from(far_end.sequence).wrapping_mul(ticks);
        let payload = &far_end.payloads[usize::from(far_end.sequence) % signal::PACKETS];
        let packet = &mut self.packet[..HEADER_OCTETS + payload.len()];
        packet[..2].copy_from_slice(&[0x80, far_end.payload.number]);
        packet[2..4].copy_from_slice(&far_end.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&timestamp.to_be_bytes());
        packet[8..12].copy_from_slice(&(place as u32 + 1).to_be_bytes());
        packet[HEADER_OCTETS..].copy_from_slice(payload);
        self.engine.receive(self.now, far_end.arrival, packet);
    }
}

impl Course for Crowd {
    fn legs(&self) -> u32 {
        self.far_ends.len() as u32
    }

    fn step(&mut self) {
        self.do_step(None);
    }
}

pub(crate) fn port(slot: u32) -> PortId {
    PortId { worker: WORKER, slot }
}

fn payload(codec: Codec) -> Payload {
    let (number, clock_hz) = match codec {
        Codec::Pcmu => (0, 8_000),
        Codec::Pcma => (8, 8_000),
        Codec::G722 => (9, 8_000),
        Codec::Opus => (111, 48_000),
        Codec::TelephoneEvent | Codec::ComfortNoise | Codec::Other(_) => (127, 8_000),
    };
    Payload { number, clock_hz, codec }
}
