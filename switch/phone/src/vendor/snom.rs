//! Snom: elements of `phone-settings` with an index for each line, firmware 8 and later.

use base::media::Srtp;

use super::book::Entry;
use super::device::{Codec, Device, Line};
use super::zone;

#[derive(askama::Template)]
#[template(path = "snom.xml")]
struct Settings<'a> {
    device: &'a Device<'a>,
    language: &'static str,
}

#[derive(askama::Template)]
#[template(path = "snom-book.xml")]
struct Book<'a> {
    entries: &'a [Entry],
}

pub(super) fn settings(device: &Device<'_>) -> askama::Result<String> {
    let language = match device.language.as_str() {
        "es" => "Español",
        "de" => "Deutsch",
        "fr" => "Français",
        "it" => "Italiano",
        "pt" => "Português",
        _ => "English",
    };
    askama::Template::render(&Settings { device, language })
}

pub(super) fn book(entries: &[Entry]) -> askama::Result<String> {
    askama::Template::render(&Book { entries })
}

impl Settings<'_> {
    fn offset_secs(&self) -> i32 {
        self.device.phone.time_zone.offset_min * 60
    }

    fn rule(&self) -> Option<String> {
        zone::summer(&self.device.phone.time_zone).map(zone::snom_rule)
    }

    fn codecs(&self, line: &Line) -> String {
        let name = |codec: &Codec| match codec {
            Codec::Pcmu => "pcmu",
            Codec::Pcma => "pcma",
            Codec::G722 => "g722",
            Codec::Opus => "opus",
        };
        let mut names: Vec<&str> = line.codecs.iter().map(name).collect();
        names.push("telephone-event");
        names.join(",")
    }

    fn srtp(&self, line: &Line) -> &'static str {
        if line.srtp == Srtp::Off { "off" } else { "on" }
    }

    fn savp(&self, line: &Line) -> &'static str {
        match line.srtp {
            Srtp::Off => "off",
            Srtp::Optional => "optional",
            Srtp::Required => "mandatory",
        }
    }
}
