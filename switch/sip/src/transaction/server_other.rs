//! The server's side of any request but INVITE and ACK: RFC 3261 §17.2.2 with RFC 4320.

use base::wire::Transport;
use base::{Mono, TimerKind, Timers};

use super::{Repeated, Responded, Timing};

/// A request we were asked to answer, and its answer as long as the request may be repeated.
///
/// ```text
///                    request
///                       │
///                       ▼
///    request: absorbed ↺ Trying ──────────────┐
///                       │    │                │
///      Slow (UDP): 100  │    └─ 200-699 ──┐   │
///                       ▼                 │   │
///    request: resend ↺ Proceeding ────────┤   │
///                       │                 ▼   │
///                       │   request:  ↺ Completed
///                       │   resend        │   │
///                    Abandoned            J   Abandoned
///                       ▼                 ▼   ▼
///                      Terminated ◄───────┴───┘
/// ```
///
/// RFC 4320 §4: no provisional response but a late 100, and never 408; who cannot answer in time says nothing.
#[derive(Clone, Debug)]
pub struct ServerOther {
    state: State,
    timers: Timers<Timer, 3>,
    transport: Transport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed(Answer),
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Sent,
    Withheld,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// The client's timer E has reached T2: a 100 may be sent now, on UDP only. RFC 4320 §4.1.
    Slow,
    /// The client has given up (its timer F), so no answer is of use.
    Abandoned,
    /// Keeps the answer for repetitions of the request on UDP.
    J,
}

impl TimerKind for Timer {
    const ALL: &'static [Self] = &[Self::Slow, Self::Abandoned, Self::J];
    fn index(self) -> usize {
        self as usize
    }
}

/// What follows from a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerOtherFired {
    /// Send a 100.
    Trying,
    /// The transaction is over.
    Terminated,
}

impl ServerOther {
    /// The request has just arrived.
    #[must_use]
    pub fn new(timing: &Timing, now: Mono, transport: Transport) -> Self {
        let mut timers = Timers::new();
        timers.set(Timer::Abandoned, now + timing.patience());
        if !transport.is_reliable() {
            timers.set(Timer::Slow, now + timing.t2.saturating_sub(timing.t1));
        }
        Self { state: State::Trying, timers, transport }
    }

    /// Takes the status of a response the owner sends.
    pub fn respond(&mut self, timing: &Timing, now: Mono, status: u16) -> Responded {
        if !self.is_unanswered() {
            return Responded::Drop;
        }
        match status {
            ..200 => Responded::Drop,
            408 => {
                self.complete(timing, now, Answer::Withheld);
                Responded::Drop
            }
            // A challenge is not kept: who repeats the request is challenged anew, so strangers cost no memory.
            401 | 407 => {
                self.timers.clear();
                self.state = State::Terminated;
                Responded::Send
            }
            _ => {
                self.complete(timing, now, Answer::Sent);
                Responded::Send
            }
        }
    }

    /// The request arrived again.
    pub fn handle_repeated(&mut self) -> Repeated {
        match self.state {
            State::Proceeding | State::Completed(Answer::Sent) => Repeated::Resend,
            State::Trying | State::Completed(Answer::Withheld) | State::Terminated => Repeated::Absorb,
        }
    }

    /// Takes one deadline that has passed; to be called until `None`.
    pub fn handle_timeout(&mut self, now: Mono) -> Option<ServerOtherFired> {
        Some(match self.timers.due(now)? {
            Timer::Slow => {
                self.state = State::Proceeding;
                ServerOtherFired::Trying
            }
            Timer::Abandoned | Timer::J => {
                self.timers.clear();
                self.state = State::Terminated;
                ServerOtherFired::Terminated
            }
        })
    }

    /// Whether no final response was sent or withheld.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        matches!(self.state, State::Trying | State::Proceeding)
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

    fn complete(&mut self, timing: &Timing, now: Mono, answer: Answer) {
        self.timers.clear();
        self.state = if self.transport.is_reliable() {
            State::Terminated
        } else {
            self.timers.set(Timer::J, now + timing.patience());
            State::Completed(answer)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    fn request(transport: Transport) -> ServerOther {
        ServerOther::new(&Timing::default(), Mono(0), transport)
    }

    fn story(machine: &mut ServerOther) -> String {
        let mut told = Vec::new();
        while let Some(at) = machine.deadline() {
            let fired = machine.handle_timeout(at).expect("a deadline has a timer");
            told.push(format!("{} {fired:?}", at.0 / MS));
        }
        told.join(", ")
    }

    #[test]
    fn a_repeated_request_is_absorbed_until_answered_and_then_gets_the_answer() {
        let mut machine = request(Transport::Udp);
        assert_eq!(machine.handle_repeated(), Repeated::Absorb);
        assert_eq!(machine.respond(&Timing::default(), Mono(0), 200), Responded::Send);
        assert_eq!(machine.handle_repeated(), Repeated::Resend);
        assert_eq!(story(&mut machine), "32000 Terminated");
    }

    #[test]
    fn a_challenge_is_not_kept() {
        let mut machine = request(Transport::Udp);
        assert_eq!(machine.respond(&Timing::default(), Mono(0), 401), Responded::Send);
        assert!(machine.is_terminated());
    }

    #[test]
    fn the_answer_over_a_stream_ends_it_at_once() {
        let mut machine = request(Transport::Tcp);
        assert_eq!(machine.respond(&Timing::default(), Mono(0), 200), Responded::Send);
        assert!(machine.is_terminated());
    }

    /// RFC 4320 §4.1: 100 not before the client's timer E has reached T2, and not over a reliable transport.
    #[test]
    fn a_slow_answer_is_announced_by_a_late_100_on_udp_only() {
        assert_eq!(story(&mut request(Transport::Udp)), "3500 Trying, 32000 Terminated");
        assert_eq!(story(&mut request(Transport::Tcp)), "32000 Terminated");
    }

    /// RFC 4320 §4.1 and §4.2.
    #[test]
    fn neither_a_provisional_response_nor_a_408_is_sent() {
        let mut machine = request(Transport::Udp);
        assert_eq!(machine.respond(&Timing::default(), Mono(0), 180), Responded::Drop);
        assert_eq!(machine.respond(&Timing::default(), Mono(0), 408), Responded::Drop);
        assert_eq!(machine.handle_repeated(), Repeated::Absorb);
    }
}
