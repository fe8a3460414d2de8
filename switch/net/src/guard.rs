//! The door in front of the sockets: whose datagram is read, and what one looks like before it is.

use std::net::SocketAddr;
use std::sync::Arc;

use base::{Mono, ShardId};
use peer::guard::{Admission, Door, DoorLimits, Grounds, KnockKind, Roll};
use sip::message::{Peek, peek};

use crate::counters::{Counters, count};

/// What doors need.
#[derive(Clone)]
pub struct GuardConfig {
    /// Who is known and who is banned.
    pub roll: Arc<Roll>,
    /// What passes.
    pub limits: DoorLimits,
    /// The process's clock.
    pub clock: Arc<dyn Fn() -> Mono + Send + Sync>,
    /// Whether a shard has so much to read that new calls are better refused.
    pub crowded: Arc<dyn Fn(ShardId) -> bool + Send + Sync>,
}

impl std::fmt::Debug for GuardConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuardConfig").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl GuardConfig {
    /// The present.
    pub(crate) fn now(&self) -> Mono {
        (self.clock)()
    }

    /// The door of one of `doors` threads.
    pub(crate) fn door(&self, doors: usize) -> Door {
        Door::new(self.now(), self.limits.share(doors), Arc::clone(&self.roll))
    }
}

/// Asks the door and counts what it says.
pub(crate) fn ask(
    door: &mut Door,
    now: Mono,
    source: SocketAddr,
    data: &[u8],
    counters: &Counters,
) -> Admission {
    let (admission, grounds) = door.admit(now, source, || kind_of(data));
    match (admission, grounds) {
        (Admission::Pass, _) => {}
        (_, Grounds::Banned) => count(&counters.guard_banned),
        (_, Grounds::SourceFull) => count(&counters.guard_source_full),
        (_, Grounds::NetworkFull) => count(&counters.guard_network_full),
        (_, Grounds::StrangersFull) => count(&counters.guard_strangers_full),
        (_, Grounds::KnownFull) => count(&counters.guard_known_full),
        (_, Grounds::TrunkFull) => count(&counters.guard_trunk_full),
        (_, Grounds::Trunk | Grounds::Known | Grounds::WithinBudget) => {}
    }
    admission
}

/// What a datagram looks like from its first lines.
pub(crate) fn kind_of(data: &[u8]) -> KnockKind<'_> {
    // Not even the first octet of a method or of a response.
    if !data.first().is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, b'\r' | b'\n')) {
        return KnockKind::Noise;
    }
    let Some(peek) = peek(data) else { return KnockKind::Noise };
    match peek {
        Peek { method: None, .. } => KnockKind::Within,
        peek if peek.is("REGISTER") => KnockKind::Register,
        Peek { has_to_tag: true, .. } => KnockKind::Within,
        peek if peek.is("INVITE") => KnockKind::Invite { user: dialled(data) },
        Peek { .. } => KnockKind::Other,
    }
}

/// The user part of a Request-URI as written; "" without one.
fn dialled(data: &[u8]) -> &str {
    let line = data.trim_ascii_start().split(|octet| *octet == b'\r').next().unwrap_or_default();
    let uri = line.split(|octet| *octet == b' ').nth(1).unwrap_or_default();
    let Ok(uri) = std::str::from_utf8(uri) else { return "" };
    let Some((scheme, rest)) = uri.split_once(':') else { return "" };
    let user = match rest.split_once('@') {
        Some((user, _host)) => user,
        None if scheme.eq_ignore_ascii_case("tel") => rest,
        None => return "",
    };
    user.split(';').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_told_by_its_first_lines() {
        let text = |start: &str, to: &str| format!("{start}\r\nCall-ID: a\r\nTo: <sip:x@y>{to}\r\n\r\n");
        let kinds = [
            (text("INVITE sip:112@pbx SIP/2.0", ""), KnockKind::Invite { user: "112" }),
            (text("INVITE tel:112;phone-context=+49 SIP/2.0", ""), KnockKind::Invite { user: "112" }),
            (text("INVITE sip:pbx SIP/2.0", ""), KnockKind::Invite { user: "" }),
            (text("INVITE sip:112@pbx SIP/2.0", ";tag=1"), KnockKind::Within),
            (text("SIP/2.0 200 OK", ""), KnockKind::Within),
            (text("REGISTER sip:pbx SIP/2.0", ";tag=1"), KnockKind::Register),
            (text("OPTIONS sip:pbx SIP/2.0", ""), KnockKind::Other),
            ("INVITE sip:112@pbx SIP/2.0\r\n\r\n".to_owned(), KnockKind::Noise),
            ("\u{80}\0\u{3}rtp".to_owned(), KnockKind::Noise),
        ];
        for (data, kind) in kinds {
            assert_eq!(kind_of(data.as_bytes()), kind, "{data}");
        }
    }
}
