//! Where registered phones are.

use base::Wall;

use crate::tests::on_both;
use crate::{BindingChange, BindingRow, Store};

fn at(secs: i64) -> Wall {
    Wall::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn row(aor: &str, contact: &str, expires: i64) -> BindingRow {
    let body = format!("{{\"contact\":\"{contact}\",\"expires\":{expires}}}");
    BindingRow { aor: aor.into(), contact: contact.into(), body, expires_at: at(expires) }
}

fn put(aor: &str, contact: &str, expires: i64) -> BindingChange {
    BindingChange::Put(row(aor, contact, expires))
}

fn remove(aor: &str, contact: &str) -> BindingChange {
    BindingChange::Remove { aor: aor.into(), contact: contact.into() }
}

async fn bindings_are_loaded_as_they_were_left(store: &Store) {
    let changes = [put("1001", "sip:a", 60), put("1002", "sip:b", 60), put("1001", "sip:c", 90)];
    store.apply_bindings(&changes).await.expect("applied");
    store.apply_bindings(&[remove("1002", "sip:b"), put("1001", "sip:a", 120)]).await.expect("applied");
    let expected = vec![row("1001", "sip:a", 120), row("1001", "sip:c", 90)];
    assert_eq!(store.load_bindings(at(0)).await.expect("loaded"), expected);
}

async fn of_several_changes_to_one_contact_the_last_counts(store: &Store) {
    let changes = [
        put("1001", "sip:a", 60),
        remove("1001", "sip:a"),
        put("1001", "sip:a", 90),
        put("1002", "sip:b", 60),
        remove("1002", "sip:b"),
    ];
    store.apply_bindings(&changes).await.expect("applied");
    store.apply_bindings(&changes).await.expect("the same again changes nothing");
    assert_eq!(store.load_bindings(at(0)).await.expect("loaded"), vec![row("1001", "sip:a", 90)]);
}

async fn ended_bindings_are_not_loaded_and_go(store: &Store) {
    let changes = [put("1001", "sip:a", 60), put("1002", "sip:b", 61)];
    store.apply_bindings(&changes).await.expect("applied");
    assert_eq!(store.load_bindings(at(60)).await.expect("loaded"), vec![row("1002", "sip:b", 61)]);
    assert_eq!(store.remove_expired_bindings(at(60)).await.expect("removed"), 1);
    assert_eq!(store.load_bindings(at(0)).await.expect("loaded"), vec![row("1002", "sip:b", 61)]);
}

async fn a_thousand_changes_and_the_longest_contact_fit(store: &Store) {
    let long = format!("sip:{}@203.0.113.9", "x".repeat(2_000));
    let mut changes: Vec<BindingChange> = (0..1_000).map(|at| put(&at.to_string(), "sip:a", 60)).collect();
    changes.push(put("1001", &long, 60));
    store.apply_bindings(&changes).await.expect("applied");
    assert_eq!(store.load_bindings(at(0)).await.expect("loaded").len(), 1_001);
}

on_both! {
    bindings_are_loaded_as_they_were_left,
    of_several_changes_to_one_contact_the_last_counts,
    ended_bindings_are_not_loaded_and_go,
    a_thousand_changes_and_the_longest_contact_fit,
}
