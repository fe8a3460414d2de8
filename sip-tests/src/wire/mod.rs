//! Tests on the real wire: the built switch, and SIPp, baresip, linphonec and our own sockets around it.
//!
//! Deliberately absent: a clock. Waiting is a bounded number of looks, or a socket with a read timeout.

mod baresip;
mod baresip_desk;
mod block;
mod browser;
mod capture;
mod desk;
mod healthy;
mod hearing;
mod http;
mod kamailio;
mod linphone;
mod mail_server;
mod names;
mod node;
mod pairs;
mod party;
mod patience;
mod phone;
mod postgres;
mod script;
mod sipp;
mod sound;
mod stream;

pub use baresip::Baresip;
pub use block::Block;
pub use browser::node_path;
pub use capture::{Capture, read_by_tshark};
pub use desk::Desk;
pub use healthy::answers_during;
pub use hearing::{Heard, Segment};
pub use http::Http;
pub use kamailio::Kamailio;
pub use linphone::Linphone;
pub use mail_server::MailServer;
pub use names::Names;
pub use node::{Node, program};
pub use pairs::Pairs;
pub use party::{Party, RtpPacket, header, sdp_port};
pub use patience::{in_three_tries, still, until};
pub use phone::{Audio, Phone, TONE_DBM0, converse};
pub use postgres::Postgres;
pub use script::Script;
pub use sipp::{Sipp, Stats, Transport};
pub use sound::{level_at, read_wav, write_tone};
pub use stream::connect;
