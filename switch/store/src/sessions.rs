//! Who is logged in.

use base::Wall;

use crate::db::{bound, reading, writing};
use crate::{Store, StoreError, sql};

/// A login that is still good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub login: String,
    /// When it began.
    pub created_at: Wall,
    /// When it ends by itself.
    pub expires_at: Wall,
}

impl Store {
    /// Keeps a session under the SHA-256 of its cookie, or prolongs the one that is there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_session(&self, hash: &[u8; 32], session: &Session) -> Result<(), StoreError> {
        writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::PUT_SESSION);
                hash.as_slice(), self.tenant(), session.login.as_str(), session.created_at.millis(),
                session.expires_at.millis());
            query.execute(pool).await?;
        });
        Ok(())
    }

    /// The session of a cookie, unless it has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, hash: &[u8; 32], now: Wall) -> Result<Option<Session>, StoreError> {
        let row: Option<(String, i64, i64)> = reading!(&self.db, pool => {
            let query = sqlx::query_as(sql::SESSION).bind(self.tenant()).bind(hash.as_slice()).bind(now.millis());
            query.fetch_optional(pool).await?
        });
        Ok(row.map(|(login, created_at, expires_at)| Session {
            login,
            created_at: Wall::from_millis(created_at),
            expires_at: Wall::from_millis(expires_at),
        }))
    }

    /// Ends a session; `false` when there was none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, hash: &[u8; 32]) -> Result<bool, StoreError> {
        let ended = writing!(&self.db, pool => {
            let query = sqlx::query(sql::END_SESSION).bind(self.tenant()).bind(hash.as_slice());
            query.execute(pool).await?.rows_affected()
        });
        Ok(ended > 0)
    }

    /// Ends every session of a user, as after a change of password; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sessions_of(&self, login: &str) -> Result<u64, StoreError> {
        Ok(writing!(&self.db, pool => {
            let query = sqlx::query(sql::END_SESSIONS_OF).bind(self.tenant()).bind(login);
            query.execute(pool).await?.rows_affected()
        }))
    }

    /// Forgets sessions that have ended by themselves; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_expired_sessions(&self, now: Wall) -> Result<u64, StoreError> {
        Ok(writing!(&self.db, pool => {
            sqlx::query(sql::END_EXPIRED_SESSIONS).bind(now.millis()).execute(pool).await?.rows_affected()
        }))
    }
}
