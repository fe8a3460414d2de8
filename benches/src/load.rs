//! The loop that plays both sides of every call: sockets, timers, and the table of calls.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::call::{Call, Delays, Setup, Timer};
use crate::callee::CalleeLeg;
use crate::caller::CallerLeg;
use crate::clock;
use crate::figures::Outcome;
use crate::message::{Message, Start};
use crate::plane::Plane;
use crate::poll::Poll;

/// RFC 3261 §17.1.1.1.
pub(crate) const T1: Duration = Duration::from_millis(500);
/// Silence between the last packet and BYE, so that none is cut off on its way.
const HUSH: Duration = Duration::from_millis(60);
const BURST: usize = 256;

/// Everything of one run.
pub struct Load {
    pub(crate) setup: Setup,
    pub(crate) run: String,
    pub(crate) calls: HashMap<u32, Call>,
    pub(crate) outcome: Outcome,
    pub(crate) delays: Delays,
    poll: Poll,
    sockets: [Option<UdpSocket>; 2],
    timers: BinaryHeap<Reverse<(u64, u32, Timer)>>,
    plane: Option<Plane>,
    free: Vec<u16>,
    next: u32,
    up: u32,
}

impl Load {
    /// Binds the sockets and, with RTP, starts its threads.
    pub fn new(setup: Setup) -> io::Result<Self> {
        let poll = Poll::new()?;
        let sockets = [Some(bind(setup.caller)?), setup.callee.map(bind).transpose()?];
        for (token, socket) in sockets.iter().enumerate() {
            socket.as_ref().map_or(Ok(()), |socket| poll.add(socket, token as u64))?;
        }
        Ok(Self {
            run: unique(),
            calls: HashMap::new(),
            outcome: Outcome::default(),
            delays: Delays::default(),
            poll,
            sockets,
            timers: BinaryHeap::new(),
            plane: setup.rtp.then(|| Plane::new(setup.media)),
            free: (0..setup.media.slots()).rev().collect(),
            next: 1,
            up: 0,
            setup,
        })
    }

    /// Places one call; with a `hold` it ends by itself, without it lasts until [`Self::hang_up_all`].
    /// False when every media slot is taken.
    pub fn place(&mut self, hold: Option<Duration>) -> bool {
        let Some(slot) = self.free.pop() else { return false };
        let id = self.next;
        self.next += 1;
        self.outcome.offered += 1;
        let call = Call {
            slot,
            begun_ns: clock::nanos(),
            released_ns: 0,
            hold,
            caller: CallerLeg::Inviting { invite: self.invite(id, slot), provisional: false },
            callee: CalleeLeg::Idle,
            to: [None; 2],
            flowing: false,
        };
        self.calls.insert(id, call);
        self.send_invite(id);
        self.after(T1, id, Timer::InviteAgain(1));
        self.after(self.setup.give_up, id, Timer::GiveUpInvite);
        true
    }

    /// Calls not yet over.
    pub fn live(&self) -> usize {
        self.calls.len()
    }

    /// Calls that were answered and acknowledged and are not being released.
    pub fn up(&self) -> u32 {
        self.up
    }

    /// The RTP threads, when there are any.
    pub fn plane(&self) -> Option<&Plane> {
        self.plane.as_ref()
    }

    /// Schedules the release of every live call, spread over `span`.
    pub fn hang_up_all(&mut self, span: Duration) {
        let mut ids: Vec<u32> = self.calls.keys().copied().collect();
        ids.sort_unstable();
        let step = span / u32::try_from(ids.len().max(1)).unwrap_or(u32::MAX);
        for (id, turn) in ids.into_iter().zip(0_u32..) {
            self.after(step * turn, id, Timer::Hush);
            self.after(step * turn + HUSH, id, Timer::Hangup);
        }
    }

    /// Serves sockets and timers once, waiting no longer than until `until_ns`.
    pub fn turn(&mut self, until_ns: u64) -> io::Result<()> {
        let next = self.timers.peek().map_or(until_ns, |Reverse((at, ..))| until_ns.min(*at));
        let wait = Duration::from_nanos(next.saturating_sub(clock::nanos()));
        let mut ready = Vec::new();
        self.poll.wait(Some(wait), &mut ready)?;
        let mut datagram = vec![0; 65_536];
        for token in ready {
            for _ in 0..BURST {
                let side = usize::from(token != 0);
                let Some(socket) = &self.sockets[side] else { break };
                let Ok((length, from)) = socket.recv_from(&mut datagram) else { break };
                self.take(side, datagram.get(..length).unwrap_or_default(), from);
            }
        }
        let now = clock::nanos();
        while let Some(Reverse((at, id, timer))) = self.timers.peek().copied() {
            if at > now {
                break;
            }
            self.timers.pop();
            self.fire(id, timer);
        }
        Ok(())
    }

