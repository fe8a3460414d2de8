//! What is set up.

use ::provision::{
    Change, Destination, DialRule, Directory, Entity, Key, Kind, Number, Phone, PhonebookEntry, Role,
    Station, Trunk, User,
};
use base::Wall;
use serde_json::json;

use crate::db::writing;
use crate::tests::on_both;
use crate::{Store, StoreError};

const NOW: Wall = Wall(1_700_000_000_123_456);

fn entities() -> Vec<Entity> {
    let trunk: Trunk = serde_json::from_value(json!({
        "name": "carrier", "hosts": ["198.51.100.0/24"], "peers": [{"uri": "sip:198.51.100.10"}],
        "password": "geheim\u{0}", "headers": [{"name": "X-Tenant", "value": "a\"b"}]
    }))
    .expect("a trunk");
    let user: User = serde_json::from_value(json!({"login": "ana", "role": "owner"})).expect("a user");
    let station: Station =
        serde_json::from_value(json!({"extension": "1001", "user": "ana"})).expect("a station");
    let rule: DialRule =
        serde_json::from_value(json!({"pattern": "^0", "trunks": ["carrier"]})).expect("a rule");
    let phone: Phone = serde_json::from_value(json!({
        "mac": "805ec0123456", "vendor": "cisco_spa", "stations": ["1001"], "keys": ["blf:1002=Ana"],
        "time_zone": "Europe/Madrid", "generation": 3
    }))
    .expect("a phone");
    let entry: PhonebookEntry = serde_json::from_value(
        json!({"entry": "taxi", "numbers": ["mobile:+15550100"], "scope": "user:ana"}),
    )
    .expect("an entry");
    let number = Number::leading("+39061234", Destination::Station("1001".into()));
    vec![
        Entity::Phone(phone),
        Entity::Phonebook(entry),
        Entity::Trunk(trunk),
        Entity::User(user),
        Entity::Station(station),
        Entity::Number(number),
        Entity::DialRule(rule),
    ]
}

fn puts() -> Vec<Change> {
    entities().into_iter().map(Change::Added).collect()
}

async fn what_is_put_is_loaded(store: &Store) {
    assert_eq!(store.load_directory().await.expect("loaded"), Directory::default());
    store.apply(&puts(), None, NOW).await.expect("applied");
    let mut expected = Directory::default();
    entities().into_iter().for_each(|entity| expected.put(entity));
    assert_eq!(store.load_directory().await.expect("loaded"), expected);
}

async fn putting_again_replaces_and_removing_removes(store: &Store) {
    store.apply(&puts(), None, NOW).await.expect("applied");
    let number = Number::leading("+39061234", Destination::Echo);
    let gone = Key { kind: Kind::User, name: "ana".into() };
    let changes = [Change::Added(Entity::Number(number.clone())), Change::Removed(gone)];
    store.apply(&changes, None, NOW).await.expect("applied");
    let directory = store.load_directory().await.expect("loaded");
    assert_eq!(directory.numbers.get("+39061234"), Some(&number));
    assert!(directory.users.is_empty());
    assert_eq!(directory.trunks.len(), 1);
}

async fn of_two_who_change_it_at_once_one_is_told(store: &Store) {
    let before = store.revision().await.expect("read");
    assert_eq!(store.apply(&puts(), Some(before), NOW).await.expect("applied"), before + 1);
    let gone = [Change::Removed(Key { kind: Kind::Trunk, name: "carrier".into() })];
    let error = store.apply(&gone, Some(before), NOW).await.expect_err("it has changed");
    assert!(
        matches!(error, StoreError::Conflict { expected, found } if expected == before && found == before + 1),
        "{error}"
    );
    assert_eq!(store.revision().await.expect("read"), before + 1, "a refused change does not count");
    assert_eq!(store.load_directory().await.expect("loaded").trunks.len(), 1, "and changes nothing");
}

async fn changes_at_the_same_time_all_count(store: &Store) {
    let changes = |name: &str| {
        let user = User { login: name.to_owned(), ..ana() };
        [Change::Added(Entity::User(user))]
    };
    let tasks: Vec<_> = (0..10)
        .map(|at| {
            let (store, changes) = (store.clone(), changes(&format!("user{at}")));
            tokio::spawn(async move { store.apply(&changes, None, NOW).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("applied");
    }
    assert_eq!(store.revision().await.expect("read"), 10);
    assert_eq!(store.load_directory().await.expect("loaded").users.len(), 10);
}

fn ana() -> User {
    User::called("ana")
}

async fn what_a_newer_version_stored_is_read_as_far_as_it_is_known(store: &Store) {
    writing!(&store.db, pool => {
        let rows = [
            ("user", "ana", r#"{"login":"ana","role":"admin","shoe_size":38}"#),
            ("carousel", "c1", "{}"),
        ];
        for (kind, name, body) in rows {
            sqlx::query(crate::sql::PUT_PROVISION).bind(1_i64).bind(kind).bind(name).bind(body).bind(0_i64)
                .execute(pool).await.expect("written");
        }
    });
    let directory = store.load_directory().await.expect("loaded");
    assert_eq!(directory.users.get("ana").map(|user| user.role), Some(Role::Admin));
}

async fn what_cannot_be_read_is_named(store: &Store) {
    writing!(&store.db, pool => {
        sqlx::query(crate::sql::PUT_PROVISION).bind(1_i64).bind("trunk").bind("carrier").bind("{").bind(0_i64)
            .execute(pool).await.expect("written");
    });
    let error = store.load_directory().await.expect_err("half a body");
    assert!(error.to_string().contains("trunk carrier"), "{error}");
}

on_both! {
    what_is_put_is_loaded,
    putting_again_replaces_and_removing_removes,
    of_two_who_change_it_at_once_one_is_told,
    changes_at_the_same_time_all_count,
    what_a_newer_version_stored_is_read_as_far_as_it_is_known,
    what_cannot_be_read_is_named,
}
