//! What is heard in a far end's audio: fax and modem tones, call progress, speech.
//!
//! A [`Listener`] takes frames and tells what it heard, each thing once until something else is heard. Levels of
//! -40…0 dBm0 count, frequencies within 1 % of theirs. It is made when somebody listens: a leg to which nobody does
//! pays nothing.

mod answer;
mod calling;
mod information;
mod listener;
mod progress;
mod spectrum;
mod voice;

#[cfg(test)]
mod testing;

pub use listener::Listener;
#[cfg(test)]
mod tests;
