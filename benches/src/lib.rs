//! Speed: callgen, the bare forwarder, and the measurements that compare with them.
//!
//! Nothing here uses the switch's own packages: messages are plain text and packets plain bytes, so that a
//! mistake in the switch cannot hide behind the same mistake in the tool that measures it.

pub mod call;
pub mod callee;
pub mod caller;
pub mod calls;
pub mod clock;
pub mod digest;
pub mod figures;
pub mod flood;
pub mod forward;
pub mod guess;
pub mod lamps;
pub mod load;
pub mod message;
pub mod node;
pub mod plane;
pub mod poll;
pub mod process;
pub mod register;
pub mod rounds;
pub mod rtp;
pub mod streams;
pub mod verdict;
