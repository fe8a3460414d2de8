//! Where a number leads.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The far end of a number, in provisioning's words: `station:1001`, `trunk:carrier`, `echo`, ….
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// The phones of an extension.
    Station(String),
    /// Every phone of a user.
    User(String),
    /// The dialled number goes on to a trunk: the plain tandem call.
    Trunk(String),
    /// A conference by its name.
    Conference(String),
    /// A message may be left in a mailbox, by its number or its station's.
    Voicemail(String),
    /// Everybody in a group, as it says.
    Group(String),
    /// A prompt is played so many times, then the call ends.
    Play {
        /// Its id: `refuse/outside-hours`.
        prompt: String,
        /// How often, 1…100.
        times: u16,
    },
    /// The caller hears itself.
    Echo,
    /// The call is refused.
    Hangup,
    /// A fixed behaviour for tests of peers and carriers.
    Test(TestTarget),
}

/// What a test number does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestTarget {
    /// 200 at once, silence, BYE after 60 s.
    Answer,
    /// 180, then 486 after 10 s.
    Ring,
    /// 486.
    Busy,
    /// 183 with SDP, 200 after 2 s.
    Early,
    /// The same with reliable provisional responses, which the caller must support (RFC 3262).
    Reliable,
}

/// A destination that is none of the known forms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is {what}; allowed: station:EXTENSION, user:LOGIN, trunk:NAME, conference:NAME, group:NAME, voicemail:NUMBER, play:PROMPT, \
     play:PROMPT;times=3, echo, hangup, test:answer, test:ring, test:busy, test:early, test:reliable"
)]
pub struct BadDestination {
    found: String,
    what: &'static str,
}

impl BadDestination {
    fn new(found: &str) -> Self {
        let later = ["queue:", "flow:"].iter().any(|form| found.starts_with(form));
        let what = if later { "not available in this version yet" } else { "no destination" };
        Self { found: found.chars().take(80).collect(), what }
    }
}

impl FromStr for Destination {
    type Err = BadDestination;

    fn from_str(text: &str) -> Result<Self, BadDestination> {
        let bad = || BadDestination::new(text);
        let named = |name: &str| if name.is_empty() { Err(bad()) } else { Ok(name.to_owned()) };
        match text.split_once(':') {
            None if text == "echo" => Ok(Self::Echo),
            None if text == "hangup" => Ok(Self::Hangup),
            Some(("station", name)) => named(name).map(Self::Station),
            Some(("user", name)) => named(name).map(Self::User),
            Some(("trunk", name)) => named(name).map(Self::Trunk),
            Some(("conference", name)) => named(name).map(Self::Conference),
            Some(("voicemail", number)) => named(number).map(Self::Voicemail),
            Some(("group", name)) => named(name).map(Self::Group),
            Some(("play", what)) => play(what).ok_or_else(bad),
            Some(("test", "answer")) => Ok(Self::Test(TestTarget::Answer)),
            Some(("test", "ring")) => Ok(Self::Test(TestTarget::Ring)),
            Some(("test", "busy")) => Ok(Self::Test(TestTarget::Busy)),
            Some(("test", "early")) => Ok(Self::Test(TestTarget::Early)),
            Some(("test", "reliable")) => Ok(Self::Test(TestTarget::Reliable)),
            _ => Err(bad()),
        }
    }
}

/// `queue/thank-you`, `queue/thank-you;times=3`.
fn play(what: &str) -> Option<Destination> {
    let (prompt, times) = match what.split_once(";times=") {
        Some((prompt, times)) => (prompt, times.parse().ok().filter(|times| (1..=100).contains(times))?),
        None => (what, 1),
    };
    let fits = |octet: u8| octet.is_ascii_alphanumeric() || b"/._-".contains(&octet);
    let is_id = (1..=128).contains(&prompt.len()) && prompt.bytes().all(fits);
    is_id.then(|| Destination::Play { prompt: prompt.to_owned(), times })
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Station(name) => write!(f, "station:{name}"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Trunk(name) => write!(f, "trunk:{name}"),
            Self::Conference(name) => write!(f, "conference:{name}"),
            Self::Voicemail(number) => write!(f, "voicemail:{number}"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Play { prompt, times: 1 } => write!(f, "play:{prompt}"),
            Self::Play { prompt, times } => write!(f, "play:{prompt};times={times}"),
            Self::Echo => f.write_str("echo"),
            Self::Hangup => f.write_str("hangup"),
            Self::Test(TestTarget::Answer) => f.write_str("test:answer"),
            Self::Test(TestTarget::Ring) => f.write_str("test:ring"),
            Self::Test(TestTarget::Busy) => f.write_str("test:busy"),
            Self::Test(TestTarget::Early) => f.write_str("test:early"),
            Self::Test(TestTarget::Reliable) => f.write_str("test:reliable"),
        }
    }
}

impl Serialize for Destination {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_destination_reads_back_and_a_wrong_one_names_what_is_allowed() {
        for text in [
            "station:1001",
            "user:ana",
            "trunk:carrier",
            "conference:team",
            "voicemail:1001",
            "group:sales",
            "play:queue/thank-you",
            "play:queue/thank-you;times=3",
            "echo",
            "hangup",
            "test:answer",
            "test:early",
        ] {
            assert_eq!(text.parse::<Destination>().map(|to| to.to_string()), Ok(text.to_owned()));
        }
        for wrong in ["play:", "play:a b", "play:x;times=0", "play:x;times=999", "conference:"] {
            assert!(wrong.parse::<Destination>().is_err(), "{wrong}");
        }
        let error = "station:".parse::<Destination>().expect_err("no extension");
        assert!(error.to_string().contains("station:EXTENSION"));
        let error = "queue:sales".parse::<Destination>().expect_err("not yet");
        assert!(error.to_string().contains("not available in this version yet"));
    }
}
