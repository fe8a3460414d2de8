//! The B2BUA: calls as values in shards, legs, negotiation and ringing, without io.
//!
//! A [`Shard`] owns calls, dialogs, transactions, the registrar (shard 0) and its copy of what is set up.
//! Deliberately absent: sockets, clocks, files, audio. Media is asked for in the words of `base::media`.

mod act;
mod call;
mod digits;
mod gate;
mod headers;
mod io;
mod leg;
mod letter;
mod lines;
mod mix;
mod negotiate;
mod password;
mod pins;
mod ports;
mod quality;
mod reasons;
mod reply;
mod ringing;
mod rooms;
mod secure;
mod sender;
mod shard;
mod trails;
mod view;

pub use io::{Gossip, ShardCommand, ShardConfig, ShardInput, ShardOutput};
pub use letter::Letter;
pub use rooms::{Seat, room_of};
pub use shard::{Late, Post, Shard, SlotPost};
pub use view::{
    BanView, CallView, HappeningView, LegView, Live, RegistrationView, RoomView, ShardView, SupervisionView,
};
