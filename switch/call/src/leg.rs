//! One dialog with one far end.

use std::net::SocketAddr;
use std::sync::Arc;

use base::LegId;
use base::dns::{Host, Server};
use base::fact::Endpoint;
use base::limits::RECORD_CHARS;
use base::media::{Detected, Srtp};
use base::wire::{Flow, Target, Transport};
use bytes::Bytes;
use phone::keys::Keys;
use sip::auth::{Challenged, Login};
use sip::message::{Draft, Header, Message, Method, NameAddr, Uri};
use sip::{Dialog, ServerId, SessionPolicy, SessionTimer, server_of, target_of};

use crate::act::Purpose;
use crate::digits::Typed;
use crate::headers::Trust;
use crate::negotiate::Negotiation;
use crate::quality::Quality;
use crate::ringing::{Calling, Incoming};

/// INFO packages of a leg that are remembered; further ones are not passed to it.
const INFO_PACKAGES: usize = 16;

/// A leg: who stands there, how to reach it, and where its dialog is.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) endpoint: Endpoint,
    /// How far it is believed about others.
    pub(crate) trust: Trust,
    pub(crate) dialled: String,
    pub(crate) call_id: String,
    /// Our tag; on the caller's leg the one of the dialog that was answered.
    pub(crate) local_tag: String,
    /// Our Contact value.
    pub(crate) contact: String,
    /// Where its requests go.
    pub(crate) target: Target,
    /// The server by name they go to instead, once the DNS has said where that is.
    pub(crate) aim: Option<Box<Server>>,
    pub(crate) state: LegState,
    /// When its session is refreshed, and when its far end counts as gone.
    pub(crate) session: SessionTimer,
    pub(crate) media: Option<Negotiation>,
    /// Codecs allowed here; empty allows all.
    pub(crate) codecs: Vec<String>,
    /// Whether its media is encrypted.
    pub(crate) srtp: Srtp,
    pub(crate) credentials: Option<Arc<Login>>,
    /// INFO packages it takes, comma-separated; `None` while it has not said (RFC 6086).
    pub(crate) recv_info: Option<Box<str>>,
    /// The phone by its own name (RFC 5626), where it has said one.
    pub(crate) instance: Option<Box<str>>,
    /// Challenges answered so far, for the requests that follow.
    pub(crate) challenged: Vec<Challenged>,
    /// The credentials of our last INVITE; its ACK bears the same (RFC 3261 §22.1).
    pub(crate) authorization: Vec<(Header<'static>, String)>,
    /// The last request that may yet be challenged.
    pub(crate) sent: Option<(Purpose, Draft)>,
    /// Challenges answered for the last request.
    pub(crate) challenges: u8,
    /// Client transactions without a final answer.
    pub(crate) pending: u32,
    /// The highest number of our requests in early dialogs; what ends a stray fork counts on from here.
    pub(crate) numbered: u32,
    /// Its far end takes UPDATE, as far as it has said.
    pub(crate) allows_update: bool,
    /// Its media is missing.
    pub(crate) silent: bool,
    /// What was last heard of all that is listened for.
    pub(crate) heard: Option<Detected>,
    /// Whether codes that its far end presses are taken as such.
    pub(crate) codes: Codes,
    /// It asks for a supervisor's help.
    pub(crate) wants_help: bool,
    /// Digits that go to it in INFO; most legs have none.
    pub(crate) typed: Option<Box<Typed>>,
    /// How good its media is.
    pub(crate) quality: Quality,
    /// Its port was opened and the final figures have not come.
    pub(crate) media_pending: bool,
    /// Its INVITE was theirs, and so is its Call-ID.
    pub(crate) theirs: bool,
    /// An offer of our own is due.
    pub(crate) renew: bool,
}

/// Whether codes pressed on a leg are taken as such.
#[derive(Debug, Default)]
pub(crate) enum Codes {
    /// Nobody has looked yet.
    #[default]
    Undecided,
    /// Keys are for the far end.
    Off,
    /// They are; these may be part of one.
    On(Box<Keys>),
}

/// Where a leg stands.
#[derive(Debug)]
pub(crate) enum LegState {
    /// The caller's INVITE waits for our final answer.
    Incoming(Box<Incoming>),
    /// Our INVITE waits for theirs.
    Calling(Box<Calling>),
    /// A confirmed dialog.
    Talking(Box<Talking>),
    /// We took our INVITE back; a 2xx that crosses gets ACK and BYE.
    Cancelling,
    /// Over; a late 2xx still gets ACK and BYE.
    Ended,
}

