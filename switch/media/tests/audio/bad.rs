//! Whatever a far end sends, its call and everybody else's go on.

use std::time::Duration;

use base::media::{
    Channels, Codec, Collect, CollectId, DigitSet, Dtmf, Ear, Foreign, Gain, Heard, Listen, MediaCommand,
    Payload, Recorder, Tap, TapId,
};
use base::{CallIds, ShardId, Wall};
use media::{Arrival, Channel};
use proptest::prelude::*;

use super::churn::recorder;
use super::world::*;

/// So many, or as many as `PROPTEST_CASES` says.
fn cases(usual: u32) -> ProptestConfig {
    let wanted = ProptestConfig::default();
    let is_asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig { cases: if is_asked { wanted.cases } else { usual }, ..wanted }
}

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
    #![proptest_config(cases(24))]

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

const PORTS: u32 = 4;
const EVENTS: u8 = 101;
const NOISE: u8 = 13;

/// What a far end does, or a while.
#[derive(Clone, Debug)]
enum Op {
    /// A packet whose sequence number and timestamp lie so far from those of the one before it.
    Rtp {
        slot: u32,
        number: u8,
        marker: bool,
        sequence: u16,
        timestamp: u32,
        ssrc: u32,
        body: Vec<u8>,
    },
    /// A compound packet of these numbers.
    Rtcp {
        slot: u32,
        words: Vec<u32>,
    },
    Digits(u32),
    Collect(u32),
    Beats(u8),
    Pause(u64),
}

/// Numbers at the edges, and any.
fn edge() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(160),
        Just(0xffff),
        Just(0x7fff_ffff),
        Just(0x8000_0000),
        Just(u32::MAX),
        any::<u32>()
    ]
}

fn clock_hz() -> impl Strategy<Value = u32> {
    prop_oneof![Just(1), Just(7_999), Just(8_000), Just(48_000), Just(u32::MAX)]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![0x55; 160]),
        proptest::collection::vec(any::<u8>(), 0..12),
        proptest::collection::vec(any::<u8>(), 12..1_400),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let slot = || 0..PORTS;
    let number = prop_oneof![4 => Just(0_u8), 2 => Just(EVENTS), 1 => Just(NOISE), 1 => any::<u8>()];
    let ahead = prop_oneof![8 => Just(1_u16), 1 => 0..200_u16, 1 => any::<u16>()];
    let ssrc = prop_oneof![8 => Just(7_u32), 1 => Just(8), 1 => edge()];
    let rtp = (slot(), number, any::<bool>(), ahead, edge(), ssrc, body()).prop_map(
        |(slot, number, marker, sequence, timestamp, ssrc, body)| Op::Rtp {
            slot,
            number,
            marker,
            sequence,
            timestamp,
            ssrc,
            body,
        },
    );
    let rtcp =
        (slot(), proptest::collection::vec(edge(), 32)).prop_map(|(slot, words)| Op::Rtcp { slot, words });
    prop_oneof![
        12 => rtp,
        3 => rtcp,
        1 => slot().prop_map(Op::Digits),
        1 => slot().prop_map(Op::Collect),
        4 => (1..6_u8).prop_map(Op::Beats),
        1 => (0..20_000_000_u64).prop_map(Op::Pause),
    ]
}

/// What a port has agreed to: speech that is worked on or only passed on, events and noise, of any clock.
fn payloads() -> impl Strategy<Value = Vec<Payload>> {
    let foreign = Codec::Other(Foreign::of("SPEEX", 7_999, 1, ""));
    let codec = prop_oneof![
        3 => Just(Codec::Pcmu),
        1 => Just(Codec::G722),
        1 => Just(Codec::Opus),
        1 => Just(foreign)
    ];
    (codec, clock_hz(), clock_hz()).prop_map(|(codec, clock_hz, events_hz)| {
        vec![
            Payload { number: 0, clock_hz, codec },
            Payload { number: EVENTS, clock_hz: events_hz, codec: Codec::TelephoneEvent },
            Payload { number: NOISE, clock_hz, codec: Codec::ComfortNoise },
        ]
    })
}

