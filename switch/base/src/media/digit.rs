//! Keypad digits: sent, heard, collected.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Names one collecting on a port; given by whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CollectId(pub u32);

/// Digits wanted of a far end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collect {
    /// Which; it replaces the one before it on that port.
    pub id: CollectId,
    /// How many at most, 1…`limits::COLLECTED_DIGITS`; it ends with the last of them.
    pub most: u8,
    /// How long to the first, from the end of what plays.
    pub first: Duration,
    /// How long between two.
    pub between: Duration,
    /// Digits that end it and are not part of it, such as `#`.
    pub terminators: DigitSet,
    /// The first digit ends what plays (barge-in).
    pub barges_in: bool,
    /// Digits typed since the last collecting ended count too (typed ahead).
    pub type_ahead: bool,
}

/// How a collecting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectEnd {
    /// As many as wanted.
    Full,
    /// By a terminator.
    Terminator,
    /// No digit came.
    NoDigit,
    /// No further digit came.
    Pause,
    /// It was stopped or replaced.
    Stopped,
}

/// A set of `0`…`9`, `*`, `#`, `A`…`D`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DigitSet(u16);

impl DigitSet {
    /// The digits of a text; other characters are left out.
    #[must_use]
    pub fn of(digits: &str) -> Self {
        Self(digits.chars().filter_map(event_of).fold(0, |set, event| set | 1 << event))
    }

    /// Whether it has that digit.
    #[must_use]
    pub fn has(self, digit: char) -> bool {
        event_of(digit).is_some_and(|event| self.0 & (1 << event) != 0)
    }
}

/// The event code of a digit (RFC 4733 §3.2): 0…15.
#[must_use]
pub fn event_of(digit: char) -> Option<u8> {
    match digit.to_ascii_uppercase() {
        digit @ '0'..='9' => Some(digit as u8 - b'0'),
        '*' => Some(10),
        '#' => Some(11),
        digit @ 'A'..='D' => Some(digit as u8 - b'A' + 12),
        _other => None,
    }
}

/// The reverse of [`event_of`].
#[must_use]
pub fn digit_of(event: u8) -> Option<char> {
    b"0123456789*#ABCD".get(usize::from(event)).map(|digit| char::from(*digit))
}

/// How a digit came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigitBy {
    /// As an event in RTP (RFC 4733).
    Event,
    /// As two tones in the audio.
    Tone,
    /// In a SIP INFO.
    Info,
}

/// How a far end sends digits, and takes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtmf {
    /// As events where they were agreed on, else as tones; those that it sends in SIP INFO are taken too.
    #[default]
    Auto,
    /// As events, and in no other way.
    Rtp,
    /// In SIP INFO.
    Info,
    /// As tones in its audio, which is listened to.
    Inband,
}

impl Dtmf {
    /// Every choice with its word.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("rtp", Self::Rtp), ("info", Self::Info), ("inband", Self::Inband)];

    /// Whether events in RTP are agreed on with it.
    #[must_use]
    pub fn has_events(self) -> bool {
        match self {
            Self::Auto | Self::Rtp => true,
            Self::Info | Self::Inband => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_have_the_codes_of_rfc_4733() {
        assert_eq!(
            (event_of('0'), event_of('#'), event_of('d'), event_of('x')),
            (Some(0), Some(11), Some(15), None)
        );
        assert!((0..16).all(|event| digit_of(event).and_then(event_of) == Some(event)));
        let set = DigitSet::of("#*");
        assert!(set.has('#') && set.has('*') && !set.has('1'));
    }
}
