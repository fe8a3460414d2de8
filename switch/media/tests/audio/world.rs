//! Far ends that send tones and listen, an engine between them, and a clock that the test moves.

use std::f32::consts::TAU;
use std::net::SocketAddr;
use std::time::Duration;

use base::media::{
    Codec, Gain, Heard, MediaCommand, MediaEvent, MediaFlow, OpusWishes, Payload, Remote, Wishes,
};
use base::testing::Seeded;
use base::{Mono, PortId, RoomId, ShardId};
use media::codec::{self, Decoder, Encoder};
use media::dsp::level;
use media::frame::Rate;
use media::record::Parcel;
use media::{Arrival, Channel, Engine, rtp};

pub(crate) const PCMU: Payload = Payload { number: 0, clock_hz: 8_000, codec: Codec::Pcmu };
pub(crate) const PCMA: Payload = Payload { number: 8, clock_hz: 8_000, codec: Codec::Pcma };
pub(crate) const G722: Payload = Payload { number: 9, clock_hz: 8_000, codec: Codec::G722 };
pub(crate) const OPUS: Payload = Payload { number: 96, clock_hz: 48_000, codec: Codec::Opus };

const SHARD: ShardId = ShardId(1);
const BEAT: Duration = Duration::from_millis(10);

/// A phone.
#[derive(Debug)]
pub(crate) struct Far {
    pub(crate) slot: u32,
    payload: Payload,
    encoder: Box<dyn Encoder>,
    decoder: Box<dyn Decoder>,
    /// Frequency and peak.
    pub(crate) tone: Option<(f32, f32)>,
    /// A second one beside it.
    pub(crate) beside: Option<(f32, f32)>,
    /// Whether it sends anything at all.
    pub(crate) sends: bool,
    samples: u64,
    sequence: u16,
    timestamp: u32,
    /// Where the event began that it sends.
    event_at: u32,
    /// Packets that came of other types than its speech.
    pub(crate) others: Vec<(Mono, rtp::Header, Vec<u8>)>,
    /// What came, with its time.
    pub(crate) heads: Vec<(Mono, rtp::Header)>,
    pub(crate) heard: Vec<i16>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Mono,
    pub(crate) fars: Vec<Far>,
    pub(crate) events: Vec<MediaEvent>,
    /// Samples of the recordings, both channels where they have two.
    pub(crate) recorded: Vec<i16>,
}

pub(crate) fn best(codec: Codec) -> Rate {
    match codec.audio_hz() {
        48_000 => Rate::Hz48000,
        16_000 => Rate::Hz16000,
        _ => Rate::Hz8000,
    }
}

pub(crate) fn port(slot: u32) -> PortId {
    PortId { worker: 0, slot }
}

pub(crate) fn room(number: u64) -> RoomId {
    RoomId::new(0, number)
}

/// What each far end of a test's world may be wished otherwise.
pub(crate) fn wishes(packet_ms: u8) -> Wishes {
    Wishes { packet_ms, opus: OpusWishes::default() }
}

