use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::malformed::Malformed;
use super::method::Method;
use super::name::Header;
use super::octets::trim;
use super::scan::{Head, Line, Lines, STRANGER};
use super::split::Values;
use super::uri::Uri;

/// A SIP request or response: its octets and an index of its header lines. Cloning counts a reference.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

struct Inner {
    bytes: Bytes,
    start: Start,
    lines: Lines,
    body: usize,
    /// Readable stand-ins for values that are no UTF-8, by index of their line; the reason phrase as `REASON`.
    lossy: Vec<(usize, String)>,
}

const REASON: usize = usize::MAX;

/// The start line, as ranges of the message.
pub(crate) enum Start {
    Request { method: Method, uri: Range<usize> },
    Response { status: u16, reason: Range<usize> },
}

impl Message {
    pub(crate) fn assemble(bytes: Bytes, start: Start, head: Head) -> Self {
        let Head { lines, body, folded, .. } = head;
        let bytes = if folded { unfold(bytes, &lines) } else { bytes };
        let mut lossy = Vec::new();
        if str::from_utf8(bytes.get(..body).unwrap_or_default()).is_err() {
            let text = |range: Range<usize>| {
                String::from_utf8_lossy(bytes.get(range).unwrap_or_default()).into_owned()
            };
            lossy = lines.iter().enumerate().map(|(at, line)| (at, text(line.value_range()))).collect();
            if let Start::Response { reason, .. } = &start {
                lossy.push((REASON, text(reason.clone())));
            }
        }
        Self(Arc::new(Inner { bytes, start, lines, body, lossy }))
    }

    /// All octets, from the start line to the end of the body.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.0.bytes.slice(self.0.body.min(self.0.bytes.len())..)
    }

    /// Whether it is a request.
    #[must_use]
    pub fn is_request(&self) -> bool {
        self.method().is_some()
    }

    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        match &self.0.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// The Request-URI as written; "" for a response.
    #[must_use]
    pub fn uri_text(&self) -> &str {
        match &self.0.start {
            Start::Request { uri, .. } => self.text_at(uri.clone()),
            Start::Response { .. } => "",
        }
    }

    /// The Request-URI.
    ///
    /// # Errors
    /// `Malformed` when it is none, and for a response.
    pub fn uri(&self) -> Result<Uri, Malformed> {
        Uri::parse(self.uri_text()).map_err(|_which| Malformed::Syntax("Request-URI"))
    }

    /// The status of a response, 100..=699.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.0.start {
            Start::Request { .. } => None,
            Start::Response { status, .. } => Some(*status),
        }
    }

    /// The reason phrase of a response, perhaps empty; "" for a request.
    #[must_use]
    pub fn reason(&self) -> &str {
        match &self.0.start {
            Start::Request { .. } => "",
            Start::Response { reason, .. } => {
                self.lossy(REASON).unwrap_or_else(|| self.text_at(reason.clone()))
            }
        }
    }

    /// The value of the first line of this header, without blanks around it.
    #[must_use]
    pub fn header(&self, header: Header<'_>) -> Option<&str> {
        self.find(header).map(|(at, line)| self.text(at, line)).next()
    }

    /// The octets of the first line of this header, without blanks around them.
    #[must_use]
    pub fn raw(&self, header: Header<'_>) -> Option<&[u8]> {
        self.find(header).map(|(_, line)| self.octets(line.value_range()).trim_ascii()).next()
    }

    /// The values of all lines of this header.
    pub fn headers<'m>(&'m self, header: Header<'m>) -> impl Iterator<Item = &'m str> {
        self.find(header).map(|(at, line)| self.text(at, line))
    }

    /// The comma-separated values of all lines of this header.
    pub fn values<'m>(&'m self, header: Header<'m>) -> impl Iterator<Item = &'m str> {
        self.headers(header).flat_map(Values::of)
    }

    /// All header lines in order: name and octets of the value.
    pub fn lines(&self) -> impl Iterator<Item = (Header<'_>, &[u8])> {
        self.0.lines.iter().map(|line| (self.name(line), self.octets(line.value_range()).trim_ascii()))
    }

    /// Whether a line of this header is there.
    #[must_use]
    pub fn has(&self, header: Header<'_>) -> bool {
        self.count(header) > 0
    }

    /// How many lines of this header there are.
    #[must_use]
    pub fn count(&self, header: Header<'_>) -> usize {
        self.find(header).count()
    }

    /// Whether a comma list such as Supported, Require or Allow names `token`.
    #[must_use]
    pub fn lists(&self, header: Header<'_>, token: &str) -> bool {
        self.headers(header).flat_map(Values::of).any(|value| value.eq_ignore_ascii_case(token))
    }

    /// Whole lines with their header's id, for copying.
    pub(crate) fn slices(&self) -> impl Iterator<Item = (u8, usize, Bytes)> {
        self.0.lines.iter().map(|line| {
            let whole = line.start as usize..line.end as usize;
            (line.id, usize::from(line.name_len), self.0.bytes.slice(whole))
        })
    }

    fn find<'m>(&'m self, header: Header<'m>) -> impl Iterator<Item = (usize, &'m Line)> {
        let id = header.id();
        self.0.lines.iter().enumerate().filter(move |(_, line)| match id {
            Some(id) => line.id == id,
            None => line.id == STRANGER && self.name(line) == header,
        })
    }

    fn name(&self, line: &Line) -> Header<'_> {
        let start = line.start as usize;
        Header::known(line.id)
            .unwrap_or_else(|| Header::Other(self.text_at(start..start + usize::from(line.name_len))))
    }

    fn text(&self, at: usize, line: &Line) -> &str {
        trim(self.lossy(at).unwrap_or_else(|| self.text_at(line.value_range())))
    }

    fn lossy(&self, at: usize) -> Option<&str> {
        self.0.lossy.iter().find(|(known, _)| *known == at).map(|(_, text)| text.as_str())
    }

    fn text_at(&self, range: Range<usize>) -> &str {
        str::from_utf8(self.octets(range)).unwrap_or("")
    }

    fn octets(&self, range: Range<usize>) -> &[u8] {
        self.0.bytes.get(range).unwrap_or_default()
    }
}

impl Line {
    fn value_range(&self) -> Range<usize> {
        self.value as usize..self.end as usize
    }
}

/// A fold means one blank (RFC 3261 §7.3.1), so its CRLF becomes blanks and no offset moves.
fn unfold(bytes: Bytes, lines: &Lines) -> Bytes {
    let mut copy = BytesMut::from(bytes);
    for line in lines {
        let octets = copy.get_mut(line.value_range()).unwrap_or_default();
        octets.iter_mut().filter(|octet| matches!(octet, b'\r' | b'\n')).for_each(|octet| *octet = b' ');
    }
    copy.freeze()
}

impl fmt::Debug for Message {
    /// Only the start line: headers carry credentials and numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.start {
            Start::Request { method, .. } => write!(f, "Message({method})"),
            Start::Response { status, .. } => write!(f, "Message({status})"),
        }
    }
}
