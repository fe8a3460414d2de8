//! Tokens, sessions and the node's own secrets.

use ::provision::Role;
use base::Wall;

use crate::tests::on_both;
use crate::{Session, Store, Token};

fn at(secs: i64) -> Wall {
    Wall::from_millis(1_700_000_000_000 + secs * 1_000)
}

fn token(id: &str, role: Role) -> Token {
    Token {
        id: id.into(),
        name: format!("for {id}"),
        role,
        created_at: at(0),
        last_used_at: None,
        revoked_at: None,
    }
}

async fn a_token_is_found_by_its_hash_until_it_is_revoked(store: &Store) {
    let (first, second) = (token("t1", Role::Admin), token("t2", Role::Supervisor));
    store.add_token(&first, &[1; 32]).await.expect("kept");
    store.add_token(&second, &[2; 32]).await.expect("kept");
    assert_eq!(store.token(&[1; 32]).await.expect("read"), Some(first));
    assert_eq!(store.token(&[3; 32]).await.expect("read"), None);
    assert!(store.revoke_token("t1", at(9)).await.expect("revoked"));
    assert!(!store.revoke_token("t1", at(10)).await.expect("revoked"), "once");
    assert_eq!(store.token(&[1; 32]).await.expect("read"), None);
    let all = store.tokens().await.expect("read");
    assert_eq!(all.iter().map(|it| it.revoked_at).collect::<Vec<_>>(), [Some(at(9)), None]);
    let error = store.add_token(&token("t3", Role::Agent), &[2; 32]).await.expect_err("the hash is taken");
    assert!(!error.is_transient());
}

async fn a_tokens_last_use_is_known_to_the_minute(store: &Store) {
    store.add_token(&token("t1", Role::Admin), &[1; 32]).await.expect("kept");
    let mut seen = Vec::new();
    for secs in [5, 30, 64, 66] {
        store.token_used("t1", at(secs)).await.expect("noted");
        seen.push(store.token(&[1; 32]).await.expect("read").and_then(|it| it.last_used_at));
    }
    assert_eq!(seen, [Some(at(5)), Some(at(5)), Some(at(5)), Some(at(66))]);
}

async fn a_session_is_good_until_it_ends(store: &Store) {
    let session = Session { login: "ana".into(), created_at: at(0), expires_at: at(60) };
    store.put_session(&[1; 32], &session).await.expect("kept");
    assert_eq!(store.session(&[1; 32], at(59)).await.expect("read"), Some(session.clone()));
    assert_eq!(store.session(&[1; 32], at(60)).await.expect("read"), None);
    let longer = Session { expires_at: at(90), ..session };
    store.put_session(&[1; 32], &longer).await.expect("prolonged");
    assert_eq!(store.session(&[1; 32], at(60)).await.expect("read"), Some(longer));
    assert!(store.end_session(&[1; 32]).await.expect("ended"));
    assert_eq!(store.session(&[1; 32], at(1)).await.expect("read"), None);
    assert!(!store.end_session(&[1; 32]).await.expect("ended"));
}

async fn every_session_of_a_user_and_every_old_one_can_be_ended(store: &Store) {
    for (hash, login, ends) in [(1, "ana", 60), (2, "ana", 61), (3, "bob", 62), (4, "bob", 10)] {
        let session = Session { login: login.into(), created_at: at(0), expires_at: at(ends) };
        store.put_session(&[hash; 32], &session).await.expect("kept");
    }
    assert_eq!(store.end_expired_sessions(at(10)).await.expect("ended"), 1);
    assert_eq!(store.end_sessions_of("ana").await.expect("ended"), 2);
    assert!(store.session(&[3; 32], at(1)).await.expect("read").is_some());
}

async fn a_secret_drawn_twice_at_once_is_one_secret(store: &Store) {
    assert_eq!(store.meta("nonce_secret").await.expect("read"), None);
    let draw = |value: &'static str| {
        let store = store.clone();
        tokio::spawn(async move { store.meta_or("nonce_secret", value).await })
    };
    let tasks = [draw("one"), draw("two"), draw("three")];
    let mut drawn = Vec::new();
    for task in tasks {
        drawn.push(task.await.expect("no panic").expect("drawn"));
    }
    drawn.dedup();
    assert_eq!(drawn.len(), 1);
    assert_eq!(store.meta("nonce_secret").await.expect("read"), drawn.pop());
    store.put_meta("nonce_secret", "new").await.expect("set");
    assert_eq!(store.meta("nonce_secret").await.expect("read").as_deref(), Some("new"));
}

on_both! {
    a_token_is_found_by_its_hash_until_it_is_revoked,
    a_tokens_last_use_is_known_to_the_minute,
    a_session_is_good_until_it_ends,
    every_session_of_a_user_and_every_old_one_can_be_ended,
    a_secret_drawn_twice_at_once_is_one_secret,
}
