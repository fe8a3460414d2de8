//! Failed logins become bans, and bans wear off.
//!
//! Only a wrong answer to a challenge that was sent to the very same address counts: nobody can have another banned by
//! forging his address. Scores halve every five minutes; each ban is four times as long as the one before, and an hour
//! without a ban takes one step back.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use base::{Mono, Now, Wall, limits};

use super::place::Place;

/// A wrong answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offence {
    /// Where it came from; `None` behind an edge proxy of ours, whose address is everybody's.
    pub source: Option<IpAddr>,
    /// The account it tried, which may not exist; `None` when the try was answered unseen: the account's waiting time is
    /// for others, the address pays for it.
    pub account: Option<String>,
}

/// One ban that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// On what.
    pub place: Place,
    /// Since when.
    pub since: Wall,
    /// Until when, if nothing more happens.
    pub until: Wall,
    /// The same for timers.
    pub until_mono: Mono,
    /// Which ban in a row, 1 for the first.
    pub times: u8,
}

/// Whether credentials are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are.
    Try,
    /// The account is under attack: they are answered as if wrong, unseen.
    Later,
    /// Its address is banned: no answer at all.
    Ignore,
}

/// Wrong answers before an address is banned.
const ADDRESS_TRIES: u32 = 10;
/// Wrong answers from a whole network before it is banned.
const NETWORK_TRIES: u32 = 60;
/// Wrong answers of an address that are looked at whatever its account has to wait: its owner needs one or two.
const FIRST_TRIES: u32 = 3;
/// Wrong answers for one account before strangers have to wait between tries.
const ACCOUNT_TRIES: u32 = 15;
const HALF_LIFE: Duration = Duration::from_secs(300);
const FIRST_BAN: Duration = Duration::from_secs(60);
const LONGEST_BAN: Duration = Duration::from_secs(24 * 3_600);
/// An account's own bans stay short: its owner may be on the way to another phone.
const LONGEST_WAIT: Duration = Duration::from_secs(64);
const FORGIVEN_AFTER: Duration = Duration::from_secs(3_600);
const POINT: u32 = 1_000;

/// Every score and every ban, bounded.
#[derive(Debug, Default)]
pub struct Bans {
    records: HashMap<Place, Record>,
    new: VecDeque<Ban>,
    /// Bans issued so far.
    issued: u64,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    score: u32,
    seen: Mono,
    times: u8,
    since: Wall,
    banned_until: Mono,
}

impl Bans {
    /// Nobody has done anything yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a wrong answer against its address, its network and its account.
    pub fn offended(&mut self, now: Now, offence: &Offence) {
        let Offence { source, account } = offence;
        if let Some(source) = *source {
            self.count(now, Place::address(source), ADDRESS_TRIES);
            self.count(now, Place::network(source), NETWORK_TRIES);
        }
        if let Some(account) = account {
            let account = account.chars().take(limits::RECORD_CHARS).collect();
            self.count(now, Place::Account(account), ACCOUNT_TRIES);
        }
    }

    /// A right answer clears what its address got wrong by mistake; its network and the account stay as they are.
    pub fn proved(&mut self, now: Now, source: IpAddr) {
        let place = Place::address(source);
        if self.records.get(&place).is_some_and(|record| record.banned_until <= now.mono) {
            self.records.remove(&place);
        }
    }

    /// Whether credentials for an account are looked at when they come from an address where it is not registered.
    #[must_use]
    pub fn verdict(&self, now: Now, source: Option<IpAddr>, account: &str) -> Verdict {
        if self.records.is_empty() {
            Verdict::Try
        } else if source.is_some_and(|it| {
            self.is_banned(now, &Place::address(it)) || self.is_banned(now, &Place::network(it))
        }) {
            Verdict::Ignore
        } else if self.is_banned(now, &Place::Account(account.to_owned()))
            && !source.is_some_and(|it| self.has_tries(now, it))
        {
            Verdict::Later
        } else {
            Verdict::Try
        }
    }

    /// Whether a ban on exactly this place stands.
    #[must_use]
    pub fn is_banned(&self, now: Now, place: &Place) -> bool {
        self.records.get(place).is_some_and(|record| record.banned_until > now.mono)
    }

