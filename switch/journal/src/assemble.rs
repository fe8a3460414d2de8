//! From facts to records, without files.

use std::collections::{HashMap, HashSet};

use base::fact::{Endpoint, Fact, What};
use base::media::LegMedia;
use base::record::{CallRecord, LegRecord};
use base::{CallId, Cause, LegId, Party, Wall};

/// What to do with a fact of a call whose start was not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphans {
    /// It came after the call's end: leave it out. For a running process, where starts are always seen.
    Late,
    /// The line with the start was damaged: make the best record there can be. For recovery.
    Adopt,
}

/// What became of a fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// The call goes on.
    Open,
    /// The call is over and this is its record.
    Ended(Box<CallRecord>),
    /// The call's record is already complete, or its start was never seen; the fact is left out.
    Late,
}

/// Collects the facts of calls until each is over. A draft is the record as it would stand if the process
/// had ended here, so an interrupted call needs nothing but a time.
#[derive(Debug)]
pub struct Assembler {
    orphans: Orphans,
    open: HashMap<CallId, CallRecord>,
    ended: HashSet<CallId>,
}

impl Assembler {
    /// Nothing collected yet.
    #[must_use]
    pub fn new(orphans: Orphans) -> Self {
        Self { orphans, open: HashMap::new(), ended: HashSet::new() }
    }

    /// Calls that are not over.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Takes in one fact. Times are cut to whole milliseconds, the form in which records last, so a record
    /// bills the same before and after it was stored.
    pub fn take(&mut self, fact: &Fact) -> Taken {
        let at = Wall::from_millis(fact.at.millis());
        if !self.open.contains_key(&fact.call) {
            if self.ended.contains(&fact.call) || !self.begins(&fact.what) {
                return Taken::Late;
            }
            self.open.insert(fact.call, draft(fact, at));
        }
        let Some(record) = self.open.get_mut(&fact.call) else { return Taken::Late };
        if !is_released(record) {
            record.ended_at = record.ended_at.max(at);
        }
        note(record, at, &fact.what);
        if !matches!(fact.what, What::CallEnded { .. }) {
            return Taken::Open;
        }
        if self.orphans == Orphans::Adopt {
            self.ended.insert(fact.call);
        }
        self.open.remove(&fact.call).map_or(Taken::Late, |record| Taken::Ended(Box::new(record)))
    }

    /// Closes every open call: one that was released as it was released, any other as interrupted at `alive_until`
    /// or at its own last fact when that is later.
    #[must_use]
    pub fn interrupt(self, alive_until: Wall) -> Vec<CallRecord> {
        let at = Wall::from_millis(alive_until.millis());
        let mut records: Vec<CallRecord> = self.open.into_values().collect();
        records.sort_by_key(|record| record.call);
        for record in records.iter_mut().filter(|record| !is_released(record)) {
            record.ended_at = record.ended_at.max(at);
            for leg in record.legs.iter_mut().filter(|leg| leg.ended_at.is_none()) {
                leg.ended_at = Some(record.ended_at);
                leg.cause = Some(Cause::Interrupted);
                leg.q850 = Cause::Interrupted.q850();
            }
        }
        records
    }

    /// Whether a fact may open a draft. One that only adds to a leg says too little to make a record of.
    fn begins(&self, what: &What) -> bool {
        match what {
            What::CallStarted { .. } => true,
            What::Routed { .. }
            | What::LegStarted { .. }
            | What::Answered { .. }
            | What::CallReleased { .. }
            | What::CallEnded { .. } => self.orphans == Orphans::Adopt,
            What::LedOn { .. }
            | What::LegRinging { .. }
            | What::LegCame { .. }
            | What::LegWent { .. }
            | What::Transfer { .. }
            | What::Held { .. }
            | What::AutoAnswerIgnored { .. }
            | What::Parked { .. }
            | What::Unparked { .. }
            | What::PickedUp { .. }
            | What::MediaSilent { .. }
            | What::Heard { .. }
            | What::Tapped { .. }
            | What::PromptRecorded { .. }
            | What::Supervised { .. }
            | What::MessageLeft { .. }
            | What::MailboxOpened { .. }
            | What::MessageHeard { .. }
            | What::Keyed { .. }
            | What::HelpWanted { .. }
            | What::Conference { .. }
            | What::Signature { .. }
            | What::RecordingStarted { .. }
            | What::Recorded { .. }
            | What::RecordingFailed { .. }
            | What::MediaTrouble { .. }
            | What::LegEnded { .. }
            | What::LegMedia { .. } => false,
        }
    }
}

