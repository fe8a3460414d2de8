//! What a call wants done. A call is handed nothing it could break: it returns acts, and the shard carries
//! them out after it has returned.

use std::ops::RangeInclusive;
use std::sync::Arc;

use base::fact::What;
use base::mail::MailOrder;
use base::media::MediaCommand;
use base::wire::Target;
use base::{CallId, LegId, RoomId, RoomOrder};
use phone::floor::Spot;
use provision::SettingsChange;
use sip::ServerId;
use sip::message::Draft;

use crate::letter::{Addressee, Handed, Word};
use crate::rooms::Seat;
use crate::shard::Came;

/// One thing to do.
#[derive(Debug)]
pub(crate) enum Act {
    /// Answers a request.
    Respond { server: ServerId, draft: Draft },
    /// Answers an INVITE provisionally, again and again until `Pracked` (RFC 3262).
    RespondReliably { server: ServerId, draft: Draft },
    /// The tag that the caller knows us by has changed: a CANCEL of its INVITE is answered with it.
    AnswerAs { server: ServerId, tag: String },
    /// Sends the latest provisional response to an INVITE once more.
    RespondAgain { server: ServerId },
    /// The PRACK for that response has come.
    Pracked { server: ServerId },
    /// Starts a client transaction; what comes back is told with `leg` and `purpose`.
    Request { leg: LegId, purpose: Purpose, target: Target, draft: Draft },
    /// Sends an ACK for a 2xx; `invite` may be forgotten when no further 2xx can come.
    Ack { leg: LegId, target: Target, draft: Draft },
    /// Takes back the leg's INVITE.
    Cancel { leg: LegId, reason: Option<String> },
    /// The ACK for our 2xx has come.
    Acknowledged { server: ServerId },
    /// Requests of this dialog are for `leg` from now on.
    Enlist { call_id: String, local_tag: String, leg: LegId },
    /// Writes to another call.
    Write { to: Addressee, word: Word },
    /// Hands a leg over to another call.
    Hand { to: CallId, handed: Box<Handed> },
    /// A leg has come from another call.
    Adopt { leg: LegId, came: Came },
    /// The call takes a seat in a room.
    Sit { room: RoomId, seat: Box<Seat> },
    /// Something is ordered for all in a room.
    RoomOrder { room: RoomId, order: RoomOrder },
    /// The call leaves a room.
    Leave(RoomId),
    /// The call stands on these lines now, and on no others.
    Stand(Arc<[Spot]>),
    /// For whoever keeps the slots where calls are parked.
    Slot(SlotAct),
    /// The call is told whenever something changes on these lines, and on no others.
    Watch(Vec<Box<str>>),
    /// For whoever keeps the messages.
    Mail(MailOrder),
    /// For a media worker.
    Media(MediaCommand),
    /// A station's people change how calls reach it.
    Reach { extension: String, change: SettingsChange },
    /// For the journal.
    Fact(What),
    /// Something to count, by its name.
    Count(&'static str),
}

/// What a call wants of whoever keeps the slots.
#[derive(Clone, Debug)]
pub(crate) enum SlotAct {
    /// One of these, the first that is free.
    Claim(RangeInclusive<u32>),
    /// This one is free again.
    Free(u32),
}

/// Why a request was sent: tells what its answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// Sets the leg up.
    Invite,
    /// Changes the leg: passes on the other leg's re-INVITE.
    Reinvite,
    /// Changes the leg, or acknowledges there: passes on the other leg's UPDATE or PRACK.
    Passed,
    /// Acknowledges a provisional response: the answer changes nothing.
    Prack,
    /// Refreshes the leg's session: shows that we live, and asks whether the far end does.
    Refresh,
    /// Ends the leg.
    Bye,
    /// Ends a dialog that lost: the answer changes nothing.
    ByeStray,
    /// Passes on a request of the other leg, whose answer is awaited there.
    Relay(ServerId),
    /// Tells the leg a digit of the other one.
    Digit,
    /// Tells the leg how its referral goes: the answer changes nothing.
    Report,
}

/// How a request of ours ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing came in time.
    TimedOut,
    /// It could not be sent.
    Unreachable,
}
