//! Cisco SPA 300 and 500: elements of a `flat-profile` with the line's number in their names.

use base::media::Srtp;

use super::book::Entry;
use super::device::{Codec, Device, Line, Speaks};
use super::zone;

/// Line keys that a profile names; those that nobody set are switched off.
const KEYS: usize = 12;

#[derive(askama::Template)]
#[template(path = "cisco-spa.xml")]
struct Settings<'a> {
    device: &'a Device<'a>,
}

#[derive(askama::Template)]
#[template(path = "cisco-spa-book.xml")]
struct Book<'a> {
    entries: &'a [Entry],
}

/// One line key: which line it is, or what it does instead.
struct Key {
    number: usize,
    line: String,
    label: String,
    function: String,
}

/// Entries of one page; the phone shows no more.
const PAGE: usize = 32;

pub(super) fn settings(device: &Device<'_>) -> askama::Result<String> {
    askama::Template::render(&Settings { device })
}

pub(super) fn book(entries: &[Entry]) -> askama::Result<String> {
    askama::Template::render(&Book { entries: entries.get(..PAGE).unwrap_or(entries) })
}

impl Settings<'_> {
    fn transport(&self) -> &'static str {
        match self.device.speaks {
            Speaks::Udp => "UDP",
            Speaks::Tcp => "TCP",
            Speaks::Tls => "TLS",
        }
    }

    fn zone(&self) -> String {
        let zone = &self.device.phone.time_zone;
        if zone.offset_min == 0 { "GMT".to_owned() } else { format!("GMT{}", zone.signed()) }
    }

    fn rule(&self) -> Option<String> {
        zone::summer(&self.device.phone.time_zone).map(zone::spa_rule)
    }

    fn first(&self) -> &str {
        self.device.lines.first().map_or("", |line| line.name.as_str())
    }

    fn preferred(&self, line: &Line) -> &'static str {
        let first = line.codecs.iter().find(|codec| **codec != Codec::Opus);
        match first {
            Some(Codec::Pcma) => "G711a",
            Some(Codec::G722) => "G722",
            Some(Codec::Pcmu | Codec::Opus) | None => "G711u",
        }
    }

    fn g722(&self, line: &Line) -> &'static str {
        if line.has(Codec::G722) { "Yes" } else { "No" }
    }

    fn secure(&self, line: &Line) -> &'static str {
        if line.srtp == Srtp::Off { "No" } else { "Yes" }
    }

    /// The lines' own keys, then the programmable ones, then those that nobody set.
    fn keys(&self) -> Vec<Key> {
        let plain =
            |number: usize, line: String, label: String| Key { number, line, label, function: String::new() };
        let mut keys: Vec<Key> = Vec::new();
        for line in &self.device.lines {
            keys.push(plain(line.number, line.number.to_string(), line.extension.clone()));
        }
        for key in self.device.keys() {
            let (number, label, value) = (keys.len() + 1, key.label(), key.value());
            let named = label.replace([';', '='], " ");
            keys.push(if key.is_line() {
                plain(number, "1".to_owned(), "$USER".to_owned())
            } else if key.is_watched() {
                let function = format!("fnc=blf+sd+cp;sub={value}@$PROXY;ext={value}@$PROXY;nme={named}");
                Key { number, line: "Disabled".to_owned(), label, function }
            } else {
                let function = format!("fnc=sd;ext={value}@$PROXY;nme={named}");
                Key { number, line: "Disabled".to_owned(), label, function }
            });
        }
        for number in keys.len() + 1..=KEYS {
            keys.push(plain(number, "Disabled".to_owned(), String::new()));
        }
        keys
    }
}
