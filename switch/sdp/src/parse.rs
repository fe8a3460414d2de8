//! From octets to a body: lenient about line ends, order and what it does not know, strict about sizes and
//! about the lines that decide where media goes.

use base::limits::{SDP_ATTRIBUTES, SDP_MEDIA, SDP_OCTETS};

use crate::address::{Origin, read_connection};
use crate::attributes::Line;
use crate::media::{Media, MediaKind};
use crate::text::Sdp;

/// Why a body does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SDP line {line}: {kind}")]
pub struct SdpError {
    /// Which line, from 1; 0 for the body as a whole.
    pub line: usize,
    /// What is wrong there.
    pub kind: Fault,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// More than `SDP_OCTETS`.
    #[error("the body is too long")]
    TooLong,
    /// More `m=` lines than `SDP_MEDIA`.
    #[error("too many streams")]
    TooManyMedia,
    /// More `a=` lines than `SDP_ATTRIBUTES`.
    #[error("too many attributes")]
    TooManyAttributes,
    /// Not a letter and an equals sign.
    #[error("not a letter, an equals sign and a value")]
    NotALine,
    /// The body does not begin with `v=0`.
    #[error("the body does not begin with v=0")]
    Version,
    /// An `o=` line without its six fields.
    #[error("o= lacks fields")]
    Origin,
    /// A `c=` line that names no internet address.
    #[error("c= names no address")]
    Connection,
    /// An `m=` line without kind, port, transport and a format, or with a port above 65535.
    #[error("m= lacks kind, port, transport or format")]
    Media,
}

impl Sdp {
    /// Reads a body.
    ///
    /// # Errors
    /// The first line that cannot be used, or a bound of `base::limits` exceeded.
    pub fn parse(body: &[u8]) -> Result<Self, SdpError> {
        if body.len() > SDP_OCTETS {
            return Err(SdpError { line: 0, kind: Fault::TooLong });
        }
        let text = String::from_utf8_lossy(body);
        let mut reader = Reader::default();
        for (index, raw) in text.split('\n').enumerate() {
            let raw = raw.trim_end_matches(['\r', '\0', ' ', '\t']);
            if !raw.is_empty() {
                reader.take(raw).map_err(|kind| SdpError { line: index + 1, kind })?;
            }
        }
        if reader.sdp.session.is_empty() {
            return Err(SdpError { line: 0, kind: Fault::Version });
        }
        Ok(reader.sdp)
    }
}

struct Reader {
    sdp: Sdp,
    attributes: usize,
}

impl Default for Reader {
    fn default() -> Self {
        Self { sdp: Sdp { session: Vec::new(), media: Vec::new() }, attributes: 0 }
    }
}

impl Reader {
    fn take(&mut self, raw: &str) -> Result<(), Fault> {
        let (kind, value) = split(raw).filter(|_| !raw.contains(['\r', '\0'])).ok_or(Fault::NotALine)?;
        if self.sdp.session.is_empty() && (kind, value.trim()) != ('v', "0") {
            return Err(Fault::Version);
        }
        if kind == 'm' {
            return self.media(value);
        }
        match kind {
            'a' => {
                self.attributes += 1;
                if self.attributes > SDP_ATTRIBUTES {
                    return Err(Fault::TooManyAttributes);
                }
            }
            'c' if read_connection(value).is_none() => return Err(Fault::Connection),
            'o' if Origin::read(value).is_none() => return Err(Fault::Origin),
            _other => {}
        }
        let lines = self.sdp.media.last_mut().map_or(&mut self.sdp.session, |media| &mut media.lines);
        lines.push(Line::new(kind, value));
        Ok(())
    }

    fn media(&mut self, value: &str) -> Result<(), Fault> {
        if self.sdp.media.len() == SDP_MEDIA {
            return Err(Fault::TooManyMedia);
        }
        self.sdp.media.push(read_media(value).ok_or(Fault::Media)?);
        Ok(())
    }
}

/// Kind and value of `x=value`; blanks around the letter are forgiven.
fn split(raw: &str) -> Option<(char, &str)> {
    let (kind, value) = raw.trim_start().split_once('=')?;
    let mut letters = kind.trim_end().chars();
    let letter = letters.next().filter(char::is_ascii_lowercase)?;
    letters.next().is_none().then_some((letter, value))
}

