//! The library that does the work, and all that the rest of the switch knows of it.
//!
//! By default it is one in Rust, so that a build needs nothing but cargo; the feature `libopus` takes the C library that
//! the system has. ADR 0019 weighs the two.

#[cfg(feature = "libopus")]
mod native;
#[cfg(not(feature = "libopus"))]
mod rust;

#[cfg(feature = "libopus")]
pub(super) use native::{Decoder, Encoder};
#[cfg(not(feature = "libopus"))]
pub(super) use rust::{Decoder, Encoder};

use crate::frame::Rate;

/// Everything that an encoder can be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) rate: Rate,
    pub(super) stereo: bool,
    /// Per second.
    pub(super) bits: u32,
    pub(super) constant: bool,
    /// 0…10.
    pub(super) complexity: u8,
    pub(super) playback_hz: u32,
    pub(super) fec: bool,
    pub(super) dtx: bool,
    /// Percent.
    pub(super) loss: u8,
}

/// How much of the spectrum is coded (RFC 6716 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Band {
    Narrow,
    Medium,
    Wide,
    SuperWide,
    Full,
}

/// The widest band that is of use to who plays at `hz` (RFC 7587 §3.1.1).
fn band(hz: u32) -> Band {
    match hz {
        0..=8_000 => Band::Narrow,
        8_001..=12_000 => Band::Medium,
        12_001..=16_000 => Band::Wide,
        16_001..=24_000 => Band::SuperWide,
        24_001.. => Band::Full,
    }
}
