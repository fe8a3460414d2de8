//! Bodies of several parts (RFC 2046 §5.1, RFC 5621).

use base::limits::{BODY_DEPTH, BODY_PARTS};
use memchr::memmem;

use super::boundary::{Split, blank_line, is_boundary};
use super::header::ContentType;

/// One part that has no parts itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its type as written; `text/plain` when it says none (RFC 2046 §5.2).
    pub content_type: String,
    /// Its Content-Disposition as written; empty when it says none.
    pub disposition: String,
    /// How its octets are packed, where that is not the identity: a Content-Encoding, or `base64` and
    /// `quoted-printable` as Content-Transfer-Encoding.
    pub encoding: Option<String>,
    /// The `multipart/alternative` it is a choice of; 0 when it is none.
    pub choice: u8,
    /// Its headers and body, for passing it on whole.
    pub whole: &'a [u8],
    /// Its body, perhaps empty.
    pub body: &'a [u8],
}

/// Why a body of several parts cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMultipart {
    /// No boundary, or one that none may be.
    #[error("no usable boundary")]
    Boundary,
    /// The boundary does not stand in the body, or the last one is missing.
    #[error("parts without an end")]
    Open,
    /// More parts than `limits::BODY_PARTS`, or deeper than `limits::BODY_DEPTH`.
    #[error("too many parts")]
    TooMany,
}

/// Whether a Content-Type is of several parts.
#[must_use]
pub fn is_multipart(content_type: &str) -> bool {
    content_type.trim_start().get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/"))
}

/// The parts of a body, those of parts included, in their order. Preambles and epilogues are left out.
///
/// # Errors
/// `BadMultipart`.
pub fn parts<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<Part<'a>>, BadMultipart> {
    let mut reading = Reading { found: Vec::new(), choices: 0 };
    reading.read(content_type, body, 1, 0)?;
    Ok(reading.found)
}

impl Part<'_> {
    /// Whether it is this type, parameters aside.
    #[must_use]
    pub fn is(&self, media: &str) -> bool {
        self.content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(media))
    }

    /// Whether who does not understand it has to refuse the message (RFC 3204 §6, RFC 5621 §8.2). A part that does
    /// not say so may be passed over, since phones and carriers attach what few others read.
    #[must_use]
    pub fn is_required(&self) -> bool {
        is_required(&self.disposition)
    }
}

/// Whether a Content-Disposition says that its body has to be understood.
#[must_use]
pub fn is_required(disposition: &str) -> bool {
    let mut params = disposition.split(';').skip(1).filter_map(|param| param.split_once('='));
    params.any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("handling")
            && value.trim().trim_matches('"').eq_ignore_ascii_case("required")
    })
}

struct Reading<'a> {
    found: Vec<Part<'a>>,
    choices: u8,
}

impl<'a> Reading<'a> {
    fn read(&mut self, kind: &str, body: &'a [u8], depth: usize, choice: u8) -> Result<(), BadMultipart> {
        if depth > BODY_DEPTH {
            return Err(BadMultipart::TooMany);
        }
        let kind = ContentType::parse(kind).map_err(|_malformed| BadMultipart::Boundary)?;
        let boundary = kind.params.get("boundary").filter(|boundary| is_boundary(boundary));
        let boundary = boundary.ok_or(BadMultipart::Boundary)?;
        let choice = if kind.is("multipart/alternative") && choice == 0 {
            self.choices = self.choices.saturating_add(1);
            self.choices
        } else {
            choice
        };
        for whole in Split::new(body, boundary).collect::<Result<Vec<_>, _>>()? {
            self.part(whole, depth, choice)?;
        }
        Ok(())
    }

    fn part(&mut self, whole: &'a [u8], depth: usize, choice: u8) -> Result<(), BadMultipart> {
        let (head, body) = head_and_body(whole);
        let says = |name: &str| value_of(head, name);
        let content_type = says("Content-Type").unwrap_or_else(|| "text/plain".to_owned());
        if is_multipart(&content_type) {
            return self.read(&content_type, body, depth + 1, choice);
        }
        if self.found.len() >= BODY_PARTS {
            return Err(BadMultipart::TooMany);
        }
        self.found.push(Part {
            content_type,
            disposition: says("Content-Disposition").unwrap_or_default(),
            encoding: packing(says("Content-Encoding"), says("Content-Transfer-Encoding")),
            choice,
            whole,
            body,
        });
        Ok(())
    }
}

fn packing(encoding: Option<String>, transfer: Option<String>) -> Option<String> {
    let plain = |word: &str| {
        ["", "identity", "7bit", "8bit", "binary"].iter().any(|it| word.eq_ignore_ascii_case(it))
    };
    encoding.into_iter().chain(transfer).find(|word| !plain(word.trim()))
}

fn head_and_body(whole: &[u8]) -> (&[u8], &[u8]) {
    if let Some(end) = blank_line(whole) {
        return (&[], whole.get(end..).unwrap_or_default());
    }
    let ends = [(b"\r\n\r\n".as_slice(), 4), (b"\n\n", 2)];
    let end = ends.iter().filter_map(|(mark, octets)| Some((memmem::find(whole, mark)?, *octets))).min();
    match end {
        Some((at, octets)) => {
            (whole.get(..at).unwrap_or_default(), whole.get(at + octets..).unwrap_or_default())
        }
        None => (whole, &[]),
    }
}

/// The value of a part's header, folds as blanks.
fn value_of(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines();
    let mut value = lines.find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.trim_end().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })?;
    for fold in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(fold.trim());
    }
    Some(value)
}

#[cfg(test)]
#[path = "multipart_tests.rs"]
mod tests;
