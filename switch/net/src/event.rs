//! What the network tells a shard.

use std::sync::Arc;

use base::ShardId;
use base::wire::{ConnId, Inbound, Proof};
use bytes::Bytes;

/// One thing that happened on the wire.
#[derive(Clone, Debug)]
pub enum NetEvent {
    /// A whole message came.
    Wire(Inbound),
    /// A message that was taken for sending could not be delivered.
    SendFailed {
        /// The ticket of the `Outbound`.
        ticket: u64,
    },
    /// A datagram found nobody: an ICMP error came that quotes this much of its beginning. May be forged.
    Returned(Bytes),
    /// What the far end of a new connection has proven about itself; every shard is told before its first message.
    ConnProven(ConnId, Arc<[Proof]>),
    /// A connection is gone; every shard is told.
    ConnClosed(ConnId),
}

/// Puts an event into a shard's inbox without waiting; gives it back when the inbox is full.
pub type Sink = Arc<dyn Fn(ShardId, NetEvent) -> Result<(), NetEvent> + Send + Sync>;

/// A message could not be sent, known at once; tell the shard as if `NetEvent::SendFailed` had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message could not be sent")]
pub struct SendFailed {
    /// The ticket of the `Outbound`.
    pub ticket: u64,
}
