//! What the network counts.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counts since the start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct NetStats { $($(#[$doc])* pub $name: u64),* }

        /// The live counters behind `NetStats`.
        #[derive(Debug, Default)]
        pub(crate) struct Counters { $(pub(crate) $name: AtomicU64),* }

        impl Counters {
            pub(crate) fn snapshot(&self) -> NetStats {
                NetStats { $($name: self.$name.load(Ordering::Relaxed)),* }
            }
        }

        impl NetStats {
            /// Every counter with its name.
            pub fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),*].into_iter()
            }
        }
    };
}

counters! {
    /// Datagrams taken in, keep-alives included.
    udp_received,
    /// Datagrams sent.
    udp_sent,
    /// Datagrams the system refused to send.
    udp_send_errors,
    /// Datagrams that found nobody, as an ICMP error told.
    udp_returned,
    /// Datagrams that only keep a NAT binding open, or are STUN.
    udp_keepalives,
    /// Datagrams dropped because a shard's inbox was full.
    udp_dropped,
    /// New INVITEs answered 503 because a shard's inbox was full.
    udp_refused,
    /// Datagrams and connections of banned addresses and networks.
    guard_banned,
    /// Datagrams beyond a stranger's own budget.
    guard_source_full,
    /// Datagrams beyond the budget of a network's strangers.
    guard_network_full,
    /// Datagrams beyond the budget of all strangers.
    guard_strangers_full,
    /// Datagrams beyond the budget of a known address.
    guard_known_full,
    /// Datagrams beyond the budget of a trunk's address.
    guard_trunk_full,
    /// Messages of a connection that had to wait for its budget.
    guard_held,
    /// Connections accepted.
    tcp_accepted,
    /// Connections opened by us.
    tcp_opened,
    /// Connections that could not be opened.
    tcp_connect_errors,
    /// Connections turned away at a cap.
    tcp_refused,
    /// Strangers' connections ended to make room for newer ones.
    tcp_displaced,
    /// Connections ended, whatever the reason.
    tcp_closed,
    /// Messages taken in from streams.
    tcp_received,
    /// Messages written to streams.
    tcp_sent,
    /// Messages that could not be written.
    tcp_send_errors,
    /// Keep-alive pings answered.
    tcp_pings,
    /// Connections closed because their peer does not read.
    tcp_overflows,
    /// TLS handshakes that came to their end, in both directions.
    tls_handshakes,
    /// TLS handshakes that failed: late, broken off, or over a certificate.
    tls_failures,
    /// Connections with peers that have proven a name by their certificate.
    tls_proven,
    /// WebSockets opened.
    ws_opened,
    /// Requests to become a WebSocket that were refused or never came.
    ws_refused,
    /// WebSockets closed because of a frame that must not be.
    ws_errors,
    /// Connections closed because they speak HTTP or something else where SIP is spoken.
    tcp_aliens,
    /// Connections closed because their octets are no SIP.
    tcp_framing_errors,
    /// Connections closed because a message took too long or nothing came.
    tcp_timeouts,
    /// Times a stream stopped reading because a shard's inbox was full.
    tcp_held,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
