//! The web face: API, status page, login, health and metrics.
//!
//! What it knows of the node it learns through [`Ports`]; it decides no call and owns no socket but its own.
//! Deliberately absent: certificates (the node gives what connections are taken in with) and anything from another host.

mod api;
pub mod auth;
mod front;
mod health;
mod metrics;
mod pages;
mod phones;
mod ports;
mod problem;
mod router;
mod sending;
mod serve;
pub mod view;

pub use front::{Front, Shown, front};
pub use ports::{
    ApplyError, GreetError, HangUpError, Later, MailChange, Metric, MetricKind, NoSuchBan, Node, OrderError,
    PhoneDesk, Ports, Readiness, RecordingAudio, RecordingFiles, Sample, SettingsError, Sounds, TapLine,
};
pub use router::router;
pub use serve::{Acceptor, serve, serve_tls};