impl Far {
    pub(crate) fn new(slot: u32, payload: Payload) -> Self {
        let rate = best(payload.codec);
        Self {
            slot,
            payload,
            encoder: codec::encoder(payload.codec, &Wishes::default(), rate).expect("speech"),
            decoder: codec::decoder(payload.codec, rate).expect("speech"),
            tone: None,
            beside: None,
            sends: true,
            samples: 0,
            sequence: 100 * slot as u16,
            timestamp: 5_000 * slot,
            event_at: 0,
            others: Vec::new(),
            heads: Vec::new(),
            heard: Vec::new(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], 4_000 + self.slot as u16 * 2))
    }

    pub(crate) fn rate(&self) -> Rate {
        best(self.payload.codec)
    }

    /// Its next packet of 20 ms.
    pub(crate) fn packet(&mut self) -> Option<Vec<u8>> {
        let rate = self.rate().hz() as f32;
        let length = self.rate().frame() * 2;
        let (hz, peak) = self.tone.unwrap_or((0.0, 0.0));
        let (also_hz, also_peak) = self.beside.unwrap_or((0.0, 0.0));
        let sine = |n: u64, hz: f32| (TAU * hz * ((self.samples + n) % 48_000) as f32 / rate).sin();
        let audio: Vec<i16> = (0..length as u64)
            .map(|n| (peak * sine(n, hz) + also_peak * sine(n, also_hz)).round() as i16)
            .collect();
        self.samples += length as u64;
        let mut payload = vec![0; 4_000];
        let octets = self.encoder.encode(&audio, &mut payload).expect("20 ms");
        self.timestamp = self.timestamp.wrapping_add(self.payload.clock_hz / 50);
        if !self.sends {
            return None;
        }
        self.sequence = self.sequence.wrapping_add(1);
        let ssrc = 7_000 + self.slot;
        let header = rtp::header(self.payload.number, false, self.sequence, self.timestamp, ssrc);
        Some([&header, &payload[..octets]].concat())
    }

    pub(crate) fn take(&mut self, now: Mono, packet: &[u8]) {
        let head = rtp::read(packet).expect("RTP");
        self.heads.push((now, head));
        if head.payload_type != self.payload.number {
            self.others.push((now, head, rtp::payload(packet).expect("RTP").to_vec()));
            return;
        }
        let mut audio = vec![0; 48 * 120];
        let content = rtp::payload(packet).expect("RTP");
        let samples = self.decoder.decode(content, &mut audio).expect("a payload of its codec");
        self.heard.extend(&audio[..samples]);
    }

    /// A packet of an event that goes on or begins.
    fn event(&mut self, number: u8, marker: bool, payload: [u8; 4]) -> Vec<u8> {
        self.event_at = if marker { self.timestamp } else { self.event_at };
        self.sequence = self.sequence.wrapping_add(1);
        let header = rtp::header(number, marker, self.sequence, self.event_at, 7_000 + self.slot);
        [&header[..], &payload].concat()
    }

    /// A packet of comfort noise, where its speech stopped (RFC 3389 §4).
    fn noise(&mut self, number: u8, level: u8) -> Vec<u8> {
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(self.payload.clock_hz / 50);
        let header = rtp::header(number, false, self.sequence, self.timestamp, 7_000 + self.slot);
        [&header[..], &[level]].concat()
    }

    /// The level of a frequency over the last so many milliseconds that it heard.
    pub(crate) fn level(&self, hz: u32, ms: usize) -> f32 {
        let samples = self.rate().hz() as usize / 1_000 * ms;
        let from = self.heard.len().saturating_sub(samples);
        level::tone_dbm0(&self.heard[from..], hz, self.rate().hz())
    }

    /// What it heard from here on.
    pub(crate) fn forget(&mut self) {
        self.heads.clear();
        self.others.clear();
        self.heard.clear();
    }

    /// The numbers rise by one and the timestamps by what a packet holds, over all that came.
    pub(crate) fn assert_even(&self, packet_ms: u32) {
        for pair in self.heads.windows(2) {
            let (before, after) = (pair[0].1, pair[1].1);
            assert_eq!(after.ssrc, before.ssrc);
            assert_eq!(after.sequence, before.sequence.wrapping_add(1), "{pair:?}");
            let ticks = self.payload.clock_hz / 1_000 * packet_ms;
            assert_eq!(after.timestamp.wrapping_sub(before.timestamp), ticks, "{pair:?}");
        }
    }

    /// The same where packets of G.711 may be of any length.
    pub(crate) fn assert_whole(&self) {
        for pair in self.heads.windows(2) {
            let (before, after) = (pair[0].1, pair[1].1);
            assert_eq!((after.ssrc, after.sequence), (before.ssrc, before.sequence.wrapping_add(1)));
            let step = after.timestamp.wrapping_sub(before.timestamp);
            assert_eq!(step as usize, before.payload_octets, "{pair:?}");
        }
    }

    /// The steepest step between two samples.
    pub(crate) fn steepest(&self) -> i32 {
        let steps = self.heard.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs());
        steps.max().unwrap_or(0)
    }
}

impl World {
    pub(crate) fn new(payloads: &[Payload]) -> Self {
        Self::with(payloads.iter().map(|payload| (*payload, Wishes::default())))
    }

    pub(crate) fn with(payloads: impl IntoIterator<Item = (Payload, Wishes)>) -> Self {
        let engine = Engine::new(0, 2_048, Box::new(Seeded::new(7)));
        let mut world =
            Self { engine, now: Mono(1_000_000), fars: Vec::new(), events: Vec::new(), recorded: Vec::new() };
        for ((payload, wishes), slot) in payloads.into_iter().zip(0..) {
            let far = Far::new(slot, payload);
            world.obey(MediaCommand::Open { port: port(slot) });
            world.obey(MediaCommand::Remote { port: port(slot), remote: remote(&far, payload, wishes) });
            world.fars.push(far);
        }
        world
    }

    pub(crate) fn obey(&mut self, command: MediaCommand) {
        self.engine.handle(self.now, SHARD, command);
        self.collect();
    }

    pub(crate) fn hear(&mut self, slot: u32, sources: &[(u32, i32)]) {
        self.hear_in(slot, None, sources);
    }

    /// Sources with hundredths of a decibel; `i32::MIN` is off.
    pub(crate) fn hear_in(&mut self, slot: u32, room: Option<RoomId>, sources: &[(u32, i32)]) {
        let heard = |(slot, gain): &(u32, i32)| Heard { port: port(*slot), gain: gain_of(*gain) };
        let sources = sources.iter().map(heard).collect();
        self.obey(MediaCommand::Hear { port: port(slot), room, sources });
    }

    pub(crate) fn speak(&mut self, slot: u32, room: Option<RoomId>, gain: i32) {
        self.obey(MediaCommand::Speak { port: port(slot), room, gain: gain_of(gain) });
    }

