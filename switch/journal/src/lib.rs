//! Facts on disk first: segments, recovery and the records made from them.
//!
//! A shard's [`Writer`] puts the facts of one turn into its segment with one `write(2)` before anything is
//! sent, so what a far end was told survives `kill -9`. The [`Journal`]'s thread turns the same facts into
//! records, hands them on in batches and removes a segment once every call in it is settled. [`recover`]
//! reads what an earlier process left.
//!
//! Deliberately absent: databases, async, clocks. The sink and the clock are arguments.

mod assemble;
mod checkpoint;
mod files;
mod ledger;
mod line;
mod recover;
mod settler;
mod sync;
mod thread;
mod writer;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod thread_tests;

pub use assemble::{Assembler, Orphans, Taken};
pub use recover::{Recovered, recover};
pub use settler::SinkError;
pub use thread::{Journal, JournalConfig};
pub use writer::Writer;
