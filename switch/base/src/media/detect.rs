//! What is listened for in a far end's audio.

use serde::{Deserialize, Serialize};

use super::Dtmf;

/// What to listen for. Costs nothing that is not asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listen {
    /// Keypad tones, for far ends that send no events.
    pub digits: bool,
    /// Fax and modem tones.
    pub fax: bool,
    /// Call progress: ringback, busy, congestion, special information.
    pub progress: bool,
    /// Talking and silence.
    pub speech: bool,
}

/// Something to listen for beside keypad tones, as it stands in a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListenFor {
    /// Fax and modem tones.
    Fax,
    /// Call progress.
    Progress,
    /// Talking and silence.
    Speech,
}

impl ListenFor {
    /// Every choice with its word.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("fax", Self::Fax), ("progress", Self::Progress), ("speech", Self::Speech)];
}

impl Listen {
    /// What is listened for on a leg: keypad tones where digits come as such, and what its setting names.
    #[must_use]
    pub fn to(dtmf: Dtmf, wanted: &[ListenFor]) -> Self {
        let is = |what| wanted.contains(&what);
        Self {
            digits: dtmf == Dtmf::Inband,
            fax: is(ListenFor::Fax),
            progress: is(ListenFor::Progress),
            speech: is(ListenFor::Speech),
        }
    }
}

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detected {
    /// Ringing tone.
    Ringback,
    /// Busy.
    Busy,
    /// Congestion: the faster busy.
    Congestion,
    /// Dial tone.
    DialTone,
    /// Special information tones; which announcement follows (ITU-T E.180, Telcordia SR-2275).
    SpecialInformation(Announcement),
    /// The calling tone of a fax, 1,100 Hz (ITU-T T.30).
    FaxCalling,
    /// The answer of a fax or modem, 2,100 Hz.
    FaxAnswer,
    /// The same with phase reversals or a 15 Hz envelope (ITU-T V.25, V.8).
    ModemAnswer,
    /// Somebody talks.
    Speech,
    /// Nobody talks any more.
    Silence,
}

impl Detected {
    /// Its word, as pages and the API show it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "congestion",
            Self::DialTone => "dial_tone",
            Self::SpecialInformation(Announcement::General) => "special_information",
            Self::SpecialInformation(Announcement::Intercept) => "intercept",
            Self::SpecialInformation(Announcement::VacantCode) => "vacant_code",
            Self::SpecialInformation(Announcement::Reorder) => "reorder",
            Self::SpecialInformation(Announcement::NoCircuit) => "no_circuit",
            Self::FaxCalling => "fax_calling",
            Self::FaxAnswer => "fax_answer",
            Self::ModemAnswer => "modem_answer",
            Self::Speech => "speech",
            Self::Silence => "silence",
        }
    }
}

/// What a special information tone announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Announcement {
    /// Three rising tones, of no known lengths.
    General,
    /// The number was changed or does not exist: intercept.
    Intercept,
    /// Vacant code: no such number.
    VacantCode,
    /// Reorder: the network could not.
    Reorder,
    /// No circuit is free.
    NoCircuit,
}
