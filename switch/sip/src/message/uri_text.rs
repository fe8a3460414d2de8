//! Percent escapes of RFC 3261 §19.1.2 and the comparison of §19.1.4.

use super::uri::{Scheme, Uri};

/// Resolves every `%HH`; a `%` that begins none is itself. Octets that are no UTF-8 show as U+FFFD.
pub fn decode(text: &str) -> String {
    let octets: Vec<u8> = Octets { rest: text.as_bytes() }.map(|(octet, _)| octet).collect();
    String::from_utf8_lossy(&octets).into_owned()
}

/// Escapes what may not stand in a user part.
pub(crate) fn escape_user(user: &str) -> String {
    let mut text = String::with_capacity(user.len());
    for byte in user.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) => {
                text.push(char::from(byte))
            }
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The octets of a text with escapes resolved, and whether each was escaped.
struct Octets<'a> {
    rest: &'a [u8],
}

impl Iterator for Octets<'_> {
    type Item = (u8, bool);

    fn next(&mut self) -> Option<(u8, bool)> {
        let (first, rest) = self.rest.split_first()?;
        if *first == b'%'
            && let [high, low, behind @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            self.rest = behind;
            return Some((high * 16 + low, true));
        }
        self.rest = rest;
        Some((*first, false))
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// An escape means its character unless that is reserved; then only another escape equals it.
fn same(left: &str, right: &str) -> bool {
    meaning(left).eq(meaning(right))
}

fn same_ignoring_case(left: &str, right: &str) -> bool {
    let lower = |(octet, escaped): (u8, bool)| (octet.to_ascii_lowercase(), escaped);
    meaning(left).map(lower).eq(meaning(right).map(lower))
}

fn meaning(text: &str) -> impl Iterator<Item = (u8, bool)> {
    let reserved = |octet: u8| b";/?:@&=+$,%".contains(&octet);
    Octets { rest: text.as_bytes() }.map(move |(octet, escaped)| (octet, escaped && reserved(octet)))
}

impl Uri {
    /// Whether both mean the same resource (RFC 3261 §19.1.4; `tel:` by RFC 3966 §4). Not transitive:
    /// a parameter that only one side has is mostly ignored.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        if self.scheme() != other.scheme() {
            return false;
        }
        match self.scheme() {
            Scheme::Other => self.as_str() == other.as_str(),
            Scheme::Tel => same_number(self, other),
            Scheme::Sip | Scheme::Sips => {
                same_address(self, other) && same_params(self, other) && same_headers(self, other)
            }
        }
    }
}

fn same_number(left: &Uri, right: &Uri) -> bool {
    let digits = |uri: &Uri| uri.user_decoded().map(|number| number.to_ascii_lowercase());
    let covers = |one: &Uri, two: &Uri| {
        one.params().all(|(name, _)| match (one.param(name), two.param(name)) {
            (Some(value), Some(other)) => value.eq_ignore_ascii_case(other),
            (_, _) => false,
        })
    };
    digits(left) == digits(right) && covers(left, right) && covers(right, left)
}

fn same_address(left: &Uri, right: &Uri) -> bool {
    same_option(left.user(), right.user())
        && same_option(left.password(), right.password())
        && left.host() == right.host()
        && left.port() == right.port()
}

fn same_option(left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => same(left, right),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn same_params(left: &Uri, right: &Uri) -> bool {
    agrees(left, right) && agrees(right, left)
}

/// `transport` is among those that must not stand alone by the examples of §19.1.4.
fn agrees(one: &Uri, two: &Uri) -> bool {
    const NEVER_ALONE: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
    one.params().all(|(name, _)| match two.param(name) {
        Some(other) => one.param(name).is_some_and(|value| same_ignoring_case(value, other)),
        None => !NEVER_ALONE.iter().any(|known| known.eq_ignore_ascii_case(name)),
    })
}

fn same_headers(left: &Uri, right: &Uri) -> bool {
    let sorted = |uri: &Uri| {
        let mut fields: Vec<Vec<(u8, bool)>> =
            uri.headers().unwrap_or("").split('&').map(|field| meaning(field).collect()).collect();
        fields.sort();
        fields
    };
    sorted(left) == sorted(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    /// RFC 3261 §19.1.4, first list of examples.
    #[test]
    fn equivalent_uris_match_both_ways() {
        for (left, right) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
            ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
            ("tel:+1-201-555-0123", "TEL:+1(201)555.0123"),
            ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]"),
        ] {
            assert!(uri(left).matches(&uri(right)) && uri(right).matches(&uri(left)), "{left} = {right}");
        }
    }

    /// RFC 3261 §19.1.4, second list of examples.
    #[test]
    fn different_uris_do_not_match() {
        for (left, right) in [
            ("SIP:ALICE@AtlanTa.CoM;Transport=udp", "sip:alice@AtlanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on"),
            ("sip:a@h", "sips:a@h"),
            ("sip:h", "sip:a@h"),
            ("sip:null-%00-null@h", "sip:null-%00%00-null@h"),
            ("sip:a%40b@h", "sip:a%2540b@h"),
            ("tel:+1201", "tel:1201"),
        ] {
            assert!(!uri(left).matches(&uri(right)) && !uri(right).matches(&uri(left)), "{left} != {right}");
        }
    }

    #[test]
    fn an_escape_is_resolved_once() {
        assert_eq!(decode("value%25%34%31"), "value%41");
        assert_eq!(decode("50%"), "50%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(escape_user("a@b c%"), "a%40b%20c%25");
    }
}
