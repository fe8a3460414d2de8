//! The directory made ready for questions: patterns compiled, lookups indexed. Immutable; a change makes a new one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use base::wire::Proof;
use phone::codes;
use provision::{
    Anonymous, BadPattern, Conference, Destination, DialRule, Directory, EMERGENCY_NUMBERS, Feature, Group,
    HostMask, IntercomFrom, Key, Kind, Mailbox, Member, Number, Parking, Pattern, RecordingPolicy, Scope,
    Station, TimeZone, Trunk, User, Vendor,
};

use crate::dialled;
use crate::{Schedule, TrunkRoute};

/// Everything a routing decision reads.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    directory: Arc<Directory>,
    stations_by_user: HashMap<String, Vec<String>>,
    trunks: BTreeMap<String, TrunkRoute>,
    single_sources: HashMap<IpAddr, String>,
    networks: Vec<(HostMask, String)>,
    conferences_by_extension: HashMap<String, String>,
    groups_by_extension: HashMap<String, String>,
    numbers: HashMap<String, (String, Destination)>,
    patterns: Vec<(Pattern, Destination)>,
    dial_rules: Vec<(Pattern, DialRule)>,
    codes: codes::Table,
    /// Who made the phones of a station, where all that are set up are of one vendor.
    makers: HashMap<String, Option<Vendor>>,
    hours: HashMap<String, Schedule>,
}

/// A directory that cannot be used: an entity whose pattern or rewriting rule does not compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct BuildError {
    /// Which entity.
    pub key: Key,
    /// What is wrong with it.
    pub reason: String,
}

impl Snapshot {
    /// Makes a directory ready. Where two trunks name the same source the first by name has it.
    ///
    /// # Errors
    /// When a pattern does not compile; a directory that passed `provision::check` has none such.
    pub fn build(directory: Arc<Directory>) -> Result<Self, BuildError> {
        let codes = codes::Table::of(&directory);
        let mut snapshot = Self { directory: Arc::clone(&directory), codes, ..Self::default() };
        for station in directory.stations.values().filter(|station| !station.user.is_empty()) {
            let of_user = snapshot.stations_by_user.entry(station.user.clone()).or_default();
            of_user.push(station.extension.clone());
        }
        for conference in directory.conferences.values().filter(|it| !it.extension.is_empty()) {
            let extension = conference.extension.clone();
            snapshot.conferences_by_extension.entry(extension).or_insert_with(|| conference.name.clone());
        }
        for group in directory.groups.values().filter(|it| !it.extension.is_empty()) {
            let extension = group.extension.clone();
            snapshot.groups_by_extension.entry(extension).or_insert_with(|| group.name.clone());
        }
        for phone in directory.phones.values() {
            for station in &phone.stations {
                let maker = snapshot.makers.entry(station.clone()).or_insert(Some(phone.vendor));
                *maker = maker.filter(|vendor| *vendor == phone.vendor);
            }
        }
        for name in directory.hours.keys() {
            let schedule = Schedule::of(&directory, name).ok_or_else(|| BuildError {
                key: Key { kind: Kind::Hours, name: name.clone() },
                reason: "their time zone is not known".to_owned(),
            })?;
            snapshot.hours.insert(name.clone(), schedule);
        }
        for trunk in directory.trunks.values() {
            snapshot.add_trunk(trunk).map_err(|bad| failed(Kind::Trunk, &trunk.name, &bad))?;
        }
        snapshot.networks.sort_by_key(|(mask, _)| Reverse(mask.prefix()));
        for number in directory.numbers.values() {
            let added = snapshot.add_number(&number.did, &number.to);
            added.map_err(|bad| failed(Kind::Number, &number.did, &bad))?;
        }
        snapshot.patterns.sort_by_cached_key(|(pattern, _)| {
            (Reverse(pattern.literal_prefix().len()), pattern.text().to_owned())
        });
        for rule in directory.dial_rules.values() {
            let pattern = Pattern::search(&rule.pattern);
            let pattern = pattern.map_err(|bad| failed(Kind::DialRule, &rule.pattern, &bad))?;
            snapshot.dial_rules.push((pattern, rule.clone()));
        }
        snapshot.dial_rules.sort_by(|(_, a), (_, b)| (a.priority, &a.pattern).cmp(&(b.priority, &b.pattern)));
        Ok(snapshot)
    }

