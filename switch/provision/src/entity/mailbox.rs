//! A mailbox: where callers leave messages.

use std::fmt;

use base::media::RecordingFormat;
use serde::{Deserialize, Serialize};

use super::defaults;

/// A voice mailbox. A station without one of its number has one with what holds here without a word.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// Its number, unique among mailboxes; that of a station makes it the station's.
    pub number: String,
    /// Whose it is, as people read it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Users, by login, who hear its messages on pages; the user of the station of its number is always one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// What is typed to open it by phone, 4…12 digits; empty opens it from its own station alone. A secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pin: String,
    /// Whether its own station opens it without the PIN.
    #[serde(default)]
    pub skip_pin: bool,
    /// Where a notice of each message goes; empty for nowhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// Whether the sound goes with the notice.
    #[serde(default)]
    pub email_attach: bool,
    /// Whether a message whose sound was sent by mail is deleted here.
    #[serde(default)]
    pub delete_after_email: bool,
    /// How its messages are kept and sent: `wav` or `opus`.
    #[serde(default)]
    pub format: RecordingFormat,
    /// Whether messages are encrypted on disk.
    #[serde(default)]
    pub encrypt: bool,
    /// The language that it speaks and its mail is written in; empty takes the caller's, or the node's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// The time zone in which it says when a message came, as in the IANA data base; empty for UTC.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// The greeting that callers hear who find the phone free: `personal` where one is recorded, else `standard`.
    #[serde(default)]
    pub greeting: GreetingChoice,
    /// Seconds of one message at most, 5…600.
    #[serde(default = "defaults::message_secs")]
    pub max_secs: u32,
    /// Milliseconds that a message must last to be kept, 0…30,000.
    #[serde(default = "defaults::message_least_ms")]
    pub min_ms: u32,
    /// Seconds of silence that end a message, 2…60; 0 for none.
    #[serde(default = "defaults::message_silence_secs")]
    pub silence_secs: u32,
    /// Messages at most, 1…1,000; then it is full.
    #[serde(default = "defaults::max_messages")]
    pub max_messages: u32,
    /// Days after which a message goes, heard or not, 0…36,500; 0 for never.
    #[serde(default)]
    pub keep_days: u32,
}

/// Which greeting callers hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GreetingChoice {
    /// The recorded one where there is one.
    #[default]
    Personal,
    /// The spoken one, always.
    Standard,
}

impl GreetingChoice {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("personal", Self::Personal), ("standard", Self::Standard)];
}

impl Mailbox {
    /// A mailbox with this number and nothing else set.
    #[must_use]
    pub fn numbered(number: &str) -> Self {
        Self {
            number: number.to_owned(),
            name: String::new(),
            owners: Vec::new(),
            pin: String::new(),
            skip_pin: false,
            email: String::new(),
            email_attach: false,
            delete_after_email: false,
            format: RecordingFormat::default(),
            encrypt: false,
            language: String::new(),
            time_zone: String::new(),
            greeting: GreetingChoice::default(),
            max_secs: defaults::message_secs(),
            min_ms: defaults::message_least_ms(),
            silence_secs: defaults::message_silence_secs(),
            max_messages: defaults::max_messages(),
            keep_days: 0,
        }
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "Mailbox", self)
    }
}
