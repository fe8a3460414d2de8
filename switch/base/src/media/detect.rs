//! What is listened for in a far end's audio.

use serde::{Deserialize, Serialize};

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
