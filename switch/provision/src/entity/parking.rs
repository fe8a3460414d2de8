//! A parking lot: numbers at which a call waits until somebody takes it back.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::defaults;
use crate::ForwardTo;

/// Numbers at which a call waits until somebody takes it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parking {
    /// Its name, unique among parking lots.
    pub name: String,
    /// A call that is led there is parked in any free slot; empty leaves that to the code.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub extension: String,
    /// The first slot.
    #[serde(default = "defaults::first_slot")]
    pub first: u32,
    /// The last slot.
    #[serde(default = "defaults::last_slot")]
    pub last: u32,
    /// Seconds after which whoever parked is rung, 10…3,600; 0 for never.
    #[serde(default = "defaults::recall_secs")]
    pub recall_secs: u32,
    /// Who is rung then; empty rings whoever parked.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub recall_to: ForwardTo,
    /// How often that is tried, 1…20.
    #[serde(default = "defaults::recalls")]
    pub recalls: u32,
    /// Where the call goes then; empty keeps trying.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub on_no_answer: ForwardTo,
    /// Class of music that a parked caller hears; empty takes its own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub music: String,
}

impl Parking {
    /// A parking lot of this name with the slots 701 to 720.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            extension: String::new(),
            first: defaults::first_slot(),
            last: defaults::last_slot(),
            recall_secs: defaults::recall_secs(),
            recall_to: ForwardTo::default(),
            recalls: defaults::recalls(),
            on_no_answer: ForwardTo::default(),
            music: String::new(),
        }
    }

    /// Its slots.
    #[must_use]
    pub fn slots(&self) -> RangeInclusive<u32> {
        self.first..=self.last
    }
}

impl crate::Directory {
    /// The parking lot of a slot.
    #[must_use]
    pub fn lot_of(&self, slot: &str) -> Option<&Parking> {
        let number: u32 = slot.parse().ok().filter(|number: &u32| number.to_string() == slot)?;
        self.parking.values().find(|lot| lot.slots().contains(&number))
    }
}
