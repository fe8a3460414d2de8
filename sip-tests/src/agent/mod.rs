//! A phone or a carrier: a small user agent of its own, which shares no code with the switch.

mod answer;
mod ask;
mod dialog;
mod heard;
mod reliable;
mod repeat;
mod talk;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use base::Mono;
use base::wire::Transport;

use crate::Msg;
use repeat::{Client, Server};

pub use talk::{Role, State, Talk};

/// What an agent does with an INVITE: after so many milliseconds, this status.
pub type Manner = &'static [(u64, u16)];
/// Rings, then answers.
pub const ANSWER: Manner = &[(0, 100), (20, 180), (500, 200)];
/// Rings and waits.
pub const RING: Manner = &[(0, 100), (20, 180)];
/// Sends media before it answers.
pub const EARLY: Manner = &[(0, 100), (20, 183), (500, 200)];
/// Is busy.
pub const BUSY: Manner = &[(0, 100), (20, 486)];
/// Says nothing at all, and leaves it to the test.
pub const SILENT: Manner = &[];

/// What an agent does with a re-INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reinvite {
    /// 200 with a mirrored answer.
    Accept,
    /// This status.
    Refuse(u16),
    /// Nothing; the test answers.
    Wait,
}

/// What an agent does with reliable provisional responses (RFC 3262).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pracks {
    /// Acknowledges each, with an answer where it made no offer.
    All,
    /// Acknowledges each with a new offer of its own (RFC 6337 pattern 5).
    Offering,
    /// None; the test does.
    None,
}

/// A response that a test describes.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body; none is added.
    pub body: String,
    /// Whole header lines.
    pub headers: Vec<String>,
    /// A To tag other than the call's own: the answer of another fork.
    pub tag: Option<String>,
    /// Sent reliably, with this RSeq (RFC 3262).
    pub rseq: Option<u32>,
}

/// Whom an agent lets through, by digest.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Methods that are asked for credentials.
    pub methods: &'static [&'static str],
    /// 401 or 407.
    pub status: u16,
    /// The password that fits.
    pub password: String,
    /// Each nonce is good for one request.
    pub fresh: bool,
}

/// One user agent.
#[derive(Debug)]
#[non_exhaustive]
pub struct Agent {
    /// Its name in ladders; the user of its Contact.
    pub name: String,
    /// Its digest user.
    pub user: String,
    /// Where it is.
    pub addr: SocketAddr,
    /// How it speaks.
    pub transport: Transport,
    /// Where it sends what begins something.
    pub switch: SocketAddr,
    /// What it answers challenges with.
    pub password: Option<String>,
    /// The digest user name, where it is not `user`.
    pub login: Option<String>,
    /// The host that its offers name for media; its own when `None`.
    pub media_host: Option<IpAddr>,
    /// What it does with calls.
    pub manner: Manner,
    /// What it does with re-INVITEs.
    pub reinvites: Reinvite,
    /// Whom it lets through.
    pub guard: Option<Guard>,
    /// The status for OPTIONS; 0 for none at all.
    pub options: u16,
    /// The status for NOTIFYs; 0 leaves them to what it knows of calls.
    pub notified: u16,
    /// Header lines of its REGISTERs beside the usual ones.
    pub register_lines: Vec<String>,
    /// Its Contact where that is not its address as usual.
    pub said_contact: Option<String>,
    /// The status for MESSAGE outside calls.
    pub texts: u16,
    /// As a registrar: a shorter lifetime is too brief.
    pub min_expires: u32,
    /// It hears nothing and says nothing: power cut.
    pub dead: bool,
    /// What it does with UPDATEs that offer.
    pub updates: Reinvite,
    /// Header lines of its INVITEs' kin: its 18x, its 2xx, its UPDATEs.
    pub abilities: Vec<String>,
    /// What it does with reliable provisional responses.
    pub pracks: Pracks,
    /// Its scripted provisional responses are reliable where the INVITE allows it.
    pub reliably: bool,
    /// Its 200s to PRACK are never sent.
    pub withhold_pracked: bool,
    /// Its ACKs of answers are lost.
    pub withhold_acks: bool,
    /// Header lines of its re-INVITEs and of its 2xx to INVITE and UPDATE.
    pub lines: Vec<String>,
    /// The body of its INVITEs in several parts; `{sdp}` stands for the offer.
    pub wrap: Option<String>,
    /// Its ACKs carry no answer to an offer.
    pub forgets_bodies: bool,
    /// What it speaks, most wanted first, as `111 opus/48000/2 useinbandfec=1`; then it answers with one of them and keypad
    /// events, under the numbers of the offer. Empty: PCMU, PCMA and keypad events, whatever was offered.
    pub formats: &'static [&'static str],
    /// Its INVITEs offer a fax (ITU-T T.38) in place of sound.
    pub fax: bool,
    /// The profile of its offers.
    pub profile: &'static str,
    /// Its `a=crypto` values, most wanted first; it answers with one whose suite was offered.
    pub crypto: &'static [&'static str],
    /// Its calls, oldest first.
    pub talks: Vec<Talk>,
    /// Everything it heard, oldest first.
    pub heard: Vec<Msg>,
    /// Final statuses of requests outside calls: method and status.
    pub results: Vec<(String, u16)>,
    out: Vec<(SocketAddr, Vec<u8>)>,
    planned: BTreeSet<(Mono, usize, u16)>,
    clients: Vec<Client>,
    servers: Vec<Server>,
    count: u32,
    nonces: u32,
    register_cseq: u32,
}

