//! Finds the call, or the part of the shard, that a message is for.

use base::Now;
use base::wire::Flow;
use sip::message::{Draft, Header, Message, Method, Scheme};
use sip::usage::UsageRefusal;
use sip::{ClientId, ServerId, TransactionId};

use super::digest::AskAs;
use super::{Asker, Shard};
use crate::act::Failure;
use crate::call::CallInput;
use crate::reply::{self, reply};
use crate::sender::Voice;

impl Shard {
    /// A new request.
    pub(super) fn asked(&mut self, now: Now, id: ServerId, request: Message, flow: Flow) {
        let Some(method) = request.method().cloned() else { return };
        if method != Method::Register
            && let Some(tag) = request.to_tag()
        {
            let key = (request.call_id().unwrap_or_default().into(), tag.into());
            let Some((call, leg)) = self.dialogs.get(&key).copied() else {
                if method == Method::Subscribe
                    && let Some(known) = self.subscriptions.id(&key)
                {
                    return self.resubscribed(now, id, &request, (known, flow));
                }
                self.count("requests_outside_dialogs");
                return self.refuse(now, id, 481);
            };
            if !self.is_far_ends(now, id, &request, flow, (call, leg)) {
                return;
            }
            if let Some(refusal) = self.requires_more(&request) {
                return self.stack.respond(now, id, refusal);
            }
            self.knows(flow);
            if method == Method::Invite {
                self.servers.insert(id, call);
                if let Some(slot) = self.calls.get_mut(&call) {
                    slot.servers.push(id);
                }
            }
            return self.turn(now, call, CallInput::Request { leg, server: id, request, flow });
        }
        if let Some(objection) = self.objection(&request, flow) {
            return self.stack.respond(now, id, objection);
        }
        match method {
            Method::Invite => self.invited(now, id, request, flow),
            Method::Register => self.register(now, id, &request, flow),
            Method::Message => self.texted(now, id, &request, flow),
            Method::Options => self.options(now, id, &request, flow),
            Method::Subscribe => self.subscribed(now, id, &request, flow),
            Method::Refer => self.referred(now, id, &request),
            // Nobody was asked to notify us or to publish here: refused before anything of it is read (GHSA-589g).
            Method::Publish => self.refuse_usage(now, id, &request, UsageRefusal::Status(489)),
            Method::Bye
            | Method::Info
            | Method::Notify
            | Method::Update
            | Method::Prack
            | Method::Ack
            | Method::Cancel => {
                self.count("requests_outside_dialogs");
                self.refuse(now, id, 481);
            }
            Method::Other(_) => self.refuse(now, id, 501),
        }
    }

    /// A REFER outside a call, such as click-to-dial of another application: only for whom we know, and not yet.
    fn referred(&mut self, now: Now, id: ServerId, request: &Message) {
        if self.authenticate(now, id, request, AskAs::Proxy).is_none() {
            return;
        }
        let draft = reply::not_referred(request, &self.config.user_agent);
        self.count("referrals_refused");
        self.stack.respond(now, id, draft);
    }

    /// What no request may ask, whoever sends it: an extension we lack, a scheme we do not route, too many hops.
    pub(super) fn objection(&mut self, request: &Message, flow: Flow) -> Option<Draft> {
        if matches!(request.method(), Some(Method::Other(_))) {
            return None;
        }
        if let Some(draft) = self.requires_more(request) {
            return Some(draft);
        }
        let scheme = request.uri().map(|uri| uri.scheme());
        let status = match scheme {
            // Whoever asks for secure hops alone has come by one that is not (RFC 3261 §26.2.2, RFC 5630 §3.1.3).
            Ok(Scheme::Sips) if !flow.transport.is_secure() => 480,
            Ok(Scheme::Sip | Scheme::Sips | Scheme::Tel) => match request.max_forwards() {
                Ok(Some(0)) if request.method() == Some(&Method::Invite) => 483,
                Ok(_) => return None,
                Err(_malformed) => 400,
            },
            Ok(Scheme::Other) => 416,
            Err(_malformed) => 400,
        };
        self.count("requests_refused");
        Some(reply(request, status, None, &self.config.user_agent))
    }

