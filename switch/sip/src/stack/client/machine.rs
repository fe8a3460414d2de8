//! The two client machines behind one face.

use base::Mono;
use base::wire::{Target, Transport};
use bytes::Bytes;

use crate::message::Method;
use crate::stack::ClientId;
use crate::transaction::{
    ClientInvite, ClientInviteFired, ClientInviteStep, ClientOther, ClientOtherFired, ClientOtherStep, Timing,
};

/// Either machine, with what the stack keeps beside it.
#[derive(Debug)]
pub(super) enum Machine {
    Invite { machine: ClientInvite, cancel: Cancel, ack: Option<Bytes> },
    Other { machine: ClientOther, asker: Asker },
}

/// How far the wish to cancel an INVITE has come.
#[derive(Debug)]
pub(super) enum Cancel {
    Unwanted,
    /// Nothing was answered yet, so the CANCEL might overtake its INVITE. RFC 3261 §9.1.
    Held(Option<String>),
    Sent(ClientId),
}

/// Who waits for the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    Owner,
    /// A CANCEL: its outcome shows in the INVITE's.
    Stack,
}

/// What follows from a deadline, whichever machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fired {
    Resend,
    TimedOut,
    Terminated,
}

impl Machine {
    pub(super) fn new(timing: &Timing, now: Mono, target: Target, method: &Method) -> Self {
        let transport = target.transport();
        if *method == Method::Invite {
            let machine = ClientInvite::new(timing, now, transport);
            Self::Invite { machine, cancel: Cancel::Unwanted, ack: None }
        } else {
            Self::Other { machine: ClientOther::new(timing, now, transport), asker: Asker::Owner }
        }
    }

    /// Begins anew over another transport; whether it is to be cancelled stays.
    pub(super) fn restart(&mut self, timing: &Timing, now: Mono, transport: Transport) {
        match self {
            Self::Invite { machine, .. } => *machine = ClientInvite::new(timing, now, transport),
            Self::Other { machine, .. } => *machine = ClientOther::new(timing, now, transport),
        }
    }

    pub(super) fn handle_response(&mut self, timing: &Timing, now: Mono, status: u16) -> ClientInviteStep {
        match self {
            Self::Invite { machine, .. } => machine.handle_response(timing, now, status),
            Self::Other { machine, .. } => match machine.handle_response(timing, now, status) {
                ClientOtherStep::Deliver => ClientInviteStep::Deliver,
                ClientOtherStep::Drop => ClientInviteStep::Drop,
            },
        }
    }

    pub(super) fn handle_timeout(&mut self, timing: &Timing, now: Mono) -> Option<Fired> {
        match self {
            Self::Invite { machine, .. } => machine.handle_timeout(now).map(|fired| match fired {
                ClientInviteFired::Resend => Fired::Resend,
                ClientInviteFired::TimedOut => Fired::TimedOut,
                ClientInviteFired::Terminated => Fired::Terminated,
            }),
            Self::Other { machine, .. } => machine.handle_timeout(timing, now).map(|fired| match fired {
                ClientOtherFired::Resend => Fired::Resend,
                ClientOtherFired::TimedOut => Fired::TimedOut,
                ClientOtherFired::Terminated => Fired::Terminated,
            }),
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        match self {
            Self::Invite { machine, .. } => machine.is_calling() || machine.is_proceeding(),
            Self::Other { machine, .. } => machine.is_waiting(),
        }
    }

    pub(super) fn is_terminated(&self) -> bool {
        match self {
            Self::Invite { machine, .. } => machine.is_terminated(),
            Self::Other { machine, .. } => machine.is_terminated(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Mono> {
        match self {
            Self::Invite { machine, .. } => machine.deadline(),
            Self::Other { machine, .. } => machine.deadline(),
        }
    }
}
