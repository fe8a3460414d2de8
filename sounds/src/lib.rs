//! What Tandem says and plays: prompts by language, numbers in words, tones by country.
//!
//! Deliberately absent: decoding of sound files and anything that reads the disk.

pub mod catalogue;
pub mod say;
pub mod shelf;
pub mod tones;
