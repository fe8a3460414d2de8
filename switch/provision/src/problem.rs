//! What is wrong with something that was set up, so that a person can put it right.

use std::fmt;

use crate::Key;

/// One thing that is wrong. Prints `trunks.toml:12: trunk carrier: max_cps: found -1; allowed …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file; empty when it came from no file.
    pub file: String,
    /// The line, from 1; 0 when unknown.
    pub line: u32,
    /// The entity, as far as it is known.
    pub key: Option<Key>,
    /// The field: `ring_secs`, `peer[1].weight`; empty when the whole entity or file is meant.
    pub field: String,
    /// What was found and what is allowed.
    pub reason: String,
}

impl Problem {
    /// A problem of an entity, without a place in a file.
    pub(crate) fn of(key: &Key, field: &str, reason: impl Into<String>) -> Self {
        Self {
            file: String::new(),
            line: 0,
            key: Some(key.clone()),
            field: field.to_owned(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.is_empty(), self.line) {
            (true, _) => {}
            (false, 0) => write!(f, "{}: ", self.file)?,
            (false, line) => write!(f, "{}:{line}: ", self.file)?,
        }
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Problem {}
