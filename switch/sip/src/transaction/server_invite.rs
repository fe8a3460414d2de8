//! The server's side of an INVITE: RFC 3261 §17.2.1 with RFC 6026 §7.1, and the repetition of the 2xx
//! and of reliable provisional responses (RFC 3262).

use std::time::Duration;

use base::wire::Transport;
use base::{Mono, TimerKind, Timers};

use super::{Repeated, Responded, Timing};

/// An INVITE we were asked to answer, until its ACK has come and echoes have died away.
///
/// ```text
///                    INVITE: 100 goes out
///                         │
///                         ▼
///   INVITE: resend ↺ Proceeding ↺ 1xx; a reliable one again until its PRACK, else the owner hears so
///                    │        │
///          300-699 ──┘        └── 2xx
///             │                    │
///             ▼                    ▼
///  G: resend ↺ Completed        Accepted ↺ Again: resend the 2xx until acknowledged
///  INVITE:   ↺ │      │            │     ↺ INVITE: absorbed · ACK: delivered
///  resend      │      │            │
///             ACK     H            L
///              ▼      │            │
///          Confirmed  │            │
///              │      │            │
///              I      │            │
///              ▼      ▼            ▼
///             Terminated; without ACK the owner hears so
/// ```
#[derive(Clone, Debug)]
pub struct ServerInvite {
    state: State,
    timers: Timers<Timer, 7>,
    transport: Transport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// `interval` runs while a reliable provisional response waits for its PRACK.
    Proceeding {
        interval: Duration,
    },
    Accepted(Ack),
    Completed {
        interval: Duration,
    },
    Confirmed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ack {
    Awaited { interval: Duration },
    Received,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timer {
    /// Repeats a final response other than 2xx on UDP; doubles up to T2.
    G,
    /// Gives up waiting for the ACK of a final response other than 2xx.
    H,
    /// Absorbs repetitions of that ACK on UDP.
    I,
    /// Ends Accepted. RFC 6026 §7.1.
    L,
    /// Repeats the 2xx on every transport; doubles up to T2. RFC 3261 §13.3.1.4.
    Again,
    /// Repeats a reliable provisional response on every transport; doubles without a ceiling. RFC 3262 §3.
    Provisional,
    /// Gives up waiting for its PRACK. RFC 3262 §3.
    Unpracked,
}

impl TimerKind for Timer {
    const ALL: &'static [Self] =
        &[Self::G, Self::H, Self::I, Self::L, Self::Again, Self::Provisional, Self::Unpracked];
    fn index(self) -> usize {
        self as usize
    }
}

/// What to do with an ACK that matches the INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AckStep {
    /// It belongs to a 2xx: the owner gets it.
    Deliver,
    /// It has done its work here.
    Absorb,
}

/// What follows from a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerInviteFired {
    /// Send the final response again.
    Resend,
    /// The ACK never came; the transaction is over.
    Unacknowledged,
    /// The PRACK of a reliable provisional response never came; a final response is due.
    Unpracked,
    /// The transaction is over.
    Terminated,
}

impl ServerInvite {
    /// The INVITE has just arrived.
    #[must_use]
    pub fn new(transport: Transport) -> Self {
        Self { state: State::Proceeding { interval: Duration::ZERO }, timers: Timers::new(), transport }
    }

    /// Takes the status of a response the owner sends.
    pub fn respond(&mut self, timing: &Timing, now: Mono, status: u16) -> Responded {
        if !self.is_proceeding() {
            return Responded::Drop;
        }
        match status / 100 {
            0 | 1 => {}
            2 => self.accept(timing, now),
            // A challenge is neither kept nor repeated: strangers cost no memory, and a forged source reflects nothing
            // more. Who repeats the INVITE is challenged anew (RFC 3261 §8.2.7).
            _ if matches!(status, 401 | 407) => {
                self.timers.clear();
                self.state = State::Terminated;
            }
            _ => self.complete(timing, now),
        }
        Responded::Send
    }

    /// The provisional response just sent wants a PRACK; a plain one sent meanwhile would be repeated in its place.
    pub fn expect_prack(&mut self, timing: &Timing, now: Mono) {
        if let State::Proceeding { interval } = &mut self.state {
            *interval = timing.t1;
            self.timers.set(Timer::Provisional, now + timing.t1);
            self.timers.set(Timer::Unpracked, now + timing.patience());
        }
    }

