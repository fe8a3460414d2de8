//! Assembly of every part into one process: configuration, clock, entropy, threads.

pub mod clock;
pub mod config;
pub mod drive;
pub mod entropy;
pub mod inbox;