    /// Ends the RTP threads and hands over what was measured.
    pub fn finish(self) -> io::Result<(Outcome, Delays, Option<crate::figures::Packets>)> {
        let packets = self.plane.map(Plane::finish).transpose()?;
        Ok((self.outcome, self.delays, packets))
    }

    fn take(&mut self, side: usize, datagram: &[u8], from: SocketAddr) {
        let Some(message) = Message::parse(datagram) else { return };
        match (message.start, side) {
            (Start::Response(code), 0) => self.caller_response(&message, code),
            (Start::Response(_), _) => self.outcome.strange += 1,
            (Start::Request { method, uri }, 0) => self.caller_request(&message, method, uri, from),
            (Start::Request { method, uri }, _) => self.callee_request(&message, method, uri, from),
        }
    }

    fn fire(&mut self, id: u32, timer: Timer) {
        match timer {
            Timer::InviteAgain(attempt) => self.invite_again(id, attempt),
            Timer::ByeAgain(attempt) => self.bye_again(id, attempt),
            Timer::AnswerAgain(attempt) => self.answer_again(id, attempt),
            Timer::Answer => self.pick_up(id),
            Timer::Hush => self.hush(id),
            Timer::Hangup => self.hang_up(id),
            Timer::GiveUpInvite => self.give_up_invite(id),
            Timer::GiveUpBye => self.give_up_bye(id),
        }
    }

    pub(crate) fn after(&mut self, span: Duration, id: u32, timer: Timer) {
        self.timers.push(Reverse((clock::nanos() + clock::span_ns(span), id, timer)));
    }

    pub(crate) fn send(&self, side: usize, text: &str, to: SocketAddr) {
        // What a full buffer drops is sent again by the timers.
        if let Some(socket) = &self.sockets[side & 1] {
            socket.send_to(text.as_bytes(), to).ok();
        }
    }

    /// Lets media flow and the hold time run once both ends are through.
    pub(crate) fn settle(&mut self, id: u32) {
        let both = self.setup.callee.is_some();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let callee_ready = !both || matches!(call.callee, CalleeLeg::Up);
        if call.flowing || !callee_ready || !matches!(call.caller, CallerLeg::Up { .. }) {
            return;
        }
        call.flowing = true;
        self.up += 1;
        let far = self.setup.media.ends.map(|end| end.ip());
        let anchored =
            call.to[0].is_some_and(|to| to.ip() != far[1]) && call.to[1].is_some_and(|to| to.ip() != far[0]);
        self.outcome.unanchored += u64::from(both && !anchored);
        if let (Some(plane), [Some(caller), Some(callee)]) = (&self.plane, call.to) {
            plane.start(call.slot, [caller, callee]);
        }
        if let Some(hold) = call.hold {
            self.after(hold, id, Timer::Hush);
            self.after(hold + HUSH, id, Timer::Hangup);
        }
    }

    /// Silences a call before its release.
    pub(crate) fn hush(&mut self, id: u32) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if std::mem::take(&mut call.flowing) {
            self.up -= 1;
            if let Some(plane) = &self.plane {
                plane.stop(call.slot);
            }
        }
    }

    /// Forgets a call and frees its slot.
    pub(crate) fn forget(&mut self, id: u32) {
        self.hush(id);
        if let Some(call) = self.calls.remove(&id) {
            self.free.push(call.slot);
        }
    }

    /// The number that a call dials, by which the callee knows it again.
    pub(crate) fn number(&self, id: u32) -> String {
        format!("{}{id:07}", self.setup.prefix)
    }
}

/// A tag that no other run has.
pub(crate) fn unique() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// A non-blocking UDP socket with room for a burst.
pub(crate) fn bind(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, None)?;
    socket.set_recv_buffer_size(4 << 20)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into()).map_err(|error| io::Error::new(error.kind(), format!("{at}: {error}")))?;
    Ok(socket.into())
}
