//! Lines and attributes, the same in the session part and in a stream.

use std::fmt;

/// One `x=…` line. Keys do not print for people.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) kind: char,
    pub(crate) value: String,
}

impl Line {
    pub(crate) fn new(kind: char, value: impl Into<String>) -> Self {
        Self { kind, value: value.into() }
    }

    pub(crate) fn flag(name: &str) -> Self {
        Self::new('a', name)
    }

    /// Name and value when it is an `a=` line.
    pub(crate) fn attribute(&self) -> Option<(&str, Option<&str>)> {
        if self.kind != 'a' {
            return None;
        }
        Some(match self.value.split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (self.value.trim(), None),
        })
    }

    pub(crate) fn is_attribute(&self, wanted: &str) -> bool {
        self.attribute().is_some_and(|(name, _)| name.eq_ignore_ascii_case(wanted))
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == 'k' || self.is_attribute("crypto") {
            return write!(f, "{}=…", self.kind);
        }
        write!(f, "{}={}", self.kind, self.value)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}\r\n", self.kind, self.value)
    }
}

pub(crate) fn attributes(lines: &[Line]) -> impl Iterator<Item = (&str, Option<&str>)> {
    lines.iter().filter_map(Line::attribute)
}

/// The value of the first attribute of that name; `Some("")` for one without a value.
pub(crate) fn attribute<'a>(lines: &'a [Line], wanted: &str) -> Option<&'a str> {
    attributes(lines)
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.unwrap_or_default())
}

/// The rest of the first `a=name:format rest` line.
pub(crate) fn of_format<'a>(lines: &'a [Line], wanted: &str, format: &str) -> Option<&'a str> {
    attributes(lines)
        .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
        .filter_map(|(_, value)| value?.split_once(char::is_whitespace))
        .find(|(number, _)| *number == format)
        .map(|(_, rest)| rest.trim())
}
