//! Ports on their way between workers.
//!
//! ```text
//!   shard ──► home ──── Port ───► host      commands of the port go home first, for ever; home knows where it is
//!             home ─── Command ─► host
//!             home ──── Back ───► host      before it goes on to a third worker, or stays: until it is back,
//!             home ◄─── Port ──── host      its commands wait at home
//!             home ◄── Closed ─── host      its sockets, once it was closed: only then may they be leased again
//!             home ─── Forget ─► all        nobody hears who has its name next
//! ```
//!
//! Letters between two workers arrive in order and none is lost: who has no room for them is offered them again, and
//! meanwhile the writer takes no further commands, so that shards see a full inbox as they always might.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use base::limits::MEDIA_LETTERS;
use base::media::{MediaCommand, MediaEvent, TapId};
use base::{Mono, PortId, ShardId};
use media::Moving;

use crate::inbox::Outbox;
use crate::pool::Whose;
use crate::sockets::Sockets;
use crate::taps::Line;
use crate::worker::Worker;

/// Posts read between two looks at the sockets.
const POSTS_PER_TURN: usize = 16;

/// What workers write to each other.
#[derive(Debug)]
pub(crate) enum Letter {
    /// A port comes.
    Port(Box<Luggage>),
    /// A command for a port that is there, or was.
    Command(Box<MediaCommand>),
    /// A port is to come home.
    Back(PortId),
    /// A port was closed.
    Closed { port: PortId, sockets: Sockets },
    /// A port was closed somewhere: whoever waits for it does so in vain.
    Forget(PortId),
}

/// A port and what belongs to it.
#[derive(Debug)]
pub(crate) struct Luggage {
    port: PortId,
    shard: ShardId,
    sockets: Sockets,
    /// `None` when it broke on the way and is closed.
    moving: Option<Box<Moving>>,
    /// What its shard had no room for yet.
    events: Vec<MediaEvent>,
    lines: Vec<(TapId, Line)>,
}

/// Letters not yet sent, and where own ports are.
pub(crate) struct Mail {
    peers: Arc<[Outbox]>,
    /// For whom; in order.
    unsent: VecDeque<(u8, Letter)>,
    away: BTreeMap<u32, Away>,
    /// Commands that wait for ports to come home.
    held: usize,
}

#[derive(Debug)]
enum Away {
    At(u8),
    /// On its way home, and what is to be done then.
    Returning(VecDeque<MediaCommand>),
}

impl Mail {
    pub(crate) fn new(peers: Arc<[Outbox]>) -> Self {
        Self { peers, unsent: VecDeque::new(), away: BTreeMap::new(), held: 0 }
    }

    /// Sends a command after its port; gives it back when the port is here.
    pub(crate) fn forward(&mut self, id: u8, port: PortId, command: MediaCommand) -> Option<MediaCommand> {
        let Some(away) = self.away.get_mut(&port.slot) else { return Some(command) };
        match (away, command) {
            (Away::Returning(waiting), command) => {
                self.held += 1;
                waiting.push_back(command);
            }
            (Away::At(at), MediaCommand::Move { to, .. }) if to == *at => {}
            (away @ Away::At(_), command @ MediaCommand::Move { to, .. }) => {
                if usize::from(to) < self.peers.len()
                    && let Away::At(at) = std::mem::replace(away, Away::Returning(VecDeque::new()))
                {
                    if to != id
                        && let Away::Returning(waiting) = away
                    {
                        self.held += 1;
                        waiting.push_back(command);
                    }
                    self.post(at, Letter::Back(port));
                }
            }
            (Away::At(at), command) => {
                let at = *at;
                self.post(at, Letter::Command(Box::new(command)));
            }
        }
        None
    }

    /// Sends what was written in this turn, and before it what found no room. What is for one worker goes in one post, so
    /// that ports which leave together arrive together.
    pub(crate) fn send(&mut self) {
        if self.unsent.is_empty() {
            return;
        }
        for to in (0..=u8::MAX).take(self.peers.len()) {
            let (letters, others): (VecDeque<_>, VecDeque<_>) =
                std::mem::take(&mut self.unsent).into_iter().partition(|(of, _)| *of == to);
            let letters: Vec<Letter> = letters.into_iter().map(|(_, letter)| letter).collect();
            let refused = self.deliver(to, letters).into_iter().map(|letter| (to, letter));
            self.unsent = refused.chain(others).collect();
        }
    }

    /// Whether no further command is to be taken, since its letter might have to wait.
    pub(crate) fn is_full(&self) -> bool {
        self.unsent.len() + self.held >= MEDIA_LETTERS
    }

    /// Whether letters wait to be offered again.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.unsent.is_empty()
    }

    fn post(&mut self, to: u8, letter: Letter) {
        self.unsent.push_back((to, letter));
    }

    /// Gives back what there was no room for.
    fn deliver(&self, to: u8, letters: Vec<Letter>) -> Vec<Letter> {
        let Some(peer) = self.peers.get(usize::from(to)).filter(|_| !letters.is_empty()) else {
            return letters;
        };
        // Who waits for nobody is not woken for it: ports rest for longer than a worker sleeps.
        let rings = letters.iter().any(|letter| !matches!(letter, Letter::Forget(_)));
        match peer.post(letters) {
            Err(letters) => return letters,
            Ok(()) if rings => peer.ring(),
            Ok(()) => {}
        }
        Vec::new()
    }

    fn comes_home(&mut self, slot: u32) -> VecDeque<MediaCommand> {
        let waiting = match self.away.remove(&slot) {
            Some(Away::Returning(waiting)) => waiting,
            Some(Away::At(_)) | None => VecDeque::new(),
        };
        self.held -= waiting.len();
        waiting
    }

    fn forget_elsewhere(&mut self, id: u8, port: PortId) {
        for peer in (0..=u8::MAX).take(self.peers.len()).filter(|peer| *peer != id) {
            self.post(peer, Letter::Forget(port));
        }
    }
}

