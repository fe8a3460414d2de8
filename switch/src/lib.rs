//! Assembly of every part into one process: configuration, clock, entropy, threads.

pub mod assemble;
mod bell;
mod bindings;
pub mod clock;
pub mod config;
mod descriptors;
pub mod drive;
mod edge;
pub mod entropy;
pub mod guard;
mod hub;
pub mod inbox;
mod journaling;
mod mail;
mod media_side;
mod metrics;
pub mod outbox;
mod picture;
mod reach;
pub mod realm;
mod recordings;
mod resolve;
pub mod security;
mod sounding;
pub mod supervise;
