//! All ports of one worker, and who hears whom.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use base::media::{LegMedia, MediaEvent, Remote};
use base::{Mono, PortId, ShardId};
use smallvec::SmallVec;

use crate::port::{Accepted, Port};

/// Which of a port's two sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The even one.
    Rtp,
    /// The odd one.
    Rtcp,
}

/// How a packet came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The port's slot.
    pub slot: u32,
    /// The socket it came to.
    pub channel: Channel,
    /// Its source; an IPv4 address in IPv4 form.
    pub from: SocketAddr,
}

/// One place a packet goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The slot of the port it leaves from.
    pub slot: u32,
    /// The socket it leaves from.
    pub channel: Channel,
    /// The far end.
    pub to: SocketAddr,
    /// An echo: disguise the SSRC first ([`crate::rtp::disguise_ssrc`]). Always the last of the list.
    pub echo: bool,
}

/// The relay of one media worker.
#[derive(Debug)]
pub struct Relay {
    worker: u8,
    slots: Vec<Slot>,
    sendings: Vec<Sending>,
    /// One entry per watched port, and stale ones that fall out when their time comes.
    deadlines: BinaryHeap<Reverse<(Mono, u32)>>,
    events: VecDeque<(ShardId, MediaEvent)>,
    open: usize,
}

#[derive(Debug, Default)]
struct Slot {
    port: Option<Box<Port>>,
    listeners: SmallVec<[u32; 2]>,
}

impl Relay {
    /// The relay of `worker`, with slots `0..slots`.
    #[must_use]
    pub fn new(worker: u8, slots: usize) -> Self {
        let mut all = Vec::new();
        all.resize_with(slots, Slot::default);
        Self {
            worker,
            slots: all,
            sendings: Vec::with_capacity(8),
            deadlines: BinaryHeap::new(),
            events: VecDeque::new(),
            open: 0,
        }
    }

    /// Takes a port into use for `shard`. An open port is left alone.
    pub fn open(&mut self, slot: u32, shard: ShardId) {
        let Some(entry) = self.slots.get_mut(slot as usize) else { return };
        if entry.port.is_none() {
            entry.port = Some(Box::new(Port::new(shard)));
            self.open += 1;
        }
    }

    /// Takes over a negotiation. Ignored on a port that is not open.
    pub fn agree(&mut self, now: Mono, slot: u32, remote: &Remote) {
        if let Some(port) = self.port_mut(slot) {
            port.agree(now, remote);
            self.queue_deadline(slot);
        }
    }

    /// The far end of `slot` has shown that it reads what we send.
    pub fn settle(&mut self, slot: u32) {
        if let Some(port) = self.port_mut(slot) {
            port.settle();
        }
    }

    /// Says whom the far end of `slot` hears. Sources of other workers are left out.
    pub fn hear(&mut self, slot: u32, sources: &[PortId]) {
        let worker = self.worker;
        let wanted: SmallVec<[u32; 2]> =
            sources.iter().filter(|source| source.worker == worker).map(|source| source.slot).collect();
        let Some(port) = self.port_mut(slot) else { return };
        let before = std::mem::replace(&mut port.hears, wanted.clone());
        self.unlisten(slot, &before);
        for source in wanted {
            if let Some(entry) = self.slots.get_mut(source as usize)
                && !entry.listeners.contains(&slot)
            {
                entry.listeners.push(slot);
                // An echo disguises the packet in place, so it goes last.
                entry.listeners.sort_unstable_by_key(|listener| *listener == source);
            }
        }
    }

