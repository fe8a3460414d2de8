//! Everything that the settings of one phone say, put together from what is set up.

use base::media::Srtp;
use provision::{Directory, KeyAction, LineKey, Phone, Station};

use crate::login::{LoginName, PhoneKey};

/// The node as phones reach it.
#[derive(Clone, Debug)]
pub struct Node {
    /// The name or address by which phones speak SIP to it; empty for the one that a phone asked for its file.
    pub host: String,
    /// The ports on which it speaks SIP.
    pub transports: Transports,
    /// The language that it speaks where nobody says another.
    pub language: String,
    /// The interval of session timers, in seconds.
    pub session_secs: u32,
}

/// The ports of the node's listeners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transports {
    /// UDP.
    pub udp: Option<u16>,
    /// TCP.
    pub tcp: Option<u16>,
    /// TLS.
    pub tls: Option<u16>,
}

/// How a phone speaks SIP to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    Udp,
    Tcp,
    Tls,
}

/// A phone with all that its files say.
pub struct Device<'a> {
    pub(super) phone: &'a Phone,
    pub(super) directory: &'a Directory,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) speaks: Speaks,
    /// Its folder, with a slash at the end.
    pub(super) url: String,
    pub(super) language: String,
    pub(super) session_secs: u32,
    pub(super) lines: Vec<Line>,
}

/// One line of a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    /// Whose it is.
    pub extension: String,
    /// The name as shown.
    pub name: String,
    /// What it logs in with.
    pub login: String,
    /// Its password. A secret.
    pub password: String,
    pub(super) codecs: Vec<Codec>,
    pub(super) srtp: Srtp,
}

/// Codecs that desk phones know by settings of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Pcmu,
    Pcma,
    G722,
    Opus,
}

/// A programmable key with its place.
pub(super) struct PlacedKey<'a> {
    /// From 1.
    pub(super) number: usize,
    pub(super) key: &'a LineKey,
}

impl<'a> Device<'a> {
    /// All about a phone. `host` is how it named us when it asked, `url` its folder with a slash at the end.
    #[must_use]
    pub fn of(
        directory: &'a Directory,
        phone: &'a Phone,
        node: &Node,
        key: &PhoneKey,
        host: &str,
        url: &str,
    ) -> Self {
        let (speaks, port) = speaks(phone, node.transports);
        let lines: Vec<Line> = phone
            .stations
            .iter()
            .filter_map(|it| directory.stations.get(it))
            .zip(1..)
            .map(|(station, number)| Line {
                number,
                extension: station.extension.clone(),
                name: plain(shown_name(directory, station)),
                login: LoginName::of(phone, &station.extension),
                password: key.password(phone, &station.extension),
                codecs: codecs(station),
                srtp: if speaks == Speaks::Tls { station.srtp } else { Srtp::Off },
            })
            .collect();
        let of_station =
            phone.stations.first().and_then(|it| directory.stations.get(it)).map(|it| &it.language);
        let language = [Some(&phone.language), of_station, Some(&node.language)];
        let language = language.into_iter().flatten().find(|it| !it.is_empty()).cloned().unwrap_or_default();
        let host = if node.host.is_empty() { host } else { &node.host };
        Self {
            phone,
            directory,
            host: plain(host),
            port,
            speaks,
            url: plain(url),
            language: language.split('-').next().unwrap_or_default().to_owned(),
            session_secs: node.session_secs,
            lines,
        }
    }

    /// Its lines.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// `host:port`.
    #[must_use]
    pub fn server(&self) -> String {
        if self.host.contains(':') && !self.host.starts_with('[') {
            return format!("[{}]:{}", self.host, self.port);
        }
        format!("{}:{}", self.host, self.port)
    }

    /// `udp`, `tcp` or `tls`.
    #[must_use]
    pub fn transport(&self) -> &'static str {
        match self.speaks {
            Speaks::Udp => "udp",
            Speaks::Tcp => "tcp",
            Speaks::Tls => "tls",
        }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = PlacedKey<'_>> {
        (1..).zip(&self.phone.keys).map(|(number, key)| PlacedKey { number, key })
    }

    /// The settings of its vendor beside ours.
    pub(super) fn extras(&self) -> impl Iterator<Item = (&str, String)> {
        self.phone.extras().map(|(name, value)| (name, plain(value)))
    }
}

impl PlacedKey<'_> {
    pub(super) fn value(&self) -> &str {
        self.key.action.value()
    }

    pub(super) fn label(&self) -> String {
        plain(self.key.shown())
    }

    pub(super) fn is_line(&self) -> bool {
        self.key.action == KeyAction::Line
    }

    /// Whether it has a lamp: extensions and park slots.
    pub(super) fn is_watched(&self) -> bool {
        matches!(self.key.action, KeyAction::Blf(_) | KeyAction::Park(_))
    }
}

impl Line {
    pub(super) fn has(&self, codec: Codec) -> bool {
        self.codecs.contains(&codec)
    }

    /// The place of a codec, from 1; 0 for one that it has not.
    pub(super) fn place(&self, codec: Codec) -> usize {
        self.codecs.iter().position(|it| *it == codec).map_or(0, |at| at + 1)
    }
}

/// The safest that phone and node have in common, unless the phone's is set.
fn speaks(phone: &Phone, transports: Transports) -> (Speaks, u16) {
    let Transports { udp, tcp, tls } = transports;
    let wanted = match phone.transport.as_str() {
        "udp" => Some((Speaks::Udp, udp.unwrap_or(5_060))),
        "tcp" => Some((Speaks::Tcp, tcp.unwrap_or(5_060))),
        "tls" => Some((Speaks::Tls, tls.unwrap_or(5_061))),
        _ => None,
    };
    let offered = || {
        let tls = tls.map(|port| (Speaks::Tls, port));
        let udp = udp.map(|port| (Speaks::Udp, port));
        tls.or(udp).or_else(|| tcp.map(|port| (Speaks::Tcp, port))).unwrap_or((Speaks::Udp, 5_060))
    };
    wanted.unwrap_or_else(offered)
}

fn codecs(station: &Station) -> Vec<Codec> {
    let known = |name: &String| match name.to_ascii_lowercase().as_str() {
        "pcmu" => Some(Codec::Pcmu),
        "pcma" => Some(Codec::Pcma),
        "g722" => Some(Codec::G722),
        "opus" => Some(Codec::Opus),
        _ => None,
    };
    let codecs: Vec<Codec> = station.codecs.iter().filter_map(known).collect();
    if codecs.is_empty() { vec![Codec::Pcmu, Codec::Pcma, Codec::G722] } else { codecs }
}

/// The name of a station, else that of who sits there, else its extension.
pub(super) fn shown_name<'a>(directory: &'a Directory, station: &'a Station) -> &'a str {
    let user = directory.users.get(&station.user).map_or("", |user| user.name.as_str());
    [station.name.as_str(), user].into_iter().find(|name| !name.is_empty()).unwrap_or(&station.extension)
}

/// A text without what would end a line of settings, or is no character of XML 1.0 (§2.2).
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}'))
        .collect()
}
