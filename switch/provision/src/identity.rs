//! How callers are believed and shown, and to whom our passwords are.

use serde::{Deserialize, Serialize};

/// The header that tells a trusted trunk who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShownIn {
    /// P-Asserted-Identity (RFC 3325).
    #[default]
    Pai,
    /// Remote-Party-ID, which older switches read.
    Rpid,
    /// From alone.
    From,
}

impl ShownIn {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("pai", Self::Pai), ("rpid", Self::Rpid), ("from", Self::From)];
}

/// The header that tells a trusted trunk by which numbers a call was led on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardsIn {
    /// Diversion (RFC 5806).
    #[default]
    Diversion,
    /// History-Info (RFC 7044).
    HistoryInfo,
    /// Both, one made from the other (RFC 7544).
    Both,
}

impl ForwardsIn {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("diversion", Self::Diversion), ("history-info", Self::HistoryInfo), ("both", Self::Both)];
}

/// What becomes of a caller who withholds the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Anonymous {
    /// Taken like any other.
    #[default]
    Accept,
    /// Answered 433 (RFC 5079).
    Refuse,
    /// Whoever picks up is asked first whether to take the call.
    Screen,
}

impl Anonymous {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("accept", Self::Accept), ("refuse", Self::Refuse), ("screen", Self::Screen)];

    /// Whether it is what holds without a word.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which challenges of a trunk our password answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswersTo {
    /// The best that is asked: SHA-256 before MD5.
    #[default]
    Any,
    /// SHA-256 alone: whoever asks for MD5 gets nothing.
    #[serde(rename = "sha-256")]
    Sha256,
}

impl AnswersTo {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("any", Self::Any), ("sha-256", Self::Sha256)];
}

/// In which calls with a trunk our password may be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordFor {
    /// In those that we place.
    #[default]
    OwnCalls,
    /// In those that it places too.
    AllCalls,
}

impl PasswordFor {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("own-calls", Self::OwnCalls), ("all-calls", Self::AllCalls)];
}
