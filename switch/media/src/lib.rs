//! RTP and RTCP packets and the relay that anchors a call's media, without io.
//!
//! One [`Relay`] belongs to one media worker and holds the state of all its ports. A packet goes in with the
//! address it came from; out comes the list of ports and addresses it goes to. Nothing here reads a clock,
//! takes a lock or allocates per packet.
//!
//! Deliberately absent: mixing, transcoding, SRTP. A relayed packet passes as it came.

pub mod codec;
pub mod detect;
pub mod digits;
pub mod dsp;
pub mod frame;
mod latch;
pub mod play;
mod port;
pub mod receive;
mod reception;
pub mod record;
mod relay;
pub mod rtcp;
pub mod rtp;
mod silence;
pub mod srtp;

pub use relay::{Arrival, Channel, Relay, Sending};
