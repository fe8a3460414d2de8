//! What a far end and an owner see of the stack, in virtual time.

mod by_size;
mod cancel;
mod client;
mod path;
mod server;
mod storm;

use std::net::SocketAddr;

use base::dns::Listens;
use base::testing::Counting;
use base::wire::{ConnId, Flow, Inbound, Locals, Outbound, Target, Transport};
use base::{Mono, Now};
use bytes::Bytes;

use super::*;
use crate::message::{Draft, Framing, Header, Message, Method};

/// Our address.
pub(super) const HERE: &str = "127.0.0.1:5060";
/// The peer's.
pub(super) const PEER: &str = "127.0.0.9:5062";

/// A stack with a clock, and what it said last.
pub(super) struct Rig {
    pub(super) stack: Stack,
    pub(super) now: Now,
    pub(super) entropy: Counting,
    pub(super) sent: Vec<Outbound>,
    pub(super) events: Vec<SipEvent>,
}

struct Here;

impl Locals for Here {
    fn signalling(&self, _: Transport, _: SocketAddr) -> Option<SocketAddr> {
        Some(address(HERE))
    }

    fn media(&self, _: SocketAddr) -> std::net::IpAddr {
        address(HERE).ip()
    }

    fn listens(&self) -> Listens {
        Listens::ALL
    }
}

struct Nowhere;

impl Locals for Nowhere {
    fn signalling(&self, _: Transport, _: SocketAddr) -> Option<SocketAddr> {
        None
    }

    fn media(&self, _: SocketAddr) -> std::net::IpAddr {
        address(HERE).ip()
    }

    fn listens(&self) -> Listens {
        Listens::ALL
    }
}

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn flow(transport: Transport, remote: &str) -> Flow {
    let conn = transport.is_reliable().then_some(ConnId(1));
    Flow { transport, local: address(HERE), remote: address(remote), conn }
}

pub(super) fn message(data: &Bytes) -> Message {
    Message::parse(data.clone(), Framing::Datagram).unwrap()
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(StackConfig::default())
    }

    pub(super) fn with(config: StackConfig) -> Self {
        let mut entropy = Counting::default();
        let stack = Stack::new(config, &mut entropy);
        Self { stack, now: Now::default(), entropy, sent: Vec::new(), events: Vec::new() }
    }

    /// A message arrives over UDP from the peer; what follows, one line each.
    pub(super) fn hears(&mut self, text: &str) -> Vec<String> {
        self.hears_by(flow(Transport::Udp, PEER), text)
    }

    pub(super) fn hears_by(&mut self, flow: Flow, text: &str) -> Vec<String> {
        let data = Bytes::from(text.replace('\n', "\r\n"));
        self.stack.receive(self.now, Inbound { data, flow });
        self.story()
    }

    /// Sends a request to the peer.
    pub(super) fn asks(&mut self, method: Method) -> ClientId {
        self.asks_by(method, Transport::Udp)
    }

    pub(super) fn asks_by(&mut self, method: Method, transport: Transport) -> ClientId {
        let target = Target::Addr { transport, remote: address(PEER) };
        let draft = draft(method);
        let id = self.stack.request(self.now, &mut self.entropy, target, &Here, draft).unwrap();
        self.story();
        id
    }

    /// Answers the latest request, and tells what follows.
    pub(super) fn answers(&mut self, status: u16) -> Vec<String> {
        let id = self.latest_request();
        self.answers_to(id, status)
    }

    pub(super) fn answers_to(&mut self, id: ServerId, status: u16) -> Vec<String> {
        let request = self.stack.server_request(id).expect("still there").clone();
        self.stack.respond(self.now, id, Draft::response(&request, status, ""));
        self.story()
    }

    pub(super) fn latest_request(&self) -> ServerId {
        let id = |event: &SipEvent| if let SipEvent::Request { id, .. } = event { Some(*id) } else { None };
        self.events.iter().rev().find_map(id).expect("a request came")
    }

    /// The peer's response to the request sent last.
    pub(super) fn peer_answers(&mut self, status: u16, tag: &str) -> Vec<String> {
        let request = message(&self.last_request().data);
        self.peer_answers_to(&request, status, tag)
    }

    pub(super) fn peer_answers_to(&mut self, request: &Message, status: u16, tag: &str) -> Vec<String> {
        let line = |header: Header<'_>| format!("{header}: {}\n", request.header(header).unwrap());
        let text = format!(
            "SIP/2.0 {status} Said\n{}{}To: <sip:bob@b.test>;tag={tag}\n{}{}Content-Length: 0\n\n",
            line(Header::Via),
            line(Header::From),
            line(Header::CallId),
            line(Header::CSeq),
        );
        self.hears(&text)
    }

    pub(super) fn last_request(&self) -> &Outbound {
        let asks = |out: &&Outbound| !out.data.starts_with(b"SIP/2.0");
        self.sent.iter().rev().find(asks).expect("a request went out")
    }

    pub(super) fn last_sent(&self) -> Message {
        message(&self.sent.last().expect("something went out").data)
    }

    /// Lets time pass up to `millis` since the start; each line begins with when it happened.
    pub(super) fn until(&mut self, millis: u64) -> Vec<String> {
        let end = Mono(millis * 1_000);
        let mut told = Vec::new();
        while let Some(at) = self.stack.deadline().filter(|at| *at <= end) {
            self.now = self.now.later(at.since(self.now.mono));
            self.stack.tick(self.now);
            told.extend(self.story().into_iter().map(|line| format!("{} {line}", at.0 / 1_000)));
        }
        self.now = self.now.later(end.since(self.now.mono));
        told
    }

    pub(super) fn story(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(output) = self.stack.poll() {
            match output {
                StackOutput::Send(outbound) => {
                    told.push(format!("> {}", start_of(&outbound.data)));
                    self.sent.push(outbound);
                }
                StackOutput::Event(event) => {
                    told.push(name_of(&event));
                    self.events.push(event);
                }
            }
        }
        told
    }
}

