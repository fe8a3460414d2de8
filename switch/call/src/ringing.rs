//! A call before its answer: early dialogs of both sides, and how far offer and answer have come in each.
//!
//! ```text
//!   caller ── INVITE ──► Incoming                     Calling ── INVITE ──► callee, forked by proxies
//!             ◄─ 18x ──  Near (our tag) ◄── paired ── Fork (their tag) ◄── 18x ──
//! ```

use base::LegId;
use base::wire::{Flow, Target};
use peer::PeerAt;
use sdp::Sdp;
use sip::message::{Draft, Header, Message};
use sip::reliable::{Heard, OPTION, Provisionals};
use sip::{Dialog, ServerId};

/// What a far end takes of reliable provisional responses (RFC 3262), within what is set up for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reliability {
    /// None.
    Never,
    /// Those that matter.
    Able,
    /// Nothing else.
    Always,
}

/// How far offer and answer have come in an early dialog; ours first, then theirs.
#[derive(Debug, Default)]
pub(crate) enum Session {
    /// Nothing that counts was said.
    #[default]
    Open,
    /// An answer came unreliably: a look at what the 2xx will say (RFC 3261 §13.2.1).
    Preview(Sdp, Sdp),
    /// The exchange is complete; the 2xx adds nothing, and an UPDATE may offer anew (RFC 6337 §2.2).
    Settled(Sdp, Sdp),
}

/// The caller's INVITE, which waits for our final answer.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) invite: ServerId,
    pub(crate) request: Message,
    pub(crate) reliability: Reliability,
    pub(crate) said: Provisionals<Provisional>,
    /// What it was told last beside 100.
    pub(crate) told: Option<Told>,
    /// What the PRACK of the response that is out means beyond itself.
    pub(crate) owed: Option<Owed>,
    /// Early dialogs in which something was agreed or asked.
    pub(crate) dialogs: Vec<Near>,
}

/// What the caller was told last.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) reliable: bool,
    /// The tag it was told under, where that is not the one of the leg.
    pub(crate) tag: Option<String>,
}

/// An early dialog with the caller, under a tag of ours.
#[derive(Debug)]
pub(crate) struct Near {
    pub(crate) dialog: Dialog,
    pub(crate) session: Session,
}

/// A provisional response that may have to wait for its turn.
#[derive(Debug)]
pub(crate) struct Provisional {
    pub(crate) draft: Draft,
    pub(crate) owed: Option<Owed>,
}

/// What the caller's PRACK brings.
#[derive(Debug)]
pub(crate) enum Owed {
    /// The PRACK of the callee's own reliable response; with the answer when that made this offer, here as it
    /// came and as it was passed on.
    Callee { leg: LegId, near: String, rack: String, offer: Option<(Sdp, Sdp)> },
    /// The answer to our own offer.
    Answer(Sdp),
}

/// An INVITE of ours on its way.
#[derive(Debug)]
pub(crate) struct Calling {
    /// As sent, where a challenge or a 422 may come.
    pub(crate) invite: Option<Draft>,
    /// The session interval asked for since a 422; 0 before.
    pub(crate) interval: u32,
    /// 422s answered by asking for a longer interval.
    pub(crate) raised: u8,
    /// The offer in it; `None` leaves the offer to them.
    pub(crate) offer: Option<Sdp>,
    /// It said that we take reliable provisional responses.
    pub(crate) reliable: bool,
    /// Their early dialogs, by To tag: another tag is another fork, which the caller must not take for the same
    /// dialog (RFC 3261 §13.2.2.4).
    pub(crate) forks: Vec<Fork>,
    /// Any response came.
    pub(crate) heard: bool,
    /// 180 or 183 came.
    pub(crate) ringing: bool,
    /// Whoever picks up is asked whether to take the call.
    pub(crate) asks: bool,
    /// Our tag towards the caller for the first fork: each is an early dialog of its own there.
    pub(crate) caller_tag: String,
    /// On a trunk: which, and which target of its peers.
    pub(crate) trunk: Option<(String, PeerAt)>,
    /// The phone itself, when it has named its flows (RFC 5626).
    pub(crate) instance: Option<Box<str>>,
}

