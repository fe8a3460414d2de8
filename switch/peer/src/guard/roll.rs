//! The roll: who is known and who is banned, as all doors read it and shards write it.
//!
//! A table of atomic words, written by whoever is told a [`Notice`] and read without waiting on every packet. An entry is
//! a keyed hash and a time of expiry; it says nothing about anybody to who does not ask by name.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{Entropy, Mono};

use super::place::{Place, address, network};

/// What can stand on the roll.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Entry {
    /// A phone's exact address and port has shown a password, or is a trunk's.
    Flow(SocketAddr),
    /// Somebody at this address has shown a password, or it is a trunk's.
    Known(IpAddr),
    /// A trunk's address: its calls are bounded by the trunk's own caps.
    Trunk(IpAddr),
    /// Failed logins came from here.
    Banned(IpAddr),
    /// Failed logins came from all over this network.
    BannedNetwork(IpAddr),
    /// An emergency number: calls to it suffer last.
    Emergency(String),
}

impl Entry {
    /// The entry of an exact address and port.
    #[must_use]
    pub fn flow(remote: SocketAddr) -> Self {
        Self::Flow(SocketAddr::new(remote.ip().to_canonical(), remote.port()))
    }

    /// The entry of an address where somebody is known.
    #[must_use]
    pub fn known(source: IpAddr) -> Self {
        Self::Known(address(source))
    }

    /// The entry of a trunk's address.
    #[must_use]
    pub fn trunk(source: IpAddr) -> Self {
        Self::Trunk(source.to_canonical())
    }

    /// The entry that keeps a place out; accounts are no business of a door.
    #[must_use]
    pub fn ban(place: &Place) -> Option<Self> {
        match place {
            Place::Address(ip) => Some(Self::Banned(*ip)),
            Place::Network(ip) => Some(Self::BannedNetwork(*ip)),
            Place::Account(_) => None,
        }
    }
}

/// A change of the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Of what.
    pub entry: Entry,
    /// Until when it stands; in the past takes it off.
    pub until: Mono,
}

const PAGE_ROWS: usize = 64;
const WAYS: usize = 8;
const PAGE: usize = PAGE_ROWS * WAYS;

/// The shared table. In a full row the entry that ends first makes room: its phone is a stranger until it registers
/// again, which strangers may.
#[derive(Debug)]
pub struct Roll {
    secret: u64,
    pages: Box<[OnceLock<Box<[AtomicU64]>>]>,
}

impl Roll {
    /// An empty roll with room for `entries`; memory is taken as it fills.
    #[must_use]
    pub fn new(entries: usize, entropy: &mut dyn Entropy) -> Self {
        let pages = entries.div_ceil(PAGE).max(1).next_power_of_two();
        Self { secret: entropy.next_u64(), pages: (0..pages).map(|_| OnceLock::new()).collect() }
    }

    /// Writes a change down. Two who write the same row at once may lose one of the entries, which comes again.
    pub fn note(&self, now: Mono, notice: &Notice) {
        let (mark, row) = self.row_of(&notice.entry);
        let Some(row) = self.row_to_write(row) else { return };
        let word = (u64::from(mark) << 32) | u64::from(secs(notice.until));
        let place = row
            .iter()
            .find(|word| mark_of(word.load(Ordering::Relaxed)) == mark)
            .or_else(|| row.iter().min_by_key(|word| until_of(word.load(Ordering::Relaxed))));
        let Some(place) = place else { return };
        let gone = notice.until <= now;
        if !gone {
            place.store(word, Ordering::Relaxed);
        } else if mark_of(place.load(Ordering::Relaxed)) == mark {
            place.store(0, Ordering::Relaxed);
        }
    }

    /// Whether an entry stands.
    #[must_use]
    pub fn has(&self, now: Mono, entry: &Entry) -> bool {
        let (mark, row) = self.row_of(entry);
        let Some(row) = self.row(row) else { return false };
        let words = row.iter().map(|word| word.load(Ordering::Relaxed));
        words.into_iter().any(|word| mark_of(word) == mark && until_of(word) > secs(now))
    }