/// A record about which nothing is known but that the call existed and was cut off.
fn draft(fact: &Fact, at: Wall) -> CallRecord {
    CallRecord {
        tenant: fact.tenant,
        call: fact.call,
        started_at: at,
        ringing_at: None,
        answered_at: None,
        ended_at: at,
        from: Endpoint::Stranger(String::new()),
        caller: String::new(),
        caller_name: String::new(),
        dialled: String::new(),
        to: String::new(),
        why: String::new(),
        answered_by: None,
        codec: String::new(),
        cause: Cause::Interrupted,
        sip_status: 0,
        q850: Cause::Interrupted.q850(),
        released_by: Party::System,
        sip_call_id: String::new(),
        session_id: String::new(),
        user_to_user: String::new(),
        legs: Vec::new(),
    }
}

/// Whether its end was told to its sides; until then a draft reads as interrupted.
fn is_released(record: &CallRecord) -> bool {
    record.cause != Cause::Interrupted
}

fn note(record: &mut CallRecord, at: Wall, what: &What) {
    match what {
        What::CallStarted { .. } => note_start(record, at, what),
        What::Routed { to, why } => {
            record.to.clone_from(to);
            why.as_str().clone_into(&mut record.why);
        }
        What::LedOn { to, why, .. } => note_led_on(record, to, why),
        What::LegStarted { leg, to, dialled, sip_call_id } => {
            if find(record, *leg).is_none() {
                record.legs.push(new_leg(*leg, to, dialled, sip_call_id, at));
            }
        }
        What::Answered { leg, codec } => note_answer(record, at, *leg, codec),
        What::CallReleased { cause, sip_status, q850, by }
        | What::CallEnded { cause, sip_status, q850, by } => {
            if !is_released(record) {
                record.ended_at = at;
            }
            record.cause = *cause;
            record.sip_status = *sip_status;
            record.q850 = *q850;
            record.released_by = *by;
        }
        What::LegRinging { leg, .. } => {
            record.ringing_at.get_or_insert(at);
            if let Some(leg) = find(record, *leg) {
                leg.ringing_at.get_or_insert(at);
            }
        }
        What::LegCame { leg, to, dialled, sip_call_id, .. } => {
            if find(record, *leg).is_none() {
                record
                    .legs
                    .push(LegRecord { answered_at: Some(at), ..new_leg(*leg, to, dialled, sip_call_id, at) });
            }
        }
        What::LegWent { leg, .. } => {
            if let Some(leg) = find(record, *leg) {
                leg.ended_at.get_or_insert(at);
                leg.cause.get_or_insert(Cause::Transferred);
            }
        }
        // For those who watch; a record has no place for it. How long a trouble lasted comes with the figures.
        What::MediaTrouble { .. }
        | What::Transfer { .. }
        | What::Held { .. }
        | What::AutoAnswerIgnored { .. }
        | What::Parked { .. }
        | What::Unparked { .. }
        | What::PickedUp { .. }
        | What::Heard { .. }
        | What::Tapped { .. }
        | What::PromptRecorded { .. }
        | What::Supervised { .. }
        | What::MessageLeft { .. }
        | What::MailboxOpened { .. }
        | What::MessageHeard { .. }
        | What::Keyed { .. }
        | What::HelpWanted { .. }
        | What::Conference { .. }
        | What::Signature { .. }
        | What::RecordingStarted { .. }
        | What::Recorded { .. }
        | What::RecordingFailed { .. } => {}
        What::MediaSilent { leg, .. } => {
            if let Some(leg) = find(record, *leg) {
                leg.silent = true;
            }
        }
        What::LegEnded { leg, cause, sip_status, q850 } => {
            if let Some(leg) = find(record, *leg) {
                leg.ended_at.get_or_insert(at);
                leg.cause.get_or_insert(*cause);
                leg.sip_status = *sip_status;
                leg.q850 = *q850;
            }
        }
        What::LegMedia { leg, media } => find(record, *leg).into_iter().for_each(|leg| leg.media = *media),
    }
}

