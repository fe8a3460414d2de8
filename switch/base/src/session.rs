//! How much is made of session timers (RFC 4028) towards one far end.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Whether a far end that stops without a word is noticed by session timers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionTimers {
    /// We act as if we knew nothing of them.
    Off,
    /// Used when the far end asks.
    Accept,
    /// Asked for, and left out when the far end knows nothing of them.
    #[default]
    Ask,
    /// Always used: calls out require them, and towards callers that lack them we refresh ourselves.
    Require,
}

/// No word for `SessionTimers`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found {found:?}; allowed: off, accept, ask, require")]
pub struct UnknownSessionTimers {
    found: String,
}

impl SessionTimers {
    const NAMES: [(&'static str, Self); 4] =
        [("off", Self::Off), ("accept", Self::Accept), ("ask", Self::Ask), ("require", Self::Require)];

    /// The default: for documents that leave it out.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl FromStr for SessionTimers {
    type Err = UnknownSessionTimers;

    fn from_str(text: &str) -> Result<Self, UnknownSessionTimers> {
        let known = Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, timers)| *timers);
        known.ok_or_else(|| UnknownSessionTimers { found: text.chars().take(80).collect() })
    }
}

impl fmt::Display for SessionTimers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, timers)| timers == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_others_are_refused_with_the_words_there_are() {
        for (name, timers) in SessionTimers::NAMES {
            assert_eq!(name.parse::<SessionTimers>(), Ok(timers));
            assert_eq!(timers.to_string(), name);
        }
        let refused = "on".parse::<SessionTimers>().unwrap_err();
        assert_eq!(refused.to_string(), "found \"on\"; allowed: off, accept, ask, require");
    }
}
