//! The test house: a simulated world of phones, carriers and a lossy network, and tests on the real wire.
//!
//! A [`World`] holds three shards of the switch, agents that speak SIP on their own (they share no code with
//! the switch) and a network between them, under one seed and virtual time. Deliberately absent here: sockets,
//! clocks, sleeps.

mod agent;
mod agreement;
mod digest;
pub mod fuzzing;
mod ladder;
mod media;
mod msg;
mod net;
mod offer;
mod oracle;
mod plan;
mod scene;
mod verbs;
pub mod wire;
mod world;

pub use agent::{
    ANSWER, Agent, BUSY, EARLY, Guard, Manner, Pracks, RING, Reinvite, Reply, Role, SILENT, State, Talk,
};
pub use digest::md5_hex;
pub use media::MediaSim;
pub use msg::Msg;
pub use net::Link;
pub use offer::{body, direction_of, maps_of, media_of};
pub use plan::{REALM, destination};
pub use scene::{Line, office, over};
pub use verbs::abilities;
pub use world::{SWITCH, SWITCH6, World};
