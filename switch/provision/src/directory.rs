//! Everything that is set up, by kind and key.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Conference, DialRule, FeatureCode, Group, Holiday, Hours, Mailbox, Number, Parking, Phone,
    PhonebookEntry, RecordingPolicy, Station, Trunk, User,
};

/// The kinds of entity; the word is the table of provisioning files and the `kind` column of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `[[trunk]]`
    Trunk,
    /// `[[user]]`
    User,
    /// `[[station]]`
    Station,
    /// `[[number]]`
    Number,
    /// `[[dial_rule]]`
    DialRule,
    /// `[[recording_policy]]`
    RecordingPolicy,
    /// `[[conference]]`
    Conference,
    /// `[[mailbox]]`
    Mailbox,
    /// `[[feature_code]]`
    FeatureCode,
    /// `[[phone]]`
    Phone,
    /// `[[phonebook]]`
    Phonebook,
    /// `[[group]]`
    Group,
    /// `[[parking]]`
    Parking,
    /// `[[hours]]`
    Hours,
    /// `[[holiday]]`
    Holiday,
}

impl Kind {
    /// Every kind, in the order in which a file is best read.
    pub const ALL: &'static [Self] = &[
        Self::Trunk,
        Self::User,
        Self::Station,
        Self::Number,
        Self::DialRule,
        Self::RecordingPolicy,
        Self::Conference,
        Self::Mailbox,
        Self::FeatureCode,
        Self::Phone,
        Self::Phonebook,
        Self::Group,
        Self::Parking,
        Self::Hours,
        Self::Holiday,
    ];

    /// The word: `trunk`, `dial_rule`, ….
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Trunk => "trunk",
            Self::User => "user",
            Self::Station => "station",
            Self::Number => "number",
            Self::DialRule => "dial_rule",
            Self::RecordingPolicy => "recording_policy",
            Self::Conference => "conference",
            Self::Mailbox => "mailbox",
            Self::FeatureCode => "feature_code",
            Self::Phone => "phone",
            Self::Phonebook => "phonebook",
            Self::Group => "group",
            Self::Parking => "parking",
            Self::Hours => "hours",
            Self::Holiday => "holiday",
        }
    }
}

impl Kind {
    /// The resource of the API: `trunks`, `dial-rules`, ….
    #[must_use]
    pub fn resource(self) -> &'static str {
        match self {
            Self::Trunk => "trunks",
            Self::User => "users",
            Self::Station => "stations",
            Self::Number => "numbers",
            Self::DialRule => "dial-rules",
            Self::RecordingPolicy => "recording-policies",
            Self::Conference => "conferences",
            Self::Mailbox => "mailboxes",
            Self::FeatureCode => "feature-codes",
            Self::Phone => "phones",
            Self::Phonebook => "phonebook",
            Self::Group => "groups",
            Self::Parking => "parking",
            Self::Hours => "hours",
            Self::Holiday => "holidays",
        }
    }

    /// The kind of a resource of the API.
    #[must_use]
    pub fn from_resource(resource: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.resource() == resource)
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// The field that is its key.
    #[must_use]
    pub fn key_field(self) -> &'static str {
        match self {
            Self::Trunk | Self::RecordingPolicy | Self::Conference | Self::FeatureCode => "name",
            Self::Group | Self::Parking | Self::Hours | Self::Holiday => "name",
            Self::User => "login",
            Self::Station => "extension",
            Self::Number => "did",
            Self::DialRule => "pattern",
            Self::Mailbox => "number",
            Self::Phone => "mac",
            Self::Phonebook => "entry",
        }
    }
}

/// Kind and key of an entity: `trunk carrier`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Which kind.
    pub kind: Kind,
    /// Its name, login, extension, number or pattern.
    pub name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)
    }
}

/// One entity of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entity {
    /// A trunk.
    Trunk(Trunk),
    /// A user.
    User(User),
    /// A station.
    Station(Station),
    /// A number.
    Number(Number),
    /// A dial rule.
    DialRule(DialRule),
    /// A recording policy.
    RecordingPolicy(RecordingPolicy),
    /// A conference.
    Conference(Conference),
    /// A mailbox.
    Mailbox(Mailbox),
    /// A feature code.
    FeatureCode(FeatureCode),
    /// A phone.
    Phone(Phone),
    /// An entry of the phonebook.
    Phonebook(PhonebookEntry),
    /// A group.
    Group(Group),
    /// A parking lot.
    Parking(Parking),
    /// Working hours.
    Hours(Hours),
    /// A holiday.
    Holiday(Holiday),
}

