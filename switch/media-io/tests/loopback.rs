//! Media workers with real sockets and two far ends. Time is a number the test moves.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use base::media::{Codec, Heard, LegMedia, MediaCommand, MediaEvent, MediaFlow, Payload, PortLease, Remote};
use base::testing::Counting;
use base::{Mono, Now, PortId, ShardId, Wall};
use media::play::NoClips;
use media_io::{EntropySource, MediaIo, MediaIoConfig, StartError};

const PATIENCE: Duration = Duration::from_secs(5);
const SHARD: ShardId = ShardId(2);

struct Net {
    media: MediaIo,
    events: Receiver<MediaEvent>,
    seconds: Arc<AtomicU64>,
}

impl Net {
    fn start(ports: std::ops::RangeInclusive<u16>, workers: u8, bind: Option<Ipv4Addr>) -> Self {
        let seconds = Arc::new(AtomicU64::new(1));
        let (sender, events) = sync_channel(1_000);
        let config = config(ports, workers, bind, Arc::clone(&seconds));
        #[expect(clippy::result_large_err, reason = "an event that finds no room is handed back")]
        let sink = move |shard, event| {
            assert_eq!(shard, SHARD);
            sender.try_send(event).map_err(|full| match full {
                std::sync::mpsc::TrySendError::Full(event)
                | std::sync::mpsc::TrySendError::Disconnected(event) => event,
            })
        };
        let media = MediaIo::start(&config, Arc::new(sink)).expect("sockets on loopback");
        Self { media, events, seconds }
    }

    fn send(&self, command: MediaCommand) {
        let worker = command.worker();
        self.media.send(command).expect("room in the inbox");
        self.media.ring(worker);
    }

    fn event(&self) -> MediaEvent {
        self.events.recv_timeout(PATIENCE).expect("an event")
    }

    fn lease(&self, worker: u8, count: usize) -> Vec<PortLease> {
        self.send(MediaCommand::Lease { shard: SHARD, worker, count });
        let event = self.event();
        let MediaEvent::Leased { leases, .. } = event else { panic!("not a lease: {event:?}") };
        leases
    }

    /// A leased, open port that has agreed with `far` and hears `sources`.
    fn open(&self, lease: PortLease, far: &FarEnd, sources: &[PortLease]) {
        let port = lease.port;
        self.send(MediaCommand::Open { port });
        self.send(MediaCommand::Remote { port, remote: far.remote() });
        self.send(MediaCommand::Hear {
            port,
            room: None,
            sources: sources.iter().map(|lease| Heard::plain(lease.port)).collect(),
        });
    }

    fn close(&self, port: PortId) -> LegMedia {
        self.send(MediaCommand::Close { port });
        loop {
            if let MediaEvent::Closed { port: closed, media } = self.event() {
                assert_eq!(closed, port);
                return media;
            }
        }
    }
}

fn config(
    ports: std::ops::RangeInclusive<u16>,
    workers: u8,
    bind: Option<Ipv4Addr>,
    seconds: Arc<AtomicU64>,
) -> MediaIoConfig {
    let clock = move || Now { mono: Mono(seconds.load(Ordering::SeqCst) * 1_000_000), wall: Wall(0) };
    let entropy: EntropySource = Arc::new(|| Box::new(Counting::default()));
    MediaIoConfig {
        ports,
        workers,
        bind: bind.map(Into::into),
        clock: Arc::new(clock),
        entropy,
        clips: Arc::new(NoClips),
        archive: None,
    }
}

struct FarEnd {
    socket: UdpSocket,
    ssrc: u32,
}

impl FarEnd {
    fn new(ssrc: u32) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        Self { socket, ssrc }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket")
    }

    fn remote(&self) -> Remote {
        let payloads = [Payload { number: 0, clock_hz: 8_000, codec: Codec::Pcmu }].into_iter().collect();
        Remote {
            rtp: Some(self.address()),
            rtcp: None,
            mux: true,
            payloads,
            flow: MediaFlow::Both,
            ..Remote::default()
        }
    }

    fn speak(&self, to: PortLease, sequence: u16) {
        let mut packet = vec![0x80, 0];
        packet.extend(sequence.to_be_bytes());
        packet.extend((u32::from(sequence) * 160).to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend([0xd5; 160]);
        let sent = self.socket.send_to(&packet, (Ipv4Addr::LOCALHOST, to.rtp)).expect("loopback takes it");
        assert_eq!(sent, 172);
    }

    /// Sequence number, SSRC and source port of the next packet.
    fn listen(&self) -> (u16, u32, u16) {
        let mut packet = [0; 2_048];
        let (length, from) = self.socket.recv_from(&mut packet).expect("a packet in time");
        assert_eq!(length, 172);
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
        (sequence, ssrc, from.port())
    }
}

