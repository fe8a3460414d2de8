//! How a supervisor takes part in an agent's call.

use serde::{Deserialize, Serialize};

/// How a supervisor takes part; can be changed while it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supervision {
    /// Hears both, and nobody hears it.
    Listen,
    /// The agent alone hears it.
    Whisper,
    /// All hear it.
    Barge,
}

impl Supervision {
    /// All, in the order of their keys 1, 2, 3.
    pub const ALL: [Self; 3] = [Self::Listen, Self::Whisper, Self::Barge];

    /// The word: `listen`, `whisper`, `barge`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Whisper => "whisper",
            Self::Barge => "barge",
        }
    }

    /// The way of a word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }
}
