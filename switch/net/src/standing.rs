//! What we know of who is at the other end of a connection, and how much of its asking is unanswered.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base::limits;
use tokio::sync::Notify;

/// What is known of the address a connection comes from, which nobody forges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// Nothing.
    Strange,
    /// Somebody there has shown a password: its place is not among the strangers', its time is theirs until it
    /// has shown who it is.
    Familiar,
    /// A trunk or an edge proxy, which is known before it has said anything; or we opened the connection.
    Listed,
}

/// Whether a message is a request that gets an answer.
pub(crate) fn asks(message: &[u8]) -> bool {
    !message.starts_with(b"SIP/2.0 ") && !message.starts_with(b"ACK ")
}

/// Shared by the table, which learns, and the connection, which obeys.
#[derive(Debug)]
pub(crate) struct Standing {
    known: AtomicBool,
    unanswered: AtomicUsize,
    changed: Notify,
}

impl Standing {
    pub(crate) fn new(known: bool) -> Self {
        Self { known: AtomicBool::new(known), unanswered: AtomicUsize::new(0), changed: Notify::new() }
    }

    pub(crate) fn is_known(&self) -> bool {
        self.known.load(Ordering::Relaxed)
    }

    /// Whoever is there is no stranger.
    pub(crate) fn know(&self) {
        if !self.known.swap(true, Ordering::Relaxed) {
            self.changed.notify_one();
        }
    }

    /// Counts a message that came.
    pub(crate) fn heard(&self, message: &[u8]) {
        if asks(message) {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a message that goes out.
    pub(crate) fn said(&self, message: &[u8]) {
        let last = message.strip_prefix(b"SIP/2.0 ").is_some_and(|rest| !rest.starts_with(b"1"));
        if last {
            // An answer that is repeated counts once too often, which only gives room.
            let less = |count: usize| count.checked_sub(1);
            if self.unanswered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
                self.changed.notify_one();
            }
        }
    }

    /// Resolves when another message may be read.
    pub(crate) async fn room(&self) {
        while !self.is_known() && self.unanswered.load(Ordering::Relaxed) >= limits::STRANGER_REQUESTS {
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Duration, timeout};

    use super::*;

    async fn has_room(standing: &Standing) -> bool {
        timeout(Duration::ZERO, standing.room()).await.is_ok()
    }

    /// Conformance S11: requests in flight per connection.
    #[tokio::test]
    async fn a_stranger_with_too_many_open_requests_waits_for_an_answer_or_to_be_known() {
        let standing = Standing::new(false);
        for _ in 0..limits::STRANGER_REQUESTS {
            assert!(has_room(&standing).await);
            standing.heard(b"OPTIONS sip:a SIP/2.0\r\n");
            standing.heard(b"ACK sip:a SIP/2.0\r\n");
        }
        assert!(!has_room(&standing).await);
        standing.said(b"SIP/2.0 100 Trying\r\n");
        assert!(!has_room(&standing).await);
        standing.said(b"SIP/2.0 200 OK\r\n");
        assert!(has_room(&standing).await);
        standing.heard(b"OPTIONS sip:a SIP/2.0\r\n");
        assert!(!has_room(&standing).await);
        standing.know();
        assert!(has_room(&standing).await);
    }
}
