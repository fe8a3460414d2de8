//! Requests of ours and their responses.

mod by_size;
mod machine;
mod source;

use std::net::IpAddr;

use base::wire::{Flow, Locals, Outbound, Target};
use base::{Entropy, Mono, Now};
use bytes::Bytes;

use super::deadlines::{Owner, Waiting};
use super::wording::{self, Branch};
use super::{ClientId, NoSocket, SipEvent, Stack, TransactionId};
use crate::message::{Draft, Header, Message, Method};
use crate::transaction::{ClientInviteStep, ClientOther};
use by_size::{Switched, of_ticket};
use machine::{Asker, Cancel, Fired, Machine};
use source::is_believed;

pub(super) use by_size::Streamless;

/// One request of ours.
#[derive(Debug)]
pub(super) struct Client {
    machine: Machine,
    method: Method,
    token: u64,
    /// As sent, for repetition and as the model of its ACK and CANCEL; empty when neither can follow.
    data: Bytes,
    target: Target,
    waiting: Waiting,
    /// Set while it goes over TCP for its size alone and nothing was answered.
    switched: Option<Box<Switched>>,
}

impl Stack {
    /// Sends a request under a new transaction; puts its Via on top. For an ACK use [`send_ack`](Self::send_ack).
    ///
    /// # Errors
    /// `NoSocket` when none of our sockets faces the target; nothing was sent.
    pub fn request(
        &mut self,
        now: Now,
        entropy: &mut dyn Entropy,
        target: Target,
        locals: &dyn Locals,
        draft: Draft,
    ) -> Result<ClientId, NoSocket> {
        self.request_switching(now, entropy, target, locals, draft, |_, _| false)
    }

    /// Enters a request of ours; nothing is sent yet.
    fn open_client(
        &mut self,
        now: Now,
        entropy: &mut dyn Entropy,
        target: Target,
        sent_by: std::net::SocketAddr,
        draft: Draft,
    ) -> ClientId {
        let (timing, token) = (self.config.timing, entropy.next_u64());
        let agent = &self.config.user_agent;
        let id = self.clients.insert(|id| {
            let method = draft.method().cloned().unwrap_or(Method::Options);
            let branch = Branch { token, id };
            Client {
                machine: Machine::new(&timing, now.mono, target, &method),
                method,
                token,
                data: wording::request(draft, target.transport(), sent_by, branch, agent),
                target,
                waiting: None,
                switched: None,
            }
        });
        ClientId(id)
    }

    /// Sends the ACK of a 2xx, a transaction of its own without an answer; puts its Via on top. Returns the
    /// octets, which [`send`](Self::send) repeats when the 2xx comes again.
    ///
    /// # Errors
    /// `NoSocket` when none of our sockets faces the target; nothing was sent.
    pub fn send_ack(
        &mut self,
        entropy: &mut dyn Entropy,
        target: Target,
        locals: &dyn Locals,
        draft: Draft,
    ) -> Result<Bytes, NoSocket> {
        let sent_by = wording::sent_by(target, locals)?;
        let branch = Branch { token: entropy.next_u64(), id: 0 };
        let data = wording::request(draft, target.transport(), sent_by, branch, &self.config.user_agent);
        self.send(target, data.clone());
        Ok(data)
    }

    /// Cancels an INVITE: at once when a provisional response has come, else as soon as one comes. Nothing
    /// happens after a final response; a 2xx that crosses is delivered, and its owner sends ACK and BYE.
    /// `reason` is the value of a Reason header (RFC 3326).
    pub fn cancel(&mut self, now: Now, id: ClientId, reason: Option<&str>) {
        let Some(client) = self.clients.get_mut(id.0) else { return };
        let Machine::Invite { machine, cancel, .. } = &mut client.machine else { return };
        let Cancel::Unwanted = cancel else { return };
        if machine.is_calling() {
            *cancel = Cancel::Held(reason.map(str::to_owned));
        } else if machine.is_proceeding() {
            self.send_cancel(now.mono, id, reason);
        }
    }

    /// A message whose `Outbound::ticket` this was could not be sent.
    pub fn transport_failed(&mut self, now: Now, ticket: u64) {
        let (id, by_stream) = of_ticket(ticket);
        let Some(client) = self.clients.get(id.0) else { return };
        let given_up = by_stream && client.switched.is_none() && !client.target.transport().is_connected();
        if given_up || !client.machine.is_waiting() || self.fall_back(now.mono, id) {
            return;
        }
        let Some(client) = self.clients.get(id.0) else { return };
        if client.is_owners() {
            self.tell(SipEvent::Unreachable { id });
        }
        self.drop_client(id);
    }

    /// An ICMP error says that a datagram found nobody, and quotes its beginning. Only what bears the branch of a
    /// request still waiting counts: nobody guesses that, so nobody can end a request by a forged error.
    pub fn returned(&mut self, now: Now, quoted: &[u8]) {
        let Some(branch) = wording::branch_of(quoted) else { return };
        let known = self.clients.get(branch.id);
        let same =
            known.filter(|client| client.token == branch.token && !client.target.transport().is_connected());
        if let Some(client) = same {
            let ticket = client.ticket(ClientId(branch.id));
            self.stats.returned += 1;
            self.transport_failed(now, ticket);
        }
    }

    /// Whether a response answers a request of this stack that is not forgotten yet.
    #[must_use]
    pub fn has_asked(&self, response: &Message) -> bool {
        self.client_of(response).is_some()
    }

