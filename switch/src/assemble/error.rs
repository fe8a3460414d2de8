//! Why a node could not start.

use std::io;
use std::net::SocketAddr;

use store::StoreError;

use crate::security::SecurityError;

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A listener's address cannot be had.
    #[error(transparent)]
    Sip(#[from] net::StartError),
    /// A file of TLS cannot be used.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// The operating system has no randomness to give.
    #[error("no randomness: {0}")]
    Randomness(getrandom::Error),
    /// No media.
    #[error("media: {0}")]
    Media(#[from] media_io::StartError),
    /// The web panel's address cannot be had.
    #[error("the web panel cannot listen on {address}: {source}")]
    Http {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The journal cannot be read or written.
    #[error("journal: {0}")]
    Journal(io::Error),
    /// The store fails.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// What is set up cannot be used.
    #[error("what is set up cannot be used: {key}: {reason}")]
    Setup {
        /// The entity at fault.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The system gives no thread.
    #[error("no thread: {0}")]
    Thread(io::Error),
}
