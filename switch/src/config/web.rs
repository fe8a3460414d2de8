//! `[http]` and `[store]`: where the panel listens, and where its data is.

use std::net::SocketAddr;
use std::path::Path;

use super::error::ConfigError;
use super::read::Reader;

/// `[http]`: the web panel and the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it listens under TLS, with the certificate of `[tls]`.
    pub tls_listen: Option<SocketAddr>,
    /// The URL people use when something stands in front, without a slash at the end.
    pub public_url: Option<String>,
    /// Whether phones may fetch their settings without TLS from elsewhere than this machine.
    pub plain_provisioning: bool,
}

impl HttpConfig {
    pub(super) fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let allowed = r#"an address with a port, such as "127.0.0.1:8080""#;
        let listen =
            reader.optional("http", "listen", allowed, |value| value.as_str()?.trim().parse().ok())?;
        let allowed = r#"an address with a port, such as "0.0.0.0:8443", or """#;
        let tls_listen =
            reader.optional("http", "tls_listen", allowed, |value| match value.as_str()?.trim() {
                "" => Some(None),
                text => text.parse().ok().map(Some),
            })?;
        let flags = [("false", false), ("true", true)];
        let plain_provisioning = reader.optional("http", "plain_provisioning", "true or false", |value| {
            let word = |text: &str| flags.iter().find(|(name, _)| *name == text).map(|(_, flag)| *flag);
            value.as_bool().or_else(|| word(value.as_str()?))
        })?;
        let allowed = r#"a URL that begins with http:// or https://, or """#;
        let public_url = reader.optional("http", "public_url", allowed, |value| {
            let url = value.as_str()?.trim().trim_end_matches('/');
            let web = |url: &str| url.starts_with("http://") || url.starts_with("https://");
            (url.is_empty() || web(url)).then(|| Some(url.to_owned()).filter(|url| !url.is_empty()))
        })?;
        Ok(Self {
            listen: listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            tls_listen: tls_listen.flatten(),
            public_url: public_url.flatten(),
            plain_provisioning: plain_provisioning.unwrap_or(false),
        })
    }
}

/// `[store]`: the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// As written; `None` leaves it to the data folder.
    pub url: Option<String>,
}

impl StoreConfig {
    /// The database's URL: as configured, else `tandem.db` in the data folder.
    #[must_use]
    pub fn url_in(&self, data: &Path) -> String {
        self.url.clone().unwrap_or_else(|| format!("sqlite:{}", data.join("tandem.db").display()))
    }

    pub(super) fn read(reader: &mut Reader) -> Result<Self, ConfigError> {
        let allowed = r#""sqlite:PATH" or "postgres://…""#;
        let known = |url: &&str| {
            ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
        };
        let parse = |value: &toml::Value| value.as_str().map(str::trim).filter(known).map(str::to_owned);
        Ok(Self { url: reader.optional("store", "url", allowed, parse)? })
    }
}