    /// Its PRACK has come.
    pub fn pracked(&mut self) {
        self.timers.stop(Timer::Provisional);
        self.timers.stop(Timer::Unpracked);
    }

    /// The INVITE arrived again.
    pub fn handle_repeated(&mut self) -> Repeated {
        match self.state {
            State::Proceeding { .. } | State::Completed { .. } => Repeated::Resend,
            State::Accepted(_) | State::Confirmed | State::Terminated => Repeated::Absorb,
        }
    }

    /// An ACK with the INVITE's branch arrived.
    pub fn handle_ack(&mut self, timing: &Timing, now: Mono) -> AckStep {
        match self.state {
            State::Completed { .. } => {
                self.confirm(timing, now);
                AckStep::Absorb
            }
            State::Accepted(_) => AckStep::Deliver,
            State::Proceeding { .. } | State::Confirmed | State::Terminated => AckStep::Absorb,
        }
    }

    /// The ACK for the 2xx has reached its dialog: the 2xx need not be repeated.
    pub fn acknowledged(&mut self) {
        if let State::Accepted(ack) = &mut self.state {
            *ack = Ack::Received;
            self.timers.stop(Timer::Again);
        }
    }

    /// Takes one deadline that has passed; to be called until `None`.
    pub fn handle_timeout(&mut self, timing: &Timing, now: Mono) -> Option<ServerInviteFired> {
        let timer = self.timers.due(now)?;
        Some(match (timer, self.state) {
            (Timer::G | Timer::Again, _) => self.resend(timing, now, timer),
            (Timer::Provisional, _) => self.resend_provisional(now),
            (Timer::Unpracked, _) => {
                self.pracked();
                ServerInviteFired::Unpracked
            }
            (Timer::L, State::Accepted(Ack::Awaited { .. })) | (Timer::H, _) => {
                self.end(ServerInviteFired::Unacknowledged)
            }
            (Timer::I | Timer::L, _) => self.end(ServerInviteFired::Terminated),
        })
    }

    /// Whether no final response was sent.
    #[must_use]
    pub fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
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

    fn accept(&mut self, timing: &Timing, now: Mono) {
        self.timers.clear();
        self.timers.set(Timer::L, now + timing.patience());
        self.timers.set(Timer::Again, now + timing.t1);
        self.state = State::Accepted(Ack::Awaited { interval: timing.t1 });
    }

    fn complete(&mut self, timing: &Timing, now: Mono) {
        self.timers.clear();
        self.timers.set(Timer::H, now + timing.patience());
        if !self.transport.is_reliable() {
            self.timers.set(Timer::G, now + timing.t1);
        }
        self.state = State::Completed { interval: timing.t1 };
    }

    fn confirm(&mut self, timing: &Timing, now: Mono) {
        self.timers.clear();
        self.state = if self.transport.is_reliable() {
            State::Terminated
        } else {
            self.timers.set(Timer::I, now + timing.t4);
            State::Confirmed
        };
    }

    fn resend(&mut self, timing: &Timing, now: Mono, timer: Timer) -> ServerInviteFired {
        if let State::Completed { interval } | State::Accepted(Ack::Awaited { interval }) = &mut self.state {
            *interval = timing.doubled(*interval);
            self.timers.set(timer, now + *interval);
        }
        ServerInviteFired::Resend
    }

    fn resend_provisional(&mut self, now: Mono) -> ServerInviteFired {
        if let State::Proceeding { interval } = &mut self.state {
            *interval *= 2;
            self.timers.set(Timer::Provisional, now + *interval);
        }
        ServerInviteFired::Resend
    }

