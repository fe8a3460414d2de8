//! The media engine without io: RTP, rooms, codecs, sounds, digits, recordings and quality.
//!
//! One [`Engine`] belongs to one media worker and holds the state of all its ports. Packets go in with the address they
//! came from, commands with the shard that gives them, time with each call; packets to send and things to tell come out.
//! A port whose packets pass as they are has no audio. Nothing here reads a clock, takes a lock, or allocates per packet
//! or per frame.

mod audience;
mod audio;
pub mod codec;
mod departures;
pub mod detect;
pub mod digits;
pub mod dsp;
mod early;
mod engine;
pub mod frame;
mod hearing;
mod latch;
mod lull;
mod mix;
mod outgoing;
pub mod play;
mod port;
mod quality;
pub mod receive;
mod reception;
pub mod record;
mod room;
pub mod rtcp;
pub mod rtp;
mod silence;
mod speech;
pub mod srtp;
pub mod tap;

pub use departures::Sending;
pub use engine::{Arrival, Channel, Engine, Load, Mended, Moving};