/// A confirmed dialog.
#[derive(Debug)]
pub(crate) struct Talking {
    pub(crate) dialog: Dialog,
    /// Our 2xx that waits for its ACK.
    pub(crate) unacked: Option<ServerId>,
    /// CSeq number of our last INVITE that was answered 2xx; 0 when none was ours.
    pub(crate) invite_cseq: u32,
    /// What its ACK carried: our answer to an offer in the 2xx.
    pub(crate) ack_body: Option<Bytes>,
    /// That ACK waits until the other side has answered the offer.
    pub(crate) owes_ack: bool,
    /// A reliable provisional response of ours whose PRACK is still owed a 200 (RFC 3262 §3).
    pub(crate) unpracked: Option<u32>,
    /// A BYE to send as soon as our 2xx is acknowledged (RFC 3261 §15).
    pub(crate) bye_due: Option<Draft>,
    /// A re-INVITE of ours that refreshes the session waits for its answer.
    pub(crate) refreshing: bool,
}

impl Leg {
    /// A leg that has not begun.
    pub(crate) fn new(
        id: LegId,
        endpoint: Endpoint,
        dialled: String,
        call_id: String,
        local_tag: String,
        target: Target,
        session: SessionPolicy,
    ) -> Self {
        Self {
            id,
            endpoint,
            trust: Trust::None,
            dialled,
            call_id,
            local_tag,
            contact: String::new(),
            target,
            aim: None,
            state: LegState::Ended,
            session: SessionTimer::new(session),
            media: None,
            codecs: Vec::new(),
            srtp: Srtp::default(),
            credentials: None,
            recv_info: None,
            instance: None,
            challenged: Vec::new(),
            authorization: Vec::new(),
            sent: None,
            challenges: 0,
            pending: 0,
            numbered: 0,
            allows_update: false,
            silent: false,
            heard: None,
            codes: Codes::default(),
            wants_help: false,
            typed: None,
            quality: Quality::default(),
            media_pending: false,
            theirs: false,
            renew: false,
        }
    }

    /// What the far end says of itself: the methods it takes.
    pub(crate) fn learn(&mut self, message: &Message) {
        if message.has(Header::RecvInfo) {
            let packages: Vec<&str> = message.values(Header::RecvInfo).take(INFO_PACKAGES).collect();
            self.recv_info = Some(packages.join(", ").into());
        }
        if message.has(Header::Allow) {
            self.allows_update = message.lists(Header::Allow, "UPDATE");
        }
        if let Some(contact) = message.header(Header::Contact).filter(|text| text.contains("+sip.instance"))
            && let Ok(contact) = NameAddr::parse(contact)
            && let Some(name) = contact.params.get("+sip.instance")
        {
            self.instance = Some(name.chars().take(RECORD_CHARS).collect());
        }
    }

    /// Puts an answer to every challenge so far on a request of ours.
    pub(crate) fn authorize(&mut self, draft: &mut Draft) {
        let (Some(login), Some(method)) = (&self.credentials, draft.method().cloned()) else { return };
        let mut given = Vec::new();
        for asked in &mut self.challenged {
            let (header, value) = login.next(asked, &method, draft.uri_text());
            draft.set(header, &value);
            given.push((header, value));
        }
        if method == Method::Invite {
            self.authorization = given;
        }
    }

    pub(crate) fn talking(&self) -> Option<&Talking> {
        match &self.state {
            LegState::Talking(talking) => Some(talking),
            LegState::Incoming(_) | LegState::Calling(_) | LegState::Cancelling | LegState::Ended => None,
        }
    }

    pub(crate) fn talking_mut(&mut self) -> Option<&mut Talking> {
        match &mut self.state {
            LegState::Talking(talking) => Some(talking),
            LegState::Incoming(_) | LegState::Calling(_) | LegState::Cancelling | LegState::Ended => None,
        }
    }

    pub(crate) fn calling_mut(&mut self) -> Option<&mut Calling> {
        match &mut self.state {
            LegState::Calling(calling) => Some(calling),
            LegState::Incoming(_) | LegState::Talking(_) | LegState::Cancelling | LegState::Ended => None,
        }
    }

    pub(crate) fn calling(&self) -> Option<&Calling> {
        match &self.state {
            LegState::Calling(calling) => Some(calling),
            LegState::Incoming(_) | LegState::Talking(_) | LegState::Cancelling | LegState::Ended => None,
        }
    }

    pub(crate) fn incoming(&self) -> Option<&Incoming> {
        match &self.state {
            LegState::Incoming(incoming) => Some(incoming),
            LegState::Calling(_) | LegState::Talking(_) | LegState::Cancelling | LegState::Ended => None,
        }
    }

