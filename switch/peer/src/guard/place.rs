//! What a ban is about: an address, a network, an account.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Where offences come from, or what they aim at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// One IPv4 address, or the /64 that one customer of IPv6 has.
    Address(IpAddr),
    /// The /24 of IPv4 or the /56 of IPv6 around it.
    Network(IpAddr),
    /// An extension. No ban on it touches the addresses where it is registered.
    Account(String),
}

impl Place {
    /// The address as bans and budgets see it.
    #[must_use]
    pub fn address(source: IpAddr) -> Self {
        Self::Address(address(source))
    }

    /// Its network.
    #[must_use]
    pub fn network(source: IpAddr) -> Self {
        Self::Network(network(source))
    }
}

/// An IPv4 address as it is, an IPv6 address without its last 64 bits.
pub(super) fn address(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => masked6(v6, 64),
    }
}

/// The first 24 bits of an IPv4 address, the first 56 of an IPv6 address.
pub(super) fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & 0xffff_ff00).into(),
        IpAddr::V6(v6) => masked6(v6, 56),
    }
}

fn masked6(ip: Ipv6Addr, bits: u32) -> IpAddr {
    Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - bits))).into()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(ip @ IpAddr::V4(_)) => write!(f, "{ip}"),
            Self::Address(ip @ IpAddr::V6(_)) => write!(f, "{ip}/64"),
            Self::Network(ip @ IpAddr::V4(_)) => write!(f, "{ip}/24"),
            Self::Network(ip @ IpAddr::V6(_)) => write!(f, "{ip}/56"),
            Self::Account(name) => write!(f, "account:{name}"),
        }
    }
}

/// A text that names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no address, network (/24, /56) or account:NAME")]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        if let Some(name) = text.strip_prefix("account:").filter(|name| !name.is_empty()) {
            return Ok(Self::Account(name.to_owned()));
        }
        let (ip, bits) = text.split_once('/').unwrap_or((text, ""));
        let ip: IpAddr = ip.parse().map_err(|_no_address| NoPlace)?;
        match (ip.to_canonical(), bits) {
            (IpAddr::V4(_), "" | "32") | (IpAddr::V6(_), "" | "64" | "128") => Ok(Self::address(ip)),
            (IpAddr::V4(_), "24") | (IpAddr::V6(_), "56") => Ok(Self::network(ip)),
            (IpAddr::V4(_) | IpAddr::V6(_), _) => Err(NoPlace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_what_it_prints() {
        let v6: IpAddr = "2001:db8:1:2:3:4:5:6".parse().unwrap();
        let v4 = IpAddr::from([192, 0, 2, 7]);
        for place in [
            Place::address(v4),
            Place::network(v4),
            Place::address(v6),
            Place::network(v6),
            Place::Account("1001".to_owned()),
        ] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        assert_eq!(Place::network(v6).to_string(), "2001:db8:1::/56");
        assert_eq!("192.0.2.0/16".parse::<Place>(), Err(NoPlace));
    }

    #[test]
    fn an_ipv4_address_written_in_ipv6_is_the_same_place() {
        let mapped: IpAddr = "::ffff:192.0.2.7".parse().unwrap();
        assert_eq!(Place::address(mapped), Place::address(IpAddr::from([192, 0, 2, 7])));
    }
}
