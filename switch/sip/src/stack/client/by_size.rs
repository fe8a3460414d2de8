//! Large requests: what would not fit one packet for certain goes over TCP, and back to UDP where nobody takes TCP
//! (RFC 3261 §18.1.1).
//!
//! ```text
//!   ≤ 1,300 octets ─────────────────────────────────────────────▶ UDP
//!   more ──▶ TCP failed here lately? ── yes ────────────────────▶ UDP
//!                └ no ──▶ TCP ─┬ any response ──▶ stays
//!                              └ refused, or 1 s of silence ────▶ UDP, and so for 5 minutes
//! ```

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use base::limits::SIP_UDP_OCTETS;
use base::wire::{Locals, Target, Transport};
use base::{Entropy, Mono, Now};

use super::super::wording;
use super::super::{ClientId, NoSocket, Stack};
use super::Client;
use crate::message::Draft;

/// How long TCP may say nothing: the 100 of an INVITE is due after 200 ms, and failover waits for all of this.
const STREAM_SILENCE: Duration = Duration::from_secs(1);
/// How long a peer that took no TCP gets UDP only.
const STREAMLESS: Duration = Duration::from_secs(300);
/// Peers remembered as taking no TCP; one that finds no room is asked each time.
const STREAMLESS_PEERS: usize = 1_024;
/// Marks the ticket of an attempt over TCP: a failure that is reported late is not that of UDP.
const STREAM: u64 = 1 << 63;

/// A request that went over TCP first, and where it goes when that fails.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Switched {
    remote: SocketAddr,
    /// Our UDP address there.
    local: SocketAddr,
    until: Mono,
}

/// Peers that take no TCP.
#[derive(Debug, Default)]
pub(in super::super) struct Streamless {
    until: HashMap<SocketAddr, Mono>,
}

impl Stack {
    /// Like [`request`](Stack::request), but a large one over UDP goes by TCP where we listen for it, `may` agrees,
    /// and the peer has not lately refused it. Its Contact stays as it is: one without a transport fits both.
    ///
    /// # Errors
    /// Those of `request`.
    pub fn request_by_size(
        &mut self,
        now: Now,
        entropy: &mut dyn Entropy,
        target: Target,
        locals: &dyn Locals,
        draft: Draft,
        may: impl FnOnce(SocketAddr) -> bool,
    ) -> Result<ClientId, NoSocket> {
        let large = |octets, remote| octets > SIP_UDP_OCTETS && may(remote);
        self.request_switching(now, entropy, target, locals, draft, large)
    }

    /// Like [`request`](Stack::request), but over UDP only after TCP, unless the peer has lately refused it: for one
    /// whose connection is gone, and who does not say what it listens for.
    ///
    /// # Errors
    /// Those of `request`.
    pub fn request_by_stream(
        &mut self,
        now: Now,
        entropy: &mut dyn Entropy,
        target: Target,
        locals: &dyn Locals,
        draft: Draft,
    ) -> Result<ClientId, NoSocket> {
        self.request_switching(now, entropy, target, locals, draft, |_, _| true)
    }

    /// Sends a request, first by TCP when `by_stream` says so of its octets and peer. That is asked first: most
    /// requests are small, and looking for our own way costs more.
    pub(super) fn request_switching(
        &mut self,
        now: Now,
        entropy: &mut dyn Entropy,
        target: Target,
        locals: &dyn Locals,
        draft: Draft,
        by_stream: impl FnOnce(usize, SocketAddr) -> bool,
    ) -> Result<ClientId, NoSocket> {
        let local = wording::sent_by(target, locals)?;
        let id = self.open_client(now, entropy, target, local, draft);
        if let Target::Addr { transport: Transport::Udp, remote } = target
            && let Some(octets) = self.clients.get(id.0).map(|client| client.data.len())
            && by_stream(octets, remote)
            && !self.streamless.has(now.mono, remote)
            && let Some(stream_local) = locals.signalling(Transport::Tcp, remote)
        {
            self.switch(now.mono, id, remote, local, stream_local);
        }
        self.transmit(id);
        self.settle_client(id);
        Ok(id)
    }

    fn switch(&mut self, now: Mono, id: ClientId, remote: SocketAddr, local: SocketAddr, stream: SocketAddr) {
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(id.0) else { return };
        let Some(data) = wording::over(&client.data, Transport::Tcp, stream) else { return };
        client.data = data;
        client.target = Target::Addr { transport: Transport::Tcp, remote };
        client.machine.restart(&timing, now, Transport::Tcp);
        client.switched = Some(Box::new(Switched { remote, local, until: now + STREAM_SILENCE }));
        self.stats.by_stream += 1;
    }

    /// Sends a request by UDP that TCP did not deliver; `false` when it was not one of these.
    pub(in super::super) fn fall_back(&mut self, now: Mono, id: ClientId) -> bool {
        let timing = self.config.timing;
        let Some(client) = self.clients.get_mut(id.0) else { return false };
        let Some(switched) = client.switched.take() else { return false };
        self.streamless.put(now, switched.remote);
        self.stats.streams_refused += 1;
        let Some(data) = wording::over(&client.data, Transport::Udp, switched.local) else { return false };
        client.data = data;
        client.target = Target::Addr { transport: Transport::Udp, remote: switched.remote };
        client.machine.restart(&timing, now, Transport::Udp);
        self.transmit(id);
        self.settle_client(id);
        true
    }
}

impl Client {
    /// What a failure to send is reported with.
    pub(super) fn ticket(&self, id: ClientId) -> u64 {
        if self.switched.is_some() { id.0 | STREAM } else { id.0 }
    }

    /// When TCP has been silent for long enough.
    pub(super) fn stream_until(&self) -> Option<Mono> {
        self.switched.as_ref().map(|switched| switched.until)
    }
}

/// The request a ticket belongs to, and whether the ticket was for TCP.
pub(super) fn of_ticket(ticket: u64) -> (ClientId, bool) {
    (ClientId(ticket & !STREAM), ticket & STREAM != 0)
}

impl Streamless {
    fn has(&self, now: Mono, remote: SocketAddr) -> bool {
        self.until.get(&remote).is_some_and(|until| now < *until)
    }

    fn put(&mut self, now: Mono, remote: SocketAddr) {
        if self.until.len() >= STREAMLESS_PEERS {
            self.until.retain(|_, until| now < *until);
        }
        if self.until.len() < STREAMLESS_PEERS {
            self.until.insert(remote, now + STREAMLESS);
        }
    }
}
