//! What phones and the phonebook may say.

use crate::check::{Checker, quoted};
use crate::{Phone, PhonebookEntry, Scope};

/// Keys of a phone with its extension modules.
const KEYS: usize = 120;
/// Settings beside ours.
const EXTRAS: usize = 200;
/// Octets of one of them.
const EXTRA_OCTETS: usize = 512;
/// Numbers of one entry.
const NUMBERS: usize = 8;

pub(crate) fn check_phone(checker: &mut Checker<'_>, phone: &Phone) {
    checker.text("model", &phone.model);
    if phone.stations.is_empty() {
        checker.say("stations", "is empty; allowed: at least one station by its extension");
    }
    let (lines, most) = (phone.stations.len(), phone.vendor.lines());
    if lines > most {
        checker.say("stations", format!("found {lines}; allowed for {}: up to {most}", phone.vendor.word()));
    }
    for (at, extension) in phone.stations.iter().enumerate() {
        checker.exists("stations", "station", extension, &checker.directory.stations);
        if phone.stations.iter().take(at).any(|other| other == extension) {
            checker.say("stations", format!("{} stands twice", quoted(extension)));
        }
    }
    checker.range("keys", phone.keys.len(), 0..=KEYS);
    checker.speech(&phone.language, "");
    if !["", "udp", "tcp", "tls"].contains(&phone.transport.as_str()) {
        checker.say("transport", format!("found {}; allowed: udp, tcp, tls", quoted(&phone.transport)));
    }
    checker.range("extra", phone.extra.len(), 0..=EXTRAS);
    for line in phone.extra.iter().filter(|line| !is_setting(line)) {
        let allowed = "name = value, the name of A-Z a-z 0-9 . _ - and not beginning with a digit, no control characters";
        checker.say("extra", format!("found {}; allowed: {allowed}", quoted(line)));
    }
}

/// A name of XML elements and attributes as well as of plain settings.
fn is_setting(line: &str) -> bool {
    let Some((name, value)) = line.split_once('=') else { return false };
    let name = name.trim();
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    begins && plain && line.len() <= EXTRA_OCTETS && !value.chars().any(char::is_control)
}

pub(crate) fn check_phonebook_entry(checker: &mut Checker<'_>, entry: &PhonebookEntry) {
    checker.name("entry", &entry.entry);
    checker.text("name", &entry.name);
    if entry.numbers.is_empty() {
        checker.say("numbers", "is empty; allowed: at least one number");
    }
    checker.range("numbers", entry.numbers.len(), 0..=NUMBERS);
    checker.range("favourite", entry.favourite, 0..=99);
    match &entry.scope {
        Scope::Shared => {}
        Scope::Team(team) => checker.name("scope", team),
        Scope::User(login) => checker.user_exists("scope", login),
    }
}
