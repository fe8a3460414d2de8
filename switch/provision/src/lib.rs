//! What an administrator sets up: trunks, stations, users, numbers and dial rules.
//!
//! The same types are the rows of the store, the fields of the API and the tables of provisioning files.
//! Deliberately absent: files, sockets, databases. Texts come in, checked values and differences go out.

mod destination;
mod directory;
mod entity;
mod host;
mod pattern;
mod peer_uri;

pub use destination::{Destination, TestTarget};
pub use directory::{Directory, Entity, Key, Kind};
pub use entity::{DialRule, HeaderRule, Number, Peer, Rewrite, Role, Station, Trunk, User};
pub use host::HostMask;
pub use pattern::{BadPattern, Pattern, Replacement};
pub use peer_uri::{BadPeerUri, PeerHost, PeerUri};
