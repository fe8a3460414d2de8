use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use base::limits::SIP_URI_OCTETS;

use super::host::{Host, host_and_port};
use super::malformed::Malformed;
use super::octets::is_uri;
use super::uri_text::{decode, escape_user};

/// A URI, kept as it was written.
///
/// `==` compares the text; [`Uri::matches`] compares the meaning.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Uri {
    text: Box<str>,
    scheme: Scheme,
    user: Option<Span>,
    password: Option<Span>,
    host: Option<Host>,
    port: Option<u16>,
    params: Span,
    headers: Option<Span>,
}

/// What kind of URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:` (RFC 3966).
    Tel,
    /// Anything else: its text is opaque.
    Other,
}

/// Octets of the text; a URI is short, so two bytes each.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Span {
    start: u16,
    end: u16,
}

impl Uri {
    /// Reads a URI.
    ///
    /// # Errors
    /// `Malformed::Syntax` on blanks, controls, quotes or angle brackets anywhere, on a wrong host or port,
    /// and beyond `limits::SIP_URI_OCTETS`.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bad = Malformed::Syntax("URI");
        if !is_uri(text) || text.len() > SIP_URI_OCTETS {
            return Err(bad);
        }
        let (name, rest) = text.split_once(':').ok_or(bad)?;
        let empty = Self { text: text.into(), ..Self::opaque(Scheme::Other) };
        match scheme(name).ok_or(bad)? {
            Scheme::Other if rest.is_empty() => Err(bad),
            Scheme::Other => Ok(empty),
            Scheme::Tel => Self { scheme: Scheme::Tel, ..empty }.with_number(name.len() + 1),
            kind @ (Scheme::Sip | Scheme::Sips) => Self { scheme: kind, ..empty }.with_parts(name.len() + 1),
        }
    }

    /// A `sip:` URI; the user is escaped where needed, and left out when the URI would be too long.
    /// A host that is none becomes `anonymous.invalid`.
    #[must_use]
    pub fn sip(user: Option<&str>, host: impl Into<Host>, port: Option<u16>) -> Self {
        let host = host.into();
        let user_part = user.filter(|user| !user.is_empty()).map(|user| escape_user(user) + "@");
        let port_part = port.map(|port| format!(":{port}")).unwrap_or_default();
        let text = |user: &str| Self::parse(&format!("sip:{user}{host}{port_part}"));
        text(&user_part.unwrap_or_default())
            .or_else(|_user_too_long| text(""))
            .or_else(|_no_host| Self::parse("sip:anonymous.invalid"))
            .expect("a literal URI is well formed")
    }

    /// The same URI with a parameter set (in place, or added behind the others).
    /// Unchanged when the result would be no URI.
    #[must_use]
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Self {
        let new = value.map_or_else(|| format!(";{name}"), |value| format!(";{name}={value}"));
        let mut params: String = self.without(name).collect();
        params.push_str(&new);
        self.with_params_text(&params)
    }

    /// The same URI without a parameter.
    #[must_use]
    pub fn without_param(&self, name: &str) -> Self {
        self.with_params_text(&self.without(name).collect::<String>())
    }

    /// The same URI without its `?headers`. They never become headers of a message of ours.
    #[must_use]
    pub fn without_headers(&self) -> Self {
        let end = usize::from(self.params.end);
        match self.headers {
            Some(_) => {
                Self { text: self.text.get(..end).unwrap_or("").into(), headers: None, ..self.clone() }
            }
            None => self.clone(),
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What kind of URI.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The user part as written, escapes included.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.map(|span| self.part(span))
    }

    /// The user part with its escapes resolved, or the digits of a `tel:` number.
    #[must_use]
    pub fn user_decoded(&self) -> Option<String> {
        match self.scheme {
            Scheme::Tel => self.number().map(|number| number.replace(['-', '.', '(', ')'], "")),
            Scheme::Sip | Scheme::Sips | Scheme::Other => self.user().map(decode),
        }
    }

    /// The password as written.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password.map(|span| self.part(span))
    }

    /// The host of a `sip:` or `sips:` URI.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// The port, when written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The number of a `tel:` URI as written, separators included.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        if self.scheme == Scheme::Tel { self.user() } else { None }
    }

    /// A parameter's value, "" when it has none; names ignore case.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or(""))
    }

    /// All parameters in order.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let pieces = self.part(self.params).split(';').filter(|piece| !piece.is_empty());
        pieces.map(|piece| piece.split_once('=').map_or((piece, None), |(name, value)| (name, Some(value))))
    }

    /// What stands behind `?`, as written.
    #[must_use]
    pub fn headers(&self) -> Option<&str> {
        self.headers.map(|span| self.part(span))
    }

    fn opaque(scheme: Scheme) -> Self {
        let none = Span::default();
        Self {
            text: "".into(),
            scheme,
            user: None,
            password: None,
            host: None,
            port: None,
            params: none,
            headers: None,
        }
    }

    fn with_number(mut self, from: usize) -> Result<Self, Malformed> {
        let rest = self.text.get(from..).unwrap_or("");
        let end = from + rest.find(';').unwrap_or(rest.len());
        let number = self.text.get(from..end).unwrap_or("");
        let digit = |byte: u8| byte.is_ascii_hexdigit() || b"*#-.()+".contains(&byte);
        if !number.bytes().all(digit)
            || !number.bytes().any(|byte| byte.is_ascii_hexdigit() || b"*#".contains(&byte))
        {
            return Err(Malformed::Syntax("telephone number"));
        }
        self.user = Some(Span::of(from..end));
        self.params = Span::of(end..self.text.len());
        Ok(self)
    }

    fn with_parts(mut self, from: usize) -> Result<Self, Malformed> {
        let bad = Malformed::Syntax("URI");
        let mut host_from = from;
        if let Some(at) = self.text.get(from..).and_then(|rest| rest.find('@')) {
            let end = from + at;
            let colon = self.text.get(from..end).and_then(|info| info.find(':'));
            let user_end = colon.map_or(end, |colon| from + colon);
            if user_end == from {
                return Err(bad);
            }
            self.user = Some(Span::of(from..user_end));
            self.password = colon.map(|_| Span::of(user_end + 1..end));
            host_from = end + 1;
        }
        let rest = self.text.get(host_from..).ok_or(bad)?;
        if rest.contains('@') {
            return Err(bad);
        }
        let question = rest.find('?').unwrap_or(rest.len());
        let before = rest.get(..question).unwrap_or("");
        let host_end = before.find(';').unwrap_or(question);
        (self.host, self.port) =
            rest.get(..host_end).ok_or(bad).and_then(host_and_port).map(|(h, p)| (Some(h), p))?;
        self.params = Span::of(host_from + host_end..host_from + question);
        self.headers = (question < rest.len()).then(|| Span::of(host_from + question + 1..self.text.len()));
        Ok(self)
    }

    fn with_params_text(&self, params: &str) -> Self {
        let start = self.text.get(..usize::from(self.params.start)).unwrap_or("");
        let end = self.text.get(usize::from(self.params.end)..).unwrap_or("");
        match self.scheme {
            Scheme::Other => self.clone(),
            Scheme::Sip | Scheme::Sips | Scheme::Tel => {
                Self::parse(&format!("{start}{params}{end}")).unwrap_or_else(|_refused| self.clone())
            }
        }
    }

    fn without(&self, name: &str) -> impl Iterator<Item = String> {
        self.params().filter(move |(known, _)| !known.eq_ignore_ascii_case(name)).map(|(known, value)| {
            match value {
                Some(value) => format!(";{known}={value}"),
                None => format!(";{known}"),
            }
        })
    }

    fn part(&self, span: Span) -> &str {
        self.text.get(usize::from(span.start)..usize::from(span.end)).unwrap_or("")
    }
}

