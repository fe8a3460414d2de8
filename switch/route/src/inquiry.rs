//! The question and the answer.

use base::mail::GreetingKind;
use base::{Cause, Wall};
use provision::{Feature, Settings, SettingsChange, TestTarget};

use crate::{Onward, RingPlan};

/// Where a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// From a carrier or another switch, by the trunk's name.
    Trunk(&'a str),
    /// From a phone that proved to be this extension.
    Station(&'a str),
}

/// A call that wants to go somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inquiry<'a> {
    /// Where it comes from.
    pub from: Origin<'a>,
    /// The user part of the Request-URI, unescaped.
    pub dialled: &'a str,
    /// The caller's number or user as presented.
    pub caller: &'a str,
    /// Whether the caller withholds the number.
    pub withheld: bool,
    /// What people have said about how calls reach them.
    pub settings: &'a Settings,
    /// What is drawn by lot is drawn with this.
    pub seed: u64,
    /// When it comes, for working hours.
    pub at: Wall,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// To people: phones ring as the plan says.
    Ring(Box<RingPlan>),
    /// Whoever is called leads every call on; `onward` says where that is.
    Onward(Onward),
    /// Out through trunks, in this order until one takes it.
    Trunks {
        /// The trunks and what to dial on each; never empty.
        tries: Vec<TrunkTry>,
        /// Whether caps and draining must not hold it back.
        emergency: bool,
    },
    /// Tandem itself answers.
    Local(Local),
    /// Nowhere.
    Refuse(Cause),
}

/// One attempt through a trunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkTry {
    /// The trunk's name.
    pub trunk: String,
    /// What to dial there, after `strip`, `prepend` and the trunk's `number_out`.
    pub number: String,
    /// The number to show, after the trunk's `caller_out`.
    pub caller: String,
    /// That number is set up here, and not what the caller says.
    pub caller_is_ours: bool,
}

/// What Tandem itself answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Local {
    /// The caller hears itself.
    Echo,
    /// The test tone of 1,004 Hz.
    Milliwatt,
    /// The caller's own extension, spoken.
    OwnNumber,
    /// What a feature code asks for, and what was dialled behind it.
    Feature {
        /// Which.
        feature: Feature,
        /// Letters, digits, `+`, `.`, `_`, `-`; empty where nothing follows.
        rest: String,
    },
    /// The room of a conference.
    Conference {
        /// Which.
        name: String,
        /// The language of the number that led there; empty for none.
        language: String,
    },
    /// A prompt, so many times.
    Play {
        /// Its id.
        prompt: String,
        /// How often, 1…100.
        times: u16,
        /// The language of the number that led there; empty for none.
        language: String,
    },
    /// A message may be left.
    Voicemail {
        /// The number of the mailbox.
        mailbox: String,
        /// Why nobody else answers.
        greeting: GreetingKind,
    },
    /// Messages are listened to.
    Mailbox {
        /// Which mailbox; `None` asks for its number, and for its PIN always.
        own: Option<String>,
    },
    /// Where calls are parked: led there they wait, dialled it gives one back.
    Slot {
        /// The parking lot by name.
        lot: String,
        /// Which slot; `None` is any.
        slot: Option<u32>,
    },
    /// A phone changes how calls reach it, and hears what holds now.
    Reach(SettingsChange),
    /// A fixed behaviour for tests.
    Test(TestTarget),
}
