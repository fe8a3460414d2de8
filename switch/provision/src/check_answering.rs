//! What phones are told of a call: labels, rings, addresses of records, words for whoever answers.

use crate::check::{Checker, quoted};
use crate::{Group, Number, Station};

/// Characters of a label, which stands before the caller's name on a small display.
const LABEL_CHARS: usize = 32;
/// Characters of a ring's name.
const RING_CHARS: usize = 32;
/// Characters of the address of a record.
const URL_CHARS: usize = 512;
/// Characters of a prompt's id.
const PROMPT_CHARS: usize = 128;
/// What stands in an address for something of the call.
const PARTS: [&str; 3] = ["caller", "dialled", "call"];

pub(crate) fn of_station(checker: &mut Checker<'_>, station: &Station) {
    ring(checker, &station.ring);
}

pub(crate) fn of_number(checker: &mut Checker<'_>, number: &Number) {
    shown(checker, [&number.label, &number.ring, &number.call_info_url, &number.whisper]);
}

pub(crate) fn of_group(checker: &mut Checker<'_>, group: &Group) {
    shown(checker, [&group.label, &group.ring, &group.call_info_url, &group.whisper]);
    if group.talkback && !group.page {
        checker.say("talkback", "is for paging, and page is not set");
    }
}

fn shown(checker: &mut Checker<'_>, [label, own_ring, url, whisper]: [&String; 4]) {
    if label.chars().count() > LABEL_CHARS || label.chars().any(char::is_control) {
        let allowed = format!("up to {LABEL_CHARS} characters, no control characters");
        checker.say("label", format!("found {}; allowed: {allowed}", quoted(label)));
    }
    ring(checker, own_ring);
    address(checker, url);
    let prompt = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
    if !whisper.bytes().all(prompt) || whisper.len() > PROMPT_CHARS {
        let allowed = "a prompt by its id, such as custom/sales";
        checker.say("whisper", format!("found {}; allowed: {allowed}", quoted(whisper)));
    }
}

/// Nothing that could end a header or a value in it.
fn ring(checker: &mut Checker<'_>, found: &str) {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b" ._-".contains(&b);
    if !found.bytes().all(fits) || found.len() > RING_CHARS || found.trim() != found {
        let allowed = format!("auto, or up to {RING_CHARS} of A-Z a-z 0-9 . _ - and blanks within");
        checker.say("ring", format!("found {}; allowed: {allowed}", quoted(found)));
    }
}

fn address(checker: &mut Checker<'_>, url: &str) {
    if url.is_empty() {
        return;
    }
    let fits = |b: u8| b.is_ascii_graphic() && !b"<>\"\\^`|".contains(&b);
    if !url.starts_with("https://") || !url.bytes().all(fits) || url.len() > URL_CHARS {
        let allowed = format!("up to {URL_CHARS} characters that begin with https://, no blanks, no < > \"");
        return checker.say("call_info_url", format!("found {}; allowed: {allowed}", quoted(url)));
    }
    let unknown =
        url.split('{').skip(1).find(|rest| !rest.split_once('}').is_some_and(|it| PARTS.contains(&it.0)));
    if let Some(rest) = unknown {
        let found = quoted(&format!("{{{rest}"));
        checker.say("call_info_url", format!("found {found}; allowed: {{caller}}, {{dialled}}, {{call}}"));
    }
}
