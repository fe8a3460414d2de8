//! What goes into a shard and what comes out.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use base::dns::{Answer, Question};
use base::fact::Fact;
use base::mail::{MailMessage, MailOrder, MailState};
use base::media::{MediaCommand, MediaEvent};
use base::wire::{ConnId, Inbound, Outbound, Proof};
use base::{CallId, CallOrder, RoomId, RoomOrder, ShardId, Wall};
use bytes::Bytes;
use peer::guard::{Notice, Offence, Place};
use peer::{BindingChange, TrunkGossip};
use phone::floor::Spot;
use phone::login::PhoneKey;
use provision::{HostMask, SettingsChange, StationSettings};
use route::Snapshot;

use crate::rooms::Seat;
use crate::shard::Post;

/// What a shard is told once, at its start.
#[derive(Clone, Debug)]
pub struct ShardConfig {
    /// Which shard this is.
    pub shard: ShardId,
    /// How many there are, 1…255. Shard 0 owns the registrar and speaks for the trunks.
    pub shards: u8,
    /// When the process started; ids count from here.
    pub start: Wall,
    /// The digest realm.
    pub realm: String,
    /// The User-Agent and Server header.
    pub user_agent: String,
    /// The session interval asked for, in seconds, 90 and more (RFC 4028).
    pub session_expires: u32,
    /// The smallest session interval taken, in seconds, 90…`session_expires`.
    pub min_se: u32,
    /// The key of our nonces, the same in every shard.
    pub nonce_secret: [u8; 32],
    /// Calls at a time on the whole node.
    pub calls: u32,
    /// New calls per second on the whole node.
    pub calls_per_sec: u32,
    /// Registered contacts on the whole node.
    pub registrations: u32,
    /// The ports of all media workers; a far end that names one of them at our address gets nothing there.
    pub media_ports: RangeInclusive<u16>,
    /// Media workers that lease ports to us, 1…255.
    pub workers: u8,
    /// The language that callers are spoken to in where nobody says another: `en`, `es`.
    pub language: String,
    /// Proxies that stand in front of phones: what they say about a phone's way is believed.
    pub edges: Vec<HostMask>,
    /// What the passwords of phones that fetch their settings are derived from.
    pub phone_key: PhoneKey,
}

impl ShardConfig {
    /// Whether an edge proxy of ours is at this address. All phones behind it share it.
    #[must_use]
    pub fn is_edge(&self, address: IpAddr) -> bool {
        self.edges.iter().any(|edge| edge.contains(address))
    }
}

/// What can happen to a shard.
#[derive(Debug)]
pub enum ShardInput {
    /// A SIP message.
    Wire(Inbound),
    /// A message with this ticket could not be sent.
    SendFailed {
        /// From `Outbound::ticket`.
        ticket: u64,
    },
    /// What the far end of a new connection has proven about itself; comes before its first message.
    ConnProven(ConnId, Arc<[Proof]>),
    /// A datagram of ours found nobody: an ICMP error quotes this much of its beginning. May be forged.
    Returned(Bytes),
    /// A stream connection is gone.
    ConnClosed(ConnId),
    /// A media worker reports.
    Media(MediaEvent),
    /// What is set up has changed; calls that run keep going.
    Setup(Arc<Snapshot>),
    /// Registered contacts: those of the store at the start.
    Bindings(Vec<BindingChange>),
    /// How calls reach stations: those of the store at the start.
    Settings(Vec<(String, StationSettings)>),
    /// Somebody changes how calls reach a station.
    Reach {
        /// The extension.
        extension: String,
        /// What changes.
        changes: Vec<SettingsChange>,
    },
    /// News from another shard.
    Gossip(Gossip),
    /// What another shard has for this one alone.
    Post(Post),
    /// What came of a question to the DNS.
    Resolved {
        /// What was asked.
        question: Question,
        /// What came of it.
        answer: Answer,
    },
    /// What is in a mailbox has changed.
    Mail {
        /// Its number.
        mailbox: Arc<str>,
        /// What it is now.
        state: Arc<MailState>,
    },
    /// What is in the mailboxes at the start; those that are empty are left out.
    Mailboxes(Vec<(Arc<str>, Arc<MailState>)>),
    /// The messages that a call has asked for.
    MailRead {
        /// The call.
        call: CallId,
        /// The messages; `None` where they cannot be had.
        messages: Option<Arc<[MailMessage]>>,
    },
    /// An operator ends a ban.
    Lift(Place),
    /// Somebody does something with a call.
    Order {
        /// Which call.
        call: CallId,
        /// What.
        order: CallOrder,
    },
    /// Somebody does something with a conference's room, at one shard for all.
    Room {
        /// The conference.
        conference: String,
        /// What.
        order: RoomOrder,
    },
    /// An operator or the supervisor wants something.
    Command(ShardCommand),
}

/// What operators and the supervisor ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardCommand {
    /// Ends one call.
    HangUp {
        /// Which.
        call: CallId,
    },
    /// No new calls but emergency calls; running calls go on.
    Drain,
    /// Ends every call with BYE.
    EndAll,
    /// Whether the journal is too full to take new calls.
    JournalFull(bool),
}

/// What shards tell each other.
#[derive(Clone, Debug)]
pub enum Gossip {
    /// A contact changed.
    Binding(Box<BindingChange>),
    /// How calls reach a station from now on, by the shard that keeps the settings.
    Settings {
        /// The extension.
        extension: String,
        /// What holds.
        settings: Box<StationSettings>,
    },
    /// Asks the shard that keeps the settings to change them.
    Reach {
        /// The extension.
        extension: String,
        /// What changes.
        changes: Vec<SettingsChange>,
    },
    /// A wrong answer to a challenge.
    Offence(Box<Offence>),
    /// A trunk's peer went down or came up.
    Trunk(TrunkGossip),
    /// A call's place in a room.
    Seat {
        /// Which room.
        room: RoomId,
        /// Which call.
        call: CallId,
        /// `None` when it has gone.
        seat: Option<Box<Seat>>,
    },
    /// Something is ordered for all in a room.
    RoomOrder {
        /// Which room.
        room: RoomId,
        /// What.
        order: RoomOrder,
    },
    /// A call stands on these lines now, and on no others.
    Floor {
        /// Which call.
        call: CallId,
        /// Where; empty when it is over.
        spots: Arc<[Spot]>,
    },
    /// Calls that a shard has on a trunk, for its cap.
    Usage {
        /// Which shard.
        shard: ShardId,
        /// Which trunk.
        trunk: String,
        /// How many.
        calls: u32,
    },
}

/// What a shard wants done. Facts go to disk before anything of the same turn is sent.
#[derive(Debug)]
pub enum ShardOutput {
    /// To be written to the journal.
    Fact(Fact),
    /// A SIP message.
    Send(Outbound),
    /// Over this connection speaks somebody we know: the bounds of strangers no longer apply to it.
    Known(ConnId),
    /// For a media worker.
    Media(MediaCommand),
    /// For whoever keeps the messages.
    Mail(MailOrder),
    /// To be kept over a restart.
    Binding(BindingChange),
    /// How calls reach a station, to be kept over a restart; with nothing set, to be forgotten.
    Settings {
        /// The extension.
        extension: String,
        /// What holds.
        settings: StationSettings,
    },
    /// For every other shard.
    Gossip(Gossip),
    /// For another shard alone.
    Post {
        /// Which.
        to: ShardId,
        /// What.
        post: Post,
    },
    /// For the roll that all doors read.
    Notice(Notice),
    /// To be asked of the DNS.
    Resolve {
        /// What.
        question: Question,
    },
}
