//! The messages the stack writes, and what it adds to those of its owner.

use std::net::SocketAddr;

use base::wire::{Flow, Locals, Target, Transport};
use bytes::Bytes;

use super::NoSocket;

use crate::message::{Draft, Framing, Header, Host, Message, Method, Via};

const MAGIC: &str = "z9hG4bK";
const HOPS: &str = "70";

/// A branch of ours: where its transaction is, and a token that nobody guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Branch {
    pub(super) token: u64,
    pub(super) id: u64,
}

impl Branch {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (token, id) = text.strip_prefix(MAGIC)?.split_once('.')?;
        Some(Self { token: u64::from_str_radix(token, 16).ok()?, id: u64::from_str_radix(id, 16).ok()? })
    }
}

impl std::fmt::Display for Branch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{MAGIC}{:016x}.{:x}", self.token, self.id)
    }
}

/// Our address as the target should see it.
pub(super) fn sent_by(target: Target, locals: &dyn Locals) -> Result<SocketAddr, NoSocket> {
    let known = locals.signalling(target.transport(), target.remote());
    match (known, target) {
        (Some(local), _) => Ok(local),
        (None, Target::Flow(flow)) => Ok(flow.local),
        (None, Target::Peer { remote, .. } | Target::Addr { remote, .. }) => Err(NoSocket(remote)),
    }
}

/// A request with our Via on top, finished.
pub(super) fn request(
    mut draft: Draft,
    transport: Transport,
    local: SocketAddr,
    branch: Branch,
    agent: &str,
) -> Bytes {
    let (via, ip, port) = (transport.via(), Host::from(local.ip()), local.port());
    draft.prepend(Header::Via, &format!("SIP/2.0/{via} {ip}:{port};rport;branch={branch}"));
    if !agent.is_empty() && !draft.has(Header::UserAgent) {
        draft.push(Header::UserAgent, agent);
    }
    draft.finish()
}

/// The branch of a request of ours, of which only the beginning is there.
pub(super) fn branch_of(quoted: &[u8]) -> Option<Branch> {
    const BRANCH: &[u8] = b"branch=";
    let via = quoted.get(memchr::memmem::find(quoted, b"\r\nVia: SIP/2.0/")? + 2..)?;
    let line = via.get(..memchr::memchr(b'\r', via)?)?;
    let value = line.get(memchr::memmem::find(line, BRANCH)? + BRANCH.len()..)?;
    let end = memchr::memchr2(b';', b',', value).unwrap_or(value.len());
    Branch::parse(std::str::from_utf8(value.get(..end)?).ok()?)
}

/// The same request over another transport: only its Via, the first header, differs.
pub(super) fn over(request: &Bytes, transport: Transport, local: SocketAddr) -> Option<Bytes> {
    const VIA: &[u8] = b"Via: ";
    let line = memchr::memmem::find(request, b"\r\n")? + 2;
    let value = request.get(line..)?.strip_prefix(VIA)?;
    let rest = memchr::memchr(b';', value)?;
    let (ip, port) = (Host::from(local.ip()), local.port());
    let mut data = Vec::with_capacity(request.len() + 8);
    data.extend_from_slice(request.get(..line)?);
    data.extend_from_slice(format!("Via: SIP/2.0/{} {ip}:{port}", transport.via()).as_bytes());
    data.extend_from_slice(value.get(rest..)?);
    Some(data.into())
}

/// The ACK of a refusal: RFC 3261 §17.1.1.3.
pub(super) fn ack(invite: &Bytes, response: &Message) -> Option<Bytes> {
    let mut draft = same_way(invite, Method::Ack, response.header(Header::To)?)?;
    draft.push(Header::MaxForwards, HOPS);
    Some(draft.finish())
}

/// The CANCEL of an INVITE: RFC 3261 §9.1.
pub(super) fn cancel(invite: &Bytes, reason: Option<&str>) -> Option<Bytes> {
    let sent = Message::parse(invite.clone(), Framing::Datagram).ok()?;
    let mut draft = same_way(invite, Method::Cancel, sent.header(Header::To)?)?;
    draft.push(Header::MaxForwards, HOPS);
    if let Some(reason) = reason {
        draft.push(Header::Reason, reason);
    }
    Some(draft.finish())
}

/// A request that follows an INVITE to the same element: same URI, top Via, Route, From, Call-ID and number.
fn same_way(invite: &Bytes, method: Method, to: &str) -> Option<Draft> {
    let sent = Message::parse(invite.clone(), Framing::Datagram).ok()?;
    let number = sent.cseq().ok()?.number;
    let place = format!("{number} {method}");
    let mut draft = Draft::request(method, sent.uri_text());
    draft.push(Header::Via, sent.values(Header::Via).next()?);
    for route in sent.headers(Header::Route) {
        draft.push(Header::Route, route);
    }
    draft.push(Header::From, sent.header(Header::From)?);
    draft.push(Header::To, to);
    draft.push(Header::CallId, sent.header(Header::CallId)?);
    draft.push(Header::CSeq, &place);
    if let Some(session) = sent.header(Header::SessionId) {
        draft.push(Header::SessionId, session);
    }
    Some(draft)
}

/// The way a response takes, and the marks it bears of it.
#[derive(Clone, Debug)]
pub(super) struct ReturnPath {
    /// Where responses go: RFC 3261 §18.2.2, RFC 3581 §4. Always the host the request came from; by its connection
    /// where there was one, and by a new one to the port of the Via when that is gone.
    pub(super) flow: Flow,
    /// The top Via with `received` and `rport` filled in.
    via: String,
    /// The tag of ours, where the owner gives none.
    tag: String,
}

impl ReturnPath {
    pub(super) fn new(mut via: Via, mut flow: Flow, tag: u64) -> Self {
        let source = flow.remote;
        if via.rport().is_some() {
            via.set_rport(Some(source.port()));
            via.set_received(source.ip());
        } else if via.host().ip() != Some(source.ip()) {
            via.set_received(source.ip());
        }
        if via.rport().is_none() || flow.transport.is_connected() {
            flow.remote.set_port(
                via.port().filter(|port| *port > 0).unwrap_or_else(|| flow.transport.default_port()),
            );
        }
        Self { flow, via: via.to_string(), tag: format!("{tag:016x}") }
    }
}

impl ReturnPath {
    /// Our tag, where the owner gives none.
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    /// The owner has chosen its tag.
    pub(super) fn answer_as(&mut self, tag: &str) {
        tag.clone_into(&mut self.tag);
    }

    /// Frees the texts; for a transaction whose last response is made.
    pub(super) fn worded(&mut self) {
        self.via = String::new();
        self.tag = String::new();
    }
}

/// A response on its way back, finished.
pub(super) fn response(mut draft: Draft, path: &ReturnPath, agent: &str) -> Bytes {
    draft.replace_first(Header::Via, &path.via);
    if draft.status() != Some(100) {
        draft.add_to_tag(&path.tag);
    }
    if !agent.is_empty() && !draft.has(Header::Server) {
        draft.push(Header::Server, agent);
    }
    draft.finish()
}