    fn add_trunk(&mut self, trunk: &Trunk) -> Result<(), BadPattern> {
        // Who must show a certificate is never known by an address alone.
        let hosts = if trunk.tls_name.is_empty() { &trunk.hosts[..] } else { &[] };
        for mask in hosts {
            match mask.single() {
                Some(address) => {
                    self.single_sources.entry(address).or_insert_with(|| trunk.name.clone());
                }
                None => self.networks.push((*mask, trunk.name.clone())),
            }
        }
        self.trunks.insert(trunk.name.clone(), TrunkRoute::build(trunk)?);
        Ok(())
    }

    fn add_number(&mut self, did: &str, to: &Destination) -> Result<(), BadPattern> {
        if did.starts_with('^') {
            self.patterns.push((Pattern::search(did)?, to.clone()));
        } else {
            let key = dialled::key(did).into_owned();
            self.numbers.entry(key).or_insert_with(|| (did.to_owned(), to.clone()));
        }
        Ok(())
    }

    /// What it was built of.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// A station by its extension.
    #[must_use]
    pub fn station(&self, extension: &str) -> Option<&Station> {
        self.directory.stations.get(extension)
    }

    /// A conference by its name.
    #[must_use]
    pub fn conference(&self, name: &str) -> Option<&Conference> {
        self.directory.conferences.get(name)
    }

    /// The mailbox of a number: one that is set up, else that of the station of this number.
    #[must_use]
    pub fn mailbox(&self, number: &str) -> Option<Mailbox> {
        self.directory.mailbox(number)
    }

    /// The mailbox that takes messages for a station, where one is set up for it.
    pub(crate) fn mailbox_set_up(&self, extension: &str) -> Option<String> {
        let number = self.directory.mailbox_of_station(extension)?;
        self.directory.mailboxes.contains_key(number).then(|| number.to_owned())
    }

    /// The number of the mailbox that a station opens as its own.
    #[must_use]
    pub fn mailbox_of_station(&self, extension: &str) -> Option<String> {
        self.directory.mailbox_of_station(extension).map(str::to_owned)
    }

    /// A parking lot by its name.
    #[must_use]
    pub fn parking(&self, name: &str) -> Option<&Parking> {
        self.directory.parking.get(name)
    }

    /// The parking lot, and its slot, that an extension leads to.
    #[must_use]
    pub fn parking_at(&self, extension: &str) -> Option<(&Parking, Option<u32>)> {
        if let Some(lot) = self.directory.lot_of(extension) {
            return Some((lot, extension.parse().ok()));
        }
        let lot = self.directory.parking.values().find(|lot| lot.extension == extension)?;
        Some((lot, None)).filter(|_| !extension.is_empty())
    }

    /// The first parking lot, where calls are parked by a code alone.
    #[must_use]
    pub fn first_parking(&self) -> Option<&Parking> {
        self.directory.parking.values().next()
    }

    /// Whether one station may take calls that ring at another: its own, and those of its group.
    #[must_use]
    pub fn may_pick_up(&self, own: &str, at: &str) -> bool {
        let group = |extension| self.station(extension).map(|station| station.pickup_group.as_str());
        own == at || group(own).is_some_and(|own| group(at) == Some(own))
    }

    /// The conference that an extension leads to.
    #[must_use]
    pub fn conference_at(&self, extension: &str) -> Option<&str> {
        self.conferences_by_extension.get(extension).map(String::as_str)
    }

