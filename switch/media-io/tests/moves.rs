//! Ports that go from worker to worker, sockets and all, while far ends talk through them.

#![expect(clippy::disallowed_methods, reason = "what sockets carry keeps the time of the machine")]

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use base::media::{
    Codec, Gain, Heard, LegMedia, MediaCommand, MediaEvent, MediaFlow, Over, Payload, Play, PlayId,
    PortLease, Remote, Sound, Tone, TonePart, Wishes,
};
use base::testing::Counting;
use base::{Mono, Now, PortId, RoomId, ShardId, Wall};
use media::codec::{self, Decoder, Encoder};
use media::dsp::level;
use media::frame::Rate;
use media::play::NoClips;
use media::rtp;
use media_io::{MediaIo, MediaIoConfig};

const PATIENCE: Duration = Duration::from_secs(5);
const PACKET: Duration = Duration::from_millis(20);
const SHARD: ShardId = ShardId(2);
const PCMU: Payload = Payload { number: 0, clock_hz: 8_000, codec: Codec::Pcmu };
const PEAK: f32 = 8_000.0;
/// Of a sine of that peak.
const DBM0: f32 = -9.1;

struct Net {
    media: MediaIo,
    events: Receiver<MediaEvent>,
}

impl Net {
    /// Workers with the time of the machine.
    fn start(first: u16, workers: u8) -> Self {
        let (sender, events) = sync_channel(10_000);
        let begin = Instant::now();
        let clock = move || Now { mono: Mono(1_000_000 + begin.elapsed().as_micros() as u64), wall: Wall(0) };
        let config = MediaIoConfig {
            ports: first..=first + 199,
            workers,
            bind: Some(Ipv4Addr::LOCALHOST.into()),
            clock: Arc::new(clock),
            entropy: Arc::new(|| Box::new(Counting::default())),
            clips: Arc::new(NoClips),
            archive: None,
        };
        #[expect(clippy::result_large_err, reason = "an event that finds no room is handed back")]
        let sink = move |_shard, event| {
            sender.try_send(event).map_err(|full| match full {
                std::sync::mpsc::TrySendError::Full(event)
                | std::sync::mpsc::TrySendError::Disconnected(event) => event,
            })
        };
        Self { media: MediaIo::start(&config, Arc::new(sink)).expect("sockets on loopback"), events }
    }

    fn send(&self, command: MediaCommand) {
        let worker = command.worker();
        self.media.send(command).expect("room in the inbox");
        self.media.ring(worker);
    }

    fn go(&self, port: PortId, to: u8) {
        self.send(MediaCommand::Move { port, to });
    }

    fn hear(&self, port: PortId, room: Option<RoomId>, sources: &[PortId]) {
        let sources = sources.iter().copied().map(Heard::plain).collect();
        self.send(MediaCommand::Hear { port, room, sources });
    }

    fn join(&self, port: PortId, room: RoomId) {
        self.send(MediaCommand::Speak { port, room: Some(room), gain: Gain::UNITY });
        self.hear(port, Some(room), &[]);
    }

    fn lease(&self, worker: u8, count: usize) -> Vec<PortLease> {
        self.send(MediaCommand::Lease { shard: SHARD, worker, count });
        let event = self.events.recv_timeout(PATIENCE).expect("an event");
        let MediaEvent::Leased { leases, .. } = event else { panic!("not a lease: {event:?}") };
        leases
    }

    /// A far end at an open port of the worker.
    fn far(&self, lease: PortLease, hz: f32) -> Far {
        let far = Far::new(lease, hz);
        self.send(MediaCommand::Open { port: far.port() });
        self.send(MediaCommand::Remote { port: far.port(), remote: far.remote() });
        far
    }

    /// What the ports' end was told with, once for each.
    fn close(&self, ports: &[PortId]) -> Vec<LegMedia> {
        ports.iter().for_each(|port| self.send(MediaCommand::Close { port: *port }));
        let mut closed = Vec::new();
        while closed.len() < ports.len() {
            if let MediaEvent::Closed { port, media } = self.events.recv_timeout(PATIENCE).expect("an event")
            {
                closed.push((port, media));
            }
        }
        let media = |port: &PortId| closed.iter().find(|(of, _)| of == port).expect("told").1;
        ports.iter().map(media).collect()
    }
}

