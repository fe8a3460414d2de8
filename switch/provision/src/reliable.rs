//! Reliable provisional responses, as a trunk or station is set up for them.

use serde::{Deserialize, Serialize};

/// What is done about 100rel (RFC 3262) towards a trunk or station.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reliable {
    /// Offered and taken: responses that matter are sent reliably to whoever supports it.
    #[default]
    Supported,
    /// Demanded: calls from it without support get 421, calls to it require it.
    Required,
    /// Neither offered nor taken: calls that require it get 420.
    Off,
}

impl Reliable {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("supported", Self::Supported), ("required", Self::Required), ("off", Self::Off)];
}
