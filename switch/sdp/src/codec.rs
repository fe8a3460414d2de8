//! What a payload type number stands for.

use std::ops::RangeInclusive;

use crate::media::Media;
use crate::text::Sdp;

/// Name and clock of a format.
#[derive(Clone, Copy, Debug)]
pub struct Codec<'a> {
    /// The encoding name, in any case.
    pub name: &'a str,
    /// RTP timestamp ticks per second.
    pub clock_hz: u32,
    /// Channels; 1 when not said.
    pub channels: u8,
}

impl Codec<'_> {
    /// As the media workers have it.
    pub(crate) fn known(&self, parameters: &str) -> base::media::Codec {
        base::media::Codec::named(self.name, self.clock_hz, self.channels, parameters)
    }

    /// Carries no speech of its own: keypad events and comfort noise.
    #[must_use]
    pub fn is_auxiliary(&self) -> bool {
        self.is_telephone_event() || self.name.eq_ignore_ascii_case("CN")
    }

    /// RFC 4733 events.
    #[must_use]
    pub fn is_telephone_event(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }
}

impl PartialEq for Codec<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (mine, theirs) = ((self.clock_hz, self.channels), (other.clock_hz, other.channels));
        mine == theirs && self.name.eq_ignore_ascii_case(other.name)
    }
}

/// Clocks that streams of sound have, in ticks per second; a format of another is passed over.
const CLOCKS: RangeInclusive<u32> = 1_000..=192_000;

/// What `format` means in `media`: by `a=rtpmap`, else by RFC 3551 table 4. `None` for a dynamic number
/// nobody explained, and for a clock below 1,000 or above 192,000 Hz.
#[must_use]
pub fn codec_of<'a>(media: &'a Media, format: &str) -> Option<Codec<'a>> {
    let mapped = crate::attributes::of_format(&media.lines, "rtpmap", format).and_then(read_rtpmap);
    let codec = mapped.or_else(|| format.parse().ok().and_then(static_codec))?;
    Some(codec).filter(|codec| CLOCKS.contains(&codec.clock_hz))
}

/// The name of the first codec that carries speech in the anchored stream, upper case: `PCMU`.
#[must_use]
pub fn first_codec_name(sdp: &Sdp) -> Option<String> {
    let audio = sdp.audio()?;
    let codecs = audio.formats().iter().filter_map(|format| codec_of(audio, format));
    codecs.into_iter().find(|codec| !codec.is_auxiliary()).map(|codec| codec.name.to_ascii_uppercase())
}

fn read_rtpmap(value: &str) -> Option<Codec<'_>> {
    let mut parts = value.split('/').map(str::trim);
    let (name, clock) = (parts.next()?, parts.next()?);
    let channels = parts.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    Some(Codec { name, clock_hz: clock.parse().ok()?, channels })
}

/// RFC 3551 table 4. G.722 says 8000 though it samples at 16000 (§4.5.2).
fn static_codec(number: u8) -> Option<Codec<'static>> {
    let (name, clock_hz, channels) = match number {
        0 => ("PCMU", 8_000, 1),
        3 => ("GSM", 8_000, 1),
        4 => ("G723", 8_000, 1),
        5 => ("DVI4", 8_000, 1),
        6 => ("DVI4", 16_000, 1),
        7 => ("LPC", 8_000, 1),
        8 => ("PCMA", 8_000, 1),
        9 => ("G722", 8_000, 1),
        10 => ("L16", 44_100, 2),
        11 => ("L16", 44_100, 1),
        12 => ("QCELP", 8_000, 1),
        13 => ("CN", 8_000, 1),
        14 => ("MPA", 90_000, 1),
        15 => ("G728", 8_000, 1),
        16 => ("DVI4", 11_025, 1),
        17 => ("DVI4", 22_050, 1),
        18 => ("G729", 8_000, 1),
        _dynamic => return None,
    };
    Some(Codec { name, clock_hz, channels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_means_what_rtpmap_says_else_the_static_table() {
        let body = "v=0\nm=audio 4000 RTP/AVP 101 9 96 97\na=rtpmap:101 telephone-event/8000\na=rtpmap:96 opus/48000/2\n";
        let sdp = Sdp::parse(body.as_bytes()).unwrap();
        let audio = sdp.audio().unwrap();
        assert_eq!(codec_of(audio, "9").unwrap().clock_hz, 8_000);
        assert_eq!(codec_of(audio, "96").unwrap(), Codec { name: "OPUS", clock_hz: 48_000, channels: 2 });
        assert!(codec_of(audio, "97").is_none());
        assert_eq!(first_codec_name(&sdp).as_deref(), Some("G722"));
    }

    #[test]
    fn a_codec_counts_with_its_own_clock_and_absurd_clocks_are_passed_over() {
        let known = |map: &str| {
            let body = format!("v=0\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 {map}\n");
            let sdp = Sdp::parse(body.as_bytes()).unwrap();
            codec_of(sdp.audio().unwrap(), "96").map(|codec| codec.known(""))
        };
        assert_eq!(known("PCMU/8000"), Some(base::media::Codec::Pcmu));
        assert!(known("PCMU/16000").is_some_and(|codec| matches!(codec, base::media::Codec::Other(_))));
        assert_eq!(known("telephone-event/192000"), Some(base::media::Codec::TelephoneEvent));
        for clock in ["0", "1", "999", "192001", "4294967295", "4294967296", "-8000", ""] {
            assert_eq!(known(&format!("PCMU/{clock}")), None, "{clock}");
            assert_eq!(known(&format!("telephone-event/{clock}")), None, "{clock}");
        }
    }
}