impl Worker {
    /// Reads what other workers wrote.
    pub(crate) fn take_letters(&mut self, now: Mono) {
        for _ in 0..POSTS_PER_TURN {
            let Some(letters) = self.inbox.take_letters() else { return };
            letters.into_iter().for_each(|letter| self.take_letter(now, letter));
        }
    }

    fn take_letter(&mut self, now: Mono, letter: Letter) {
        match letter {
            Letter::Port(luggage) => self.take_in(now, *luggage),
            Letter::Command(command) => self.obey_here(now, *command),
            Letter::Back(port) => self.send_off(now, port, port.worker),
            Letter::Closed { port, sockets } => self.take_back(now, port, sockets),
            Letter::Forget(port) => {
                self.hold(now, "a port that is closed", |engine| engine.forget(now, port));
            }
        }
    }

    /// An own port goes to another worker.
    pub(crate) fn move_away(&mut self, now: Mono, port: PortId, to: u8) {
        let is_open = self.engine.figures(port.slot).is_some();
        if to == self.id || usize::from(to) >= self.mail.peers.len() || !is_open {
            return;
        }
        self.send_off(now, port, to);
        self.mail.away.insert(port.slot, Away::At(to));
    }

    /// The port is closed: its sockets go back to where they are leased.
    pub(crate) fn end_lease(&mut self, now: Mono, port: PortId, slot: u32) {
        if port.worker == self.id {
            self.pool.release(now, slot);
            self.mail.forget_elsewhere(self.id, port);
        } else if let Some(sockets) = self.take_sockets(slot, Whose::Guest) {
            self.mail.post(port.worker, Letter::Closed { port, sockets });
        }
    }

    fn obey_here(&mut self, now: Mono, command: MediaCommand) {
        let place = command.port().and_then(|port| Some((port, self.engine.place_of(port)?)));
        if let Some((port, slot)) = place {
            self.carry_out(now, port, slot, command);
        }
    }

    /// What the port has still to send and to tell here is sent, or goes with it.
    fn send_off(&mut self, now: Mono, port: PortId, to: u8) {
        let Some(slot) = self.engine.place_of(port) else { return };
        let Some(shard) = self.pool.lessee(slot) else { return };
        let now = self.beat_now().max(now);
        self.tap(now);
        let mut moving = None;
        self.hold(now, "a port that leaves", |engine| moving = engine.depart(now, port));
        self.send();
        self.collect();
        let whose = if port.worker == self.id { Whose::Own } else { Whose::Guest };
        let Some(sockets) = self.take_sockets(slot, whose) else { return };
        if let (Some(moving), Some(parcel)) = (&mut moving, self.unwritten.take()) {
            self.unwritten = moving.put_back(parcel).err();
        }
        let goes = |tap: &TapId| moving.as_ref().is_some_and(|moving| moving.has_tap(*tap));
        let (lines, stay) = std::mem::take(&mut self.lines).into_iter().partition(|(tap, _)| goes(tap));
        self.lines = stay;
        let (events, stay): (VecDeque<_>, _) =
            std::mem::take(&mut self.waiting).into_iter().partition(|(_, event)| event.port() == Some(port));
        self.waiting = stay;
        let events = events.into_iter().map(|(_, event)| event).collect();
        let luggage = Luggage { port, shard, sockets, moving, events, lines };
        self.mail.post(to, Letter::Port(Box::new(luggage)));
    }

    fn take_in(&mut self, now: Mono, luggage: Luggage) {
        let Luggage { port, shard, mut sockets, moving, events, lines } = luggage;
        self.waiting.extend(events.into_iter().map(|event| (shard, event)));
        self.lines.extend(lines);
        let Some(slot) = self.engine.host(port) else { return };
        if let Err(error) = sockets.enter(slot, self.poll.registry()) {
            tracing::error!(%error, "a port that has moved does not receive");
        }
        self.pool.host(slot, shard, sockets);
        if let Some(moving) = moving {
            let now = self.beat_now().max(now);
            self.hold(now, "a port that comes", |engine| engine.arrive(now, moving));
            self.send();
        }
        if port.worker == self.id {
            for command in self.mail.comes_home(port.slot) {
                self.obey(now, command);
            }
        }
    }

    fn take_back(&mut self, now: Mono, port: PortId, mut sockets: Sockets) {
        self.mail.comes_home(port.slot);
        let Some(shard) = self.pool.lessee(port.slot) else { return };
        if let Err(error) = sockets.enter(port.slot, self.poll.registry()) {
            tracing::error!(%error, "a port that was closed elsewhere does not receive");
        }
        self.pool.host(port.slot, shard, sockets);
        self.hold(now, "a port that is closed", |engine| engine.forget(now, port));
        self.end_lease(now, port, port.slot);
    }

    fn take_sockets(&mut self, slot: u32, whose: Whose) -> Option<Sockets> {
        let mut sockets = self.pool.give_away(slot, whose)?;
        if whose == Whose::Guest {
            self.engine.unhost(slot);
        }
        if let Err(error) = sockets.leave(self.poll.registry()) {
            tracing::error!(%error, "a port that moves is still announced where it was");
        }
        Some(sockets)
    }
}
