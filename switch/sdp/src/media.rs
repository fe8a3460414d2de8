//! One stream: an `m=` line and the lines below it.

use std::fmt;

use base::media::MediaFlow;

use crate::address::{Host, RtcpAddress, read_connection};
use crate::attributes::{self, Line};

/// What a stream carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// Speech and music.
    Audio,
    /// Pictures in motion.
    Video,
    /// Fax over T.38, mostly.
    Image,
    /// Anything else, as written.
    Other(String),
}

impl MediaKind {
    pub(crate) fn read(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "audio" => Self::Audio,
            "video" => Self::Video,
            "image" => Self::Image,
            _other => Self::Other(word.to_owned()),
        }
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Image => "image",
            Self::Other(word) => word,
        })
    }
}

/// Which way media flows, from the side of whoever wrote the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `sendrecv`, also when nothing is said.
    SendRecv,
    /// `sendonly`: the other side is held.
    SendOnly,
    /// `recvonly`.
    RecvOnly,
    /// `inactive`.
    Inactive,
}

impl Direction {
    pub(crate) const NAMES: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];

    /// From whether its writer sends and receives.
    #[must_use]
    pub fn from_flags(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// The attribute's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// Whether its writer sends.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether its writer receives.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same stream seen from the other end.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self::from_flags(self.receives(), self.sends())
    }

    /// What both allow, said by the same side.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::from_flags(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// As the media workers put it, when this is our side.
    #[must_use]
    pub fn flow(self) -> MediaFlow {
        match self {
            Self::SendRecv => MediaFlow::Both,
            Self::SendOnly => MediaFlow::Send,
            Self::RecvOnly => MediaFlow::Receive,
            Self::Inactive => MediaFlow::Neither,
        }
    }

    pub(crate) fn in_lines(lines: &[Line]) -> Option<Self> {
        attributes::attributes(lines).find_map(|(name, _)| match name.to_ascii_lowercase().as_str() {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _other => None,
        })
    }
}

/// One stream of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    pub(crate) kind: MediaKind,
    pub(crate) port: u16,
    /// The `/2` of `m=audio 4000/2`, with its slash.
    pub(crate) port_count: String,
    pub(crate) proto: String,
    pub(crate) formats: Vec<String>,
    pub(crate) lines: Vec<Line>,
}

impl Media {
    /// What it carries.
    #[must_use]
    pub fn kind(&self) -> &MediaKind {
        &self.kind
    }

    /// The port; 0 when the stream is refused or ended.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The transport, e.g. `RTP/AVP`.
    #[must_use]
    pub fn proto(&self) -> &str {
        &self.proto
    }

    /// The formats in order of preference; payload types when the transport is RTP.
    #[must_use]
    pub fn formats(&self) -> &[String] {
        &self.formats
    }

    /// Its own `c=`, without the session's.
    #[must_use]
    pub fn connection(&self) -> Option<Host> {
        self.lines.iter().find(|line| line.kind == 'c').and_then(|line| read_connection(&line.value))
    }

    /// Its own direction, without the session's.
    #[must_use]
    pub fn direction(&self) -> Option<Direction> {
        Direction::in_lines(&self.lines)
    }

    /// `a=rtcp` (RFC 3605).
    #[must_use]
    pub fn rtcp(&self) -> Option<RtcpAddress> {
        RtcpAddress::read(self.attribute("rtcp")?)
    }

    /// Whether `a=rtcp-mux` stands there (RFC 5761).
    #[must_use]
    pub fn rtcp_mux(&self) -> bool {
        self.attribute("rtcp-mux").is_some()
    }

    /// `a=ptime` in milliseconds.
    #[must_use]
    pub fn ptime(&self) -> Option<u32> {
        self.attribute("ptime")?.parse().ok()
    }

    /// `a=fmtp` of a format.
    #[must_use]
    pub fn fmtp(&self, format: &str) -> Option<&str> {
        attributes::of_format(&self.lines, "fmtp", format)
    }

    /// The value of the first attribute of that name; empty for a flag.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        attributes::attribute(&self.lines, name)
    }

    /// All attributes, in order, as name and value.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        attributes::attributes(&self.lines)
    }

    /// Audio on a real port, over plain RTP or over SRTP with a key that we can use: what Tandem can anchor.
    #[must_use]
    pub fn is_usable_audio(&self) -> bool {
        let plain = ["RTP/AVP", "RTP/AVPF"].iter().any(|proto| self.proto.eq_ignore_ascii_case(proto));
        let secured = self.is_srtp() && self.cryptos().next().is_some();
        self.kind == MediaKind::Audio && self.port != 0 && (plain || secured)
    }

    /// Refuses the stream in place (RFC 3264 §6): port 0, no lines of its own.
    pub(crate) fn refuse(&mut self) {
        self.port = 0;
        self.port_count.clear();
        self.lines.clear();
    }

    pub(crate) fn set_direction(&mut self, direction: Direction) {
        self.lines.retain(|line| !Direction::NAMES.iter().any(|name| line.is_attribute(name)));
        self.lines.push(Line::flag(direction.name()));
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}{} {}", self.kind, self.port, self.port_count, self.proto)?;
        self.formats.iter().try_for_each(|format| write!(f, " {format}"))?;
        f.write_str("\r\n")?;
        self.lines.iter().try_for_each(|line| line.fmt(f))
    }
}
