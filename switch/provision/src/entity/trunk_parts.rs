//! What a trunk has several of: hosts, and changes to numbers and headers.

use serde::{Deserialize, Serialize};

use super::defaults;

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
