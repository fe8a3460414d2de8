use std::fmt::Write;

use bytes::{Bytes, BytesMut};

use super::header::name_addr::tag_of;
use super::message::Message;
use super::method::Method;
use super::name::Header;
use super::octets::{harmless, is_token_octet, trim};
use super::scan::STRANGER;
use super::split::separator;
use super::status::reason_phrase;

/// A message to send: a start line, header lines in order, a body. Lines taken from a received message stay
/// as they came; line ends and NUL in values given here become blanks, so no value can start a header.
/// Content-Length is written by [`Draft::finish`] alone.
#[derive(Clone, Debug)]
pub struct Draft {
    start: Start,
    lines: Vec<Line>,
    body: Bytes,
}

#[derive(Clone, Debug)]
enum Start {
    Request { method: Method, uri: String },
    Response { status: u16, reason: String },
}

#[derive(Clone, Debug)]
struct Line {
    id: u8,
    name_len: usize,
    text: Text,
}

/// A whole line without its CRLF.
#[derive(Clone, Debug)]
enum Text {
    Copied(Bytes),
    Written(String),
}

impl Draft {
    /// A request without headers.
    #[must_use]
    pub fn request(method: Method, uri: &str) -> Self {
        let start = Start::Request { method, uri: unbroken(uri) };
        Self { start, lines: Vec::with_capacity(16), body: Bytes::new() }
    }

    /// A response with what every response copies from its request: all Via, From, To, Call-ID, CSeq
    /// (RFC 3261 §8.2.6.2); Record-Route in 101 to 299, Timestamp in 100. "" means the standard reason.
    #[must_use]
    pub fn response(request: &Message, status: u16, reason: &str) -> Self {
        let reason =
            if reason.is_empty() { reason_phrase(status).to_owned() } else { harmless(reason).into_owned() };
        let mut draft = Self {
            start: Start::Response { status, reason },
            lines: Vec::with_capacity(16),
            body: Bytes::new(),
        };
        for (id, name_len, line) in request.slices() {
            let header = Header::known(id);
            let seen = draft.lines.iter().any(|known| known.id == id);
            if header.is_some_and(|header| is_copied(header, status) && (!seen || MANY.contains(&header))) {
                draft.lines.push(Line { id, name_len, text: Text::Copied(line) });
            }
        }
        draft
    }

    /// Adds a `tag` to the To unless it has one.
    pub fn add_to_tag(&mut self, tag: &str) -> &mut Self {
        if let Some(line) = self.lines.iter_mut().find(|line| Some(line.id) == Header::To.id())
            && tag_of(&String::from_utf8_lossy(line.value_octets())).is_none()
        {
            let whole = line.text.octets();
            let text = whole.trim_ascii_end().strip_suffix(b";").unwrap_or(whole);
            let mut copy = BytesMut::from(text);
            copy.extend_from_slice(format!(";tag={}", harmless(tag)).as_bytes());
            line.text = Text::Copied(copy.freeze());
        }
        self
    }

    /// Replaces the Request-URI; nothing on a response. Blanks and controls are escaped.
    pub fn set_uri(&mut self, new: &str) -> &mut Self {
        if let Start::Request { uri, .. } = &mut self.start {
            *uri = unbroken(new);
        }
        self
    }

    /// Makes this the only line of its header, in the place of the first one or at the end.
    pub fn set(&mut self, header: Header<'_>, value: &str) -> &mut Self {
        let at = self.lines.iter().position(|line| line.is(header));
        self.remove(header);
        self.insert(at.unwrap_or(self.lines.len()), header, value)
    }

    /// Adds a line at the end.
    pub fn push(&mut self, header: Header<'_>, value: &str) -> &mut Self {
        self.insert(self.lines.len(), header, value)
    }

    /// Adds a line of any name at the end.
    pub fn push_raw(&mut self, name: &str, value: &str) -> &mut Self {
        self.push(Header::Other(name), value)
    }

