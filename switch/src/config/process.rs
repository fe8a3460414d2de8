//! `[node]` and `[limits]`: the process and how much it takes on.

use std::time::Duration;

use base::limits::{KNOWN_PER_SEC, STRANGER_PER_SEC, STRANGERS_PER_SEC};

use super::error::ConfigError;
use super::read::Reader;

/// `[node]`: the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSection {
    /// The node's name, for logs and pages.
    pub name: String,
    /// The language that callers are spoken to in where nobody says another.
    pub language: String,
    /// How long live calls go on after the first SIGTERM; 0 to 3600 seconds.
    pub drain: Duration,
}

impl NodeSection {
    pub(super) fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            name: reader.text("node", "name", "tandem-1")?,
            language: reader.text("node", "language", "en")?,
            drain: Duration::from_secs(reader.number("node", "drain_secs", 0..=3_600, 30)?.into()),
        })
    }
}

/// `[limits]` of the whole node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Live calls; further ones get 503.
    pub calls: u32,
    /// New calls per second; further ones get 503.
    pub calls_per_sec: u32,
    /// Bindings of all registrations together.
    pub registrations: u32,
    /// Packets a second of one address nobody knows; more are not heard.
    pub stranger_per_sec: u32,
    /// Packets a second of all such addresses together.
    pub strangers_per_sec: u32,
    /// Packets a second of one address where a phone has shown its password; new calls beyond get 503.
    pub known_per_sec: u32,
}

impl LimitsConfig {
    pub(super) fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            calls: reader.number("limits", "calls", 1..=100_000, 10_000)?,
            calls_per_sec: reader.number("limits", "calls_per_sec", 1..=100_000, 500)?,
            registrations: reader.number("limits", "registrations", 1..=1_000_000, 50_000)?,
            stranger_per_sec: reader.number("limits", "stranger_per_sec", 1..=1_000_000, STRANGER_PER_SEC)?,
            strangers_per_sec: reader.number(
                "limits",
                "strangers_per_sec",
                1..=1_000_000,
                STRANGERS_PER_SEC,
            )?,
            known_per_sec: reader.number("limits", "known_per_sec", 1..=1_000_000, KNOWN_PER_SEC)?,
        })
    }
}
