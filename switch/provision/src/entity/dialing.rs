//! Where dialled numbers lead: in by a number, out by a rule.

use serde::{Deserialize, Serialize};

use super::defaults;
use crate::{Anonymous, Destination, ForwardTo};

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
    /// The recording policy by name; empty leaves it to others.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub recording: String,
    /// The language that its callers are spoken to in; empty takes the trunk's or station's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// Whether codes pressed in a call, such as `*1`, are taken from phones that have its calls; where not, they are keys for the far end.
    #[serde(default = "defaults::in_call_codes", skip_serializing_if = "defaults::is_true")]
    pub in_call_codes: bool,
    /// What stands before the caller's name on phones that ring: `Sales` makes it `Sales: Ana`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// How phones ring: `auto` by the kind of call, else a name that they know; empty leaves it to the stations.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ring: String,
    /// The address of a record about the caller, told in Call-Info: `https://…` with `{caller}`, `{dialled}`, `{call}`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub call_info_url: String,
    /// The prompt that whoever answers hears before the caller, by its id; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub whisper: String,
    /// The working hours by name, outside which callers are led elsewhere; empty is always.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hours: String,
    /// Where calls go outside them; empty tells them so.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub after_hours: ForwardTo,
}

impl Number {
    /// A number that leads there, and nothing else set.
    #[must_use]
    pub fn leading(did: &str, to: Destination) -> Self {
        Self {
            did: did.to_owned(),
            to,
            anonymous: Anonymous::default(),
            recording: String::new(),
            language: String::new(),
            in_call_codes: defaults::in_call_codes(),
            label: String::new(),
            ring: String::new(),
            call_info_url: String::new(),
            whisper: String::new(),
            hours: String::new(),
            after_hours: ForwardTo::default(),
        }
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
