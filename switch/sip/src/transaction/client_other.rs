//! The client's side of any request but INVITE and ACK: RFC 3261 §17.1.2.

use std::time::Duration;

use base::wire::Transport;
use base::{Mono, TimerKind, Timers};

use super::Timing;

/// A request on its way and, for a while, the repetitions of its answer.
///
/// ```text
///                   request sent
///        E: resend      │
///            ┌──────┐   ▼
///            └───► Trying ──── F: timed out ─────┐
///                  │    │                        │
///              1xx │    └─── 200-699 ──┐         │
///                  ▼                   │         │
///   E: resend ↺ Proceeding ─ 200-699 ──┤         │
///   every T2    │  ↺ 1xx               ▼         │
///               │                  Completed     │
///               F: timed out           │         │
///               │                      K         │
///               ▼                      ▼         ▼
///            Terminated ◄──────────────┴─────────┘
/// ```
#[derive(Clone, Debug)]
pub struct ClientOther {
    state: State,
    timers: Timers<Timer, 3>,
    transport: Transport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Trying { interval: Duration },
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// Repeats the request on UDP; doubles up to T2, and is T2 once a provisional response came.
    E,
    /// Gives up.
    F,
    /// Absorbs repetitions of the final response on UDP.
    K,
}

impl TimerKind for Timer {
    const ALL: &'static [Self] = &[Self::E, Self::F, Self::K];
    fn index(self) -> usize {
        self as usize
    }
}

/// What follows from a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientOtherStep {
    /// The owner gets it.
    Deliver,
    /// Of no use in this state.
    Drop,
}

/// What follows from a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientOtherFired {
    /// Send the request again.
    Resend,
    /// No final response came; the transaction is over.
    TimedOut,
    /// The transaction is over.
    Terminated,
}

impl ClientOther {
    /// The request has just been sent.
    #[must_use]
    pub fn new(timing: &Timing, now: Mono, transport: Transport) -> Self {
        let mut timers = Timers::new();
        timers.set(Timer::F, now + timing.patience());
        if !transport.is_reliable() {
            timers.set(Timer::E, now + timing.t1);
        }
        Self { state: State::Trying { interval: timing.t1 }, timers, transport }
    }

    /// Takes the status of a response.
    pub fn handle_response(&mut self, timing: &Timing, now: Mono, status: u16) -> ClientOtherStep {
        if !self.is_waiting() {
            return ClientOtherStep::Drop;
        }
        if status < 200 {
            self.state = State::Proceeding;
        } else {
            self.complete(timing, now);
        }
        ClientOtherStep::Deliver
    }

    /// Takes one deadline that has passed; to be called until `None`.
    pub fn handle_timeout(&mut self, timing: &Timing, now: Mono) -> Option<ClientOtherFired> {
        Some(match self.timers.due(now)? {
            Timer::E => self.resend(timing, now),
            Timer::F => self.end(ClientOtherFired::TimedOut),
            Timer::K => self.end(ClientOtherFired::Terminated),
        })
    }

    /// Whether no final response has come.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Trying { .. } | State::Proceeding)
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

    fn complete(&mut self, timing: &Timing, now: Mono) {
        self.timers.clear();
        self.state = if self.transport.is_reliable() {
            State::Terminated
        } else {
            self.timers.set(Timer::K, now + timing.t4);
            State::Completed
        };
    }

    fn resend(&mut self, timing: &Timing, now: Mono) -> ClientOtherFired {
        let interval = match &mut self.state {
            State::Trying { interval } => {
                *interval = timing.doubled(*interval);
                *interval
            }
            State::Proceeding | State::Completed | State::Terminated => timing.t2,
        };
        self.timers.set(Timer::E, now + interval);
        ClientOtherFired::Resend
    }

    fn end(&mut self, how: ClientOtherFired) -> ClientOtherFired {
        self.timers.clear();
        self.state = State::Terminated;
        how
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    fn request(transport: Transport) -> ClientOther {
        ClientOther::new(&Timing::default(), Mono(0), transport)
    }

    fn story(machine: &mut ClientOther) -> String {
        let mut told = Vec::new();
        while let Some(at) = machine.deadline() {
            let fired = machine.handle_timeout(&Timing::default(), at).expect("a deadline has a timer");
            told.push(format!("{} {fired:?}", at.0 / MS));
        }
        told.join(", ")
    }

    #[test]
    fn an_unanswered_request_is_sent_eleven_times_then_given_up() {
        assert_eq!(
            story(&mut request(Transport::Udp)),
            "500 Resend, 1500 Resend, 3500 Resend, 7500 Resend, 11500 Resend, 15500 Resend, 19500 Resend, \
             23500 Resend, 27500 Resend, 31500 Resend, 32000 TimedOut"
        );
    }

    #[test]
    fn a_stream_is_trusted_to_deliver_the_request_once() {
        assert_eq!(story(&mut request(Transport::Tcp)), "32000 TimedOut");
    }

    #[test]
    fn after_a_provisional_response_the_request_is_repeated_every_t2() {
        let mut machine = request(Transport::Udp);
        let step = machine.handle_response(&Timing::default(), Mono(100 * MS), 100);
        assert_eq!(step, ClientOtherStep::Deliver);
        assert!(
            story(&mut machine).starts_with("500 Resend, 4500 Resend, 8500 Resend"),
            "E restarts with T2 when it next fires"
        );
    }

    #[test]
    fn repetitions_of_the_final_response_are_absorbed_for_t4() {
        let mut machine = request(Transport::Udp);
        let timing = Timing::default();
        assert_eq!(machine.handle_response(&timing, Mono(0), 200), ClientOtherStep::Deliver);
        assert_eq!(machine.handle_response(&timing, Mono(MS), 200), ClientOtherStep::Drop);
        assert_eq!(story(&mut machine), "5000 Terminated");
    }

    #[test]
    fn the_final_response_over_a_stream_ends_it_at_once() {
        let mut machine = request(Transport::Tcp);
        machine.handle_response(&Timing::default(), Mono(0), 200);
        assert!(machine.is_terminated());
    }
}