    /// Adds the lines of a received message whose header passes, as they came and in their order;
    /// never Content-Length.
    pub fn copy(&mut self, from: &Message, mut keep: impl FnMut(Header<'_>) -> bool) -> &mut Self {
        let mut keep = |header| header != Header::ContentLength && keep(header);
        let lines = from.slices().zip(from.lines()).filter(|(_, (header, _))| keep(*header));
        self.lines.extend(lines.map(|((id, name_len, line), _)| Line {
            id,
            name_len,
            text: Text::Copied(line),
        }));
        self
    }

    /// Adds a line before the first of its header, or before all lines.
    pub fn prepend(&mut self, header: Header<'_>, value: &str) -> &mut Self {
        let at = self.lines.iter().position(|line| line.is(header));
        self.insert(at.unwrap_or(0), header, value)
    }

    /// Replaces the first comma-separated value of the first line of this header; nothing when it is absent.
    pub fn replace_first(&mut self, header: Header<'_>, value: &str) -> &mut Self {
        if let Some(line) = self.lines.iter_mut().find(|line| line.is(header)) {
            let first = Line::written(header, value);
            let mut text = BytesMut::from(first.text.octets());
            let all = line.value_octets();
            text.extend_from_slice(separator(all, b',').and_then(|at| all.get(at..)).unwrap_or_default());
            *line = Line { text: Text::Copied(text.freeze()), ..first };
        }
        self
    }

    /// Removes every line of this header.
    pub fn remove(&mut self, header: Header<'_>) -> &mut Self {
        self.lines.retain(|line| !line.is(header));
        self
    }

    /// Keeps the lines whose header passes; Content-Length is not asked for.
    pub fn retain(&mut self, mut keep: impl FnMut(Header<'_>) -> bool) -> &mut Self {
        self.lines.retain(|line| keep(line.header()));
        self
    }

    /// Sets the body and its type; an empty body takes Content-Type away.
    pub fn body(&mut self, content_type: &str, body: Bytes) -> &mut Self {
        self.body = body;
        if self.body.is_empty() {
            return self.remove(Header::ContentType);
        }
        self.set(Header::ContentType, content_type)
    }

    /// The body.
    #[must_use]
    pub fn payload(&self) -> Bytes {
        self.body.clone()
    }

    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> Option<&Method> {
        match &self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// The Request-URI; "" on a response.
    #[must_use]
    pub fn uri_text(&self) -> &str {
        match &self.start {
            Start::Request { uri, .. } => uri,
            Start::Response { .. } => "",
        }
    }

    /// The status of a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.start {
            Start::Request { .. } => None,
            Start::Response { status, .. } => Some(*status),
        }
    }

    /// The value of the first line of this header; "" when it is no UTF-8.
    #[must_use]
    pub fn get(&self, header: Header<'_>) -> Option<&str> {
        self.lines.iter().find(|line| line.is(header)).map(Line::value)
    }

    /// Whether a line of this header is there.
    #[must_use]
    pub fn has(&self, header: Header<'_>) -> bool {
        self.get(header).is_some()
    }

    /// The octets to send.
    #[must_use]
    pub fn finish(&self) -> Bytes {
        let lines: usize = self.lines.iter().map(|line| line.text.octets().len() + 2).sum();
        let mut out = BytesMut::with_capacity(lines + self.body.len() + 128 + self.uri_text().len());
        // Writing to a growing buffer cannot fail.
        let _: std::fmt::Result = match &self.start {
            Start::Request { method, uri } => write!(out, "{method} {uri} SIP/2.0\r\n"),
            Start::Response { status, reason } => write!(out, "SIP/2.0 {status} {reason}\r\n"),
        };
        for line in &self.lines {
            out.extend_from_slice(line.text.octets());
            out.extend_from_slice(b"\r\n");
        }
        let _: std::fmt::Result = write!(out, "Content-Length: {}\r\n\r\n", self.body.len());
        out.extend_from_slice(&self.body);
        out.freeze()
    }

    fn insert(&mut self, at: usize, header: Header<'_>, value: &str) -> &mut Self {
        if header != Header::ContentLength {
            self.lines.insert(at.min(self.lines.len()), Line::written(header, value));
        }
        self
    }
}

/// What a response copies from its request, all values of it.
const MANY: [Header<'_>; 2] = [Header::Via, Header::RecordRoute];
/// What it copies once, though a broken request may hold it twice.
const ONE: [Header<'_>; 4] = [Header::From, Header::To, Header::CallId, Header::CSeq];

fn is_copied(header: Header<'_>, status: u16) -> bool {
    header == Header::Via
        || ONE.contains(&header)
        || (header == Header::RecordRoute && (101..300).contains(&status))
        || (header == Header::Timestamp && status == 100)
}

impl From<&Message> for Draft {
    /// Every header line as it came, the body, and Content-Length anew.
    fn from(message: &Message) -> Self {
        let start = match (message.method(), message.status()) {
            (Some(method), _) => Start::Request { method: method.clone(), uri: unbroken(message.uri_text()) },
            (None, status) => Start::Response {
                status: status.unwrap_or_default(),
                reason: harmless(message.reason()).into_owned(),
            },
        };
        let line = |(id, name_len, text)| Line { id, name_len, text: Text::Copied(text) };
        let lines = message.slices().map(line).filter(|line| !line.is(Header::ContentLength)).collect();
        Self { start, lines, body: message.body() }
    }
}

impl Line {
    fn written(header: Header<'_>, value: &str) -> Self {
        let (id, name, value) = (header.id(), header.as_str(), trim(value));
        let mut text = String::with_capacity(name.len() + 2 + value.len());
        if id.is_some() {
            text.push_str(name);
        } else {
            text.extend(name.bytes().map(|b| if is_token_octet(b) { char::from(b) } else { '-' }));
        }
        if text.is_empty() {
            text.push('-');
        }
        let name_len = text.len();
        text.push_str(": ");
        text.push_str(&harmless(value));
        Self { id: id.unwrap_or(STRANGER), name_len, text: Text::Written(text) }
    }

    fn is(&self, header: Header<'_>) -> bool {
        match header.id() {
            Some(id) => self.id == id,
            None => self.id == STRANGER && self.header() == header,
        }
    }

    fn header(&self) -> Header<'_> {
        let name = self.text.octets().get(..self.name_len).unwrap_or_default();
        Header::known(self.id).unwrap_or_else(|| Header::Other(str::from_utf8(name).unwrap_or("")))
    }

    fn value(&self) -> &str {
        str::from_utf8(self.value_octets()).unwrap_or("")
    }

    fn value_octets(&self) -> &[u8] {
        let behind = self.text.octets().get(self.name_len..).unwrap_or_default().trim_ascii_start();
        behind.strip_prefix(b":").unwrap_or(behind).trim_ascii()
    }
}

impl Text {
    fn octets(&self) -> &[u8] {
        match self {
            Self::Copied(octets) => octets,
            Self::Written(text) => text.as_bytes(),
        }
    }
}

/// A Request-URI with blanks and controls escaped, so that it stays one word.
fn unbroken(uri: &str) -> String {
    if uri.bytes().all(|octet| octet > b' ' && octet != 0x7f) {
        return uri.to_owned();
    }
    let mut text = String::with_capacity(uri.len());
    for c in uri.chars() {
        if c <= ' ' || c == '\x7f' {
            text.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Framing;

    fn message(text: &str) -> Message {
        Message::parse(Bytes::copy_from_slice(text.as_bytes()), Framing::Datagram).unwrap()
    }

    fn text(draft: &Draft) -> String {
        String::from_utf8(draft.finish().to_vec()).unwrap()
    }

    /// RFC 3261 §8.2.6.2; RFC 4475 §3.3.8 for the second To.
    #[test]
    fn a_response_copies_every_via_and_one_of_the_rest() {
        let request = message(
            "INVITE sip:h SIP/2.0\r\nv: SIP/2.0/UDP a,\r\n SIP/2.0/UDP b\r\nMax-Forwards: 70\r\nVIA: SIP/2.0/TCP c\r\n\
             To: <sip:t@h>;\r\nTo: sip:u@h\r\nf: sip:f@h;tag=1\r\ni: x\r\nCSeq: 1 INVITE\r\nRecord-Route: <sip:r;lr>\r\n\r\n",
        );
        let mut draft = Draft::response(&request, 180, "");
        draft.add_to_tag("abc").add_to_tag("again").set(Header::Contact, "<sip:us>");
        assert_eq!(
            text(&draft),
            "SIP/2.0 180 Ringing\r\nv: SIP/2.0/UDP a,   SIP/2.0/UDP b\r\nVIA: SIP/2.0/TCP c\r\nTo: <sip:t@h>;tag=abc\r\n\
             f: sip:f@h;tag=1\r\ni: x\r\nCSeq: 1 INVITE\r\nRecord-Route: <sip:r;lr>\r\nContact: <sip:us>\r\n\
             Content-Length: 0\r\n\r\n"
        );
        assert!(!Draft::response(&request, 486, "").has(Header::RecordRoute));
    }

    #[test]
    fn untouched_lines_and_binary_bodies_stay_as_they_came() {
        let octets =
            b"MESSAGE sip:h SIP/2.0\r\nX-odd  :\t caf\xe9 \r\nl: 5\r\nv: SIP/2.0/UDP a\r\n\r\n\x00\xff\r\n\r";
        let message = Message::parse(Bytes::from_static(octets), Framing::Datagram).unwrap();
        let mut draft = Draft::from(&message);
        draft
            .replace_first(Header::Via, "SIP/2.0/UDP a;received=127.0.0.1")
            .prepend(Header::Via, "SIP/2.0/UDP us");
        let expected = b"MESSAGE sip:h SIP/2.0\r\nX-odd  :\t caf\xe9 \r\nVia: SIP/2.0/UDP us\r\n\
            Via: SIP/2.0/UDP a;received=127.0.0.1\r\nContent-Length: 5\r\n\r\n\x00\xff\r\n\r";
        assert_eq!(draft.finish(), &expected[..]);
    }

    #[test]
    fn values_that_are_no_utf_8_lose_nothing() {
        let octets = b"BYE sip:h SIP/2.0\r\nTo: \"\xe9\" <sip:t@h>;tag=1\r\nv: SIP/2.0/UDP a;x=\xe9,SIP/2.0/UDP b;x=\xe9\r\n\r\n";
        let request = Message::parse(Bytes::from_static(octets), Framing::Datagram).unwrap();
        let mut draft = Draft::response(&request, 200, "");
        draft.add_to_tag("2").replace_first(Header::Via, "SIP/2.0/UDP c");
        let expected =
            b"SIP/2.0 200 OK\r\nTo: \"\xe9\" <sip:t@h>;tag=1\r\nVia: SIP/2.0/UDP c,SIP/2.0/UDP b;x=\xe9\r\n\
            Content-Length: 0\r\n\r\n";
        assert_eq!(draft.finish(), &expected[..]);
    }

    #[test]
    fn no_value_begins_a_header_of_its_own() {
        let mut draft = Draft::request(Method::Invite, "sip:a b\r\nEvil: 1@h");
        draft.push(Header::Subject, "hi\r\nRoute: <sip:evil>\0").push_raw("X\r\nEvil: 2\r\nY", "v");
        draft.push(Header::ContentLength, "99").body("text/plain", Bytes::from_static(b"x"));
        assert_eq!(
            text(&draft),
            "INVITE sip:a%20b%0D%0AEvil:%201@h SIP/2.0\r\nSubject: hi  Route: <sip:evil> \r\nX--Evil--2--Y: v\r\n\
             Content-Type: text/plain\r\nContent-Length: 1\r\n\r\nx"
        );
        assert!(
            Draft::response(&message("BYE sip:h SIP/2.0\r\n\r\n"), 400, "a\r\nb")
                .finish()
                .starts_with(b"SIP/2.0 400 a  b\r\n")
        );
    }

    #[test]
    fn setting_replaces_in_place_and_keeps_one() {
        let mut draft = Draft::request(Method::Options, "sip:h");
        draft.push(Header::Allow, "ACK").push(Header::Server, "x").push(Header::Allow, "BYE");
        draft
            .set(Header::Allow, "INVITE")
            .set(Header::Other("x-a"), "1")
            .retain(|header| header != Header::Server);
        assert_eq!(
            text(&draft),
            "OPTIONS sip:h SIP/2.0\r\nAllow: INVITE\r\nx-a: 1\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(draft.get(Header::Other("X-A")), Some("1"));
    }
}
