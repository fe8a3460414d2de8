//! What phones fetch, and the tokens of softphones.

use base::Wall;

use crate::db::{bound, reading, transaction, writing};
use crate::words::clean;
use crate::{Store, StoreError, sql};

/// Fetches of one phone that are kept; older ones go.
pub(crate) const FETCHES: i64 = 50;

/// That a phone fetched a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The phone's address.
    pub mac: String,
    /// When.
    pub at: Wall,
    /// Which file, by name.
    pub file: String,
    /// From where.
    pub address: String,
    /// What the phone says it is.
    pub agent: String,
}

type Row = (String, i64, String, String, String);

impl Store {
    /// Notes that a phone fetched a file; the oldest beyond fifty go.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_fetch(&self, fetch: &Fetch) -> Result<(), StoreError> {
        let tenant = self.tenant();
        transaction!(&self.db, transaction => {
            let add = bound!(sqlx::query(sql::ADD_FETCH); tenant, clean(&fetch.mac), fetch.at.millis(),
                clean(&fetch.file), clean(&fetch.address), clean(&fetch.agent));
            add.execute(&mut *transaction).await?;
            let prune = bound!(sqlx::query(sql::PRUNE_FETCHES); tenant, clean(&fetch.mac), FETCHES);
            prune.execute(&mut *transaction).await?;
        });
        Ok(())
    }

    /// The latest fetch of every phone, by address.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_fetches(&self) -> Result<Vec<Fetch>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            sqlx::query_as(sql::LAST_FETCHES).bind(self.tenant()).fetch_all(pool).await?
        });
        let mut fetches: Vec<Fetch> = rows.into_iter().map(fetch).collect();
        // Two files of one millisecond are both the latest.
        fetches.dedup_by(|next, kept| next.mac == kept.mac);
        Ok(fetches)
    }

    /// What a phone has fetched, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetches_of(&self, mac: &str) -> Result<Vec<Fetch>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            bound!(sqlx::query_as(sql::FETCHES_OF); self.tenant(), mac, FETCHES).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(fetch).collect())
    }

    /// Keeps a token under its SHA-256; those that have run out are forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_phone_token(
        &self,
        hash: &[u8; 32],
        mac: &str,
        generation: u32,
        now: Wall,
        expires_at: Wall,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        transaction!(&self.db, transaction => {
            sqlx::query(sql::END_PHONE_TOKENS).bind(now.millis()).execute(&mut *transaction).await?;
            let add = bound!(sqlx::query(sql::ADD_PHONE_TOKEN); hash.as_slice(), tenant, clean(mac),
                i64::from(generation), expires_at.millis());
            add.execute(&mut *transaction).await?;
        });
        Ok(())
    }

    /// Takes a token: the phone that it is for and the phone's generation then. It is good once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_phone_token(
        &self,
        hash: &[u8; 32],
        now: Wall,
    ) -> Result<Option<(String, u32)>, StoreError> {
        let row: Option<(String, i64)> = writing!(&self.db, pool => {
            let query = bound!(sqlx::query_as(sql::TAKE_PHONE_TOKEN); self.tenant(), hash.as_slice(), now.millis());
            query.fetch_optional(pool).await?
        });
        Ok(row.map(|(mac, generation)| (mac, u32::try_from(generation).unwrap_or(u32::MAX))))
    }
}

fn fetch((mac, at, file, address, agent): Row) -> Fetch {
    Fetch { mac, at: Wall::from_millis(at), file, address, agent }
}
