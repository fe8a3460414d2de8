//! What is wrong with a configuration, where, and what is allowed instead.

use std::fmt;
use std::path::PathBuf;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A line of the file, from 1.
    File {
        /// The file as named on the command line.
        path: PathBuf,
        /// The line.
        line: usize,
    },
    /// An environment variable.
    Env(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// A configuration that cannot be used; the message names place, key, what was found and what is allowed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is no TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// A section or key that does not exist.
    #[error("{place}: unknown {what}; allowed: {allowed}")]
    Unknown {
        /// Where.
        place: Place,
        /// The section or key, as in `key "udpp" in [sip]`.
        what: String,
        /// The names that exist.
        allowed: String,
    },
    /// A value that does not fit its key.
    #[error("{place}: [{section}] {key}: found {found}; allowed: {allowed}")]
    Value {
        /// Where.
        place: Place,
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
        /// The value as written, shortened.
        found: String,
        /// What fits.
        allowed: String,
    },
}
