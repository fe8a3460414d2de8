//! Answers kept and questions asked, for whoever wants to know where a server is.

use std::collections::VecDeque;

use base::Mono;
use base::dns::{Answer, Listens, Question, Server};

use super::Located;
use super::cache::Cache;
use super::walk::walk;

/// Locates servers from answers of the DNS, which somebody else fetches.
#[derive(Debug, Default)]
pub struct Locator {
    listens: Listens,
    cache: Cache,
    questions: VecDeque<Question>,
}

/// How far locating a server has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is here.
    Found {
        /// Where; empty when it is nowhere we could send to.
        located: Located,
        /// When to look again; `None` when the DNS had no say in it.
        again: Option<Mono>,
    },
    /// Answers are awaited.
    Asking,
}

impl Locator {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(listens: Listens) -> Self {
        Self { listens, cache: Cache::default(), questions: VecDeque::new() }
    }

    /// Where a server is, as far as is known. What is missing or has outlived its time is asked for.
    pub fn locate(&mut self, now: Mono, server: &Server) -> Step {
        let walked = walk(&mut self.cache, now, self.listens, server);
        let asking = !walked.missing.is_empty();
        for question in walked.missing.into_iter().chain(walked.outdated) {
            if self.cache.ask(now, &question) {
                self.questions.push_back(question);
            }
        }
        if asking {
            return Step::Asking;
        }
        Step::Found { located: walked.located, again: walked.fresh_until }
    }

    /// An answer has come; `false` when nobody asked.
    pub fn answered(&mut self, now: Mono, question: &Question, answer: Answer) -> bool {
        self.cache.answered(now, question, answer)
    }

    /// The next question to ask.
    pub fn poll(&mut self) -> Option<Question> {
        self.questions.pop_front()
    }

    /// Answers remembered, those awaited included.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.cache.len()
    }
}
