//! Feature codes: what a phone may dial to have something done, and which code asks for it as delivered.

use std::collections::BTreeMap;

use crate::{Directory, FeatureCode};

/// What a station can ask for by a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Hear yourself.
    Echo,
    /// The test tone of 1,004 Hz.
    Milliwatt,
    /// Hear your own extension.
    OwnNumber,
    /// Hear the time of day.
    Time,
    /// Dial the last number again.
    Redial,
    /// Hear who called last, and call back.
    LastCaller,
    /// Dial a number of the phonebook by its rank.
    Favourite,
    /// Listen to an agent, unheard.
    Monitor,
    /// Speak to an agent, unheard by the customer.
    Coach,
    /// Join an agent's call.
    Barge,
    /// Take a call that rings at a phone of one's own groups.
    PickupGroup,
    /// Take a call that rings at an extension.
    Pickup,
    /// Park a call, or take it back from a slot.
    Park,
    /// Speak to a phone that answers by itself.
    Intercom,
    /// Speak to a group of phones that answer by themselves.
    Page,
    /// Come into a conference by its number.
    Conference,
    /// Record a prompt.
    RecordPrompt,
    /// Forward every call, to what follows or to the number set before.
    ForwardOn,
    /// Forward calls no longer.
    ForwardOff,
    /// Forward calls when busy.
    ForwardBusyOn,
    /// No longer when busy.
    ForwardBusyOff,
    /// Forward calls that nobody answers.
    ForwardNoAnswerOn,
    /// No longer when nobody answers.
    ForwardNoAnswerOff,
    /// Not to be disturbed.
    DoNotDisturbOn,
    /// To be disturbed again.
    DoNotDisturbOff,
    /// The station's own mailbox.
    OwnMailbox,
    /// Any mailbox.
    AnyMailbox,
}

/// What is dialled behind a code: digits and letters, `+`, `.`, `_`, `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Nothing.
    Nothing,
    /// Something or nothing.
    Maybe,
    /// Something, else the code means nothing.
    Always,
}

/// One feature as delivered.
#[derive(Clone, Copy, Debug)]
pub struct Standard {
    /// Which.
    pub feature: Feature,
    /// The `name` of its `[[feature_code]]`.
    pub name: &'static str,
    /// Its code where none is set up.
    pub code: &'static str,
    /// What follows the code.
    pub follows: Follows,
}

/// Codes that are taken by what is no feature: they withhold the number of the caller.
pub(crate) const WITHHOLD: [&str; 2] = ["*67", "#31#"];

const fn of(feature: Feature, name: &'static str, code: &'static str, follows: Follows) -> Standard {
    Standard { feature, name, code, follows }
}

