//! The one reading of a header block. Parser, framer and peek all go through it, so that they cannot
//! disagree about where a message ends.

use std::ops::Range;

use base::limits::{SIP_HEADER_OCTETS, SIP_HEADERS};
use memchr::{memchr2, memmem};
use smallvec::SmallVec;

use super::error::ParseErrorKind;
use super::name::{Header, find};
use super::octets::{digits, is_blank, is_token_octet};

/// The id of a header that is not in our table.
pub(crate) const STRANGER: u8 = u8::MAX;

/// Where one header line lies within its message, folds included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) start: u32,
    /// Behind the colon.
    pub(crate) value: u32,
    pub(crate) end: u32,
    pub(crate) name_len: u16,
    pub(crate) id: u8,
}

pub(crate) type Lines = SmallVec<[Line; 24]>;

/// A header block as found; lines that are wrong are left out and the first of them is the fault.
pub(crate) struct Head {
    pub(crate) start_line: Range<usize>,
    pub(crate) lines: Lines,
    /// Where the body begins: behind the empty line, or at the end when there is none.
    pub(crate) body: usize,
    /// The declared body length.
    pub(crate) length: Option<usize>,
    pub(crate) folded: bool,
    pub(crate) fault: Option<(ParseErrorKind, usize)>,
}

/// The octets of the header block with its empty line, when all of it is here. `from` skips what an
/// earlier call has searched.
pub(crate) fn head_end(data: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(3);
    memmem::find(data.get(from..)?, b"\r\n\r\n").map(|at| from + at + 4)
}

/// Reads the header block at the start of `data`, which begins with the start line.
pub(crate) fn head(data: &[u8]) -> Head {
    let mut lines = PhysicalLines { data, at: 0 };
    let mut head = Head {
        start_line: 0..0,
        lines: Lines::new(),
        body: data.len(),
        length: None,
        folded: false,
        fault: None,
    };
    if let Some(first) = lines.next() {
        head.start_line = first.start..first.end;
        if !first.clean {
            head.blame(ParseErrorKind::LineEnd, first.start);
        }
    }
    let mut ended = false;
    let mut foldable = false;
    for line in lines.by_ref() {
        if line.start == line.end && line.clean {
            ended = true;
            break;
        }
        foldable = match data.get(line.start) {
            Some(byte) if is_blank(*byte) => head.fold(&line, foldable),
            _ => head.add(data, &line),
        };
    }
    head.body = lines.at;
    if !ended {
        head.blame(ParseErrorKind::EmptyLine, data.len());
    }
    head.measure(data);
    head
}

impl Head {
    /// Whether a following fold belongs to an indexed line.
    fn add(&mut self, data: &[u8], line: &PhysicalLine) -> bool {
        let text = data.get(line.start..line.end).unwrap_or_default();
        if !line.clean {
            self.blame(ParseErrorKind::LineEnd, line.start);
            return false;
        }
        let name_len = text.iter().take_while(|byte| is_token_octet(**byte)).count();
        let (name, rest) = text.split_at(name_len);
        let colon = rest.iter().position(|byte| !is_blank(*byte)).filter(|at| rest.get(*at) == Some(&b':'));
        let (Some(blanks), false) = (colon, name.is_empty()) else {
            self.blame(ParseErrorKind::HeaderLine, line.start);
            return false;
        };
        if text.len() > SIP_HEADER_OCTETS {
            self.blame(ParseErrorKind::HeaderSize, line.start);
            return false;
        }
        if self.lines.len() >= SIP_HEADERS {
            self.blame(ParseErrorKind::HeaderCount, line.start);
            return false;
        }
        self.lines.push(Line {
            start: offset(line.start),
            value: offset(line.start + name_len + blanks + 1),
            end: offset(line.end),
            name_len: u16::try_from(name_len).unwrap_or(u16::MAX),
            id: find(name).unwrap_or(STRANGER),
        });
        true
    }

    fn fold(&mut self, line: &PhysicalLine, foldable: bool) -> bool {
        let last = if foldable { self.lines.last_mut() } else { None };
        let Some(last) = last else {
            self.blame(ParseErrorKind::HeaderLine, line.start);
            return false;
        };
        let octets = line.end.saturating_sub(last.start as usize);
        if line.clean && octets <= SIP_HEADER_OCTETS {
            last.end = offset(line.end);
            self.folded = true;
            return true;
        }
        self.lines.pop();
        self.blame(if line.clean { ParseErrorKind::HeaderSize } else { ParseErrorKind::LineEnd }, line.start);
        false
    }

