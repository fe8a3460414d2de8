//! Where registered phones are, so that they ring after a restart.

use std::collections::BTreeMap;

use base::Wall;
use sqlx::FromRow;

use crate::db::{bound, reading, transaction, writing};
use crate::words::clean;
use crate::{Store, StoreError, sql};

/// Rows written with one statement.
const ROWS: usize = 200;

/// One binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingRow {
    /// The address of record: the extension.
    pub aor: String,
    /// The contact's URI, or what else tells the phone from the extension's others.
    pub contact: String,
    /// The whole binding as JSON.
    pub body: String,
    /// When it ends unless refreshed.
    pub expires_at: Wall,
}

/// A change to the bindings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingChange {
    /// New or refreshed.
    Put(BindingRow),
    /// Gone.
    Remove {
        /// The address of record.
        aor: String,
        /// As in the row.
        contact: String,
    },
}

#[derive(FromRow)]
struct Row {
    aor: String,
    contact: String,
    body: String,
    expires_at: i64,
}

impl Store {
    /// Every binding that has not ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_bindings(&self, now: Wall) -> Result<Vec<BindingRow>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            sqlx::query_as(sql::LOAD_BINDINGS).bind(self.tenant()).bind(now.millis()).fetch_all(pool).await?
        });
        let row = |Row { aor, contact, body, expires_at }: Row| BindingRow {
            aor,
            contact,
            body,
            expires_at: Wall::from_millis(expires_at),
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Makes the changes, all or none; of several to one contact the last counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn apply_bindings(&self, changes: &[BindingChange]) -> Result<(), StoreError> {
        let (put, remove) = last_of_each(changes);
        let tenant = self.tenant();
        transaction!(&self.db, transaction => {
            for (aor, contact) in &remove {
                let query = sqlx::query(sql::REMOVE_BINDING).bind(tenant).bind(clean(aor)).bind(clean(contact));
                query.execute(&mut *transaction).await?;
            }
            for rows in put.chunks(ROWS) {
                let mut query = sqlx::query(sql::PUT_BINDINGS.of(rows.len(), self.db.marks()));
                for row in rows {
                    query = bound!(query; tenant, clean(&row.aor), clean(&row.contact), clean(&row.body),
                        row.expires_at.millis());
                }
                query.execute(&mut *transaction).await?;
            }
        });
        Ok(())
    }

    /// Forgets bindings that have ended; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_expired_bindings(&self, now: Wall) -> Result<u64, StoreError> {
        Ok(writing!(&self.db, pool => {
            sqlx::query(sql::REMOVE_EXPIRED_BINDINGS).bind(now.millis()).execute(pool).await?.rows_affected()
        }))
    }
}

type Contact<'a> = (&'a str, &'a str);

/// One statement must not touch a row twice, so only the last change of each contact is kept.
fn last_of_each(changes: &[BindingChange]) -> (Vec<&BindingRow>, Vec<Contact<'_>>) {
    let mut last: BTreeMap<Contact<'_>, Option<&BindingRow>> = BTreeMap::new();
    for change in changes {
        match change {
            BindingChange::Put(row) => last.insert((&row.aor, &row.contact), Some(row)),
            BindingChange::Remove { aor, contact } => last.insert((aor, contact), None),
        };
    }
    let remove = last.iter().filter(|(_, row)| row.is_none()).map(|(contact, _)| *contact).collect();
    (last.into_values().flatten().collect(), remove)
}