    /// The feature that a station asks for by a code.
    pub(crate) fn code<'a>(&self, dialled: &'a str) -> Option<codes::Code<'a>> {
        codes::read(dialled, &self.codes)
    }

    /// Working hours by their name.
    pub(crate) fn hours(&self, name: &str) -> Option<&Schedule> {
        self.hours.get(name)
    }

    /// The number that a station means by a favourite's code: its user's own entry of that rank before the team's,
    /// and that before everyone's.
    #[must_use]
    pub fn favourite(&self, extension: &str, dialled: &str) -> Option<&str> {
        let code = self.code(dialled).filter(|code| code.feature == Feature::Favourite)?;
        let rank = code.rest.parse::<u32>().ok().filter(|rank| *rank > 0)?;
        let login = self.station(extension)?.user.as_str();
        let teams = self.user(login).map_or(&[][..], |user| &user.teams);
        let seen = self.directory.phonebook.values().filter(|entry| entry.favourite == rank);
        let seen = seen.filter(|entry| entry.scope.is_seen_by(login, teams));
        let nearest = seen.min_by_key(|entry| match entry.scope {
            Scope::User(_) => 0,
            Scope::Team(_) => 1,
            Scope::Shared => 2,
        })?;
        nearest.numbers.first().map(|number| number.number.as_str())
    }

    /// The zone of a station's clock: its phone's, else its mailbox's, else UTC.
    #[must_use]
    pub fn time_zone(&self, extension: &str) -> TimeZone {
        let is_on = |phone: &&provision::Phone| phone.stations.iter().any(|it| it == extension);
        let of_phone = self.directory.phones.values().find(is_on).map(|phone| phone.time_zone.clone());
        let of_mailbox = || {
            let number = self.mailbox_of_station(extension)?;
            self.mailbox(&number)?.time_zone.parse().ok()
        };
        of_phone.filter(|zone| *zone != TimeZone::default()).or_else(of_mailbox).unwrap_or_default()
    }

    /// A group by its name.
    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        self.directory.groups.get(name)
    }

    /// The group that an extension calls.
    pub(crate) fn group_at(&self, extension: &str) -> Option<&Group> {
        self.group(self.groups_by_extension.get(extension)?)
    }

    /// Whether those who dial this number want help.
    #[must_use]
    pub fn is_emergency(&self, number: &str) -> bool {
        EMERGENCY_NUMBERS.contains(&number) || self.matching_rules(number).any(|rule| rule.emergency)
    }

    /// A number as it is set up.
    pub(crate) fn number_set_up(&self, did: &str) -> Option<&Number> {
        self.directory.numbers.get(did)
    }

    /// Who made the phones of a station, where all that are set up for it are of one vendor.
    #[must_use]
    pub fn maker_of(&self, extension: &str) -> Option<Vendor> {
        self.makers.get(extension).copied().flatten()
    }

    /// The group of this name, or the one that this extension calls.
    #[must_use]
    pub fn group_called(&self, name: &str) -> Option<&Group> {
        self.group_at(name).or_else(|| self.group(name))
    }

    /// The extensions of a group's members, each once, in order; those outside have none.
    #[must_use]
    pub fn extensions_of(&self, group: &Group) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut add = |extension: &str| {
            if !found.iter().any(|known| known == extension) {
                found.push(extension.to_owned());
            }
        };
        for member in &group.members {
            match member {
                Member::Station(extension) => add(extension),
                Member::User(login) => self.stations_of(login).for_each(|it| add(&it.extension)),
                Member::Number(number) => {
                    self.station(number).iter().for_each(|it| add(&it.extension));
                }
            }
        }
        found
    }

    /// Whether a station may be spoken to by another at once.
    #[must_use]
    pub fn may_speak_to(&self, caller: &str, station: &Station) -> bool {
        match station.intercom {
            IntercomFrom::Everybody => true,
            IntercomFrom::Nobody => false,
            IntercomFrom::Team => {
                let teams = |extension: &str| {
                    let user = self.station(extension).and_then(|it| self.user(&it.user));
                    user.map_or(&[][..], |user| user.teams.as_slice())
                };
                teams(caller).iter().any(|team| teams(&station.extension).contains(team))
            }
        }
    }

    /// The language of a number's callers; empty where it says none.
    pub(crate) fn language_of(&self, did: &str) -> &str {
        self.directory.numbers.get(did).map_or("", |number| number.language.as_str())
    }

    /// A user by login.
    #[must_use]
    pub fn user(&self, login: &str) -> Option<&User> {
        self.directory.users.get(login)
    }

    /// The stations of a user, by extension.
    pub fn stations_of(&self, login: &str) -> impl Iterator<Item = &Station> {
        let extensions = self.stations_by_user.get(login).map_or(&[][..], Vec::as_slice);
        extensions.iter().filter_map(|extension| self.directory.stations.get(extension))
    }

    /// A trunk by name.
    #[must_use]
    pub fn trunk(&self, name: &str) -> Option<&TrunkRoute> {
        self.trunks.get(name)
    }

    /// The trunk that a source address may speak for; the most specific mask wins.
    #[must_use]
    pub fn trunk_by_source(&self, source: IpAddr) -> Option<&Trunk> {
        let single = self.single_sources.get(&source.to_canonical());
        let name = single
            .or_else(|| self.networks.iter().find(|(mask, _)| mask.contains(source)).map(|(_, name)| name))?;
        self.trunks.get(name).map(TrunkRoute::trunk)
    }

    /// The trunk that may be spoken for by who has proven these names and sends from `source`: its `tls_name` is
    /// among them, on the word of its own authorities, and `source` among its hosts where it has any.
    #[must_use]
    pub fn trunk_by_proof(&self, proofs: &[Proof], source: IpAddr) -> Option<&Trunk> {
        let shown = |trunk: &Trunk| {
            let theirs = proofs.iter().filter(|proof| proof.authority == trunk.tls_ca);
            theirs.flat_map(|proof| &proof.names).any(|name| *name == trunk.tls_name)
        };
        let from =
            |trunk: &Trunk| trunk.hosts.is_empty() || trunk.hosts.iter().any(|mask| mask.contains(source));
        self.trunks().find(|trunk| !trunk.tls_name.is_empty() && shown(trunk) && from(trunk))
    }

    /// The numbers of up to three digits that emergency rules match. Computed anew each time.
    pub fn emergency_numbers(&self) -> impl Iterator<Item = String> {
        let rules = || self.dial_rules.iter().filter(|(_, rule)| rule.emergency);
        let short = (1..=3_usize).flat_map(|digits| {
            (0..10_u32.pow(u32::try_from(digits).unwrap_or(0)))
                .map(move |number| format!("{number:0digits$}"))
        });
        let any = rules().next().is_some();
        short
            .take_while(move |_| any)
            .filter(move |number| rules().any(|(pattern, _)| pattern.matches(number)))
    }

    /// Every trunk, by name.
    pub fn trunks(&self) -> impl Iterator<Item = &Trunk> {
        self.trunks.values().map(TrunkRoute::trunk)
    }

    pub(crate) fn trunk_routes(&self) -> impl Iterator<Item = &TrunkRoute> {
        self.trunks.values()
    }

    /// An exact number as it was set up, and where it leads.
    pub(crate) fn number(&self, number: &str) -> Option<(&str, &Destination)> {
        self.numbers.get(dialled::key(number).as_ref()).map(|(did, to)| (did.as_str(), to))
    }

    /// What becomes of callers of a number who withhold theirs.
    pub(crate) fn anonymous_at(&self, did: &str) -> Anonymous {
        self.directory.numbers.get(did).map(|number| number.anonymous).unwrap_or_default()
    }

    /// Whether codes that a phone presses in a call to this number are taken as such.
    #[must_use]
    pub fn takes_codes(&self, dialled: &str) -> bool {
        let found = self.number(dialled).or_else(|| self.number_pattern(dialled));
        let number = found.and_then(|(did, _)| self.directory.numbers.get(did));
        number.is_none_or(|number| number.in_call_codes)
    }

    /// The recording policy of that name.
    pub(crate) fn recording_policy_named(&self, name: &str) -> Option<&RecordingPolicy> {
        self.directory.recording_policies.get(name)
    }

    /// The name of the policy that a dialled number is set up with, empty for none, and the number or pattern it was
    /// found by.
    pub(crate) fn recording_of_number(&self, dialled: &str) -> Option<(&str, &str)> {
        let found = self.number(dialled).or_else(|| self.number_pattern(dialled));
        let number = self.directory.numbers.get(found?.0)?;
        Some((number.recording.as_str(), number.did.as_str()))
    }

    /// The number pattern that matches best: the one with the longest literal prefix.
    pub(crate) fn number_pattern(&self, number: &str) -> Option<(&str, &Destination)> {
        let found = self.patterns.iter().find(|(pattern, _)| pattern.matches(number));
        found.map(|(pattern, to)| (pattern.text(), to))
    }

    /// The dial rules that match, best first.
    pub(crate) fn matching_rules<'a>(&'a self, number: &'a str) -> impl Iterator<Item = &'a DialRule> {
        self.dial_rules.iter().filter(move |(pattern, _)| pattern.matches(number)).map(|(_, rule)| rule)
    }
}

