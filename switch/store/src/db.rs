//! The two engines, and how one text of code runs on either.

use sqlx::{PgPool, SqlitePool};

use crate::bulk::Marks;

/// An engine with its connections.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// SQLite: writers queue for the one writing connection, readers never wait for them.
    Lite { write: SqlitePool, read: SqlitePool },
    /// PostgreSQL.
    Pg(PgPool),
}

impl Db {
    /// The cheapest parameters of a statement with many rows.
    pub(crate) fn marks(&self) -> Marks {
        match self {
            Self::Lite { .. } => Marks::Plain,
            Self::Pg(_) => Marks::Numbered,
        }
    }
}

/// Runs the expression with a pool to read from.
macro_rules! reading {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::db::Db::Lite { read: $pool, .. } => $body,
            $crate::db::Db::Pg($pool) => $body,
        }
    };
}

/// Runs the expression with a pool to write one statement through.
macro_rules! writing {
    ($db:expr, $pool:ident => $body:expr) => {
        match $db {
            $crate::db::Db::Lite { write: $pool, .. } => $body,
            $crate::db::Db::Pg($pool) => $body,
        }
    };
}

/// Runs the expression in a transaction and commits; an early return takes everything back. SQLite takes its lock
/// at the beginning: one that reads first and writes later fails at once when another wrote in between, whatever
/// the busy timeout.
macro_rules! transaction {
    ($db:expr, $transaction:ident => $body:expr) => {
        match $db {
            $crate::db::Db::Lite { write, .. } => {
                let mut $transaction = write.begin_with("BEGIN IMMEDIATE").await?;
                let out = $body;
                $transaction.commit().await?;
                out
            }
            $crate::db::Db::Pg(pool) => {
                let mut $transaction = pool.begin().await?;
                let out = $body;
                $transaction.commit().await?;
                out
            }
        }
    };
}

/// Binds the values in order.
macro_rules! bound {
    ($query:expr; $($value:expr),+ $(,)?) => { $query$(.bind($value))+ };
}

pub(crate) use {bound, reading, transaction, writing};
