//! Requests we answer and their responses.

mod machine;

use base::wire::{Flow, Outbound, Target};
use base::{Mono, Now};
use bytes::Bytes;

use super::deadlines::{Owner, Waiting};
use super::wording::{self, ReturnPath};
use super::{ServerId, SipEvent, Stack, StackOutput, TransactionId};
use crate::message::{Draft, Framing, Message, Method};
use crate::transaction::{Repeated, Responded};
use machine::Fired;
pub(super) use machine::Machine;

/// How the key of an OPTIONS begins.
const OPTIONS_KEY: &[u8] = b"OPTIONS\n";

/// One request we answer.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) machine: Machine,
    /// As received; `None` once the final response is sent, when nothing is left to answer.
    request: Option<Message>,
    path: ReturnPath,
    flow: Flow,
    /// The latest response, for repetition.
    latest: Option<Bytes>,
    key: Bytes,
    way: Option<Bytes>,
    asker: Asker,
    waiting: Waiting,
}

/// Whose business a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// The owner's: it got a `Request`.
    Owner,
    /// The stack's own: a CANCEL.
    Stack,
}

/// By what a request is recognised.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) key: Bytes,
    pub(super) way: Option<Bytes>,
}

impl Stack {
    /// Sends a response. The top Via gets what RFC 3581 asks for, and To a tag if the draft has none. A second
    /// final response, a provisional one to anything but INVITE, and 408 to anything but INVITE are not sent.
    pub fn respond(&mut self, now: Now, id: ServerId, draft: Draft) {
        self.answer(now.mono, id, draft);
    }

    /// Sends a provisional response to an INVITE, again and again until `pracked` (RFC 3262 §3). Its owner sends no
    /// further one until then, and refuses the INVITE when told `Unpracked`.
    pub fn respond_reliably(&mut self, now: Now, id: ServerId, draft: Draft) {
        self.answer(now.mono, id, draft);
        let timing = self.config.timing;
        if let Some(Server { machine: Machine::Invite(machine), .. }) = self.servers.get_mut(id.0) {
            machine.expect_prack(&timing, now.mono);
        }
        self.settle_server(id);
    }

    /// Sends the latest provisional response to an INVITE once more: one lost on the way is made up for, and the proxies
    /// there do not give up (RFC 3261 §13.3.1.1).
    pub fn respond_again(&mut self, id: ServerId) {
        if self.is_unanswered(id) {
            self.send_latest(id);
        }
    }

    /// The PRACK of that response has come.
    pub fn pracked(&mut self, id: ServerId) {
        if let Some(Server { machine: Machine::Invite(machine), .. }) = self.servers.get_mut(id.0) {
            machine.pracked();
        }
    }

    /// The ACK of the 2xx to this INVITE has come: the 2xx is not repeated any more.
    pub fn acknowledged(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(id.0) else { return };
        if let Machine::Invite(machine) = &mut server.machine
            && !machine.is_proceeding()
        {
            machine.acknowledged();
            server.latest = None;
        }
    }

    /// The tag that our responses to this INVITE bear, for the answer to its CANCEL (RFC 3261 §9.2).
    pub fn will_answer_as(&mut self, id: ServerId, tag: &str) {
        if let Some(server) = self.servers.get_mut(id.0) {
            server.path.answer_as(tag);
        }
    }

    /// The request as received, to make responses from; `None` once a final response is sent.
    #[must_use]
    pub fn server_request(&self, id: ServerId) -> Option<&Message> {
        self.servers.get(id.0)?.request.as_ref()
    }

    /// The path the request came by.
    #[must_use]
    pub fn server_flow(&self, id: ServerId) -> Option<Flow> {
        self.servers.get(id.0).map(|server| server.flow)
    }

    /// Whether a final response may still be sent.
    #[must_use]
    pub fn is_unanswered(&self, id: ServerId) -> bool {
        self.servers.get(id.0).is_some_and(|server| server.machine.is_unanswered())
    }

    pub(super) fn open(
        &mut self,
        now: Mono,
        request: Message,
        flow: Flow,
        path: ReturnPath,
        keys: Keys,
        asker: Asker,
    ) -> ServerId {
        let machine = Machine::new(&self.config.timing, now, flow.transport, &request);
        let Keys { key, way } = keys;
        let server = Server {
            machine,
            request: Some(request),
            path,
            flow,
            latest: None,
            key: key.clone(),
            way: way.clone(),
            asker,
            waiting: None,
        };
        let id = ServerId(self.servers.insert(|_| server));
        self.keys.insert(key, id);
        if let Some(way) = way {
            self.ways.insert(way, id);
        }
        self.settle_server(id);
        id
    }

