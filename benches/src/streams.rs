//! One RTP thread: sends every stream's packets on time and times those that arrive.

use std::io;
use std::net::UdpSocket;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use crate::clock;
use crate::figures::{Packets, Spread};
use crate::plane::{Order, Plan};
use crate::poll::{Poll, Ticker};
use crate::rtp::{self, Stamp};

/// The generator's own schedule: streams are spread over ticks of this length.
const TICK: Duration = Duration::from_micros(500);
const TIMER: u64 = u64::MAX;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    sent: u64,
    received: u64,
    misdelivered: u64,
    reordered: u64,
    latency: Spread,
    late_ns: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.received += other.received;
        self.misdelivered += other.misdelivered;
        self.reordered += other.reordered;
        self.latency.merge(&other.latency);
        self.late_ns = self.late_ns.max(other.late_ns);
    }

    pub(crate) fn packets(&self) -> Packets {
        Packets {
            sent: self.sent,
            received: self.received,
            misdelivered: self.misdelivered,
            reordered: self.reordered,
            latency: self.latency.percentiles(),
            generator_late_ms: self.late_ns as f64 / 1_000_000.0,
        }
    }
}

#[derive(Debug)]
struct Stream {
    socket: UdpSocket,
    next: u32,
    highest: u32,
}

pub(crate) struct Worker {
    plan: Plan,
    poll: Poll,
    ticker: Ticker,
    streams: Vec<Option<Stream>>,
    /// Which streams send at which tick of a packet time.
    wheel: Vec<Vec<usize>>,
    at: usize,
    placed: usize,
    span: [u64; 2],
    tally: Tally,
}

impl Worker {
    pub(crate) fn new(plan: Plan) -> io::Result<Self> {
        let poll = Poll::new()?;
        let ticker = Ticker::new(TICK)?;
        poll.add(ticker.fd(), TIMER)?;
        let ticks = usize::try_from(plan.ptime.as_nanos() / TICK.as_nanos()).unwrap_or(40).max(1);
        Ok(Self {
            plan,
            poll,
            ticker,
            streams: Vec::new(),
            wheel: vec![Vec::new(); ticks],
            at: 0,
            placed: 0,
            span: [0, u64::MAX],
            tally: Tally::default(),
        })
    }

    pub(crate) fn run(mut self, orders: &Receiver<Order>) -> io::Result<Tally> {
        let mut ready = Vec::new();
        loop {
            self.poll.wait(None, &mut ready)?;
            for &token in &ready {
                if token != TIMER {
                    self.receive(usize::try_from(token).unwrap_or(usize::MAX));
                    continue;
                }
                loop {
                    match orders.try_recv() {
                        Ok(order) => self.obey(order)?,
                        Err(TryRecvError::Empty) => break,
                        Err(TryRecvError::Disconnected) => return Ok(self.tally),
                    }
                }
                self.turn_wheel();
            }
        }
    }

    fn obey(&mut self, order: Order) -> io::Result<()> {
        match order {
            Order::Start { slot, to } => {
                for (side, to) in to.into_iter().enumerate() {
                    let stream = usize::from(slot) * 2 + side;
                    self.open(slot, side, stream)?.connect(to)?;
                    let ticks = self.wheel.len();
                    // Seven is prime to the usual 40 ticks: consecutive calls land far apart.
                    let tick = (self.placed * 7 + side * ticks / 2) % ticks;
                    self.wheel[tick].push(stream);
                }
                self.placed += 1;
            }
            Order::Stop { slot } => {
                let slot = usize::from(slot);
                for tick in &mut self.wheel {
                    tick.retain(|stream| stream / 2 != slot);
                }
            }
            Order::Measure { from_ns, until_ns } => {
                self.span = [from_ns, until_ns];
                self.tally = Tally::default();
            }
        }
        Ok(())
    }

    fn open(&mut self, slot: u16, side: usize, stream: usize) -> io::Result<&UdpSocket> {
        if self.streams.len() <= stream {
            self.streams.resize_with(stream + 1, || None);
        }
        let place = &mut self.streams[stream];
        if place.is_none() {
            let socket = UdpSocket::bind(self.plan.end(slot, side))?;
            socket.set_nonblocking(true)?;
            self.poll.add(&socket, stream as u64)?;
            *place = Some(Stream { socket, next: 0, highest: 0 });
        }
        Ok(&place.as_ref().expect("put there above").socket)
    }

    fn turn_wheel(&mut self) {
        let ticks = self.ticker.ticks();
        if self.measured(clock::nanos()) {
            let late = ticks.saturating_sub(1) * clock::span_ns(TICK);
            self.tally.late_ns = self.tally.late_ns.max(late);
        }
        for _ in 0..ticks {
            self.at = (self.at + 1) % self.wheel.len();
            for &index in &self.wheel[self.at] {
                let Some(stream) = self.streams.get_mut(index).and_then(Option::as_mut) else { continue };
                let sent_ns = clock::nanos();
                let stamp =
                    Stamp { stream: u32::try_from(index).unwrap_or(u32::MAX), number: stream.next, sent_ns };
                // A refused packet was offered all the same: it will be missing at the other end.
                stream.socket.send(&rtp::packet(stamp)).ok();
                stream.next = stream.next.wrapping_add(1);
                self.tally.sent += u64::from((self.span[0]..self.span[1]).contains(&sent_ns));
            }
        }
    }

    fn receive(&mut self, index: usize) {
        let Some(Some(stream)) = self.streams.get_mut(index) else { return };
        let mut packet = [0; 2_048];
        let Ok(length) = stream.socket.recv(&mut packet) else { return };
        let now = clock::nanos();
        let Some(Stamp { stream: from, number, sent_ns }) =
            rtp::stamp(packet.get(..length).unwrap_or_default())
        else {
            self.tally.misdelivered += 1;
            return;
        };
        let reordered = number < stream.highest;
        stream.highest = stream.highest.max(number);
        if !self.measured(sent_ns) {
            return;
        }
        if usize::try_from(from).unwrap_or(usize::MAX) != index ^ 1 {
            self.tally.misdelivered += 1;
            return;
        }
        self.tally.reordered += u64::from(reordered);
        self.tally.received += 1;
        self.tally.latency.record(now.saturating_sub(sent_ns));
    }

    fn measured(&self, sent_ns: u64) -> bool {
        (self.span[0]..self.span[1]).contains(&sent_ns)
    }
}
