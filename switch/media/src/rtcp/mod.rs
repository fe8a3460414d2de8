//! Reports about streams: RTCP (RFC 3550 §6) and its extended reports (RFC 3611).
//!
//! Reports end at each leg: what a far end hears of us is one stream of ours, whoever is relayed or mixed into it, so no
//! report about anybody else's stream means anything to it (ADR 0020).

mod read;
mod session;
mod write;

pub(crate) use read::{FarLoss, round_trip};
pub use read::{Metrics, Reception, Report, read};
pub(crate) use session::{Session, ntp};
pub(crate) use write::{BURST_GAP, Block, Ending, Listening, Own, Sent, Sheet, compound};

#[cfg(test)]
pub(crate) use read::tests;
