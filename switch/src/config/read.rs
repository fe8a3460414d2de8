//! Typed reading of written values: each reader names what it allows.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use provision::HostMask;
use toml::Value;

use super::error::ConfigError;
use super::source::{Source, Written};

/// Reads a `Source` key by key and remembers which keys exist.
pub(super) struct Reader {
    source: Source,
    known: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Reader {
    pub(super) fn new(source: Source) -> Self {
        Self { source, known: BTreeMap::new() }
    }

    /// The value of a key read by `parse`; `None` when the key is not written.
    pub(super) fn optional<T>(
        &mut self,
        section: &'static str,
        key: &'static str,
        allowed: &str,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        self.known.entry(section).or_default().push(key);
        let Some(Written { value, place }) = self.source.take(section, key) else { return Ok(None) };
        let Some(read) = parse(&value) else {
            let found = shortened(&value);
            return Err(ConfigError::Value { place, section, key, found, allowed: allowed.to_owned() });
        };
        Ok(Some(read))
    }

    /// A list of addresses with ports; one string with commas is a list too.
    pub(super) fn addresses(
        &mut self,
        section: &'static str,
        key: &'static str,
        default: &str,
    ) -> Result<Vec<SocketAddr>, ConfigError> {
        let allowed = r#"a list of addresses with ports, such as ["0.0.0.0:5060", "[::]:5060"]"#;
        let read = self.optional(section, key, allowed, list)?;
        Ok(read.unwrap_or_else(|| default.parse().into_iter().collect()))
    }

    /// The path of a file; none for an empty string.
    pub(super) fn path(
        &mut self,
        section: &'static str,
        key: &'static str,
    ) -> Result<Option<PathBuf>, ConfigError> {
        let read =
            self.optional(section, key, "the path of a file", |value| value.as_str().map(str::to_owned))?;
        Ok(read.filter(|path| !path.trim().is_empty()).map(PathBuf::from))
    }

    /// A list of web origins; one string with commas is a list too.
    pub(super) fn origins(
        &mut self,
        section: &'static str,
        key: &'static str,
    ) -> Result<Vec<String>, ConfigError> {
        let allowed = r#"a list of origins, such as ["https://pbx.example"], or ["*"]"#;
        Ok(self.optional(section, key, allowed, origins)?.unwrap_or_default())
    }

    /// A list of addresses and networks, up to 64; one string with commas is a list too.
    pub(super) fn hosts(
        &mut self,
        section: &'static str,
        key: &'static str,
    ) -> Result<Vec<HostMask>, ConfigError> {
        let allowed = r#"up to 64 addresses or networks, such as ["192.0.2.10", "10.1.0.0/24"]"#;
        let read =
            self.optional(section, key, allowed, |value| list(value).filter(|hosts| hosts.len() <= 64))?;
        Ok(read.unwrap_or_default())
    }

    /// A whole number within `range`.
    pub(super) fn number(
        &mut self,
        section: &'static str,
        key: &'static str,
        range: RangeInclusive<u32>,
        default: u32,
    ) -> Result<u32, ConfigError> {
        let allowed = format!("a whole number, {} to {}", range.start(), range.end());
        let fits = |number: &u32| range.contains(number);
        let parse = |value: &Value| value.as_integer().and_then(|n| u32::try_from(n).ok()).filter(fits);
        Ok(self.optional(section, key, &allowed, parse)?.unwrap_or(default))
    }

    /// One word out of a closed set.
    pub(super) fn choice<T: Copy>(
        &mut self,
        section: &'static str,
        key: &'static str,
        choices: &[(&str, T)],
        default: T,
    ) -> Result<T, ConfigError> {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let parse = |value: &Value| {
            let word = value.as_str()?;
            choices.iter().find(|(name, _)| *name == word).map(|(_, choice)| *choice)
        };
        Ok(self.optional(section, key, &names.join(" | "), parse)?.unwrap_or(default))
    }

    /// Text of at most 128 characters that may stand in a SIP header as it is: visible ASCII and spaces, without `"` and `\`.
    pub(super) fn text(
        &mut self,
        section: &'static str,
        key: &'static str,
        default: &str,
    ) -> Result<String, ConfigError> {
        let allowed = r#"1 to 128 printable ASCII characters without " and \"#;
        let plain = |c: char| (c.is_ascii_graphic() || c == ' ') && c != '"' && c != '\\';
        let fits = |text: &&str| (1..=128).contains(&text.trim().len()) && text.chars().all(plain);
        let parse = |value: &Value| value.as_str().map(str::trim).filter(fits).map(str::to_owned);
        Ok(self.optional(section, key, allowed, parse)?.unwrap_or_else(|| default.to_owned()))
    }

    /// An IP address, or nothing for an empty string.
    pub(super) fn ip(
        &mut self,
        section: &'static str,
        key: &'static str,
    ) -> Result<Option<IpAddr>, ConfigError> {
        let allowed =
            r#"an IP address that others can reach (not 0.0.0.0 or ::), or "" for the interface's own"#;
        let read = self.optional(section, key, allowed, |value| match value.as_str()?.trim() {
            "" => Some(None),
            text => text.parse().ok().filter(|ip: &IpAddr| !ip.is_unspecified()).map(Some),
        })?;
        Ok(read.flatten())
    }

    /// Fails on the first written key that no reader asked for.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        let Some((section, key, place)) = self.source.leftover() else { return Ok(()) };
        let place = place.clone();
        let (what, allowed) = match self.known.get(section) {
            Some(keys) => (format!("key {key:?} in [{section}]"), keys.join(", ")),
            None => (
                format!("section [{section}]"),
                self.known.keys().map(|name| format!("[{name}]")).collect::<Vec<_>>().join(", "),
            ),
        };
        Err(ConfigError::Unknown { place, what, allowed })
    }
}

fn list<T: FromStr>(value: &Value) -> Option<Vec<T>> {
    let parse = |text: &str| text.trim().parse().ok();
    match value.as_array() {
        Some(items) => items.iter().map(|item| item.as_str().and_then(parse)).collect(),
        None => value.as_str()?.split(',').filter(|text| !text.trim().is_empty()).map(parse).collect(),
    }
}

fn origins(value: &Value) -> Option<Vec<String>> {
    let fits = |text: &str| {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let plain =
            |host: &str| !host.is_empty() && !host.contains('/') && !host.contains(char::is_whitespace);
        (text == "*" || host.is_some_and(plain)).then(|| text.to_owned())
    };
    match value.as_array() {
        Some(items) => items.iter().map(|item| fits(item.as_str()?.trim())).collect(),
        None => value.as_str()?.split(',').map(str::trim).filter(|text| !text.is_empty()).map(fits).collect(),
    }
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 80 { text } else { text.chars().take(80).chain("…".chars()).collect() }
}
