//! The entities, as plain data.

use std::fmt;

use base::SessionTimers;
use base::media::Nat;
use base::wire::Transport;
use serde::{Deserialize, Serialize};

use crate::{Anonymous, AnswersTo, Destination, ForwardsIn, HostMask, PasswordFor, Reliable, ShownIn};

/// A way out to a carrier or another switch, and a way in from it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// Its name, unique among trunks.
    pub name: String,
    /// Source addresses that may send calls here (IP authentication).
    #[serde(default)]
    pub hosts: Vec<HostMask>,
    /// Where calls out go, tried by priority, then weight.
    #[serde(default)]
    pub peers: Vec<Peer>,
    /// The protocol towards the peers whose URI names none; without it the DNS says (RFC 3263), else UDP, and large
    /// requests go over TCP (RFC 3261 §18.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The name that the certificate of who sends calls here must bear; then addresses alone let nobody in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_name: String,
    /// A PEM file of the authorities that vouch for the peers; the node's when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_ca: String,
    /// Whether a peer must prove that it is the host its URI names.
    #[serde(default = "defaults::tls_verify")]
    pub tls_verify: bool,
    /// A PEM file of the certificate we show to the peers; the node's when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_cert: String,
    /// A PEM file of its key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_key: String,
    /// The digest user name, for calls out and for registering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The digest password. A secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Whether we register with the first peer.
    #[serde(default)]
    pub register: bool,
    /// The registration's wanted lifetime in seconds, 60…86,400.
    #[serde(default = "defaults::register_secs")]
    pub register_secs: u32,
    /// The domain in From and in the registered address; the peer's host when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub domain: String,
    /// Codecs allowed, most wanted first, by SDP name; empty allows all.
    #[serde(default)]
    pub codecs: Vec<String>,
    /// Calls at a time in both directions; 0 for no cap.
    #[serde(default)]
    pub max_calls: u32,
    /// New calls per second in both directions; 0 for no cap.
    #[serde(default)]
    pub max_cps: u32,
    /// The number shown on calls out when the dial rule gives none; empty passes the caller's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caller_id: String,
    /// Seconds between OPTIONS to each peer; 0 for none.
    #[serde(default = "defaults::health_secs")]
    pub health_secs: u32,
    /// Seconds without any answer to an INVITE before the next peer is tried, 1…32.
    #[serde(default = "defaults::failover_secs")]
    pub failover_secs: u32,
    /// How much is made of session timers (RFC 4028).
    #[serde(default, skip_serializing_if = "SessionTimers::is_default")]
    pub session_timers: SessionTimers,
    /// Rewriting of dialled numbers that come in, the first match wins.
    #[serde(default)]
    pub number_in: Vec<Rewrite>,
    /// Rewriting of dialled numbers that go out, after the dial rule, the first match wins.
    #[serde(default)]
    pub number_out: Vec<Rewrite>,
    /// Rewriting of caller numbers that come in.
    #[serde(default)]
    pub caller_in: Vec<Rewrite>,
    /// Rewriting of caller numbers that go out.
    #[serde(default)]
    pub caller_out: Vec<Rewrite>,
    /// Headers set or removed on requests out.
    #[serde(default)]
    pub headers: Vec<HeaderRule>,
    /// Whether it is believed about who calls and by which numbers a call came, and is told so by us.
    #[serde(default)]
    pub trust: bool,
    /// Where it is told who calls, when it is trusted.
    #[serde(default)]
    pub identity: ShownIn,
    /// Where it is told by which numbers a call was led on, when it is trusted.
    #[serde(default)]
    pub forwards: ForwardsIn,
    /// Whether the real address of its media is learned when it is not the one that SDP names.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub nat: Nat,
    /// Networks its media may come from though SDP names another address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_from: Vec<HostMask>,
    /// Reliable provisional responses: `supported`, `required` or `off`.
    #[serde(default)]
    pub reliable: Reliable,
    /// The realm our password belongs to; empty for whatever its peers name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub realm: String,
    /// Which challenges our password answers.
    #[serde(default)]
    pub digest: AnswersTo,
    /// In which calls it may be asked for.
    #[serde(default)]
    pub password_for: PasswordFor,
}

