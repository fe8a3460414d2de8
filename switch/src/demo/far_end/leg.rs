//! One call of a far end, by what it waits for.

use bytes::Bytes;
use sdp::Sdp;
use sip::{ClientId, Dialog, ServerId};

use super::End;
use super::invite::Invite;
use crate::demo::cue::Hold;

/// A call and the channel it speaks on.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) channel: usize,
    pub(super) leg: Leg,
}

/// How far a call is.
#[derive(Debug)]
pub(super) enum Leg {
    /// We called and wait.
    Placing(Placing),
    /// We are called and have not decided.
    Offered(Offered),
    /// Both talk.
    Up(Up),
    /// We hung up and wait for the answer to the BYE.
    Leaving { bye: ClientId, dialog: Dialog, end: End },
}

/// Our INVITE on its way.
#[derive(Debug)]
pub(super) struct Placing {
    pub(super) id: ClientId,
    pub(super) invite: Invite,
    pub(super) offer: Sdp,
    pub(super) wish: Wish,
}

/// Whether the caller still wants the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Yes.
    Wanted,
    /// No: CANCEL went out.
    GivenUp,
}

/// Their INVITE before our final answer.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) id: ServerId,
    pub(super) dialog: Dialog,
    pub(super) offer: Sdp,
    pub(super) answer: Sdp,
}

/// An established call.
#[derive(Debug)]
pub(super) struct Up {
    pub(super) dialog: Dialog,
    /// Our half of the negotiation.
    pub(super) session: Sdp,
    pub(super) opened: Opened,
}

/// Who opened a call, and what may still be said about its INVITE.
#[derive(Debug)]
pub(super) enum Opened {
    /// We did; the ACK, in case the 2xx comes again.
    ByUs { invite: ClientId, ack: Bytes },
    /// They did; the ACK ends the repetition of the 2xx.
    ByThem { invite: ServerId },
    /// Our offer to hold, or not to, is on its way.
    Again { invite: ClientId, cseq: u32, hold: Hold },
}

impl Leg {
    /// The request of ours that this call has open.
    pub(super) fn client(&self) -> Option<ClientId> {
        match self {
            Self::Placing(placing) => Some(placing.id),
            Self::Up(Up { opened: Opened::ByUs { invite, .. } | Opened::Again { invite, .. }, .. }) => {
                Some(*invite)
            }
            Self::Leaving { bye, .. } => Some(*bye),
            Self::Up(Up { opened: Opened::ByThem { .. }, .. }) | Self::Offered(_) => None,
        }
    }

    /// The INVITE of theirs that this call came by.
    pub(super) fn server(&self) -> Option<ServerId> {
        match self {
            Self::Offered(offered) => Some(offered.id),
            Self::Up(Up { opened: Opened::ByThem { invite }, .. }) => Some(*invite),
            Self::Up(Up { opened: Opened::ByUs { .. } | Opened::Again { .. }, .. })
            | Self::Placing(_)
            | Self::Leaving { .. } => None,
        }
    }

    /// The dialog, once there is one.
    pub(super) fn dialog_mut(&mut self) -> Option<&mut Dialog> {
        match self {
            Self::Placing(_) => None,
            Self::Offered(offered) => Some(&mut offered.dialog),
            Self::Up(up) => Some(&mut up.dialog),
            Self::Leaving { dialog, .. } => Some(dialog),
        }
    }
}
