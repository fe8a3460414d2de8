//! Bodies of several parts (RFC 2046 §5.1, RFC 5621).

use base::limits::{BODY_DEPTH, BODY_PARTS};
use memchr::memmem;

use super::header::ContentType;
use super::octets::is_blank;

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

/// RFC 2046 §5.1.1.
fn is_boundary(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    (1..=70).contains(&text.len()) && text.bytes().all(fits) && !text.ends_with(' ')
}

/// What stands between the boundaries, each without the line end that belongs to the boundary behind it.
struct Split<'a> {
    rest: Option<&'a [u8]>,
    mark: Vec<u8>,
}

impl<'a> Split<'a> {
    fn new(body: &'a [u8], boundary: &str) -> Self {
        let mark = format!("--{boundary}").into_bytes();
        let mut split = Self { rest: Some(body), mark };
        split.rest = match split.next_mark(body, 0) {
            Some((_, after)) => body.get(after..),
            None => Some(&[]),
        };
        split
    }

    /// Where the text before the next boundary line ends, and where that line's boundary does.
    fn next_mark(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let mut at = from;
        loop {
            let start = at + memmem::find(text.get(at..)?, &self.mark)?;
            let after = start + self.mark.len();
            let before = text.get(..start)?;
            let line_end = match before {
                [] => Some(0),
                [.., b'\r', b'\n'] => Some(2),
                [.., b'\n'] => Some(1),
                _ => None,
            };
            let behind = text.get(after..)?;
            if let Some(line_end) = line_end
                && (behind.starts_with(b"--") || blank_line(behind).is_some())
            {
                return Some((start - line_end, after));
            }
            at = start + 1;
        }
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = Result<&'a [u8], BadMultipart>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        if text.starts_with(b"--") {
            return None;
        }
        let Some(start) = blank_line(text) else { return Some(Err(BadMultipart::Open)) };
        // The line end of the boundary itself may be that of the next one: a part without any octets.
        let Some((end, after)) = self.next_mark(text, start.saturating_sub(2)) else {
            return Some(Err(BadMultipart::Open));
        };
        self.rest = text.get(after..);
        Some(Ok(text.get(start..end.max(start)).unwrap_or_default()))
    }
}

