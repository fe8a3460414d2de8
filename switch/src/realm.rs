//! For which digest realm each station's password was hashed.
//!
//! A station's HA1 values hold the realm (RFC 7616 §3.4.2), so another `[sip] realm` makes them useless, and only
//! the password itself gives new ones. The store remembers the realm, so that a change does not go unnoticed.

use std::collections::BTreeMap;
use std::fmt;

use provision::{Directory, Station};
use serde::{Deserialize, Serialize};
use store::{Store, StoreError};
use webadmin::auth;

/// Where the store keeps it.
const MARK: &str = "station_realms";

/// What was known when somebody last looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realms {
    /// The node's realm.
    realm: String,
    /// Stations whose password was set for another one, by extension.
    stale: BTreeMap<String, Made>,
}

/// What a station's HA1 values were made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    realm: String,
    /// The SHA-256 of the HA1 values: others mean that the password was set again.
    digest: [u8; 32],
}

/// Stations that cannot log in before their passwords are set again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    realm: String,
    others: Vec<String>,
    stations: usize,
}

impl Realms {
    /// What the store knows for a node with this realm and these stations; a store that knows nothing yet believes
    /// the realm.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(store: &Store, realm: &str, directory: &Directory) -> Result<Self, StoreError> {
        let known = store.meta(MARK).await?.and_then(|text| serde_json::from_str(&text).ok());
        let known = known.unwrap_or_else(|| Self { realm: realm.to_owned(), stale: BTreeMap::new() });
        Ok(known.with(realm, directory))
    }

    /// Stores it, when the store does not know it yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn keep(&self, store: &Store) -> Result<(), StoreError> {
        let text = serde_json::to_string(self).expect("plain data becomes JSON");
        if store.meta(MARK).await?.as_ref() == Some(&text) {
            return Ok(());
        }
        store.put_meta(MARK, &text).await
    }

    /// The same after a look at the node's realm and its stations now.
    #[must_use]
    pub fn with(mut self, realm: &str, directory: &Directory) -> Self {
        if self.realm != realm {
            for (extension, station) in directory.stations.iter().filter(|(_, station)| has_password(station))
            {
                let made = || Made { realm: self.realm.clone(), digest: digest(station) };
                self.stale.entry(extension.clone()).or_insert_with(made);
            }
            realm.clone_into(&mut self.realm);
        }
        self.stale.retain(|extension, made| {
            let station = directory.stations.get(extension);
            made.realm != realm && station.is_some_and(|station| digest(station) == made.digest)
        });
        self
    }

    /// The same after a look at the stations now.
    #[must_use]
    pub fn now(self, directory: &Directory) -> Self {
        let realm = self.realm.clone();
        self.with(&realm, directory)
    }

    /// Whose passwords must be set again; `None` when nobody's.
    #[must_use]
    pub fn stale(&self) -> Option<Stale> {
        let mut others: Vec<_> = self.stale.values().map(|made| made.realm.clone()).collect();
        let stations = others.len();
        others.sort();
        others.dedup();
        (stations > 0).then(|| Stale { realm: self.realm.clone(), others, stations })
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { realm, others, stations } = self;
        let others: Vec<_> = others.iter().map(|other| format!("{other:?}")).collect();
        let (noun, verb) = if *stations == 1 {
            ("station", "needs its password")
        } else {
            ("stations", "need their passwords")
        };
        let others = others.join(", ");
        write!(
            f,
            "{stations} {noun} {verb} set again: [sip] realm is {realm:?} now, they were set for {others}"
        )
    }
}

fn has_password(station: &Station) -> bool {
    !station.ha1_md5.is_empty() || !station.ha1_sha256.is_empty()
}

fn digest(station: &Station) -> [u8; 32] {
    auth::digest(&format!("{} {}", station.ha1_md5, station.ha1_sha256))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(stations: &[(&str, &str)]) -> Directory {
        let mut directory = Directory::default();
        for (extension, ha1) in stations {
            let station = Station { ha1_md5: (*ha1).to_owned(), ..Station::numbered(extension) };
            directory.stations.insert((*extension).to_owned(), station);
        }
        directory
    }

    fn said(realms: &Realms) -> String {
        realms.stale().map_or_else(String::new, |stale| stale.to_string())
    }

    #[test]
    fn another_realm_makes_every_password_useless_until_it_is_set_again() {
        let before = directory(&[("1001", "a"), ("1002", "b"), ("1003", "")]);
        let realms = Realms { realm: "old".to_owned(), ..Realms::default() }.with("old", &before);
        assert_eq!(realms.stale(), None);
        let realms = realms.with("new", &before);
        assert_eq!(
            said(&realms),
            "2 stations need their passwords set again: [sip] realm is \"new\" now, they were set for \"old\""
        );
        let realms = realms.with("new", &directory(&[("1001", "c"), ("1002", "b"), ("1004", "d")]));
        assert!(said(&realms).starts_with("1 station needs its password set again"), "{}", said(&realms));
        assert_eq!(
            realms.clone().with("new", &directory(&[])).stale(),
            None,
            "a station that is gone logs in no more"
        );
        let realms = realms.with("third", &directory(&[("1001", "c"), ("1002", "b")]));
        assert!(
            said(&realms).ends_with("\"third\" now, they were set for \"new\", \"old\""),
            "{}",
            said(&realms)
        );
    }

    #[test]
    fn going_back_to_the_realm_makes_its_passwords_good_again() {
        let stations = directory(&[("1001", "a")]);
        let realms = Realms { realm: "old".to_owned(), ..Realms::default() };
        let realms = realms.with("new", &stations).with("old", &stations);
        assert_eq!(realms.stale(), None);
    }
}
