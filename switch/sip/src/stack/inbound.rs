//! What comes in: read, recognised, and answered at once where nobody needs to decide.

use std::hash::{DefaultHasher, Hasher as _};
use std::net::{IpAddr, SocketAddr};

use base::wire::{Flow, Inbound, Target};
use base::{Mono, Now};
use bytes::Bytes;

use super::server::{Asker, Keys, Machine};
use super::wording::{self, ReturnPath};
use super::{ServerId, SipEvent, Stack, key};
use crate::message::{Draft, Framing, Message, Method, ParseError, Via};
use crate::transaction::AckStep;

/// A new request before anything is kept of it: its owner admits it, answers it once, or lets it fall.
#[derive(Debug)]
pub struct NewRequest {
    request: Message,
    flow: Flow,
    path: ReturnPath,
    keys: Keys,
}

impl NewRequest {
    /// As received.
    #[must_use]
    pub fn request(&self) -> &Message {
        &self.request
    }

    /// The path it came by.
    #[must_use]
    pub fn flow(&self) -> Flow {
        self.flow
    }
}

impl Stack {
    /// Takes a message from the network, and admits it if it is a new request.
    pub fn receive(&mut self, now: Now, inbound: Inbound) {
        if let Some(new) = self.take_in(now, inbound, &|_, _| false) {
            self.admit(now, new);
        }
    }

    /// Takes a message from the network. A new request comes back and has cost nothing that lasts. `speaks_for` tells
    /// whether responses from its second address count as those of its first, to which a request of ours went.
    pub fn take_in(
        &mut self,
        now: Now,
        inbound: Inbound,
        speaks_for: &dyn Fn(IpAddr, IpAddr) -> bool,
    ) -> Option<NewRequest> {
        let Inbound { data, flow } = inbound;
        self.stats.received += 1;
        if !is_answerable(flow.remote) {
            self.stats.unanswerable += 1;
            return None;
        }
        let framing = if flow.transport.keeps_borders() { Framing::Datagram } else { Framing::Stream };
        match Message::parse(data, framing) {
            Ok(message) if message.is_request() => return self.receive_request(now.mono, message, flow),
            Ok(message) => self.receive_response(now.mono, message, flow, speaks_for),
            Err(error) => self.refuse_malformed(now.mono, &error, flow),
        }
        None
    }

    /// Gives a new request its transaction and its owner the request.
    pub fn admit(&mut self, now: Now, new: NewRequest) {
        let NewRequest { request, flow, path, keys } = new;
        let is_invite = request.method() == Some(&Method::Invite);
        if self.transactions() >= self.config.transactions {
            self.stats.overload += 1;
            if is_invite {
                self.answer_alone(now.mono, &request, &path, 503, "");
            }
            return;
        }
        let id = self.open(now.mono, request.clone(), flow, path, keys, Asker::Owner);
        if is_invite {
            self.word_trying(id);
        }
        self.tell(SipEvent::Request { id, request, flow });
    }

    /// Answers a new request and forgets it: one answer, and one more to each repetition (RFC 3261 §8.2.7). Strangers
    /// share a ration of octets over datagrams; whom the owner knows there always gets his answer.
    pub fn answer_once(&mut self, now: Now, new: &NewRequest, draft: Draft, is_known: bool) {
        let asked = (!is_known).then(|| new.request.bytes().len());
        self.answer_draft(now.mono, draft, &new.path, asked);
    }

    fn receive_request(&mut self, now: Mono, request: Message, flow: Flow) -> Option<NewRequest> {
        let (Ok(via), Some(method)) = (request.top_via(), request.method().cloned()) else {
            self.stats.malformed += 1;
            return None;
        };
        let named = if method == Method::Ack { Method::Invite } else { method.clone() };
        key::of_transaction(&mut self.scratch, named.as_str(), &via, &request);
        let known = self.keys.get(self.scratch.as_bytes()).copied();
        match (known, method) {
            (Some(id), Method::Ack) => self.receive_ack(now, id, request, flow),
            (None, Method::Ack) if request.cseq().is_err() => self.stats.malformed += 1,
            (None, Method::Ack) => self.tell(SipEvent::Ack { request, flow }),
            (Some(id), _) => self.repeat(id, flow),
            (None, Method::Cancel) => self.receive_cancel(now, request, flow, via),
            (None, _) => return self.receive_new(now, request, flow, via),
        }
        None
    }

