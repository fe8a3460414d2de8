//! A station: an extension and what its phones may do.

use std::fmt;

use base::SessionTimers;
use base::media::{Dtmf, ListenFor, Nat, Srtp};
use serde::{Deserialize, Serialize};

use super::defaults;
use crate::{Anonymous, AutoAnswer, AutoAnswerFor, ForwardTo, ForwardWhen, IntercomFrom, Reliable};

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
    /// The language that it is spoken to in, such as `en` or `es`; empty takes the node's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// The class of music that it hears on hold; empty takes `default`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub music: String,
    /// Whether it hears why a call of its is refused before the refusal comes.
    #[serde(default = "defaults::spoken_refusals", skip_serializing_if = "defaults::is_true")]
    pub spoken_refusals: bool,
    /// Whether its phones' media is encrypted: `off`, `optional` or `required`.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub srtp: Srtp,
    /// What becomes of callers whom it leads on to nobody: `none` ends their call, `agent` gives them back, else a
    /// destination such as `voicemail:1001`; empty is `none`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub transfer_failure: String,
    /// Stations of one group may take each other's ringing calls; those where it is empty are one group too.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pickup_group: String,
    /// Whether a conference that it began within a call ends for all when it leaves.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub ends_with_host: bool,
    /// The recording policy by name; empty leaves it to others.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub recording: String,
    /// How digits go to it and come from it: `auto`, `rtp`, `info` or `inband`.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub dtmf: Dtmf,
    /// What its audio is listened to for, beside digits: `fax`, `progress`, `speech`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listen: Vec<ListenFor>,
    /// Where every call goes; its people may say otherwise, as for the other three.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub forward_always: ForwardTo,
    /// Where calls go while it is busy.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub forward_busy: ForwardTo,
    /// Where calls go that it does not answer.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub forward_no_answer: ForwardTo,
    /// Where calls go while no phone is registered for it.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub forward_unregistered: ForwardTo,
    /// Seconds it rings before `forward_no_answer`, 5…180; 0 takes `ring_secs`.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub no_answer_secs: u32,
    /// Whether it rings while it has a call; else it is busy then.
    #[serde(default = "defaults::call_waiting", skip_serializing_if = "defaults::is_true")]
    pub call_waiting: bool,
    /// Seconds from tone to tone that tell it that a supervisor is in its call, 5…300; 0 for none.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub supervision_beep_secs: u32,
    /// The working hours by name, outside which it does not ring; empty is always.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hours: String,
    /// Where calls go outside them; empty leaves them to the mailbox, if there is one.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub after_hours: ForwardTo,
    /// Whether codes pressed in a call, such as `*1`, are taken from its phones; where not, they are keys for the far end.
    #[serde(default = "defaults::in_call_codes", skip_serializing_if = "defaults::is_true")]
    pub in_call_codes: bool,
    /// How its phones learn what waits in their mailbox: `subscribe` tells those that ask, `unsolicited` all.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub mwi: Mwi,
    /// How its phones are told to answer by themselves: `auto`, `call-info`, `alert-info` or `off`.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub auto_answer: AutoAnswer,
    /// Which calls they answer by themselves, beside intercom and paging: `nothing` or `groups`.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub auto_answer_for: AutoAnswerFor,
    /// Who may call it by intercom: `everybody`, `team` or `nobody`.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub intercom: IntercomFrom,
    /// Whether nobody hears it on intercom until a key of it is pressed.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub intercom_muted: bool,
    /// How it rings: `auto` by the kind of call, else a name that its phones know; empty leaves it to them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ring: String,
    /// Whether its phones are told of a call in `X-CC-…` headers.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub call_data: bool,
}

/// How phones learn what waits in their mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mwi {
    /// Those that subscribe are told (RFC 3842).
    #[default]
    Subscribe,
    /// All are told, whether they ask or not.
    Unsolicited,
}

impl Mwi {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("subscribe", Self::Subscribe), ("unsolicited", Self::Unsolicited)];
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
            language: String::new(),
            music: String::new(),
            spoken_refusals: defaults::spoken_refusals(),
            srtp: Srtp::default(),
            transfer_failure: String::new(),
            pickup_group: String::new(),
            ends_with_host: false,
            recording: String::new(),
            dtmf: Dtmf::default(),
            listen: Vec::new(),
            forward_always: ForwardTo::default(),
            forward_busy: ForwardTo::default(),
            forward_no_answer: ForwardTo::default(),
            forward_unregistered: ForwardTo::default(),
            no_answer_secs: 0,
            call_waiting: defaults::call_waiting(),
            supervision_beep_secs: 0,
            hours: String::new(),
            after_hours: ForwardTo::default(),
            in_call_codes: defaults::in_call_codes(),
            mwi: Mwi::default(),
            auto_answer: AutoAnswer::default(),
            auto_answer_for: AutoAnswerFor::default(),
            intercom: IntercomFrom::default(),
            intercom_muted: false,
            ring: String::new(),
            call_data: false,
        }
    }
}

impl Station {
    /// Where its calls go for a reason, as it is set up.
    #[must_use]
    pub fn forward_set_up(&self, when: ForwardWhen) -> &ForwardTo {
        match when {
            ForwardWhen::Always => &self.forward_always,
            ForwardWhen::Busy => &self.forward_busy,
            ForwardWhen::NoAnswer => &self.forward_no_answer,
            ForwardWhen::Unregistered => &self.forward_unregistered,
        }
    }
}

impl fmt::Debug for Station {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "Station", self)
    }
}