    /// Content-Length may be repeated only with one and the same number.
    fn measure(&mut self, data: &[u8]) {
        let Some(id) = Header::ContentLength.id() else { return };
        let mut length = None;
        let mut wrong = None;
        for line in self.lines.iter().filter(|line| line.id == id) {
            let value = data.get(line.value as usize..line.end as usize).unwrap_or_default().trim_ascii();
            let octets = digits(value).and_then(|octets| usize::try_from(octets).ok());
            if octets.is_none() || length.is_some_and(|known| Some(known) != octets) {
                wrong = wrong.or(Some(line.start as usize));
            }
            length = length.or(octets);
        }
        self.length = length;
        if let Some(at) = wrong {
            self.length = None;
            self.blame(ParseErrorKind::ContentLength, at);
        }
    }

    fn blame(&mut self, kind: ParseErrorKind, at: usize) {
        self.fault = self.fault.or(Some((kind, at)));
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// What stands between two CRLF.
pub(crate) struct PhysicalLine {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Ends with CRLF and has no other CR or LF inside.
    pub(crate) clean: bool,
}

/// Lines up to the end of the data; the last one is unclean when its CRLF is missing.
pub(crate) struct PhysicalLines<'a> {
    pub(crate) data: &'a [u8],
    pub(crate) at: usize,
}

impl Iterator for PhysicalLines<'_> {
    type Item = PhysicalLine;

    fn next(&mut self) -> Option<PhysicalLine> {
        let start = self.at;
        if start >= self.data.len() {
            return None;
        }
        let mut clean = true;
        let mut from = start;
        while let Some(found) = memchr2(b'\r', b'\n', self.data.get(from..)?) {
            let end = from + found;
            if self.data.get(end..end + 2) == Some(b"\r\n") {
                self.at = end + 2;
                return Some(PhysicalLine { start, end, clean });
            }
            clean = false;
            from = end + 1;
        }
        self.at = self.data.len();
        Some(PhysicalLine { start, end: self.data.len(), clean: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(block: &str) -> Option<ParseErrorKind> {
        head(format!("OPTIONS sip:h SIP/2.0\r\n{block}").as_bytes()).fault.map(|(kind, _)| kind)
    }

    #[test]
    fn bare_line_ends_controls_in_names_and_missing_colons_are_faults() {
        assert_eq!(fault("A: b\r\n\r\n"), None);
        assert_eq!(fault("A \t: b\r\n c\r\n\r\n"), None);
        assert_eq!(fault("A: b\nB: c\r\n\r\n"), Some(ParseErrorKind::LineEnd));
        assert_eq!(fault("A: b\rB: c\r\n\r\n"), Some(ParseErrorKind::LineEnd));
        assert_eq!(fault("A: b\r\r\n\r\n"), Some(ParseErrorKind::LineEnd));
        assert_eq!(fault("A\x01: b\r\n\r\n"), Some(ParseErrorKind::HeaderLine));
        assert_eq!(fault("A b: c\r\n\r\n"), Some(ParseErrorKind::HeaderLine));
        assert_eq!(fault(": c\r\n\r\n"), Some(ParseErrorKind::HeaderLine));
        assert_eq!(fault("Foobar roobar\r\n\r\n"), Some(ParseErrorKind::HeaderLine));
        assert_eq!(fault(" folded: start\r\n\r\n"), Some(ParseErrorKind::HeaderLine));
        assert_eq!(fault("A: b\r\n"), Some(ParseErrorKind::EmptyLine));
    }

    #[test]
    fn content_length_is_digits_and_repeated_only_unchanged() {
        assert_eq!(fault("l: 5\r\nContent-Length: 005\r\n\r\n"), None);
        for bad in [
            "l: 5\r\nl: 6\r\n\r\n",
            "l: -1\r\n\r\n",
            "l: +1\r\n\r\n",
            "l: 1, 1\r\n\r\n",
            "l:\r\n\r\n",
            "l: 1 2\r\n\r\n",
        ] {
            assert_eq!(fault(bad), Some(ParseErrorKind::ContentLength), "{bad}");
        }
    }

    #[test]
    fn limits_hold_for_one_line_and_for_all() {
        let long = "x".repeat(SIP_HEADER_OCTETS);
        assert_eq!(fault(&format!("A: {long}\r\n\r\n")), Some(ParseErrorKind::HeaderSize));
        assert_eq!(fault(&format!("A: b\r\n {long}\r\n\r\n")), Some(ParseErrorKind::HeaderSize));
        assert_eq!(fault(&format!("{}\r\n", "A: b\r\n".repeat(SIP_HEADERS))), None);
        assert_eq!(
            fault(&format!("{}\r\n", "A: b\r\n".repeat(SIP_HEADERS + 1))),
            Some(ParseErrorKind::HeaderCount)
        );
    }
}
