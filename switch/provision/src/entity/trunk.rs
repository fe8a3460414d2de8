//! A trunk: the way to a carrier or another switch, and from it.

use std::fmt;

use base::SessionTimers;
use base::media::{Dtmf, ListenFor, Nat, Srtp};
use base::wire::Transport;
use serde::{Deserialize, Serialize};

use super::{HeaderRule, Peer, Rewrite, defaults};
use crate::{AnswersTo, ForwardsIn, HostMask, PasswordFor, Reliable, ShownIn};

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
    /// The language that it is spoken to in, such as `en` or `es`; empty takes the node's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// The class of music that it hears on hold; empty takes `default`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub music: String,
    /// Whether its callers hear why a call is refused before the refusal comes.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub spoken_refusals: bool,
    /// Whether codes pressed in a call, such as `*1`, are taken from phones that have calls of this trunk; where not, they are keys for the far end.
    #[serde(default = "defaults::in_call_codes", skip_serializing_if = "defaults::is_true")]
    pub in_call_codes: bool,
    /// Whether its media is encrypted: `off`, `optional` or `required`.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub srtp: Srtp,
    /// How digits go to it and come from it: `auto`, `rtp`, `info` or `inband`.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub dtmf: Dtmf,
    /// What its audio is listened to for, beside digits: `fax`, `progress`, `speech`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listen: Vec<ListenFor>,
    /// The realm our password belongs to; empty for whatever its peers name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub realm: String,
    /// Which challenges our password answers.
    #[serde(default)]
    pub digest: AnswersTo,
    /// In which calls it may be asked for.
    #[serde(default)]
    pub password_for: PasswordFor,
    /// The recording policy by name; empty leaves it to others.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub recording: String,
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
            language: String::new(),
            music: String::new(),
            spoken_refusals: false,
            in_call_codes: defaults::in_call_codes(),
            srtp: Srtp::default(),
            dtmf: Dtmf::default(),
            listen: Vec::new(),
            realm: String::new(),
            digest: AnswersTo::default(),
            password_for: PasswordFor::default(),
            recording: String::new(),
        }
    }
}

impl fmt::Debug for Trunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "Trunk", self)
    }
}
