//! The body of every simulated phone and carrier: a user agent on one UDP address that does as it is told.

mod holding;
mod invite;
mod leg;
mod placing;
mod registering;
mod said;
mod seat;
mod taking;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use base::wire::Inbound;
use base::{Entropy, Mono, Now};
use sdp::Ours;
use sip::message::Message;
use sip::{ClientId, SipEvent, Stack, StackConfig, StackOutput};

use leg::{Call, Leg};
use registering::Registering;

pub(super) use said::{End, News, Said};
pub(super) use seat::Seat;

/// Transactions at a time; a far end has a handful of calls.
const TRANSACTIONS: usize = 1_000;

/// One call of one far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CallKey(u64);

/// A user agent with a few channels for audio, one for each call.
pub(super) struct FarEnd {
    seat: Seat,
    stack: Stack,
    entropy: Box<dyn Entropy>,
    /// RTP addresses, by channel.
    channels: Vec<SocketAddr>,
    free: Vec<usize>,
    calls: BTreeMap<CallKey, Call>,
    keys: u64,
    registering: Registering,
    said: VecDeque<Said>,
}

impl FarEnd {
    /// Silent and alone.
    pub(super) fn new(seat: Seat, channels: Vec<SocketAddr>, mut entropy: Box<dyn Entropy>) -> Self {
        let config = StackConfig {
            user_agent: "Tandem demo".to_owned(),
            transactions: TRANSACTIONS,
            ..StackConfig::default()
        };
        let registering = Registering::new(&mut *entropy);
        Self {
            stack: Stack::new(config, &mut *entropy),
            seat,
            free: (0..channels.len()).rev().collect(),
            channels,
            entropy,
            calls: BTreeMap::new(),
            keys: 0,
            registering,
            said: VecDeque::new(),
        }
    }

    /// Takes a datagram.
    pub(super) fn receive(&mut self, now: Now, inbound: Inbound) {
        self.stack.receive(now, inbound);
        self.settle(now);
    }

    /// Runs what is due.
    pub(super) fn tick(&mut self, now: Now) {
        self.stack.tick(now);
        self.settle(now);
    }

    /// When `tick` is wanted.
    pub(super) fn deadline(&self) -> Option<Mono> {
        self.stack.deadline()
    }

    /// The next thing said; `None` when drained.
    pub(super) fn poll(&mut self) -> Option<Said> {
        self.said.pop_front()
    }

    /// Calls that are not over.
    pub(super) fn live(&self) -> usize {
        self.calls.len()
    }

    /// Its randomness, for whoever decides for it.
    pub(super) fn entropy(&mut self) -> &mut dyn Entropy {
        &mut *self.entropy
    }

    /// Ends a call, whatever it is doing: CANCEL, a refusal or BYE.
    pub(super) fn hang_up(&mut self, now: Now, key: CallKey) {
        self.leave(now, key, End::HungUp);
        self.settle(now);
    }

    /// Handles what the stack tells until it is silent.
    fn settle(&mut self, now: Now) {
        while let Some(output) = self.stack.poll() {
            match output {
                StackOutput::Send(outbound) => self.said.push_back(Said::Send(outbound)),
                StackOutput::Event(event) => self.handle_event(now, event),
            }
        }
    }

    fn handle_event(&mut self, now: Now, event: SipEvent) {
        match event {
            SipEvent::Request { id, request, .. } => self.handle_request(now, id, &request),
            SipEvent::Ack { request, .. } => self.handle_ack(&request),
            SipEvent::Cancelled { id, .. } => self.handle_cancelled(now, id),
            SipEvent::Response { id, response, .. } => self.handle_response(now, id, &response),
            SipEvent::TimedOut { id } => self.handle_silence(id, 408),
            SipEvent::Unreachable { id } => self.handle_silence(id, 503),
            SipEvent::Unacknowledged { id } => self.handle_unacknowledged(now, id),
            SipEvent::Unpracked { .. } | SipEvent::Done { .. } => {}
        }
    }

    fn handle_response(&mut self, now: Now, id: ClientId, response: &Message) {
        let Some(status) = response.status() else { return };
        if self.registering.is(id) {
            self.handle_registered(now, response, status);
        } else if let Some(key) = self.key_of_client(id) {
            match self.calls.get(&key).map(|call| &call.leg) {
                Some(Leg::Placing(_)) => self.handle_progress(now, key, response, status),
                Some(Leg::Up(_)) => self.handle_agreed(key, response, status),
                Some(Leg::Leaving { end, .. }) if status >= 200 => self.finish(key, *end),
                Some(Leg::Leaving { .. } | Leg::Offered(_)) | None => {}
            }
        }
    }

    fn handle_silence(&mut self, id: ClientId, status: u16) {
        if self.registering.is(id) {
            self.handle_not_registered(status);
        } else if let Some(key) = self.key_of_client(id) {
            match self.calls.get(&key).map(|call| &call.leg) {
                Some(Leg::Placing(_)) => self.finish(key, End::Trouble("an INVITE without an answer")),
                Some(Leg::Leaving { .. }) => self.finish(key, End::Trouble("a BYE without an answer")),
                Some(Leg::Up(_) | Leg::Offered(_)) | None => {}
            }
        }
    }

    /// A call with a channel of its own; `None` when all channels are taken.
    fn open(&mut self, leg: impl FnOnce(&mut Self, Ours) -> Option<Leg>) -> Option<CallKey> {
        let channel = self.free.pop()?;
        let ours = self.ours(channel);
        let Some(leg) = ours.and_then(|ours| leg(self, ours)) else {
            self.free.push(channel);
            return None;
        };
        self.keys += 1;
        let key = CallKey(self.keys);
        self.calls.insert(key, Call { channel, leg });
        Some(key)
    }

    /// The call is over and its channel free.
    fn finish(&mut self, key: CallKey, end: End) {
        let Some(call) = self.calls.remove(&key) else { return };
        if let Leg::Up(_) = call.leg {
            self.said.push_back(Said::Hush { channel: call.channel });
        }
        self.free.push(call.channel);
        self.tell(News::Ended(key, end));
    }

    fn tell(&mut self, news: News) {
        self.said.push_back(Said::Told(news));
    }

    fn ours(&mut self, channel: usize) -> Option<Ours> {
        let rtp = self.channels.get(channel)?;
        let session_id = u64::from(self.entropy.next_u32());
        Some(Ours {
            ip: rtp.ip(),
            rtp_port: rtp.port(),
            session_id,
            version: 1,
            rtcp_mux: false,
            direction: None,
        })
    }

    fn key_of_client(&self, id: ClientId) -> Option<CallKey> {
        self.calls.iter().find(|(_, call)| call.leg.client() == Some(id)).map(|(key, _)| *key)
    }
}
