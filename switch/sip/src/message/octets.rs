//! Character classes and small number grammar of RFC 3261 §25.

use std::borrow::Cow;

const fn table(extra: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < extra.len() {
        table[extra[at] as usize] = true;
        at += 1;
    }
    table
}

static TOKEN: [bool; 256] = table(b"-.!%*_+`'~");
/// What a parameter's unquoted value may hold: tokens, hosts, and what real peers write beyond those.
static PLAIN: [bool; 256] = visible_except(b"\"<>,;");
/// What may stand in a URI. The grammar allows less, but phones dial `#` and names come in UTF-8.
static URI: [bool; 256] = visible_except(b"\"<>");

const fn visible_except(marks: &[u8]) -> [bool; 256] {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte <= b' ' as usize {
        table[byte] = false;
        byte += 1;
    }
    table[0x7f] = false;
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = false;
        at += 1;
    }
    table
}

pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_token_octet(byte))
}

pub(crate) fn is_token_octet(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| PLAIN[usize::from(byte)])
}

pub(crate) fn is_uri(text: &str) -> bool {
    text.bytes().all(|byte| URI[usize::from(byte)])
}

pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Without spaces and tabs at both ends.
pub(crate) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    let Some(start) = bytes.iter().position(|byte| !is_blank(*byte)) else { return "" };
    let end = bytes.iter().rposition(|byte| !is_blank(*byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or("")
}

/// Decimal digits only; a value beyond `u64` counts as the largest one, so that bounds still catch it.
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
    Some(text.iter().fold(0, add))
}

pub(crate) fn starts_with_ignoring_case(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Line ends and NUL become spaces, so that a value from outside can never begin a header of its own.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return text.into();
    }
    text.chars().map(|c| if matches!(c, '\r' | '\n' | '\0') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn huge_numbers_stay_huge_and_signs_are_no_digits() {
        assert_eq!(digits(b"0009"), Some(9));
        assert_eq!(digits(b"36893488147419103232"), Some(u64::MAX));
        assert_eq!(digits(b"-1"), None);
        assert_eq!(digits(b"+1"), None);
        assert_eq!(digits(b""), None);
    }
}
