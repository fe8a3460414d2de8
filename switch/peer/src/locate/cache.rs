//! Answers of the DNS, for as long as they hold and a while longer.

use std::collections::HashMap;

use base::Mono;
use base::dns::{Answer, Question, Record};
use base::limits::{
    DNS_ANSWERS, DNS_NOTHING_MAX, DNS_RECORDS, DNS_RETRY, DNS_STALE, DNS_TTL_MAX, DNS_TTL_MIN,
};
use std::time::Duration;

/// How long an answer is waited for before the question may be asked again.
const ANSWER_WAIT: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: HashMap<Question, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// `None` before the first answer; empty when there is nothing.
    records: Option<Vec<Record>>,
    fresh_until: Mono,
    /// Beyond, the records are no longer used.
    stale_until: Mono,
    asked: Option<Mono>,
    used: Mono,
}

/// What is known of a question.
#[derive(Debug)]
pub(super) enum Known<'a> {
    /// These records, empty when there is nothing; to be asked again at the time given.
    Records(&'a [Record], Mono),
    /// No answer has come yet.
    Missing,
}

impl Cache {
    /// Looks an answer up; what has outlived its time is still told until `DNS_STALE` is over.
    pub(super) fn look(&mut self, now: Mono, question: &Question) -> Known<'_> {
        let Some(entry) = self.entries.get_mut(question) else { return Known::Missing };
        entry.used = now;
        match &entry.records {
            Some(records) if now < entry.stale_until => Known::Records(records, entry.fresh_until),
            Some(_) | None => Known::Missing,
        }
    }

    /// Whether the question should go out now: no fresh answer is there, and none is being waited for.
    pub(super) fn ask(&mut self, now: Mono, question: &Question) -> bool {
        if !self.entries.contains_key(question) {
            self.make_room();
            let entry = Entry { records: None, fresh_until: now, stale_until: now, asked: None, used: now };
            self.entries.insert(question.clone(), entry);
        }
        let Some(entry) = self.entries.get_mut(question) else { return false };
        let waits = entry.asked.is_some_and(|asked| now < asked + ANSWER_WAIT);
        if waits || now < entry.fresh_until {
            return false;
        }
        entry.asked = Some(now);
        true
    }

    /// Keeps an answer. A failure leaves what was known before in use; `false` when nobody asked.
    pub(super) fn answered(&mut self, now: Mono, question: &Question, answer: Answer) -> bool {
        let Some(entry) = self.entries.get_mut(question) else { return false };
        entry.asked = None;
        let (records, holds, serves) = match answer {
            Answer::Records { records, ttl } => {
                let holds = ttl.clamp(DNS_TTL_MIN, DNS_TTL_MAX);
                (bounded(records), holds, holds + DNS_STALE)
            }
            Answer::Nothing { ttl } => {
                let holds = ttl.unwrap_or(DNS_RETRY).clamp(DNS_TTL_MIN, DNS_NOTHING_MAX);
                (Vec::new(), holds, holds + DNS_NOTHING_MAX)
            }
            Answer::Failed => {
                entry.fresh_until = now + DNS_RETRY;
                if entry.records.is_none() || now >= entry.stale_until {
                    entry.records = Some(Vec::new());
                    entry.stale_until = now + DNS_RETRY + DNS_NOTHING_MAX;
                }
                return true;
            }
        };
        entry.records = Some(records);
        entry.fresh_until = now + holds;
        entry.stale_until = now + serves;
        true
    }

    /// Answers remembered.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn make_room(&mut self) {
        if self.entries.len() < DNS_ANSWERS {
            return;
        }
        let oldest = self.entries.iter().min_by_key(|(question, entry)| (entry.used, *question));
        if let Some(oldest) = oldest.map(|(question, _)| question.clone()) {
            self.entries.remove(&oldest);
        }
    }
}

