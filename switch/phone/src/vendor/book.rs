//! What a phone lists: the stations by name, and the phonebook as far as its user sees it.

use provision::{BookNumber, Directory, NumberKind, Phone};

use super::device::{plain, shown_name};

/// Entries that one phone lists at most; those of the most names are left out.
const ENTRIES: usize = 2_000;

/// Somebody with numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name as shown.
    pub name: String,
    /// His numbers.
    pub numbers: Vec<BookNumber>,
    /// The place among favourites; 0 for none.
    pub favourite: u32,
}

/// What the phone's user sees, favourites first, then by name; with `search` only names and numbers that hold it.
#[must_use]
pub fn entries(directory: &Directory, phone: &Phone, search: &str) -> Vec<Entry> {
    let station = phone.stations.first().and_then(|it| directory.stations.get(it));
    let login = station.map_or("", |it| it.user.as_str());
    let teams = directory.users.get(login).map_or(&[][..], |user| &user.teams);
    let book = directory.phonebook.values().filter(|entry| entry.scope.is_seen_by(login, teams));
    let book = book.map(|entry| Entry {
        name: plain(entry.shown()),
        numbers: entry.numbers.clone(),
        favourite: entry.favourite,
    });
    let stations = directory.stations.values().map(|station| Entry {
        name: plain(shown_name(directory, station)),
        numbers: vec![BookNumber { kind: NumberKind::Office, number: station.extension.clone() }],
        favourite: 0,
    });
    let search = search.trim().to_lowercase();
    let held = |entry: &Entry| {
        let numbers = || entry.numbers.iter().any(|it| it.number.to_lowercase().contains(&search));
        search.is_empty() || entry.name.to_lowercase().contains(&search) || numbers()
    };
    let mut all: Vec<Entry> = book.chain(stations).filter(held).collect();
    let rank = |entry: &Entry| if entry.favourite == 0 { u32::MAX } else { entry.favourite };
    all.sort_by_cached_key(|entry| (rank(entry), entry.name.to_lowercase()));
    all.truncate(ENTRIES);
    all
}
