//! What entities mean together, and the values they may have.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::check_answering;
use crate::check_hours::{check_holiday, check_hours};
use crate::check_mailbox::check_mailbox;
use crate::check_phone::{check_phone, check_phonebook_entry};
use crate::check_trunk::check_trunk;
use crate::feature::{WITHHOLD, clash};
use crate::{
    Conference, Destination, DialRule, Directory, Feature, FeatureCode, ForwardTo, Group, Incoming, Key,
    Kind, Member, Number, Parking, Pattern, Problem, RecordingPolicy, Station, User,
};

/// Characters of a name, login or extension.
const NAME_CHARS: usize = 64;
/// Characters of a text that people read.
const TEXT_CHARS: usize = 128;
/// Characters of a number.
const NUMBER_CHARS: usize = 64;
/// Entities named when the one asked for is not there.
const NAMED_AT_MOST: usize = 5;
/// Slots of a parking lot.
const SLOTS: u32 = 100;
/// The highest slot.
const LAST_SLOT: u32 = 999_999;
/// Members of a group.
const MEMBERS: usize = 100;
/// Emergency numbers everywhere: 112 (EU and mobile networks) and 911 (NANP). No extension may take one;
/// others come by dial rules.
pub const EMERGENCY_NUMBERS: [&str; 2] = ["112", "911"];

/// Finds everything that is wrong with a directory: values out of range, patterns that cannot be used,
/// references to what is not there. An empty list means that it can be served.
#[must_use]
pub fn check(directory: &Directory) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut about = |kind: Kind, name: &String, judge: &dyn Fn(&mut Checker<'_>)| {
        let key = Key { kind, name: name.clone() };
        judge(&mut Checker { directory, key, problems: &mut problems });
    };
    for (name, trunk) in &directory.trunks {
        about(Kind::Trunk, name, &|checker| check_trunk(checker, trunk));
    }
    for (name, user) in &directory.users {
        about(Kind::User, name, &|checker| check_user(checker, user));
    }
    for (name, station) in &directory.stations {
        about(Kind::Station, name, &|checker| check_station(checker, station));
    }
    let mut same_number = BTreeMap::new();
    for (name, number) in &directory.numbers {
        about(Kind::Number, name, &|checker| check_number(checker, number));
        if let Some(other) = same_number.insert(name.strip_prefix('+').unwrap_or(name), name) {
            about(Kind::Number, name, &|checker| {
                checker.say(
                    "did",
                    format!("is the same number as {other}: a leading + does not tell them apart"),
                );
            });
        }
    }
    for (name, rule) in &directory.dial_rules {
        about(Kind::DialRule, name, &|checker| check_dial_rule(checker, rule));
    }
    for (name, policy) in &directory.recording_policies {
        about(Kind::RecordingPolicy, name, &|checker| check_recording_policy(checker, policy));
    }
    for (name, group) in &directory.groups {
        about(Kind::Group, name, &|checker| check_group(checker, group));
    }
    for (name, lot) in &directory.parking {
        about(Kind::Parking, name, &|checker| check_parking(checker, lot));
    }
    for (name, hours) in &directory.hours {
        about(Kind::Hours, name, &|checker| check_hours(checker, hours));
    }
    for (name, holiday) in &directory.holidays {
        about(Kind::Holiday, name, &|checker| check_holiday(checker, holiday));
    }
    let mut same_extension = BTreeMap::new();
    for (name, conference) in &directory.conferences {
        about(Kind::Conference, name, &|checker| check_conference(checker, conference));
        let extension = &conference.extension;
        if !extension.is_empty()
            && let Some(other) = same_extension.insert(extension, name)
        {
            about(Kind::Conference, name, &|checker| {
                checker.say("extension", format!("{extension} is that of conference {other}"));
            });
        }
    }
    for (number, mailbox) in &directory.mailboxes {
        about(Kind::Mailbox, number, &|checker| check_mailbox(checker, mailbox));
    }
    for (name, code) in &directory.feature_codes {
        about(Kind::FeatureCode, name, &|checker| check_feature_code(checker, code));
    }
    for (name, phone) in &directory.phones {
        about(Kind::Phone, name, &|checker| check_phone(checker, phone));
    }
    for (name, entry) in &directory.phonebook {
        about(Kind::Phonebook, name, &|checker| check_phonebook_entry(checker, entry));
    }
    problems
}

/// Collects problems of one entity.
pub(crate) struct Checker<'a> {
    pub(crate) directory: &'a Directory,
    key: Key,
    problems: &'a mut Vec<Problem>,
}

