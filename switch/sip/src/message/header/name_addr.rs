use std::fmt;

use crate::message::malformed::Malformed;
use crate::message::octets::trim;
use crate::message::params::Params;
use crate::message::split::{quote, quoted, separator, unescape};
use crate::message::uri::Uri;

/// A name, a URI and parameters: From, To, Contact, Route, Record-Route, Refer-To, P-Asserted-Identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, quotes and escapes resolved; `None` when there is none or an empty one.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// The header's parameters, not the URI's.
    pub params: Params,
}

impl NameAddr {
    /// Only a URI.
    #[must_use]
    pub fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::default() }
    }

    /// Reads `"name" <uri>;params`, `name <uri>;params` or `uri;params`.
    ///
    /// # Errors
    /// `Malformed::Syntax` on an open quote, a bracket missing, blanks in the URI, a comma or semicolon in an
    /// unquoted name, and a bare URI with `?` or comma (RFC 3261 §20).
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bad = Malformed::Syntax("address");
        let text = trim(text);
        let (display, rest) = match text.strip_prefix('"') {
            Some(_) => quoted(text).map(|(inner, rest)| (unescape(inner), trim(rest))).ok_or(bad)?,
            None => match text.find('<') {
                Some(at) => {
                    (plain_name(text.get(..at).unwrap_or("")).ok_or(bad)?, text.get(at..).unwrap_or(""))
                }
                None => return Self::bare(text),
            },
        };
        let (uri, params) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).ok_or(bad)?;
        let display = Some(display).filter(|display| !display.is_empty());
        Ok(Self { display, uri: Uri::parse(uri)?, params: Params::parse(params, "address parameter")? })
    }

    /// The `q` parameter in thousandths: 1,000 without one, 0 for nonsense (RFC 3261 §20.10).
    #[must_use]
    pub fn q_milli(&self) -> u16 {
        let Some(text) = self.params.get("q") else { return 1_000 };
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let part: String = part.chars().chain("000".chars()).take(3).collect();
        match (whole, part.parse::<u16>()) {
            ("1", _) => 1_000,
            ("0" | "", Ok(milli)) => milli,
            _ => 0,
        }
    }

    /// The `tag` parameter.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// Sets the `tag` parameter.
    pub fn set_tag(&mut self, tag: &str) {
        self.params.set("tag", Some(tag));
    }

    /// The same with a `tag`.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.set_tag(tag);
        self
    }

    fn bare(text: &str) -> Result<Self, Malformed> {
        let (uri, params) = text.split_at(separator(text, b';').unwrap_or(text.len()));
        if uri.contains(['?', ',']) {
            return Err(Malformed::Syntax("address"));
        }
        Ok(Self {
            display: None,
            uri: Uri::parse(trim(uri))?,
            params: Params::parse(params, "address parameter")?,
        })
    }
}

/// Tokens and blanks, and what real peers write without quotes; not what would be read as another value.
fn plain_name(text: &str) -> Option<String> {
    let text = trim(text);
    if text.contains([',', ';', '"', '>']) { None } else { Some(text.to_owned()) }
}

/// The `tag` of a From or To value, found without reading the rest.
pub(crate) fn tag_of(value: &str) -> Option<&str> {
    let behind_name = if trim(value).starts_with('"') { quoted(trim(value))?.1 } else { value };
    let mut rest =
        behind_name.split_once('<').map_or(Some(behind_name), |(_, uri)| Some(uri.split_once('>')?.1))?;
    while let Some(at) = separator(rest, b';') {
        rest = rest.get(at + 1..)?;
        let piece = rest.get(..separator(rest, b';').unwrap_or(rest.len()))?;
        if let Some((name, tag)) = piece.split_once('=')
            && trim(name).eq_ignore_ascii_case("tag")
        {
            return Some(trim(tag)).filter(|tag| !tag.is_empty());
        }
    }
    None
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", quote(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> NameAddr {
        NameAddr::parse(text).unwrap()
    }

    /// RFC 4475 §3.1.1.1, §3.1.1.6.
    #[test]
    fn names_are_read_with_quotes_and_without() {
        let from = parse(r#""J Rosenberg \\\""       <sip:jdrosen@example.com>    ;    tag = 98asjd8"#);
        assert_eq!((from.display.as_deref(), from.tag()), (Some(r#"J Rosenberg \""#), Some("98asjd8")));
        assert_eq!(parse("caller<sip:caller@example.com>;tag=323").display.as_deref(), Some("caller"));
        assert_eq!(parse(r#""" <sip:a@h>"#).display, None);
        assert_eq!(parse("A. Bell <sip:a@h>").to_string(), r#""A. Bell" <sip:a@h>"#);
    }

    /// RFC 3261 §20: without brackets, parameters belong to the header.
    #[test]
    fn parameters_of_a_bare_uri_are_the_headers() {
        let contact = parse("sip:+19725552222@gw1.example.net;unknownparam");
        assert!(contact.params.has("unknownparam") && contact.uri.param("unknownparam").is_none());
        let contact = parse("<sip:+19725552222@gw1.example.net;unknownparam>");
        assert!(!contact.params.has("unknownparam") && contact.uri.param("unknownparam").is_some());
    }

    #[test]
    fn open_quotes_and_ambiguous_text_are_refused() {
        for bad in [
            r#""Mr. J. User <sip:j.user@example.com>"#,
            "Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
            r#""Watson, Thomas" < sip:t.watson@example.org >"#,
            "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
            r#""Joe" <sip:joe@example.org>;;;;"#,
            "<sip:a@h",
            "",
        ] {
            assert!(NameAddr::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_preference_reads_as_thousandths() {
        let q = |text: &str| parse(&format!("<sip:a@h>{text}")).q_milli();
        assert_eq!([q(""), q(";q=1.0"), q(";q=0.75"), q(";q=0.5"), q(";q=0")], [1_000, 1_000, 750, 500, 0]);
        assert_eq!([q(";q=x"), q(";q")], [0, 0]);
    }

    #[test]
    fn the_tag_is_found_as_the_full_reading_finds_it() {
        for text in [
            "<sip:a@h;tag=inner>;x=1;TAG = t1",
            r#""a;tag=no <b>" <sip:a@h>;tag=t2"#,
            "sip:a@h;tag=t3",
            "sip:a@h",
            "<sip:a@h>;tag=",
        ] {
            assert_eq!(tag_of(text), parse(text).tag(), "{text}");
        }
    }
}
