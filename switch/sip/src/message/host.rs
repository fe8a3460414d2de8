use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::malformed::Malformed;
use super::octets::digits;

/// The host of a URI or a Via: a name (compared without case) or an address.
#[derive(Clone, Debug)]
pub enum Host {
    /// A domain name, as written.
    Name(Box<str>),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, written in brackets.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads a host: letters, digits, `-`, `.` and `_`, or an address, IPv6 in brackets.
    ///
    /// # Errors
    /// `Malformed::Syntax` when it is none of these.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bad = Malformed::Syntax("host");
        if let Some(inner) = text.strip_prefix('[') {
            return inner.strip_suffix(']').and_then(v6).map(Self::V6).ok_or(bad);
        }
        let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().last()) else { return Err(bad) };
        if first.is_ascii_digit()
            && last.is_ascii_digit()
            && let Ok(address) = text.parse()
        {
            return Ok(Self::V4(address));
        }
        let named = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if named { Ok(Self::Name(text.into())) } else { Err(bad) }
    }

    /// The address; `None` for a name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6(address) => Some(IpAddr::V6(*address)),
        }
    }
}

/// An IPv6 address without brackets. Three colons before an embedded IPv4 address come from an old
/// grammar's mistake and mean two (RFC 5118 §4.10).
fn v6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().or_else(|| text.replacen(":::", "::", 1).parse().ok())
}

/// An address with or without brackets, as `received` carries it (RFC 5118 §4.5).
pub(crate) fn bare_ip(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    inner.parse().ok()
}

/// Splits `host[:port]`; blanks around the colon are allowed only where `text` comes from a Via.
pub(crate) fn host_and_port(text: &str) -> Result<(Host, Option<u16>), Malformed> {
    let name_end = text.find(']').map_or(0, |at| at + 1);
    let tail = text.get(name_end..).unwrap_or("");
    let Some(colon) = tail.find(':') else { return Ok((Host::parse(text)?, None)) };
    let (host, port) = text.split_at(name_end + colon);
    let number = port.get(1..).map(super::octets::trim).and_then(|port| digits(port.as_bytes()));
    let port = number.and_then(|port| u16::try_from(port).ok()).ok_or(Malformed::Syntax("port"))?;
    Ok((Host::parse(super::octets::trim(host))?, Some(port)))
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(left), Self::Name(right)) => left.eq_ignore_ascii_case(right),
            (Self::V4(left), Self::V4(right)) => left == right,
            (Self::V6(left), Self::V6(right)) => left == right,
            (Self::Name(_) | Self::V4(_) | Self::V6(_), _) => false,
        }
    }
}

impl Eq for Host {}

impl Hash for Host {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Name(name) => name.bytes().for_each(|byte| byte.to_ascii_lowercase().hash(state)),
            Self::V4(address) => address.hash(state),
            Self::V6(address) => address.hash(state),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => write!(f, "{address}"),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_as_numbers_and_names_without_case() {
        assert_eq!(Host::parse("[2001:DB8::0:1]"), Host::parse("[2001:db8::1]"));
        assert_eq!(Host::parse("AtlanTa.CoM"), Host::parse("atlanta.com"));
        assert_ne!(Host::parse("192.0.2.4"), Host::parse("phone.example.com"));
    }

    /// RFC 5118 §4.3, §4.10.
    #[test]
    fn the_last_group_in_brackets_is_no_port() {
        let (host, port) = host_and_port("[2001:db8::10:5070]").unwrap();
        assert_eq!((host.to_string().as_str(), port), ("[2001:db8::10:5070]", None));
        let (host, port) = host_and_port("[2001:db8::10]:5070").unwrap();
        assert_eq!((host.to_string().as_str(), port), ("[2001:db8::10]", Some(5070)));
        assert_eq!(Host::parse("[2001:db8:::192.0.2.1]"), Host::parse("[2001:db8::192.0.2.1]"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in
            ["", "2001:db8::10", "[2001:db8::10", "a b", "h:", "h:-1", "h:65536", "h:5060x", "[::1]x", "a\0"]
        {
            assert!(host_and_port(bad).is_err(), "{bad}");
        }
    }
}
