//! A group: people who are called by one number.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::defaults;
use crate::ForwardTo;

/// People who are called by one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name, unique among groups.
    pub name: String,
    /// What stations dial to call it; empty leaves it to numbers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extension: String,
    /// Who is in it, in order.
    #[serde(default)]
    pub members: Vec<Member>,
    /// In which order they ring.
    #[serde(default)]
    pub strategy: Strategy,
    /// Seconds that one member rings, or all of them where they ring together, 5…180.
    #[serde(default = "defaults::group_ring_secs")]
    pub ring_secs: u32,
    /// Seconds after which nobody is rung any more, 5…600.
    #[serde(default = "defaults::total_secs")]
    pub total_secs: u32,
    /// Where a call goes that nobody answers; empty tells the caller so.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub on_no_answer: ForwardTo,
    /// Where a call goes while every member is busy; empty tells the caller so.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub on_busy: ForwardTo,
    /// What stands before the caller's name on phones that ring: `Sales` makes it `Sales: Ana`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// How phones ring: `auto` by the kind of call, else a name that they know; empty leaves it to the stations.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ring: String,
    /// The address of a record about the caller, told in Call-Info: `https://…` with `{caller}`, `{dialled}`, `{call}`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub call_info_url: String,
    /// The prompt that whoever answers hears before the caller, by its id; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub whisper: String,
    /// Whether calling it is paging: free phones answer by themselves and hear the caller.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub page: bool,
    /// Whether those who are paged are heard too.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub talkback: bool,
    /// The working hours by name, outside which nobody is rung; empty is always.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hours: String,
    /// Where calls go outside them; empty tells the caller so.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub after_hours: ForwardTo,
}

/// In which order the members of a group ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// All at once.
    #[default]
    Simultaneous,
    /// One after the other, in an order that is drawn anew for each call.
    Random,
    /// One after the other, the first first.
    Sequential,
}

impl Strategy {
    /// Every choice with its word.
    pub(crate) const WORDS: &'static [(&'static str, Self)] =
        &[("simultaneous", Self::Simultaneous), ("random", Self::Random), ("sequential", Self::Sequential)];
}

/// Who is in a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// The phones of an extension.
    Station(String),
    /// A person, wherever that person is found.
    User(String),
    /// A number outside.
    Number(String),
}

/// A member that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no member; allowed: station:EXTENSION, user:LOGIN or a number such as +49301234")]
pub struct BadMember(String);

impl FromStr for Member {
    type Err = BadMember;

    fn from_str(text: &str) -> Result<Self, BadMember> {
        let bad = || BadMember(text.chars().take(80).collect());
        match text.split_once(':') {
            Some(("station", name)) if !name.is_empty() => Ok(Self::Station(name.to_owned())),
            Some(("user", name)) if !name.is_empty() => Ok(Self::User(name.to_owned())),
            Some(_) => Err(bad()),
            None => match text.parse::<ForwardTo>() {
                Ok(ForwardTo::Number(number)) => Ok(Self::Number(number)),
                Ok(ForwardTo::Nowhere | ForwardTo::Destination(_)) | Err(_) => Err(bad()),
            },
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Station(name) => write!(f, "station:{name}"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Number(number) => f.write_str(number),
        }
    }
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Group {
    /// A group with this name and nobody in it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            extension: String::new(),
            members: Vec::new(),
            strategy: Strategy::default(),
            ring_secs: defaults::group_ring_secs(),
            total_secs: defaults::total_secs(),
            on_no_answer: ForwardTo::default(),
            on_busy: ForwardTo::default(),
            label: String::new(),
            ring: String::new(),
            call_info_url: String::new(),
            whisper: String::new(),
            page: false,
            talkback: false,
            hours: String::new(),
            after_hours: ForwardTo::default(),
        }
    }
}
