//! Addresses and networks, as provisioning names them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address or a network: `198.51.100.10`, `198.51.100.0/24`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostMask {
    address: IpAddr,
    prefix: u8,
}

/// Not an address and not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no address; allowed: an IP address, or a network such as 198.51.100.0/24")]
pub struct BadHost {
    found: String,
}

impl HostMask {
    /// Whether `address` lies in it. IPv4 addresses mapped into IPv6 count as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(host)) => {
                same(net.to_bits().into(), host.to_bits().into(), 32, self.prefix)
            }
            (IpAddr::V6(net), IpAddr::V6(host)) => same(net.to_bits(), host.to_bits(), 128, self.prefix),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// Leading bits that must agree: 32 or 128 for a single address. Longer is more specific.
    #[must_use]
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// The address, when it is a single one.
    #[must_use]
    pub fn single(&self) -> Option<IpAddr> {
        (self.prefix == Self::width(self.address)).then_some(self.address)
    }

    fn width(address: IpAddr) -> u8 {
        if address.is_ipv4() { 32 } else { 128 }
    }
}

fn same(a: u128, b: u128, width: u32, prefix: u8) -> bool {
    let host_bits = width.saturating_sub(u32::from(prefix));
    (a ^ b).checked_shr(host_bits).unwrap_or(0) == 0
}

impl FromStr for HostMask {
    type Err = BadHost;

    fn from_str(text: &str) -> Result<Self, BadHost> {
        let bad = || BadHost { found: text.chars().take(80).collect() };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim_matches(['[', ']']).parse::<IpAddr>().map_err(|_not_ip| bad())?;
        let address = address.to_canonical();
        let width = Self::width(address);
        let prefix = match prefix {
            Some(digits) => digits.parse::<u8>().ok().filter(|p| *p <= width).ok_or_else(bad)?,
            None => width,
        };
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for HostMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address)?;
        if self.prefix == Self::width(self.address) { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

impl Serialize for HostMask {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostMask {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_address_is_the_ipv4_address_it_carries() {
        let net: HostMask = "198.51.100.0/24".parse().expect("a network");
        assert!(net.contains("::ffff:198.51.100.7".parse().expect("an address")));
        assert!(!net.contains("198.51.101.7".parse().expect("an address")));
    }

    #[test]
    fn a_network_of_every_address_and_of_one_both_work() {
        let all: HostMask = "0.0.0.0/0".parse().expect("a network");
        assert!(all.contains("203.0.113.9".parse().expect("an address")));
        let one: HostMask = "2001:db8::1".parse().expect("an address");
        assert!(one.contains("2001:db8::1".parse().expect("an address")));
        assert!(!one.contains("2001:db8::2".parse().expect("an address")));
        assert!("10.0.0.0/33".parse::<HostMask>().is_err());
    }
}
