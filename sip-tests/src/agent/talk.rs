//! What an agent remembers of one call.

use std::net::SocketAddr;

use crate::Msg;

/// Which side of the call an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It sent the INVITE.
    Caller,
    /// It got the INVITE.
    Callee,
}

/// Where a call stands, as the agent sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The INVITE is out, or in.
    Calling,
    /// It rings.
    Ringing,
    /// It is answered.
    Up,
    /// Our BYE is out.
    Leaving,
    /// It is over.
    Over,
}

/// One call of an agent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Talk {
    /// Which side.
    pub role: Role,
    /// Where it stands.
    pub state: State,
    /// Its Call-ID.
    pub call_id: String,
    /// The agent's tag.
    pub local_tag: String,
    /// The switch's tag.
    pub remote_tag: String,
    /// Statuses of responses to its INVITE, repetitions left out.
    pub statuses: Vec<u16>,
    /// The refusal of its INVITE.
    pub refusal: Option<Msg>,
    /// Final statuses of its re-INVITEs.
    pub reinvites: Vec<u16>,
    /// The latest body of the switch.
    pub remote_body: String,
    /// The INVITE: as heard by the callee, as sent by the caller.
    pub invite: Msg,
    /// Final statuses of its UPDATEs.
    pub updates: Vec<u16>,
    /// RSeq values that came reliably, each once, and that were acknowledged to it: caller and callee.
    pub rseqs: Vec<u32>,
    /// Final statuses of its PRACKs.
    pub pracks: Vec<u16>,
    /// How many ACKs with a 2xx's CSeq it got.
    pub acks: u32,
    /// The BYE that ended it, if the switch sent one.
    pub bye: Option<Msg>,
    /// Where its audio is.
    pub media: SocketAddr,
    /// The direction of its latest body.
    pub direction: &'static str,
    pub(super) version: u32,
    /// From or To value of its own, tag included.
    pub(super) local: String,
    pub(super) remote: String,
    pub(super) target: String,
    pub(super) routes: Vec<String>,
    pub(super) cseq: u32,
    /// Its INVITE had no body: the 2xx makes the offer.
    pub(super) delayed: bool,
    /// It took its INVITE back.
    pub(super) cancelled: bool,
    pub(super) branch: String,
    pub(super) headers: Vec<String>,
    pub(super) tries: u32,
    /// A re-INVITE of the switch that waits for an answer.
    pub(crate) asked: Option<Msg>,
    /// A re-INVITE of its own that waits for one.
    pub(super) asking: bool,
    /// As callee: a reliable response of it made the offer, which the PRACK answers.
    pub(super) offered_early: bool,
    /// As callee: a reliable response of it described the session.
    pub(super) described: bool,
    /// Its own UPDATE with an offer waits for an answer.
    pub(super) offering: bool,
    /// An UPDATE with an offer that waits for an answer of the agent.
    pub(super) updating: Option<Msg>,
}

impl Talk {
    /// Whether its INVITE waits for a final response of the agent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.role == Role::Callee && matches!(self.state, State::Calling | State::Ringing)
    }

    /// Whether the agent believes that somebody is at the other end.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// From and To of its next request.
    #[must_use]
    pub fn ends(&self) -> (&str, &str) {
        (&self.local, &self.remote)
    }

    /// The branch of its INVITE.
    #[must_use]
    pub fn branch_of_invite(&self) -> String {
        self.invite.branch().to_owned()
    }

    /// The last status of its INVITE; 0 before any.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.statuses.last().copied().unwrap_or(0)
    }
}