impl Feature {
    /// Every feature.
    pub const ALL: &'static [Standard] = &[
        of(Self::Echo, "echo", "*43", Follows::Nothing),
        of(Self::Milliwatt, "test_tone", "*44", Follows::Nothing),
        of(Self::OwnNumber, "own_number", "*45", Follows::Nothing),
        of(Self::Time, "time", "*60", Follows::Nothing),
        of(Self::Redial, "redial", "*66", Follows::Nothing),
        of(Self::LastCaller, "last_caller", "*69", Follows::Nothing),
        of(Self::Favourite, "favourite", "**", Follows::Always),
        of(Self::Monitor, "monitor", "*30", Follows::Always),
        of(Self::Coach, "coach", "*31", Follows::Always),
        of(Self::Barge, "barge", "*32", Follows::Always),
        of(Self::PickupGroup, "pickup_group", "*8", Follows::Nothing),
        of(Self::Pickup, "pickup", "*88", Follows::Always),
        of(Self::Park, "park", "*85", Follows::Maybe),
        of(Self::Intercom, "intercom", "*84", Follows::Always),
        of(Self::Page, "page", "*86", Follows::Always),
        of(Self::Conference, "conference", "*83", Follows::Maybe),
        of(Self::RecordPrompt, "record_prompt", "*77", Follows::Maybe),
        of(Self::ForwardOn, "forward_on", "*72", Follows::Maybe),
        of(Self::ForwardOff, "forward_off", "*73", Follows::Nothing),
        of(Self::ForwardBusyOn, "forward_busy_on", "*90", Follows::Maybe),
        of(Self::ForwardBusyOff, "forward_busy_off", "*91", Follows::Nothing),
        of(Self::ForwardNoAnswerOn, "forward_no_answer_on", "*92", Follows::Maybe),
        of(Self::ForwardNoAnswerOff, "forward_no_answer_off", "*93", Follows::Nothing),
        of(Self::DoNotDisturbOn, "dnd_on", "*78", Follows::Nothing),
        of(Self::DoNotDisturbOff, "dnd_off", "*79", Follows::Nothing),
        of(Self::OwnMailbox, "mailbox", "*97", Follows::Nothing),
        of(Self::AnyMailbox, "any_mailbox", "*98", Follows::Nothing),
    ];

    /// The feature of a `[[feature_code]]`.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Standard> {
        Self::ALL.iter().find(|standard| standard.name == name)
    }

    /// As it is delivered.
    #[must_use]
    pub fn standard(self) -> &'static Standard {
        let standard = Self::ALL.iter().find(|standard| standard.feature == self);
        standard.expect("a test sees that every feature is in the table")
    }
}

impl Directory {
    /// The features that can be dialled, each with the code that asks for it here.
    pub fn codes(&self) -> impl Iterator<Item = (&'static Standard, &str)> {
        codes(&self.feature_codes)
    }
}

fn codes(set_up: &BTreeMap<String, FeatureCode>) -> impl Iterator<Item = (&'static Standard, &str)> {
    let code = |standard: &'static Standard| {
        let own = set_up.get(standard.name).map(|own| own.code.as_str());
        (standard, own.unwrap_or(standard.code))
    };
    Feature::ALL.iter().map(code).filter(|(_, code)| !code.is_empty())
}

/// Whether one and the same dialled text could mean either of two codes.
pub(crate) fn clash((one, one_code): (&Standard, &str), (other, other_code): (&Standard, &str)) -> bool {
    one_code == other_code || swallows(one, one_code, other_code) || swallows(other, other_code, one_code)
}

/// Whether the longer code reads as the shorter with something behind it.
fn swallows(standard: &Standard, code: &str, longer: &str) -> bool {
    let rest = longer.strip_prefix(code).filter(|rest| !rest.is_empty());
    standard.follows != Follows::Nothing && rest.is_some_and(may_follow)
}

/// Whether a text is what can be dialled behind a code.
#[must_use]
pub fn may_follow(rest: &str) -> bool {
    rest.len() <= REST && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"+._-".contains(&b))
}

/// Octets behind a code.
const REST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_stands_once_in_the_table_and_no_two_codes_clash() {
        for (at, one) in Feature::ALL.iter().enumerate() {
            assert_eq!(one.feature.standard().name, one.name);
            for other in &Feature::ALL[at + 1..] {
                assert!(
                    one.name != other.name && !clash((one, one.code), (other, other.code)),
                    "{one:?} {other:?}"
                );
            }
            assert!(WITHHOLD.iter().all(|taken| !one.code.starts_with(taken)), "{one:?}");
        }
    }

    #[test]
    fn a_code_clashes_with_one_that_it_could_be_dialled_into() {
        let at = |name: &str| Feature::named(name).unwrap();
        assert!(clash((at("pickup"), "*8"), (at("intercom"), "*84")), "*84001");
        assert!(!clash((at("pickup_group"), "*8"), (at("intercom"), "*84")), "nothing follows *8");
        assert!(!clash((at("pickup"), "*8"), (at("intercom"), "*8*")), "* is no part of an extension");
    }
}
