//! What people ask of a call that is up.

use crate::media::{Gain, RecordingAct, TapId};
use crate::{CallId, Supervision};

/// What people do with a call that is up. Legs are named by their place in the call, the caller's is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOrder {
    /// Plays a prompt; meanwhile its listener does not hear the others.
    Play {
        /// To whom; `None` to all.
        leg: Option<usize>,
        /// Its id.
        prompt: String,
        /// The language; empty takes the leg's.
        language: String,
        /// How often, 1…100.
        times: u16,
    },
    /// Ends all that plays.
    Stop {
        /// To whom; `None` to all.
        leg: Option<usize>,
    },
    /// Sends digits to a far end.
    Digits {
        /// To whom.
        leg: usize,
        /// Which: `0`…`9`, `*`, `#`, `A`…`D`, `,`.
        digits: String,
    },
    /// Changes how a far end takes part; what is `None` stays.
    Voice {
        /// Who.
        leg: usize,
        /// Nobody hears it.
        muted: Option<bool>,
        /// It hears nobody.
        deaf: Option<bool>,
        /// How loud it is heard.
        gain: Option<Gain>,
    },
    /// Leads those who talk with a far end on to somebody else, without asking.
    Transfer {
        /// Who leads on.
        leg: usize,
        /// The number or extension.
        to: String,
        /// What becomes of them when nobody takes them: `none`, `agent` or a destination; `None` as set up.
        on_failure: Option<String>,
        /// Who leads on stays and listens.
        stays: bool,
    },
    /// Rings somebody whom a far end wants to ask; the others wait with music.
    Consult {
        /// Who asks.
        leg: usize,
        /// The number or extension.
        to: String,
    },
    /// Does something about the one who is asked.
    Consulted {
        /// Who asks.
        leg: usize,
        /// What.
        act: ConsultAct,
    },
    /// Lets those who talk with a far end wait with music, or talk again.
    Hold {
        /// Who has them wait.
        leg: usize,
        /// Wait.
        on: bool,
    },
    /// Changes whom a far end hears and who hears it, among those who talk in the call.
    TakePart {
        /// Who.
        leg: usize,
        /// How.
        part: Part,
    },
    /// Parks whoever talks with a far end, which is told the slot and goes.
    Park {
        /// Who parks.
        leg: usize,
        /// The slot, or the extension or name of a parking lot; empty takes any slot of the first.
        slot: String,
    },
    /// Rings a station in place of those who ring, or for whoever is parked.
    PickUp {
        /// Its extension.
        station: String,
    },
    /// Changes how the supervisor whose call it is takes part in its agent's call.
    Supervise(SuperviseOrder),
    /// Ends one far end; the others go on where they can.
    Drop {
        /// Who.
        leg: usize,
    },
    /// Starts a recording, or pauses, resumes or stops the one that runs.
    Record(RecordOrder),
    /// Streams a far end's audio to whoever holds the other end of the tap, and what is said there to the far end.
    Tap {
        /// Who.
        leg: usize,
        /// The tap's name.
        tap: TapId,
        /// What it hears instead of what it says.
        hears: bool,
        /// Samples a second: 8,000, 16,000 or 48,000.
        hz: u32,
        /// Who asked for it.
        by: String,
    },
    /// Does what a phone asks for by a code pressed in its call.
    Code {
        /// The phone's leg.
        leg: usize,
        /// Which: `*1`, `##1003#`, …. One that there is not does nothing.
        code: String,
    },
    /// Rings somebody who talks with all once there; nobody waits meanwhile.
    Invite {
        /// Who asks for it: it counts as this one's call, by its dial rules.
        leg: usize,
        /// The number or extension.
        to: String,
    },
    /// Brings those of another call in here.
    Merge {
        /// Which.
        with: CallId,
    },
    /// Moves both sides into a conference on the same media worker.
    Conference {
        /// Which.
        name: String,
    },
}

/// What a supervisor does while it takes part in an agent's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuperviseOrder {
    /// Takes part in this way.
    Mode(Supervision),
    /// Goes with each next call of the agent, or no longer.
    Follow(bool),
    /// Has the agent's place in the call, which the agent leaves.
    TakeOver,
}

impl CallOrder {
    /// What it is, in a word for logs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Play { .. } => "play",
            Self::Stop { .. } => "stop",
            Self::Digits { .. } => "digits",
            Self::Voice { .. } => "voice",
            Self::Transfer { .. } => "transfer",
            Self::Consult { .. } => "consult",
            Self::Consulted { act: ConsultAct::Complete { .. }, .. } => "complete",
            Self::Consulted { act: ConsultAct::Abandon, .. } => "abandon",
            Self::Consulted { act: ConsultAct::Alternate, .. } => "alternate",
            Self::Consulted { act: ConsultAct::Merge, .. } => "merge",
            Self::Hold { on: true, .. } => "hold",
            Self::Hold { on: false, .. } => "retrieve",
            Self::TakePart { .. } => "part",
            Self::Park { .. } => "park",
            Self::Invite { .. } => "invite",
            Self::Merge { .. } => "merge_calls",
            Self::PickUp { .. } => "pick_up",
            Self::Supervise(_) => "supervise",
            Self::Drop { .. } => "drop",
            Self::Record(_) => "record",
            Self::Code { .. } => "code",
            Self::Tap { .. } => "tap",
            Self::Conference { .. } => "conference",
        }
    }
}

/// What people do with the room of a conference as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomOrder {
    /// Nobody else comes in but moderators, or everybody again.
    Lock(bool),
    /// What the room hears is recorded, or no longer.
    Record(bool),
    /// All but moderators are muted, those who come too, or heard again.
    MuteAll(bool),
    /// Takes one out.
    Remove(CallId),
    /// Ends it for all.
    End,
}

/// How somebody takes part in a call of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Hears the others and is heard by them.
    Talks,
    /// Hears them alone.
    Listens,
    /// Hears them, and is heard by this one alone.
    Coaches {
        /// Whom.
        leg: usize,
    },
}

/// What becomes of a consultation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsultAct {
    /// The others are led on to the one who is asked.
    Complete {
        /// Who asked stays and listens.
        stays: bool,
    },
    /// The one who is asked goes.
    Abandon,
    /// The one who is asked waits and the others talk, or the other way round.
    Alternate,
    /// All talk with all.
    Merge,
}

/// What people do with the recording of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordOrder {
    /// Records, unless a policy says never; a call that is recorded goes on being so.
    Start,
    /// Does something with the one that runs.
    Act(RecordingAct),
}
