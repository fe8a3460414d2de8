//! `Range: bytes=…` with one range (RFC 9110 §14.1.2); others are answered whole, as §14.2 lets us.

use axum::http::{HeaderMap, header};

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: u64,
    /// One past the last.
    pub(crate) end: u64,
}

/// What of a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    All,
    Part(Range),
    /// Nothing that there is.
    Beyond,
}

impl Wanted {
    pub(crate) fn of(headers: &HeaderMap, octets: u64) -> Self {
        let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
        range.and_then(|range| Self::read(range, octets)).unwrap_or(Self::All)
    }

    fn read(range: &str, octets: u64) -> Option<Self> {
        let (first, last) = range.strip_prefix("bytes=")?.trim().split_once('-')?;
        let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?;
        let (first, end) = match (first, last) {
            ("", suffix) => (octets.saturating_sub(number(suffix)?), octets),
            (first, "") => (number(first)?, octets),
            (first, last) => (number(first)?, number(last)?.saturating_add(1).min(octets)),
        };
        if first < end { Some(Self::Part(Range { first, end })) } else { Some(Self::Beyond) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let read = |range: &str| Wanted::read(range, 1_000).unwrap_or(Wanted::All);
        let part = |first, end| Wanted::Part(Range { first, end });
        assert_eq!(read("bytes=0-99"), part(0, 100));
        assert_eq!(read("bytes=900-"), part(900, 1_000));
        assert_eq!(read("bytes=-10"), part(990, 1_000));
        assert_eq!(read("bytes=-5000"), part(0, 1_000));
        assert_eq!(read("bytes=500-99999999999999999999"), Wanted::All);
        assert_eq!(read("bytes=500-9999"), part(500, 1_000));
        for beyond in ["bytes=1000-", "bytes=5-4", "bytes=-0"] {
            assert_eq!(read(beyond), Wanted::Beyond, "{beyond}");
        }
        for whole in ["items=0-5", "bytes=0-5,9-10", "bytes=", "bytes=x-", "bytes=+1-2"] {
            assert_eq!(read(whole), Wanted::All, "{whole}");
        }
    }
}
