use std::fmt;

use super::malformed::Malformed;
use super::octets::{is_plain, is_token, trim};
use super::split::{quote, quoted, separator};

/// The `;name=value` parameters behind a header's value, in order, with the text they came with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Params {
    text: String,
}

impl Params {
    /// Reads parameters; empty text has none. One semicolon too many at the end is forgiven, elsewhere not.
    ///
    /// # Errors
    /// `Malformed` names `what` when a name is no token or a value is neither plain nor quoted.
    pub fn parse(text: &str, what: &'static str) -> Result<Self, Malformed> {
        let text = trim(text);
        if text.is_empty() || text == ";" {
            return Ok(Self::default());
        }
        let text = trim(text.strip_suffix(';').unwrap_or(text));
        let inner = text.strip_prefix(';').ok_or(Malformed::Syntax(what))?;
        if pieces(inner).all(is_param) {
            Ok(Self { text: text.to_owned() })
        } else {
            Err(Malformed::Syntax(what))
        }
    }

    /// The first parameter of this name: its value without quotes (escapes kept), "" when it has none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.unwrap_or(""))
    }

    /// Whether a parameter of this name is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All parameters in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.pieces().map(name_and_value)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Sets a parameter: in its place when it is there, else at the end. The value is written as given,
    /// in quotes when it is neither a token nor an address.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let new = written(name, value);
        let mut found = false;
        let mut text = String::with_capacity(self.text.len() + new.len());
        for piece in self.pieces() {
            let same = name_and_value(piece).0.eq_ignore_ascii_case(name);
            if !same {
                text.push(';');
                text.push_str(trim(piece));
            } else if !found {
                found = true;
                text.push_str(&new);
            }
        }
        if !found {
            text.push_str(&new);
        }
        self.text = text;
    }

    /// Removes every parameter of this name.
    pub fn remove(&mut self, name: &str) {
        let keep = self.pieces().filter(|piece| !name_and_value(piece).0.eq_ignore_ascii_case(name));
        self.text = keep.map(|piece| format!(";{}", trim(piece))).collect();
    }

    fn pieces(&self) -> Pieces<'_> {
        match self.text.strip_prefix(';') {
            Some(inner) => pieces(inner),
            None => Pieces { rest: None },
        }
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Semicolon-separated pieces, quotes respected.
struct Pieces<'a> {
    rest: Option<&'a str>,
}

fn pieces(inner: &str) -> Pieces<'_> {
    Pieces { rest: Some(inner) }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let Some(at) = separator(text, b';') else {
            self.rest = None;
            return Some(text);
        };
        self.rest = text.get(at + 1..);
        text.get(..at)
    }
}

fn halves(piece: &str) -> Option<(&str, &str)> {
    let at = memchr::memchr(b'=', piece.as_bytes())?;
    Some((piece.get(..at)?, piece.get(at + 1..)?))
}

fn name_and_value(piece: &str) -> (&str, Option<&str>) {
    let Some((name, value)) = halves(piece) else { return (trim(piece), None) };
    let value = trim(value);
    (trim(name), Some(quoted(value).map_or(value, |(inner, _)| inner)))
}

fn is_param(piece: &str) -> bool {
    let Some((name, value)) = halves(piece) else { return is_token(trim(piece).as_bytes()) };
    is_token(trim(name).as_bytes()) && is_value(trim(value))
}

fn is_value(value: &str) -> bool {
    match quoted(value) {
        Some((_, rest)) => rest.is_empty(),
        None => is_plain(value),
    }
}

fn written(name: &str, value: Option<&str>) -> String {
    match value {
        None => format!(";{name}"),
        Some(value) if is_plain(value) && !value.is_empty() => format!(";{name}={value}"),
        Some(value) => format!(";{name}={}", quote(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Params {
        Params::parse(text, "test").unwrap()
    }

    #[test]
    fn names_ignore_case_and_quotes_are_taken_off() {
        let params = params("; Tag = 98asjd8 ;lr;x=\"a;b\"");
        assert_eq!(params.get("tag"), Some("98asjd8"));
        assert_eq!(params.get("lr"), Some(""));
        assert_eq!(params.get("X"), Some("a;b"));
        assert!(!params.has("a"));
    }

    #[test]
    fn setting_keeps_the_place_and_removing_takes_all() {
        let mut params = params(";rport;branch=z9hG4bKa");
        params.set("rport", Some("5060"));
        params.set("received", Some("2001:db8::1"));
        assert_eq!(params.to_string(), ";rport=5060;branch=z9hG4bKa;received=2001:db8::1");
        params.remove("RPORT");
        assert_eq!(params.to_string(), ";branch=z9hG4bKa;received=2001:db8::1");
        params.set("text", Some("a\r\nb"));
        assert!(params.to_string().ends_with(";text=\"a  b\""));
    }

    #[test]
    fn empty_places_and_open_quotes_are_refused() {
        for bad in [";;", ";a;;b", ";;;;", ";=x", ";a=\"x", "a", ";a=b c", ";a=\"x\"y"] {
            assert_eq!(Params::parse(bad, "test"), Err(Malformed::Syntax("test")), "{bad}");
        }
        assert_eq!(params(";a=b;").to_string(), ";a=b");
    }
}
