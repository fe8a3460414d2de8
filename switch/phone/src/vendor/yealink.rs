//! Yealink: lines of `name = value`, firmware 81 and later.

use base::media::Srtp;

use super::book::Entry;
use super::device::{Codec, Device, Line, Speaks};
use super::zone;

#[derive(askama::Template)]
#[template(path = "yealink.cfg", escape = "none")]
struct Settings<'a> {
    device: &'a Device<'a>,
    language: &'static str,
}

#[derive(askama::Template)]
#[template(path = "yealink-book.xml")]
struct Book<'a> {
    entries: &'a [Entry],
}

pub(super) fn settings(device: &Device<'_>) -> askama::Result<String> {
    let language = match device.language.as_str() {
        "es" => "Spanish",
        "de" => "German",
        "fr" => "French",
        "it" => "Italian",
        "pt" => "Portuguese",
        _ => "English",
    };
    askama::Template::render(&Settings { device, language })
}

pub(super) fn book(entries: &[Entry]) -> askama::Result<String> {
    askama::Template::render(&Book { entries })
}

impl Settings<'_> {
    fn transport(&self) -> u8 {
        match self.device.speaks {
            Speaks::Udp => 0,
            Speaks::Tcp => 1,
            Speaks::Tls => 2,
        }
    }

    fn hours(&self) -> String {
        zone::hours(&self.device.phone.time_zone)
    }

    /// Start and end of summer time.
    fn summer(&self) -> Option<(String, String)> {
        let (start, end) = zone::summer(&self.device.phone.time_zone)?;
        Some((zone::by_week(start), zone::by_week(end)))
    }

    fn srtp(&self, line: &Line) -> u8 {
        match line.srtp {
            Srtp::Off => 0,
            Srtp::Optional => 1,
            Srtp::Required => 2,
        }
    }

    /// Each codec's name with its place, 0 for one that is off.
    fn codecs(&self, line: &Line) -> [(&'static str, usize); 4] {
        [("pcmu", Codec::Pcmu), ("pcma", Codec::Pcma), ("g722", Codec::G722), ("opus", Codec::Opus)]
            .map(|(name, codec)| (name, line.place(codec)))
    }
}
