//! A conference: a room that callers come into by a number.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::defaults;

/// A room with a name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conference {
    /// Its name, unique among conferences.
    pub name: String,
    /// What stations dial to come in; empty leaves it to numbers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extension: String,
    /// What a caller must type to come in, 4…12 digits; empty asks for none. A secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pin: String,
    /// What a moderator must type to come in, 4…12 digits; empty: there are none. A secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub moderator_pin: String,
    /// Whether the others wait with music until a moderator is there.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub wait_for_moderator: bool,
    /// Seconds after the last moderator has left at which it ends for all, up to 3,600; 0: it goes on.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub ends_after_moderator_secs: u32,
    /// Whether whoever comes in is muted, moderators are not.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub entry_muted: bool,
    /// How many may be in it, 2…1,000; 0 for as many as there may be.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub max_members: u32,
    /// Whether it is recorded from the beginning.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub record: bool,
    /// What those inside hear of who comes and goes.
    #[serde(default)]
    pub announce: Announce,
    /// What one who is alone hears: the class of its music; empty takes `default`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub music: String,
    /// The language that it speaks; empty takes the caller's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
}

/// What is heard of who comes and goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Announce {
    /// A rising tone for who comes, a falling one for who goes.
    #[default]
    Tones,
    /// Who it is, by the number.
    Names,
    /// Nothing.
    Off,
}

impl Announce {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("tones", Self::Tones), ("names", Self::Names), ("off", Self::Off)];
}

impl Conference {
    /// A conference with this name and nothing else set.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            extension: String::new(),
            pin: String::new(),
            moderator_pin: String::new(),
            wait_for_moderator: false,
            ends_after_moderator_secs: 0,
            entry_muted: false,
            max_members: 0,
            record: false,
            announce: Announce::default(),
            music: String::new(),
            language: String::new(),
        }
    }
}

impl fmt::Debug for Conference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "Conference", self)
    }
}
