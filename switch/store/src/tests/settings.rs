//! How people want calls to reach their stations.

use crate::Store;
use crate::tests::on_both;

async fn settings_are_loaded_as_they_were_left(store: &Store) {
    store.keep_settings("1001", Some("{\"do_not_disturb\":true}")).await.expect("kept");
    store.keep_settings("1002", Some("{}")).await.expect("kept");
    store.keep_settings("1001", Some("{\"forward_busy\":\"1003\"}")).await.expect("kept");
    store.keep_settings("1002", None).await.expect("forgotten");
    store.keep_settings("1009", None).await.expect("nothing to forget");
    let expected = vec![("1001".to_owned(), "{\"forward_busy\":\"1003\"}".to_owned())];
    assert_eq!(store.load_settings().await.expect("loaded"), expected);
}

on_both! { settings_are_loaded_as_they_were_left }
