//! The sections of `tandem.toml` with their defaults; every key is optional.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use base::limits::{KNOWN_PER_SEC, STRANGER_PER_SEC, STRANGERS_PER_SEC};
use provision::HostMask;

use super::dns;
use super::error::ConfigError;
use super::read::Reader;
use super::source::Source;

/// A node's whole configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeConfig {
    /// `[node]`.
    pub node: NodeSection,
    /// `[sip]`.
    pub sip: SipConfig,
    /// `[tls]`.
    pub tls: TlsConfig,
    /// `[media]`.
    pub media: MediaConfig,
    /// `[http]`.
    pub http: HttpConfig,
    /// `[store]`.
    pub store: StoreConfig,
    /// `[dns]`.
    pub dns: net::DnsConfig,
    /// `[log]`.
    pub log: LogConfig,
    /// `[limits]`.
    pub limits: LimitsConfig,
}

/// `[node]`: the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSection {
    /// The node's name, for logs and pages.
    pub name: String,
    /// How long live calls go on after the first SIGTERM; 0 to 3600 seconds.
    pub drain: Duration,
}

/// `[sip]`: signalling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipConfig {
    /// UDP listeners.
    pub udp: Vec<SocketAddr>,
    /// TCP listeners.
    pub tcp: Vec<SocketAddr>,
    /// TLS listeners.
    pub tls: Vec<SocketAddr>,
    /// WebSocket listeners.
    pub ws: Vec<SocketAddr>,
    /// Listeners for WebSocket under TLS.
    pub wss: Vec<SocketAddr>,
    /// Web pages that may open a WebSocket, `https://HOST[:PORT]` or `*`; empty allows those of the same host.
    pub origins: Vec<String>,
    /// The address that others see instead of the interface's; port unchanged.
    pub external_ip: Option<IpAddr>,
    /// Proxies in front of phones, by address.
    pub edges: Vec<HostMask>,
    /// The digest realm.
    pub realm: String,
    /// The text of User-Agent and Server.
    pub user_agent: String,
    /// The session interval asked for, 90 to 86400 seconds (RFC 4028).
    pub session_expires: u32,
    /// The smallest session interval taken, 90 seconds up to `session_expires`.
    pub min_se: u32,
}

/// `[tls]`: who we are and whom we believe. Every file is PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Our certificate and those between it and its authority; made by ourselves without one.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// The authorities that vouch for peers; the system's without one.
    pub ca: Option<PathBuf>,
}

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

/// `[http]`: the web panel and the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The URL people use when something stands in front, without a slash at the end.
    pub public_url: Option<String>,
}

/// `[store]`: the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// As written; `None` leaves it to the data folder.
    pub url: Option<String>,
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The least severe level that is written.
    pub level: LogLevel,
    /// How lines look.
    pub format: LogFormat,
}

/// Severities, the most talkative last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// And what may wake somebody.
    Warn,
    /// And changes an operator cares about.
    Info,
    /// And decisions.
    Debug,
    /// And packets.
    Trace,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// `[limits]` of the whole node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Live calls; further ones get 503.
    pub calls: u32,
    /// New calls per second; further ones get 503.
    pub calls_per_sec: u32,
    /// Bindings of all registrations together.
    pub registrations: u32,
    /// Packets a second of one address nobody knows; more are not heard.
    pub stranger_per_sec: u32,
    /// Packets a second of all such addresses together.
    pub strangers_per_sec: u32,
    /// Packets a second of one address where a phone has shown its password; new calls beyond get 503.
    pub known_per_sec: u32,
}

/// An inclusive range of UDP ports, at least four wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

impl NodeConfig {
    /// Reads `file` (defaults alone without one) and then the variables `TANDEM__SECTION__KEY` of `env`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn load(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = file.map(|path| {
            std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })
        });
        let text = text.transpose()?;
        Self::parse(file.zip(text.as_deref()), env)
    }

    /// As `load`, from text that is already read.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(
        file: Option<(&Path, &str)>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut source = Source::default();
        if let Some((path, text)) = file {
            source.file(path, text)?;
        }
        source.env(env);
        let mut reader = Reader::new(source);
        let config = Self {
            node: NodeSection::read(&mut reader)?,
            sip: SipConfig::read(&mut reader)?,
            tls: TlsConfig::read(&mut reader)?,
            media: MediaConfig::read(&mut reader)?,
            http: HttpConfig::read(&mut reader)?,
            store: StoreConfig::read(&mut reader)?,
            dns: dns::read(&mut reader)?,
            log: LogConfig::read(&mut reader)?,
            limits: LimitsConfig::read(&mut reader)?,
        };
        reader.finish()?;
        Ok(config)
    }

    /// Sections that differ from `running` and only take effect when the process starts anew.
    #[must_use]
    pub fn needs_restart(&self, running: &Self) -> Vec<&'static str> {
        let changed = [
            ("[node] name", self.node.name != running.node.name),
            ("[sip]", self.sip != running.sip),
            ("[tls]", self.tls != running.tls),
            ("[media]", self.media != running.media),
            ("[http]", self.http != running.http),
            ("[store]", self.store != running.store),
            ("[dns]", self.dns != running.dns),
            ("[log] format", self.log.format != running.log.format),
            ("[limits]", self.limits != running.limits),
        ];
        changed.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
    }
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self::parse(None, []).expect("the defaults are valid")
    }
}

