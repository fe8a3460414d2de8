//! Which calls are recorded, and how.

use base::media::{Channels, RecordingFormat, WhenFull};
use serde::{Deserialize, Serialize};

use super::defaults;

/// How calls are recorded. Trunks, stations and numbers name one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingPolicy {
    /// Its name, unique.
    pub name: String,
    /// Which calls.
    #[serde(default)]
    pub when: RecordWhen,
    /// The kind of file.
    #[serde(default)]
    pub format: RecordingFormat,
    /// `stereo`: the customer left, the agent right; `mono`: both in one.
    #[serde(default)]
    pub channels: Channels,
    /// Whether files are encrypted on disk.
    #[serde(default)]
    pub encrypt: bool,
    /// The prompt that tells both sides that they are recorded; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub announce: String,
    /// Seconds from one warning tone to the next, 5…300; 0 for none.
    #[serde(default)]
    pub beep_secs: u32,
    /// What happens when the disk takes no more.
    #[serde(default)]
    pub when_full: WhenFull,
    /// Days that files are kept, up to 36,500; 0 for good.
    #[serde(default)]
    pub retention_days: u32,
    /// Minutes that one recording lasts at most, 1…1,440.
    #[serde(default = "defaults::max_minutes")]
    pub max_minutes: u32,
}

/// Which calls a policy records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordWhen {
    /// Every call, from its answer on.
    All,
    /// Those that somebody asks to record.
    #[default]
    OnDemand,
    /// None, whoever asks.
    Never,
}

impl RecordWhen {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("on_demand", Self::OnDemand), ("all", Self::All), ("never", Self::Never)];
}

impl RecordingPolicy {
    /// A policy with this name and nothing else set.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            when: RecordWhen::default(),
            format: RecordingFormat::default(),
            channels: Channels::default(),
            encrypt: false,
            announce: String::new(),
            beep_secs: 0,
            when_full: WhenFull::default(),
            retention_days: 0,
            max_minutes: defaults::max_minutes(),
        }
    }
}