struct Far {
    socket: UdpSocket,
    lease: PortLease,
    hz: f32,
    encoder: Box<dyn Encoder>,
    decoder: Box<dyn Decoder>,
    sent: u16,
    heads: Vec<rtp::Header>,
    heard: Vec<i16>,
}

impl Far {
    fn new(lease: PortLease, hz: f32) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback socket");
        socket.set_read_timeout(Some(Duration::from_millis(1))).expect("a timeout above zero");
        Self {
            socket,
            lease,
            hz,
            encoder: codec::encoder(Codec::Pcmu, &Wishes::default(), Rate::Hz8000).expect("speech"),
            decoder: codec::decoder(Codec::Pcmu, Rate::Hz8000).expect("speech"),
            sent: 0,
            heads: Vec::new(),
            heard: Vec::new(),
        }
    }

    fn port(&self) -> PortId {
        self.lease.port
    }

    fn remote(&self) -> Remote {
        Remote {
            rtp: Some(self.socket.local_addr().expect("a bound socket")),
            mux: true,
            payloads: [PCMU].into_iter().collect(),
            flow: MediaFlow::Both,
            ..Remote::default()
        }
    }

    /// 20 ms of its tone.
    fn speak(&mut self) {
        let first = u32::from(self.sent) * 160;
        let sine = |n: u32| PEAK * (std::f32::consts::TAU * self.hz * (n % 8_000) as f32 / 8_000.0).sin();
        let audio: Vec<i16> = (first..first + 160).map(|n| sine(n) as i16).collect();
        let mut payload = [0; 160];
        self.encoder.encode(&audio, &mut payload).expect("20 ms");
        let header = rtp::header(0, false, self.sent, first, 77);
        let to = (Ipv4Addr::LOCALHOST, self.lease.rtp);
        self.socket.send_to(&[&header[..], &payload].concat(), to).expect("loopback takes it");
        self.sent += 1;
    }

    fn listen(&mut self) {
        let mut packet = [0; 2_048];
        let Ok((length, from)) = self.socket.recv_from(&mut packet) else { return };
        let packet = &packet[..length];
        if rtp::is_rtcp_under_mux(packet) {
            return;
        }
        assert_eq!(from.port(), self.lease.rtp, "from the port that SDP named");
        let mut audio = [0; 960];
        let content = rtp::payload(packet).expect("RTP");
        let samples = self.decoder.decode(content, &mut audio).expect("G.711");
        self.heads.push(rtp::read(packet).expect("RTP"));
        self.heard.extend(&audio[..samples]);
    }

    /// One stream: one SSRC, numbers that rise by one, timestamps that rise by what was in the packet before.
    fn assert_whole(&self) {
        for pair in self.heads.windows(2) {
            assert_eq!((pair[1].ssrc, pair[1].sequence), (pair[0].ssrc, pair[0].sequence.wrapping_add(1)));
            let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
            assert_eq!(step as usize, pair[0].payload_octets, "{pair:?}");
        }
    }

    fn assert_hears(&self, hz: f32) {
        let last = &self.heard[self.heard.len().saturating_sub(8 * 200)..];
        let found = level::tone_dbm0(last, hz as u32, 8_000);
        assert!((found - DBM0).abs() < 1.5, "{hz} Hz: {found} dBm0");
    }
}

/// All speak for so many packets; `each` is called with the number of each.
fn talk(fars: &mut [&mut Far], packets: u32, mut each: impl FnMut(u32)) {
    let begin = Instant::now();
    for packet in 0..packets {
        fars.iter_mut().for_each(|far| far.speak());
        each(packet);
        while begin.elapsed() < PACKET * (packet + 1) {
            fars.iter_mut().for_each(|far| far.listen());
        }
    }
}

