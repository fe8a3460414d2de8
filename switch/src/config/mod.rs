//! The node's configuration: file and environment into typed sections.

mod dns;
mod error;
mod log;
mod mail;
mod media;
mod node;
mod process;
mod read;
mod recordings;
mod sip;
mod source;
#[cfg(test)]
mod tests;
mod web;

pub use error::{ConfigError, Place};
pub use log::{LogConfig, LogFormat, LogLevel};
pub use mail::{MailConfig, MailSecurity};
pub use media::{MediaConfig, PortRange};
pub use node::NodeConfig;
pub use process::{LimitsConfig, NodeSection};
pub use recordings::RecordingsConfig;
pub use sip::{SipConfig, TlsConfig};
pub use source::environment;
pub use web::{HttpConfig, StoreConfig};
