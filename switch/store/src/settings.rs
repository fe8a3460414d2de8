//! How people want calls to reach their stations.

use sqlx::FromRow;

use crate::db::{bound, reading, writing};
use crate::words::clean;
use crate::{Store, StoreError, sql};

#[derive(FromRow)]
struct Row {
    extension: String,
    body: String,
}

impl Store {
    /// Every station with settings of its own, and these as JSON.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load_settings(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows: Vec<Row> = reading!(&self.db, pool => {
            sqlx::query_as(sql::LOAD_SETTINGS).bind(self.tenant()).fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(|Row { extension, body }| (extension, body)).collect())
    }

    /// Keeps what holds for a station from now on; `None` forgets it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_settings(&self, extension: &str, body: Option<&str>) -> Result<(), StoreError> {
        let (tenant, extension) = (self.tenant(), clean(extension));
        writing!(&self.db, pool => {
            match body {
                Some(body) => {
                    let query = sqlx::query(sql::PUT_SETTINGS);
                    bound!(query; tenant, extension, clean(body)).execute(pool).await.map(drop)?;
                }
                None => {
                    let query = sqlx::query(sql::REMOVE_SETTINGS);
                    bound!(query; tenant, extension).execute(pool).await.map(drop)?;
                }
            }
        });
        Ok(())
    }
}