fn read_media(value: &str) -> Option<Media> {
    let mut fields = value.split_ascii_whitespace();
    let (kind, port, proto) = (fields.next()?, fields.next()?, fields.next()?);
    let digits = port.split('/').next()?;
    let formats: Vec<String> = fields.map(str::to_owned).collect();
    (!formats.is_empty()).then_some(())?;
    Some(Media {
        kind: MediaKind::read(kind),
        port: digits.parse().ok()?,
        port_count: port.get(digits.len()..).unwrap_or_default().to_owned(),
        proto: proto.to_owned(),
        formats,
        lines: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> (usize, Fault) {
        let error = Sdp::parse(text.as_bytes()).unwrap_err();
        (error.line, error.kind)
    }

    #[test]
    fn bare_line_feeds_blank_lines_and_a_missing_last_line_end_are_forgiven() {
        let body = Sdp::parse(b"v=0\no=- 1 1 IN IP4 h\n\ns= \nt=0 0\nm=audio 49170/2 RTP/AVP 0 ").unwrap();
        assert_eq!(body.media()[0].port(), 49_170);
        assert!(body.to_string().ends_with("m=audio 49170/2 RTP/AVP 0\r\n"));
    }

    #[test]
    fn a_bad_line_is_named_by_number() {
        assert_eq!(fault(""), (0, Fault::Version));
        assert_eq!(fault("o=- 1 1 IN IP4 h\n"), (1, Fault::Version));
        assert_eq!(fault("v=0\ngarbage\n"), (2, Fault::NotALine));
        assert_eq!(fault("v=0\no=- 1\n"), (2, Fault::Origin));
        assert_eq!(fault("v=0\nc=IN IP4\n"), (2, Fault::Connection));
        assert_eq!(fault("v=0\nm=audio 70000 RTP/AVP 0\n"), (2, Fault::Media));
        assert_eq!(fault("v=0\nm=audio 4000 RTP/AVP\n"), (2, Fault::Media));
    }

    /// RFC 8866 §9 "byte-string": what a lone CR or a NUL hides from one reader, another one may take for a line.
    #[test]
    fn a_line_with_a_cr_or_a_nul_inside_is_none() {
        assert_eq!(fault("v=0\na=x\rc=IN IP4 203.0.113.9\n"), (2, Fault::NotALine));
        assert_eq!(fault("v=0\na=x\0y\n"), (2, Fault::NotALine));
        assert!(Sdp::parse(b"v=0\r\ns=-\r\n\0").is_ok());
    }

    /// Conformance S10.
    #[test]
    fn each_bound_may_be_reached_and_not_passed() {
        let read = |body: &str| Sdp::parse(body.as_bytes()).map(drop).map_err(|error| error.kind);
        let streams = |count: usize| format!("v=0\n{}", "m=audio 1 RTP/AVP 0\n".repeat(count));
        assert_eq!(read(&streams(SDP_MEDIA)), Ok(()));
        assert_eq!(fault(&streams(SDP_MEDIA + 1)), (SDP_MEDIA + 2, Fault::TooManyMedia));
        // Half of them belong to the session, half to its stream: they count together.
        let attributes = |count: usize| {
            let half = "a=x\n".repeat(count / 2);
            format!("v=0\n{half}m=audio 1 RTP/AVP 0\n{half}{}", "a=x\n".repeat(count % 2))
        };
        assert_eq!(read(&attributes(SDP_ATTRIBUTES)), Ok(()));
        assert_eq!(read(&attributes(SDP_ATTRIBUTES + 1)), Err(Fault::TooManyAttributes));
        let octets =
            |count: usize| format!("v=0\n{}\n", "s=-\n".repeat(count / 4 - 2) + &"\n".repeat(3 + count % 4));
        assert_eq!(octets(SDP_OCTETS).len(), SDP_OCTETS);
        assert_eq!(read(&octets(SDP_OCTETS)), Ok(()));
        assert_eq!(fault(&octets(SDP_OCTETS + 1)), (0, Fault::TooLong));
    }

    proptest! {
        #[test]
        fn no_body_panics_and_what_reads_once_reads_again_the_same(body in "(v=0\n)?([a-z]=[ -~]{0,40}\n|m=audio [0-9]{1,5} RTP/AVP [0-9 ]{1,9}\n){0,12}") {
            if let Ok(first) = Sdp::parse(body.as_bytes()) {
                prop_assert_eq!(Sdp::parse(&first.to_bytes()).unwrap(), first);
            }
        }
    }
}
