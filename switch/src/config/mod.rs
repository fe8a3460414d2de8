//! The node's configuration: file and environment into typed sections.

mod dns;
mod error;
mod node;
mod read;
mod source;
#[cfg(test)]
mod tests;

pub use error::{ConfigError, Place};
pub use node::{
    HttpConfig, LimitsConfig, LogConfig, LogFormat, LogLevel, MediaConfig, NodeConfig, NodeSection,
    PortRange, SipConfig, StoreConfig, TlsConfig,
};
pub use source::environment;