impl NodeSection {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            name: reader.text("node", "name", "tandem-1")?,
            drain: Duration::from_secs(reader.number("node", "drain_secs", 0..=3_600, 30)?.into()),
        })
    }
}

impl SipConfig {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let session_expires = reader.number("sip", "session_expires", 90..=86_400, 1_800)?;
        Ok(Self {
            udp: reader.addresses("sip", "udp", "0.0.0.0:5060")?,
            tcp: reader.addresses("sip", "tcp", "0.0.0.0:5060")?,
            tls: reader.addresses("sip", "tls", "")?,
            ws: reader.addresses("sip", "ws", "")?,
            wss: reader.addresses("sip", "wss", "")?,
            origins: reader.origins("sip", "origins")?,
            external_ip: reader.ip("sip", "external_ip")?,
            edges: reader.hosts("sip", "edges")?,
            realm: reader.text("sip", "realm", "tandem")?,
            user_agent: reader.text("sip", "user_agent", "Tandem")?,
            session_expires,
            min_se: reader.number("sip", "min_se", 90..=session_expires, 90)?,
        })
    }
}

impl TlsConfig {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            cert: reader.path("tls", "cert")?,
            key: reader.path("tls", "key")?,
            ca: reader.path("tls", "ca")?,
        })
    }
}

impl MediaConfig {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
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

impl HttpConfig {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let allowed = r#"an address with a port, such as "127.0.0.1:8080""#;
        let listen =
            reader.optional("http", "listen", allowed, |value| value.as_str()?.trim().parse().ok())?;
        let allowed = r#"a URL that begins with http:// or https://, or """#;
        let public_url = reader.optional("http", "public_url", allowed, |value| {
            let url = value.as_str()?.trim().trim_end_matches('/');
            let web = |url: &str| url.starts_with("http://") || url.starts_with("https://");
            (url.is_empty() || web(url)).then(|| Some(url.to_owned()).filter(|url| !url.is_empty()))
        })?;
        Ok(Self {
            listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            public_url: public_url.flatten(),
        })
    }
}

impl StoreConfig {
    /// The database's URL: as configured, else `tandem.db` in the data folder.
    #[must_use]
    pub fn url_in(&self, data: &Path) -> String {
        self.url.clone().unwrap_or_else(|| format!("sqlite:{}", data.join("tandem.db").display()))
    }

    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let allowed = r#""sqlite:PATH" or "postgres://…""#;
        let known = |url: &&str| {
            ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
        };
        let parse = |value: &toml::Value| value.as_str().map(str::trim).filter(known).map(str::to_owned);
        Ok(Self { url: reader.optional("store", "url", allowed, parse)? })
    }
}

impl LogConfig {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        Ok(Self {
            level: reader.choice("log", "level", &LogLevel::NAMES, LogLevel::Info)?,
            format: reader.choice("log", "format", &formats, LogFormat::Text)?,
        })
    }
}

impl LogLevel {
    const NAMES: [(&str, Self); 5] = [
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        })
    }
}

impl LimitsConfig {
    fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        Ok(Self {
            calls: reader.number("limits", "calls", 1..=100_000, 10_000)?,
            calls_per_sec: reader.number("limits", "calls_per_sec", 1..=100_000, 500)?,
            registrations: reader.number("limits", "registrations", 1..=1_000_000, 50_000)?,
            stranger_per_sec: reader.number("limits", "stranger_per_sec", 1..=1_000_000, STRANGER_PER_SEC)?,
            strangers_per_sec: reader.number(
                "limits",
                "strangers_per_sec",
                1..=1_000_000,
                STRANGERS_PER_SEC,
            )?,
            known_per_sec: reader.number("limits", "known_per_sec", 1..=1_000_000, KNOWN_PER_SEC)?,
        })
    }
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
