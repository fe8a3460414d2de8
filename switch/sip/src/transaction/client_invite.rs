//! The client's side of an INVITE: RFC 3261 §17.1.1 with RFC 6026 §7.2.

use std::time::Duration;

use base::wire::Transport;
use base::{Mono, TimerKind, Timers};

use super::Timing;

/// Timer D on UDP: the far end's T1 is unknown, so this one is no multiple of ours.
const D: Duration = Duration::from_secs(32);

/// An INVITE on its way, from the first datagram until no echo of it can arrive any more.
///
/// ```text
///                   INVITE sent
///        A: resend      │
///            ┌──────┐   ▼
///            └──► Calling ───── B: timed out ───────────────┐
///                │  │   │                                   │
///     1xx ┌──────┘  │   └── 2xx ──────┐                     │
///         ▼         │                 │                     │
///     Proceeding ───┼──── 2xx ────────┤                     │
///   1xx ↺ │ │       │                 │                     │
///         │ │    300-699: ACK         ▼                     │
///         │ │       │             Accepted ↺ 2xx: deliver   │
///         │ │       ▼                 │                     │
///         │ └─► Completed ↺ 300-699:  M                     │
///  64·T1  │         │       ACK again │                     │
///  after  │         D                 │                     │
///  CANCEL │         ▼                 ▼                     ▼
///         └───► Terminated ◄──────────┴─────────────────────┘
/// ```
#[derive(Clone, Debug)]
pub struct ClientInvite {
    state: State,
    timers: Timers<Timer, 5>,
    transport: Transport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Calling { interval: Duration },
    Proceeding,
    Accepted,
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// Repeats the INVITE on UDP; doubles without the T2 ceiling that timer E has. RFC 3261 §17.1.1.2.
    A,
    /// Gives up when nothing at all was answered.
    B,
    /// Keeps acknowledging repetitions of a final response on UDP.
    D,
    /// Keeps taking further 2xx, from forks or repeated. RFC 6026 §7.2.
    M,
    /// Gives up when a CANCEL brought no final response. RFC 3261 §9.1.
    Cancelled,
}

impl TimerKind for Timer {
    const ALL: &'static [Self] = &[Self::A, Self::B, Self::D, Self::M, Self::Cancelled];
    fn index(self) -> usize {
        self as usize
    }
}

/// What follows from a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientInviteStep {
    /// The owner gets it.
    Deliver,
    /// The owner gets it, and the transaction acknowledges it.
    DeliverAndAck,
    /// Seen before; only the ACK goes out again.
    Ack,
    /// Of no use in this state.
    Drop,
}

/// What follows from a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientInviteFired {
    /// Send the INVITE again.
    Resend,
    /// Nobody answered, or nothing final came after the CANCEL; the transaction is over.
    TimedOut,
    /// The transaction is over.
    Terminated,
}

impl ClientInvite {
    /// The INVITE has just been sent.
    #[must_use]
    pub fn new(timing: &Timing, now: Mono, transport: Transport) -> Self {
        let mut timers = Timers::new();
        timers.set(Timer::B, now + timing.patience());
        if !transport.is_reliable() {
            timers.set(Timer::A, now + timing.t1);
        }
        Self { state: State::Calling { interval: timing.t1 }, timers, transport }
    }

    /// Takes the status of a response.
    pub fn handle_response(&mut self, timing: &Timing, now: Mono, status: u16) -> ClientInviteStep {
        match (self.state, status / 100) {
            (State::Calling { .. } | State::Proceeding, 0 | 1) => self.proceed(),
            (State::Calling { .. } | State::Proceeding, 2) => {
                self.timers.clear();
                self.timers.set(Timer::M, now + timing.patience());
                self.state = State::Accepted;
                ClientInviteStep::Deliver
            }
            (State::Calling { .. } | State::Proceeding, _) => self.complete(now),
            (State::Accepted, 2) => ClientInviteStep::Deliver,
            (State::Completed, 3..) => ClientInviteStep::Ack,
            (State::Accepted | State::Completed | State::Terminated, _) => ClientInviteStep::Drop,
        }
    }

    /// A CANCEL for it has just been sent: a final response is owed within 64·T1.
    pub fn cancelled(&mut self, timing: &Timing, now: Mono) {
        if self.state == State::Proceeding {
            self.timers.set(Timer::Cancelled, now + timing.patience());
        }
    }

    /// Takes one deadline that has passed; to be called until `None`.
    pub fn handle_timeout(&mut self, now: Mono) -> Option<ClientInviteFired> {
        Some(match self.timers.due(now)? {
            Timer::A => self.resend(now),
            Timer::B | Timer::Cancelled => self.end(ClientInviteFired::TimedOut),
            Timer::D | Timer::M => self.end(ClientInviteFired::Terminated),
        })
    }

    /// Whether nothing was answered yet.
    #[must_use]
    pub fn is_calling(&self) -> bool {
        matches!(self.state, State::Calling { .. })
    }