impl Checker<'_> {
    pub(crate) fn say(&mut self, field: &str, reason: impl Into<String>) {
        self.problems.push(Problem::of(&self.key, field, reason));
    }

    pub(crate) fn range<T: PartialOrd + Display>(
        &mut self,
        field: &str,
        found: T,
        allowed: RangeInclusive<T>,
    ) {
        if !allowed.contains(&found) {
            let (low, high) = allowed.into_inner();
            self.say(field, format!("found {found}; allowed: {low} to {high}"));
        }
    }

    /// A name that is used as a key, in URIs and on command lines.
    pub(crate) fn name(&mut self, field: &str, found: &str) {
        let fits = found.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !fits || found.is_empty() || found.len() > NAME_CHARS {
            let allowed = format!("1 to {NAME_CHARS} of A-Z a-z 0-9 . _ -");
            self.say(field, format!("found {}; allowed: {allowed}", quoted(found)));
        }
    }

    pub(crate) fn text(&mut self, field: &str, found: &str) {
        if found.chars().count() > TEXT_CHARS || found.chars().any(char::is_control) {
            let allowed = format!("up to {TEXT_CHARS} characters, no control characters");
            self.say(field, format!("found {}; allowed: {allowed}", quoted(found)));
        }
    }

    /// A number or a user part, or nothing.
    pub(crate) fn number(&mut self, field: &str, found: &str) {
        let fits = found.bytes().all(|b| b.is_ascii_alphanumeric() || b"+*#._-".contains(&b));
        if !fits || found.len() > NUMBER_CHARS {
            let allowed = format!("up to {NUMBER_CHARS} of 0-9 A-Z a-z + * # . _ -");
            self.say(field, format!("found {}; allowed: {allowed}", quoted(found)));
        }
    }

    pub(crate) fn codecs(&mut self, codecs: &[String]) {
        let token = |name: &String| {
            (1..=32).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        for wrong in codecs.iter().filter(|name| !token(name)) {
            self.say("codecs", format!("found {}; allowed: names as in SDP, such as PCMU", quoted(wrong)));
        }
        if codecs.len() > 16 {
            self.say("codecs", format!("found {} codecs; allowed: up to 16", codecs.len()));
        }
    }

    /// A language tag and a class of music, or nothing.
    pub(crate) fn speech(&mut self, language: &str, music: &str) {
        let fits = language.len() <= 16 && language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !fits {
            self.say(
                "language",
                format!("found {}; allowed: a tag such as en, es or es-mx", quoted(language)),
            );
        }
        if !music.is_empty() {
            self.name("music", music);
        }
    }

    pub(crate) fn trunk_exists(&mut self, field: &str, name: &str) {
        self.exists(field, "trunk", name, &self.directory.trunks);
    }

    /// A recording policy, or none.
    pub(crate) fn recording(&mut self, name: &str) {
        if !name.is_empty() {
            self.exists("recording", "recording_policy", name, &self.directory.recording_policies);
        }
    }

    /// Where a call may be led: what it names must be there.
    pub(crate) fn destination(&mut self, field: &str, to: &Destination) {
        match to {
            Destination::Station(extension) => {
                self.exists(field, "station", extension, &self.directory.stations);
            }
            Destination::User(login) => self.user_exists(field, login),
            Destination::Trunk(name) => self.trunk_exists(field, name),
            Destination::Conference(name) => {
                self.exists(field, "conference", name, &self.directory.conferences);
            }
            Destination::Group(name) => self.exists(field, "group", name, &self.directory.groups),
            Destination::Voicemail(number) if self.directory.stations.contains_key(number) => {}
            Destination::Voicemail(number) => {
                self.exists(field, "mailbox or station", number, &self.directory.mailboxes);
            }
            Destination::Play { .. } | Destination::Echo | Destination::Hangup | Destination::Test(_) => {}
        }
    }

    /// Where a call may be led on to, or nowhere; never to those who send help.
    pub(crate) fn forward(&mut self, field: &str, to: &ForwardTo) {
        match to {
            ForwardTo::Destination(destination) => self.destination(field, destination),
            ForwardTo::Number(number) if EMERGENCY_NUMBERS.contains(&number.as_str()) => {
                self.say(field, format!("{number} is an emergency number"));
            }
            ForwardTo::Number(_) | ForwardTo::Nowhere => {}
        }
    }

    /// What becomes of callers that are led on to nobody.
    fn transfer_failure(&mut self, text: &str) {
        const FIELD: &str = "transfer_failure";
        match text.parse::<Destination>() {
            _ if matches!(text, "" | "none" | "agent") => {}
            Ok(to) => self.destination(FIELD, &to),
            Err(_unknown) => {
                let found = quoted(text);
                self.say(
                    FIELD,
                    format!("found {found}; allowed: none, agent or a destination such as voicemail:1001"),
                );
            }
        }
    }

    pub(crate) fn user_exists(&mut self, field: &str, login: &str) {
        self.exists(field, "user", login, &self.directory.users);
    }

    pub(crate) fn exists<T>(&mut self, field: &str, what: &str, name: &str, all: &BTreeMap<String, T>) {
        if all.contains_key(name) {
            return;
        }
        let some: Vec<&str> = all.keys().take(NAMED_AT_MOST).map(String::as_str).collect();
        let more = if all.len() > some.len() { ", …" } else { "" };
        let there_are = if some.is_empty() {
            "there are none".to_owned()
        } else {
            format!("there are: {}{more}", some.join(", "))
        };
        self.say(field, format!("there is no {what} {}; {there_are}", quoted(name)));
    }
}