fn call_through(net: &Net, worker: u8) {
    let leases = net.lease(worker, 2);
    let [a, b] = leases[..] else { panic!("two leases, not {leases:?}") };
    let (alice, bob, stranger) = (FarEnd::new(1), FarEnd::new(2), FarEnd::new(666));
    net.open(a, &alice, &[b]);
    net.open(b, &bob, &[a]);

    alice.speak(a, 1);
    let (first, ssrc, port) = bob.listen();
    assert_eq!(port, b.rtp);
    bob.speak(b, 10);
    let (tenth, other, port) = alice.listen();
    assert_eq!(port, a.rtp);

    (1..=9).for_each(|n| stranger.speak(a, n));
    alice.speak(a, 2);
    assert_eq!(bob.listen(), (first.wrapping_add(1), ssrc, b.rtp));
    bob.speak(b, 11);
    assert_eq!(alice.listen(), (tenth.wrapping_add(1), other, a.rtp));

    let media = net.close(a.port);
    assert_eq!((media.received, media.sent, media.strays, media.lost), (2, 2, 9, 0));
    assert_eq!(net.close(b.port).strays, 0);
}

#[test]
fn two_far_ends_talk_through_every_worker_and_a_stranger_does_not() {
    let net = Net::start(31_000..=31_199, 2, Some(Ipv4Addr::LOCALHOST));
    assert_eq!(net.media.workers(), 2);
    (0..2).for_each(|worker| call_through(&net, worker));
    net.media.shutdown();
}

#[test]
fn without_a_configured_address_ipv4_far_ends_are_reached_all_the_same() {
    call_through(&Net::start(31_200..=31_299, 1, None), 0);
}

#[test]
fn an_echo_comes_back_with_another_ssrc() {
    let net = Net::start(31_300..=31_399, 1, Some(Ipv4Addr::LOCALHOST));
    let leases = net.lease(0, 1);
    let far = FarEnd::new(7);
    net.open(leases[0], &far, &leases);
    let heard: Vec<_> = (1..=3)
        .map(|n| {
            far.speak(leases[0], n);
            far.listen()
        })
        .collect();
    let (first, ssrc, _) = heard[0];
    assert_ne!(ssrc, 7);
    for (n, packet) in (0..).zip(heard) {
        assert_eq!(packet, (first.wrapping_add(n), ssrc, leases[0].rtp));
    }
}

#[test]
fn a_closed_port_is_leased_again_only_after_it_has_cooled_down() {
    let net = Net::start(31_400..=31_403, 1, Some(Ipv4Addr::LOCALHOST));
    let first = net.lease(0, 64);
    assert_eq!(first.iter().map(|lease| lease.rtp).collect::<Vec<_>>(), [31_400, 31_402]);
    assert_eq!(net.close(first[1].port), LegMedia::default());
    assert_eq!(net.lease(0, 1), vec![]);
    net.seconds.fetch_add(2, Ordering::SeqCst);
    assert_eq!(net.lease(0, 1), [first[1]]);
}

/// A lease ends where it began, and only with its port.
#[test]
fn a_port_that_is_closed_at_another_worker_is_leased_again_at_home_after_it_has_cooled_down() {
    let net = Net::start(31_404..=31_411, 2, Some(Ipv4Addr::LOCALHOST));
    let leases = net.lease(0, 64);
    let far = FarEnd::new(1);
    net.open(leases[0], &far, &leases[..1]);
    net.send(MediaCommand::Move { port: leases[0].port, to: 1 });
    far.speak(leases[0], 1);
    assert_eq!(far.listen().2, leases[0].rtp);
    assert!(matches!(net.event(), MediaEvent::Latched { port, .. } if port == leases[0].port));
    net.seconds.fetch_add(2, Ordering::SeqCst);
    assert_eq!(net.lease(0, 1), vec![], "it is in use, if elsewhere");
    assert_eq!(net.close(leases[0].port).received, 1);
    assert_eq!(net.lease(1, 64).len(), 2, "guests take no place from a worker's own");
    assert_eq!(net.lease(0, 1), vec![]);
    let mut seconds = 0;
    let again = loop {
        net.seconds.fetch_add(1, Ordering::SeqCst);
        seconds += 1;
        if let Some(lease) = net.lease(0, 1).pop() {
            break lease;
        }
    };
    assert!((2..=4).contains(&seconds), "{seconds} s");
    assert_eq!(again, leases[0]);
    net.open(again, &far, &[again]);
    far.speak(again, 2);
    assert_eq!(far.listen().2, again.rtp);
}

#[test]
fn silence_is_told_though_nothing_wakes_the_worker() {
    let net = Net::start(31_500..=31_599, 1, Some(Ipv4Addr::LOCALHOST));
    let leases = net.lease(0, 1);
    net.open(leases[0], &FarEnd::new(1), &[]);
    assert_eq!(net.lease(0, 0), vec![]);
    net.seconds.fetch_add(5, Ordering::SeqCst);
    let quiet = Duration::from_secs(5);
    assert_eq!(net.event(), MediaEvent::Silent { port: leases[0].port, ever_heard: false, quiet });
}

#[test]
fn a_range_too_small_for_the_workers_does_not_start() {
    let config = config(31_600..=31_601, 2, None, Arc::default());
    #[expect(clippy::result_large_err, reason = "an event that finds no room is handed back")]
    let sink = |_, _| Ok(());
    let refused = MediaIo::start(&config, Arc::new(sink));
    assert!(matches!(refused, Err(StartError::Ports { pairs: 1, workers: 2 })));
}

#[test]
fn a_command_to_a_worker_that_is_not_there_comes_back() {
    let net = Net::start(31_602..=31_699, 1, Some(Ipv4Addr::LOCALHOST));
    let command = MediaCommand::Open { port: PortId { worker: 9, slot: 0 } };
    assert_eq!(net.media.send(command.clone()), Err(command));
}