    /// The refusal of a request for what we lack (RFC 3261 §8.2.2.3).
    fn requires_more(&self, request: &Message) -> Option<Draft> {
        let more: &[&str] = match request.method() {
            Some(Method::Register) => &["path", "outbound"],
            Some(Method::Refer) => &["norefersub", "nosub"],
            Some(_) | None => &[],
        };
        let known = || reply::UNDERSTOOD.iter().chain(more);
        let lacked = |option: &&str| !known().any(|known| known.eq_ignore_ascii_case(option));
        let required: Vec<&str> = request
            .values(Header::Require)
            .filter(lacked)
            .chain(request.values(Header::ProxyRequire))
            .collect();
        if required.is_empty() {
            return None;
        }
        let mut draft = reply(request, 420, None, &self.config.user_agent);
        draft.push(Header::Unsupported, &required.join(", "));
        Some(draft)
    }

    /// Answers with a status and nothing more to say.
    pub(super) fn refuse(&mut self, now: Now, id: ServerId, status: u16) {
        let Some(request) = self.stack.server_request(id).cloned() else { return };
        self.count("requests_refused");
        let mut draft = reply(&request, status, None, &self.config.user_agent);
        if status == 503 {
            draft.push(Header::RetryAfter, "5");
        }
        self.stack.respond(now, id, draft);
    }

    /// The ACK of a 2xx.
    pub(super) fn acked(&mut self, now: Now, request: Message, flow: Flow) {
        let key = (request.call_id().unwrap_or_default().into(), request.to_tag().unwrap_or_default().into());
        match self.dialogs.get(&key).copied() {
            Some(at) if self.voice_of(flow, at) != Voice::Heard => self.count("requests_out_of_place"),
            Some((call, leg)) => self.turn(now, call, CallInput::Ack { leg, request }),
            None => self.count("acks_unknown"),
        }
    }

    /// A response to a request of ours.
    pub(super) fn told(&mut self, now: Now, id: ClientId, response: Message, flow: Flow) {
        match self.clients.get(&id) {
            Some(Asker::Call { call, leg, purpose }) => {
                let (call, leg, purpose) = (*call, *leg, *purpose);
                self.turn(now, call, CallInput::Response { leg, purpose, response, flow });
            }
            Some(Asker::Away { call, leg, purpose }) => {
                let at = (*call, *leg, *purpose);
                self.answered_away(at, response, flow);
            }
            Some(Asker::Probe { .. } | Asker::Register { .. }) => {
                self.trunk_told(now, id, &response, flow.remote.ip());
            }
            Some(Asker::Notify { id }) => {
                let id = *id;
                self.notified(now, id, response.status().unwrap_or(0));
            }
            Some(Asker::Text { text }) => {
                let text = *text;
                self.text_told(now, id, text, response.status().unwrap_or(0));
            }
            Some(Asker::Nobody) | None => {}
        }
    }

    /// A request of ours came to nothing.
    pub(super) fn unanswered(&mut self, now: Now, id: ClientId, failure: Failure) {
        match self.clients.get(&id) {
            Some(Asker::Call { call, leg, purpose }) => {
                let (call, leg, purpose) = (*call, *leg, *purpose);
                self.turn(now, call, CallInput::Failed { leg, purpose, failure });
            }
            Some(Asker::Probe { .. } | Asker::Register { .. }) => self.trunk_unanswered(now, id),
            Some(Asker::Notify { id }) => {
                let id = *id;
                self.notified(now, id, 408);
            }
            Some(Asker::Text { text }) => {
                let text = *text;
                self.text_told(now, id, text, 408);
            }
            Some(Asker::Nobody | Asker::Away { .. }) | None => {}
        }
    }

    /// The ACK of our final response never came.
    pub(super) fn unacknowledged(&mut self, now: Now, id: ServerId) {
        let Some(call) = self.servers.get(&id).copied() else { return };
        let Some(leg) = self.calls.get(&call).and_then(|slot| slot.call.awaits_ack(id)) else { return };
        self.turn(now, call, CallInput::Unacknowledged { leg });
    }

    /// A transaction is gone for good.
    pub(super) fn transaction_over(&mut self, id: TransactionId) {
        match id {
            TransactionId::Client(client) => {
                if let Some(Asker::Call { call, .. }) = self.clients.remove(&client)
                    && let Some(slot) = self.calls.get_mut(&call)
                {
                    slot.clients.retain(|(known, _, _)| *known != client);
                }
            }
            TransactionId::Server(server) => {
                if let Some(call) = self.servers.remove(&server)
                    && let Some(slot) = self.calls.get_mut(&call)
                {
                    slot.servers.retain(|known| *known != server);
                }
            }
        }
    }
}
