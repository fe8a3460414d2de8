//! SIP on the wire: UDP, TCP, TLS and WebSocket, connections, and which shard a message belongs to.
//!
//! Deliberately absent: transactions, retransmissions, what an answer of the DNS leads to. A message comes in whole and goes to a shard's
//! inbox; a message goes out to a flow or an address. What is full, is refused here or not read.

mod alien;
mod config;
mod connection;
mod counters;
mod demux;
mod dns;
mod event;
mod facing;
mod guard;
mod locals;
mod net;
mod octets;
mod opened;
mod overload;
mod patience;
mod returned;
mod routes;
mod sender;
mod shared;
mod socket;
mod standing;
mod strangers;
mod stun;
mod table;
mod tcp;
mod tls;
mod udp;
mod ws;

pub use config::{ConnectionLimits, NetConfig};
pub use counters::NetStats;
pub use dns::{Dns, DnsConfig, NoDns};
pub use event::{NetEvent, SendFailed, Sink};
pub use guard::GuardConfig;
pub use locals::NetLocals;
pub use net::{Net, NetGauge, StartError};
pub use sender::Sender;
pub use tls::{Authority, Identity, SelfSigned, TlsError, TlsPeer, TlsSetup, Trust};
pub use udp::Receiver;
pub use ws::Origins;
