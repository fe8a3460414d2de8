//! What the media workers are started with.

use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use base::media::MediaEvent;
use base::{Entropy, Now, ShardId};
use media::play::Clips;

use crate::recordings::{ArchiveConfig, ArchiveError};

/// Reads both clocks; called once per turn of a worker.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// Makes a source of randomness for one worker.
pub type EntropySource = Arc<dyn Fn() -> Box<dyn Entropy> + Send + Sync>;

/// Takes an event to its shard without blocking. Gives it back when the shard's inbox is full: the worker
/// keeps it and tries again.
pub type EventSink = Arc<dyn Fn(ShardId, MediaEvent) -> Result<(), MediaEvent> + Send + Sync>;

/// Sockets and threads of the media side.
#[derive(Clone)]
pub struct MediaIoConfig {
    /// UDP ports to use; pairs begin at even numbers.
    pub ports: RangeInclusive<u16>,
    /// How many worker threads; each has its own part of the ports.
    pub workers: u8,
    /// The local address; `None` for all of them, IPv4 and IPv6.
    pub bind: Option<IpAddr>,
    /// The clock.
    pub clock: Clock,
    /// Where the SSRCs and first numbers of streams come from.
    pub entropy: EntropySource,
    /// Where prompts and music come from.
    pub clips: Arc<dyn Clips + Send + Sync>,
    /// Where recordings go; `None` for a node that keeps none.
    pub archive: Option<ArchiveConfig>,
}

/// Why media cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Fewer port pairs than workers, or no worker.
    #[error("{pairs} port pairs do not suffice for {workers} media workers")]
    Ports {
        /// Pairs in the range.
        pairs: usize,
        /// Workers wanted.
        workers: u8,
    },
    /// No socket can be bound to the local address.
    #[error("no socket on {address}: {source}")]
    Bind {
        /// The address tried last.
        address: IpAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Recordings cannot be kept.
    #[error("no recordings: {0}")]
    Archive(#[from] ArchiveError),
    /// The system gives no poll or thread.
    #[error("no media worker: {0}")]
    Worker(#[from] io::Error),
}
