//! The whole of `tandem.toml`, section by section; every key is optional.

use std::path::Path;

use super::dns;
use super::error::ConfigError;
use super::log::LogConfig;
use super::mail::MailConfig;
use super::media::MediaConfig;
use super::process::{LimitsConfig, NodeSection};
use super::read::Reader;
use super::recordings::RecordingsConfig;
use super::sip::{SipConfig, TlsConfig};
use super::source::Source;
use super::web::{HttpConfig, StoreConfig};

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
    /// `[recordings]`.
    pub recordings: RecordingsConfig,
    /// `[mail]`.
    pub mail: MailConfig,
    /// `[log]`.
    pub log: LogConfig,
    /// `[limits]`.
    pub limits: LimitsConfig,
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
            recordings: RecordingsConfig::read(&mut reader)?,
            mail: MailConfig::read(&mut reader)?,
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
            ("[recordings]", self.recordings != running.recordings),
            ("[mail]", self.mail != running.mail),
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
