//! Where calls to somebody are led on to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Destination;

/// Characters of a number that calls are led on to.
const NUMBER_CHARS: usize = 32;

/// Where calls are led on to: a number as its owner would dial it, or a destination.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum ForwardTo {
    /// They are not. Written as an empty text.
    #[default]
    Nowhere,
    /// A number or extension, dialled with the rights of who leads the call on.
    Number(String),
    /// A destination: `voicemail:1001`, `group:sales`, `station:1002`, …; never a trunk, which says no number.
    Destination(Destination),
}

/// What makes a call to be led on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardWhen {
    /// Nothing more: every call is.
    Always,
    /// Who is called is busy, or declines.
    Busy,
    /// Nobody answers in time.
    NoAnswer,
    /// No phone is there.
    Unregistered,
}

impl ForwardWhen {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Always, Self::Busy, Self::NoAnswer, Self::Unregistered];

    /// The field that holds it: `forward_busy`, ….
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Always => "forward_always",
            Self::Busy => "forward_busy",
            Self::NoAnswer => "forward_no_answer",
            Self::Unregistered => "forward_unregistered",
        }
    }
}

/// A text that calls cannot be led on to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadForward {
    /// It is no number.
    #[error(
        "{0:?} is no number; allowed: 1 to {NUMBER_CHARS} of 0-9 A-Z a-z + . _ - that begin with no * or #, or a \
         destination"
    )]
    Number(String),
    /// It is no destination.
    #[error("{0}")]
    Destination(#[from] crate::BadDestination),
    /// It names no number for a trunk.
    #[error("a trunk says no number to dial; allowed: the number itself, or another destination")]
    Trunk,
}

impl ForwardTo {
    /// Whether calls are led on at all.
    #[must_use]
    pub fn leads_on(&self) -> bool {
        *self != Self::Nowhere
    }
}

impl FromStr for ForwardTo {
    type Err = BadForward;

    fn from_str(text: &str) -> Result<Self, BadForward> {
        if text.is_empty() {
            return Ok(Self::Nowhere);
        }
        if text.contains(':') || matches!(text, "echo" | "hangup") {
            return match text.parse()? {
                Destination::Trunk(_) => Err(BadForward::Trunk),
                destination @ (Destination::Station(_)
                | Destination::User(_)
                | Destination::Conference(_)
                | Destination::Voicemail(_)
                | Destination::Group(_)
                | Destination::Play { .. }
                | Destination::Echo
                | Destination::Hangup
                | Destination::Test(_)) => Ok(Self::Destination(destination)),
            };
        }
        let number: String = text.chars().filter(|c| !matches!(c, ' ' | '(' | ')' | '/')).collect();
        let fits = number.bytes().all(|b| b.is_ascii_alphanumeric() || b"+._-".contains(&b));
        if !fits || number.is_empty() || number.len() > NUMBER_CHARS {
            return Err(BadForward::Number(text.chars().take(80).collect()));
        }
        Ok(Self::Number(number))
    }
}

impl fmt::Display for ForwardTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => Ok(()),
            Self::Number(number) => f.write_str(number),
            Self::Destination(destination) => write!(f, "{destination}"),
        }
    }
}

impl Serialize for ForwardTo {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ForwardTo {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_led_on_to_numbers_and_destinations_and_never_to_codes_or_trunks() {
        for (text, back) in [("", ""), ("1002", "1002"), ("+49 (30) 123", "+4930123"), ("j.user", "j.user")] {
            assert_eq!(text.parse::<ForwardTo>().map(|to| to.to_string()), Ok(back.to_owned()));
        }
        assert!(matches!("station:1002".parse(), Ok(ForwardTo::Destination(_))));
        for wrong in ["*72", "#31#5", "station:", "trunk:carrier", "a b@c", &"1".repeat(33), " "] {
            assert!(wrong.parse::<ForwardTo>().is_err(), "{wrong}");
        }
    }
}
