//! How phones answer by themselves, and who may have them do so.

use serde::{Deserialize, Serialize};

/// How a phone is told to answer by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutoAnswer {
    /// As its vendor's phones understand it.
    #[default]
    Auto,
    /// By `answer-after=0` in Call-Info.
    CallInfo,
    /// By `info=alert-autoanswer` in Alert-Info.
    AlertInfo,
    /// Not at all: it rings.
    Off,
}

impl AutoAnswer {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("call-info", Self::CallInfo),
        ("alert-info", Self::AlertInfo),
        ("off", Self::Off),
    ];
}

/// Which calls a phone answers by itself, beside those of intercom and paging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AutoAnswerFor {
    /// No others.
    #[default]
    Nothing,
    /// Those of groups.
    Groups,
}

impl AutoAnswerFor {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("nothing", Self::Nothing), ("groups", Self::Groups)];
}

/// Who may speak to a phone that answers by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntercomFrom {
    /// Every station.
    #[default]
    Everybody,
    /// Stations of people who share a team with the one who sits there.
    Team,
    /// Nobody.
    Nobody,
}

impl IntercomFrom {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("everybody", Self::Everybody), ("team", Self::Team), ("nobody", Self::Nobody)];
}
