//! What a full inbox would not take yet, in order, until it does.

use std::collections::VecDeque;

/// Things to pass on. What gathers is bounded by the live calls and bindings it is about.
#[derive(Debug)]
pub struct Outbox<T> {
    waiting: VecDeque<T>,
}

impl<T> Outbox<T> {
    /// Nothing waits.
    #[must_use]
    pub fn new() -> Self {
        Self { waiting: VecDeque::new() }
    }

    /// Passes `item` on after all that waits; what `send` gives back waits.
    pub fn push(&mut self, item: T, send: impl FnMut(T) -> Option<T>) {
        self.waiting.push_back(item);
        self.flush(send);
    }

    /// Tries again with what waits.
    pub fn flush(&mut self, mut send: impl FnMut(T) -> Option<T>) {
        while let Some(item) = self.waiting.pop_front() {
            if let Some(back) = send(item) {
                self.waiting.push_front(back);
                return;
            }
        }
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_goes_first_and_order_holds() {
        let mut outbox = Outbox::new();
        outbox.push(1, Some);
        outbox.push(2, Some);
        let mut sent = Vec::new();
        outbox.push(3, |item| {
            sent.push(item);
            None
        });
        assert_eq!(sent, [1, 2, 3]);
        assert!(outbox.is_empty());
    }
}