impl Trunk {
    /// A trunk with this name and nothing else set.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            hosts: Vec::new(),
            peers: Vec::new(),
            transport: None,
            tls_name: String::new(),
            tls_ca: String::new(),
            tls_verify: defaults::tls_verify(),
            tls_cert: String::new(),
            tls_key: String::new(),
            username: None,
            password: None,
            register: false,
            register_secs: defaults::register_secs(),
            domain: String::new(),
            codecs: Vec::new(),
            max_calls: 0,
            max_cps: 0,
            caller_id: String::new(),
            health_secs: defaults::health_secs(),
            failover_secs: defaults::failover_secs(),
            session_timers: SessionTimers::default(),
            number_in: Vec::new(),
            number_out: Vec::new(),
            caller_in: Vec::new(),
            caller_out: Vec::new(),
            headers: Vec::new(),
            trust: false,
            identity: ShownIn::default(),
            forwards: ForwardsIn::default(),
            nat: Nat::default(),
            media_from: Vec::new(),
            reliable: Reliable::default(),
            realm: String::new(),
            digest: AnswersTo::default(),
            password_for: PasswordFor::default(),
        }
    }
}

/// One host of a trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// A SIP URI: `sip:198.51.100.10:5060`.
    pub uri: String,
    /// Lower is tried first.
    #[serde(default)]
    pub priority: u16,
    /// The share among peers of one priority (RFC 2782), 0…65,535.
    #[serde(default = "defaults::weight")]
    pub weight: u16,
}

impl Peer {
    /// The weight of a peer that names none.
    pub const WEIGHT: u16 = 10;
}

/// A pattern and what replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// A regular expression over the whole number.
    pub pattern: String,
    /// The replacement; `$1` is the first group.
    pub replace: String,
}

/// What to do with one header of a request that goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderRule {
    /// The header's name.
    pub name: String,
    /// Its value; none removes the header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes calls.
    Agent,
    /// Watches and helps agents.
    Supervisor,
    /// Sets up everything.
    Admin,
    /// Admin who also manages admins.
    Owner,
}

/// A person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The login, unique.
    pub login: String,
    /// The name as shown.
    #[serde(default)]
    pub name: String,
    /// What this user may do.
    #[serde(default = "defaults::role")]
    pub role: Role,
    /// The argon2 hash of the password in PHC form. A secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub password_hash: String,
    /// The argon2 hash of the phone PIN. A secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pin_hash: String,
    /// Teams.
    #[serde(default)]
    pub teams: Vec<String>,
}

impl User {
    /// A user with this login and nothing else set.
    #[must_use]
    pub fn called(login: &str) -> Self {
        Self {
            login: login.to_owned(),
            name: String::new(),
            role: defaults::role(),
            password_hash: String::new(),
            pin_hash: String::new(),
            teams: Vec::new(),
        }
    }
}