    fn receive_ack(&mut self, now: Mono, id: ServerId, request: Message, flow: Flow) {
        let timing = self.config.timing;
        let Some(server) = self.servers.get_mut(id.0) else { return };
        let Machine::Invite(machine) = &mut server.machine else { return };
        match machine.handle_ack(&timing, now) {
            AckStep::Deliver => self.tell(SipEvent::Ack { request, flow }),
            AckStep::Absorb => self.settle_server(id),
        }
    }

    fn receive_new(&mut self, now: Mono, request: Message, flow: Flow, via: Via) -> Option<NewRequest> {
        let key = Bytes::copy_from_slice(self.scratch.as_bytes());
        let way = key::of_way(&mut self.scratch, &request)
            .map(|()| Bytes::copy_from_slice(self.scratch.as_bytes()));
        let path = self.path(via, flow, &key);
        if let Err(invalid) = request.validate() {
            self.stats.malformed += 1;
            self.answer_alone(now, &request, &path, invalid.status, &invalid.text);
            return None;
        }
        if way.as_ref().is_some_and(|way| self.ways.contains_key(way)) {
            self.stats.merged += 1;
            self.answer_alone(now, &request, &path, 482, "");
            return None;
        }
        Some(NewRequest { request, flow, path, keys: Keys { key, way } })
    }

    /// RFC 3261 §9.2. The CANCEL is a transaction of its own, so that its repetitions get the same answer.
    fn receive_cancel(&mut self, now: Mono, request: Message, flow: Flow, via: Via) {
        let key = Bytes::copy_from_slice(self.scratch.as_bytes());
        key::of_transaction(&mut self.scratch, Method::Invite.as_str(), &via, &request);
        let invite = self.keys.get(self.scratch.as_bytes()).copied();
        // Whoever has seen the INVITE knows its branch, and may not take it back from elsewhere.
        let invite =
            invite.filter(|id| self.server_flow(*id).is_some_and(|sent| is_same_sender(&sent, &flow)));
        let path = self.path(via, flow, &key);
        let Some(invite) = invite else {
            self.stats.cancels_unmatched += 1;
            return self.answer_alone(now, &request, &path, 481, "");
        };
        let mut draft = Draft::response(&request, 200, "");
        if let Some(tag) = self.tag_given(invite) {
            draft.add_to_tag(&tag);
        }
        let keys = Keys { key, way: None };
        let id = self.open(now, request.clone(), flow, path, keys, Asker::Stack);
        self.answer(now, id, draft);
        if self.is_unanswered(invite) {
            self.tell(SipEvent::Cancelled { id: invite, request });
        }
    }

    fn refuse_malformed(&mut self, now: Mono, error: &ParseError, flow: Flow) {
        self.stats.malformed += 1;
        let Some(request) = error.answerable() else { return };
        let Ok(via) = request.top_via() else { return };
        let path = self.path(via, flow, request.bytes());
        self.answer_alone(now, request, &path, error.status, error.kind.text());
    }

    /// Answers without a transaction: a repeated request will get the same answer again. "" is the usual reason.
    fn answer_alone(&mut self, now: Mono, request: &Message, path: &ReturnPath, status: u16, reason: &str) {
        let draft = Draft::response(request, status, reason);
        self.answer_draft(now, draft, path, Some(request.bytes().len()));
    }

    /// Answers a stranger's request of `asked` octets within the ration, and anybody else's always.
    fn answer_draft(&mut self, now: Mono, draft: Draft, path: &ReturnPath, asked: Option<usize>) {
        let data = wording::response(draft, path, &self.config.user_agent);
        if let Some(asked) = asked.filter(|_| !path.flow.transport.is_connected())
            && !self.ration.takes(now, asked, data.len())
        {
            self.stats.withheld += 1;
            return;
        }
        self.send(Target::Flow(path.flow), data);
    }

    fn path(&self, via: Via, flow: Flow, key: &[u8]) -> ReturnPath {
        let mut tag = DefaultHasher::new();
        tag.write_u64(self.secret);
        tag.write(key);
        ReturnPath::new(via, flow, tag.finish())
    }
}

/// The same connection, or the same address: behind a NAT the port may have changed.
fn is_same_sender(known: &Flow, flow: &Flow) -> bool {
    (known.conn.is_some() && known.conn == flow.conn)
        || known.remote.ip().to_canonical() == flow.remote.ip().to_canonical()
}

/// Nothing is sent to many at once, or to nobody.
fn is_answerable(source: SocketAddr) -> bool {
    let ip = source.ip();
    let many = match ip {
        IpAddr::V4(v4) => v4.is_broadcast(),
        IpAddr::V6(_) => false,
    };
    !(many || ip.is_multicast() || ip.is_unspecified() || source.port() == 0)
}
