//! How good a leg's media is, and what is wrong with it.

mod bursts;
mod emodel;
mod trouble;
mod watch;

pub(crate) use bursts::Bursts;
pub(crate) use trouble::Told;
pub(crate) use watch::{Stream, Watch};
