//! Who rings when somebody is called: stages, one after the other, and what comes after the last.
//!
//! A plan is a value and says nothing of the side that waits: whoever walks it may be a caller, or one who is being
//! transferred.

use base::Why;
use provision::{ForwardTo, ForwardWhen, Group, Number};

use crate::TrunkTry;

/// Who is rung, in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingPlan {
    /// One after the other, never empty.
    pub stages: Vec<RingStage>,
    /// Seconds after which nobody is rung any more; `None` for as long as the stages last.
    pub total_secs: Option<u32>,
    /// For whom it speaks when one declines.
    pub decline: Decline,
    /// Where the call goes when nobody takes it.
    pub after: After,
    /// Whom it is for, in provisioning's words: `station:1001`, `group:sales`.
    pub name: String,
    /// What phones are told beside who calls.
    pub manner: Manner,
}

/// What phones that ring are told beside who calls, and what whoever answers hears first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Whether somebody speaks to a phone that answers by itself.
    pub intercom: bool,
    /// The group that is called; empty for none.
    pub group: String,
    /// What stands before the caller's name; empty for nothing.
    pub label: String,
    /// How phones ring: `auto`, a name that they know, or empty.
    pub ring: String,
    /// The address of a record about the caller, parts not filled in; empty for none.
    pub call_info_url: String,
    /// The prompt that whoever answers hears first; empty for none.
    pub whisper: String,
}

impl Manner {
    /// What this one leaves open is as in the other.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        let or = |own: String, other: &String| if own.is_empty() { other.clone() } else { own };
        Self {
            intercom: self.intercom,
            group: or(self.group, &other.group),
            label: or(self.label, &other.label),
            ring: or(self.ring, &other.ring),
            call_info_url: or(self.call_info_url, &other.call_info_url),
            whisper: or(self.whisper, &other.whisper),
        }
    }

    pub(crate) fn of_group(group: &Group) -> Self {
        Self {
            intercom: false,
            group: group.name.clone(),
            label: group.label.clone(),
            ring: group.ring.clone(),
            call_info_url: group.call_info_url.clone(),
            whisper: group.whisper.clone(),
        }
    }

    pub(crate) fn of_number(number: &Number) -> Self {
        Self {
            intercom: false,
            group: String::new(),
            label: number.label.clone(),
            ring: number.ring.clone(),
            call_info_url: number.call_info_url.clone(),
            whisper: number.whisper.clone(),
        }
    }
}

/// Those who ring together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingStage {
    /// Who, never empty.
    pub rung: Vec<Rung>,
    /// For how many seconds, 5…180.
    pub secs: u32,
    /// Why they, and now.
    pub why: Why,
}

/// One who is rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rung {
    /// Every phone that is registered for an extension.
    Phones {
        /// The extension.
        extension: String,
        /// Whoever picks up is asked whether to take the call.
        asks: bool,
    },
    /// A phone that is not ours, such as a mobile: whoever answers there is asked whether to take the call, so that
    /// no mailbox can.
    Outside {
        /// The trunks to it, tried in order; never empty.
        tries: Vec<TrunkTry>,
        /// The extension, login or group it is rung for.
        of: String,
    },
}

/// For whom one speaks who declines (RFC 3261 §21.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decline {
    /// For all: the others are phones of the same person.
    All,
    /// For oneself: the others are other people.
    One,
}

/// Where a call goes that nobody takes; `None` tells the caller so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct After {
    /// All are busy, or one declines for all.
    pub busy: Option<Onward>,
    /// Nobody answers.
    pub no_answer: Option<Onward>,
    /// There is no phone to ring.
    pub unregistered: Option<Onward>,
}

/// A call is led on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onward {
    /// Where to; never `Nowhere`.
    pub to: ForwardTo,
    /// By whom.
    pub by: By,
    /// For what reason.
    pub when: LedWhen,
}

/// What leads a call on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedWhen {
    /// A forward.
    Forward(ForwardWhen),
    /// It comes outside working hours.
    AfterHours,
}

impl From<ForwardWhen> for LedWhen {
    fn from(when: ForwardWhen) -> Self {
        Self::Forward(when)
    }
}

/// Who leads a call on: it goes where that one may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// An extension.
    Station(String),
    /// A group, by its name.
    Group(String),
}

impl By {
    /// The extension or the name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Station(name) | Self::Group(name) => name,
        }
    }
}

impl std::fmt::Display for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Station(name) => write!(f, "station:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
        }
    }
}

impl Onward {
    /// Why, for the record.
    #[must_use]
    pub fn why(&self) -> Why {
        let when = match self.when {
            LedWhen::Forward(ForwardWhen::Always) => "leads every call on",
            LedWhen::Forward(ForwardWhen::Busy) => "is busy",
            LedWhen::Forward(ForwardWhen::NoAnswer) => "does not answer",
            LedWhen::Forward(ForwardWhen::Unregistered) => "has no phone",
            LedWhen::AfterHours => "is outside its hours",
        };
        Why::new(format!("{} {when}", self.by))
    }
}

impl RingPlan {
    /// The extensions that it rings, each once, in order.
    #[must_use]
    pub fn extensions(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for rung in self.stages.iter().flat_map(|stage| &stage.rung) {
            if let Rung::Phones { extension, .. } = rung
                && !found.contains(extension)
            {
                found.push(extension.clone());
            }
        }
        found
    }
}
