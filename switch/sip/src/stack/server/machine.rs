//! The two server machines behind one face.

use base::Mono;
use base::wire::Transport;

use crate::message::{Message, Method};
use crate::transaction::{
    Repeated, Responded, ServerInvite, ServerInviteFired, ServerOther, ServerOtherFired, Timing,
};

/// Either machine.
#[derive(Debug)]
pub(in crate::stack) enum Machine {
    Invite(ServerInvite),
    Other(ServerOther),
}

/// What follows from a deadline, whichever machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fired {
    Resend,
    Trying,
    Unacknowledged,
    Unpracked,
    Terminated,
}

impl Machine {
    pub(super) fn new(timing: &Timing, now: Mono, transport: Transport, request: &Message) -> Self {
        if request.method() == Some(&Method::Invite) {
            Self::Invite(ServerInvite::new(transport))
        } else {
            Self::Other(ServerOther::new(timing, now, transport))
        }
    }

    pub(super) fn respond(&mut self, timing: &Timing, now: Mono, status: u16) -> Responded {
        match self {
            Self::Invite(machine) => machine.respond(timing, now, status),
            Self::Other(machine) => machine.respond(timing, now, status),
        }
    }

    pub(super) fn handle_repeated(&mut self) -> Repeated {
        match self {
            Self::Invite(machine) => machine.handle_repeated(),
            Self::Other(machine) => machine.handle_repeated(),
        }
    }

    pub(super) fn handle_timeout(&mut self, timing: &Timing, now: Mono) -> Option<Fired> {
        match self {
            Self::Invite(machine) => machine.handle_timeout(timing, now).map(|fired| match fired {
                ServerInviteFired::Resend => Fired::Resend,
                ServerInviteFired::Unacknowledged => Fired::Unacknowledged,
                ServerInviteFired::Unpracked => Fired::Unpracked,
                ServerInviteFired::Terminated => Fired::Terminated,
            }),
            Self::Other(machine) => machine.handle_timeout(now).map(|fired| match fired {
                ServerOtherFired::Trying => Fired::Trying,
                ServerOtherFired::Terminated => Fired::Terminated,
            }),
        }
    }

    pub(super) fn is_unanswered(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_proceeding(),
            Self::Other(machine) => machine.is_unanswered(),
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_terminated(),
            Self::Other(machine) => machine.is_terminated(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Mono> {
        match self {
            Self::Invite(machine) => machine.deadline(),
            Self::Other(machine) => machine.deadline(),
        }
    }
}
