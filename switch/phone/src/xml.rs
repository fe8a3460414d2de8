//! The little XML that phones and we send each other: escaped text out, small flat documents in.
//!
//! Deliberately absent: DTDs, entities of one's own, namespaces; prefixes are taken off.

use base::limits::{XML_ELEMENTS, XML_TEXT};

/// Text for an element or an attribute (XML 1.0 §2.4); controls, which XML has no words for, are left out.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// An element without attributes: its name, and the text directly in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its name, without prefix.
    pub name: String,
    /// How deep it stands; 0 for the document's own.
    pub depth: usize,
    /// Its text, trimmed.
    pub text: String,
}

/// Why a document cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadXml {
    /// It is no UTF-8, or its elements do not fit into each other.
    #[error("not well-formed")]
    Malformed,
    /// It declares things, as documents that attack their reader do.
    #[error("declarations are not read")]
    Declares,
    /// More elements than `limits::XML_ELEMENTS`, or more text than `limits::XML_TEXT`.
    #[error("too much")]
    TooMuch,
}

/// The elements of a document in the order in which they begin.
///
/// # Errors
/// `BadXml`.
pub fn elements(document: &[u8]) -> Result<Vec<Element>, BadXml> {
    let mut rest = std::str::from_utf8(document).map_err(|_not_utf8| BadXml::Malformed)?;
    if rest.len() > XML_TEXT {
        return Err(BadXml::TooMuch);
    }
    let mut found: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    while let Some((text, tag)) = rest.split_once('<') {
        if let Some(element) = open.last().and_then(|at| found.get_mut(*at)) {
            element.text.push_str(&plain(text.trim())?);
        }
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").ok_or(BadXml::Malformed)?.1;
            continue;
        }
        let (tag, after) = tag.split_once('>').ok_or(BadXml::Malformed)?;
        rest = after;
        match tag.as_bytes().first() {
            Some(b'!') => return Err(BadXml::Declares),
            Some(b'?') => {}
            Some(b'/') => {
                let at = open.pop().ok_or(BadXml::Malformed)?;
                if found
                    .get(at)
                    .is_none_or(|element| element.name != name_of(tag.get(1..).unwrap_or_default()))
                {
                    return Err(BadXml::Malformed);
                }
            }
            Some(_) => begin(tag, &mut found, &mut open)?,
            None => return Err(BadXml::Malformed),
        }
    }
    if open.is_empty() && !found.is_empty() && rest.trim().is_empty() {
        Ok(found)
    } else {
        Err(BadXml::Malformed)
    }
}

fn begin(tag: &str, found: &mut Vec<Element>, open: &mut Vec<usize>) -> Result<(), BadXml> {
    let is_empty = tag.ends_with('/');
    let name = name_of(tag.trim_end_matches('/'));
    if name.is_empty() || (open.is_empty() && !found.is_empty()) {
        return Err(BadXml::Malformed);
    }
    if found.len() >= XML_ELEMENTS {
        return Err(BadXml::TooMuch);
    }
    let depth = open.len();
    if !is_empty {
        open.push(found.len());
    }
    found.push(Element { name: name.to_owned(), depth, text: String::new() });
    Ok(())
}

fn name_of(tag: &str) -> &str {
    let name = tag.split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default()
}

/// Text without the five entities that XML has of itself.
fn plain(text: &str) -> Result<String, BadXml> {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';').ok_or(BadXml::Malformed)?;
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return Err(BadXml::Declares),
        });
        plain.push_str(after);
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_ends_an_element_or_an_attribute() {
        assert_eq!(escaped("a\"b'<c>&\u{1}\r\nd"), "a&quot;b&apos;&lt;c&gt;&amp;d");
    }

    #[test]
    fn a_small_document_is_read_and_prefixes_are_taken_off() {
        let read = elements(
            b"<?xml version=\"1.0\"?><!-- x --><c:Set xmlns:c='y'><device/><to> a&amp;b </to></c:Set>",
        );
        let read: Vec<_> = read.unwrap().into_iter().map(|it| (it.name, it.depth, it.text)).collect();
        let expected = [("Set", 0, ""), ("device", 1, ""), ("to", 1, "a&b")];
        assert_eq!(read, expected.map(|(name, depth, text)| (name.to_owned(), depth, text.to_owned())));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "<a>".repeat(XML_ELEMENTS + 1);
        let long = format!("<a>{}</a>", "x".repeat(XML_TEXT));
        for (document, why) in [
            ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", BadXml::Declares),
            ("<a>&b;</a>", BadXml::Declares),
            ("<a>&amp</a>", BadXml::Malformed),
            ("<a><b></a></b>", BadXml::Malformed),
            ("<a>", BadXml::Malformed),
            ("<a/><a/>", BadXml::Malformed),
            ("<a", BadXml::Malformed),
            ("</a>", BadXml::Malformed),
            ("<>", BadXml::Malformed),
            ("", BadXml::Malformed),
            ("<a/>x", BadXml::Malformed),
            (&*deep, BadXml::TooMuch),
            (&*long, BadXml::TooMuch),
        ] {
            let shown: String = document.chars().take(60).collect();
            assert_eq!(elements(document.as_bytes()), Err(why), "{shown}");
        }
        assert_eq!(elements(b"<a>\xff</a>"), Err(BadXml::Malformed));
    }
}
