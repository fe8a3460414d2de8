//! Sounds for a far end: prompts, tones, silence and music turned into frames.
//!
//! Deliberately absent: files and their formats. Clips come decoded from whoever implements [`Clips`], and may take a
//! moment to come.

mod clip;
mod half_band;
mod oscillator;
mod player;
mod tone;

pub use clip::Clip;
pub use player::{Clips, Lookup, NoClips, Player, Step};
