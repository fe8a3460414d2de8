//! `[media]`: ports and threads for RTP.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::error::ConfigError;
use super::read::Reader;

/// `[media]`: RTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaConfig {
    /// The ports media may use.
    pub ports: PortRange,
    /// The address to write into SDP instead of the interface's.
    pub external_ip: Option<IpAddr>,
    /// Media threads; 0 leaves the choice to the number of cores.
    pub workers: u8,
}

impl MediaConfig {
    pub(super) fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let allowed = r#"a range of at least 4 ports between 1024 and 65535, such as "10000-19999""#;
        let ports = reader.optional("media", "ports", allowed, |value| value.as_str()?.parse().ok())?;
        let workers = reader.number("media", "workers", 0..=64, 0)?;
        Ok(Self {
            ports: ports.unwrap_or(PortRange { first: 10_000, last: 19_999 }),
            external_ip: reader.ip("media", "external_ip")?,
            workers: u8::try_from(workers).unwrap_or(u8::MAX),
        })
    }
}

/// An inclusive range of UDP ports, at least four wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

impl FromStr for PortRange {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_not_a_port| ());
        let (first, last) = text.split_once('-').ok_or(())?;
        let range = Self { first: port(first)?, last: port(last)? };
        let fits = range.first >= 1_024 && range.last.saturating_sub(range.first) >= 3;
        fits.then_some(range).ok_or(())
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}
