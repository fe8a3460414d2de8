//! All transactions of one shard: octets in, octets and events out. Dialogs and calls live above.
//!
//! The owner feeds [`receive`](Stack::receive), [`tick`](Stack::tick) and its own wishes, then drains
//! [`poll`](Stack::poll). What needs no decision is answered here: malformed and merged requests, repetitions,
//! CANCEL, the 100 of an INVITE, the ACK of a refusal.

mod arena;
mod client;
mod deadlines;
mod event;
mod inbound;
mod key;
mod ration;
mod server;
mod target;
mod wording;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use base::wire::{Outbound, Target};
use base::{Entropy, Mono, Now, limits};
use bytes::Bytes;

use crate::transaction::Timing;
use arena::Arena;
use client::Client;
use deadlines::{Deadlines, Owner};
use server::Server;

pub use event::{ClientId, NoSocket, ServerId, SipEvent, StackOutput, Stats, TransactionId};
pub use inbound::NewRequest;
pub use target::{server_of, target_of};

/// What a stack needs to know once.
#[derive(Clone, Debug)]
pub struct StackConfig {
    /// The product, for `User-Agent` and `Server` in messages that do not name one.
    pub user_agent: String,
    /// The RFC's values, but for tests.
    pub timing: Timing,
    /// Live transactions; beyond, an INVITE gets a stateless 503 and any other request is dropped.
    pub transactions: usize,
}

impl Default for StackConfig {
    fn default() -> Self {
        Self {
            user_agent: "Tandem".to_owned(),
            timing: Timing::default(),
            transactions: limits::TRANSACTIONS,
        }
    }
}

/// The transaction layer of one shard.
#[derive(Debug)]
pub struct Stack {
    config: StackConfig,
    clients: Arena<Client>,
    servers: Arena<Server>,
    /// Servers by branch, sent-by and method.
    keys: HashMap<Bytes, ServerId>,
    /// Servers by what a request keeps on every way it takes.
    ways: HashMap<Bytes, ServerId>,
    deadlines: Deadlines,
    outputs: VecDeque<StackOutput>,
    /// The 100 of the INVITE just handed over. It goes out unless the owner has challenged it at once: who has heard a
    /// 100 does not send its INVITE again, and a challenge is not repeated, so a lost one would be the end.
    trying: Option<(ServerId, Outbound)>,
    stats: Stats,
    /// Makes the tags of answers given here; unguessable, and the same for the same request.
    secret: u64,
    /// Peers that took no TCP for a large request.
    streamless: client::Streamless,
    /// The key being looked up.
    scratch: String,
    ration: ration::Ration,
}

impl Stack {
    /// A stack without transactions.
    #[must_use]
    pub fn new(config: StackConfig, entropy: &mut dyn Entropy) -> Self {
        Self {
            config,
            clients: Arena::new(),
            servers: Arena::new(),
            keys: HashMap::new(),
            ways: HashMap::new(),
            deadlines: Deadlines::new(),
            outputs: VecDeque::new(),
            trying: None,
            stats: Stats::default(),
            secret: entropy.next_u64(),
            streamless: client::Streamless::default(),
            scratch: String::new(),
            ration: ration::Ration::new(),
        }
    }

    /// Runs every timer that is due.
    pub fn tick(&mut self, now: Now) {
        while let Some((at, owner)) = self.deadlines.due(now.mono) {
            match owner {
                Owner::Client(id) => self.wake_client(now.mono, at, ClientId(id)),
                Owner::Server(id) => self.wake_server(now.mono, at, ServerId(id)),
            }
        }
    }

    /// Sends octets that belong to no transaction and whose loss interests nobody: an ACK once more.
    pub fn send(&mut self, target: Target, data: Bytes) {
        self.put(Outbound { data, target, ticket: 0 });
    }

    /// The next thing to do; `None` when drained.
    pub fn poll(&mut self) -> Option<StackOutput> {
        if let Some((id, trying)) = self.trying.take()
            && self.servers.get(id.0).is_some()
        {
            self.stats.sent += 1;
            return Some(StackOutput::Send(trying));
        }
        let output = self.outputs.pop_front()?;
        self.trying = self.trying_of(&output);
        Some(output)
    }

    /// When `tick` is next wanted; it may turn out that nothing was due.
    #[must_use]
    pub fn deadline(&self) -> Option<Mono> {
        self.deadlines.next()
    }

    /// What was seen so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Transactions alive, those waiting for echoes included.
    #[must_use]
    pub fn transactions(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    fn put(&mut self, outbound: Outbound) {
        self.stats.sent += 1;
        self.outputs.push_back(StackOutput::Send(outbound));
    }

    fn tell(&mut self, event: SipEvent) {
        self.outputs.push_back(StackOutput::Event(event));
    }
}