fn note_start(record: &mut CallRecord, at: Wall, what: &What) {
    let What::CallStarted { leg, from, caller, caller_name, dialled, sip_call_id, session_id, user_to_user } =
        what
    else {
        return;
    };
    if find(record, *leg).is_some() {
        return;
    }
    record.from = from.clone();
    record.caller.clone_from(caller);
    record.caller_name.clone_from(caller_name);
    record.dialled.clone_from(dialled);
    record.sip_call_id.clone_from(sip_call_id);
    record.session_id.clone_from(session_id);
    record.user_to_user.clone_from(user_to_user);
    record.legs.insert(0, new_leg(*leg, from, caller, sip_call_id, at));
}

/// Where it goes now, and why there: behind all that it was sent to before.
fn note_led_on(record: &mut CallRecord, to: &str, why: &base::Why) {
    to.clone_into(&mut record.to);
    record.why = base::Why::new(format!("{}; {why}", record.why)).as_str().to_owned();
}

/// The first answer is the call's. When the caller's own leg answers, Tandem itself did.
fn note_answer(record: &mut CallRecord, at: Wall, leg: LegId, codec: &str) {
    let by_us = record.legs.first().is_some_and(|callers| callers.leg == leg);
    let answered_by = if by_us {
        Some(Endpoint::Local(record.to.clone()))
    } else {
        find(record, leg).map(|leg| leg.endpoint.clone())
    };
    if let Some(leg) = find(record, leg) {
        leg.answered_at.get_or_insert(at);
    }
    if record.answered_at.is_some() {
        return;
    }
    record.answered_at = Some(at);
    record.answered_by = answered_by;
    codec.clone_into(&mut record.codec);
    record.sip_status = 200;
    if let Some(callers) = record.legs.first_mut() {
        callers.answered_at.get_or_insert(at);
    }
}

fn find(record: &mut CallRecord, leg: LegId) -> Option<&mut LegRecord> {
    record.legs.iter_mut().find(|it| it.leg == leg)
}