impl Agent {
    pub(crate) fn new(name: &str, addr: SocketAddr, transport: Transport, switch: SocketAddr) -> Self {
        Self {
            name: name.to_owned(),
            user: name.to_owned(),
            addr,
            transport,
            switch,
            password: None,
            login: None,
            media_host: None,
            manner: ANSWER,
            reinvites: Reinvite::Accept,
            guard: None,
            options: 200,
            notified: 0,
            register_lines: Vec::new(),
            said_contact: None,
            texts: 200,
            min_expires: 0,
            updates: Reinvite::Accept,
            abilities: Vec::new(),
            pracks: Pracks::All,
            reliably: false,
            withhold_pracked: false,
            dead: false,
            lines: Vec::new(),
            wrap: None,
            forgets_bodies: false,
            withhold_acks: false,
            formats: &[],
            fax: false,
            profile: "RTP/AVP",
            crypto: &[],
            talks: Vec::new(),
            heard: Vec::new(),
            results: Vec::new(),
            out: Vec::new(),
            planned: BTreeSet::new(),
            clients: Vec::new(),
            servers: Vec::new(),
            count: 0,
            nonces: 0,
            register_cseq: 0,
        }
    }

    /// Takes what arrived.
    pub(crate) fn receive(&mut self, now: Mono, from: SocketAddr, msg: Msg) {
        if self.dead {
            return;
        }
        self.heard.push(msg.clone());
        if msg.method().is_some() { self.asked(now, from, &msg) } else { self.told(now, &msg) }
    }

    /// What it wants sent.
    pub(crate) fn drain(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        let out = std::mem::take(&mut self.out);
        if self.dead { Vec::new() } else { out }
    }

    /// When it next has something to do.
    pub(crate) fn deadline(&self) -> Option<Mono> {
        let planned = self.planned.first().map(|(at, _, _)| *at);
        let clients = self.clients.iter().filter_map(Client::deadline).min();
        let servers = self.servers.iter().filter_map(Server::deadline).min();
        [planned, clients, servers].into_iter().flatten().min()
    }

    /// Whether a scripted step is still to come.
    pub(crate) fn is_busy(&self) -> bool {
        !self.planned.is_empty() && !self.dead
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Mono) {
        while let Some((at, talk, status)) = self.planned.first().copied().filter(|(at, _, _)| *at <= now) {
            self.planned.remove(&(at, talk, status));
            if self.talks[talk].is_open() {
                self.step(now, talk, status);
            }
        }
        self.repeat(now);
    }

    /// Its Contact.
    #[must_use]
    pub fn contact(&self) -> String {
        if let Some(said) = &self.said_contact {
            return said.clone();
        }
        let tcp = if self.transport == Transport::Tcp { ";transport=tcp" } else { "" };
        format!("<sip:{}@{}{tcp}>", self.name, self.addr)
    }

    /// The messages of a method that it heard.
    pub fn requests<'a>(&'a self, method: &'a str) -> impl Iterator<Item = &'a Msg> {
        self.heard.iter().filter(move |msg| msg.method() == Some(method))
    }

    fn unique(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}-{}-{}", self.name, self.count)
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.unique("br"))
    }

    fn via(&self, branch: &str) -> String {
        format!("Via: SIP/2.0/{} {};rport;branch={branch}\r\n", self.transport.via(), self.addr)
    }
}