    /// Hears and is heard in the room.
    pub(crate) fn join(&mut self, slot: u32, id: RoomId) {
        self.speak(slot, Some(id), 0);
        self.hear_in(slot, Some(id), &[]);
    }

    pub(crate) fn tone(&mut self, slot: u32, hz: f32, peak: f32) {
        self.fars[slot as usize].tone = Some((hz, peak));
    }

    pub(crate) fn run(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.now += BEAT;
            if self.now.0.is_multiple_of(20_000) {
                for index in 0..self.fars.len() {
                    self.send(index);
                }
            }
            self.engine.tick(self.now);
            self.collect();
        }
    }

    /// The port is leased to another far end, which begins its stream anew.
    pub(crate) fn reopen(&mut self, slot: u32) {
        let payload = self.fars[slot as usize].payload;
        let far = Far::new(slot, payload);
        self.obey(MediaCommand::Open { port: port(slot) });
        let remote = remote(&far, payload, Wishes::default());
        self.obey(MediaCommand::Remote { port: port(slot), remote });
        self.fars[slot as usize] = far;
    }

    /// One more payload type is agreed with a far end.
    pub(crate) fn agree_also(&mut self, slot: u32, payload: Payload) {
        let far = &self.fars[slot as usize];
        let mut remote = remote(far, far.payload, Wishes::default());
        remote.payloads.push(payload);
        self.obey(MediaCommand::Remote { port: port(slot), remote });
    }

    /// A far end says how loud its background is.
    pub(crate) fn noise(&mut self, slot: u32, number: u8, level: u8) {
        let packet = self.fars[slot as usize].noise(number, level);
        self.inject(slot, &packet);
    }

    /// A packet from the address of a far end that the far end did not mean.
    pub(crate) fn inject(&mut self, slot: u32, packet: &[u8]) {
        let from = self.fars[slot as usize].address();
        let arrival = Arrival { slot, channel: Channel::Rtp, from };
        self.engine.receive(self.now, arrival, &mut packet.to_vec());
        self.collect();
    }

    /// The far end of `slot` sends a packet of an event.
    pub(crate) fn event(&mut self, slot: u32, number: u8, marker: bool, payload: [u8; 4]) {
        let far = &mut self.fars[slot as usize];
        let (from, mut packet) = (far.address(), far.event(number, marker, payload));
        let arrival = Arrival { slot, channel: Channel::Rtp, from };
        self.engine.receive(self.now, arrival, &mut packet);
        self.collect();
    }

    /// As if a packet of the far end had been lost.
    pub(crate) fn lose(&mut self, slot: u32) {
        let far = &mut self.fars[slot as usize];
        far.sequence = far.sequence.wrapping_add(1);
    }

    fn send(&mut self, index: usize) {
        let far = &mut self.fars[index];
        let (slot, from) = (far.slot, far.address());
        if let Some(mut packet) = far.packet() {
            let arrival = Arrival { slot, channel: Channel::Rtp, from };
            self.engine.receive(self.now, arrival, &mut packet);
            self.collect();
        }
    }

    fn collect(&mut self) {
        while let Some((sending, packet)) = self.engine.poll_packet() {
            if !rtp::is_rtcp_under_mux(packet)
                && let Some(far) = self.fars.iter_mut().find(|far| far.slot == sending.slot)
            {
                assert_eq!(sending.to, far.address());
                far.take(self.now, packet);
            }
        }
        while let Some(parcel) = self.engine.poll_parcel() {
            if let Parcel::Audio { block, .. } = parcel {
                self.recorded.extend(block.samples());
                self.engine.recycle(block);
            }
        }
        while let Some((shard, event)) = self.engine.poll_event() {
            assert_eq!(shard, SHARD);
            self.events.push(event);
        }
    }

    pub(crate) fn forget(&mut self) {
        self.fars.iter_mut().for_each(Far::forget);
    }
}

fn gain_of(centibels: i32) -> Gain {
    if centibels == i32::MIN { Gain::OFF } else { Gain::centibels(centibels) }
}

pub(crate) fn remote(far: &Far, payload: Payload, wishes: Wishes) -> Remote {
    Remote {
        rtp: Some(far.address()),
        rtcp: None,
        mux: true,
        payloads: [payload].into_iter().collect(),
        wishes,
        flow: MediaFlow::Both,
        ..Remote::default()
    }
}

/// Level in dBm0 of a sine of that peak.
pub(crate) fn dbm0(peak: f32) -> f32 {
    20.0 * (peak / 32_768.0).log10() + 3.17
}

pub(crate) fn assert_near(found: f32, wanted: f32, what: &str) {
    assert_within(1.0, found, wanted, what);
}

pub(crate) fn assert_within(decibels: f32, found: f32, wanted: f32, what: &str) {
    assert!((found - wanted).abs() < decibels, "{what}: {found:.1} dBm0 instead of {wanted:.1}");
}

pub(crate) fn assert_silent(found: f32, what: &str) {
    assert!(found < -45.0, "{what}: {found:.1} dBm0");
}
