//! The node's own secrets and marks.

use crate::db::{reading, transaction, writing};
use crate::{Store, StoreError, sql};

impl Store {
    /// The value of a mark.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        reading!(&self.db, pool => {
            let query = sqlx::query_scalar(sql::META).bind(self.tenant()).bind(name);
            Ok(query.fetch_optional(pool).await?)
        })
    }

    /// Sets a mark, replacing what was there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_meta(&self, name: &str, value: &str) -> Result<(), StoreError> {
        writing!(&self.db, pool => {
            sqlx::query(sql::PUT_META).bind(self.tenant()).bind(name).bind(value).execute(pool).await?;
        });
        Ok(())
    }

    /// The value of a mark, which becomes `value` when there is none: several who ask at once get the same. For
    /// secrets that are drawn at the first start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn meta_or(&self, name: &str, value: &str) -> Result<String, StoreError> {
        transaction!(&self.db, transaction => {
            let add = sqlx::query(sql::ADD_META).bind(self.tenant()).bind(name).bind(value);
            add.execute(&mut *transaction).await?;
            let query = sqlx::query_scalar(sql::META).bind(self.tenant()).bind(name);
            Ok(query.fetch_one(&mut *transaction).await?)
        })
    }
}
