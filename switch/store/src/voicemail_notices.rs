//! Notices of messages that are still to be sent by e-mail.

use base::Wall;

use crate::db::{bound, reading, writing};
use crate::words::{clean, small};
use crate::{MessageId, Store, StoreError, sql};

/// A notice that waits, or that nobody took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Of which message.
    pub id: MessageId,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next.
    pub next_at: Wall,
    /// It is tried no more.
    pub given_up: bool,
    /// What was wrong the last time.
    pub error: String,
}

impl Store {
    /// At most `limit` notices whose time has come, the most overdue first.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn due_notices(&self, now: Wall, limit: u32) -> Result<Vec<Notice>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::DUE_NOTICES); self.tenant(), now.millis(), i64::from(limit));
            query.fetch_all(pool).await?
        });
        rows.into_iter().map(read).collect()
    }

    /// At most a thousand notices that wait or were given up, those first.
    ///
    /// # Errors
    /// When the database fails or a row cannot be read.
    pub async fn notices(&self) -> Result<Vec<Notice>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            sqlx::query_as(sql::NOTICES).bind(self.tenant()).fetch_all(pool).await?
        });
        rows.into_iter().map(read).collect()
    }

    /// Notes that a notice failed: it is tried at `next` again, or no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_off_notice(
        &self,
        id: &MessageId,
        next: Option<Wall>,
        error: &str,
    ) -> Result<(), StoreError> {
        writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::PUT_OFF_NOTICE); self.tenant(), &id.mailbox,
                id.recording.to_string(), next.map_or(0, Wall::millis), i64::from(next.is_none()), clean(error));
            query.execute(pool).await?;
        });
        Ok(())
    }

    /// A notice is sent, or no longer wanted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_notice(&self, id: &MessageId) -> Result<(), StoreError> {
        writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::REMOVE_NOTICE); self.tenant(), &id.mailbox, id.recording.to_string());
            query.execute(pool).await?;
        });
        Ok(())
    }
}

type Row = (String, String, i64, i64, i64, String);

fn read((mailbox, recording, tries, next_at, given_up, error): Row) -> Result<Notice, StoreError> {
    let recording = recording.parse().map_err(|error| StoreError::row("recording", error))?;
    Ok(Notice {
        id: MessageId { mailbox, recording },
        tries: small(tries),
        next_at: Wall::from_millis(next_at),
        given_up: given_up != 0,
        error,
    })
}