impl Entity {
    /// Its kind and key.
    #[must_use]
    pub fn key(&self) -> Key {
        let (kind, name) = match self {
            Self::Trunk(it) => (Kind::Trunk, it.name.as_str()),
            Self::User(it) => (Kind::User, it.login.as_str()),
            Self::Station(it) => (Kind::Station, it.extension.as_str()),
            Self::Number(it) => (Kind::Number, it.did.as_str()),
            Self::DialRule(it) => (Kind::DialRule, it.pattern.as_str()),
            Self::RecordingPolicy(it) => (Kind::RecordingPolicy, it.name.as_str()),
            Self::Conference(it) => (Kind::Conference, it.name.as_str()),
            Self::Mailbox(it) => (Kind::Mailbox, it.number.as_str()),
            Self::FeatureCode(it) => (Kind::FeatureCode, it.name.as_str()),
            Self::Phone(it) => (Kind::Phone, it.mac.as_str()),
            Self::Phonebook(it) => (Kind::Phonebook, it.entry.as_str()),
            Self::Group(it) => (Kind::Group, it.name.as_str()),
            Self::Parking(it) => (Kind::Parking, it.name.as_str()),
            Self::Hours(it) => (Kind::Hours, it.name.as_str()),
            Self::Holiday(it) => (Kind::Holiday, it.name.as_str()),
        };
        Key { kind, name: name.to_owned() }
    }
}

/// All that is set up for one tenant. Maps are ordered, so two equal directories print equally.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// By name.
    pub trunks: BTreeMap<String, Trunk>,
    /// By login.
    pub users: BTreeMap<String, User>,
    /// By extension.
    pub stations: BTreeMap<String, Station>,
    /// By number or pattern.
    pub numbers: BTreeMap<String, Number>,
    /// By pattern; matched by `priority`, then by pattern.
    pub dial_rules: BTreeMap<String, DialRule>,
    /// By name.
    pub recording_policies: BTreeMap<String, RecordingPolicy>,
    /// By name.
    pub conferences: BTreeMap<String, Conference>,
    /// By number.
    pub mailboxes: BTreeMap<String, Mailbox>,
    /// By name; only those that are not as delivered.
    pub feature_codes: BTreeMap<String, FeatureCode>,
    /// By hardware address.
    pub phones: BTreeMap<String, Phone>,
    /// By entry.
    pub phonebook: BTreeMap<String, PhonebookEntry>,
    /// By name.
    pub groups: BTreeMap<String, Group>,
    /// By name.
    pub parking: BTreeMap<String, Parking>,
    /// By name.
    pub hours: BTreeMap<String, Hours>,
    /// By name.
    pub holidays: BTreeMap<String, Holiday>,
}

impl Directory {
    /// The mailbox of a number: the one that is set up, else that of the station of this number.
    #[must_use]
    pub fn mailbox(&self, number: &str) -> Option<Mailbox> {
        let station = self.stations.get(number);
        let mut mailbox = match self.mailboxes.get(number) {
            Some(mailbox) => mailbox.clone(),
            None => Mailbox::numbered(&station?.extension),
        };
        let Some(station) = station else { return Some(mailbox) };
        if !station.user.is_empty() && !mailbox.owners.contains(&station.user) {
            mailbox.owners.push(station.user.clone());
        }
        if mailbox.language.is_empty() {
            mailbox.language.clone_from(&station.language);
        }
        if mailbox.name.is_empty() {
            mailbox.name.clone_from(&station.name);
        }
        Some(mailbox)
    }

    /// The mailbox that a station opens by a short number: its own, else the first that its user owns.
    #[must_use]
    pub fn mailbox_of_station(&self, extension: &str) -> Option<&str> {
        if let Some((number, _)) = self.mailboxes.get_key_value(extension) {
            return Some(number);
        }
        let (extension, station) = self.stations.get_key_value(extension)?;
        let mut owned = self.mailboxes.values().filter(|it| it.owners.contains(&station.user));
        Some(owned.next().filter(|_| !station.user.is_empty()).map_or(extension.as_str(), |it| &it.number))
    }

    /// Puts an entity in, replacing one of the same key.
    pub fn put(&mut self, entity: Entity) {
        let name = entity.key().name;
        match entity {
            Entity::Trunk(it) => drop(self.trunks.insert(name, it)),
            Entity::User(it) => drop(self.users.insert(name, it)),
            Entity::Station(it) => drop(self.stations.insert(name, it)),
            Entity::Number(it) => drop(self.numbers.insert(name, it)),
            Entity::DialRule(it) => drop(self.dial_rules.insert(name, it)),
            Entity::RecordingPolicy(it) => drop(self.recording_policies.insert(name, it)),
            Entity::Conference(it) => drop(self.conferences.insert(name, it)),
            Entity::Mailbox(it) => drop(self.mailboxes.insert(name, it)),
            Entity::FeatureCode(it) => drop(self.feature_codes.insert(name, it)),
            Entity::Phone(it) => drop(self.phones.insert(name, it)),
            Entity::Phonebook(it) => drop(self.phonebook.insert(name, it)),
            Entity::Group(it) => drop(self.groups.insert(name, it)),
            Entity::Parking(it) => drop(self.parking.insert(name, it)),
            Entity::Hours(it) => drop(self.hours.insert(name, it)),
            Entity::Holiday(it) => drop(self.holidays.insert(name, it)),
        }
    }

