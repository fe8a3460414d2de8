//! Keypad digits: read from events and from tones, sent as either, collected.
//!
//! Nothing here reads a clock: packets and frames come with their time. Deliberately absent: hook flash and the other
//! events of RFC 4733 that are no keys; they are left unread.

mod collector;
mod event;
mod keypad;
mod reader;
mod sender;
mod tone_reader;

use std::time::Duration;

use base::media::DigitBy;

pub use collector::{Collected, Collector, Ends};
pub use event::Event;
pub use keypad::{Keypad, frequencies};
pub use reader::Reader;
pub use sender::{Audio, EventPacket, Sender, Turn, Way};
pub use tone_reader::{Mute, ToneReader};

/// What a far end does with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// It is down; told as soon as that is sure.
    Down(char),
    /// It is up again; told once for each that went down.
    Up(Press),
}

/// One key, pressed and released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// Which.
    pub digit: char,
    /// How long it was down.
    pub lasted: Duration,
    /// How it came.
    pub by: DigitBy,
}
