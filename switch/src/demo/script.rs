//! What phones and carriers decide: whom they call and when, and how they take what comes.

mod carrier;
mod guest;
mod phone;

use std::time::Duration;

use base::Entropy;

use super::cue::Kind;

pub(super) use carrier::Carrier;
pub(super) use guest::Guest;
pub(super) use phone::Phone;

/// The part a far end plays.
#[derive(Clone, Debug)]
pub(super) enum Script {
    /// An agent's.
    Phone(Phone),
    /// The public network's.
    Carrier(Carrier),
    /// A guest's.
    Guest(Guest),
}

/// A call to place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dial {
    /// Who calls.
    pub(super) caller: String,
    /// Whom.
    pub(super) number: String,
    /// How long the caller waits for an answer.
    pub(super) patience: Duration,
    /// What it is for.
    pub(super) kind: Kind,
}

/// How a call that comes in is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// It rings so long, then somebody answers.
    Answer(Duration),
    /// It rings so long, then it is refused.
    Refuse(Duration, u16),
    /// It is refused at once.
    Busy,
}

impl Script {
    /// Whether it registers with the switch.
    pub(super) fn registers(&self) -> bool {
        match self {
            Self::Phone(_) => true,
            Self::Carrier(_) | Self::Guest(_) => false,
        }
    }

    /// How long until the next call it places; `placed` so far.
    pub(super) fn pause(&self, entropy: &mut dyn Entropy, placed: u64) -> Duration {
        match self {
            Self::Phone(phone) => phone.pause(entropy),
            Self::Carrier(carrier) => carrier.pause(entropy, placed),
            Self::Guest(_) => Guest::pause(placed),
        }
    }

    /// The next call, if it wants one with `live` calls on.
    pub(super) fn dial(&self, entropy: &mut dyn Entropy, placed: u64, live: usize) -> Option<Dial> {
        match self {
            Self::Phone(phone) => phone.dial(entropy, live),
            Self::Carrier(carrier) => carrier.dial(entropy, placed),
            Self::Guest(guest) => Some(guest.dial(placed)),
        }
    }

    /// Takes a call that comes in while `live` others are on; `taken` so far.
    pub(super) fn react(&self, entropy: &mut dyn Entropy, taken: u64, live: usize) -> Reaction {
        match self {
            Self::Phone(phone) => phone.react(entropy, taken, live),
            Self::Carrier(carrier) => carrier.react(entropy, taken),
            Self::Guest(_) => Reaction::Busy,
        }
    }

    /// How long it stays in a call of this kind before it hangs up, unless the other end does.
    pub(super) fn talk(&self, entropy: &mut dyn Entropy, kind: Kind) -> Duration {
        match self {
            Self::Phone(phone) => phone.talk(entropy),
            Self::Carrier(carrier) => carrier.talk(entropy),
            Self::Guest(_) => Guest::talk(kind),
        }
    }

    /// When it lets the other end of a call it took wait, and for how long; `taken` so far.
    pub(super) fn pauses(&self, entropy: &mut dyn Entropy, taken: u64) -> Option<[Duration; 2]> {
        match self {
            Self::Phone(phone) => phone.pauses(entropy, taken),
            Self::Carrier(_) | Self::Guest(_) => None,
        }
    }
}

/// A time between two, in milliseconds.
fn between(entropy: &mut dyn Entropy, from_ms: u64, to_ms: u64) -> Duration {
    Duration::from_millis(from_ms + entropy.below(to_ms.saturating_sub(from_ms)))
}

/// True so many times in a hundred.
fn percent(entropy: &mut dyn Entropy, share: u64) -> bool {
    entropy.below(100) < share
}

/// One of several; `None` of none.
fn one_of<'a, T>(entropy: &mut dyn Entropy, several: &'a [T]) -> Option<&'a T> {
    let at = usize::try_from(entropy.below(several.len() as u64)).ok()?;
    several.get(at)
}