    /// Whether an address has hardly got anything wrong yet.
    fn has_tries(&self, now: Now, source: IpAddr) -> bool {
        self.records.get(&Place::address(source)).is_none_or(|record| {
            let mut record = *record;
            record.decay(now.mono);
            record.times == 0 && record.score < FIRST_TRIES * POINT
        })
    }

    /// The next ban that was issued, to tell the doors and the operator.
    pub fn poll(&mut self) -> Option<Ban> {
        self.new.pop_front()
    }

    /// Ends a ban and forgets its score; `false` when there is none.
    pub fn lift(&mut self, now: Now, place: &Place) -> bool {
        self.records.remove(place).is_some_and(|record| record.banned_until > now.mono)
    }

    /// Bans that stand, the latest first, at most `most`.
    #[must_use]
    pub fn list(&self, now: Now, most: usize) -> Vec<Ban> {
        if self.records.is_empty() {
            return Vec::new();
        }
        let standing = self.records.iter().filter(|(_, record)| record.banned_until > now.mono);
        let mut bans: Vec<Ban> = standing.map(|(place, record)| record.ban(now, place)).collect();
        bans.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| a.place.cmp(&b.place)));
        bans.truncate(most);
        bans
    }

    /// Bans issued since the start.
    #[must_use]
    pub fn issued(&self) -> u64 {
        self.issued
    }

    fn count(&mut self, now: Now, place: Place, tries: u32) {
        self.make_room(now.mono, &place);
        let fresh = Record { score: 0, seen: now.mono, times: 0, since: now.wall, banned_until: Mono(0) };
        let record = self.records.entry(place.clone()).or_insert(fresh);
        record.decay(now.mono);
        record.score = record.score.saturating_add(POINT);
        if record.score < tries * POINT || record.banned_until > now.mono {
            return;
        }
        let (first, longest) = match place {
            Place::Address(_) | Place::Network(_) => (FIRST_BAN, LONGEST_BAN),
            Place::Account(_) => (Duration::from_secs(1), LONGEST_WAIT),
        };
        let steps = u32::from(record.times);
        let length = first.saturating_mul(4_u32.saturating_pow(steps)).min(longest);
        record.times = record.times.saturating_add(1);
        record.since = now.wall;
        record.banned_until = now.mono + length;
        record.score = match place {
            // Half of what it takes is left: the next ban comes sooner.
            Place::Address(_) | Place::Network(_) => record.score / 2,
            // One try at a time from now on.
            Place::Account(_) => (tries - 1) * POINT,
        };
        let ban = record.ban(now, &place);
        self.issued += 1;
        self.new.push_back(ban);
    }

    /// At the bound scores are forgotten and bans kept; too many bans are forgotten too.
    fn make_room(&mut self, now: Mono, place: &Place) {
        if self.records.len() < limits::OFFENDERS || self.records.contains_key(place) {
            return;
        }
        self.records.retain(|_, record| record.banned_until > now);
        if self.records.len() >= limits::OFFENDERS / 4 * 3 {
            self.records.retain(|place, _| matches!(place, Place::Network(_)));
        }
        if self.records.len() >= limits::OFFENDERS / 4 * 3 {
            self.records.clear();
        }
    }
}

impl Record {
    fn decay(&mut self, now: Mono) {
        let halves = now.since(self.seen).as_secs() / HALF_LIFE.as_secs();
        if halves > 0 {
            self.score = self.score.checked_shr(u32::try_from(halves).unwrap_or(u32::MAX)).unwrap_or(0);
            self.seen = now;
        }
        let quiet_hours = now.since(self.banned_until).as_secs() / FORGIVEN_AFTER.as_secs();
        if self.banned_until > Mono(0) && quiet_hours > 0 {
            self.times = self.times.saturating_sub(u8::try_from(quiet_hours).unwrap_or(u8::MAX));
            self.banned_until = if self.times == 0 { Mono(0) } else { now };
        }
    }

    fn ban(&self, now: Now, place: &Place) -> Ban {
        let left = self.banned_until.since(now.mono);
        Ban {
            place: place.clone(),
            since: self.since,
            until: now.wall + left,
            until_mono: self.banned_until,
            times: self.times,
        }
    }
}

#[cfg(test)]
#[path = "bans_tests.rs"]
mod tests;
