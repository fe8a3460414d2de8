//! The web face: API, status page, login, health and metrics.
//!
//! What it knows of the node it learns through [`Ports`]; it decides no call and owns no socket but its own.
//! Deliberately absent: TLS (a proxy or the node's own listener brings it) and anything from another host.

mod api;
pub mod auth;
mod front;
mod health;
mod metrics;
mod pages;
mod ports;
mod problem;
mod router;
mod sending;
mod serve;
pub mod view;

pub use front::{Front, Shown, front};
pub use ports::{
    ApplyError, HangUpError, Later, MailChange, Metric, MetricKind, NoSuchBan, Node, OrderError, Ports,
    Readiness, RecordingAudio, RecordingFiles, Sample, Sounds, TapLine,
};
pub use router::router;
pub use serve::serve;
