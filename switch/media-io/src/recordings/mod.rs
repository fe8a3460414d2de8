//! Recordings on disk: files that survive a crash, keys, what is left of the budget, and listening to them.
//!
//! A recording is `YYYY/MM/DD/CALL-RECORDING.wav` or `.opus`, with `.sealed` behind it when it is encrypted, mode 0600.
//! Beside it stands an [`Entry`] until the database has it: nothing is lost when the process or the database is.

mod archive;
mod budget;
mod cipher;
mod closing;
mod entry;
mod file;
mod keys;
mod leftovers;
mod library;
mod name;
mod ogg_pages;
mod opus;
mod playback;
mod sealed;
mod teller;
#[cfg(test)]
mod tests;
mod wav;
mod writer;

pub use archive::{Archive, ArchiveConfig, ArchiveError, Desk, Shelving};
pub use entry::Entry;
pub use keys::KeyError;
pub use library::Library;
pub use playback::{Playback, PlaybackError};
pub use sealed::SealedError;