    /// Whether an address or its network is banned.
    #[must_use]
    pub fn is_banned(&self, now: Mono, source: IpAddr) -> bool {
        self.has(now, &Entry::Banned(address(source)))
            || self.has(now, &Entry::BannedNetwork(network(source)))
    }

    /// Whether nothing of an address is heard: banned, and nobody known there.
    #[must_use]
    pub fn keeps_out(&self, now: Mono, source: IpAddr) -> bool {
        self.is_banned(now, source)
            && !self.has(now, &Entry::known(source))
            && !self.has(now, &Entry::trunk(source))
    }

    /// A number strangers cannot foresee, for tables beside this one.
    pub(super) fn key(&self, value: impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.secret);
        value.hash(&mut hasher);
        hasher.finish()
    }

    fn row_of(&self, entry: &Entry) -> (u32, usize) {
        let key = self.key(entry);
        let mark = u32::try_from(key >> 32).unwrap_or(0).max(1);
        let rows = self.pages.len() * PAGE_ROWS;
        (mark, usize::try_from(key & 0xffff_ffff).unwrap_or(0) & (rows - 1))
    }

    fn row(&self, row: usize) -> Option<&[AtomicU64]> {
        let page = self.pages.get(row / PAGE_ROWS)?.get()?;
        page.get((row % PAGE_ROWS) * WAYS..)?.get(..WAYS)
    }

    fn row_to_write(&self, row: usize) -> Option<&[AtomicU64]> {
        let empty = || (0..PAGE).map(|_| AtomicU64::new(0)).collect();
        self.pages.get(row / PAGE_ROWS)?.get_or_init(empty);
        self.row(row)
    }
}

fn mark_of(word: u64) -> u32 {
    u32::try_from(word >> 32).unwrap_or(0)
}

fn until_of(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or(0)
}

/// Whole seconds, rounded up: an entry stands at least as long as it was told.
fn secs(at: Mono) -> u32 {
    let secs = at.since(Mono(0)).saturating_add(Duration::from_micros(999_999)).as_secs();
    u32::try_from(secs).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use base::testing::Counting;

    use super::*;

    fn at(secs: u64) -> Mono {
        Mono(secs * 1_000_000)
    }

    fn roll(entries: usize) -> Roll {
        Roll::new(entries, &mut Counting::default())
    }

    #[test]
    fn an_entry_stands_until_its_time_and_can_be_taken_off() {
        let roll = roll(1_000);
        let entry = Entry::Known(IpAddr::from([192, 0, 2, 7]));
        assert!(!roll.has(at(1), &entry));
        roll.note(at(1), &Notice { entry: entry.clone(), until: at(61) });
        assert!(roll.has(at(60), &entry));
        assert!(!roll.has(at(61), &entry));
        roll.note(at(2), &Notice { entry: entry.clone(), until: at(2) });
        assert!(!roll.has(at(3), &entry));
    }

    #[test]
    fn a_ban_on_a_network_holds_for_each_address_in_it_and_no_other() {
        let roll = roll(1_000);
        let ban = Entry::ban(&Place::network(IpAddr::from([198, 51, 100, 9]))).unwrap();
        roll.note(at(1), &Notice { entry: ban, until: at(60) });
        assert!(roll.is_banned(at(2), IpAddr::from([198, 51, 100, 200])));
        assert!(!roll.is_banned(at(2), IpAddr::from([198, 51, 101, 200])));
    }

    #[test]
    fn fifty_thousand_phones_fit_a_roll_of_their_size_and_more_only_replace() {
        let roll = roll(1 << 17);
        let entry = |n: u32| Entry::Known(IpAddr::from(n.to_be_bytes()));
        for n in 0..50_000 {
            roll.note(at(1), &Notice { entry: entry(n), until: at(3_600) });
        }
        let held = (0..50_000).filter(|n| roll.has(at(2), &entry(*n))).count();
        assert!(held > 49_800, "{held}");
        for n in 50_000..500_000 {
            roll.note(at(1), &Notice { entry: entry(n), until: at(7_200) });
        }
        assert_eq!(
            roll.pages.iter().filter_map(OnceLock::get).map(|page| page.len()).sum::<usize>(),
            1 << 17
        );
    }
}
