//! What phones understand beside calls: feature codes, keys pressed in a call, lamps, vendors' settings.
//!
//! Deliberately absent: dialogs and calls. This package says what a phone means and what it is told; `call` does it.

pub mod codes;
pub mod floor;
pub mod keys;
pub mod lamp;
pub mod login;
pub mod ring;
pub mod vendor;
pub mod xml;
