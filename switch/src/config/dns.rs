//! `[dns]`: who is asked where a carrier is.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use net::DnsConfig;

use super::error::ConfigError;
use super::read::Reader;

/// The port of the DNS.
const PORT: u16 = 53;

pub(super) fn read(reader: &mut Reader) -> Result<DnsConfig, ConfigError> {
    let allowed = r#"a list of addresses, with a port where it is not 53, such as ["192.0.2.53"]"#;
    let servers = reader.optional("dns", "servers", allowed, |value| match value.as_array() {
        Some(items) => items.iter().map(|item| server(item.as_str()?)).collect(),
        None => value.as_str()?.split(',').filter(|text| !text.trim().is_empty()).map(server).collect(),
    })?;
    let timeout = reader.number("dns", "timeout_secs", 1..=10, 2)?;
    let tries = reader.number("dns", "tries", 1..=5, 2)?;
    Ok(DnsConfig {
        servers: servers.unwrap_or_default(),
        timeout: Duration::from_secs(timeout.into()),
        tries: tries as usize,
    })
}

fn server(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    let alone = || text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, PORT));
    text.parse().ok().or_else(alone).filter(|at| !at.ip().is_unspecified() && at.port() > 0)
}