impl Span {
    fn of(range: Range<usize>) -> Self {
        let octet = |at| u16::try_from(at).unwrap_or(u16::MAX);
        Self { start: octet(range.start), end: octet(range.end) }
    }
}

fn scheme(name: &str) -> Option<Scheme> {
    let mut bytes = name.bytes();
    let lettered = bytes.next()?.is_ascii_alphabetic();
    let valid = lettered && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    valid.then(|| match () {
        () if name.eq_ignore_ascii_case("sip") => Scheme::Sip,
        () if name.eq_ignore_ascii_case("sips") => Scheme::Sips,
        () if name.eq_ignore_ascii_case("tel") => Scheme::Tel,
        () => Scheme::Other,
    })
}

impl FromStr for Uri {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    #[test]
    fn every_part_is_found() {
        let all = uri("SIPS:al%20ice;x=1:pw@[2001:db8::1]:5061;transport=tls;lr?Route=%3Csip:e%3E&b=");
        assert_eq!(
            (all.scheme(), all.user(), all.password()),
            (Scheme::Sips, Some("al%20ice;x=1"), Some("pw"))
        );
        assert_eq!((all.host().unwrap().to_string().as_str(), all.port()), ("[2001:db8::1]", Some(5061)));
        assert_eq!((all.param("Transport"), all.param("lr"), all.param("x")), (Some("tls"), Some(""), None));
        assert_eq!(all.headers(), Some("Route=%3Csip:e%3E&b="));
        assert_eq!(all.user_decoded().as_deref(), Some("al ice;x=1"));
        assert_eq!(
            all.without_headers().as_str(),
            "SIPS:al%20ice;x=1:pw@[2001:db8::1]:5061;transport=tls;lr"
        );
    }

    #[test]
    fn telephone_numbers_and_opaque_uris_are_uris() {
        let number = uri("tel:+1-201-555-0123;phone-context=example.com");
        assert_eq!(
            (number.number(), number.user_decoded().as_deref()),
            (Some("+1-201-555-0123"), Some("+12015550123"))
        );
        assert_eq!(number.param("phone-context"), Some("example.com"));
        assert_eq!(
            (uri("urn:service:sos").scheme(), uri("soap.beep://192.0.2.103:3002").scheme()),
            (Scheme::Other, Scheme::Other)
        );
        assert_eq!(uri("sip:#123@h").user(), Some("#123"));
        assert_eq!(uri("sip:h").user(), None);
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for bad in [
            "",
            "sip",
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:a@b@c",
            "sip:a b@h",
            "<sip:a@h>",
            "sip:a@h:",
            "sip:a@h:99999",
            "sip:2001:db8::10",
            "sip:a@[::1",
            "tel:",
            "tel:+",
            "tel:call-me",
            "1sip:a@h",
            ":a@h",
            "sip:a@h\r\n",
            "sip:a@\u{e9}",
        ] {
            assert!(Uri::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parameters_are_set_in_the_uri_not_behind_its_headers() {
        let changed = uri("sip:a@h;lr;transport=udp?x=y").with_param("Transport", Some("tcp"));
        assert_eq!(changed.as_str(), "sip:a@h;lr;Transport=tcp?x=y");
        assert_eq!(changed.without_param("LR").as_str(), "sip:a@h;Transport=tcp?x=y");
        assert_eq!(uri("sip:a@h").with_param("x", Some("a b")).as_str(), "sip:a@h");
    }
}