/// One early dialog of a callee.
#[derive(Debug)]
pub(crate) struct Fork {
    /// Their tag; "" while they have none.
    pub(crate) tag: String,
    /// Our tag towards the caller.
    pub(crate) near: String,
    /// Where requests in it go; only for those that take PRACK or UPDATE.
    pub(crate) far: Option<(Dialog, Target)>,
    pub(crate) heard: Heard,
    pub(crate) session: Session,
    /// It has ended before any answer (RFC 6228), or was answered in the name of the caller.
    pub(crate) standing: Standing,
}

/// What a fork still is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It may yet answer.
    Rings,
    /// 199: its media is not to be heard any more.
    Gone,
}

/// A 2xx that waits until the caller has acknowledged a reliable provisional response (RFC 3262 §3).
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) leg: LegId,
    pub(crate) response: Message,
    pub(crate) flow: Flow,
}

impl From<provision::Reliable> for Reliability {
    fn from(set_up: provision::Reliable) -> Self {
        match set_up {
            provision::Reliable::Off => Self::Never,
            provision::Reliable::Supported => Self::Able,
            provision::Reliable::Required => Self::Always,
        }
    }
}

impl Reliability {
    /// What a caller that says this in its INVITE gets, where so much is set up for it.
    ///
    /// # Errors
    /// The refusal when the two do not go together: 420, or 421.
    pub(crate) fn agreed(self, invite: &Message) -> Result<Self, u16> {
        let requires = invite.lists(Header::Require, OPTION);
        let supports = requires || invite.lists(Header::Supported, OPTION);
        match self {
            Self::Never if requires => Err(420),
            Self::Always if !supports => Err(421),
            Self::Never => Ok(Self::Never),
            Self::Able | Self::Always if requires => Ok(Self::Always),
            Self::Always => Ok(Self::Always),
            Self::Able if supports => Ok(Self::Able),
            Self::Able => Ok(Self::Never),
        }
    }
}

impl Session {
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self, Self::Settled(..))
    }

    /// Ours and theirs.
    pub(crate) fn pair(&self) -> Option<(&Sdp, &Sdp)> {
        match self {
            Self::Open => None,
            Self::Preview(ours, theirs) | Self::Settled(ours, theirs) => Some((ours, theirs)),
        }
    }
}

impl Incoming {
    pub(crate) fn new(invite: ServerId, request: Message, reliability: Reliability) -> Self {
        Self {
            invite,
            request,
            reliability,
            said: Provisionals::new(),
            told: None,
            owed: None,
            dialogs: Vec::new(),
        }
    }

    /// The early dialog of this tag of ours; begun now if need be. `None` when the INVITE makes none.
    pub(crate) fn near(&mut self, tag: &str) -> Option<&mut Near> {
        let known = self.dialogs.iter().position(|near| near.dialog.local_tag() == tag);
        if known.is_none() {
            let dialog = Dialog::uas(&self.request, tag).ok()?;
            self.dialogs.push(Near { dialog, session: Session::Open });
        }
        let at = known.unwrap_or(self.dialogs.len() - 1);
        self.dialogs.get_mut(at)
    }

    /// The number of the INVITE.
    pub(crate) fn number(&self) -> u32 {
        self.request.cseq().map_or(0, |cseq| cseq.number)
    }
}

impl Calling {
    /// The fork a response or request with this tag of theirs belongs to.
    pub(crate) fn fork_at(&self, tag: &str) -> Option<usize> {
        let exact = self.forks.iter().position(|fork| fork.tag == tag);
        exact.or_else(|| self.forks.iter().position(|fork| fork.tag.is_empty()))
    }
}
