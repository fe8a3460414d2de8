//! What a phone is described with: its address, its maker, its keys.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A hardware address, kept as twelve hexadecimal digits in lower case: `805ec0123456`. Reads colons, dashes and dots.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac(String);

/// No hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no hardware address; allowed: twelve hexadecimal digits, such as 80:5e:c0:12:34:56")]
pub struct BadMac;

impl Mac {
    /// The digits: `805ec0123456`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Mac {
    type Err = BadMac;

    fn from_str(text: &str) -> Result<Self, BadMac> {
        let digits: String = text.chars().filter(|c| !":-. ".contains(*c)).take(13).collect();
        let fits = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then(|| Self(digits.to_ascii_lowercase())).ok_or(BadMac)
    }
}

impl TryFrom<String> for Mac {
    type Error = BadMac;
    fn try_from(text: String) -> Result<Self, BadMac> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.0
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who made a phone, which says what its settings look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// Yealink desk phones.
    #[default]
    Yealink,
    /// Polycom and Poly desk phones with UC Software.
    Polycom,
    /// Snom desk phones.
    Snom,
    /// Grandstream desk phones.
    Grandstream,
    /// Cisco SPA desk phones.
    CiscoSpa,
    /// A program on a computer or mobile phone.
    Softphone,
}

impl Vendor {
    /// Every vendor with its word.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("yealink", Self::Yealink),
        ("polycom", Self::Polycom),
        ("snom", Self::Snom),
        ("grandstream", Self::Grandstream),
        ("cisco_spa", Self::CiscoSpa),
        ("softphone", Self::Softphone),
    ];

    /// The word: `yealink`, `cisco_spa`, ….
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Yealink => "yealink",
            Self::Polycom => "polycom",
            Self::Snom => "snom",
            Self::Grandstream => "grandstream",
            Self::CiscoSpa => "cisco_spa",
            Self::Softphone => "softphone",
        }
    }

    /// Lines that we write for it at most.
    #[must_use]
    pub fn lines(self) -> usize {
        match self {
            Self::Yealink | Self::Polycom | Self::Snom => 12,
            Self::Grandstream => 4,
            Self::CiscoSpa => 8,
            Self::Softphone => 1,
        }
    }
}

/// What a programmable key does: `line`, `blf:1002`, `speed:+15550100`, `park:701`, `code:*78`, each with a label after
/// `=` if wanted: `blf:1002=Reception`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LineKey {
    /// What it does.
    pub action: KeyAction,
    /// What stands beside it; empty for what it does.
    pub label: String,
}

/// What a key does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyAction {
    /// A line of the phone's first station.
    Line,
    /// Shows whether this extension or pseudo user is busy, and calls it or picks its call up.
    Blf(String),
    /// Dials a number.
    Speed(String),
    /// Shows whether a park slot is taken, parks there and takes back from there.
    Park(String),
    /// Dials a feature code.
    Code(String),
}

/// No key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no key; allowed: line, blf:1002, speed:+15550100, park:701, code:*78, each with =Label after it if wanted"
)]
pub struct BadKey;

/// Characters of what a key dials, and of its label.
const KEY_CHARS: usize = 64;

impl KeyAction {
    /// What it dials or watches; empty for a line.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Line => "",
            Self::Blf(value) | Self::Speed(value) | Self::Park(value) | Self::Code(value) => value,
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Blf(_) => "blf",
            Self::Speed(_) => "speed",
            Self::Park(_) => "park",
            Self::Code(_) => "code",
        }
    }
}

impl LineKey {
    /// What stands beside it.
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.label.is_empty() { self.action.value() } else { &self.label }
    }
}

impl FromStr for LineKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let (action, label) = text.split_once('=').unwrap_or((text, ""));
        let (word, value) = action.trim().split_once(':').unwrap_or_else(|| (action.trim(), ""));
        let label = label.trim();
        let dialled = |b: u8| b.is_ascii_alphanumeric() || b"+*#._-".contains(&b);
        let fits =
            value.len() <= KEY_CHARS && value.bytes().all(dialled) && value.is_empty() == (word == "line");
        if !fits || label.chars().count() > KEY_CHARS || label.chars().any(char::is_control) {
            return Err(BadKey);
        }
        let value = value.to_owned();
        let action = match word {
            "line" => KeyAction::Line,
            "blf" => KeyAction::Blf(value),
            "speed" => KeyAction::Speed(value),
            "park" => KeyAction::Park(value),
            "code" => KeyAction::Code(value),
            _ => return Err(BadKey),
        };
        Ok(Self { action, label: label.to_owned() })
    }
}

impl TryFrom<String> for LineKey {
    type Error = BadKey;
    fn try_from(text: String) -> Result<Self, BadKey> {
        text.parse()
    }
}

impl From<LineKey> for String {
    fn from(key: LineKey) -> Self {
        key.to_string()
    }
}

impl fmt::Display for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action.word())?;
        if self.action != KeyAction::Line {
            write!(f, ":{}", self.action.value())?;
        }
        if self.label.is_empty() { Ok(()) } else { write!(f, "={}", self.label) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Issue row "Provisioning": a label on the box is typed in whatever form it has.
    #[test]
    fn an_address_is_read_in_every_form_and_kept_in_one() {
        for text in ["80:5E:C0:12:34:56", "805ec0123456", "80-5e-c0-12-34-56", "805e.c012.3456"] {
            assert_eq!(text.parse::<Mac>().unwrap().as_str(), "805ec0123456");
        }
        for text in ["", "805ec012345", "805ec01234567", "805ec012345g", "805ec0123456/../x"] {
            assert_eq!(text.parse::<Mac>(), Err(BadMac), "{text}");
        }
    }

    #[test]
    fn a_key_prints_as_it_is_read() {
        for text in
            ["line", "blf:1002", "blf:ready.ana=Ana <3", "speed:+15550100", "park:701", "code:*78=Quiet"]
        {
            assert_eq!(text.parse::<LineKey>().unwrap().to_string(), text);
        }
        for text in ["", "blf:", "line:1", "sing:1002", "blf:10 02", "speed:1;x", "code:*78=a\nb"] {
            assert_eq!(text.parse::<LineKey>(), Err(BadKey), "{text:?}");
        }
    }
}