    pub(crate) fn incoming_mut(&mut self) -> Option<&mut Incoming> {
        match &mut self.state {
            LegState::Incoming(incoming) => Some(incoming),
            LegState::Calling(_) | LegState::Talking(_) | LegState::Cancelling | LegState::Ended => None,
        }
    }

    /// The dialog of this leg and where its requests go; before the answer the early one that bears this tag of
    /// ours towards the caller.
    pub(crate) fn dialog(&mut self, near: Option<&str>) -> Option<(&mut Dialog, Target)> {
        let to = self.target;
        match &mut self.state {
            LegState::Talking(talking) => Some((&mut talking.dialog, to)),
            LegState::Incoming(incoming) => Some((&mut incoming.near(near?)?.dialog, to)),
            LegState::Calling(calling) => {
                let fork = calling.forks.iter_mut().find(|fork| Some(fork.near.as_str()) == near)?;
                fork.far.as_mut().map(|(dialog, to)| (dialog, *to))
            }
            LegState::Cancelling | LegState::Ended => None,
        }
    }

    /// The tag of ours towards the caller that stands for the early dialog of a request or response.
    pub(crate) fn near_of(&self, message: &Message) -> Option<String> {
        let (to, from) = (message.to_tag(), message.from_tag());
        let (ours, theirs) = if message.is_request() { (to, from) } else { (from, to) };
        match &self.state {
            LegState::Incoming(_) => ours.map(str::to_owned),
            LegState::Calling(calling) => {
                let fork = calling.forks.get(calling.fork_at(theirs.unwrap_or_default())?)?;
                Some(fork.near.clone())
            }
            LegState::Talking(_) | LegState::Cancelling | LegState::Ended => None,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, LegState::Ended | LegState::Cancelling)
    }

    /// Whether nothing of its protocol is left to happen.
    pub(crate) fn is_quiet(&self) -> bool {
        self.pending == 0
            && match &self.state {
                LegState::Talking(talking) => talking.unacked.is_none(),
                LegState::Ended => true,
                LegState::Incoming(_) | LegState::Calling(_) | LegState::Cancelling => false,
            }
    }
}

/// The way to a hop from where a leg stands, over the protocol it asks for, else over that of the leg; a stream to
/// the same machine is used on while it lasts, whatever port is named. `None` for a hop by name.
pub(crate) fn towards(from: Target, hop: &Uri) -> Option<Target> {
    let (server, found) = (server_of(hop)?, target_of(hop)?);
    let asks = names_protocol(&server) || matches!(from, Target::Peer { .. });
    let transport = if asks { found.transport() } else { from.transport() };
    let port = server.port.unwrap_or_else(|| transport.default_port());
    Some(along(from, transport, SocketAddr::new(found.remote().ip(), port)))
}

/// The server of a hop by name; with no word on the protocol the stream of the leg is what is meant.
pub(crate) fn server_by_name(from: Target, hop: &Uri) -> Option<Server> {
    let mut server = server_of(hop).filter(|server| matches!(server.host, Host::Name(_)))?;
    if !names_protocol(&server) && from.transport().is_connected() {
        server.transport = Some(from.transport());
    }
    Some(server)
}

/// The way to an address: the leg's own stream when it leads to that machine.
pub(crate) fn along(from: Target, transport: Transport, remote: SocketAddr) -> Target {
    match from {
        Target::Flow(flow)
            if flow.transport.is_connected()
                && flow.transport == transport
                && flow.remote.ip() == remote.ip() =>
        {
            Target::Flow(Flow { remote, ..flow })
        }
        // A Contact that forgets to say TLS is no reason to look elsewhere.
        Target::Peer { .. } if !transport.is_secure() => from,
        Target::Peer { peer, .. } => Target::Peer { transport, remote, peer },
        Target::Flow(_) | Target::Addr { .. } => Target::Addr { transport, remote },
    }
}

fn names_protocol(server: &Server) -> bool {
    server.transport.is_some() || server.secure
}

impl Talking {
    /// A dialog whose INVITE was theirs; our 2xx waits for its ACK.
    pub(crate) fn asked(dialog: Dialog, unacked: ServerId) -> Self {
        Self {
            dialog,
            unacked: Some(unacked),
            invite_cseq: 0,
            ack_body: None,
            owes_ack: false,
            unpracked: None,
            bye_due: None,
            refreshing: false,
        }
    }

    /// A dialog whose INVITE, with this number, was ours.
    pub(crate) fn asking(dialog: Dialog, invite_cseq: u32) -> Self {
        Self {
            dialog,
            unacked: None,
            invite_cseq,
            ack_body: None,
            owes_ack: false,
            unpracked: None,
            bye_due: None,
            refreshing: false,
        }
    }
}
