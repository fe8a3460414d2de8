//! An entry of the phonebook: somebody outside, as phones list him beside the stations.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Somebody with numbers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhonebookEntry {
    /// What the entry is known by, unique.
    pub entry: String,
    /// The name as shown; empty shows the entry's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// His numbers, each `+15550100` or with what it is: `mobile:+15550101`.
    #[serde(default)]
    pub numbers: Vec<BookNumber>,
    /// Who sees the entry.
    #[serde(default, skip_serializing_if = "Scope::is_default")]
    pub scope: Scope,
    /// The place among favourites, 1…99; 0 for none.
    #[serde(default)]
    pub favourite: u32,
}

/// Who sees an entry: `shared` (everyone), `team:sales` or `user:ana`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Everyone.
    #[default]
    Shared,
    /// Those of a team.
    Team(String),
    /// One user, by login.
    User(String),
}

/// A number with what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BookNumber {
    /// What it is.
    pub kind: NumberKind,
    /// What is dialled.
    pub number: String,
}

/// Which of somebody's phones a number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NumberKind {
    /// At work.
    #[default]
    Office,
    /// In the pocket.
    Mobile,
    /// At home.
    Home,
    /// Another.
    Other,
}

/// Nobody whom an entry could be shown to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no scope; allowed: shared, team:NAME or user:LOGIN")]
pub struct BadScope;

/// No number of a phonebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no number; allowed: up to 64 of 0-9 A-Z a-z + * # . _ -, with office:, mobile:, home: or other: before it"
)]
pub struct BadBookNumber;

/// Characters of a number.
const NUMBER_CHARS: usize = 64;

impl PhonebookEntry {
    /// An entry known by this and nothing else set.
    #[must_use]
    pub fn known_by(entry: &str) -> Self {
        Self {
            entry: entry.to_owned(),
            name: String::new(),
            numbers: Vec::new(),
            scope: Scope::default(),
            favourite: 0,
        }
    }

    /// The name as shown.
    #[must_use]
    pub fn shown(&self) -> &str {
        if self.name.is_empty() { &self.entry } else { &self.name }
    }
}

impl fmt::Debug for PhonebookEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::export::debug(f, "PhonebookEntry", self)
    }
}

impl Scope {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::Shared
    }

    /// Whether a user of these teams sees it; no user sees what is shared alone.
    #[must_use]
    pub fn is_seen_by(&self, login: &str, teams: &[String]) -> bool {
        match self {
            Self::Shared => true,
            Self::Team(team) => teams.contains(team),
            Self::User(user) => !login.is_empty() && user == login,
        }
    }
}

impl FromStr for Scope {
    type Err = BadScope;

    fn from_str(text: &str) -> Result<Self, BadScope> {
        let named = |name: &str| Some(name.to_owned()).filter(|name| !name.is_empty()).ok_or(BadScope);
        match text.split_once(':') {
            None if text == "shared" || text.is_empty() => Ok(Self::Shared),
            Some(("team", name)) => named(name).map(Self::Team),
            Some(("user", name)) => named(name).map(Self::User),
            None | Some(_) => Err(BadScope),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = BadScope;
    fn try_from(text: String) -> Result<Self, BadScope> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Shared => "shared".to_owned(),
            Scope::Team(name) => format!("team:{name}"),
            Scope::User(name) => format!("user:{name}"),
        }
    }
}

impl NumberKind {
    /// The word: `office`, `mobile`, ….
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Mobile => "mobile",
            Self::Home => "home",
            Self::Other => "other",
        }
    }
}

impl FromStr for BookNumber {
    type Err = BadBookNumber;

    fn from_str(text: &str) -> Result<Self, BadBookNumber> {
        let (kind, number) = match text.split_once(':') {
            None => (NumberKind::Office, text),
            Some(("office", number)) => (NumberKind::Office, number),
            Some(("mobile", number)) => (NumberKind::Mobile, number),
            Some(("home", number)) => (NumberKind::Home, number),
            Some(("other", number)) => (NumberKind::Other, number),
            Some(_) => return Err(BadBookNumber),
        };
        let dialled = |b: u8| b.is_ascii_alphanumeric() || b"+*#._-".contains(&b);
        let fits = (1..=NUMBER_CHARS).contains(&number.len()) && number.bytes().all(dialled);
        fits.then(|| Self { kind, number: number.to_owned() }).ok_or(BadBookNumber)
    }
}

impl TryFrom<String> for BookNumber {
    type Error = BadBookNumber;
    fn try_from(text: String) -> Result<Self, BadBookNumber> {
        text.parse()
    }
}

impl From<BookNumber> for String {
    fn from(number: BookNumber) -> Self {
        match number.kind {
            NumberKind::Office => number.number,
            NumberKind::Mobile | NumberKind::Home | NumberKind::Other => {
                format!("{}:{}", number.kind.word(), number.number)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Features §3.1: a phonebook entry is personal, of a team, or everyone's.
    #[test]
    fn an_entry_is_seen_by_those_of_its_scope() {
        let teams = ["sales".to_owned()];
        let seen = |scope: &str, login: &str| scope.parse::<Scope>().unwrap().is_seen_by(login, &teams);
        assert!(seen("shared", "") && seen("team:sales", "ana") && seen("user:ana", "ana"));
        assert!(!seen("team:support", "ana") && !seen("user:ana", "bob") && !seen("user:ana", ""));
        assert!("user:".parse::<Scope>().is_err() && "planet".parse::<Scope>().is_err());
    }

    #[test]
    fn a_number_prints_as_it_is_read() {
        for text in ["+15550100", "mobile:+15550101", "home:*97", "other:ana"] {
            assert_eq!(String::from(text.parse::<BookNumber>().unwrap()), text);
        }
        assert_eq!(String::from("office:12".parse::<BookNumber>().unwrap()), "12");
        for text in ["", "mobile:", "pager:12", "1 2", "sip:ana@x"] {
            assert_eq!(text.parse::<BookNumber>(), Err(BadBookNumber), "{text}");
        }
    }
}
