//! All ports of one worker: who hears whom, what is worked on, and when.
//!
//! ```text
//!   a packet ──► receive ──► secure (SRTP, UDPTL) ──► port (who may send) ──► relay ──► departures
//!                                                          │                               ▲
//!                                                          ▼ when somebody wants its audio │
//!   every 10 ms, tick: hear (receiver, digits) ─► rooms ─► speak (sources, play, tap) ─► outgoing
//!                                                   └─► record, tap
//! ```

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base::media::{LegMedia, MediaEvent, TapId};
use base::{Entropy, Mono, PortId, RoomId, ShardId};
use smallvec::SmallVec;

use crate::departures::{Departures, Sending};
use crate::play::{Clips, NoClips};
use crate::port::Port;
use crate::record::Recordings;
use crate::room::Room;
use crate::tap::Tapped;

mod audience;
mod beat;
mod command;
mod digits;
mod ears;
mod hear;
mod inward;
mod mend;
mod mixing;
mod moving;
mod outward;
mod places;
pub(crate) mod play;
mod quality;
mod receive;
mod record;
mod relay;
mod seam;
mod secure;
mod tap;
mod tick;
mod wanted;

pub(crate) use beat::Beat;
use beat::Bench;
pub(crate) use digits::Keys;
pub use mend::Mended;
pub use moving::Moving;
use places::Places;
pub(crate) use secure::Protection;
pub use tick::Load;

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

/// The engine of one media worker. Give it packets, commands and time; then take what it has to send and to tell.
pub struct Engine {
    worker: u8,
    places: Places,
    entropy: Box<dyn Entropy>,
    clips: Arc<dyn Clips + Send + Sync>,
    slots: Vec<Slot>,
    open: usize,
    rooms: BTreeMap<RoomId, Room>,
    recordings: Recordings,
    taps: Vec<tap::Set>,
    /// What came out of taps; at most two beats of each, as it is taken after every beat.
    tapped: VecDeque<(TapId, Tapped)>,
    /// Slots of the ports whose audio is worked on, in no order.
    working: Vec<u32>,
    /// When audio is worked on next; `None` while no port needs it.
    next_beat: Option<Mono>,
    load: Load,
    /// Counts beats, and steps between two of them.
    stamp: u64,
    /// The slot whose turn it is, for who asks after a panic.
    at_work: Option<u32>,
    /// Away while somebody works on it.
    bench: Option<Box<Bench>>,
    /// Listeners whose work has ended, and the sources whose packets they get as they are from now on.
    seams: Vec<(u32, u32)>,
    /// One entry per watched port, and stale ones that fall out when their time comes.
    deadlines: BinaryHeap<Reverse<(Mono, u32)>>,
    departures: Departures,
    events: VecDeque<(ShardId, MediaEvent)>,
}

#[derive(Debug, Default)]
struct Slot {
    port: Option<Box<Port>>,
    /// Ports that get each packet of this one as it comes.
    relays_to: SmallVec<[u32; 2]>,
    /// Ports whose list of sources names this one.
    heard_by: SmallVec<[u32; 2]>,
}

impl Engine {
    /// The engine of `worker`, with slots `0..slots`.
    #[must_use]
    pub fn new(worker: u8, slots: usize, entropy: Box<dyn Entropy>) -> Self {
        let mut all = Vec::new();
        all.resize_with(slots, Slot::default);
        Self {
            worker,
            places: Places::new(worker, slots),
            entropy,
            clips: Arc::new(NoClips),
            slots: all,
            open: 0,
            rooms: BTreeMap::new(),
            recordings: Recordings::new(worker),
            taps: Vec::new(),
            tapped: VecDeque::new(),
            working: Vec::new(),
            next_beat: None,
            load: Load::default(),
            stamp: 0,
            at_work: None,
            bench: Some(Box::default()),
            seams: Vec::new(),
            deadlines: BinaryHeap::new(),
            departures: Departures::default(),
            events: VecDeque::new(),
        }
    }

    /// The next packet to send.
    pub fn poll_packet(&mut self) -> Option<(Sending, &[u8])> {
        self.departures.next()
    }

    /// The next thing to tell, and whom.
    pub fn poll_event(&mut self) -> Option<(ShardId, MediaEvent)> {
        self.events.pop_front()
    }

    /// When `tick` is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        let watched = self.deadlines.peek().map(|Reverse((at, _))| *at);
        watched.into_iter().chain(self.next_beat).min()
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

    /// How much audio work there is.
    #[must_use]
    pub fn load(&self) -> Load {
        Load { ports: self.working.len() as u64, rooms: self.rooms.len() as u64, ..self.load }
    }

    /// Tells the shard that leased a port.
    fn tell(&mut self, slot: u32, event: MediaEvent) {
        if let Some(shard) = self.port(slot).map(|port| port.shard) {
            self.events.push_back((shard, event));
        }
    }

    fn port(&self, slot: u32) -> Option<&Port> {
        self.slots.get(slot as usize)?.port.as_deref()
    }

    fn port_mut(&mut self, slot: u32) -> Option<&mut Port> {
        self.slots.get_mut(slot as usize)?.port.as_deref_mut()
    }

    fn id(&self, slot: u32) -> PortId {
        self.places.name(slot)
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("worker", &self.worker)
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