/// Text from outside, cut and in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("{:?}", text.chars().take(80).collect::<String>())
}

fn check_user(checker: &mut Checker<'_>, user: &User) {
    checker.name("login", &user.login);
    checker.text("name", &user.name);
    for (field, hash) in [("password_hash", &user.password_hash), ("pin_hash", &user.pin_hash)] {
        if !hash.is_empty() && (!hash.starts_with("$argon2") || hash.len() > 512) {
            checker.say(field, "is no argon2 hash; allowed: $argon2id$… in PHC form");
        }
    }
    user.teams.iter().for_each(|team| checker.name("teams", team));
    for (field, mobile) in [("mobile", &user.mobile), ("alternate_mobile", &user.alternate_mobile)] {
        if matches!(mobile, ForwardTo::Destination(_)) {
            checker.say(field, format!("found {}; allowed: a number", quoted(&mobile.to_string())));
        }
        checker.forward(field, mobile);
    }
    if user.incoming != Incoming::ExtensionOnly && !user.mobile.leads_on() {
        checker.say("incoming", "asks for a mobile, and there is none");
    }
    checker.range("extension_first_secs", user.extension_first_secs, 5..=180);
    checker.hours(&user.hours, &user.after_hours);
}

fn check_station(checker: &mut Checker<'_>, station: &Station) {
    let extension = &station.extension;
    if extension.starts_with(['*', '#']) {
        checker.say("extension", format!("{} looks like a service or feature code", quoted(extension)));
    } else {
        checker.name("extension", extension);
    }
    if EMERGENCY_NUMBERS.contains(&extension.as_str()) {
        checker.say("extension", format!("{extension} is an emergency number"));
    }
    if !station.user.is_empty() {
        checker.user_exists("user", &station.user);
    }
    checker.text("name", &station.name);
    if station.ha1_md5.is_empty() && station.ha1_sha256.is_empty() {
        checker.say("password", "is missing: no phone could register");
    } else {
        for (field, ha1, digits) in
            [("ha1_md5", &station.ha1_md5, 32), ("ha1_sha256", &station.ha1_sha256, 64)]
        {
            if ha1.len() != digits || !ha1.bytes().all(|b| b.is_ascii_hexdigit()) {
                checker
                    .say(field, format!("is no HA1; allowed: {digits} hexadecimal digits, both or password"));
            }
        }
    }
    checker.codecs(&station.codecs);
    checker.number("caller_id", &station.caller_id);
    checker.speech(&station.language, &station.music);
    checker.range("ring_secs", station.ring_secs, 5..=180);
    checker.range("max_contacts", station.max_contacts, 1..=10);
    checker.range("max_calls", station.max_calls, 0..=1_000);
    checker.recording(&station.recording);
    checker.transfer_failure(&station.transfer_failure);
    checker.forward("forward_always", &station.forward_always);
    checker.forward("forward_busy", &station.forward_busy);
    checker.forward("forward_no_answer", &station.forward_no_answer);
    checker.forward("forward_unregistered", &station.forward_unregistered);
    checker.hours(&station.hours, &station.after_hours);
    if station.no_answer_secs != 0 {
        checker.range("no_answer_secs", station.no_answer_secs, 5..=180);
    }
    check_answering::of_station(checker, station);
    if station.supervision_beep_secs != 0 {
        checker.range("supervision_beep_secs", station.supervision_beep_secs, 5..=300);
    }
}

