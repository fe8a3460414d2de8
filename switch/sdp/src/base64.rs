//! Keys as SDP writes them (RFC 4648 §4).

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn encode(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len().div_ceil(3) * 4);
    for group in octets.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) as usize & 63;
            out.push(if digit > group.len() { '=' } else { char::from(DIGITS[value]) });
        }
    }
    out
}

/// `None` for anything else than digits, with or without their padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let padding = text.len() - digits.len();
    if digits.len() % 4 == 1 || padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let mut bits = 0;
        for digit in group {
            bits = bits << 6 | DIGITS.iter().position(|known| known == digit)?;
        }
        let bits = bits << (6 * (4 - group.len()));
        out.extend((0..group.len() - 1).map(|at| (bits >> (16 - 8 * at)) as u8));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 4648 §10.
    #[test]
    fn the_examples_of_the_rfc_read_and_write() {
        let examples = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (plain, written) in examples {
            assert_eq!(encode(plain.as_bytes()), written);
            assert_eq!(decode(written).unwrap(), plain.as_bytes());
            assert_eq!(decode(written.trim_end_matches('=')).unwrap(), plain.as_bytes());
        }
        for wrong in ["Z", "Zg=", "Zg===", "Z===", "Zm9v=", "Zm 9", "Zm9\u{e9}"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_again(octets in proptest::collection::vec(any::<u8>(), 0..50), text in ".{0,60}") {
            prop_assert_eq!(decode(&encode(&octets)), Some(octets));
            let _any = decode(&text);
        }
    }
}
