//! One media worker: its loop, its sockets, its engine.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use base::limits::MEDIA_EVENTS_WAITING;
use base::media::{LegMedia, MediaCommand, MediaEvent, PortLease, RecordingFault, Tap, TapId, TapWord};
use base::{Entropy, Mono, PortId, ShardId};
use media::play::Clips;
use media::record::Parcel;
use media::tap::Tapped;
use media::{Arrival, Engine};
use mio::{Events, Poll, Token};

use crate::config::{Clock, EventSink};
use crate::fence::{Fence, Held};
use crate::inbox::{Inbox, Outbox};
use crate::pool::Pool;
use crate::recordings::Desk;
use crate::sockets::{Local, Sockets, of_token};
use crate::stats::{Gauges, WorkerStats};
use crate::taps::{Line, Taps};
use crate::travel::Mail;

/// The token of the inbox.
pub(crate) const INBOX: Token = Token(usize::MAX);
/// The longest sleep.
const IDLE: Duration = Duration::from_millis(500);
/// How soon events a shard had no room for are offered again.
pub(crate) const RETRY: Duration = Duration::from_millis(10);
/// Commands taken between two looks at the sockets.
const COMMANDS_PER_TURN: usize = 256;
/// Packets taken from one socket before the others get their turn.
const PACKETS_PER_SOCKET: usize = 16;
/// Words taken from one tap before the others get their turn.
const WORDS_PER_TURN: usize = 8;
/// Sockets read between two looks at the clock.
const READS_PER_LOOK: usize = 32;
/// Octets of the longest packet relayed, less one; longer ones are dropped.
const PACKET_OCTETS: usize = 2_048;

pub(crate) struct Worker {
    pub(crate) id: u8,
    local: Local,
    pub(crate) poll: Poll,
    pub(crate) inbox: Inbox,
    clock: Clock,
    sink: EventSink,
    gauges: Arc<Gauges>,
    pub(crate) pool: Pool<Sockets>,
    pub(crate) engine: Engine,
    /// Letters to other workers, and where ports are that have gone.
    pub(crate) mail: Mail,
    fence: Fence,
    /// The engine is not to be used any more.
    lost: bool,
    /// Sockets with more to read.
    unread: VecDeque<Token>,
    /// Events not yet taken by their shard.
    pub(crate) waiting: VecDeque<(ShardId, MediaEvent)>,
    /// The way to the threads that write recordings, and a parcel that found them with no room.
    desk: Option<Desk>,
    pub(crate) unwritten: Option<Parcel>,
    /// Other ends of taps: those that wait to be set, and those that are.
    taps: Taps,
    pub(crate) lines: Vec<(TapId, Line)>,
    packet: Box<[u8; PACKET_OCTETS]>,
    stats: WorkerStats,
}

/// How a worker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As asked.
    Stopped,
    /// It could not go on.
    Broken,
}

/// What a worker is made of.
pub(crate) struct Parts {
    pub(crate) id: u8,
    pub(crate) local: Local,
    pub(crate) first_port: u16,
    pub(crate) pairs: u32,
    pub(crate) poll: Poll,
    pub(crate) inbox: Inbox,
    pub(crate) peers: Arc<[Outbox]>,
    pub(crate) clock: Clock,
    pub(crate) entropy: Box<dyn Entropy>,
    pub(crate) clips: Arc<dyn Clips + Send + Sync>,
    pub(crate) sink: EventSink,
    pub(crate) desk: Option<Desk>,
    pub(crate) taps: Taps,
    pub(crate) gauges: Arc<Gauges>,
}

