//! The formats of a stream, each with what its own lines say of it.

use base::media::Codec;

use crate::attributes::{self, Line};
use crate::codec::codec_of;
use crate::media::Media;

/// One format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) number: u8,
    /// What it is; encodings that are only passed on are told apart by name, clock and channels.
    pub(crate) codec: Codec,
    /// The encoding's name as written.
    pub(crate) name: String,
    pub(crate) clock_hz: u32,
    pub(crate) rtpmap: Option<String>,
    pub(crate) fmtp: Option<String>,
}

impl Format {
    /// One of ours, under the number that it mostly has; `None` for what we cannot write or read.
    pub(crate) fn ours(codec: Codec) -> Option<Self> {
        let (number, name, map, fmtp) = match codec {
            Codec::Pcmu => (0, "PCMU", "PCMU/8000", None),
            Codec::Pcma => (8, "PCMA", "PCMA/8000", None),
            Codec::G722 => (9, "G722", "G722/8000", None),
            Codec::Opus => (96, "opus", "opus/48000/2", Some("useinbandfec=1")),
            Codec::TelephoneEvent => (101, "telephone-event", "telephone-event/8000", Some("0-15")),
            Codec::ComfortNoise => (13, "CN", "CN/8000", None),
            Codec::Other(_) => return None,
        };
        let clock_hz = if codec == Codec::Opus { 48_000 } else { 8_000 };
        let (rtpmap, fmtp) = (Some(map.to_owned()), fmtp.map(str::to_owned));
        Some(Self { number, codec, name: name.to_owned(), clock_hz, rtpmap, fmtp })
    }

    /// Carries speech, whether we can read it or not.
    pub(crate) fn carries_speech(&self) -> bool {
        !matches!(self.codec, Codec::TelephoneEvent | Codec::ComfortNoise)
    }

    /// The same encoding; keypad events only with the same clock.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        self.codec == other.codec && self.clock_hz == other.clock_hz
    }

    /// Where a list of names has it.
    pub(crate) fn rank(&self, names: &[impl AsRef<str>]) -> Option<usize> {
        names.iter().position(|name| name.as_ref().eq_ignore_ascii_case(&self.name))
    }
}

/// What a stream offers or answers, in its order; numbers that nobody explains are left out.
pub(crate) fn read(media: &Media) -> Vec<Format> {
    let explained = media.formats.iter().filter_map(|format| {
        let number = format.parse().ok().filter(|number| *number < 128)?;
        let codec = codec_of(media, format)?;
        let of_format = |name| attributes::of_format(&media.lines, name, format).map(str::to_owned);
        Some(Format {
            number,
            codec: codec.known(""),
            name: codec.name.to_owned(),
            clock_hz: codec.clock_hz,
            rtpmap: of_format("rtpmap"),
            fmtp: of_format("fmtp"),
        })
    });
    explained.collect()
}

/// Replaces the formats of a stream and the lines that belong to them.
pub(crate) fn write(media: &mut Media, formats: &[Format]) {
    let is_bound = |line: &Line| line.is_attribute("rtpmap") || line.is_attribute("fmtp");
    let at = media.lines.iter().position(is_bound).unwrap_or_else(|| {
        let after = media.lines.iter().rposition(|line| line.kind != 'a');
        after.map_or(0, |at| at + 1)
    });
    media.lines.retain(|line| !is_bound(line));
    let line = |name: &str, format: &Format, value: &Option<String>| {
        value.as_ref().map(|value| Line::new('a', format!("{name}:{} {value}", format.number)))
    };
    let maps = formats.iter().filter_map(|format| line("rtpmap", format, &format.rtpmap));
    let parameters = formats.iter().filter_map(|format| line("fmtp", format, &format.fmtp));
    let lines: Vec<Line> = maps.chain(parameters).collect();
    media.lines.splice(at..at, lines);
    media.formats = formats.iter().map(|format| format.number.to_string()).collect();
}
