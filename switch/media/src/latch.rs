//! Where a far end really sends from (RFC 7362), and why nobody else can take its place.
//!
//! ```text
//!   Waiting ── a packet from the SDP address ─────────────► Kept
//!      │                                                     ▲ ▲
//!      └── RUN consecutive packets of one other port ────► Learned
//!                                         SDP address speaks up │ within SETTLE
//! ```
//!
//! Other ports count on the host that the SDP names and on the one that signalling comes from, unless learning is off, and
//! on networks that provisioning names: a stranger who sends first learns nothing. Only a new negotiated address returns
//! to `Waiting`. Whatever else comes is a stray.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use base::Mono;
use base::media::{MediaRule, Nat};

/// Packets in a row, of one source and one SSRC, before an address the SDP did not name is learned.
const RUN: u8 = 3;
/// How long after that the address the SDP did name may still take over.
const SETTLE: Duration = Duration::from_millis(1_500);
/// Sequence numbers may skip this far within a run.
const RUN_GAP: u16 = 8;

/// The source of one socket's packets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latch {
    expected: Option<SocketAddr>,
    /// Where to send: to the known source, else where the SDP says.
    destination: Option<SocketAddr>,
    state: State,
}

/// Who may be learned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Where signalling comes from; `None` trusts every host.
    pub(crate) host: Option<IpAddr>,
    pub(crate) rule: MediaRule,
}

/// Why an address that the SDP did not name may be learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kin {
    /// It is the far end's host, so media goes back there.
    Host,
    /// It is of a network that sends for the far end but may not take what is sent.
    Network,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Waiting { candidate: Option<Candidate> },
    Learned { from: SocketAddr, until: Mono },
    Kept { from: SocketAddr },
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    from: SocketAddr,
    mark: Mark,
    run: u8,
}

/// What ties the packets of one sender together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) ssrc: u32,
    /// RTCP has none.
    pub(crate) sequence: Option<u16>,
}

/// What a packet's source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The far end, known before.
    Known,
    /// The far end, known from this packet on.
    New,
    /// Anybody, or not yet sure.
    Stray,
}

impl Latch {
    pub(crate) fn new(expected: Option<SocketAddr>) -> Self {
        Self { expected, destination: expected, state: State::Waiting { candidate: None } }
    }

    fn kin(&self, from: IpAddr, trust: &Trust) -> Option<Kin> {
        let negotiated = self.expected.map(|expected| expected.ip());
        let near = trust.host.is_none_or(|host| is_same_host(host, from))
            || negotiated.is_some_and(|host| is_same_host(host, from));
        match trust.rule.nat {
            Nat::Learn if near => Some(Kin::Host),
            Nat::Learn | Nat::Off => trust.is_of_network(from).then_some(Kin::Network),
        }
    }

    /// Opens a new window when the negotiated address has changed.
    pub(crate) fn expect(&mut self, expected: SocketAddr) -> bool {
        let changed = self.expected != Some(expected);
        if changed {
            *self = Self::new(Some(expected));
        }
        changed
    }

    /// Judges the source of a valid packet.
    pub(crate) fn judge(&mut self, now: Mono, from: SocketAddr, mark: Mark, trust: &Trust) -> Source {
        match self.state {
            State::Kept { from: kept } => {
                if kept == from {
                    Source::Known
                } else {
                    Source::Stray
                }
            }
            State::Learned { from: learned, .. } if learned == from => Source::Known,
            State::Learned { until, .. } => {
                if self.expected == Some(from) && now < until {
                    self.keep(from)
                } else {
                    Source::Stray
                }
            }
            State::Waiting { candidate } => {
                if self.expected == Some(from) {
                    return self.keep(from);
                }
                let Some(kin) = self.kin(from.ip(), trust) else { return Source::Stray };
                let run =
                    candidate.filter(|known| known.goes_on(from, mark)).map_or(1, |known| known.run + 1);
                self.state = State::Waiting { candidate: Some(Candidate { from, mark, run }) };
                if run < RUN {
                    return Source::Stray;
                }
                self.state = State::Learned { from, until: now + SETTLE };
                self.destination = match kin {
                    Kin::Host => Some(from),
                    Kin::Network => self.expected.or(Some(from)),
                };
                Source::New
            }
        }
    }

