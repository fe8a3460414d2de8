//! Whether an agent sits at a station and takes calls.

use serde::{Deserialize, Serialize};

/// What an agent at a station has said last; kept until somebody says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Nobody is signed in.
    #[default]
    SignedOut,
    /// Signed in, and takes no calls for now.
    NotReady,
    /// Signed in, and takes calls.
    Ready,
    /// Signed in, and writes up the last call.
    AfterCall,
}

impl AgentState {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::SignedOut, Self::NotReady, Self::Ready, Self::AfterCall];

    /// As files and the API write it: `signed_out`, `not_ready`, `ready`, `after_call`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::NotReady => "not_ready",
            Self::Ready => "ready",
            Self::AfterCall => "after_call",
        }
    }

    /// Whether somebody is signed in.
    #[must_use]
    pub fn is_signed_in(self) -> bool {
        self != Self::SignedOut
    }

    /// Whether it is the default, which files and the API leave out.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
