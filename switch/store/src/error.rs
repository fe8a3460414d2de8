//! What can go wrong with a store, and whether waiting helps.

use std::path::PathBuf;

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;

/// Why the store could not do what was asked. Urls are shown without passwords.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The url is of no kind that is known.
    #[error("{found:?} is no store; allowed: sqlite:PATH, postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Url {
        /// What was found.
        found: String,
    },
    /// The database file cannot be made or opened.
    #[error("store file {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No connection.
    #[error("store {url} cannot be opened: {source}")]
    Open {
        /// Which store.
        url: String,
        /// Why.
        source: sqlx::Error,
    },
    /// A newer Tandem has written this store.
    #[error("store {url} was written by a newer version (its migration {version} is not known here)")]
    Newer {
        /// Which store.
        url: String,
        /// The migration that is not known.
        version: i64,
    },
    /// The tables could not be brought up to date.
    #[error("store {url} cannot be brought up to date: {source}")]
    Migrate {
        /// Which store.
        url: String,
        /// Why.
        source: MigrateError,
    },
    /// The database refused or failed.
    #[error(transparent)]
    Query(#[from] sqlx::Error),
    /// A row that cannot be read back.
    #[error("stored {what} cannot be read: {reason}")]
    Row {
        /// Which row: `trunk carrier`, `call call_00…`.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else changed what is set up in the meantime.
    #[error("what is set up has changed meanwhile: revision {found}, not {expected}")]
    Conflict {
        /// The revision the change was made from.
        expected: u64,
        /// The revision that is stored.
        found: u64,
    },
}

impl StoreError {
    /// Whether the same may work later. `false` when it is the data that the database refuses.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Query(error) | Self::Open { source: error, .. } => is_transient(error),
            Self::Url { .. }
            | Self::File { .. }
            | Self::Newer { .. }
            | Self::Migrate { .. }
            | Self::Row { .. }
            | Self::Conflict { .. } => false,
        }
    }

    pub(crate) fn row(what: impl Into<String>, reason: impl ToString) -> Self {
        Self::Row { what: what.into(), reason: reason.to_string() }
    }
}

/// Connections, locks and full disks heal. Values out of range and broken constraints do not: `SQLSTATE` classes
/// 22 and 23, and in SQLite the results `CONSTRAINT`, `TOOBIG` and `MISMATCH`.
fn is_transient(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(database) = error else {
        return !matches!(error, sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. });
    };
    let code = database.code().unwrap_or_default();
    if database.try_downcast_ref::<PgDatabaseError>().is_some() {
        return !(code.starts_with("22") || code.starts_with("23"));
    }
    !code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 18..=20))
}