    pub(super) fn receive_response(
        &mut self,
        now: Mono,
        response: Message,
        flow: Flow,
        speaks_for: &dyn Fn(IpAddr, IpAddr) -> bool,
    ) {
        let (Some(id), Some(status)) = (self.client_of(&response), response.status()) else {
            self.stats.strays += 1;
            return;
        };
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(id.0) else { return };
        if !is_believed(&client.target, &flow, speaks_for) {
            self.stats.strays += 1;
            return;
        }
        client.switched = None;
        let is_owners = client.is_owners();
        let step = client.machine.handle_response(&timing, now, status);
        if step == ClientInviteStep::Deliver && !client.machine.is_waiting() {
            client.data = Bytes::new();
        }
        match step {
            ClientInviteStep::Deliver if !is_owners => {}
            ClientInviteStep::Deliver => self.tell(SipEvent::Response { id, response, flow }),
            ClientInviteStep::DeliverAndAck => {
                self.acknowledge(id, Some(&response));
                self.tell(SipEvent::Response { id, response, flow });
            }
            ClientInviteStep::Ack => {
                self.stats.repetitions_received += 1;
                self.acknowledge(id, None);
            }
            ClientInviteStep::Drop => self.stats.repetitions_received += 1,
        }
        self.release_cancel(now, id);
        self.settle_client(id);
    }

    pub(super) fn wake_client(&mut self, now: Mono, at: Mono, id: ClientId) {
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(id.0).filter(|client| client.waiting == Some(at)) else {
            return;
        };
        client.waiting = None;
        let is_owners = client.is_owners();
        if client.stream_until().is_some_and(|until| until <= now) && self.fall_back(now, id) {
            return;
        }
        while let Some(fired) =
            self.clients.get_mut(id.0).and_then(|client| client.machine.handle_timeout(&timing, now))
        {
            match fired {
                Fired::Resend => {
                    self.stats.repetitions_sent += 1;
                    self.transmit(id);
                }
                Fired::TimedOut if is_owners => {
                    self.stats.timed_out += 1;
                    self.tell(SipEvent::TimedOut { id });
                }
                Fired::TimedOut | Fired::Terminated => {}
            }
        }
        self.settle_client(id);
    }

    /// The request a response belongs to, by the branch we made: it carries the id, and a token nobody guesses.
    fn client_of(&self, response: &Message) -> Option<ClientId> {
        if response.values(Header::Via).nth(1).is_some() {
            return None;
        }
        let branch = Branch::parse(response.top_via().ok()?.branch()?)?;
        let client = self.clients.get(branch.id).filter(|client| client.token == branch.token)?;
        let method = response.cseq().ok()?.method;
        if method == client.method {
            return Some(ClientId(branch.id));
        }
        match &client.machine {
            Machine::Invite { cancel: Cancel::Sent(id), .. } if method == Method::Cancel => Some(*id),
            Machine::Invite { .. } | Machine::Other { .. } => None,
        }
    }

    fn transmit(&mut self, id: ClientId) {
        let Some(client) = self.clients.get(id.0) else { return };
        let outbound =
            Outbound { data: client.data.clone(), target: client.target, ticket: client.ticket(id) };
        self.put(outbound);
    }

    /// Sends the ACK of a refusal, made from `response` the first time.
    fn acknowledge(&mut self, id: ClientId, response: Option<&Message>) {
        let Some(client) = self.clients.get_mut(id.0) else { return };
        let Machine::Invite { ack, .. } = &mut client.machine else { return };
        if let Some(response) = response {
            *ack = wording::ack(&client.data, response);
        }
        let (Some(data), target) = (ack.clone(), client.target) else { return };
        self.send(target, data);
    }

    fn release_cancel(&mut self, now: Mono, id: ClientId) {
        let Some(client) = self.clients.get_mut(id.0) else { return };
        let Machine::Invite { machine, cancel, .. } = &mut client.machine else { return };
        if !machine.is_proceeding() {
            return;
        }
        if let Cancel::Held(reason) = cancel {
            let reason = reason.take();
            self.send_cancel(now, id, reason.as_deref());
        }
    }

    fn send_cancel(&mut self, now: Mono, id: ClientId, reason: Option<&str>) {
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(id.0) else { return };
        let (target, token) = (client.target, client.token);
        let Some(data) = wording::cancel(&client.data, reason) else { return };
        let machine = ClientOther::new(&timing, now, target.transport());
        let own = ClientId(self.clients.insert(|_| Client {
            machine: Machine::Other { machine, asker: Asker::Stack },
            method: Method::Cancel,
            token,
            data,
            target,
            waiting: None,
            switched: None,
        }));
        if let Some(Client { machine: Machine::Invite { machine, cancel, .. }, .. }) =
            self.clients.get_mut(id.0)
        {
            machine.cancelled(&timing, now);
            *cancel = Cancel::Sent(own);
        }
        self.transmit(own);
        self.settle_client(own);
        self.settle_client(id);
    }

    /// Ends the transaction when it is over, else sees to it that it is woken.
    fn settle_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id.0) else { return };
        if client.machine.is_terminated() {
            self.drop_client(id);
        } else {
            let at = client.machine.deadline().into_iter().chain(client.stream_until()).min();
            self.deadlines.want(&mut client.waiting, at, Owner::Client(id.0));
        }
    }

    fn drop_client(&mut self, id: ClientId) {
        if self.clients.remove(id.0).is_some_and(|client| client.is_owners()) {
            self.tell(SipEvent::Done { id: TransactionId::Client(id) });
        }
    }
}

impl Client {
    fn is_owners(&self) -> bool {
        match self.machine {
            Machine::Invite { .. } => true,
            Machine::Other { asker, .. } => asker == Asker::Owner,
        }
    }
}
