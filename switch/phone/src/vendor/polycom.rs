//! Polycom: a master file that names the settings, whose values are attributes; UC Software 4 and later.

use base::media::Srtp;
use provision::ClockChange;

use super::book::Entry;
use super::device::{Codec, Device, Line, Speaks};
use super::zone;

#[derive(askama::Template)]
#[template(path = "polycom-master.xml")]
struct Master<'a> {
    mac: &'a str,
}

#[derive(askama::Template)]
#[template(path = "polycom.xml")]
struct Settings<'a> {
    device: &'a Device<'a>,
    language: &'static str,
}

#[derive(askama::Template)]
#[template(path = "polycom-book.xml")]
struct Book<'a> {
    entries: &'a [Entry],
}

/// When a clock changes, in UC Software's words.
struct Change {
    month: u8,
    /// The day of the first week in which it may be: 1, 8, 15 or 22.
    date: u8,
    last: u8,
    hour: u8,
}

/// One attendant: an extension or slot with a lamp.
struct Watched {
    number: usize,
    value: String,
    label: String,
}

/// What is on one line key.
struct Placed {
    number: usize,
    category: &'static str,
    index: usize,
}

pub(super) fn master(device: &Device<'_>) -> askama::Result<String> {
    askama::Template::render(&Master { mac: device.phone.mac.as_str() })
}

pub(super) fn settings(device: &Device<'_>) -> askama::Result<String> {
    let language = match device.language.as_str() {
        "es" => "Spanish_Spain",
        "de" => "German_Germany",
        "fr" => "French_France",
        "it" => "Italian_Italy",
        "pt" => "Portuguese_Portugal",
        _ => "",
    };
    askama::Template::render(&Settings { device, language })
}

pub(super) fn book(entries: &[Entry]) -> askama::Result<String> {
    askama::Template::render(&Book { entries })
}

impl Settings<'_> {
    fn transport(&self) -> &'static str {
        match self.device.speaks {
            Speaks::Udp => "UDPOnly",
            Speaks::Tcp => "TCPOnly",
            Speaks::Tls => "TLS",
        }
    }

    fn scheme(&self) -> &'static str {
        if self.device.url.starts_with("https:") { "HTTPS" } else { "HTTP" }
    }

    fn offset_secs(&self) -> i32 {
        self.device.phone.time_zone.offset_min * 60
    }

    fn summer(&self) -> Option<(Change, Change)> {
        let change = |it: ClockChange| {
            let last = u8::from(it.sunday == 5);
            Change {
                month: it.month,
                date: if last == 1 { 1 } else { (it.sunday - 1) * 7 + 1 },
                last,
                hour: it.hour,
            }
        };
        zone::summer(&self.device.phone.time_zone).map(|(start, end)| (change(start), change(end)))
    }

    /// Codec preferences hold for the whole phone: those of its first line.
    fn codecs(&self) -> [(&'static str, usize); 4] {
        let place = |codec| self.device.lines.first().map_or(0, |line| line.place(codec));
        [("G711_Mu", Codec::Pcmu), ("G711_A", Codec::Pcma), ("G722", Codec::G722), ("Opus", Codec::Opus)]
            .map(|(name, codec)| (name, place(codec)))
    }

    fn srtp(&self, wanted: fn(Srtp) -> bool) -> u8 {
        u8::from(self.device.lines.iter().any(|line: &Line| wanted(line.srtp)))
    }

    fn srtp_offered(&self) -> u8 {
        self.srtp(|srtp| srtp != Srtp::Off)
    }

    fn srtp_required(&self) -> u8 {
        self.srtp(|srtp| srtp == Srtp::Required)
    }

    fn watched(&self) -> Vec<Watched> {
        let watched = self.device.keys().filter(super::device::PlacedKey::is_watched);
        let watched = watched.zip(1..);
        watched
            .map(|(key, number)| Watched { number, value: key.value().to_owned(), label: key.label() })
            .collect()
    }

    /// Every line has a key of its own; the phone's programmable ones follow.
    fn placed(&self) -> Vec<Placed> {
        let lines = self.device.lines.iter().map(|line| ("Line", line.number));
        let mut favourites = 0;
        let keys = self.device.keys().map(|key| {
            if key.is_line() {
                ("Line", 1)
            } else if key.is_watched() {
                ("BLF", 0)
            } else {
                favourites += 1;
                ("EFK", favourites)
            }
        });
        let all: Vec<_> = lines.chain(keys).collect();
        let placed = all.into_iter().zip(1..);
        placed.map(|((category, index), number)| Placed { number, category, index }).collect()
    }

    /// Keys that dial: enhanced feature keys with a macro each.
    fn dialling(&self) -> Vec<Watched> {
        let keys = self.device.keys().filter(|key| !key.is_line() && !key.is_watched());
        let keys = keys.zip(1..);
        keys.map(|(key, number)| Watched { number, value: key.value().to_owned(), label: key.label() })
            .collect()
    }
}
