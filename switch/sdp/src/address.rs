//! Addresses as `o=`, `c=` and `a=rtcp` write them.

use std::fmt;
use std::net::IpAddr;

/// What stands in an address field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An IPv4 or IPv6 address, whatever the address type before it claims.
    Ip(IpAddr),
    /// A host name; somebody else resolves it.
    Name(String),
}

impl Host {
    /// Reads an address field; a multicast `/ttl` or `/count` is left out, a mapped IPv4 address becomes one
    /// (RFC 5118 §4.9).
    pub(crate) fn read(field: &str) -> Option<Self> {
        let address = field.split('/').next().filter(|text| !text.is_empty())?;
        let bare = address.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(address);
        let ip = bare.parse().map(|ip: IpAddr| ip.to_canonical());
        Some(ip.map_or_else(|_not_an_ip| Self::Name(bare.to_owned()), Self::Ip))
    }

    /// The address, unless it is a name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Name(_) => None,
        }
    }

    /// Whether it is 0.0.0.0 or ::, the old way to say hold (RFC 3264 §8.4, RFC 6337 §5.3).
    #[must_use]
    pub fn is_unspecified(&self) -> bool {
        self.ip().is_some_and(|ip| ip.is_unspecified())
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// `IN IP4 …` or `IN IP6 …`.
pub(crate) fn connection_value(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("IN IP4 {ip}"),
        IpAddr::V6(ip) => format!("IN IP6 {ip}"),
    }
}

/// Reads the value of a `c=` line.
pub(crate) fn read_connection(value: &str) -> Option<Host> {
    let mut fields = value.split_ascii_whitespace();
    let (net, _kind, address) = (fields.next()?, fields.next()?, fields.next()?);
    net.eq_ignore_ascii_case("IN").then(|| Host::read(address)).flatten()
}

/// The fields of `o=` (RFC 8866 §5.2). The numbers stay text: they may exceed 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// User name, often `-`.
    pub user: &'a str,
    /// Session id.
    pub session_id: &'a str,
    /// Session version; one higher for every changed body.
    pub version: &'a str,
    /// Address or name of the machine.
    pub address: &'a str,
}

impl<'a> Origin<'a> {
    pub(crate) fn read(value: &'a str) -> Option<Self> {
        let mut fields = value.split_ascii_whitespace();
        let (user, session_id, version) = (fields.next()?, fields.next()?, fields.next()?);
        let (_net, _kind, address) = (fields.next()?, fields.next()?, fields.next()?);
        Some(Self { user, session_id, version, address })
    }
}

/// The value of `a=rtcp` (RFC 3605 §2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtcpAddress {
    /// The port that takes RTCP.
    pub port: u16,
    /// Where, when it is not the stream's own address.
    pub host: Option<Host>,
}

impl RtcpAddress {
    pub(crate) fn read(value: &str) -> Option<Self> {
        let (port, rest) = value.split_once(' ').unwrap_or((value, ""));
        Some(Self { port: port.trim().parse().ok()?, host: read_connection(rest) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_whatever_its_type_says() {
        assert_eq!(read_connection("IN IP4 2001:db8::1"), Some(Host::Ip("2001:db8::1".parse().unwrap())));
        assert_eq!(read_connection("IN IP6 ::ffff:192.0.2.2"), Some(Host::Ip("192.0.2.2".parse().unwrap())));
        assert_eq!(read_connection("IN IP4 224.2.1.1/127"), Some(Host::Ip("224.2.1.1".parse().unwrap())));
        assert_eq!(read_connection("IN IP4 pbx.example.com"), Some(Host::Name("pbx.example.com".into())));
        assert_eq!(read_connection("IN IP4"), None);
    }

    #[test]
    fn a_rtcp_attribute_may_leave_the_address_out() {
        assert_eq!(RtcpAddress::read("53020"), Some(RtcpAddress { port: 53020, host: None }));
        let full = RtcpAddress::read("53020 IN IP6 2001:db8::2").unwrap();
        assert_eq!(full.host.and_then(|host| host.ip()), Some("2001:db8::2".parse().unwrap()));
        assert_eq!(RtcpAddress::read("x"), None);
    }
}