fn failed(kind: Kind, name: &str, bad: &BadPattern) -> BuildError {
    BuildError { key: Key { kind, name: name.to_owned() }, reason: bad.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(hosts: &[&str]) -> Snapshot {
        let mut trunk = Trunk::named("carrier");
        trunk.tls_name = "carrier.example".to_owned();
        trunk.tls_ca = "ca.pem".to_owned();
        trunk.hosts = hosts.iter().map(|host| host.parse().unwrap()).collect();
        let mut directory = Directory::default();
        directory.trunks.insert(trunk.name.clone(), trunk);
        Snapshot::build(Arc::new(directory)).unwrap()
    }

    fn proof(authority: &str, names: &[&str]) -> Proof {
        Proof {
            authority: authority.to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn found(snapshot: &Snapshot, proofs: &[Proof], source: &str) -> bool {
        snapshot.trunk_by_proof(proofs, source.parse().unwrap()).is_some()
    }

    /// GHSA-qqxj-v78h-hrf9: a stranger matches nothing.
    #[test]
    fn only_the_proven_name_on_the_word_of_the_trunks_own_authorities_is_the_trunk() {
        let snapshot = snapshot(&[]);
        assert!(found(&snapshot, &[proof("ca.pem", &["other.example", "carrier.example"])], "192.0.2.1"));
        for strangers in [
            &[][..],
            &[proof("ca.pem", &[])],
            &[proof("ca.pem", &["other.example"])],
            &[proof("ca.pem", &[""])],
            &[proof("", &["carrier.example"])],
            &[proof("other.pem", &["carrier.example"]), proof("ca.pem", &["x.carrier.example"])],
        ] {
            assert!(!found(&snapshot, strangers, "192.0.2.1"), "{strangers:?}");
        }
    }

    #[test]
    fn a_trunk_with_a_name_is_not_known_by_its_address_alone_but_its_addresses_still_bind() {
        let snapshot = snapshot(&["192.0.2.0/24"]);
        assert!(snapshot.trunk_by_source("192.0.2.1".parse().unwrap()).is_none());
        let proofs = [proof("ca.pem", &["carrier.example"])];
        assert!(found(&snapshot, &proofs, "192.0.2.1"));
        assert!(!found(&snapshot, &proofs, "198.51.100.1"));
    }

    #[test]
    fn a_trunk_without_a_name_is_nobodys_by_proof() {
        let mut directory = Directory::default();
        directory.trunks.insert("open".to_owned(), Trunk::named("open"));
        let snapshot = Snapshot::build(Arc::new(directory)).unwrap();
        assert!(!found(&snapshot, &[proof("", &["", "open"])], "192.0.2.1"));
    }
}