    /// Whether a provisional and no final response has come: the time in which a CANCEL may be sent.
    #[must_use]
    pub fn is_proceeding(&self) -> bool {
        self.state == State::Proceeding
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.state == State::Terminated
    }

    /// When [`handle_timeout`](Self::handle_timeout) is next wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        self.timers.next()
    }

    fn proceed(&mut self) -> ClientInviteStep {
        if self.is_calling() {
            self.timers.clear();
            self.state = State::Proceeding;
        }
        ClientInviteStep::Deliver
    }

    fn complete(&mut self, now: Mono) -> ClientInviteStep {
        self.timers.clear();
        self.state = if self.transport.is_reliable() {
            State::Terminated
        } else {
            self.timers.set(Timer::D, now + D);
            State::Completed
        };
        ClientInviteStep::DeliverAndAck
    }

    fn resend(&mut self, now: Mono) -> ClientInviteFired {
        if let State::Calling { interval } = &mut self.state {
            *interval *= 2;
            self.timers.set(Timer::A, now + *interval);
        }
        ClientInviteFired::Resend
    }

    fn end(&mut self, how: ClientInviteFired) -> ClientInviteFired {
        self.timers.clear();
        self.state = State::Terminated;
        how
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    fn invite(transport: Transport) -> ClientInvite {
        ClientInvite::new(&Timing::default(), Mono(0), transport)
    }

    fn story(machine: &mut ClientInvite) -> String {
        let mut told = Vec::new();
        while let Some(at) = machine.deadline() {
            let fired = machine.handle_timeout(at).expect("a deadline has a timer");
            told.push(format!("{} {fired:?}", at.0 / MS));
        }
        told.join(", ")
    }

    #[test]
    fn an_unanswered_invite_is_sent_seven_times_then_given_up() {
        assert_eq!(
            story(&mut invite(Transport::Udp)),
            "500 Resend, 1500 Resend, 3500 Resend, 7500 Resend, 15500 Resend, 31500 Resend, 32000 TimedOut"
        );
    }

    #[test]
    fn a_stream_is_trusted_to_deliver_the_invite_once() {
        assert_eq!(story(&mut invite(Transport::Tcp)), "32000 TimedOut");
    }

    #[test]
    fn a_provisional_response_stops_repeating_and_waiting() {
        let mut machine = invite(Transport::Udp);
        let step = machine.handle_response(&Timing::default(), Mono(10 * MS), 180);
        assert_eq!(step, ClientInviteStep::Deliver);
        assert_eq!(story(&mut machine), "");
        assert!(machine.is_proceeding());
    }

    #[test]
    fn a_refusal_is_delivered_once_and_acknowledged_as_often_as_it_comes() {
        let mut machine = invite(Transport::Udp);
        let timing = Timing::default();
        assert_eq!(machine.handle_response(&timing, Mono(0), 486), ClientInviteStep::DeliverAndAck);
        assert_eq!(machine.handle_response(&timing, Mono(500 * MS), 486), ClientInviteStep::Ack);
        assert_eq!(machine.handle_response(&timing, Mono(600 * MS), 180), ClientInviteStep::Drop);
        assert_eq!(machine.handle_response(&timing, Mono(600 * MS), 200), ClientInviteStep::Drop);
        assert_eq!(story(&mut machine), "32000 Terminated");
    }

    #[test]
    fn a_refusal_over_a_stream_ends_it_at_once() {
        let mut machine = invite(Transport::Tcp);
        let step = machine.handle_response(&Timing::default(), Mono(0), 603);
        assert_eq!(step, ClientInviteStep::DeliverAndAck);
        assert!(machine.is_terminated());
    }

    /// RFC 6026 §7.2: Accepted passes every 2xx up and drops the rest, for 64·T1.
    #[test]
    fn every_2xx_of_a_fork_is_delivered_until_timer_m() {
        let mut machine = invite(Transport::Tcp);
        let timing = Timing::default();
        assert_eq!(machine.handle_response(&timing, Mono(0), 200), ClientInviteStep::Deliver);
        assert_eq!(machine.handle_response(&timing, Mono(5 * MS), 200), ClientInviteStep::Deliver);
        assert_eq!(machine.handle_response(&timing, Mono(6 * MS), 180), ClientInviteStep::Drop);
        assert_eq!(machine.handle_response(&timing, Mono(7 * MS), 404), ClientInviteStep::Drop);
        assert_eq!(story(&mut machine), "32000 Terminated");
    }

    /// RFC 3261 §9.1: after 64·T1 without a final response the cancelled request is over.
    #[test]
    fn a_cancelled_invite_waits_64_t1_for_its_final_response() {
        let mut machine = invite(Transport::Udp);
        let timing = Timing::default();
        machine.handle_response(&timing, Mono(0), 180);
        machine.cancelled(&timing, Mono(1_000 * MS));
        assert_eq!(story(&mut machine), "33000 TimedOut");
    }
}
