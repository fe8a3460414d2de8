use std::time::Duration;

use base::Entropy;

use super::{Dial, Reaction, between, one_of, percent};
use crate::demo::cue::Kind;

/// Calls that are taken as they should be before chance decides, so that the shortest demo shows one.
const FIRST: u64 = 2;
/// When the other end begins to wait, and for how long: within the shortest talk.
const HOLD: [Duration; 2] = [Duration::from_millis(1_200), Duration::from_millis(3_000)];
/// Numbers behind the carrier begin so.
const OUTSIDE: &str = "+1555020";

/// An agent's phone: one call at a time.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Phone {
    /// Its extension.
    pub(in crate::demo) extension: String,
    /// The others'.
    pub(in crate::demo) colleagues: Vec<String>,
}

impl Phone {
    pub(super) fn pause(&self, entropy: &mut dyn Entropy) -> Duration {
        between(entropy, 8_000, 45_000)
    }

    /// Out through the carrier, or to a colleague; nobody while it talks.
    pub(super) fn dial(&self, entropy: &mut dyn Entropy, live: usize) -> Option<Dial> {
        if live > 0 {
            return None;
        }
        let inside = percent(entropy, 40).then(|| one_of(entropy, &self.colleagues)).flatten();
        let outside = || format!("{OUTSIDE}{:04}", entropy.below(10_000));
        let number = inside.cloned().unwrap_or_else(outside);
        let caller = self.extension.clone();
        Some(Dial { caller, number, patience: Duration::from_secs(8), kind: Kind::Talk })
    }

    pub(super) fn react(&self, entropy: &mut dyn Entropy, taken: u64, live: usize) -> Reaction {
        if live > 0 {
            Reaction::Busy
        } else if taken >= FIRST && percent(entropy, 8) {
            Reaction::Refuse(between(entropy, 300, 1_000), 486)
        } else {
            Reaction::Answer(between(entropy, 1_000, 3_000))
        }
    }

    pub(super) fn talk(&self, entropy: &mut dyn Entropy) -> Duration {
        between(entropy, 5_000, 15_000)
    }

    /// The first caller waits for a moment, and every fifth later on.
    pub(super) fn pauses(&self, entropy: &mut dyn Entropy, taken: u64) -> Option<[Duration; 2]> {
        (taken <= 1 || percent(entropy, 20)).then_some(HOLD)
    }
}

#[cfg(test)]
mod tests {
    use base::testing::Seeded;

    use super::*;

    fn phone() -> Phone {
        Phone { extension: "1001".into(), colleagues: vec!["1002".into(), "1003".into()] }
    }

    #[test]
    fn a_phone_in_a_call_neither_calls_nor_takes_another() {
        let mut entropy = Seeded::new(1);
        assert_eq!(phone().dial(&mut entropy, 1), None);
        assert_eq!(phone().react(&mut entropy, 0, 1), Reaction::Busy);
    }

    #[test]
    fn a_phone_calls_colleagues_and_the_world_outside() {
        let mut entropy = Seeded::new(2);
        let dialled: Vec<String> = (0..50).map(|_| phone().dial(&mut entropy, 0).unwrap().number).collect();
        assert!(dialled.iter().any(|number| number == "1002"));
        assert!(dialled.iter().any(|number| number.starts_with(OUTSIDE) && number.len() == 12));
        assert!(!dialled.iter().any(|number| number == "1001"));
    }

    #[test]
    fn the_first_calls_are_answered_within_three_seconds() {
        for seed in 0..100 {
            let reaction = phone().react(&mut Seeded::new(seed), 0, 0);
            assert!(matches!(reaction, Reaction::Answer(after) if (1..3).contains(&after.as_secs())));
        }
    }
}
