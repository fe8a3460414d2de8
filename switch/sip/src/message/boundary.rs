//! The lines that part a body of several parts (RFC 2046 §5.1.1), and what stands between them.

use memchr::memmem;

use super::multipart::BadMultipart;
use super::octets::is_blank;

/// Whether a text may be a boundary.
pub(super) fn is_boundary(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b);
    (1..=70).contains(&text.len()) && text.bytes().all(fits) && !text.ends_with(' ')
}

/// What stands between the boundaries, each without the line end that belongs to the boundary behind it.
pub(super) struct Split<'a> {
    rest: Option<&'a [u8]>,
    mark: Vec<u8>,
}

impl<'a> Split<'a> {
    pub(super) fn new(body: &'a [u8], boundary: &str) -> Self {
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
pub(super) fn blank_line(text: &[u8]) -> Option<usize> {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    match text.get(blanks..)? {
        [b'\r', b'\n', ..] => Some(blanks + 2),
        [b'\n', ..] => Some(blanks + 1),
        _ => None,
    }
}
