//! What calls say to each other, whichever shards they live in.
//!
//! ```text
//!   the call that wants              the call that has
//!        Ask(wish) ───────────────────────▶
//!        ◀─────────────── Come, or No(status)
//!        Hand(leg) ───────────────────────▶     a leg goes once it is quiet
//!        ◀─────────────── Taken, or Back(leg)
//! ```
//!
//! Who asks for a leg of the other one's gets `Hand` instead of `Come`.

use base::fact::Endpoint;
use base::media::Heard;
use base::{CallId, LegId, PortId, RoomId, ShardId, Supervision};
use phone::keys::InCall;
use smallvec::SmallVec;

use crate::leg::Leg;

/// A letter from one call to another.
#[derive(Debug)]
pub struct Letter(pub(crate) Box<Written>);

/// What stands in it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) from: CallId,
    pub(crate) to: Addressee,
    pub(crate) word: Word,
}

/// For whom a letter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Addressee {
    Call(CallId),
    /// The call of this dialog; every shard looks for it.
    Dialog(DialogName),
}

/// A dialog as its far end names it in Replaces (RFC 3891 §3): `to` is our tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DialogName {
    pub(crate) call_id: String,
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) early_only: bool,
}

/// What one call says to another.
#[derive(Debug)]
pub(crate) enum Word {
    /// May a leg come in?
    Ask(Wish),
    /// It may.
    Come(Wish),
    /// It may not: the status for whoever asked.
    No(u16),
    /// Whom you want is no far end of mine: dial this.
    Dial(String),
    /// Here it is.
    Hand(Box<Handed>),
    /// It talks here now.
    Taken(LegId),
    /// It could not be used.
    Back(Box<Handed>),
    /// It will not come after all.
    Never,
    /// A phone presses this code for its leg in your call.
    Key { leg: LegId, code: InCall },
    /// That was done, or not.
    Done(bool),
    /// Whom you wanted parked is, there.
    Parked(u32),
    /// A supervisor takes part with one of your legs, in this way from now on.
    Attend(Attend),
    /// This is what the supervisor hears.
    Sight(Sight),
    /// The supervisor no longer takes part.
    Leave,
    /// The agent is not here any more.
    Parted {
        /// It has gone to another call.
        moved: bool,
    },
}

/// How a supervisor, whose leg stays in its own call, takes part in an agent's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attend {
    /// The agent's leg.
    pub(crate) leg: LegId,
    /// The supervisor's port.
    pub(crate) port: PortId,
    pub(crate) mode: Supervision,
    /// The supervisor's extension.
    pub(crate) by: String,
}

/// What a supervisor hears, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    /// The media worker where the agent's call is.
    pub(crate) worker: u8,
    pub(crate) room: Option<RoomId>,
    pub(crate) sources: SmallVec<[Heard; 2]>,
    /// As it takes part.
    pub(crate) mode: Supervision,
    /// Nothing but listening is allowed.
    pub(crate) only_listen: bool,
}

/// How a leg wants to come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// In place of this one (RFC 3891).
    Replace(Place),
    /// As the one who answers in place of this extension.
    PickUp { at: String },
    /// To whoever is parked there.
    Unpark { slot: u32 },
    /// Not at all: whoever talks with this leg shall be parked.
    Park { by: LegId, lot: String, slot: Option<u32> },
    /// As one more of those who talk.
    Join,
    /// All who talk but this one shall come in, one after the other.
    Gather { stays: Option<LegId> },
    /// Whoever talks with this one, which must be `to`'s own, shall go to the asking call, in place of `of`.
    Surrender { with: Place, of: LegId, to: Endpoint },
}

/// A leg by what the asker knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Leg(LegId),
    Dialog(DialogName),
}

/// A leg on its way from call to call.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) leg: Leg,
    pub(crate) wish: Wish,
    /// The media worker of its port.
    pub(crate) worker: u8,
    /// The extension whose line it holds.
    pub(crate) line: Option<String>,
    /// The trunk whose cap it counts against.
    pub(crate) trunk: Option<String>,
    /// Who stands there, as others are shown it.
    pub(crate) number: String,
    pub(crate) name: String,
    /// Where its dialog's messages arrive.
    pub(crate) home: ShardId,
}
