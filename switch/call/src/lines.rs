//! How many calls each extension has, for its cap.

use std::collections::HashMap;

/// Calls by extension.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    in_use: HashMap<String, u32>,
}

impl Lines {
    pub(crate) fn occupy(&mut self, extension: &str) {
        *self.in_use.entry(extension.to_owned()).or_insert(0) += 1;
    }

    pub(crate) fn release(&mut self, extension: &str) {
        if let Some(calls) = self.in_use.get_mut(extension) {
            *calls -= 1;
            if *calls == 0 {
                self.in_use.remove(extension);
            }
        }
    }

    /// Whether a further call would be one too many; a cap of 0 is none.
    pub(crate) fn is_full(&self, extension: &str, cap: u32) -> bool {
        cap > 0 && self.in_use.get(extension).is_some_and(|calls| *calls >= cap)
    }
}
