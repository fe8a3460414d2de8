//! Comma lists and quoted strings.

use memchr::memchr3;

use super::octets::trim;

/// The comma-separated values of one header line. Commas in quotes and angle brackets do not separate.
/// An empty line has no values; an empty place between commas is an empty value.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    rest: Option<&'a str>,
}

impl<'a> Values<'a> {
    /// Over a header's value.
    #[must_use]
    pub fn of(line: &'a str) -> Self {
        Self { rest: Some(line).filter(|line| !trim(line).is_empty()) }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let (value, rest) = match separator(text, b',') {
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
            None => (text, None),
        };
        self.rest = rest;
        Some(trim(value))
    }
}

/// Where `mark` first stands outside quotes and angle brackets.
pub(crate) fn separator(text: impl AsRef<[u8]>, mark: u8) -> Option<usize> {
    let text = text.as_ref();
    let from = memchr3(mark, b'"', b'<', text)?;
    let (mut quoted, mut angled, mut escaped) = (false, false, false);
    for (at, byte) in text.iter().copied().enumerate().skip(from) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if !angled => quoted = !quoted,
            _ if quoted => {}
            b'<' => angled = true,
            b'>' => angled = false,
            _ if byte == mark && !angled => return Some(at),
            _ => {}
        }
    }
    None
}

/// Reads a quoted string at the start of `text`: what stands between the quotes, and the rest after them.
/// `None` when there is no quote or it is not closed.
pub(crate) fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some((inner.get(..at)?, inner.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// A quoted string's meaning: each backslash gone, the character behind it kept.
pub(crate) fn unescape(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    text
}

/// A quoted string that means `text`; line ends become spaces, for a quoted string has none.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\r' | '\n' => out.push(' '),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_split_only_outside_quotes_and_brackets() {
        let line = r#""A, \"B" <sip:a,b@h>;x="1,2" , <sip:c@h>,,*"#;
        let values: Vec<_> = Values::of(line).collect();
        assert_eq!(values, [r#""A, \"B" <sip:a,b@h>;x="1,2""#, "<sip:c@h>", "", "*"]);
        assert_eq!(Values::of("  ").count(), 0);
    }

    #[test]
    fn quoting_and_unescaping_are_inverse() {
        let text = r#"say "hi" \ there"#;
        let quoted_text = quote(text);
        let (inner, rest) = quoted(&quoted_text).unwrap();
        assert_eq!((unescape(inner).as_str(), rest), (text, ""));
        assert_eq!(quoted(r#""open"#), None);
        assert_eq!(quoted(r#""open\""#), None);
    }
}
