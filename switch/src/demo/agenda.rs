//! Steps that wait for their time.

use std::collections::BTreeMap;

use base::Mono;

/// What is to be done when; steps of one time in the order they were noted.
#[derive(Debug)]
pub(super) struct Agenda<S> {
    steps: BTreeMap<(Mono, u64), S>,
    noted: u64,
}

impl<S> Agenda<S> {
    /// Nothing to do.
    pub(super) fn new() -> Self {
        Self { steps: BTreeMap::new(), noted: 0 }
    }

    /// Notes a step.
    pub(super) fn note(&mut self, at: Mono, step: S) {
        self.noted += 1;
        self.steps.insert((at, self.noted), step);
    }

    /// Takes the first step that is due.
    pub(super) fn due(&mut self, now: Mono) -> Option<S> {
        let first = self.steps.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    /// When the first step is due.
    pub(super) fn next(&self) -> Option<Mono> {
        self.steps.first_key_value().map(|((at, _), _)| *at)
    }

    /// Forgets every step.
    pub(super) fn clear(&mut self) {
        self.steps.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_by_time_and_those_of_one_time_as_noted() {
        let mut agenda = Agenda::new();
        for (at, step) in [(20, "c"), (10, "a"), (10, "b")] {
            agenda.note(Mono(at), step);
        }
        assert_eq!(agenda.next(), Some(Mono(10)));
        assert_eq!(agenda.due(Mono(9)), None);
        assert_eq!(
            (agenda.due(Mono(15)), agenda.due(Mono(15)), agenda.due(Mono(15))),
            (Some("a"), Some("b"), None)
        );
        agenda.clear();
        assert_eq!(agenda.next(), None);
    }
}