    /// Ends the use of a port: nobody hears it and it hears nobody. Its figures follow as `Closed`.
    pub fn close(&mut self, slot: u32) {
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.take()) else {
            return;
        };
        self.open -= 1;
        self.unlisten(slot, &port.hears);
        if let Some(entry) = self.slots.get_mut(slot as usize) {
            entry.listeners.clear();
        }
        let closed = MediaEvent::Closed { port: self.id(slot), media: port.figures() };
        self.events.push_back((port.shard, closed));
    }

    /// Judges one packet and says where it goes.
    pub fn receive(&mut self, now: Mono, arrival: Arrival, packet: &[u8]) -> &[Sending] {
        self.sendings.clear();
        let accepted = self
            .port_mut(arrival.slot)
            .and_then(|port| port.accept(now, arrival.channel, arrival.from, packet));
        match accepted {
            None => {}
            Some(Accepted::Rtp { latched, silence_ended }) => {
                if latched || silence_ended {
                    self.tell(arrival.slot, latched, silence_ended);
                }
                self.relay_rtp(now, arrival.slot);
            }
            Some(Accepted::Rtcp { sent_at }) => self.relay_rtcp(now, arrival.slot, sent_at),
        }
        &self.sendings
    }

    /// Reports the silences that are due.
    pub fn tick(&mut self, now: Mono) {
        while let Some(Reverse((at, slot))) = self.deadlines.peek().copied()
            && at <= now
        {
            self.deadlines.pop();
            let id = self.id(slot);
            let Some(port) = self.port_mut(slot).filter(|port| port.silence.queued == Some(at)) else {
                continue;
            };
            port.silence.queued = None;
            if let Some(silent) = port.silence.report(now) {
                let event =
                    MediaEvent::Silent { port: id, ever_heard: silent.ever_heard, quiet: silent.quiet };
                let shard = port.shard;
                self.events.push_back((shard, event));
            }
            self.queue_deadline(slot);
        }
    }

    /// The next thing to tell, and whom.
    pub fn poll_event(&mut self) -> Option<(ShardId, MediaEvent)> {
        self.events.pop_front()
    }

    /// When `tick` is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        self.deadlines.peek().map(|Reverse((at, _))| *at)
    }

    /// The figures of an open port so far.
    #[must_use]
    pub fn figures(&self, slot: u32) -> Option<LegMedia> {
        self.port(slot).map(Port::figures)
    }

    /// Round trip to the far end, from its last report; `None` before the first.
    #[must_use]
    pub fn round_trip(&self, slot: u32) -> Option<Duration> {
        self.port(slot).and_then(Port::round_trip)
    }

    /// How many ports are open.
    #[must_use]
    pub fn open_ports(&self) -> usize {
        self.open
    }

    fn relay_rtp(&mut self, now: Mono, source: u32) {
        let Some(entry) = self.slots.get(source as usize) else { return };
        if !entry.port.as_ref().is_some_and(|port| port.may_be_heard()) {
            return;
        }
        for index in 0..entry.listeners.len() {
            let Some(listener) = self.listener(source, index) else { continue };
            if let Some(to) = self.port_mut(listener).and_then(|port| port.send_rtp(now)) {
                let echo = listener == source;
                self.sendings.push(Sending { slot: listener, channel: Channel::Rtp, to, echo });
            }
        }
    }

    /// Reports about an echo would only come back to their writer: they are not relayed.
    fn relay_rtcp(&mut self, now: Mono, source: u32, sent_at: Option<u32>) {
        let count = self.slots.get(source as usize).map_or(0, |entry| entry.listeners.len());
        for index in 0..count {
            let Some(listener) = self.listener(source, index).filter(|listener| *listener != source) else {
                continue;
            };
            let sending = self.port_mut(listener).and_then(|port| port.send_rtcp(now, sent_at));
            if let Some((channel, to)) = sending {
                self.sendings.push(Sending { slot: listener, channel, to, echo: false });
            }
        }
    }

    fn tell(&mut self, slot: u32, latched: bool, silence_ended: bool) {
        let id = self.id(slot);
        let Some(port) = self.port(slot) else { return };
        let (shard, source) = (port.shard, port.source());
        if let Some(from) = source.filter(|_| latched) {
            self.events.push_back((shard, MediaEvent::Latched { port: id, from }));
        }
        if silence_ended {
            self.events.push_back((shard, MediaEvent::Heard { port: id }));
            self.queue_deadline(slot);
        }
    }

    fn queue_deadline(&mut self, slot: u32) {
        let Some(port) = self.port_mut(slot) else { return };
        let Some(due) = port.silence.due() else { return };
        if port.silence.queued.is_none_or(|queued| due < queued) {
            port.silence.queued = Some(due);
            self.deadlines.push(Reverse((due, slot)));
        }
    }

    fn unlisten(&mut self, listener: u32, sources: &[u32]) {
        for source in sources {
            if let Some(entry) = self.slots.get_mut(*source as usize) {
                entry.listeners.retain(|other| *other != listener);
            }
        }
    }

    fn listener(&self, source: u32, index: usize) -> Option<u32> {
        self.slots.get(source as usize)?.listeners.get(index).copied()
    }

    fn port(&self, slot: u32) -> Option<&Port> {
        self.slots.get(slot as usize)?.port.as_deref()
    }

    fn port_mut(&mut self, slot: u32) -> Option<&mut Port> {
        self.slots.get_mut(slot as usize)?.port.as_deref_mut()
    }

    fn id(&self, slot: u32) -> PortId {
        PortId { worker: self.worker, slot }
    }
}