    fn end(&mut self, how: ServerInviteFired) -> ServerInviteFired {
        self.timers.clear();
        self.state = State::Terminated;
        how
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000;

    fn answered(transport: Transport, status: u16) -> ServerInvite {
        let mut machine = ServerInvite::new(transport);
        assert_eq!(machine.respond(&Timing::default(), Mono(0), status), Responded::Send);
        machine
    }

    fn story(machine: &mut ServerInvite) -> String {
        let mut told = Vec::new();
        while let Some(at) = machine.deadline() {
            let fired = machine.handle_timeout(&Timing::default(), at).expect("a deadline has a timer");
            told.push(format!("{} {fired:?}", at.0 / MS));
        }
        told.join(", ")
    }

    const ELEVEN: &str = "500 Resend, 1500 Resend, 3500 Resend, 7500 Resend, 11500 Resend, 15500 Resend, \
                          19500 Resend, 23500 Resend, 27500 Resend, 31500 Resend, 32000 Unacknowledged";

    #[test]
    fn a_refusal_without_ack_is_sent_eleven_times_then_given_up() {
        assert_eq!(story(&mut answered(Transport::Udp, 486)), ELEVEN);
        assert_eq!(story(&mut answered(Transport::Tcp, 486)), "32000 Unacknowledged");
    }

    /// Conformance S14: "no retransmission before auth".
    #[test]
    fn a_challenge_is_neither_repeated_nor_kept() {
        for status in [401, 407] {
            assert!(answered(Transport::Udp, status).is_terminated());
        }
    }

    /// RFC 3261 §13.3.1.4: on every transport, since a proxy may change to UDP on the way.
    #[test]
    fn a_2xx_without_ack_is_sent_eleven_times_on_every_transport() {
        assert_eq!(story(&mut answered(Transport::Udp, 200)), ELEVEN);
        assert_eq!(story(&mut answered(Transport::Tcp, 200)), ELEVEN);
    }

    #[test]
    fn an_acknowledged_2xx_is_not_repeated_and_invites_are_absorbed_until_timer_l() {
        let mut machine = answered(Transport::Udp, 200);
        assert_eq!(machine.handle_ack(&Timing::default(), Mono(MS)), AckStep::Deliver);
        machine.acknowledged();
        assert_eq!(machine.handle_repeated(), Repeated::Absorb);
        assert_eq!(story(&mut machine), "32000 Terminated");
    }

    #[test]
    fn an_acknowledged_refusal_absorbs_further_acks_for_t4() {
        let mut machine = answered(Transport::Udp, 404);
        assert_eq!(machine.handle_repeated(), Repeated::Resend);
        assert_eq!(machine.handle_ack(&Timing::default(), Mono(100 * MS)), AckStep::Absorb);
        assert_eq!(machine.handle_ack(&Timing::default(), Mono(200 * MS)), AckStep::Absorb);
        assert_eq!(machine.handle_repeated(), Repeated::Absorb);
        assert_eq!(story(&mut machine), "5100 Terminated");
    }

    #[test]
    fn an_acknowledged_refusal_over_a_stream_ends_at_once() {
        let mut machine = answered(Transport::Tcp, 404);
        machine.handle_ack(&Timing::default(), Mono(MS));
        assert!(machine.is_terminated());
    }

    #[test]
    fn a_repeated_invite_gets_the_latest_provisional_response() {
        let mut machine = answered(Transport::Udp, 180);
        assert_eq!(machine.handle_repeated(), Repeated::Resend);
        assert_eq!(machine.deadline(), None);
    }

    /// RFC 3262 §3: T1, doubled without T2 as a ceiling, for 64·T1, over TCP too.
    #[test]
    fn a_reliable_provisional_response_without_prack_is_sent_seven_times_on_every_transport() {
        for transport in [Transport::Udp, Transport::Tcp] {
            let mut machine = answered(transport, 183);
            machine.expect_prack(&Timing::default(), Mono(0));
            assert_eq!(
                story(&mut machine),
                "500 Resend, 1500 Resend, 3500 Resend, 7500 Resend, 15500 Resend, 31500 Resend, 32000 Unpracked"
            );
            assert!(machine.is_proceeding(), "its owner refuses the INVITE");
        }
    }

    #[test]
    fn a_prack_or_a_final_response_ends_the_repetition() {
        let mut machine = answered(Transport::Udp, 183);
        machine.expect_prack(&Timing::default(), Mono(0));
        machine.pracked();
        assert_eq!(machine.deadline(), None);
        machine.expect_prack(&Timing::default(), Mono(0));
        machine.respond(&Timing::default(), Mono(MS), 486);
        assert_eq!(machine.deadline(), Some(Mono(501 * MS)), "timer G alone");
    }

    #[test]
    fn only_one_final_response_is_sent() {
        let mut machine = answered(Transport::Udp, 200);
        assert_eq!(machine.respond(&Timing::default(), Mono(MS), 487), Responded::Drop);
        assert_eq!(machine.respond(&Timing::default(), Mono(MS), 180), Responded::Drop);
    }
}
