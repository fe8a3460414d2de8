//! Recordings of one media worker: frames in, blocks for the disk out.
//!
//! The engine shows every recording its frames once a tick; full blocks, gaps and ends come out as [`Parcel`]s, which
//! the worker carries to the threads that write. Emptied blocks come back by [`Recordings::recycle`], so that nothing
//! is allocated per frame. How many blocks may be away at once is bounded: behind a slow disk a full block is dropped
//! and shows as a gap; the worker never waits.
//!
//! Deliberately absent: files, formats, encryption and clocks.

mod block;
mod lane;
mod recording;
mod recordings;
#[cfg(test)]
mod tests;

pub use block::{Block, Opening, Parcel};
pub(crate) use recordings::Packed;
pub use recordings::Recordings;
