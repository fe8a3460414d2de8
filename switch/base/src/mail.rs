//! Voice mail: what is said between calls, whoever keeps the messages, and whoever shows that there are some.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{CallId, RecordingId, Wall};

/// Which of a mailbox's greetings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GreetingKind {
    /// Nobody answers.
    Unavailable,
    /// The phone is in use.
    Busy,
    /// As long as it is there, before both others.
    Temporary,
}

impl GreetingKind {
    /// Every kind with its word.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("unavailable", Self::Unavailable), ("busy", Self::Busy), ("temporary", Self::Temporary)];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
            Self::Temporary => "temporary",
        }
    }
}

/// What a recording is that belongs to a mailbox and not to a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSlip {
    /// The number of the mailbox.
    pub mailbox: String,
    /// What it is.
    pub what: MailPart,
    /// Milliseconds it must last to be kept.
    pub least_ms: u32,
}

/// What is recorded for a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum MailPart {
    /// A message.
    Message {
        /// The caller's number; empty when withheld.
        caller: String,
        /// The caller's name; empty when unknown or withheld.
        caller_name: String,
    },
    /// A greeting.
    Greeting {
        /// Which.
        kind: GreetingKind,
    },
    /// A prompt for everyone.
    Prompt {
        /// Its id, such as `custom/12`.
        id: String,
        /// Its language.
        language: String,
    },
}

/// A file of audio that belongs to a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MailFile {
    /// The recording that it was.
    pub recording: RecordingId,
    /// Its path below the folder of voice mail.
    pub path: Arc<str>,
}

/// A message as a phone hears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailMessage {
    /// Its audio, which names it within its mailbox.
    pub file: MailFile,
    /// When it came.
    pub at: Wall,
    /// Seconds that the mailbox's time zone was ahead of UTC then.
    pub ahead_secs: i32,
    /// The caller's number; empty when withheld.
    pub caller: String,
    /// How long it lasts, in milliseconds.
    pub audio_ms: u64,
    /// The caller said that it is urgent.
    pub urgent: bool,
    /// It was listened to.
    pub heard: bool,
}

/// Messages of a mailbox by their state; urgent ones are among the others too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailCounts {
    /// Not listened to.
    pub new: u32,
    /// Listened to.
    pub old: u32,
    /// Of the new ones, urgent ones.
    pub urgent_new: u32,
    /// Of the old ones, urgent ones.
    pub urgent_old: u32,
}

/// What a mailbox is now, as every shard knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailState {
    /// Its messages.
    pub counts: MailCounts,
    /// Its greetings.
    pub greetings: Vec<(GreetingKind, MailFile)>,
}

/// What a call wants of whoever keeps the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailOrder {
    /// A recording for a mailbox is kept, unless it turns out too short. For a prompt the call is told, as by `Read`,
    /// whether it is in the library.
    Keep {
        /// Which.
        recording: RecordingId,
        /// The caller said that it is urgent.
        urgent: bool,
        /// How much silence stands at its end, in milliseconds.
        silent_ms: u32,
    },
    /// A recording for a mailbox is not wanted.
    Drop {
        /// Which.
        recording: RecordingId,
    },
    /// Tell the call the messages of a mailbox: answered once, with none where they cannot be had.
    Read {
        /// Which call asks.
        call: CallId,
        /// Of which mailbox.
        mailbox: String,
    },
    /// A message becomes something else.
    Mark {
        /// In which mailbox.
        mailbox: String,
        /// Which.
        recording: RecordingId,
        /// What it becomes.
        mark: MailMark,
    },
    /// A message comes into another mailbox too.
    Forward {
        /// From which mailbox.
        mailbox: String,
        /// Which.
        recording: RecordingId,
        /// Into which mailbox.
        to: String,
    },
    /// A greeting is taken away.
    Ungreet {
        /// Of which mailbox.
        mailbox: String,
        /// Which.
        kind: GreetingKind,
    },
    /// A mailbox has another PIN.
    Pin {
        /// Which.
        mailbox: String,
        /// The new one, 4…12 digits.
        pin: String,
    },
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailMark {
    /// It was listened to.
    Heard,
    /// It counts as new again.
    New,
    /// It is deleted; for a while it can be restored.
    Deleted,
    /// It is not deleted after all.
    Restored,
}
