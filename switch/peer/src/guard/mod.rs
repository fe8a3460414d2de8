//! Who is let in, and how much of it: the first thing that happens to a packet, and what becomes of failed logins.
//!
//! [`Door`] decides for one receiving thread before anything is parsed or copied; [`Roll`] is what all doors read and
//! shards write; [`Bans`] turns failed logins into bans that decay. Deliberately absent: SIP, sockets, clocks.

mod bans;
mod bucket;
mod door;
mod place;
mod roll;
mod spots;
mod tap;

pub use bans::{Ban, Bans, Offence, Verdict};
pub use bucket::Rate;
pub use door::{Admission, Door, DoorLimits, Grounds, KnockKind};
pub use place::{NoPlace, Place};
pub use roll::{Entry, Notice, Roll};
pub use tap::Tap;
