//! Opening, opening again, and statements both engines understand.

use std::os::unix::fs::PermissionsExt;

use sqlx::{Connection, Executor, SqlSafeStr};

use crate::bulk::{Bulk, Marks};
use crate::db::writing;
use crate::tests::engines::Place;
use crate::tests::on_both;
use crate::{Store, StoreError, sql};

async fn every_statement_can_be_prepared(store: &Store) {
    writing!(&store.db, pool => {
        for (name, text) in sql::ALL {
            if let Err(error) = pool.prepare(text.into_sql_str()).await {
                panic!("{name}: {error}");
            }
        }
        for (name, bulk) in sql::BULK {
            for groups in [1, 3] {
                if let Err(error) = pool.prepare(bulk.of(groups, marks(bulk, store)).into_sql_str()).await {
                    panic!("{name} with {groups}: {error}");
                }
            }
        }
    });
}

/// As the store itself chooses them.
fn marks(bulk: &Bulk, store: &Store) -> Marks {
    if bulk.fixed > 0 { Marks::Numbered } else { store.db.marks() }
}

async fn it_keeps_what_it_has_when_opened_again(place: &Place) {
    let store = place.open().await;
    store.put_meta("realm", "tandem").await.expect("set");
    store.close().await;
    assert_eq!(place.open().await.meta("realm").await.expect("read").as_deref(), Some("tandem"));
}

async fn a_store_of_a_newer_version_is_refused(place: &Place) {
    let store = place.open().await;
    writing!(&store.db, pool => {
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
            SELECT 9999, 'newer', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
        sqlx::query(newer).execute(pool).await.expect("written");
    });
    store.close().await;
    let error = Store::open(&place.url).await.expect_err("newer");
    assert!(matches!(error, StoreError::Newer { version: 9_999, .. }), "{error}");
}

on_both! { every_statement_can_be_prepared }

#[tokio::test]
async fn sqlite_and_postgres_keep_what_they_have_when_opened_again() {
    it_keeps_what_it_has_when_opened_again(&Place::sqlite()).await;
    it_keeps_what_it_has_when_opened_again(&Place::postgres().await).await;
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_by_both() {
    a_store_of_a_newer_version_is_refused(&Place::sqlite()).await;
    a_store_of_a_newer_version_is_refused(&Place::postgres().await).await;
}

#[tokio::test]
async fn sqlites_files_can_be_read_by_their_owner_only() {
    let place = Place::sqlite();
    let store = place.open().await;
    store.put_meta("realm", "tandem").await.expect("set");
    let path = place.url.trim_start_matches("sqlite:");
    for suffix in ["", "-wal", "-shm"] {
        let file = std::fs::metadata(format!("{path}{suffix}")).expect("there");
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{suffix}");
    }
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer_and_cannot_write() {
    let place = Place::sqlite();
    let store = place.open().await;
    store.put_meta("realm", "before").await.expect("set");
    let crate::db::Db::Lite { write, read } = &store.db else { panic!("opened as SQLite") };
    let mut writer = write.acquire().await.expect("the writer");
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.expect("begun");
    let put = sqlx::query(sql::PUT_META).bind(1_i64).bind("realm").bind("after");
    put.execute(&mut *transaction).await.expect("written");
    assert_eq!(store.meta("realm").await.expect("read").as_deref(), Some("before"));
    transaction.commit().await.expect("committed");
    assert_eq!(store.meta("realm").await.expect("read").as_deref(), Some("after"));
    sqlx::query("DELETE FROM meta").execute(read).await.expect_err("readers only read");
}

#[tokio::test]
async fn what_is_no_store_is_refused_without_showing_a_password() {
    for url in ["mysql://root:s3cret@db/x", "sqlite:", "sqlite::memory:", "tandem.db"] {
        let error = Store::open(url).await.expect_err("no store");
        assert!(matches!(error, StoreError::Url { .. }), "{error}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    let error = Store::open("sqlite:/no/such/folder/tandem.db").await.expect_err("no folder");
    assert!(error.to_string().contains("/no/such/folder/tandem.db"), "{error}");
    let error = Store::open("postgres://tandem:s3cret@127.0.0.1:1/x").await.expect_err("nobody listens");
    assert!(error.is_transient());
    assert!(!error.to_string().contains("s3cret"), "{error}");
}
