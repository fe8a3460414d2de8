//! The door of one receiving thread: a packet passes, is refused in one small answer, or is not heard at all.
//!
//! Who is known goes first: a trunk by its address, a phone whose password was right. All others share small budgets: a
//! bucket per address, one per network and one for all of them together. What belongs to a running call and calls to
//! emergency numbers have budgets of their own, so that a flood of anything else leaves them alone.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base::{Mono, limits};

use super::bucket::{Bucket, Rate};
use super::place::{address, network};
use super::roll::{Entry, Roll};
use super::spots::Spots;

/// What a door lets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorLimits {
    /// Packets of one stranger: an IPv4 address, an IPv6 /64.
    pub per_source: Rate,
    /// Packets of the strangers of one network: a /24, a /56.
    pub per_network: Rate,
    /// Packets of all strangers together.
    pub strangers: Rate,
    /// Packets of one known address.
    pub known: Rate,
    /// Packets of one trunk's address that begin something: anybody can forge it.
    pub trunk: Rate,
}

impl DoorLimits {
    /// By packets a second; a network has four times the budget of one address.
    #[must_use]
    pub fn new(per_source: u32, strangers: u32, known: u32) -> Self {
        Self {
            per_source: Rate::with_burst(per_source, 4),
            per_network: Rate::with_burst(per_source.saturating_mul(4), 4),
            strangers: Rate::with_burst(strangers, 2),
            known: Rate::with_burst(known, 2),
            trunk: Rate::with_burst(limits::TRUNK_PER_SEC, 2),
        }
    }

    /// For a node that takes so many calls a second: one trunk may bring them all, and as much again beside them.
    #[must_use]
    pub fn with_calls(self, calls_per_sec: u32) -> Self {
        let per_sec = calls_per_sec.saturating_mul(2).max(limits::TRUNK_LEAST_PER_SEC);
        Self { trunk: Rate::with_burst(per_sec, 2), ..self }
    }

    /// The part of one of `doors`, where strangers arrive at all of them alike.
    #[must_use]
    pub fn share(self, doors: usize) -> Self {
        Self { strangers: self.strangers.share(doors), ..self }
    }
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self::new(limits::STRANGER_PER_SEC, limits::STRANGERS_PER_SEC, limits::KNOWN_PER_SEC)
    }
}

/// What a packet looks like from its first lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnockKind<'a> {
    /// An INVITE without To tag.
    Invite {
        /// The user part of its Request-URI as written; "" without one.
        user: &'a str,
    },
    /// A REGISTER.
    Register,
    /// Another request without To tag.
    Other,
    /// A request with a To tag, or a response: of a call that runs, it says.
    Within,
    /// Neither.
    Noise,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is read.
    Pass,
    /// It is told that there is no room: 503 in one small answer.
    Refuse,
    /// It is not heard.
    Drop,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// A trunk's address.
    Trunk,
    /// Somebody there has shown a password.
    Known,
    /// A stranger within all budgets.
    WithinBudget,
    /// The address or its network is banned.
    Banned,
    /// A known address sends more than one may.
    KnownFull,
    /// A trunk's address sends more than one may.
    TrunkFull,
    /// A stranger sends more than one may.
    SourceFull,
    /// Its network sends more than one may.
    NetworkFull,
    /// All strangers together send more than they may.
    StrangersFull,
}

/// One receiving thread's door. Its tables do not grow.
#[derive(Debug)]
pub struct Door {
    limits: DoorLimits,
    roll: Arc<Roll>,
    sources: Spots,
    networks: Spots,
    common: Common,
}

/// Buckets that strangers share, by what suffers first to last.
#[derive(Debug)]
struct Common {
    beginnings: Bucket,
    within: Bucket,
    emergency: Bucket,
    refusals: Bucket,
}

/// A REGISTER now and then from a banned address where phones are known: one of them may have moved to another port.
const TRICKLE: Rate = Rate { per_sec: 1, burst: 4 };
/// Answers that refuse, a second: more would help a flood along.
const REFUSALS: Rate = Rate { per_sec: 200, burst: 400 };
/// What belongs to a call, of a known address, over what it may begin.
const WITHIN_TIMES: u32 = 4;

impl Door {
    /// A door that nobody has knocked at.
    #[must_use]
    pub fn new(now: Mono, limits: DoorLimits, roll: Arc<Roll>) -> Self {
        let full = |rate| Bucket::full(now, rate);
        let common = Common {
            beginnings: full(limits.strangers),
            within: full(limits.strangers),
            emergency: full(limits.strangers),
            refusals: full(REFUSALS),
        };
        Self {
            limits,
            roll,
            sources: Spots::new(limits::DOOR_SOURCES),
            networks: Spots::new(limits::DOOR_NETWORKS),
            common,
        }
    }