/// Octets up to and with the end of a line that has only blanks; `None` when it has more.
fn blank_line(text: &[u8]) -> Option<usize> {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    match text.get(blanks..)? {
        [b'\r', b'\n', ..] => Some(blanks + 2),
        [b'\n', ..] => Some(blanks + 1),
        _ => None,
    }
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
mod tests {
    use super::*;

    const MIXED: &str = "multipart/mixed;boundary=b";

    fn bodies(kind: &str, body: &str) -> Result<Vec<(String, String)>, BadMultipart> {
        let found = parts(kind, body.as_bytes())?;
        let text =
            |part: &Part<'_>| (part.content_type.clone(), String::from_utf8_lossy(part.body).into_owned());
        Ok(found.iter().map(text).collect())
    }

    fn list(expected: &[(&str, &str)]) -> Result<Vec<(String, String)>, BadMultipart> {
        Ok(expected.iter().map(|(kind, body)| ((*kind).to_owned(), (*body).to_owned())).collect())
    }

    #[test]
    fn parts_are_found_with_their_types_between_preamble_and_epilogue() {
        let body = "preamble\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--b  \r\n\r\nplain\r\n--b--\r\nepilogue\r\n--b\r\n";
        assert_eq!(bodies(MIXED, body), list(&[("application/sdp", "v=0\r\n"), ("text/plain", "plain")]));
        let folded =
            "--b\r\nContent-Type:\r\n application/sdp;\r\n\tx=y\r\nContent-ID: <a@h>\r\n\r\nv=0\r\n--b--";
        let found = parts("Multipart/Mixed; boundary=\"b\"", folded.as_bytes()).unwrap();
        assert!(found[0].is("application/sdp") && found[0].whole.starts_with(b"Content-Type"));
    }

    /// Conformance §8, AST-2017-003.
    #[test]
    fn empty_parts_are_parts() {
        for empty in ["--b\r\n--b--", "--b\r\n\r\n--b--", "--b\r\n\r\n\r\n--b--\r\n", "--b\n\n--b--"] {
            assert_eq!(bodies(MIXED, empty), list(&[("text/plain", "")]), "{empty:?}");
        }
        let headed = "--b\r\nContent-Type: application/sdp\r\n--b--";
        assert_eq!(bodies(MIXED, headed), list(&[("application/sdp", "")]));
    }

    #[test]
    fn a_boundary_ends_its_line_and_begins_it() {
        let body = "--b\r\n\r\nx--b--\r\n--bc\r\n--b--";
        assert_eq!(bodies(MIXED, body), list(&[("text/plain", "x--b--\r\n--bc")]));
        for (kind, fault) in [
            ("multipart/mixed", BadMultipart::Boundary),
            ("multipart/mixed;boundary=", BadMultipart::Boundary),
            ("multipart/mixed;boundary=\"a \"", BadMultipart::Boundary),
            ("multipart/mixed;boundary=other", BadMultipart::Open),
        ] {
            assert_eq!(bodies(kind, "--b\r\n\r\nx\r\n--b--"), Err(fault), "{kind}");
        }
        for open in ["", "--b", "--b\r\n", "--b\r\n\r\nx", "--b\r\n\r\nx\r\n--b", "--b\r\n\r\nx\r\n--bc--"] {
            assert_eq!(bodies(MIXED, open), Err(BadMultipart::Open), "{open:?}");
        }
        assert_eq!(bodies(MIXED, "--b--"), list(&[]));
    }

    /// Conformance S10.
    #[test]
    fn depth_and_number_are_bounded() {
        let many = |count: usize| "--b\r\n\r\nx\r\n".repeat(count) + "--b--";
        assert_eq!(bodies(MIXED, &many(BODY_PARTS)).unwrap().len(), BODY_PARTS);
        assert_eq!(bodies(MIXED, &many(BODY_PARTS + 1)), Err(BadMultipart::TooMany));
        let deep = |depth: usize| {
            (0..depth).rev().fold("x".to_owned(), |inner, at| {
                let kind = if at + 1 == depth {
                    "text/plain".to_owned()
                } else {
                    format!("multipart/mixed;boundary=b{}", at + 1)
                };
                format!("--b{at}\r\nContent-Type: {kind}\r\n\r\n{inner}\r\n--b{at}--")
            })
        };
        assert_eq!(bodies("multipart/mixed;boundary=b0", &deep(BODY_DEPTH)), list(&[("text/plain", "x")]));
        assert_eq!(bodies("multipart/mixed;boundary=b0", &deep(BODY_DEPTH + 1)), Err(BadMultipart::TooMany));
    }

    #[test]
    fn choices_packings_and_what_must_be_understood_are_told() {
        let body = "--b\r\nContent-Disposition: signal ; Handling=REQUIRED\r\nContent-Encoding: gzip\r\n\r\nx\r\n\
                    --b\r\nContent-Type: multipart/alternative;boundary=c\r\nContent-Transfer-Encoding: binary\r\n\r\n\
                    --c\r\n\r\none\r\n--c\r\n\r\ntwo\r\n--c--\r\n--b--";
        let found = parts(MIXED, body.as_bytes()).unwrap();
        assert!(found[0].is_required() && !found[1].is_required());
        assert_eq!(found[0].encoding.as_deref(), Some("gzip"));
        assert_eq!(found.iter().map(|part| part.choice).collect::<Vec<_>>(), [0, 1, 1]);
    }

    #[test]
    fn any_octets_are_read_without_harm() {
        let pieces: [&[u8]; 9] = [
            b"--b",
            b"--b--",
            b"\r\n",
            b"\n",
            b"--",
            b"\xff",
            b"Content-Type: multipart/mixed;boundary=b\r\n",
            b" ",
            b"-",
        ];
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut body = Vec::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                body.extend_from_slice(pieces[usize::try_from(state >> 33).unwrap() % pieces.len()]);
            }
            if let Ok(found) = parts(MIXED, &body) {
                assert!(found.len() <= BODY_PARTS);
            }
        }
    }
}
