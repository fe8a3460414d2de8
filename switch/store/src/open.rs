//! Opening a store: its file, its connections, its tables.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use base::TenantId;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use crate::StoreError;
use crate::db::Db;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

const READERS: u32 = 4;
const PG_CONNECTIONS: u32 = 8;
/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
const BUSY: Duration = Duration::from_secs(5);

/// The open store. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: Db,
}

impl Store {
    /// Opens `sqlite:PATH` (made with mode 0600 when missing; its folder must exist) or `postgres://…` and brings
    /// the tables up to date.
    ///
    /// # Errors
    /// With the url, without its password, when it is of no known kind, cannot be reached, or was written by a
    /// newer version.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Self::open_lite(url, Path::new(path.strip_prefix("//").unwrap_or(path))).await;
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_pg(url).await;
        }
        Err(StoreError::Url { found: shown(url) })
    }

    /// Ends every connection; SQLite brings its log into the file.
    pub async fn close(&self) {
        match &self.db {
            Db::Lite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Db::Pg(pool) => pool.close().await,
        }
    }

    /// Whose rows are meant where no record says so.
    #[expect(clippy::unused_self, reason = "a store may come to be opened for one tenant of several")]
    pub(crate) fn tenant(&self) -> i64 {
        i64::from(TenantId::DEFAULT.0)
    }

    async fn open_lite(url: &str, path: &Path) -> Result<Self, StoreError> {
        if path.as_os_str().is_empty() || path == Path::new(":memory:") {
            return Err(StoreError::Url { found: shown(url) });
        }
        make_file(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY)
            .foreign_keys(true);
        let opened = |source| StoreError::Open { url: shown(url), source };
        let writer = SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE);
        let write = writer.connect_with(options.clone()).await.map_err(opened)?;
        SQLITE.run(&write).await.map_err(|error| not_migrated(url, error))?;
        let readers = SqlitePoolOptions::new().max_connections(READERS).acquire_timeout(PATIENCE);
        let read = readers.connect_with(options.pragma("query_only", "ON")).await.map_err(opened)?;
        Ok(Self { db: Db::Lite { write, read } })
    }

    async fn open_pg(url: &str) -> Result<Self, StoreError> {
        let opened = |source| StoreError::Open { url: shown(url), source };
        let options = PgConnectOptions::from_str(url)
            .map_err(opened)?
            .application_name("tandem")
            .options([("statement_timeout", "30s")]);
        // The pool alone would ask in vain until its patience ends, and then not say why.
        options.connect().await.map_err(opened)?.close().await.map_err(opened)?;
        let pool = PgPoolOptions::new().max_connections(PG_CONNECTIONS).acquire_timeout(PATIENCE);
        let pool = pool.connect_with(options).await.map_err(opened)?;
        POSTGRES.run(&pool).await.map_err(|error| not_migrated(url, error))?;
        Ok(Self { db: Db::Pg(pool) })
    }
}

fn make_file(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    made.map(drop).map_err(|source| StoreError::File { path: PathBuf::from(path), source })
}

fn not_migrated(url: &str, error: MigrateError) -> StoreError {
    if let MigrateError::VersionMissing(version) = error {
        return StoreError::Newer { url: shown(url), version };
    }
    StoreError::Migrate { url: shown(url), source: error }
}

/// The url without what may hold a password: what stands between the user's name and the host, and the parameters.
fn shown(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _parameters)| url);
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((user, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    let user = user.split_once(':').map_or(user, |(user, _password)| user);
    format!("{scheme}://{user}@{host}")
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, expected) in [
            ("postgres://tandem:s3:cr@t@db.example:5432/calls", "postgres://tandem@db.example:5432/calls"),
            ("postgres://db.example/calls?user=tandem&password=s3cret", "postgres://db.example/calls"),
            ("sqlite:tandem-data/tandem.db", "sqlite:tandem-data/tandem.db"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