/// Four far ends of which nothing is believed, and what they hear of each other.
#[derive(Debug)]
struct Bedlam {
    world: World,
    /// Of the packets that each far end sent last.
    sequence: [u16; PORTS as usize],
    timestamp: [u32; PORTS as usize],
    /// Of what each far end hears.
    ssrc: [u32; PORTS as usize],
}

impl Bedlam {
    fn new(agreed: &[Vec<Payload>], dtmf: Dtmf) -> Self {
        let world = World::new(&[PCMU; PORTS as usize]);
        let mut bedlam = Self { world, sequence: [0; 4], timestamp: [0; 4], ssrc: [0; 4] };
        for (slot, payloads) in (0..PORTS).zip(agreed) {
            let mut remote = remote(&bedlam.world.fars[slot as usize], PCMU, wishes(20));
            remote.payloads = payloads.iter().copied().collect();
            remote.dtmf = dtmf;
            bedlam.tell(MediaCommand::Remote { port: port(slot), remote });
        }
        bedlam
    }

    fn tell(&mut self, command: MediaCommand) {
        self.world.engine.handle(self.world.now, ShardId(1), command);
        self.drain();
    }

    fn hear(&mut self, slot: u32, of: u32) {
        let sources = [Heard { port: port(of), gain: Gain::UNITY }];
        let sources = sources.into_iter().collect();
        self.tell(MediaCommand::Hear { port: port(slot), room: None, sources });
    }

    /// Two pass packets to each other or hear themselves, the others are in a room; somebody listens everywhere.
    fn arrange(&mut self, echo: bool, listened: bool) {
        self.hear(0, if echo { 0 } else { 1 });
        self.hear(1, if echo { 1 } else { 0 });
        for slot in 2..PORTS {
            let gain = Gain::UNITY;
            self.tell(MediaCommand::Speak { port: port(slot), room: Some(room(1)), gain });
            self.tell(MediaCommand::Hear {
                port: port(slot),
                room: Some(room(1)),
                sources: Default::default(),
            });
        }
        if !listened {
            return;
        }
        let mut ids = CallIds::new(ShardId(1), Wall(0));
        let ears = [Ear::From(port(0)), Ear::To(port(1))];
        let recorder = Recorder { channels: Channels::Stereo, ..recorder(&mut ids, ears) };
        self.tell(MediaCommand::Record { port: port(0), recorder: Box::new(recorder) });
        self.tell(MediaCommand::Tap(Tap {
            id: TapId(1),
            port: port(2),
            ear: Ear::From(port(2)),
            hz: 16_000,
        }));
        let all = Listen { digits: true, fax: true, progress: true, speech: true };
        self.tell(MediaCommand::Listen { port: port(3), listen: all });
    }

    fn act(&mut self, op: Op) {
        match op {
            Op::Rtp { slot, number, marker, sequence, timestamp, ssrc, body } => {
                let at = slot as usize;
                self.sequence[at] = self.sequence[at].wrapping_add(sequence);
                self.timestamp[at] = self.timestamp[at].wrapping_add(timestamp);
                let header = media::rtp::header(number, marker, self.sequence[at], self.timestamp[at], ssrc);
                self.arrive(slot, [header.as_slice(), &body].concat());
            }
            Op::Rtcp { slot, words } => self.arrive(slot, reports(self.ssrc[slot as usize], &words)),
            Op::Digits(slot) => {
                let (digits, each) = (Box::from("1*"), Duration::from_millis(60));
                self.tell(MediaCommand::SendDigits { port: port(slot), digits, each });
            }
            Op::Collect(slot) => {
                let wait = Duration::from_secs(2);
                let collect = Box::new(Collect {
                    id: CollectId(slot),
                    most: 3,
                    first: wait,
                    between: wait,
                    terminators: DigitSet::default(),
                    barges_in: true,
                    type_ahead: true,
                });
                self.tell(MediaCommand::Collect { port: port(slot), collect });
            }
            Op::Beats(beats) => (0..beats).for_each(|_| self.beat(10_000)),
            Op::Pause(us) => self.beat(us),
        }
    }

