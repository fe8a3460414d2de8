//! What phones fetch; issue row "Provisioning".

use std::time::Duration;

use base::Wall;

use crate::phones::FETCHES;
use crate::tests::on_both;
use crate::{Fetch, Store};

const MAC: &str = "805ec0123456";

fn at(millis: i64) -> Wall {
    Wall::from_millis(1_700_000_000_000 + millis)
}

fn fetch(mac: &str, file: &str, millis: i64) -> Fetch {
    let (file, address, agent) = (file.to_owned(), "192.0.2.7".to_owned(), "Yealink \u{0}T46S".to_owned());
    Fetch { mac: mac.to_owned(), at: at(millis), file, address, agent }
}

async fn the_latest_fetch_of_each_phone_is_known_and_old_ones_go(store: &Store) {
    for n in 0..FETCHES + 5 {
        store.note_fetch(&fetch(MAC, "805ec0123456.cfg", n)).await.unwrap();
    }
    store.note_fetch(&fetch(MAC, "phonebook.xml", FETCHES + 4)).await.unwrap();
    store.note_fetch(&fetch(MAC, "phonebook.xml", FETCHES + 4)).await.unwrap();
    store.note_fetch(&fetch("000413000001", "snom.htm", 3)).await.unwrap();
    let last: Vec<(String, Wall)> =
        store.last_fetches().await.unwrap().into_iter().map(|it| (it.mac, it.at)).collect();
    assert_eq!(last, [("000413000001".to_owned(), at(3)), (MAC.to_owned(), at(FETCHES + 4))]);
    let all = store.fetches_of(MAC).await.unwrap();
    assert_eq!((all.len(), all[0].at), (50, at(FETCHES + 4)));
    assert!(all.iter().all(|it| it.at >= at(5)) && all[0].agent.starts_with("Yealink"));
    assert_eq!(store.fetches_of("nobody").await.unwrap(), []);
}

async fn a_token_is_good_once_and_for_a_time(store: &Store) {
    let later = |secs| at(0) + Duration::from_secs(secs);
    store.add_phone_token(&[1; 32], MAC, 3, at(0), later(900)).await.unwrap();
    store.add_phone_token(&[2; 32], MAC, 3, at(0), later(900)).await.unwrap();
    assert_eq!(store.take_phone_token(&[3; 32], at(0)).await.unwrap(), None);
    assert_eq!(store.take_phone_token(&[1; 32], later(10)).await.unwrap(), Some((MAC.to_owned(), 3)));
    assert_eq!(store.take_phone_token(&[1; 32], later(10)).await.unwrap(), None);
    assert_eq!(store.take_phone_token(&[2; 32], later(900)).await.unwrap(), None);
}

on_both! {
    the_latest_fetch_of_each_phone_is_known_and_old_ones_go,
    a_token_is_good_once_and_for_a_time,
}
