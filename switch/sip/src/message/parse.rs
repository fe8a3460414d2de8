//! Octets to `Message`: start line, length rules, unfolding.

use std::ops::Range;

use base::limits::{SIP_BODY_OCTETS, SIP_DATAGRAM_OCTETS, SIP_STREAM_OCTETS, SIP_URI_OCTETS};
use bytes::Bytes;

use super::error::{ParseError, ParseErrorKind};
use super::message::{Message, Start};
use super::method::Method;
use super::octets::{digits, is_token, starts_with_ignoring_case};
use super::scan::{self, Head};

/// How a message's end is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// The datagram ends it: without Content-Length the body is the rest, octets beyond it are ignored.
    Datagram,
    /// Content-Length ends it; without one there is no body (RFC 3261 §18.3).
    Stream,
}

impl Framing {
    fn limit(self) -> usize {
        match self {
            Self::Datagram => SIP_DATAGRAM_OCTETS,
            Self::Stream => SIP_STREAM_OCTETS,
        }
    }
}

impl Message {
    /// Reads a whole message; CRLFs before it are skipped. Folded lines become single ones.
    ///
    /// # Errors
    /// `ParseError` names the first fault and carries the request as far as readable.
    pub fn parse(data: Bytes, framing: Framing) -> Result<Self, ParseError> {
        let skipped = data.chunks_exact(2).take_while(|pair| pair == b"\r\n").count() * 2;
        let data = if skipped == 0 { data } else { data.slice(skipped..) };
        if data.is_empty() {
            return Err(ParseError::new(ParseErrorKind::Empty, 0, None));
        }
        let head = scan::head(&data);
        let (start, line_fault) = start_line(&data, head.start_line.clone());
        let length = body_length(&head, data.len(), framing);
        let fault = line_fault
            .map(|kind| (kind, 0))
            .or(head.fault)
            .or_else(|| length.err().map(|kind| (kind, head.body)));
        let end = head.body + length.unwrap_or(0);
        let message = start.map(|start| Self::assemble(data.slice(..end), start, head));
        match (message, fault) {
            (Some(message), None) => Ok(message),
            (message, fault) => {
                let (kind, at) = fault.unwrap_or((ParseErrorKind::NotSip, 0));
                Err(ParseError::new(kind, at, message.filter(Self::is_request)))
            }
        }
    }
}

/// The octets of the message whose complete header block `block` is, or why its end cannot be known.
pub(crate) fn framed_length(block: &[u8]) -> Result<usize, ParseErrorKind> {
    let head = scan::head(block);
    let (start, _) = start_line(block, head.start_line.clone());
    if start.is_none() {
        return Err(ParseErrorKind::NotSip);
    }
    if let Some((kind, _)) = head.fault {
        return Err(kind);
    }
    let length = head.length.unwrap_or(0);
    check_size(head.body, length, Framing::Stream).map(|()| head.body + length)
}

fn body_length(head: &Head, octets: usize, framing: Framing) -> Result<usize, ParseErrorKind> {
    let rest = octets - head.body;
    let length = match (head.length, framing) {
        (Some(length), _) => length,
        (None, Framing::Datagram) => rest,
        (None, Framing::Stream) => 0,
    };
    check_size(head.body, length.min(rest), framing)?;
    match framing {
        Framing::Datagram if length > rest => Err(ParseErrorKind::BodyCut),
        Framing::Stream if length > rest => {
            check_size(head.body, length, framing).and(Err(ParseErrorKind::BodyCut))
        }
        Framing::Datagram | Framing::Stream => Ok(length),
    }
}

fn check_size(head: usize, body: usize, framing: Framing) -> Result<(), ParseErrorKind> {
    if body > SIP_BODY_OCTETS {
        return Err(ParseErrorKind::BodySize);
    }
    if head.saturating_add(body) > framing.limit() { Err(ParseErrorKind::MessageSize) } else { Ok(()) }
}