impl Worker {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            id: parts.id,
            local: parts.local,
            poll: parts.poll,
            inbox: parts.inbox,
            clock: parts.clock,
            sink: parts.sink,
            gauges: parts.gauges,
            pool: Pool::new(parts.first_port, parts.pairs),
            engine: Engine::new(parts.id, parts.pairs as usize, parts.entropy).with_clips(parts.clips),
            mail: Mail::new(parts.peers),
            fence: Fence::default(),
            lost: false,
            unread: VecDeque::new(),
            waiting: VecDeque::new(),
            desk: parts.desk,
            unwritten: None,
            taps: parts.taps,
            lines: Vec::new(),
            packet: Box::new([0; PACKET_OCTETS]),
            stats: WorkerStats::default(),
        }
    }

    /// Works until told to stop, or until it cannot go on.
    pub(crate) fn run(mut self) -> Ended {
        let mut ready = Events::with_capacity(1_024);
        while !self.inbox.is_stopped() {
            let early = match self.wait(&mut ready) {
                Ok(early) => early,
                Err(error) => {
                    tracing::error!(%error, worker = self.id, "a media worker cannot poll and ends");
                    return Ended::Broken;
                }
            };
            let now = (self.clock)().mono;
            self.take_letters(now);
            self.take_commands(now, early);
            self.mail.send();
            self.read_all(now, &ready);
            self.record();
            self.tap(now);
            self.tell();
            self.note();
            if self.lost {
                tracing::error!(worker = self.id, "a media worker's engine is broken and ends");
                return Ended::Broken;
            }
        }
        Ended::Stopped
    }

    /// Reads what is there, and lets no heap of packets keep the engine from its beat.
    fn read_all(&mut self, mut now: Mono, ready: &Events) {
        let unread = self.unread.len();
        let tokens = ready.iter().map(mio::event::Event::token).filter(|token| *token != INBOX);
        let mut tokens = tokens.fuse();
        for turn in 1.. {
            let next = if turn <= unread { self.unread.pop_front() } else { tokens.next() };
            let Some(token) = next else { break };
            self.read(now, token);
            if turn.is_multiple_of(READS_PER_LOOK) {
                now = (self.clock)().mono;
                self.beat(now);
            }
        }
        self.beat(now);
    }

    /// Does what is due at this moment.
    pub(crate) fn beat_now(&mut self) -> Mono {
        let now = (self.clock)().mono;
        self.beat(now);
        now
    }

    fn beat(&mut self, now: Mono) {
        self.hold(now, "a beat", |engine| engine.tick(now));
        self.send();
    }

    /// Works on the engine; a panic costs the port it came from. Whether all went well.
    pub(crate) fn hold(&mut self, now: Mono, doing: &'static str, work: impl FnOnce(&mut Engine)) -> bool {
        if self.lost {
            return false;
        }
        let held = self.fence.hold(now, &mut self.engine, work);
        self.judge(doing, held)
    }

    fn judge(&mut self, doing: &'static str, held: Held) -> bool {
        match held {
            Held::Done => return true,
            Held::Mended(mended) => {
                tracing::error!(closed = ?mended.closed, known = mended.is_known, "{doing} made a media worker panic");
            }
            Held::Lost => self.lost = true,
        }
        false
    }

    fn note(&self) {
        let load = self.engine.load();
        self.gauges.write(&WorkerStats {
            leased: self.pool.leased() as u64,
            open: self.engine.open_ports() as u64,
            worked: load.ports,
            rooms: load.rooms,
            beats_late: load.late,
            beats_skipped: load.skipped,
            panics: self.fence.panics(),
            ..self.stats
        });
    }

    fn wait(&mut self, ready: &mut Events) -> io::Result<Option<MediaCommand>> {
        let timeout = self.timeout((self.clock)().mono);
        let poll = &mut self.poll;
        if self.mail.is_full() {
            // Who has no room for letters reads its own meanwhile, and gets its commands later.
            let waited = poll.poll(ready, Some(timeout.min(RETRY)));
            return waited.map(|()| None);
        }
        let (early, waited) = self
            .inbox
            .sleep(|at_once| poll.poll(ready, Some(if at_once { Duration::ZERO } else { timeout })));
        match waited {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            Ok(()) | Err(_) => Ok(early),
        }
    }

    fn timeout(&self, now: Mono) -> Duration {
        if !self.unread.is_empty() {
            return Duration::ZERO;
        }
        let retry = if self.waiting.is_empty() && !self.mail.is_waiting() { IDLE } else { RETRY };
        self.engine.deadline().map_or(retry, |due| due.since(now).min(retry))
    }

    fn take_commands(&mut self, now: Mono, early: Option<MediaCommand>) {
        let mut next = early.or_else(|| self.next_command());
        for _ in 0..COMMANDS_PER_TURN {
            let Some(command) = next else { return };
            self.obey(now, command);
            next = self.next_command();
        }
        if let Some(command) = next {
            self.obey(now, command);
        }
    }

    fn next_command(&self) -> Option<MediaCommand> {
        if self.mail.is_full() { None } else { self.inbox.take() }
    }

    pub(crate) fn obey(&mut self, now: Mono, command: MediaCommand) {
        if let MediaCommand::Lease { shard, count, .. } = command {
            return self.lease(now, shard, count);
        }
        let Some(port) = command.port().filter(|port| self.pool.lessee(port.slot).is_some()) else { return };
        let Some(command) = self.mail.forward(self.id, port, command) else { return };
        if let MediaCommand::Move { to, .. } = command {
            self.move_away(now, port, to);
        } else {
            self.carry_out(now, port, port.slot, command);
        }
    }

    /// What is for a port that is here.
    pub(crate) fn carry_out(&mut self, now: Mono, port: PortId, slot: u32, command: MediaCommand) {
        let Some(shard) = self.pool.lessee(slot) else { return };
        if let MediaCommand::Tap(Tap { id, .. }) = command {
            self.lines.extend(self.taps.take(id).map(|line| (id, line)));
        }
        let ends = matches!(command, MediaCommand::Close { .. });
        let opens = matches!(command, MediaCommand::Open { .. });
        let is_done = self.hold(now, "a command", |engine| engine.handle(now, shard, command));
        if opens && !is_done {
            // It never was open, so the engine has nothing to tell.
            self.waiting.push_back((shard, MediaEvent::Closed { port, media: LegMedia::default() }));
        }
        if ends {
            self.end_lease(now, port, slot);
        }
    }

    fn lease(&mut self, now: Mono, shard: ShardId, count: usize) {
        let (id, local, registry) = (self.id, self.local, self.poll.registry());
        let mut bind = |slot, rtp| match Sockets::open(local, rtp, slot, registry) {
            Ok(sockets) => Some(sockets),
            Err(error) => {
                tracing::debug!(%error, port = rtp, "a media port cannot be bound");
                None
            }
        };
        let leases: Vec<PortLease> = (0..count)
            .map_while(|_| self.pool.lease(now, shard, &mut bind))
            .map(|(slot, rtp)| PortLease { port: PortId { worker: id, slot }, rtp })
            .collect();
        self.waiting.push_back((shard, MediaEvent::Leased { worker: id, leases }));
    }

    fn read(&mut self, now: Mono, token: Token) {
        let (slot, channel) = of_token(token);
        for _ in 0..PACKETS_PER_SOCKET {
            let Some(sockets) = self.pool.sockets(slot) else { return };
            let Some((length, from)) = sockets.receive(channel, &mut self.packet[..]) else { return };
            self.stats.received += 1;
            if self.pool.lessee(slot).is_none() {
                self.pool.disturb(now, slot);
            } else if length < PACKET_OCTETS {
                self.accept(now, Arrival { slot, channel, from }, length);
                self.send();
            }
        }
        if !self.unread.contains(&token) {
            self.unread.push_back(token);
        }
    }

    fn accept(&mut self, now: Mono, arrival: Arrival, length: usize) {
        let Some(packet) = self.packet.get_mut(..length).filter(|_| !self.lost) else { return };
        let held = self.fence.hold(now, &mut self.engine, |engine| engine.receive(now, arrival, packet));
        self.judge("a packet", held);
    }

    pub(crate) fn send(&mut self) {
        while let Some((sending, packet)) = self.engine.poll_packet() {
            let Some(sockets) = self.pool.sockets(sending.slot) else { continue };
            match sockets.send(self.local, sending.channel, packet, sending.to) {
                Ok(()) => self.stats.sent += 1,
                Err(_refused) => self.stats.unsent += 1,
            }
        }
    }

    /// Carries recordings to the threads that write, and emptied blocks back.
    pub(crate) fn record(&mut self) {
        while let Some(block) = self.desk.as_ref().and_then(Desk::emptied) {
            self.engine.recycle(block);
        }
        while let Some(parcel) = self.unwritten.take().or_else(|| self.engine.poll_parcel()) {
            let Some(desk) = &self.desk else {
                self.refuse(parcel);
                continue;
            };
            if let Err(parcel) = desk.send(parcel) {
                self.unwritten = Some(parcel);
                return;
            }
        }
    }

    /// Carries what taps hear to their other ends, and what is said there to far ends.
    pub(crate) fn tap(&mut self, now: Mono) {
        for (id, line) in &mut self.lines {
            for _ in 0..WORDS_PER_TURN {
                let Some(word) = line.word() else { break };
                match word {
                    TapWord::Audio(audio) if audio.is_empty() => {}
                    TapWord::Audio(audio) => self.engine.speak_into(*id, &audio),
                    TapWord::Clear => self.engine.hush(*id),
                }
            }
        }
        while let Some((id, tapped)) = self.engine.poll_tapped() {
            let line = self.lines.iter().find(|(tap, _)| *tap == id).map(|(_, line)| line);
            match tapped {
                Tapped::Over => self.lines.retain(|(tap, _)| *tap != id),
                Tapped::Audio(block) => {
                    if !line.is_some_and(|line| line.give(block)) {
                        self.engine.drop_tap(now, id);
                    }
                }
            }
        }
    }

    /// There is nowhere to write to.
    fn refuse(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Open(opening) => {
                let (port, call, recording) = (opening.port, opening.recorder.call, opening.recorder.id);
                let fault = RecordingFault::Disk;
                self.waiting
                    .push_back((opening.shard, MediaEvent::RecordingFailed { port, call, recording, fault }));
            }
            Parcel::Audio { block, .. } => self.engine.recycle(block),
            Parcel::Gap { .. } | Parcel::Close { .. } => {}
        }
    }

    /// Offers every waiting event once. Those of one shard stay in order: its first refusal defers the rest.
    fn tell(&mut self) {
        self.collect();
        let mut full: Vec<ShardId> = Vec::new();
        for _ in 0..self.waiting.len() {
            let Some((shard, event)) = self.waiting.pop_front() else { return };
            let refused = if full.contains(&shard) { Some(event) } else { (self.sink)(shard, event).err() };
            if let Some(event) = refused {
                full.push(shard);
                self.waiting.push_back((shard, event));
            }
        }
    }

    /// Takes from the engine what it has to tell.
    pub(crate) fn collect(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            if self.waiting.len() >= MEDIA_EVENTS_WAITING && is_spared(&event.1) {
                self.stats.untold += 1;
            } else {
                self.waiting.push_back(event);
            }
        }
    }
}

/// Whether a shard that has been too busy for long can do without it: no call's state hangs on it.
fn is_spared(event: &MediaEvent) -> bool {
    match event {
        MediaEvent::Quality { .. } | MediaEvent::Speaker { .. } | MediaEvent::Digit { .. } => true,
        MediaEvent::Leased { .. }
        | MediaEvent::Latched { .. }
        | MediaEvent::Silent { .. }
        | MediaEvent::Heard { .. }
        | MediaEvent::Trouble { .. }
        | MediaEvent::Detected { .. }
        | MediaEvent::Played { .. }
        | MediaEvent::Collected { .. }
        | MediaEvent::RecordingStarted { .. }
        | MediaEvent::Recorded { .. }
        | MediaEvent::RecordingFailed { .. }
        | MediaEvent::TapEnded { .. }
        | MediaEvent::Closed { .. } => false,
    }
}