/// Method, or status.
fn start_of(data: &Bytes) -> String {
    let message = message(data);
    match (message.method(), message.status()) {
        (Some(method), _) => method.to_string(),
        (None, Some(status)) => status.to_string(),
        (None, None) => String::new(),
    }
}

fn name_of(event: &SipEvent) -> String {
    match event {
        SipEvent::Request { request, .. } => format!("Request {}", request.method().unwrap()),
        SipEvent::Ack { .. } => "Ack".into(),
        SipEvent::Cancelled { .. } => "Cancelled".into(),
        SipEvent::Response { response, .. } => format!("Response {}", response.status().unwrap()),
        SipEvent::TimedOut { .. } => "TimedOut".into(),
        SipEvent::Unreachable { .. } => "Unreachable".into(),
        SipEvent::Unacknowledged { .. } => "Unacknowledged".into(),
        SipEvent::Unpracked { .. } => "Unpracked".into(),
        SipEvent::Done { .. } => "Done".into(),
    }
}

pub(super) fn draft(method: Method) -> Draft {
    let place = format!("1 {method}");
    let mut draft = Draft::request(method, "sip:bob@127.0.0.9:5062");
    draft.push(Header::Route, "<sip:127.0.0.9:5062;lr>");
    draft.push(Header::MaxForwards, "70");
    draft.push(Header::From, "<sip:us@a.test>;tag=us");
    draft.push(Header::To, "<sip:bob@b.test>");
    draft.push(Header::CallId, "call-1");
    draft.push(Header::CSeq, &place);
    draft
}

/// A request of the peer; `via` is what stands behind `SIP/2.0/UDP `.
pub(super) fn request(method: &str, via: &str, to_tag: &str) -> String {
    format!(
        "{method} sip:200@127.0.0.1 SIP/2.0\nVia: SIP/2.0/UDP {via}\nFrom: <sip:ann@a.test>;tag=ann\n\
         To: <sip:200@b.test>{to_tag}\nCall-ID: their-call\nCSeq: 1 {method}\nMax-Forwards: 70\n\
         Contact: <sip:ann@127.0.0.9>\nContent-Length: 0\n\n"
    )
}

pub(super) const VIA: &str = "127.0.0.9:5062;rport;branch=z9hG4bKann1";
