//! What a media worker tells the shard that leased a port.

use std::net::SocketAddr;
use std::time::Duration;

use super::{
    CollectEnd, CollectId, Detected, DigitBy, LegMedia, PlayId, PortLease, PromptName, RecordingFault,
    RecordingFile, TapId, Trouble,
};
use crate::{CallId, PortId, RecordingId, RoomId};

/// What media workers tell the shard that leased the port.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaEvent {
    /// New leases. An empty list: the range is used up.
    Leased {
        /// From which worker.
        worker: u8,
        /// The leases.
        leases: Vec<PortLease>,
    },
    /// The source of the far end's media is known and kept from now on.
    Latched {
        /// The port.
        port: PortId,
        /// Where it really sends from.
        from: SocketAddr,
    },
    /// Media should come and none has: since opening, or since the last packet.
    Silent {
        /// The port.
        port: PortId,
        /// Whether any packet ever came.
        ever_heard: bool,
        /// How long nothing came.
        quiet: Duration,
    },
    /// A silent port speaks (again).
    Heard {
        /// The port.
        port: PortId,
    },
    /// A playing is over.
    Played {
        /// Where.
        port: PortId,
        /// Which.
        play: PlayId,
        /// How it ended.
        end: PlayEnd,
    },
    /// The far end pressed a key; told at its end.
    Digit {
        /// Whose.
        port: PortId,
        /// Which.
        digit: char,
        /// How long.
        lasted: Duration,
        /// How it came.
        by: DigitBy,
    },
    /// A collecting is over.
    Collected {
        /// Where.
        port: PortId,
        /// Which.
        collect: CollectId,
        /// What was typed, without the terminator.
        digits: String,
        /// How it ended.
        end: CollectEnd,
    },
    /// Something that was listened for.
    Detected {
        /// Whose audio.
        port: PortId,
        /// What.
        what: Detected,
    },
    /// A recording runs: its file is open.
    RecordingStarted {
        /// The port that it hangs on.
        port: PortId,
        /// Of which call.
        call: CallId,
        /// Which.
        recording: RecordingId,
    },
    /// A recording is closed.
    Recorded {
        /// The port that it hung on.
        port: PortId,
        /// Of which call.
        call: CallId,
        /// Which.
        recording: RecordingId,
        /// The file.
        file: Box<RecordingFile>,
    },
    /// A recording did not begin, ended early, or lost a part; what there is of it follows as `Recorded`.
    RecordingFailed {
        /// The port that it hangs on.
        port: PortId,
        /// Of which call.
        call: CallId,
        /// Which.
        recording: RecordingId,
        /// Why.
        fault: RecordingFault,
    },
    /// Who speaks loudest in a room has changed.
    Speaker {
        /// A port of the room that this shard leased; every shard with one is told.
        port: PortId,
        /// The room.
        room: RoomId,
        /// Who speaks; `None` when nobody does.
        speaker: Option<PortId>,
    },
    /// How good the media is, every few seconds.
    Quality {
        /// The port.
        port: PortId,
        /// The figures so far.
        media: Box<LegMedia>,
    },
    /// Something is wrong with the media, or no longer.
    Trouble {
        /// The port.
        port: PortId,
        /// What.
        trouble: Trouble,
        /// Whether it is so now.
        now: bool,
    },
    /// A tap is over: its other end went, or its port.
    TapEnded {
        /// The port.
        port: PortId,
        /// Which.
        tap: TapId,
    },
    /// The port is closed; its figures are final.
    Closed {
        /// The port.
        port: PortId,
        /// The figures.
        media: LegMedia,
    },
}

impl MediaEvent {
    /// The call of a recording that it is about. Recordings are closed later than the ports they hang on.
    #[must_use]
    pub fn recorded_call(&self) -> Option<CallId> {
        match self {
            Self::RecordingStarted { call, .. }
            | Self::Recorded { call, .. }
            | Self::RecordingFailed { call, .. } => Some(*call),
            Self::Leased { .. }
            | Self::Latched { .. }
            | Self::Silent { .. }
            | Self::Heard { .. }
            | Self::Played { .. }
            | Self::Digit { .. }
            | Self::Collected { .. }
            | Self::Detected { .. }
            | Self::Speaker { .. }
            | Self::Quality { .. }
            | Self::Trouble { .. }
            | Self::TapEnded { .. }
            | Self::Closed { .. } => None,
        }
    }

    /// The recording that it is about.
    #[must_use]
    pub fn recording(&self) -> Option<RecordingId> {
        match self {
            Self::RecordingStarted { recording, .. }
            | Self::Recorded { recording, .. }
            | Self::RecordingFailed { recording, .. } => Some(*recording),
            Self::Leased { .. }
            | Self::Latched { .. }
            | Self::Silent { .. }
            | Self::Heard { .. }
            | Self::Played { .. }
            | Self::Digit { .. }
            | Self::Collected { .. }
            | Self::Detected { .. }
            | Self::Speaker { .. }
            | Self::Quality { .. }
            | Self::Trouble { .. }
            | Self::TapEnded { .. }
            | Self::Closed { .. } => None,
        }
    }

    /// The port that it is about; `None` for leases.
    #[must_use]
    pub fn port(&self) -> Option<PortId> {
        match self {
            Self::Leased { .. } => None,
            Self::Latched { port, .. }
            | Self::Silent { port, .. }
            | Self::Heard { port }
            | Self::Played { port, .. }
            | Self::Digit { port, .. }
            | Self::Collected { port, .. }
            | Self::Detected { port, .. }
            | Self::RecordingStarted { port, .. }
            | Self::Recorded { port, .. }
            | Self::RecordingFailed { port, .. }
            | Self::Speaker { port, .. }
            | Self::Quality { port, .. }
            | Self::Trouble { port, .. }
            | Self::TapEnded { port, .. }
            | Self::Closed { port, .. } => Some(*port),
        }
    }
}

/// How a playing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlayEnd {
    /// It came to its end.
    Finished,
    /// It was stopped or replaced, or the port was closed.
    Stopped,
    /// By a digit of the far end.
    Digit(char),
    /// A prompt does not exist in any of the languages, and was left out; the rest was played.
    Missing(PromptName),
}
