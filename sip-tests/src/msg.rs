//! A SIP message as an agent reads it: by rsip where its grammar reaches, else split by hand.

use rsip::SipMessage;
use rsip::message::HasHeaders;

/// Start line, headers in order, body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Msg {
    /// Request or status line.
    pub start: String,
    /// Names as written, values trimmed.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Msg {
    /// Splits a message by hand; a line without a colon, as some test may send it, is a name.
    ///
    /// # Panics
    /// When it is no message at all.
    #[must_use]
    pub fn split(data: &[u8]) -> Self {
        let text = String::from_utf8_lossy(data).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("a message has an empty line");
        let mut lines = head.split("\r\n");
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines
            .map(|line| line.split_once(':').unwrap_or((line, "")))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        Self { start, headers, body: body.to_owned() }
    }

    /// Reads a message of the switch with rsip, and holds rsip's reading against the split one. What rsip
    /// cannot read by its own grammar (IPv6, `tel:`, unknown methods, a `;` in a user part) is only split.
    ///
    /// # Panics
    /// When rsip refuses the message or reads something else.
    #[must_use]
    pub fn read(data: &[u8]) -> Self {
        let split = Self::split(data);
        let head = String::from_utf8_lossy(data).split("\r\n\r\n").next().unwrap_or_default().to_owned();
        assert!(head.lines().skip(1).all(|line| line.contains(':')), "a line without a colon in\n{head}");
        if split.is_beyond_rsip() {
            return split;
        }
        let read = SipMessage::try_from(data).unwrap_or_else(|error| {
            panic!("rsip cannot read this: {error}\n{}", String::from_utf8_lossy(data))
        });
        let headers: Vec<(String, String)> = read
            .headers()
            .iter()
            .filter_map(|header| {
                let line = header.to_string();
                line.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            })
            .collect();
        assert_eq!(headers.len(), split.headers.len(), "rsip counts other headers in\n{split}");
        assert_eq!(String::from_utf8_lossy(read.body()), split.body, "rsip reads another body in\n{split}");
        Self { headers, ..split }
    }

    fn is_beyond_rsip(&self) -> bool {
        const KNOWN: &[&str] = &[
            "ACK",
            "BYE",
            "CANCEL",
            "INFO",
            "INVITE",
            "MESSAGE",
            "NOTIFY",
            "OPTIONS",
            "PRACK",
            "PUBLISH",
            "REFER",
            "REGISTER",
            "SUBSCRIBE",
            "UPDATE",
        ];
        let unknown = self.method().is_some_and(|method| !KNOWN.contains(&method))
            || !KNOWN.contains(&self.cseq().1.as_str());
        let in_heads = |mark: &str| {
            self.start.contains(mark) || self.headers.iter().any(|(_, value)| value.contains(mark))
        };
        unknown || in_heads("[") || in_heads("tel:") || self.uri().is_some_and(|uri| uri.contains(";phone"))
    }

    /// The method of a request.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        (!self.start.starts_with("SIP/2.0 ")).then(|| self.start.split(' ').next()).flatten()
    }

    /// The Request-URI.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        self.method().and_then(|_| self.start.split(' ').nth(1))
    }

    /// The status of a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.split(' ').next()?.parse().ok()
    }

    /// The first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a header, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// A header that every message has.
    ///
    /// # Panics
    /// When it is missing.
    #[must_use]
    pub fn must(&self, name: &str) -> &str {
        self.header(name).unwrap_or_else(|| panic!("no {name} in\n{self}"))
    }

    /// Number and method of the `CSeq`.
    #[must_use]
    pub fn cseq(&self) -> (u32, String) {
        let (number, method) = self.must("CSeq").split_once(' ').expect("CSeq has two words");
        (number.parse().expect("CSeq has a number"), method.trim().to_owned())
    }

    /// The tag in From.
    #[must_use]
    pub fn from_tag(&self) -> &str {
        param(self.must("From"), "tag").unwrap_or_default()
    }

    /// The tag in To; empty without one.
    #[must_use]
    pub fn to_tag(&self) -> &str {
        param(self.must("To"), "tag").unwrap_or_default()
    }

    /// The branch of the top Via.
    #[must_use]
    pub fn branch(&self) -> &str {
        param(self.must("Via"), "branch").unwrap_or_default()
    }

    /// The URI of the first Contact.
    #[must_use]
    pub fn contact(&self) -> Option<&str> {
        self.header("Contact").map(uri_in)
    }
}

impl std::fmt::Display for Msg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.start)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        write!(f, "\n{}", self.body)
    }
}

/// The URI of a name-addr or addr-spec.
pub(crate) fn uri_in(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default(),
    }
}

/// A header parameter behind the `>` (or the first `;`).
pub(crate) fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let params = value.rsplit('>').next().unwrap_or(value);
    params.split(';').filter_map(|part| part.split_once('=')).find_map(|(known, value)| {
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}
