use std::time::Duration;

use base::Entropy;

use super::{Dial, Reaction, between, one_of, percent};
use crate::demo::cue::Kind;

/// As with phones: the first calls go as they should.
const FIRST: u64 = 2;
/// A customer waits so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the switch waits for at the start: every phone's registration.
const OVERTURE: Duration = Duration::from_millis(700);
/// Time that one call takes of one agent, talk and all.
const CALL_MS: u64 = 24_000;

/// The public network: many calls at once, both ways.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Carrier {
    /// The numbers that lead to the switch.
    pub(in crate::demo) dids: Vec<String>,
    /// How many agents there are to take calls.
    pub(in crate::demo) agents: u32,
}

impl Carrier {
    /// So many calls that most agents talk and some callers find them busy.
    pub(super) fn pause(&self, entropy: &mut dyn Entropy, placed: u64) -> Duration {
        let mean = (CALL_MS / u64::from(self.agents.max(1))).max(50);
        if placed == 0 { OVERTURE } else { between(entropy, mean / 2, mean * 3 / 2) }
    }

    /// A customer who calls one of the numbers; one in eight gives up before anybody answers. The numbers come in
    /// turn, but one in four by chance, which finds somebody busy now and then.
    pub(super) fn dial(&self, entropy: &mut dyn Entropy, placed: u64) -> Option<Dial> {
        let in_turn = placed.checked_rem(self.dids.len() as u64).and_then(|at| usize::try_from(at).ok());
        let by_chance = placed >= FIRST && percent(entropy, 25);
        let number = if by_chance { one_of(entropy, &self.dids) } else { self.dids.get(in_turn?) }?.clone();
        let caller = format!("+1555030{:04}", entropy.below(10_000));
        let gives_up = placed >= FIRST && percent(entropy, 12);
        let patience = if gives_up { between(entropy, 400, 900) } else { PATIENCE };
        Some(Dial { caller, number, patience, kind: Kind::Talk })
    }

    /// A customer who is called: most answer, some are busy, some not at home.
    pub(super) fn react(&self, entropy: &mut dyn Entropy, taken: u64) -> Reaction {
        match entropy.below(100) {
            0..10 if taken >= FIRST => Reaction::Refuse(between(entropy, 300, 1_000), 486),
            10..20 if taken >= FIRST => Reaction::Refuse(between(entropy, 5_000, 7_000), 480),
            _ => Reaction::Answer(between(entropy, 1_000, 3_000)),
        }
    }

    pub(super) fn talk(&self, entropy: &mut dyn Entropy) -> Duration {
        between(entropy, 6_000, 20_000)
    }
}

#[cfg(test)]
mod tests {
    use base::testing::Seeded;

    use super::*;

    fn carrier() -> Carrier {
        Carrier { dids: vec!["+15550101001".into(), "+15550101002".into()], agents: 4 }
    }

    #[test]
    fn every_number_is_called_and_some_callers_give_up() {
        let mut entropy = Seeded::new(3);
        let dials: Vec<Dial> = (0..200).map(|n| carrier().dial(&mut entropy, n).unwrap()).collect();
        for did in carrier().dids {
            assert!(dials.iter().any(|dial| dial.number == did));
        }
        let impatient = dials.iter().filter(|dial| dial.patience < PATIENCE).count();
        assert!((10..50).contains(&impatient), "{impatient}");
        assert!(dials.iter().take(2).all(|dial| dial.patience == PATIENCE));
    }

    #[test]
    fn customers_answer_are_busy_or_not_at_home() {
        let mut entropy = Seeded::new(4);
        let reactions: Vec<Reaction> = (0..200).map(|n| carrier().react(&mut entropy, n)).collect();
        let refused = |status| {
            reactions.iter().filter(|it| matches!(it, Reaction::Refuse(_, with) if *with == status)).count()
        };
        assert!(refused(486) > 5 && refused(480) > 5);
        assert!(reactions[..2].iter().all(|it| matches!(it, Reaction::Answer(_))));
    }

    #[test]
    fn more_agents_get_more_calls() {
        let mut entropy = Seeded::new(5);
        let busy = Carrier { agents: 100, ..carrier() };
        assert!(busy.pause(&mut entropy, 1) < Duration::from_millis(300));
        assert!(carrier().pause(&mut entropy, 1) > Duration::from_millis(1_500));
        assert_eq!(carrier().pause(&mut entropy, 0), OVERTURE);
    }
}
