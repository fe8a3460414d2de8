//! What must hold after every run, whatever happened in it.

use std::collections::BTreeMap;
use std::time::Duration;

use base::CallId;
use base::fact::{Fact, What};
use call::Live;

use crate::net::ours;
use crate::{Line, Msg, State, World, media_of};

/// 64·T1, and what is left of a call after it.
const PATIENCE: Duration = Duration::from_secs(90);

impl World {
    /// Waits until every transaction has run out, then checks that nothing is left and nothing was told twice.
    ///
    /// # Panics
    /// When something is left, or facts, ports or dialogs do not fit together.
    pub fn assert_clean(&mut self) {
        self.run_for(PATIENCE);
        let ladder = self.ladder();
        for shard in &self.shards {
            assert_eq!(shard.live(), Live::default(), "left over:\n{ladder}");
            let panics = shard.view(self.now).counters.get("panics").copied();
            assert_eq!(panics, None, "a call broke:\n{ladder}");
        }
        assert_eq!(self.media.open_count(), 0, "ports left open:\n{ladder}");
        assert_eq!(self.media.complaints, Vec::<String>::new(), "{ladder}");
        for agent in self.agents.iter().filter(|agent| !agent.dead) {
            for talk in &agent.talks {
                assert_eq!(talk.state, State::Over, "{} is alone in {}:\n{ladder}", agent.name, talk.call_id);
            }
        }
        for (call, facts) in self.facts_by_call() {
            assert_ordered(call, &facts);
        }
    }

    /// The same, where the agent of this call has been told nothing because it said that it knows no call.
    ///
    /// # Panics
    /// As [`assert_clean`](Self::assert_clean).
    pub fn assert_clean_but(&mut self, line: Line) {
        self.agents[line.agent].talks[line.talk].state = State::Over;
        self.assert_clean();
    }

    /// The facts of each call.
    #[must_use]
    pub fn facts_by_call(&self) -> BTreeMap<CallId, Vec<&Fact>> {
        let mut calls: BTreeMap<CallId, Vec<&Fact>> = BTreeMap::new();
        self.facts.iter().for_each(|fact| calls.entry(fact.call).or_default().push(fact));
        calls
    }

    /// How the only call ended: cause, SIP status, by whom.
    ///
    /// # Panics
    /// When there was not exactly one call, or it has not ended.
    #[must_use]
    pub fn ending(&self) -> (base::Cause, u16, base::Party) {
        let mut ends = Vec::new();
        for fact in &self.facts {
            if let What::CallEnded { cause, sip_status, by, .. } = &fact.what {
                ends.push((*cause, *sip_status, *by));
            }
        }
        assert_eq!(ends.len(), 1, "one call ended:\n{}", self.ladder());
        ends[0]
    }

    /// Checks a message of the switch: rsip can read it, and its body names a port that is open. Repetitions
    /// stay as they were.
    pub(crate) fn check_sent(&mut self, data: &[u8]) {
        let msg = Msg::read(data);
        if self.ladder.has_heard(data) {
            return self.sent.push(msg);
        }
        for name in ["From", "To", "Call-ID", "CSeq", "Content-Length"] {
            assert_eq!(msg.all(name).count(), 1, "one {name} in\n{msg}");
        }
        assert_eq!(msg.must("Content-Length"), msg.body.len().to_string(), "{msg}");
        if msg.method().is_some() {
            assert_eq!(msg.all("Via").count(), 1, "requests begin at us:\n{msg}");
            assert!(msg.branch().starts_with("z9hG4bK"), "{msg}");
        }
        if let Some(at) = media_of(&msg.body).filter(|at| at.port() != 0) {
            assert_eq!(at.ip(), ours(at).ip(), "media is anchored:\n{msg}");
            assert!(
                self.media.is_open(at.port()),
                "port {} is not open:\n{msg}\n{}",
                at.port(),
                self.ladder.text()
            );
        }
        self.sent.push(msg);
    }
}

fn assert_ordered(call: CallId, facts: &[&Fact]) {
    let whole = || facts.iter().map(|fact| format!("{:?}", fact.what)).collect::<Vec<_>>().join("\n");
    let mut open = BTreeMap::new();
    let mut figures = Vec::new();
    assert!(facts.windows(2).all(|pair| pair[0].at <= pair[1].at), "{call} out of order:\n{}", whole());
    for (at, fact) in facts.iter().enumerate() {
        match &fact.what {
            What::CallStarted { leg, .. } => {
                assert_eq!(at, 0, "{call} begins once:\n{}", whole());
                open.insert(*leg, true);
            }
            What::Routed { .. } => assert_eq!(at, 1, "{call} is routed first:\n{}", whole()),
            What::LedOn { .. } => {}
            What::LegStarted { leg, .. } => {
                assert!(open.insert(*leg, true).is_none(), "{leg} starts once:\n{}", whole());
            }
            What::LegCame { leg, .. } => {
                assert_ne!(open.insert(*leg, true), Some(true), "{leg} is in one place:\n{}", whole());
            }
            What::LegWent { leg, .. } => {
                assert_eq!(open.insert(*leg, false), Some(true), "{leg} goes from where it is:\n{}", whole());
            }
            What::Transfer { .. } | What::Unparked { .. } => {}
            What::Held { leg, .. }
            | What::AutoAnswerIgnored { leg }
            | What::Parked { leg, .. }
            | What::PickedUp { leg, .. }
            | What::LegRinging { leg, .. }
            | What::Answered { leg, .. }
            | What::MediaSilent { leg, .. }
            | What::Heard { leg, .. }
            | What::Tapped { leg, .. }
            | What::Keyed { leg, .. }
            | What::HelpWanted { leg, .. }
            | What::Conference { leg, .. }
            | What::MediaTrouble { leg, .. } => {
                assert_eq!(open.get(leg), Some(&true), "{leg} is up:\n{}", whole());
            }
            What::Supervised { leg, .. } => assert!(open.contains_key(leg), "{leg} is known:\n{}", whole()),
            What::PromptRecorded { .. }
            | What::MessageLeft { .. }
            | What::MailboxOpened { .. }
            | What::MessageHeard { .. }
            | What::Signature { .. }
            | What::RecordingStarted { .. }
            | What::Recorded { .. }
            | What::RecordingFailed { .. } => {}
            What::LegEnded { leg, .. } => {
                assert_eq!(open.insert(*leg, false), Some(true), "{leg} ends once:\n{}", whole());
            }
            What::LegMedia { leg, .. } => {
                assert_eq!(open.get(leg), Some(&false), "{leg}'s figures come after its end:\n{}", whole());
                assert!(!figures.contains(leg), "{leg} has figures once:\n{}", whole());
                figures.push(*leg);
            }
            What::CallReleased { .. } => {
                assert!(open.values().all(|up| !up), "{call} is released with its legs:\n{}", whole());
            }
            What::CallEnded { .. } => {
                assert_eq!(at + 1, facts.len(), "{call} ends last:\n{}", whole());
                assert!(open.values().all(|up| !up), "{call} ends after its legs:\n{}", whole());
            }
        }
    }
    let ended = facts.last().is_some_and(|fact| matches!(fact.what, What::CallEnded { .. }));
    assert!(ended, "{call} has no end:\n{}", whole());
}