/// The best records; a stable order makes the same answer lead to the same targets.
fn bounded(mut records: Vec<Record>) -> Vec<Record> {
    let rank = |record: &Record| match record {
        Record::Naptr { order, preference, .. } => (*order, *preference),
        Record::Srv { priority, .. } => (*priority, 0),
        Record::Address(_) => (0, 0),
    };
    records.sort_by_key(rank);
    records.truncate(DNS_RECORDS);
    records
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use base::dns::RecordKind;

    use super::*;

    fn at(secs: u64) -> Mono {
        Mono(0) + Duration::from_secs(secs)
    }

    fn question(name: &str) -> Question {
        Question { name: name.to_owned(), kind: RecordKind::A }
    }

    fn found(ttl: u64) -> Answer {
        let records = vec![Record::Address(IpAddr::from([192, 0, 2, 1]))];
        Answer::Records { records, ttl: Duration::from_secs(ttl) }
    }

    fn records(cache: &mut Cache, now: Mono) -> Option<usize> {
        match cache.look(now, &question("a")) {
            Known::Records(records, _) => Some(records.len()),
            Known::Missing => None,
        }
    }

    fn asked(answer: Answer) -> Cache {
        let mut cache = Cache::default();
        assert!(cache.ask(at(0), &question("a")));
        assert!(cache.answered(at(0), &question("a"), answer));
        cache
    }

    #[test]
    fn a_question_goes_out_once_however_many_ask_it() {
        let mut cache = Cache::default();
        assert!(cache.ask(at(0), &question("a")));
        assert!(!cache.ask(at(1), &question("a")));
        assert!(cache.ask(at(30), &question("a")), "an answer that never comes is not waited for");
    }

    /// RFC 1035 §3.2.1 with bounds: 5 s to an hour.
    #[test]
    fn an_answer_holds_for_its_lifetime_within_bounds() {
        for (ttl, holds) in [(0, 5), (60, 60), (100_000, 3_600)] {
            let mut cache = asked(found(ttl));
            assert!(!cache.ask(at(holds - 1), &question("a")), "{ttl}");
            assert!(cache.ask(at(holds), &question("a")), "{ttl}");
        }
    }

    /// RFC 2308 §5.
    #[test]
    fn that_there_is_nothing_is_remembered_for_five_minutes_at_most() {
        for (ttl, holds) in [(Some(1), 5), (Some(60), 60), (Some(86_400), 300), (None, 10)] {
            let mut cache = asked(Answer::Nothing { ttl: ttl.map(Duration::from_secs) });
            assert_eq!(records(&mut cache, at(1)), Some(0));
            assert!(!cache.ask(at(holds - 1), &question("a")), "{ttl:?}");
            assert!(cache.ask(at(holds), &question("a")), "{ttl:?}");
        }
    }

    /// RFC 8767 §5.
    #[test]
    fn while_the_dns_is_down_an_answer_is_used_for_a_day_beyond_its_lifetime() {
        let mut cache = asked(found(60));
        for hour in 1..24 {
            assert!(cache.ask(at(hour * 3_600), &question("a")));
            cache.answered(at(hour * 3_600), &question("a"), Answer::Failed);
            assert_eq!(records(&mut cache, at(hour * 3_600)), Some(1));
        }
        assert_eq!(records(&mut cache, at(86_400 + 60)), None);
    }

    #[test]
    fn a_first_question_without_answer_counts_as_nothing_and_is_asked_again_soon() {
        let mut cache = asked(Answer::Failed);
        assert_eq!(records(&mut cache, at(1)), Some(0));
        assert!(!cache.ask(at(9), &question("a")));
        assert!(cache.ask(at(10), &question("a")));
    }

    #[test]
    fn a_full_cache_forgets_what_was_unused_for_longest() {
        let mut cache = asked(found(60));
        for n in 1..=DNS_ANSWERS as u64 {
            cache.ask(at(n), &question(&n.to_string()));
            cache.look(at(n), &question("a"));
        }
        assert_eq!(cache.len(), DNS_ANSWERS);
        assert_eq!(records(&mut cache, at(20)), Some(1), "it was in use");
    }

    #[test]
    fn an_answer_nobody_asked_for_is_not_kept() {
        let mut cache = Cache::default();
        assert!(!cache.answered(at(0), &question("a"), found(60)));
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn of_an_absurdly_long_answer_the_best_records_are_kept() {
        let srv = |priority| Record::Srv { priority, weight: 0, port: 5060, target: "a".to_owned() };
        let answer = Answer::Records { records: (0..500).rev().map(srv).collect(), ttl: Duration::ZERO };
        let mut cache = asked(answer);
        let Known::Records(kept, _) = cache.look(at(0), &question("a")) else { panic!("known") };
        assert_eq!((kept.len(), &kept[0]), (DNS_RECORDS, &srv(0)));
    }
}
