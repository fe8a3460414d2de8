//! What both ends of a call, and the record of it, must agree on.

use std::collections::BTreeSet;

use base::fact::What;

use crate::{Line, World};

impl World {
    /// Checks, once nobody waits for anybody any more, that both ends of a call, whatever became of it, think the same
    /// of it. Without a `callee` it was never rung.
    ///
    /// # Panics
    /// When one end believes that somebody is there and the other does not.
    pub fn assert_alike(&self, caller: Line, callee: Option<Line>) {
        let is_up = |line: Line| self.agents[line.agent].dead || self.talk(line).is_up();
        let there = callee.is_some_and(is_up);
        assert_eq!(is_up(caller), there, "one end is alone:\n{}", self.ladder());
    }

    /// Checks that each call began once and ended with one record, and that the switch spoke of no other call.
    ///
    /// # Panics
    /// When a record is missing or doubled, or a message of the switch names a call nobody knows of.
    pub fn assert_accounted(&self) {
        let mut known = BTreeSet::new();
        for (call, facts) in self.facts_by_call() {
            let ends = facts.iter().filter(|fact| matches!(fact.what, What::CallEnded { .. })).count();
            assert_eq!(ends, 1, "{call} has one end:\n{}", self.ladder());
            for fact in facts {
                if let What::CallStarted { sip_call_id, .. } | What::LegStarted { sip_call_id, .. } =
                    &fact.what
                {
                    known.insert(sip_call_id.clone());
                }
            }
        }
        for msg in self.sent.iter().filter(|msg| msg.status().is_none_or(|status| status < 300)) {
            if matches!(msg.cseq().1.as_str(), "REGISTER" | "OPTIONS") {
                continue;
            }
            assert!(known.contains(msg.must("Call-ID")), "of which call is this?\n{msg}\n{}", self.ladder());
        }
    }
}