/// The start line as far as readable, and its fault.
fn start_line(data: &[u8], range: Range<usize>) -> (Option<Start>, Option<ParseErrorKind>) {
    let line = data.get(range.clone()).unwrap_or_default();
    if starts_with_ignoring_case(line, b"SIP/") {
        return match status_line(line) {
            Some(start) => (Some(start), None),
            None => (None, Some(ParseErrorKind::StatusLine)),
        };
    }
    request_line(line).map_or((None, Some(ParseErrorKind::NotSip)), |(start, fault)| (Some(start), fault))
}

/// `SIP/2.0 SP 3DIGIT [SP reason]`.
fn status_line(line: &[u8]) -> Option<Start> {
    const STATUS: Range<usize> = 8..11;
    let rest = starts_with_ignoring_case(line, b"SIP/2.0 ").then(|| line.get(STATUS.start..)).flatten()?;
    let status = digits(rest.get(..3)?).and_then(|status| u16::try_from(status).ok())?;
    let reason = match rest.get(3) {
        None => line.len()..line.len(),
        Some(b' ') => STATUS.end + 1..line.len(),
        Some(_) => return None,
    };
    (100..=699).contains(&status).then_some(Start::Response { status, reason })
}

/// `method SP uri SP SIP/2.0`. With too many blanks the outer words still tell what is asked.
fn request_line(line: &[u8]) -> Option<(Start, Option<ParseErrorKind>)> {
    let line_end = line.trim_ascii_end().len();
    let method_end = line.iter().position(|byte| *byte == b' ')?;
    let version_at = line.get(..line_end)?.iter().rposition(|byte| *byte == b' ')? + 1;
    let method = line.get(..method_end).filter(|name| is_token(name))?;
    let method = str::from_utf8(method).ok().and_then(Method::parse)?;
    let version = line.get(version_at..line_end)?;
    if !starts_with_ignoring_case(version, b"SIP/") || version_at <= method_end + 1 {
        return None;
    }
    let uri = method_end + 1..version_at - 1;
    let text = line.get(uri.clone())?;
    let clean = !text.is_empty() && text.iter().all(|byte| *byte > b' ' && *byte != 0x7f);
    let fault = if !clean || line_end != line.len() || str::from_utf8(text).is_err() {
        Some(ParseErrorKind::RequestLine)
    } else if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        Some(ParseErrorKind::Version)
    } else if text.len() > SIP_URI_OCTETS {
        Some(ParseErrorKind::UriSize)
    } else {
        None
    };
    Some((Start::Request { method, uri }, fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Header;

    fn parse(text: impl AsRef<[u8]>, framing: Framing) -> Result<Message, ParseErrorKind> {
        Message::parse(Bytes::copy_from_slice(text.as_ref()), framing).map_err(|error| error.kind)
    }

    fn line(text: &str) -> Result<Message, ParseErrorKind> {
        parse(format!("{text}\r\n\r\n"), Framing::Datagram)
    }

    /// RFC 3261 §18.3.
    #[test]
    fn the_body_ends_where_the_transport_says() {
        let with = |length: &str| format!("INFO sip:h SIP/2.0\r\n{length}\r\nabcd");
        let body = |text: &str, framing| parse(with(text), framing).map(|message| message.body());
        assert_eq!(body("", Framing::Datagram).unwrap(), "abcd");
        assert_eq!(body("", Framing::Stream).unwrap(), "");
        assert_eq!(body("l: 2\r\n", Framing::Datagram).unwrap(), "ab");
        assert_eq!(body("l: 5\r\n", Framing::Datagram), Err(ParseErrorKind::BodyCut));
        assert_eq!(body("l: 5\r\n", Framing::Stream), Err(ParseErrorKind::BodyCut));
        assert_eq!(body("l: 65537\r\n", Framing::Stream), Err(ParseErrorKind::BodySize));
    }

    #[test]
    fn start_lines_are_read_strictly() {
        assert_eq!(line("SIP/2.0 200").unwrap().reason(), "");
        assert_eq!(line("sip/2.0 603 Not  Now").unwrap().reason(), "Not  Now");
        assert_eq!(line("foo tel:+1 sip/2.0").unwrap().method().unwrap().as_str(), "foo");
        for bad in [
            "SIP/2.0 99 x",
            "SIP/2.0 700 x",
            "SIP/2.0 2000 x",
            "SIP/2.0  200 x",
            "SIP/3.0 200 x",
            "SIP/2.0 4294967301 x",
        ] {
            assert_eq!(line(bad).unwrap_err(), ParseErrorKind::StatusLine, "{bad}");
        }
        for bad in ["INVITE sip:h", "INVITE", "GET / HTTP/1.1", "IN(VITE sip:h SIP/2.0", " BYE sip:h SIP/2.0"]
        {
            assert_eq!(line(bad).unwrap_err(), ParseErrorKind::NotSip, "{bad}");
        }
        for bad in [
            "BYE  SIP/2.0",
            "BYE  sip:h SIP/2.0",
            "BYE sip:h  SIP/2.0",
            "BYE sip:h SIP/2.0 ",
            "BYE sip:a b SIP/2.0",
            "BYE sip:\t SIP/2.0",
        ] {
            assert_eq!(line(bad).unwrap_err(), ParseErrorKind::RequestLine, "{bad}");
        }
        assert_eq!(line("BYE sip:h SIP/2.1").unwrap_err(), ParseErrorKind::Version);
        let long = "x".repeat(SIP_URI_OCTETS);
        assert_eq!(line(&format!("BYE sip:{long} SIP/2.0")).unwrap_err(), ParseErrorKind::UriSize);
        assert_eq!(
            parse(b"BYE sip:\xff SIP/2.0\r\n\r\n", Framing::Datagram).unwrap_err(),
            ParseErrorKind::RequestLine
        );
    }

    #[test]
    fn line_ends_before_a_message_are_skipped_and_alone_are_nothing() {
        assert!(
            parse("\r\n\r\nBYE sip:h SIP/2.0\r\n\r\n", Framing::Datagram)
                .unwrap()
                .bytes()
                .starts_with(b"BYE")
        );
        for nothing in ["", "\r\n", "\r\n\r\n"] {
            assert_eq!(parse(nothing, Framing::Datagram).unwrap_err(), ParseErrorKind::Empty);
        }
    }

    #[test]
    fn octets_that_are_no_utf_8_are_kept_and_shown_with_a_stand_in() {
        let message = parse(
            b"BYE sip:h SIP/2.0\r\nFrom: \"Jos\xe9\" <sip:a@h>;tag=1\r\nTo: sip:b@h\r\n\r\n\xff",
            Framing::Datagram,
        )
        .unwrap();
        assert_eq!(message.from().unwrap().display.as_deref(), Some("Jos\u{fffd}"));
        assert_eq!(message.raw(Header::From), Some(&b"\"Jos\xe9\" <sip:a@h>;tag=1"[..]));
        assert_eq!(message.header(Header::To), Some("sip:b@h"));
        assert_eq!(message.body(), &b"\xff"[..]);
        let message = parse(b"SIP/2.0 200 \xe9\r\n\r\n", Framing::Datagram).unwrap();
        assert_eq!(message.reason(), "\u{fffd}");
    }

    #[test]
    fn a_refused_request_carries_what_an_answer_needs() {
        let error = |text: &str| {
            Message::parse(Bytes::copy_from_slice(text.as_bytes()), Framing::Datagram).unwrap_err()
        };
        let rest = "v: SIP/2.0/UDP h;branch=z9hG4bK1\r\nwhat is this\r\n folded\r\ni: x\r\nl: 9\r\n\r\n";
        let refused = error(&format!("BYE sip:h SIP/2.0\r\n{rest}"));
        assert_eq!((refused.status, refused.kind, refused.at), (400, ParseErrorKind::HeaderLine, 53));
        assert_eq!(refused.answerable().unwrap().call_id(), Some("x"));
        assert!(error(&format!("ACK sip:h SIP/2.0\r\n{rest}")).answerable().is_none());
        assert!(error(&format!("SIP/2.0 200 OK\r\n{rest}")).partial.is_none());
        assert!(error("BYE sip:h SIP/2.0\r\nwhat\r\n\r\n").answerable().is_none());
    }
}