fn check_number(checker: &mut Checker<'_>, number: &Number) {
    if number.did.starts_with('^') {
        if !number.did.ends_with('$') {
            checker.say("did", format!("found {}; allowed: a pattern from ^ to $", quoted(&number.did)));
        }
        if let Err(bad) = Pattern::search(&number.did) {
            checker.say("did", bad.to_string());
        }
    } else if number.did.is_empty() {
        checker.say("did", "is empty");
    } else {
        checker.number("did", &number.did);
    }
    checker.recording(&number.recording);
    checker.speech(&number.language, "");
    checker.destination("to", &number.to);
    check_answering::of_number(checker, number);
    checker.hours(&number.hours, &number.after_hours);
    if matches!(number.after_hours, ForwardTo::Number(_)) {
        let found = quoted(&number.after_hours.to_string());
        checker.say("after_hours", format!("found {found}; allowed: a destination such as voicemail:1001"));
    }
}

fn check_recording_policy(checker: &mut Checker<'_>, policy: &RecordingPolicy) {
    checker.name("name", &policy.name);
    let prompt = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
    if !policy.announce.bytes().all(prompt) || policy.announce.len() > TEXT_CHARS {
        let found = quoted(&policy.announce);
        checker.say(
            "announce",
            format!("found {found}; allowed: a prompt by its id, such as recording/announcement"),
        );
    }
    if policy.beep_secs != 0 {
        checker.range("beep_secs", policy.beep_secs, 5..=300);
    }
    checker.range("retention_days", policy.retention_days, 0..=36_500);
    checker.range("max_minutes", policy.max_minutes, 1..=1_440);
}

fn check_conference(checker: &mut Checker<'_>, conference: &Conference) {
    checker.name("name", &conference.name);
    let extension = &conference.extension;
    if !extension.is_empty() {
        checker.name("extension", extension);
        if EMERGENCY_NUMBERS.contains(&extension.as_str()) {
            checker.say("extension", format!("{extension} is an emergency number"));
        }
        if checker.directory.stations.contains_key(extension) {
            checker.say("extension", format!("{extension} is that of a station"));
        }
    }
    for (field, pin) in [("pin", &conference.pin), ("moderator_pin", &conference.moderator_pin)] {
        if !pin.is_empty() && (!(4..=12).contains(&pin.len()) || !pin.bytes().all(|b| b.is_ascii_digit())) {
            checker.say(field, "does not fit; allowed: 4 to 12 digits");
        }
    }
    if conference.moderator_pin.is_empty() {
        if conference.wait_for_moderator {
            checker.say("wait_for_moderator", "nobody could moderate; allowed: with a moderator_pin");
        }
        if conference.ends_after_moderator_secs != 0 {
            checker.say("ends_after_moderator_secs", "nobody could moderate; allowed: with a moderator_pin");
        }
    } else if conference.moderator_pin == conference.pin {
        checker.say("moderator_pin", "is the pin of everybody; allowed: another one");
    }
    checker.range("ends_after_moderator_secs", conference.ends_after_moderator_secs, 0..=3_600);
    if conference.max_members != 0 {
        checker.range("max_members", conference.max_members, 2..=1_000);
    }
    checker.speech(&conference.language, &conference.music);
}

fn check_feature_code(checker: &mut Checker<'_>, own: &FeatureCode) {
    let code = own.code.as_str();
    let Some(standard) = Feature::named(&own.name) else {
        let names: Vec<&str> = Feature::ALL.iter().map(|standard| standard.name).collect();
        let reason = format!("found {}; allowed: {}", quoted(&own.name), names.join(", "));
        return checker.say("name", reason);
    };
    if code.is_empty() {
        return;
    }
    let fits = code.starts_with(['*', '#']) && code.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b));
    if !fits || !(2..=8).contains(&code.len()) {
        let allowed = "* or # and 1 to 7 of 0-9 * #, or nothing";
        return checker.say("code", format!("found {}; allowed: {allowed}", quoted(code)));
    }
    if let Some(taken) = WITHHOLD.iter().find(|taken| code.starts_with(*taken)) {
        checker.say("code", format!("{code} begins as {taken}, which withholds the caller's number"));
    }
    let others = checker.directory.codes().filter(|(other, _)| other.feature != standard.feature);
    let clashes: Vec<String> = others
        .filter(|(other, taken)| clash((standard, code), (other, taken)))
        .map(|(other, taken)| format!("{code} could be {taken} of {} as well", other.name))
        .collect();
    clashes.into_iter().for_each(|reason| checker.say("code", reason));
}

