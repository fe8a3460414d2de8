//! Slots where calls are parked: the owner keeps them, so that each is one call's (ADR 0035).

use std::ops::RangeInclusive;

use base::{CallId, ShardId};

use super::Shard;
use super::letters::Post;
use crate::act::SlotAct;
use crate::call::CallInput;

/// What is said about slots between a call's shard and the owner.
#[derive(Debug)]
pub struct SlotPost {
    call: CallId,
    word: SlotWord,
}

#[derive(Debug)]
enum SlotWord {
    Claim(RangeInclusive<u32>),
    Free(u32),
    /// What came of a claim.
    Given(Option<u32>),
}

impl Shard {
    /// A call of this shard wants a slot, or wants one no more.
    pub(super) fn slot_wanted(&mut self, call: CallId, act: SlotAct) {
        let word = match act {
            SlotAct::Claim(slots) => SlotWord::Claim(slots),
            SlotAct::Free(slot) => SlotWord::Free(slot),
        };
        self.slot_said_to(ShardId(0), SlotPost { call, word });
    }

    fn slot_said_to(&mut self, shard: ShardId, post: SlotPost) {
        if shard == self.config.shard {
            self.slot_post(post);
        } else {
            self.post(shard, Post::Slot(post));
        }
    }

    pub(super) fn slot_post(&mut self, SlotPost { call, word }: SlotPost) {
        match word {
            SlotWord::Claim(mut slots) => {
                let slot = slots.find(|slot| !self.slots.contains_key(slot));
                if let Some(slot) = slot {
                    self.slots.insert(slot, call);
                }
                self.slot_said_to(call.shard(), SlotPost { call, word: SlotWord::Given(slot) });
            }
            SlotWord::Free(slot) => {
                if self.slots.get(&slot) == Some(&call) {
                    self.slots.remove(&slot);
                }
            }
            SlotWord::Given(slot) => self.slot_given(call, slot),
        }
    }

    /// A claim has been answered; a call that is gone needs nothing.
    fn slot_given(&mut self, call: CallId, slot: Option<u32>) {
        if self.calls.contains_key(&call) || self.turning == Some(call) {
            return self.later.push_back((call, CallInput::Slot(slot)));
        }
        if let Some(slot) = slot {
            self.slot_wanted(call, SlotAct::Free(slot));
        }
    }
}