    /// Takes a source that is known otherwise.
    pub(crate) fn keep(&mut self, from: SocketAddr) -> Source {
        self.state = State::Kept { from };
        self.destination = Some(from);
        Source::New
    }

    /// Whether this is the negotiated address.
    pub(crate) fn expects(&self, from: SocketAddr) -> bool {
        self.expected == Some(from)
    }

    /// Whether no source is known yet.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// The known source.
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        match self.state {
            State::Waiting { .. } => None,
            State::Learned { from, .. } | State::Kept { from } => Some(from),
        }
    }

    /// Where to send: to the known source, else where the SDP says.
    pub(crate) fn destination(&self) -> Option<SocketAddr> {
        self.destination
    }
}

impl Trust {
    /// Whether provisioning names this address.
    pub(crate) fn is_of_network(&self, address: IpAddr) -> bool {
        self.rule.from.as_ref().is_some_and(|networks| networks.iter().any(|net| net.contains(address)))
    }
}

/// On loopback, a socket bound to no address sends from the first one, whatever address its owner names.
fn is_same_host(host: IpAddr, from: IpAddr) -> bool {
    let (host, from) = (host.to_canonical(), from.to_canonical());
    let unbound = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    host == from || (host.is_loopback() && unbound.contains(&from))
}

impl Candidate {
    fn goes_on(&self, from: SocketAddr, mark: Mark) -> bool {
        let in_sequence = match (self.mark.sequence, mark.sequence) {
            (Some(before), Some(now)) => (1..=RUN_GAP).contains(&now.wrapping_sub(before)),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.from == from && self.mark.ssrc == mark.ssrc && in_sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn judge(latch: &mut Latch, ms: u64, port: u16, ssrc: u32, sequence: u16) -> Source {
        latch.judge(Mono(ms * 1_000), at(port), Mark { ssrc, sequence: Some(sequence) }, &Trust::default())
    }

    fn run(latch: &mut Latch, from: SocketAddr, trust: &Trust) -> Vec<Source> {
        let mark = |sequence| Mark { ssrc: 1, sequence: Some(sequence) };
        (1..=3).map(|sequence| latch.judge(Mono(0), from, mark(sequence), trust)).collect()
    }

    const STRAYS: [Source; 3] = [Source::Stray; 3];
    const LEARNED: [Source; 3] = [Source::Stray, Source::Stray, Source::New];

    #[test]
    fn the_negotiated_address_is_taken_at_once() {
        let mut latch = Latch::new(Some(at(4000)));
        assert_eq!(judge(&mut latch, 0, 4000, 1, 1), Source::New);
        assert_eq!(judge(&mut latch, 20, 4000, 1, 2), Source::Known);
        assert_eq!(judge(&mut latch, 20, 4002, 1, 3), Source::Stray);
    }

    #[test]
    fn a_phone_behind_nat_is_learned_after_three_packets_in_a_row() {
        let mut latch = Latch::new(Some(at(4000)));
        assert_eq!(judge(&mut latch, 0, 61_000, 1, 1), Source::Stray);
        assert_eq!(judge(&mut latch, 20, 61_000, 1, 2), Source::Stray);
        assert_eq!(latch.destination(), Some(at(4000)));
        assert_eq!(judge(&mut latch, 40, 61_000, 1, 3), Source::New);
        assert_eq!(latch.destination(), Some(at(61_000)));
    }

    /// RFC 7362 §5: latching must not hand the stream to whoever sends first.
    #[test]
    fn strangers_are_not_learned_where_the_host_of_signalling_is_known() {
        let other = |last: u8| SocketAddr::from(([198, 51, 100, last], 50_000));
        let trust = Trust { host: Some(other(1).ip()), rule: MediaRule::default() };
        let mut latch = Latch::new(Some(at(4000)));
        assert_eq!(run(&mut latch, other(9), &trust), STRAYS);
        assert_eq!(latch.destination(), Some(at(4000)));
        assert_eq!(run(&mut latch, other(1), &trust), LEARNED);
        latch.expect(at(4002));
        assert_eq!(run(&mut latch, other(9), &trust), STRAYS);
        assert_eq!(run(&mut latch, at(50_000), &trust), LEARNED);
    }

    /// Conformance M1: latch only where learning is on.
    #[test]
    fn where_learning_is_off_only_the_negotiated_address_counts() {
        let rule = MediaRule { nat: Nat::Off, from: None };
        let trust = Trust { host: Some(at(0).ip()), rule };
        let mut latch = Latch::new(Some(at(4000)));
        assert_eq!(run(&mut latch, at(61_000), &trust), STRAYS);
        assert_eq!(latch.judge(Mono(0), at(4000), Mark { ssrc: 1, sequence: Some(1) }, &trust), Source::New);
    }

    #[test]
    fn a_carrier_may_send_from_a_third_network_and_is_sent_to_where_sdp_says() {
        let third = SocketAddr::from(([203, 0, 113, 5], 9_000));
        let networks = ["203.0.113.0/29".parse().expect("a network")];
        let rule = MediaRule { nat: Nat::Off, from: Some(networks.into_iter().collect()) };
        let trust = Trust { host: Some(at(0).ip()), rule };
        let mut latch = Latch::new(Some(at(4000)));
        assert_eq!(run(&mut latch, SocketAddr::from(([203, 0, 113, 9], 9_000)), &trust), STRAYS);
        assert_eq!(run(&mut latch, third, &trust), LEARNED);
        assert_eq!((latch.source(), latch.destination()), (Some(third), Some(at(4000))));
    }

    #[test]
    fn on_loopback_other_addresses_are_strangers_but_for_the_one_of_unbound_sockets() {
        let on = |last: u8| SocketAddr::from(([127, 0, 0, last], 5_000));
        let trust = Trust { host: Some(on(2).ip()), rule: MediaRule::default() };
        let mut latch = Latch::new(Some(SocketAddr::from(([127, 0, 0, 2], 4_000))));
        assert_eq!(run(&mut latch, on(9), &trust), STRAYS);
        assert_eq!(run(&mut latch, on(1), &trust), LEARNED);
    }

    #[test]
    fn packets_of_changing_ssrc_sequence_or_source_are_no_run() {
        let mut latch = Latch::new(Some(at(4000)));
        for n in 0..20 {
            assert_eq!(judge(&mut latch, 0, 666, u32::from(n), n), Source::Stray);
            assert_eq!(judge(&mut latch, 0, 667, 1, n * 100), Source::Stray);
            assert_eq!(judge(&mut latch, 0, 700 + n, 1, 0), Source::Stray);
        }
        assert!(latch.is_waiting());
    }

    #[test]
    fn the_negotiated_address_overrides_a_learned_one_only_while_it_settles() {
        let learned = || {
            let mut latch = Latch::new(Some(at(4000)));
            let judged: Vec<Source> = (1..=3).map(|n| judge(&mut latch, 0, 666, 9, n)).collect();
            assert_eq!(judged, [Source::Stray, Source::Stray, Source::New]);
            latch
        };
        let mut early = learned();
        assert_eq!(judge(&mut early, 1_400, 4000, 1, 1), Source::New);
        assert_eq!(judge(&mut early, 1_420, 666, 9, 4), Source::Stray);
        let mut late = learned();
        assert_eq!(judge(&mut late, 1_500, 4000, 1, 1), Source::Stray);
        assert_eq!(judge(&mut late, 1_520, 666, 9, 4), Source::Known);
    }

    #[test]
    fn only_a_changed_address_opens_a_new_window() {
        let mut latch = Latch::new(Some(at(4000)));
        judge(&mut latch, 0, 4000, 1, 1);
        assert!(!latch.expect(at(4000)));
        assert_eq!(latch.source(), Some(at(4000)));
        assert!(latch.expect(at(5000)));
        assert!(latch.is_waiting());
        assert_eq!(latch.destination(), Some(at(5000)));
    }
}