    /// Decides on a packet from `source`. What it looks like is asked only where that matters.
    pub fn admit<'a>(
        &mut self,
        now: Mono,
        source: SocketAddr,
        kind: impl FnOnce() -> KnockKind<'a>,
    ) -> (Admission, Grounds) {
        let ip = source.ip().to_canonical();
        if self.roll.has(now, &Entry::trunk(ip)) {
            return self.trunk(now, ip, kind());
        }
        if self.roll.has(now, &Entry::flow(source)) {
            return self.known(now, address(ip), kind);
        }
        let known = self.roll.has(now, &Entry::known(ip));
        let banned = match known {
            true => self.roll.has(now, &Entry::Banned(address(ip))),
            false => self.roll.is_banned(now, ip),
        };
        match (known, banned) {
            (true, false) => self.known(now, address(ip), kind),
            (true, true) => self.suspect(now, address(ip), kind()),
            (false, true) => (Admission::Drop, Grounds::Banned),
            (false, false) => self.stranger(now, ip, kind()),
        }
    }

    /// Whether a packet begins a call to an emergency number.
    #[must_use]
    pub fn is_emergency(&self, now: Mono, kind: KnockKind<'_>) -> bool {
        match kind {
            KnockKind::Invite { user } if !user.is_empty() && user.len() <= limits::EMERGENCY_DIGITS => {
                self.roll.has(now, &Entry::Emergency(user.to_owned()))
            }
            KnockKind::Invite { .. }
            | KnockKind::Register
            | KnockKind::Other
            | KnockKind::Within
            | KnockKind::Noise => false,
        }
    }

    /// Whether one more refusal may be answered now.
    pub fn may_refuse(&mut self, now: Mono) -> bool {
        self.common.refusals.take(now, REFUSALS)
    }

    fn known<'a>(
        &mut self,
        now: Mono,
        source: IpAddr,
        kind: impl FnOnce() -> KnockKind<'a>,
    ) -> (Admission, Grounds) {
        let rate = self.limits.known;
        let key = self.roll.key((source, Grounds::Known as u8));
        if self.sources.at(now, key, rate).take(now, rate) {
            return (Admission::Pass, Grounds::Known);
        }
        let kind = kind();
        if matches!(kind, KnockKind::Within) || self.is_emergency(now, kind) {
            let rate = rate.times(WITHIN_TIMES);
            let key = self.roll.key((source, Grounds::KnownFull as u8));
            if self.sources.at(now, key, rate).take(now, rate) {
                return (Admission::Pass, Grounds::Known);
            }
        }
        (self.turn_away(now, kind), Grounds::KnownFull)
    }

    /// A trunk's address, or somebody who forges it: calls that run, emergency calls and all else have a budget each.
    fn trunk(&mut self, now: Mono, ip: IpAddr, kind: KnockKind<'_>) -> (Admission, Grounds) {
        let (class, rate) = match kind {
            KnockKind::Within => ("trunk within", self.limits.known.times(WITHIN_TIMES)),
            KnockKind::Invite { .. } if self.is_emergency(now, kind) => {
                ("trunk emergency", self.limits.trunk)
            }
            KnockKind::Invite { .. } | KnockKind::Register | KnockKind::Other | KnockKind::Noise => {
                ("trunk", self.limits.trunk)
            }
        };
        let key = self.roll.key((class, ip));
        match self.sources.at(now, key, rate).take(now, rate) {
            true => (Admission::Pass, Grounds::Trunk),
            false => (self.turn_away(now, kind), Grounds::TrunkFull),
        }
    }

    /// Beyond the budget of somebody known: a new call is told, all else is not heard.
    fn turn_away(&mut self, now: Mono, kind: KnockKind<'_>) -> Admission {
        match matches!(kind, KnockKind::Invite { .. }) && self.may_refuse(now) {
            true => Admission::Refuse,
            false => Admission::Drop,
        }
    }

    /// A banned address where phones are known.
    fn suspect(&mut self, now: Mono, source: IpAddr, kind: KnockKind<'_>) -> (Admission, Grounds) {
        let key = self.roll.key((source, Grounds::Banned as u8));
        let passes =
            matches!(kind, KnockKind::Register) && self.sources.at(now, key, TRICKLE).take(now, TRICKLE);
        match passes {
            true => (Admission::Pass, Grounds::Known),
            false => (Admission::Drop, Grounds::Banned),
        }
    }

    fn stranger(&mut self, now: Mono, ip: IpAddr, kind: KnockKind<'_>) -> (Admission, Grounds) {
        let source = address(ip);
        let DoorLimits { per_source, per_network, strangers, .. } = self.limits;
        let key = self.roll.key(source);
        if !self.sources.at(now, key, per_source).take(now, per_source) {
            return (Admission::Drop, Grounds::SourceFull);
        }
        let key = self.roll.key(("network", network(ip)));
        if !self.networks.at(now, key, per_network).take(now, per_network) {
            return (Admission::Drop, Grounds::NetworkFull);
        }
        let emergency = self.is_emergency(now, kind);
        let common = match kind {
            KnockKind::Invite { .. } if emergency => &mut self.common.emergency,
            KnockKind::Within => &mut self.common.within,
            KnockKind::Invite { .. } | KnockKind::Register | KnockKind::Other | KnockKind::Noise => {
                &mut self.common.beginnings
            }
        };
        if common.take(now, strangers) {
            return (Admission::Pass, Grounds::WithinBudget);
        }
        // Others took the room; the stranger's own budget is not to blame.
        let key = self.roll.key(source);
        self.sources.at(now, key, per_source).give_back();
        (Admission::Drop, Grounds::StrangersFull)
    }
}

#[cfg(test)]
#[path = "door_tests.rs"]
mod tests;
