//! What programs identify themselves with. Only hashes are kept.

use ::provision::Role;
use base::Wall;
use sqlx::FromRow;

use crate::db::{bound, reading, writing};
use crate::words::{from_word, time, word};
use crate::{Store, StoreError, sql};

/// An API token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its id, unique, to revoke it by.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Wall,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Wall>,
    /// Since when it is good no more.
    pub revoked_at: Option<Wall>,
}

#[derive(FromRow)]
struct TokenRow {
    id: String,
    name: String,
    role: String,
    created_at: i64,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl TokenRow {
    fn token(self) -> Result<Token, StoreError> {
        Ok(Token {
            role: from_word("role of a token", &self.role)?,
            id: self.id,
            name: self.name,
            created_at: Wall::from_millis(self.created_at),
            last_used_at: time(self.last_used_at),
            revoked_at: time(self.revoked_at),
        })
    }
}

impl Store {
    /// Keeps a new token under its SHA-256.
    ///
    /// # Errors
    /// When the id or the hash is taken, or the database fails.
    pub async fn add_token(&self, token: &Token, hash: &[u8; 32]) -> Result<(), StoreError> {
        writing!(&self.db, pool => {
            let query = bound!(sqlx::query(sql::ADD_TOKEN);
                self.tenant(), token.id.as_str(), token.name.as_str(), word(&token.role), hash.as_slice(),
                token.created_at.millis());
            query.execute(pool).await?;
        });
        Ok(())
    }

    /// The token with this SHA-256, unless it is revoked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token(&self, hash: &[u8; 32]) -> Result<Option<Token>, StoreError> {
        let row: Option<TokenRow> = reading!(&self.db, pool => {
            let query = sqlx::query_as(sql::TOKEN).bind(self.tenant()).bind(hash.as_slice());
            query.fetch_optional(pool).await?
        });
        row.map(TokenRow::token).transpose()
    }

    /// Every token, oldest first, revoked ones too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        let rows: Vec<TokenRow> = reading!(&self.db, pool => {
            sqlx::query_as(sql::TOKENS).bind(self.tenant()).fetch_all(pool).await?
        });
        rows.into_iter().map(TokenRow::token).collect()
    }

    /// Revokes a token; `false` when there is none of this id that was good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_token(&self, id: &str, now: Wall) -> Result<bool, StoreError> {
        let revoked = writing!(&self.db, pool => {
            let query = sqlx::query(sql::REVOKE_TOKEN).bind(self.tenant()).bind(id).bind(now.millis());
            query.execute(pool).await?.rows_affected()
        });
        Ok(revoked > 0)
    }

    /// Notes that a token was used; written at most once a minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_used(&self, id: &str, now: Wall) -> Result<(), StoreError> {
        writing!(&self.db, pool => {
            let query = sqlx::query(sql::TOKEN_USED).bind(self.tenant()).bind(id).bind(now.millis());
            query.execute(pool).await?;
        });
        Ok(())
    }
}
