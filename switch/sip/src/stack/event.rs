//! What the stack tells its owner and the network.

use base::wire::{Flow, Outbound};

use crate::message::Message;

/// A request we answer. Never used again after its `Done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(pub(super) u64);

/// A request we sent. Never used again after its `Done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub(super) u64);

/// Either kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionId {
    /// One we answer.
    Server(ServerId),
    /// One we asked.
    Client(ClientId),
}

/// One thing to do in the world or to decide.
#[derive(Clone, Debug)]
pub enum StackOutput {
    /// Put this on the wire.
    Send(Outbound),
    /// For the owner.
    Event(SipEvent),
}

/// What happened, as far as it concerns calls and registrations. Each transaction ends with one `Done`.
#[derive(Clone, Debug)]
pub enum SipEvent {
    /// A new request; the owner answers it by `respond`. An INVITE has got its 100; CANCEL and ACK come otherwise.
    Request {
        /// To answer by.
        id: ServerId,
        /// As received.
        request: Message,
        /// The path it came by.
        flow: Flow,
    },
    /// The ACK of a 2xx; the owner finds its dialog and calls `acknowledged`.
    Ack {
        /// As received.
        request: Message,
        /// The path it came by.
        flow: Flow,
    },
    /// An INVITE was cancelled before its final response. The CANCEL is answered; the owner answers the INVITE with 487.
    Cancelled {
        /// The INVITE.
        id: ServerId,
        /// The CANCEL, for its Reason.
        request: Message,
    },
    /// A response; to an INVITE every 2xx comes here, repeated ones too (RFC 6026), and each wants its ACK.
    Response {
        /// The request it answers.
        id: ClientId,
        /// As received.
        response: Message,
        /// The path it came by.
        flow: Flow,
    },
    /// No (final) response within 64·T1: as good as 408.
    TimedOut {
        /// The request.
        id: ClientId,
    },
    /// The request could not be sent: as good as 503.
    Unreachable {
        /// The request.
        id: ClientId,
    },
    /// The ACK of a final response to an INVITE never came; after a 2xx the owner sends BYE.
    Unacknowledged {
        /// The INVITE.
        id: ServerId,
    },
    /// The PRACK of a reliable provisional response never came: the owner refuses the INVITE (RFC 3262 §3).
    Unpracked {
        /// The INVITE.
        id: ServerId,
    },
    /// The transaction is gone; its id may be forgotten.
    Done {
        /// Which.
        id: TransactionId,
    },
}

/// No socket of ours faces that way, so the request cannot say where its answer should go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no local socket faces {0}")]
pub struct NoSocket(pub std::net::SocketAddr);

/// What the stack has seen so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Messages that came in.
    pub received: u64,
    /// Messages that went out, repetitions included.
    pub sent: u64,
    /// Messages that could not be read; answered where possible.
    pub malformed: u64,
    /// Requests and responses that came again and were absorbed or answered as before.
    pub repetitions_received: u64,
    /// Messages sent again by a timer.
    pub repetitions_sent: u64,
    /// Responses that belong to no request of ours, or come from where it did not go.
    pub strays: u64,
    /// Requests that came a second time by another way; answered 482.
    pub merged: u64,
    /// Requests refused or dropped because too many transactions live.
    pub overload: u64,
    /// Requests of ours that nobody answered.
    pub timed_out: u64,
    /// Messages from addresses that cannot be answered.
    pub unanswerable: u64,
    /// Answers kept back because strangers had used up their ration.
    pub withheld: u64,
    /// CANCELs that belong to no INVITE; answered 481.
    pub cancels_unmatched: u64,
    /// Requests of ours that found nobody, as an ICMP error told.
    pub returned: u64,
    /// Large requests that went over TCP instead of UDP.
    pub by_stream: u64,
    /// Those of them that came back to UDP because nobody took TCP.
    pub streams_refused: u64,
}

impl Stats {
    /// The figures by the names that metrics carry.
    #[must_use]
    pub fn named(&self) -> [(&'static str, u64); 15] {
        [
            ("sip_received", self.received),
            ("sip_sent", self.sent),
            ("sip_malformed", self.malformed),
            ("sip_repetitions_received", self.repetitions_received),
            ("sip_repetitions_sent", self.repetitions_sent),
            ("sip_strays", self.strays),
            ("sip_merged", self.merged),
            ("sip_overload", self.overload),
            ("sip_timed_out", self.timed_out),
            ("sip_unanswerable", self.unanswerable),
            ("sip_withheld", self.withheld),
            ("sip_cancels_unmatched", self.cancels_unmatched),
            ("sip_returned", self.returned),
            ("sip_by_stream", self.by_stream),
            ("sip_streams_refused", self.streams_refused),
        ]
    }
}
