//! What happened, append-only: the source of call records, reports and events.
//!
//! A fact is on disk before the peer is told of it, so a record survives `kill -9`. Facts of one call
//! carry everything its record needs; whoever reads them needs no other table.

use serde::{Deserialize, Serialize};

use crate::media::{Detected, LegMedia, RecordingFault, RecordingFile, Trouble};
use crate::{CallId, Cause, LegId, Party, RecordingId, Supervision, TenantId, Wall, Why};

/// One thing that happened to a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Whose call.
    pub tenant: TenantId,
    /// When.
    pub at: Wall,
    /// Which call.
    pub call: CallId,
    /// What.
    pub what: What,
}

/// The kinds of fact about calls. Text from outside is cut to `limits::RECORD_CHARS`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum What {
    /// A call came in.
    CallStarted {
        /// The caller's leg.
        leg: LegId,
        /// From which trunk or station.
        from: Endpoint,
        /// The caller's number or user as presented.
        caller: String,
        /// The caller's display name.
        caller_name: String,
        /// What was dialled.
        dialled: String,
        /// The caller's Call-ID, to find the call in a capture.
        sip_call_id: String,
        /// The caller's name in Session-ID, which every leg of the call bears (RFC 7989).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        session_id: String,
        /// What the caller's side tells the callee's (RFC 7433), whole, up to `limits::UUI_OCTETS`.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        user_to_user: String,
    },
    /// It was decided where it goes.
    Routed {
        /// Where to, in provisioning's words: `station:1001`, `trunk:carrier`, `echo`, ….
        to: String,
        /// Why there.
        why: Why,
    },
    /// Whoever was called leads the call on.
    LedOn {
        /// Who does: `station:1001`, `group:sales`.
        by: String,
        /// Where to, in provisioning's words.
        to: String,
        /// For what: `always`, `busy`, `no_answer`, `unregistered`, or `dialled` by whoever called the switch itself.
        when: String,
        /// Why.
        why: Why,
    },
    /// A leg out was started.
    LegStarted {
        /// The leg.
        leg: LegId,
        /// Towards whom.
        to: Endpoint,
        /// The number or user that was dialled on it.
        dialled: String,
        /// Our Call-ID on it.
        sip_call_id: String,
    },
    /// The far end rings (180) or speaks before the answer (183).
    LegRinging {
        /// The leg.
        leg: LegId,
        /// With early media.
        early_media: bool,
    },
    /// A leg out answered; the call is connected to it.
    Answered {
        /// The leg that answered; the caller's own when Tandem itself answered (echo, tests).
        leg: LegId,
        /// The codec's name as in SDP: `PCMU`, empty when there is no media.
        codec: String,
    },
    /// A leg has come from another call and talks in this one.
    LegCame {
        /// The leg.
        leg: LegId,
        /// The call it came from.
        from: CallId,
        /// Who stands there.
        to: Endpoint,
        /// The number or user dialled on it.
        dialled: String,
        /// Its Call-ID.
        sip_call_id: String,
    },
    /// A leg has gone to another call and talks there.
    LegWent {
        /// The leg.
        leg: LegId,
        /// The call it went to.
        to: CallId,
    },
    /// Somebody has led the others on to somebody else, or tried to.
    Transfer {
        /// Who; `None` by the API.
        by: Option<LegId>,
        /// How.
        kind: TransferKind,
        /// To whom, as dialled.
        to: String,
        /// What came of it.
        result: TransferResult,
    },
    /// A phone was told to answer by itself and has not done so in time: it rings, or is given up (E82).
    AutoAnswerIgnored {
        /// Its leg.
        leg: LegId,
    },
    /// A far end is held by the switch, or no longer.
    Held {
        /// Who waits.
        leg: LegId,
        /// Since now, or until now.
        on: bool,
    },
    /// A far end is parked: it waits with music until somebody takes it back.
    Parked {
        /// Who waits.
        leg: LegId,
        /// Where.
        slot: u32,
        /// Who has parked it, while there was somebody.
        by: Option<LegId>,
    },
    /// Nobody is parked there any more.
    Unparked {
        /// Where.
        slot: u32,
        /// Who has taken it back; `None` when it has hung up or was led on.
        by: Option<LegId>,
    },
    /// A call that rang elsewhere was taken.
    PickedUp {
        /// By whom.
        leg: LegId,
        /// The extension where it rang.
        at: String,
    },
    /// Media that should be there is not.
    MediaSilent {
        /// Whose media.
        leg: LegId,
        /// Whether any ever came.
        ever_heard: bool,
    },
    /// Something that was listened for was heard on a leg.
    Heard {
        /// Whose audio.
        leg: LegId,
        /// What.
        what: Detected,
    },
    /// Somebody began to listen in on a leg, and may speak to it.
    Tapped {
        /// Whose audio.
        leg: LegId,
        /// Who.
        by: String,
    },
    /// A prompt was recorded by phone.
    PromptRecorded {
        /// Its id, such as `custom/12`.
        prompt: String,
        /// The recording that it was.
        recording: RecordingId,
    },
    /// A supervisor takes part in this way from now on, or no longer.
    Supervised {
        /// The agent's leg.
        leg: LegId,
        /// The supervisor's extension.
        by: String,
        /// How; `None` for no longer.
        mode: Option<Supervision>,
    },
    /// A phone pressed a code in its call.
    Keyed {
        /// The phone's leg.
        leg: LegId,
        /// Which: `*1`, `##1003#`, ….
        code: String,
        /// Whether it was done.
        done: bool,
    },
    /// A phone asks for a supervisor's help, or no longer.
    HelpWanted {
        /// The phone's leg.
        leg: LegId,
        /// Whether it does from now on.
        wanted: bool,
    },
    /// Something happens to somebody in a conference, or is done there by somebody.
    Conference {
        /// Who.
        leg: LegId,
        /// Which room; empty where those of a call confer.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        name: String,
        /// What.
        did: Conferring,
    },
    /// A recording of the call holds what counts as a signature.
    Signature {
        /// Which.
        recording: RecordingId,
        /// It was ended as it was begun; otherwise the call ended first.
        complete: bool,
    },
    /// A recording of the call runs.
    RecordingStarted {
        /// Which.
        recording: RecordingId,
        /// The policy; empty when there is none and somebody asked for it.
        policy: String,
        /// Why it is made.
        why: Why,
    },
    /// A recording is closed.
    Recorded {
        /// Which.
        recording: RecordingId,
        /// Its file.
        file: Box<RecordingFile>,
    },
    /// A recording did not begin, ended early, or lost a part.
    RecordingFailed {
        /// Which.
        recording: RecordingId,
        /// Why.
        fault: RecordingFault,
    },
    /// A message was left in a mailbox.
    MessageLeft {
        /// The mailbox's number.
        mailbox: String,
        /// The message.
        recording: RecordingId,
        /// Its caller said that it is urgent.
        urgent: bool,
    },
    /// A mailbox was opened by phone.
    MailboxOpened {
        /// Its number.
        mailbox: String,
    },
    /// A message was listened to by phone.
    MessageHeard {
        /// The mailbox's number.
        mailbox: String,
        /// The message.
        recording: RecordingId,
    },
    /// Something is wrong with a leg's media while people talk, or no longer.
    MediaTrouble {
        /// Whose media.
        leg: LegId,
        /// What.
        trouble: Trouble,
        /// Whether it is so now.
        now: bool,
    },
    /// A leg is over.
    LegEnded {
        /// The leg.
        leg: LegId,
        /// Why.
        cause: Cause,
        /// The final SIP status to its INVITE, 0 when there was none.
        sip_status: u16,
        /// The Q.850 value from a Reason header, or mapped from the cause.
        q850: u8,
    },
    /// A leg's final media figures.
    LegMedia {
        /// The leg.
        leg: LegId,
        /// The figures.
        media: LegMedia,
    },
    /// The call is released: both sides are told so from now on. Figures may still come.
    CallReleased {
        /// Why.
        cause: Cause,
        /// The final SIP status of the caller's INVITE, 200 once answered.
        sip_status: u16,
        /// The Q.850 value.
        q850: u8,
        /// Who released it.
        by: Party,
    },
    /// The call is over: its record is complete.
    CallEnded {
        /// Why.
        cause: Cause,
        /// The final SIP status of the caller's INVITE, 200 once answered.
        sip_status: u16,
        /// The Q.850 value.
        q850: u8,
        /// Who released it.
        by: Party,
    },
}

