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

impl Stack {
    /// Takes a message from the network.
    pub fn receive(&mut self, now: Now, inbound: Inbound) {
        let Inbound { data, flow } = inbound;
        self.stats.received += 1;
        if !is_answerable(flow.remote) {
            self.stats.unanswerable += 1;
            return;
        }
        let framing = if flow.transport.keeps_borders() { Framing::Datagram } else { Framing::Stream };
        match Message::parse(data, framing) {
            Ok(message) if message.is_request() => self.receive_request(now.mono, message, flow),
            Ok(message) => self.receive_response(now.mono, message, flow),
            Err(error) => self.refuse_malformed(&error, flow),
        }
    }

    fn receive_request(&mut self, now: Mono, request: Message, flow: Flow) {
        let (Ok(via), Some(method)) = (request.top_via(), request.method().cloned()) else {
            self.stats.malformed += 1;
            return;
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
            (None, _) => self.receive_new(now, request, flow, via),
        }
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

    fn receive_new(&mut self, now: Mono, request: Message, flow: Flow, via: Via) {
        let key = Bytes::copy_from_slice(self.scratch.as_bytes());
        let way = key::of_way(&mut self.scratch, &request)
            .map(|()| Bytes::copy_from_slice(self.scratch.as_bytes()));
        let path = self.path(via, flow, &key);
        if let Err(invalid) = request.validate() {
            self.stats.malformed += 1;
            return self.answer_alone(&request, &path, invalid.status, &invalid.text);
        }
        if way.as_ref().is_some_and(|way| self.ways.contains_key(way)) {
            self.stats.merged += 1;
            return self.answer_alone(&request, &path, 482, "");
        }
        let is_invite = request.method() == Some(&Method::Invite);
        if self.transactions() >= self.config.transactions {
            self.stats.overload += 1;
            if is_invite {
                self.answer_alone(&request, &path, 503, "");
            }
            return;
        }
        let keys = Keys { key, way };
        let id = self.open(now, request.clone(), flow, path, keys, Asker::Owner);
        if is_invite {
            self.word_trying(id);
        }
        self.tell(SipEvent::Request { id, request, flow });
    }

    /// RFC 3261 §9.2. The CANCEL is a transaction of its own, so that its repetitions get the same answer.
    fn receive_cancel(&mut self, now: Mono, request: Message, flow: Flow, via: Via) {
        let key = Bytes::copy_from_slice(self.scratch.as_bytes());
        key::of_transaction(&mut self.scratch, Method::Invite.as_str(), &via, &request);
        let invite = self.keys.get(self.scratch.as_bytes()).copied();
        let path = self.path(via, flow, &key);
        let Some(invite) = invite else {
            self.stats.cancels_unmatched += 1;
            return self.answer_alone(&request, &path, 481, "");
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

    fn refuse_malformed(&mut self, error: &ParseError, flow: Flow) {
        self.stats.malformed += 1;
        let Some(request) = error.answerable() else { return };
        let Ok(via) = request.top_via() else { return };
        let path = self.path(via, flow, request.bytes());
        self.answer_alone(request, &path, error.status, error.kind.text());
    }

    /// Answers without a transaction: a repeated request will get the same answer again. "" is the usual reason.
    fn answer_alone(&mut self, request: &Message, path: &ReturnPath, status: u16, reason: &str) {
        let draft = Draft::response(request, status, reason);
        let data = wording::response(draft, path, &self.config.user_agent);
        self.send(Target::Flow(path.flow), data);
    }

    fn path(&self, via: Via, flow: Flow, key: &[u8]) -> ReturnPath {
        let mut tag = DefaultHasher::new();
        tag.write_u64(self.secret);
        tag.write(key);
        ReturnPath::new(via, flow, tag.finish())
    }
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
