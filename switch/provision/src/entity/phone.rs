//! A phone: the device on a desk, or a program, that is set up from here.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::phone_parts::{LineKey, Mac, Vendor};
use super::time_zone::TimeZone;

/// A device that fetches its settings.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    /// Its hardware address, unique; for a softphone one that is made up (`02…`).
    pub mac: Mac,
    /// Who made it.
    #[serde(default)]
    pub vendor: Vendor,
    /// The model as its vendor writes it, such as `T46S`; for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// Whose it is: the stations of its lines, the first line first, by extension.
    #[serde(default)]
    pub stations: Vec<String>,
    /// What its programmable keys do, the first key first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<LineKey>,
    /// The language of its display, such as `en` or `es`; empty takes the station's, else the node's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// The time zone of its clock.
    #[serde(default, skip_serializing_if = "TimeZone::is_default")]
    pub time_zone: TimeZone,
    /// How it speaks SIP: `udp`, `tcp` or `tls`; empty takes the safest that the node offers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub transport: String,
    /// Settings of its vendor beside ours, `name = value` each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<String>,
    /// Which of its secrets are good: a higher number makes all that were given out before useless.
    #[serde(default)]
    pub generation: u32,
}

impl Phone {
    /// A phone with this address and nothing else set.
    #[must_use]
    pub fn with_mac(mac: Mac) -> Self {
        Self {
            mac,
            vendor: Vendor::default(),
            model: String::new(),
            stations: Vec::new(),
            keys: Vec::new(),
            language: String::new(),
            time_zone: TimeZone::default(),
            transport: String::new(),
            extra: Vec::new(),
            generation: 0,
        }
    }

    /// The settings of its vendor, by name and value; what has no `=` is left out, and `check` refuses it.
    pub fn extras(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extra
            .iter()
            .filter_map(|line| line.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "Phone", self)
    }
}
