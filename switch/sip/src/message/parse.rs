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