/// RFC 3550 §5.1, §6.4.1: neither the stream nor its figures show that another thread has taken over.
#[test]
fn a_call_goes_there_and_back_fifty_times_and_no_packet_is_lost_doubled_or_renumbered() {
    let net = Net::start(33_000, 2);
    let leases = net.lease(0, 2);
    let (mut alice, mut bob) = (net.far(leases[0], 400.0), net.far(leases[1], 700.0));
    let (a, b) = (alice.port(), bob.port());
    net.hear(a, None, &[b]);
    net.hear(b, None, &[a]);
    talk(&mut [&mut alice, &mut bob], 5, |_| {});
    talk(&mut [&mut alice, &mut bob], 100, |packet| {
        let to = u8::from(packet.is_multiple_of(2));
        // Both before the worker is woken, as shards do it.
        for port in [a, b] {
            net.media.send(MediaCommand::Move { port, to }).expect("room in the inbox");
        }
        net.media.ring(0);
    });
    talk(&mut [&mut alice, &mut bob], 5, |_| {});
    for (far, hz) in [(&alice, 700.0), (&bob, 400.0)] {
        far.assert_whole();
        far.assert_hears(hz);
    }
    for (media, far) in net.close(&[a, b]).iter().zip([&alice, &bob]) {
        assert_eq!((media.received, media.lost, media.strays), (110, 0, 0));
        assert_eq!(media.sent, far.heads.len() as u64, "each that was counted came");
        assert!(media.sent >= 110 - 4, "{}: what comes while only one has gone is not heard", media.sent);
    }
    assert!(net.events.try_recv().is_err(), "nothing is told twice");
}

/// Issue row: any two calls can be joined.
#[test]
fn two_calls_of_two_workers_come_together_in_a_room_of_a_third_while_they_talk() {
    let net = Net::start(33_200, 3);
    let (one, two) = (net.lease(0, 1), net.lease(1, 1));
    let (mut alice, mut bob) = (net.far(one[0], 400.0), net.far(two[0], 700.0));
    let room = RoomId::new(2, 5);
    talk(&mut [&mut alice, &mut bob], 5, |_| {});
    // The room before the way there, and the other way round.
    net.join(alice.port(), room);
    net.go(alice.port(), 2);
    net.go(bob.port(), 2);
    net.join(bob.port(), room);
    talk(&mut [&mut alice, &mut bob], 40, |_| {});
    for (far, hz) in [(&alice, 700.0), (&bob, 400.0)] {
        far.assert_whole();
        far.assert_hears(hz);
    }
    assert_eq!(net.media.stats().map(|stats| stats.open).collect::<Vec<_>>(), [0, 0, 2]);
    net.close(&[alice.port(), bob.port()]);
}

/// Each command finds the port wherever the one before it has sent it.
#[test]
fn commands_right_behind_a_move_are_carried_out_in_their_order_and_it_is_closed_once() {
    let net = Net::start(33_400, 3);
    let leases = net.lease(0, 30);
    let fars: Vec<Far> = leases.iter().map(|lease| net.far(*lease, 400.0)).collect();
    for (round, far) in (0_u8..).zip(&fars) {
        let port = far.port();
        for hop in 0..round % 7 {
            net.go(port, (hop + 1) % 3);
            let part = TonePart { hz: [1_700, 0, 0, 0], dbm0: -10.0, ms: 60_000 };
            let tone = Tone { parts: [part].into_iter().collect(), times: 1 };
            let play = Play {
                id: PlayId(hop.into()),
                items: [Sound::Tone(tone)].into(),
                times: 1,
                over: Over::Alone,
                until_digit: false,
                gain: Gain::UNITY,
            };
            net.send(MediaCommand::Play { port, play: Arc::new(play) });
            net.send(MediaCommand::StopPlay { port, play: Some(PlayId(hop.into())) });
        }
        net.send(MediaCommand::Close { port });
        net.go(port, 1);
        net.send(MediaCommand::Close { port });
    }
    let mut events: Vec<MediaEvent> = Vec::new();
    while events.iter().filter(|event| matches!(event, MediaEvent::Closed { .. })).count() < fars.len() {
        events.push(net.events.recv_timeout(PATIENCE).expect("an event"));
    }
    for (round, far) in (0_usize..).zip(&fars) {
        let of: Vec<&MediaEvent> = events.iter().filter(|event| event.port() == Some(far.port())).collect();
        assert!(matches!(of.last(), Some(MediaEvent::Closed { .. })), "the last of all: {of:?}");
        let played: Vec<u32> = of
            .iter()
            .filter_map(|event| if let MediaEvent::Played { play, .. } = event { Some(play.0) } else { None })
            .collect();
        assert_eq!(played, (0..round as u32 % 7).collect::<Vec<_>>());
    }
    assert_eq!(net.lease(2, 1).len(), 1);
    assert!(net.events.try_recv().is_err(), "nothing is told twice");
    assert_eq!(net.media.stats().map(|stats| stats.open).sum::<u64>(), 0);
}
