//! What both ends of a call, and the record of it, must agree on.

use std::collections::{BTreeMap, BTreeSet};

use base::CallId;
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

    /// Checks, once nobody waits for anybody any more, that every phone is in the calls in which the switch has it and in no
    /// other, and that nobody is alone in one.
    ///
    /// # Panics
    /// When a phone and the switch disagree, or somebody is alone.
    pub fn assert_agreed(&self) {
        let standing = self.standing();
        for agent in self.agents.iter().filter(|agent| !agent.dead) {
            for talk in &agent.talks {
                let (ours, theirs) = (standing.contains_key(&talk.call_id), talk.is_up());
                assert_eq!(
                    theirs,
                    ours,
                    "{} and the switch disagree on {}:\n{}",
                    agent.name,
                    talk.call_id,
                    self.ladder()
                );
            }
        }
        let mut members: BTreeMap<CallId, usize> = BTreeMap::new();
        standing.values().for_each(|call| *members.entry(*call).or_default() += 1);
        for (call, count) in members {
            assert!(
                count >= 2,
                "somebody is alone in {call}:\n{}\n{:#?}",
                self.ladder(),
                self.facts_by_call()[&call]
            );
        }
    }

    /// Checks that whoever is alone with somebody in a call hears him and is heard, unless one of them holds.
    ///
    /// # Panics
    /// When two do not hear each other.
    pub fn assert_pairs_talk(&self) {
        let standing = self.standing();
        let mut calls: BTreeMap<CallId, Vec<Line>> = BTreeMap::new();
        for (agent, known) in self.agents.iter().enumerate() {
            for (talk, call) in known.talks.iter().enumerate().filter(|(_, talk)| talk.is_up()) {
                if let Some(id) = standing.get(&call.call_id) {
                    calls.entry(*id).or_default().push(Line { agent, talk });
                }
            }
        }
        for (call, lines) in calls {
            let [one, other] = lines[..] else { continue };
            let open = |line: Line| !self.agents[line.agent].dead && self.talk(line).direction == "sendrecv";
            if open(one) && open(other) {
                assert!(self.hear_each_other(one, other), "silence in {call}:\n{}", self.ladder());
            }
        }
    }

    /// The dialogs that are up, by Call-ID, and the call that each is in.
    fn standing(&self) -> BTreeMap<String, CallId> {
        let (mut names, mut standing) = (BTreeMap::new(), BTreeMap::new());
        for fact in &self.facts {
            if let What::CallStarted { leg, sip_call_id, .. }
            | What::LegStarted { leg, sip_call_id, .. }
            | What::LegCame { leg, sip_call_id, .. } = &fact.what
            {
                names.insert(*leg, sip_call_id.clone());
                standing.insert(sip_call_id.clone(), fact.call);
            } else if let What::LegEnded { leg, .. } = &fact.what
                && let Some(name) = names.get(leg)
            {
                standing.remove(name);
            }
        }
        standing
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