    pub(super) fn answer(&mut self, now: Mono, id: ServerId, draft: Draft) {
        let timing = self.config.timing;
        let Some(server) = self.servers.get_mut(id.0) else { return };
        let status = draft.status().unwrap_or(500);
        if server.machine.respond(&timing, now, status) == Responded::Send {
            let data = wording::response(draft, &server.path, &self.config.user_agent);
            server.latest = Some(data);
            self.send_latest(id);
            self.allow_another_try(id, status);
        }
        if let Some(server) = self.servers.get_mut(id.0).filter(|server| !server.machine.is_unanswered()) {
            server.request = None;
            server.path.worded();
            server.latest = server.latest.take().map(|latest| Bytes::copy_from_slice(&latest));
        }
        self.settle_server(id);
    }

    /// Answers a request that came again as before, if it was answered.
    /// The answer goes again where the repetition came from when that is a connection: the first one may be gone.
    pub(super) fn repeat(&mut self, id: ServerId, flow: Flow) {
        self.stats.repetitions_received += 1;
        let Some(server) = self.servers.get_mut(id.0) else { return };
        if flow.transport.is_connected() && flow.remote.ip() == server.path.flow.remote.ip() {
            server.path.flow = Flow { remote: server.path.flow.remote, ..flow };
        }
        match server.machine.handle_repeated() {
            Repeated::Resend => self.send_latest(id),
            Repeated::Absorb => {}
        }
    }

    pub(super) fn wake_server(&mut self, now: Mono, at: Mono, id: ServerId) {
        let timing = self.config.timing;
        let Some(server) = self.servers.get_mut(id.0).filter(|server| server.waiting == Some(at)) else {
            return;
        };
        server.waiting = None;
        while let Some(fired) =
            self.servers.get_mut(id.0).and_then(|server| server.machine.handle_timeout(&timing, now))
        {
            match fired {
                Fired::Resend => {
                    self.stats.repetitions_sent += 1;
                    self.send_latest(id);
                }
                Fired::Trying => self.send_trying(id),
                Fired::Unacknowledged => self.tell(SipEvent::Unacknowledged { id }),
                Fired::Unpracked => self.tell(SipEvent::Unpracked { id }),
                Fired::Terminated => {}
            }
        }
        self.settle_server(id);
    }

    pub(super) fn send_trying(&mut self, id: ServerId) {
        self.word_trying(id);
        self.send_latest(id);
    }

    /// Makes the 100, which also answers repetitions until something else does.
    pub(super) fn word_trying(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(id.0) else { return };
        let Some(request) = &server.request else { return };
        let draft = Draft::response(request, 100, "Trying");
        server.latest = Some(wording::response(draft, &server.path, ""));
    }

    /// The 100 of an INVITE that the owner is being handed.
    pub(super) fn trying_of(&self, output: &StackOutput) -> Option<(ServerId, Outbound)> {
        let StackOutput::Event(SipEvent::Request { id, request, .. }) = output else { return None };
        let server = self.servers.get(id.0).filter(|_| request.method() == Some(&Method::Invite))?;
        let target = Target::Flow(server.path.flow);
        Some((*id, Outbound { data: server.latest.clone()?, target, ticket: 0 }))
    }

    pub(super) fn settle_server(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(id.0) else { return };
        if !server.machine.is_terminated() {
            let at = server.machine.deadline();
            self.deadlines.want(&mut server.waiting, at, Owner::Server(id.0));
            return;
        }
        let Some(server) = self.servers.remove(id.0) else { return };
        self.keys.remove(&server.key);
        self.forget_way(server.way, id);
        if server.asker == Asker::Owner {
            self.tell(SipEvent::Done { id: TransactionId::Server(id) });
        }
    }

    /// The tag of ours in the final response to this request, or in the one that follows.
    pub(super) fn tag_given(&self, id: ServerId) -> Option<String> {
        let server = self.servers.get(id.0)?;
        if server.machine.is_unanswered() {
            return Some(server.path.tag().to_owned());
        }
        let latest = server.latest.clone()?;
        let response = Message::parse(latest, Framing::Datagram).ok()?;
        response.to_tag().map(str::to_owned)
    }

    fn send_latest(&mut self, id: ServerId) {
        let Some(server) = self.servers.get(id.0) else { return };
        let Some(data) = server.latest.clone() else { return };
        self.send(Target::Flow(server.path.flow), data);
    }

    /// Who is asked for a password or told to come back tries the same again, and that is no merged request,
    /// even when the client leaves the number as it was. Nor is an OPTIONS after the answer to one like it: it only
    /// asks, and who pings may leave everything but the branch as it was.
    fn allow_another_try(&mut self, id: ServerId, status: u16) {
        let only_asked = |server: &Server| status >= 200 && server.key.starts_with(OPTIONS_KEY);
        if !matches!(status, 401 | 407 | 503) && !self.servers.get(id.0).is_some_and(only_asked) {
            return;
        }
        let way = self.servers.get_mut(id.0).and_then(|server| server.way.take());
        self.forget_way(way, id);
    }

    fn forget_way(&mut self, way: Option<Bytes>, id: ServerId) {
        if let Some(way) = way
            && self.ways.get(&way) == Some(&id)
        {
            self.ways.remove(&way);
        }
    }
}
