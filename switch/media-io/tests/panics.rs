//! A panic in a media worker costs the port it came from; a worker that cannot go on is seen to have ended.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use base::media::{
    Codec, Gain, Heard, MediaCommand, MediaEvent, MediaFlow, Over, Payload, Play, PlayId, PortLease,
    PromptName, Remote, Sound,
};
use base::testing::Counting;
use base::{Entropy, Mono, Now, PortId, ShardId, Wall};
use media::play::{Clips, Lookup, NoClips};
use media_io::{EntropySource, MediaIo, MediaIoConfig};

const PATIENCE: Duration = Duration::from_secs(5);
const SHARD: ShardId = ShardId(0);

/// Whose prompts are bad luck.
#[derive(Debug)]
struct Cursed;

impl Clips for Cursed {
    fn prompt(&self, _name: &PromptName) -> Lookup {
        panic!("bad luck")
    }

    fn message(&self, _file: &base::mail::MailFile) -> Lookup {
        Lookup::Missing
    }

    fn music(&self, _class: &Arc<str>) -> Lookup {
        Lookup::Missing
    }
}

#[derive(Debug)]
struct CursedDice;

impl Entropy for CursedDice {
    fn next_u64(&mut self) -> u64 {
        panic!("bad luck")
    }
}

struct Worker {
    media: MediaIo,
    events: Receiver<MediaEvent>,
    micros: Arc<AtomicU64>,
}

impl Worker {
    fn start(first: u16, clips: Arc<dyn Clips + Send + Sync>, entropy: EntropySource) -> Self {
        // Between two beats, so that none is due before the test says so.
        let micros = Arc::new(AtomicU64::new(1_005_000));
        let time = Arc::clone(&micros);
        let (sender, events) = sync_channel(1_000);
        #[expect(clippy::result_large_err, reason = "an event that finds no room is handed back")]
        let sink = move |_, event| {
            sender.send(event).expect("the test listens");
            Ok(())
        };
        let config = MediaIoConfig {
            ports: first..=first + 19,
            workers: 1,
            bind: Some(Ipv4Addr::LOCALHOST.into()),
            clock: Arc::new(move || Now { mono: Mono(time.load(Ordering::SeqCst)), wall: Wall(0) }),
            entropy,
            clips,
            archive: None,
        };
        Self { media: MediaIo::start(&config, Arc::new(sink)).expect("sockets on loopback"), events, micros }
    }

    fn send(&self, command: MediaCommand) {
        self.media.send(command).expect("room in the inbox");
        self.media.ring(0);
    }

    fn lease(&self, count: usize) -> Vec<PortLease> {
        self.send(MediaCommand::Lease { shard: SHARD, worker: 0, count });
        loop {
            if let MediaEvent::Leased { leases, .. } = self.events.recv_timeout(PATIENCE).expect("an event") {
                return leases;
            }
        }
    }

    fn closed(&self) -> PortId {
        loop {
            if let MediaEvent::Closed { port, .. } = self.events.recv_timeout(PATIENCE).expect("an event") {
                return port;
            }
        }
    }

    fn panics(&self) -> u64 {
        self.media.stats().map(|stats| stats.panics).sum()
    }

    fn open(&self, port: PortId, far: &UdpSocket, hears: &[PortLease]) {
        self.send(MediaCommand::Open { port });
        let remote = Remote {
            rtp: Some(far.local_addr().expect("bound")),
            mux: true,
            payloads: [Payload { number: 0, clock_hz: 8_000, codec: Codec::Pcmu }].into_iter().collect(),
            flow: MediaFlow::Both,
            ..Remote::default()
        };
        self.send(MediaCommand::Remote { port, remote });
        let sources = hears.iter().map(|lease| Heard::plain(lease.port)).collect();
        self.send(MediaCommand::Hear { port, room: None, sources });
    }
}

fn far_end() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
    socket
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let in_time = (0..1_000).any(|_| {
        std::thread::park_timeout(PATIENCE / 1_000);
        holds()
    });
    assert!(in_time, "{what}");
}

/// An echo of one packet comes back to a far end.
fn is_echoed(far: &UdpSocket, lease: PortLease, sequence: u8) {
    let mut packet = vec![0x80, 0, 0, sequence, 0, 0, sequence, 0, 0, 0, 0, 7];
    packet.extend([0xd5; 160]);
    far.send_to(&packet, (Ipv4Addr::LOCALHOST, lease.rtp)).expect("loopback takes it");
    let (length, from) = far.recv_from(&mut [0; 512]).expect("an echo");
    assert_eq!((length, from.port()), (172, lease.rtp));
}

/// Robustness (style.md §1: never mute without a word): the port at fault is told closed, others go on.
#[test]
fn a_panic_in_a_beat_closes_the_port_at_fault_and_the_others_talk_on() {
    let worker = Worker::start(31_700, Arc::new(Cursed), Arc::new(|| Box::new(Counting::default())));
    let leases = worker.lease(3);
    let [echo, bad, next] = leases[..] else { panic!("three leases, not {leases:?}") };
    let (far, other) = (far_end(), far_end());
    worker.open(echo.port, &far, &[echo]);
    worker.open(bad.port, &other, &[]);
    is_echoed(&far, echo, 1);
    let name = PromptName { language: "en".into(), id: "luck".into() };
    let play = Arc::new(Play {
        id: PlayId(1),
        items: Arc::new([Sound::Prompt(name)]),
        times: 1,
        over: Over::Alone,
        until_digit: false,
        gain: Gain::UNITY,
    });
    for (round, port) in (0_u8..).zip([bad.port, next.port]) {
        if round > 0 {
            worker.open(port, &other, &[]);
        }
        worker.send(MediaCommand::Play { port, play: Arc::clone(&play) });
        // Commands are carried out in order, so that the playing has begun before time goes on.
        worker.lease(0);
        worker.micros.fetch_add(20_000, Ordering::SeqCst);
        worker.media.ring(0);
        assert_eq!(worker.closed(), port);
        is_echoed(&far, echo, 2 + round);
        until("panics counted", || worker.panics() == 1 + u64::from(round));
    }
    assert_eq!(worker.media.ended().count(), 0);
    // The lease stays with the shard until it closes the port itself.
    worker.send(MediaCommand::Close { port: bad.port });
    assert_eq!(worker.closed(), bad.port);
}

#[test]
fn a_worker_that_panics_again_and_again_with_no_port_at_fault_ends_and_is_named() {
    let worker = Worker::start(31_720, Arc::new(NoClips), Arc::new(|| Box::new(CursedDice)));
    let leases = worker.lease(4);
    for lease in leases.iter().take(3) {
        assert_eq!(worker.media.ended().count(), 0);
        worker.send(MediaCommand::Open { port: lease.port });
        assert_eq!(worker.closed(), lease.port);
    }
    until("the end to show", || worker.media.ended().eq([0]));
}
