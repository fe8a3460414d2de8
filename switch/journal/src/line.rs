//! One fact as one line: `{"crc":"1a2b3c4d","fact":{…}}`, a JSON object whose checksum covers the inner one.

use base::fact::Fact;

const HEAD: &[u8] = b"{\"crc\":\"";
const MIDDLE: &[u8] = b"\",\"fact\":";
const TAIL: &[u8] = b"}";
const DIGITS: usize = 8;

/// Appends the line of `fact` with its newline.
pub(crate) fn encode(fact: &Fact, out: &mut Vec<u8>) {
    out.extend_from_slice(HEAD);
    let digits = out.len();
    out.extend_from_slice(b"00000000");
    out.extend_from_slice(MIDDLE);
    let body = out.len();
    serde_json::to_writer(&mut *out, fact).expect("a fact has only string keys and memory takes every octet");
    let crc = format!("{:08x}", crc32fast::hash(out.get(body..).unwrap_or_default()));
    if let Some(place) = out.get_mut(digits..digits + DIGITS) {
        place.copy_from_slice(crc.as_bytes());
    }
    out.extend_from_slice(TAIL);
    out.push(b'\n');
}

/// Reads a line back; `None` when it is torn, damaged or of a kind this version does not know.
pub(crate) fn decode(line: &[u8]) -> Option<Fact> {
    let rest = line.strip_prefix(HEAD)?;
    let (digits, rest) = rest.split_at_checked(DIGITS)?;
    let body = rest.strip_prefix(MIDDLE)?.strip_suffix(TAIL)?;
    let wanted = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?; // not digits: damaged
    if crc32fast::hash(body) != wanted {
        return None;
    }
    serde_json::from_slice(body).ok() // a checksum that holds over something else: a newer version's fact
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Story, ids};

    #[test]
    fn a_line_is_json_and_reads_back() {
        for fact in Story::answered(&mut ids()).facts {
            let mut line = Vec::new();
            encode(&fact, &mut line);
            assert_eq!(line.pop(), Some(b'\n'));
            assert!(!line.contains(&b'\n'));
            serde_json::from_slice::<serde_json::Value>(&line).expect("a line is a JSON object");
            assert_eq!(decode(&line), Some(fact));
        }
    }

    #[test]
    fn a_line_with_any_octet_changed_or_missing_is_refused() {
        let story = Story::answered(&mut ids());
        let mut line = Vec::new();
        encode(story.facts.first().expect("facts"), &mut line);
        line.pop();
        for at in 0..line.len() {
            let mut damaged = line.clone();
            if let Some(octet) = damaged.get_mut(at) {
                *octet ^= 1;
            }
            assert_eq!(decode(&damaged), None, "octet {at}");
            assert_eq!(decode(line.get(..at).unwrap_or_default()), None, "cut at {at}");
        }
    }
}