    fn arrive(&mut self, slot: u32, mut packet: Vec<u8>) {
        let from = self.world.fars[slot as usize].address();
        let arrival = Arrival { slot, channel: Channel::Rtp, from };
        self.world.engine.receive(self.world.now, arrival, &mut packet);
        self.drain();
    }

    fn beat(&mut self, us: u64) {
        self.world.now += Duration::from_micros(us);
        self.world.engine.tick(self.world.now);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some((sending, packet)) = self.world.engine.poll_packet() {
            if let Some(header) = media::rtp::read(packet).filter(|_| !media::rtp::is_rtcp_under_mux(packet))
            {
                self.ssrc[sending.slot as usize] = header.ssrc;
            }
        }
        while self.world.engine.poll_event().is_some() {}
        while self.world.engine.poll_parcel().is_some() {}
        while self.world.engine.poll_tapped().is_some() {}
    }
}

/// A sender report with a block about `heard`, and an extended report with a reference time, the last one heard and
/// VoIP metrics (RFC 3550 §6.4.1, RFC 3611 §4).
fn reports(heard: u32, words: &[u32]) -> Vec<u8> {
    let mut packet = Vec::new();
    let mut put = |fixed: &[u32]| fixed.iter().for_each(|word| packet.extend(word.to_be_bytes()));
    put(&[0x81c8_000c, 7]);
    put(&words[..5]);
    put(&[heard]);
    put(&words[5..10]);
    put(&[0x80cf_0010, 7, 0x0400_0002]);
    put(&words[10..12]);
    put(&[0x0500_0003, heard]);
    put(&words[12..14]);
    put(&[0x0700_0008, heard]);
    put(&words[14..21]);
    packet
}

proptest! {
    #![proptest_config(cases(48))]

    /// The overflows of arithmetic that a build for tests would stop at.
    #[test]
    fn no_numbers_and_no_clocks_stop_an_engine(
        agreed in proptest::collection::vec(payloads(), PORTS as usize),
        (echo, listened) in any::<(bool, bool)>(),
        dtmf in prop_oneof![Just(Dtmf::Auto), Just(Dtmf::Rtp), Just(Dtmf::Inband)],
        ops in proptest::collection::vec(op(), 1..120),
    ) {
        let mut bedlam = Bedlam::new(&agreed, dtmf);
        bedlam.arrange(echo, listened);
        for op in ops {
            bedlam.act(op);
        }
        // Reports are due within these, with all that was counted.
        (0..60).for_each(|_| bedlam.beat(100_000));
        (0..PORTS).for_each(|slot| bedlam.tell(MediaCommand::Close { port: port(slot) }));
        prop_assert_eq!(bedlam.world.engine.open_ports(), 0);
    }
}

/// Found by a review: each of these stopped a build for tests.
#[test]
fn a_clock_of_sdp_and_a_jitter_beyond_all_measure_are_only_numbers() {
    for clock_hz in [1, 7_999, 8_000, u32::MAX] {
        let agreed = vec![vec![Payload { clock_hz, ..PCMU }]; PORTS as usize];
        let mut bedlam = Bedlam::new(&agreed, Dtmf::Auto);
        bedlam.arrange(true, true);
        for n in 0..800_u32 {
            let (timestamp, body) = (if n % 40 == 0 { 0x7000_0000 } else { 79_999 }, vec![0x55; 160]);
            for slot in 0..PORTS {
                let ssrc = 7;
                bedlam.act(Op::Rtp {
                    slot,
                    number: 0,
                    marker: false,
                    sequence: 1,
                    timestamp,
                    ssrc,
                    body: body.clone(),
                });
            }
            if n % 50 == 0 {
                (0..PORTS).for_each(|slot| bedlam.act(Op::Rtcp { slot, words: vec![u32::MAX; 32] }));
            }
            bedlam.beat(10_000);
        }
    }
}