fn check_group(checker: &mut Checker<'_>, group: &Group) {
    checker.name("name", &group.name);
    let extension = &group.extension;
    if !extension.is_empty() {
        checker.name("extension", extension);
        if EMERGENCY_NUMBERS.contains(&extension.as_str()) {
            checker.say("extension", format!("{extension} is an emergency number"));
        }
        if checker.directory.stations.contains_key(extension) {
            checker.say("extension", format!("{extension} is that of a station"));
        }
        let of_conference = checker.directory.conferences.values().find(|it| it.extension == *extension);
        if let Some(conference) = of_conference {
            checker.say("extension", format!("{extension} is that of conference {}", conference.name));
        }
        let others = checker.directory.groups.values().filter(|it| it.name != group.name);
        if let Some(other) = others.into_iter().find(|it| it.extension == *extension) {
            checker.say("extension", format!("{extension} is that of group {}", other.name));
        }
    }
    checker.range("members", group.members.len(), 0..=MEMBERS);
    for member in &group.members {
        match member {
            Member::Station(name) => {
                checker.exists("members", "station", name, &checker.directory.stations);
            }
            Member::User(login) => checker.user_exists("members", login),
            Member::Number(number) => {
                checker.forward("members", &ForwardTo::Number(number.clone()));
            }
        }
    }
    checker.range("ring_secs", group.ring_secs, 5..=180);
    checker.range("total_secs", group.total_secs, 5..=600);
    checker.forward("on_no_answer", &group.on_no_answer);
    checker.forward("on_busy", &group.on_busy);
    check_answering::of_group(checker, group);
    checker.hours(&group.hours, &group.after_hours);
}

fn check_parking(checker: &mut Checker<'_>, lot: &Parking) {
    checker.name("name", &lot.name);
    let directory = checker.directory;
    let is_slot = |text: &str| text.parse::<u32>().is_ok_and(|number| lot.slots().contains(&number));
    if lot.first > lot.last || lot.last - lot.first >= SLOTS || lot.first < 10 || lot.last > LAST_SLOT {
        let found = format!("found {} to {}", lot.first, lot.last);
        checker.say("last", format!("{found}; allowed: 1 to {SLOTS} slots from 10 to {LAST_SLOT}"));
    }
    let extensions = directory.stations.keys().map(|extension| ("station", extension));
    let groups = directory.groups.values().map(|group| ("group", &group.extension));
    let conferences = directory.conferences.values().map(|it| ("conference", &it.extension));
    for (what, extension) in extensions.chain(groups).chain(conferences) {
        if is_slot(extension) {
            checker.say("first", format!("{extension} is that of a {what}"));
        }
        if !lot.extension.is_empty() && *extension == lot.extension {
            checker.say("extension", format!("{extension} is that of a {what}"));
        }
    }
    for number in EMERGENCY_NUMBERS.into_iter().filter(|number| is_slot(number)) {
        checker.say("first", format!("{number} is an emergency number"));
    }
    if !lot.extension.is_empty() {
        checker.name("extension", &lot.extension);
        if EMERGENCY_NUMBERS.contains(&lot.extension.as_str()) || is_slot(&lot.extension) {
            checker.say("extension", format!("{} is a slot or an emergency number", lot.extension));
        }
    }
    for other in directory.parking.values().filter(|other| other.name < lot.name) {
        if lot.first <= other.last && other.first <= lot.last {
            checker
                .say("first", format!("slots {} to {} are those of {}", other.first, other.last, other.name));
        }
        if !lot.extension.is_empty() && other.extension == lot.extension {
            checker.say("extension", format!("{} is that of parking lot {}", lot.extension, other.name));
        }
    }
    if lot.recall_secs != 0 {
        checker.range("recall_secs", lot.recall_secs, 10..=3_600);
    }
    checker.range("recalls", lot.recalls, 1..=20);
    checker.forward("recall_to", &lot.recall_to);
    checker.forward("on_no_answer", &lot.on_no_answer);
    checker.speech("", &lot.music);
}

fn check_dial_rule(checker: &mut Checker<'_>, rule: &DialRule) {
    if !rule.pattern.starts_with('^') {
        let reason =
            "allowed: a pattern that begins with ^, so that it cannot match in the middle of a number";
        checker.say("pattern", format!("found {}; {reason}", quoted(&rule.pattern)));
    }
    if let Err(bad) = Pattern::search(&rule.pattern) {
        checker.say("pattern", bad.to_string());
    }
    if rule.trunks.is_empty() {
        checker.say("trunks", "is empty; allowed: at least one trunk by name");
    }
    checker.range("trunks", rule.trunks.len(), 0..=16);
    for name in &rule.trunks {
        checker.trunk_exists("trunks", name);
    }
    checker.range("strip", rule.strip, 0..=32);
    checker.number("prepend", &rule.prepend);
    checker.number("caller_id", &rule.caller_id);
    checker.range("priority", rule.priority, 0..=1_000_000);
}