    /// Takes an entity out; `false` when there was none.
    pub fn remove(&mut self, key: &Key) -> bool {
        match key.kind {
            Kind::Trunk => self.trunks.remove(&key.name).is_some(),
            Kind::User => self.users.remove(&key.name).is_some(),
            Kind::Station => self.stations.remove(&key.name).is_some(),
            Kind::Number => self.numbers.remove(&key.name).is_some(),
            Kind::DialRule => self.dial_rules.remove(&key.name).is_some(),
            Kind::RecordingPolicy => self.recording_policies.remove(&key.name).is_some(),
            Kind::Conference => self.conferences.remove(&key.name).is_some(),
            Kind::Mailbox => self.mailboxes.remove(&key.name).is_some(),
            Kind::FeatureCode => self.feature_codes.remove(&key.name).is_some(),
            Kind::Phone => self.phones.remove(&key.name).is_some(),
            Kind::Phonebook => self.phonebook.remove(&key.name).is_some(),
            Kind::Group => self.groups.remove(&key.name).is_some(),
            Kind::Parking => self.parking.remove(&key.name).is_some(),
            Kind::Hours => self.hours.remove(&key.name).is_some(),
            Kind::Holiday => self.holidays.remove(&key.name).is_some(),
        }
    }

    /// One entity.
    #[must_use]
    pub fn entity(&self, key: &Key) -> Option<Entity> {
        match key.kind {
            Kind::Trunk => self.trunks.get(&key.name).cloned().map(Entity::Trunk),
            Kind::User => self.users.get(&key.name).cloned().map(Entity::User),
            Kind::Station => self.stations.get(&key.name).cloned().map(Entity::Station),
            Kind::Number => self.numbers.get(&key.name).cloned().map(Entity::Number),
            Kind::DialRule => self.dial_rules.get(&key.name).cloned().map(Entity::DialRule),
            Kind::RecordingPolicy => {
                self.recording_policies.get(&key.name).cloned().map(Entity::RecordingPolicy)
            }
            Kind::Conference => self.conferences.get(&key.name).cloned().map(Entity::Conference),
            Kind::Mailbox => self.mailboxes.get(&key.name).cloned().map(Entity::Mailbox),
            Kind::FeatureCode => self.feature_codes.get(&key.name).cloned().map(Entity::FeatureCode),
            Kind::Phone => self.phones.get(&key.name).cloned().map(Entity::Phone),
            Kind::Phonebook => self.phonebook.get(&key.name).cloned().map(Entity::Phonebook),
            Kind::Group => self.groups.get(&key.name).cloned().map(Entity::Group),
            Kind::Parking => self.parking.get(&key.name).cloned().map(Entity::Parking),
            Kind::Hours => self.hours.get(&key.name).cloned().map(Entity::Hours),
            Kind::Holiday => self.holidays.get(&key.name).cloned().map(Entity::Holiday),
        }
    }

    /// Every key, by kind.
    pub fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        let of = |kind: Kind| move |name: &String| Key { kind, name: name.clone() };
        self.trunks
            .keys()
            .map(of(Kind::Trunk))
            .chain(self.users.keys().map(of(Kind::User)))
            .chain(self.stations.keys().map(of(Kind::Station)))
            .chain(self.numbers.keys().map(of(Kind::Number)))
            .chain(self.dial_rules.keys().map(of(Kind::DialRule)))
            .chain(self.recording_policies.keys().map(of(Kind::RecordingPolicy)))
            .chain(self.conferences.keys().map(of(Kind::Conference)))
            .chain(self.mailboxes.keys().map(of(Kind::Mailbox)))
            .chain(self.feature_codes.keys().map(of(Kind::FeatureCode)))
            .chain(self.phones.keys().map(of(Kind::Phone)))
            .chain(self.phonebook.keys().map(of(Kind::Phonebook)))
            .chain(self.groups.keys().map(of(Kind::Group)))
            .chain(self.parking.keys().map(of(Kind::Parking)))
            .chain(self.hours.keys().map(of(Kind::Hours)))
            .chain(self.holidays.keys().map(of(Kind::Holiday)))
    }
}
