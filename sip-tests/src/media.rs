//! Media workers as the switch sees them: ports leased, opened, told who hears whom, and closed with figures.

use std::collections::BTreeMap;

use base::media::{DigitBy, LegMedia, MediaCommand, MediaEvent, PortLease, Remote, Standing, Tap};
use base::{PortId, RoomId, ShardId};

/// Every port of every worker, and a complaint about each command that breaks the rules.
#[derive(Debug, Default)]
pub struct MediaSim {
    ports: BTreeMap<PortId, Port>,
    next: u32,
    /// Ports that may be leased in all; 0 for no end.
    pub capacity: u32,
    /// What was asked beyond ports and who hears whom: sounds, digits, recordings, taps.
    pub asked: Vec<MediaCommand>,
    /// Rules that were broken.
    pub complaints: Vec<String>,
}

#[derive(Debug)]
struct Port {
    shard: ShardId,
    /// The worker that it is at.
    at: u8,
    rtp: u16,
    open: bool,
    used: bool,
    remote: Option<Remote>,
    settled: bool,
    hears: Vec<PortId>,
    room: Option<RoomId>,
    speaks: Option<RoomId>,
}

impl MediaSim {
    /// Takes a command; what the worker tells its shard comes back.
    pub(crate) fn command(&mut self, command: MediaCommand) -> Option<(ShardId, MediaEvent)> {
        match command {
            MediaCommand::Lease { shard, worker, count } => {
                let leases = (0..count).filter_map(|_| self.lease(shard, worker)).collect();
                return Some((shard, MediaEvent::Leased { worker, leases }));
            }
            MediaCommand::Open { port } => match self.ports.get_mut(&port) {
                Some(known) if !known.used => (known.open, known.used) = (true, true),
                Some(_) => self.complain("opened twice", port),
                None => self.complain("opened without a lease", port),
            },
            MediaCommand::Remote { port, remote } => match self.open(port) {
                Some(known) => known.remote = Some(remote),
                None => self.complain("told a far end while closed", port),
            },
            MediaCommand::Hear { port, sources, room } => {
                let sources: Vec<PortId> = sources.iter().map(|heard| heard.port).collect();
                let open =
                    sources.iter().all(|source| self.ports.get(source).is_some_and(|known| known.open));
                if !open {
                    self.complain("hears a port that is closed", port);
                }
                match self.open(port) {
                    Some(known) => (known.hears, known.room) = (sources, room),
                    None => self.complain("told to hear while closed", port),
                }
            }
            MediaCommand::Settle { port } => match self.open(port) {
                Some(known) => known.settled = true,
                None => self.complain("settled while closed", port),
            },
            MediaCommand::Move { port, to } => match self.open(port) {
                Some(known) => known.at = to,
                None => self.complain("moved while closed", port),
            },
            MediaCommand::Close { port } => match self.open(port) {
                Some(known) => {
                    known.open = false;
                    let media = LegMedia { received: 50, sent: 50, ..LegMedia::default() };
                    return Some((known.shard, MediaEvent::Closed { port, media }));
                }
                None => self.complain("closed while closed", port),
            },
            MediaCommand::DigitCame { port, digit, lasted } => match self.open(port) {
                Some(known) => {
                    let shard = known.shard;
                    self.asked.push(MediaCommand::DigitCame { port, digit, lasted });
                    let digit = MediaEvent::Digit { port, digit, lasted, by: DigitBy::Info };
                    return Some((shard, digit));
                }
                None => self.complain("given a digit while closed", port),
            },
            MediaCommand::Speak { port, room, .. } => match self.open(port) {
                Some(known) => known.speaks = room,
                None => self.complain("told to speak while closed", port),
            },
            command @ (MediaCommand::Play { port, .. }
            | MediaCommand::StopPlay { port, .. }
            | MediaCommand::Collect { port, .. }
            | MediaCommand::StopCollect { port }
            | MediaCommand::SendDigits { port, .. }
            | MediaCommand::HoldDigits { port, .. }
            | MediaCommand::Listen { port, .. }
            | MediaCommand::Record { port, .. }
            | MediaCommand::Recording { port, .. }
            | MediaCommand::Tap(Tap { port, .. })
            | MediaCommand::Untap { port, .. }) => {
                if self.open(port).is_none() {
                    self.complain(&format!("told {command:?} while closed"), port);
                }
                self.asked.push(command);
            }
        }
        None
    }

    fn lease(&mut self, shard: ShardId, worker: u8) -> Option<PortLease> {
        if self.capacity > 0 && self.next >= self.capacity {
            return None;
        }
        let port = PortId { worker, slot: self.next };
        let rtp = u16::try_from(10_000 + 2 * (self.next % 20_000)).expect("even ports below 50,000");
        self.next += 1;
        let known = Port {
            shard,
            at: worker,
            rtp,
            open: false,
            used: false,
            remote: None,
            settled: false,
            hears: Vec::new(),
            room: None,
            speaks: None,
        };
        self.ports.insert(port, known);
        Some(PortLease { port, rtp })
    }

    fn open(&mut self, port: PortId) -> Option<&mut Port> {
        self.ports.get_mut(&port).filter(|known| known.open)
    }

    fn complain(&mut self, what: &str, port: PortId) {
        self.complaints.push(format!("{port:?} {what}"));
    }

    /// Whether a port number may stand in a body now.
    #[must_use]
    pub fn is_open(&self, rtp: u16) -> bool {
        self.ports.values().any(|known| known.open && known.rtp == rtp)
    }

    /// Ports open now.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.ports.values().filter(|known| known.open).count()
    }

    /// The port that sends to this audio address, its shard, and whom that far end hears.
    #[must_use]
    pub fn towards(&self, far: std::net::SocketAddr) -> Option<(PortId, ShardId, &Remote, &[PortId])> {
        self.ports.iter().filter(|(_, known)| known.open).find_map(|(id, known)| {
            let remote = known.remote.as_ref().filter(|remote| remote.rtp == Some(far))?;
            Some((*id, known.shard, remote, known.hears.as_slice()))
        })
    }

    /// Whether the port that sends to this audio address knows that its far end reads what we send.
    #[must_use]
    pub fn is_settled(&self, far: std::net::SocketAddr) -> bool {
        let sends_there = |known: &&Port| known.remote.as_ref().is_some_and(|remote| remote.rtp == Some(far));
        self.ports.values().filter(|known| known.open).find(sends_there).is_some_and(|known| {
            known.settled || known.remote.as_ref().is_some_and(|remote| remote.standing == Standing::Settled)
        })
    }

    /// The room that a far end hears and speaks in, being at the worker where that is.
    #[must_use]
    pub fn room_of(&self, far: std::net::SocketAddr) -> Option<RoomId> {
        let (port, ..) = self.towards(far)?;
        let known = self.ports.get(&port)?;
        known.room.filter(|room| known.speaks == Some(*room) && room.worker() == known.at)
    }

    /// Where a port sends its audio.
    #[must_use]
    pub fn far_end_of(&self, port: PortId) -> Option<std::net::SocketAddr> {
        self.ports.get(&port)?.remote.as_ref()?.rtp
    }

    /// Whether the two audio addresses hear each other.
    #[must_use]
    pub fn are_joined(&self, one: std::net::SocketAddr, other: std::net::SocketAddr) -> bool {
        let (Some(one), Some(other)) = (self.towards(one), self.towards(other)) else { return false };
        let at = |port| self.ports.get(port).map(|known| known.at);
        one.3 == [other.0] && other.3 == [one.0] && at(&one.0) == at(&other.0)
    }
}
