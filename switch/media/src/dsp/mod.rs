//! Arithmetic on samples that several parts of the engine share.

mod bank;
pub mod level;
mod resample;

pub use resample::{Resampler, converted};