/// Where an agent can be reached: one extension, any number of phones registered as it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// The extension and SIP digest user, unique.
    pub extension: String,
    /// The user who sits there, by login; empty for a phone of nobody.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// The name shown to those it calls; empty shows the user's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// HA1 for MD5 (RFC 2617), 32 hexadecimal digits, for the node's realm. A secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ha1_md5: String,
    /// HA1 for SHA-256 (RFC 8760), 64 hexadecimal digits. A secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ha1_sha256: String,
    /// Codecs allowed, most wanted first; empty allows all.
    #[serde(default)]
    pub codecs: Vec<String>,
    /// The number shown on calls out through trunks; empty leaves it to the dial rule and the trunk.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caller_id: String,
    /// Seconds it rings before the caller is told nobody answers, 5…180.
    #[serde(default = "defaults::ring_secs")]
    pub ring_secs: u32,
    /// Phones that may be registered at once, 1…10.
    #[serde(default = "defaults::max_contacts")]
    pub max_contacts: u32,
    /// Calls at a time; 0 for no cap.
    #[serde(default)]
    pub max_calls: u32,
    /// What becomes of callers who withhold their number.
    #[serde(default, skip_serializing_if = "Anonymous::is_default")]
    pub anonymous: Anonymous,
    /// How much is made of session timers (RFC 4028).
    #[serde(default, skip_serializing_if = "SessionTimers::is_default")]
    pub session_timers: SessionTimers,
    /// Whether the real address of a phone's media is learned when it is not the one that SDP names.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub nat: Nat,
    /// Reliable provisional responses: `supported`, `required` or `off`.
    #[serde(default)]
    pub reliable: Reliable,
}

impl Station {
    /// A station with this extension and nothing else set.
    #[must_use]
    pub fn numbered(extension: &str) -> Self {
        Self {
            extension: extension.to_owned(),
            user: String::new(),
            name: String::new(),
            ha1_md5: String::new(),
            ha1_sha256: String::new(),
            codecs: Vec::new(),
            caller_id: String::new(),
            ring_secs: defaults::ring_secs(),
            max_contacts: defaults::max_contacts(),
            max_calls: 0,
            anonymous: Anonymous::default(),
            session_timers: SessionTimers::default(),
            nat: Nat::default(),
            reliable: Reliable::default(),
        }
    }
}

/// A number that callers dial, and where it leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// The number exactly, or `^…$` for a pattern (a regular expression). Exact numbers win over patterns.
    pub did: String,
    /// Where it leads.
    pub to: Destination,
    /// What becomes of callers who withhold their number.
    #[serde(default, skip_serializing_if = "Anonymous::is_default")]
    pub anonymous: Anonymous,
}

impl Number {
    /// A number that leads there, and nothing else set.
    #[must_use]
    pub fn leading(did: &str, to: Destination) -> Self {
        Self { did: did.to_owned(), to, anonymous: Anonymous::default() }
    }
}

/// Which trunks a dialled number may leave by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialRule {
    /// A regular expression over the dialled number; unique among rules.
    pub pattern: String,
    /// Trunks by name, tried in order.
    pub trunks: Vec<String>,
    /// Leading characters to take away.
    #[serde(default)]
    pub strip: u32,
    /// Characters to put in front, after stripping.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prepend: String,
    /// The number shown; empty leaves it to the station and the trunk.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caller_id: String,
    /// Lower is matched first.
    #[serde(default)]
    pub priority: u32,
    /// An emergency number: caps, draining and restrictions do not hold it back.
    #[serde(default)]
    pub emergency: bool,
}

impl DialRule {
    /// A rule with this pattern and nothing else set.
    #[must_use]
    pub fn matching(pattern: &str) -> Self {
        Self {
            pattern: pattern.to_owned(),
            trunks: Vec::new(),
            strip: 0,
            prepend: String::new(),
            caller_id: String::new(),
            priority: 0,
            emergency: false,
        }
    }
}

impl fmt::Debug for Trunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "Trunk", self)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "User", self)
    }
}

impl fmt::Debug for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "Station", self)
    }
}

mod defaults {
    use super::Role;

    /// Whether it is what holds without a word.
    pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
        *value == T::default()
    }

    pub(super) fn tls_verify() -> bool {
        true
    }
    pub(super) fn register_secs() -> u32 {
        300
    }
    pub(super) fn health_secs() -> u32 {
        30
    }
    pub(super) fn failover_secs() -> u32 {
        3
    }
    pub(super) fn weight() -> u16 {
        super::Peer::WEIGHT
    }
    pub(super) fn role() -> Role {
        Role::Agent
    }
    pub(super) fn ring_secs() -> u32 {
        60
    }
    pub(super) fn max_contacts() -> u32 {
        5
    }
}
