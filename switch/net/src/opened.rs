//! What the table of connections and those who write to them say to each other.

use std::net::SocketAddr;
use std::sync::Arc;

use base::ShardId;
use base::wire::{ConnId, PeerKey, Transport};
use bytes::Bytes;
use tokio::sync::{Notify, mpsc};

use crate::standing::Standing;

/// Octets to write, and whom to tell when that fails.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) data: Bytes,
    pub(crate) report: Option<Report>,
}

/// A ticket and the shard that holds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) shard: ShardId,
    pub(crate) ticket: u64,
}

/// Where a connection leads. Messages to the same way share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Way {
    pub(crate) transport: Transport,
    pub(crate) remote: SocketAddr,
    /// Whom the far end must prove to be (RFC 5923 §5).
    pub(crate) peer: Option<PeerKey>,
}

/// Which connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) id: ConnId,
    pub(crate) way: Way,
}

/// Who opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opener {
    Us,
    Peer,
}

/// The owner's end of a connection's entry. The table forgets the connection when its owner says so.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) key: Key,
    pub(crate) opener: Opener,
    pub(crate) writes: mpsc::Receiver<Write>,
    pub(crate) close: Arc<Notify>,
    pub(crate) standing: Arc<Standing>,
    /// An older stranger's connection ended to make room for it.
    pub(crate) instead: bool,
}

/// Why a write was not taken.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The connection is gone, or the peer has closed its side and this is no answer.
    Gone(Write),
    /// Its queue is full; it is being closed.
    Full,
}

/// What became of a write towards an address.
#[derive(Debug)]
pub(crate) enum Towards {
    /// A connection has it.
    Queued,
    /// A new connection has it first in its queue; somebody must open it.
    Open(Opened),
    /// At a cap, or the connection's queue is full.
    Refused,
}