/// How somebody leads a call on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferKind {
    /// Without having asked.
    Blind,
    /// After having asked.
    Attended,
}

/// What came of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferResult {
    /// It was begun.
    Begun,
    /// They talk.
    Completed,
    /// It came to nothing.
    Failed(Cause),
    /// It came to nothing, and whoever tried has them back.
    Recalled(Cause),
}

/// What happens in a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conferring {
    /// It asks for the lines of another call, or rings somebody.
    Asks,
    /// It is in.
    Joined,
    /// Whom it asked for does not come.
    Refused(Cause),
    /// It is in as a moderator.
    Moderates,
    /// It waits for a moderator.
    Waits,
    /// Somebody took it out.
    Removed,
    /// It ended the conference for all.
    Ended,
    /// Nobody hears it, or they do again.
    Muted(bool),
    /// It locked the room, or opened it.
    Locked(bool),
    /// It had all others muted, or heard again.
    MutedAll(bool),
    /// It had the room recorded, or no longer.
    Recorded(bool),
    /// It speaks; told now and then.
    Speaks,
}

/// Who stands at the far end of a leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Endpoint {
    /// A carrier or another switch, by the trunk's name.
    Trunk(String),
    /// A phone, by its extension.
    Station(String),
    /// Tandem itself: echo, test targets.
    Local(String),
    /// Somebody we do not know.
    Stranger(String),
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Trunk(name) => write!(f, "trunk:{name}"),
            Self::Station(name) => write!(f, "station:{name}"),
            Self::Local(name) => write!(f, "local:{name}"),
            Self::Stranger(name) => write!(f, "stranger:{name}"),
        }
    }
}

/// Cuts text from outside to what a record keeps, at a character boundary.
#[must_use]
pub fn record_text(text: &str) -> String {
    text.chars().take(crate::limits::RECORD_CHARS).collect()
}