fn new_leg(leg: LegId, endpoint: &Endpoint, dialled: &str, sip_call_id: &str, at: Wall) -> LegRecord {
    LegRecord {
        leg,
        endpoint: endpoint.clone(),
        dialled: dialled.to_owned(),
        sip_call_id: sip_call_id.to_owned(),
        started_at: at,
        ringing_at: None,
        answered_at: None,
        ended_at: None,
        cause: None,
        sip_status: 0,
        q850: 0,
        silent: false,
        media: LegMedia::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Story, ids};

    #[test]
    fn a_whole_call_becomes_one_record_with_its_legs() {
        let story = Story::answered(&mut ids());
        let mut assembler = Assembler::new(Orphans::Late);
        let mut last = Taken::Late;
        for fact in &story.facts {
            last = assembler.take(fact);
        }
        let Taken::Ended(record) = last else { panic!("the call is over: {last:?}") };
        assert_eq!(record.answered_by, Some(Endpoint::Trunk("carrier".into())));
        assert_eq!(
            (record.cause, record.released_by, record.sip_status),
            (Cause::Normal, Party::Caller, 200)
        );
        assert_eq!(record.legs.len(), 2);
        assert_eq!(record.legs.first().map(|leg| leg.leg), Some(story.caller));
        assert_eq!(record.legs.get(1).map(|leg| leg.media.received), Some(500));
        assert_eq!(record.billed_secs(), 61, "60.001 s are billed as 61");
        assert_eq!(assembler.open(), 0);
    }

    #[test]
    fn facts_after_the_end_change_nothing() {
        let story = Story::answered(&mut ids());
        for orphans in [Orphans::Late, Orphans::Adopt] {
            let mut assembler = Assembler::new(orphans);
            for fact in &story.facts {
                assembler.take(fact);
            }
            for fact in story.facts.iter().skip(1) {
                assert_eq!(assembler.take(fact), Taken::Late, "{orphans:?}");
            }
        }
    }

    #[test]
    fn facts_that_come_twice_count_once() {
        let story = Story::answered(&mut ids());
        let mut once = Assembler::new(Orphans::Late);
        let mut twice = Assembler::new(Orphans::Late);
        for fact in &story.facts {
            if matches!(fact.what, What::CallEnded { .. }) {
                assert_eq!(once.take(fact), twice.take(fact));
            } else {
                once.take(fact);
                twice.take(fact);
                twice.take(fact);
            }
        }
    }

    #[test]
    fn a_call_without_an_end_is_interrupted_when_the_process_was_last_alive() {
        let story = Story::answered(&mut ids());
        let mut assembler = Assembler::new(Orphans::Adopt);
        for fact in story.facts.iter().take(story.answered + 1) {
            assembler.take(fact);
        }
        let alive_until = story.facts.last().expect("facts").at;
        let records = assembler.interrupt(alive_until);
        let record = records.first().expect("one call");
        assert_eq!((record.cause, record.released_by), (Cause::Interrupted, Party::System));
        assert_eq!(record.ended_at.millis(), alive_until.millis());
        assert!(record.legs.iter().all(|leg| leg.cause == Some(Cause::Interrupted)));
        assert_eq!(record.sip_status, 200, "it had been answered");
    }

    #[test]
    fn a_call_that_was_released_keeps_its_cause_although_its_figures_never_came() {
        let story = Story::answered(&mut ids());
        let mut assembler = Assembler::new(Orphans::Adopt);
        for fact in story.facts.iter().take(story.answered + 1) {
            assembler.take(fact);
        }
        let last = &story.facts[story.answered];
        let at = last.at + std::time::Duration::from_secs(3);
        let what = What::CallReleased { cause: Cause::Normal, sip_status: 200, q850: 16, by: Party::Callee };
        assembler.take(&Fact { at, what, ..last.clone() });
        let records = assembler.interrupt(at + std::time::Duration::from_secs(60));
        assert_eq!((records[0].cause, records[0].released_by), (Cause::Normal, Party::Callee));
        assert_eq!(records[0].ended_at, Wall::from_millis(at.millis()));
    }

    #[test]
    fn recovery_keeps_an_answered_call_whose_start_is_unreadable() {
        let story = Story::answered(&mut ids());
        let mut assembler = Assembler::new(Orphans::Adopt);
        let taken: Vec<Taken> = story.facts.iter().skip(1).map(|fact| assembler.take(fact)).collect();
        let Some(Taken::Ended(record)) = taken.last() else { panic!("no record: {taken:?}") };
        assert!(record.answered_at.is_some());
        assert_eq!(record.to, "trunk:carrier");
    }

    #[test]
    fn what_tandem_answers_itself_names_the_local_target() {
        let story = Story::echo(&mut ids());
        let mut assembler = Assembler::new(Orphans::Late);
        let taken: Vec<Taken> = story.facts.iter().map(|fact| assembler.take(fact)).collect();
        let Some(Taken::Ended(record)) = taken.last() else { panic!("no record: {taken:?}") };
        assert_eq!(record.answered_by, Some(Endpoint::Local("echo".into())));
        assert_eq!(record.legs.len(), 1);
    }
}
