//! What a shard asks of a media worker.

use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::{Collect, Gain, Heard, Listen, Play, PlayId, Recorder, RecordingAct, Remote, Tap, TapId};
use crate::{PortId, RecordingId, RoomId, ShardId};

/// What a shard asks. Commands of one port arrive in order.
#[derive(Clone, Debug, PartialEq)]
pub enum MediaCommand {
    /// Asks for `count` more leases from `worker`; answered by `Leased`, with fewer when the range is used up.
    Lease {
        /// Who asks.
        shard: ShardId,
        /// Which worker.
        worker: u8,
        /// How many.
        count: usize,
    },
    /// Takes a leased port into use. Until then its packets are dropped uncounted.
    Open {
        /// The port.
        port: PortId,
    },
    /// The far end's side of the latest negotiation; a changed address opens a new latching window.
    Remote {
        /// The port.
        port: PortId,
        /// The agreed remote side.
        remote: Remote,
    },
    /// Whom the far end of `port` hears: everyone who speaks in a room, itself left out, and ports one by one, itself for
    /// an echo. Rooms and ports are heard while they are at the same worker, whatever came first. One who is in both is heard with the gain of the list. None of either is silence.
    /// The wanted result; it replaces what was before.
    Hear {
        /// The listener.
        port: PortId,
        /// The room.
        room: Option<RoomId>,
        /// The heard.
        sources: SmallVec<[Heard; 2]>,
    },
    /// Where the far end of `port` is heard by everybody: a room of the worker where the port is, `None` for nowhere (muted, or not
    /// in a room). A room begins with the first port that speaks or listens in it and ends with the last.
    Speak {
        /// Who.
        port: PortId,
        /// Where.
        room: Option<RoomId>,
        /// How loud.
        gain: Gain,
    },
    /// Plays to the far end; answered by `Played`. At most `limits::PLAYS` at a time on a port.
    Play {
        /// To whom.
        port: PortId,
        /// What.
        play: Arc<Play>,
    },
    /// Ends a playing.
    StopPlay {
        /// Where.
        port: PortId,
        /// Which; `None` for all.
        play: Option<PlayId>,
    },
    /// Collects digits of the far end; answered by `Collected`.
    Collect {
        /// Of whom.
        port: PortId,
        /// How.
        collect: Box<Collect>,
    },
    /// Ends a collecting.
    StopCollect {
        /// Where.
        port: PortId,
    },
    /// Sends digits to the far end, as events where it takes them, else as tones.
    SendDigits {
        /// To whom.
        port: PortId,
        /// `0`…`9`, `*`, `#`, `A`…`D`, `,` for a pause of a second; at most `limits::COLLECTED_DIGITS`.
        digits: Box<str>,
        /// How long each.
        each: Duration,
    },
    /// A digit of the far end that came by signalling counts as if it had come in its audio.
    DigitCame {
        /// Whose.
        port: PortId,
        /// Which.
        digit: char,
        /// How long.
        lasted: Duration,
    },
    /// Whether digits of the far end are told only, and pass to nobody: whoever asks for that sends on what others are to
    /// get.
    HoldDigits {
        /// Whose.
        port: PortId,
        /// From now on.
        held: bool,
    },
    /// What to listen for in the far end's audio; it replaces what was before.
    Listen {
        /// Whose.
        port: PortId,
        /// For what.
        listen: Listen,
    },
    /// Starts a recording; answered by `Recorded` or `RecordingFailed`.
    Record {
        /// The port that it hangs on: it ends with it at the latest.
        port: PortId,
        /// What and how.
        recorder: Box<Recorder>,
    },
    /// Pauses, resumes or stops a recording.
    Recording {
        /// The port that it hangs on.
        port: PortId,
        /// Which.
        recording: RecordingId,
        /// What to do.
        act: RecordingAct,
    },
    /// Sets a tap; it ends with `Untap`, with its port, or when its other end goes.
    Tap(Tap),
    /// Ends a tap.
    Untap {
        /// The port that it hangs on.
        port: PortId,
        /// Which.
        tap: TapId,
    },
    /// The far end's standing is `Settled` from now on.
    Settle {
        /// The port.
        port: PortId,
    },
    /// Takes an open port to another worker, with all that it is, plays, collects and records; `port` stays its name.
    /// Commands that follow reach it there. Its recordings and taps go with it and hear what is at that worker. It stays
    /// where it is when there is no such worker.
    Move {
        /// The port.
        port: PortId,
        /// Where to.
        to: u8,
    },
    /// Ends the use of a port; answered by `Closed`, and the port may be leased again.
    Close {
        /// The port.
        port: PortId,
    },
}

impl MediaCommand {
    /// The worker it is for: the one that leased the port, which knows where it is.
    #[must_use]
    pub fn worker(&self) -> u8 {
        if let Self::Lease { worker, .. } = self {
            *worker
        } else {
            self.port().map_or(0, |port| port.worker)
        }
    }

    /// The port it is about; `None` for `Lease`.
    #[must_use]
    pub fn port(&self) -> Option<PortId> {
        match self {
            Self::Lease { .. } => None,
            Self::Tap(tap) => Some(tap.port),
            Self::Open { port }
            | Self::Remote { port, .. }
            | Self::Hear { port, .. }
            | Self::Speak { port, .. }
            | Self::Play { port, .. }
            | Self::StopPlay { port, .. }
            | Self::Collect { port, .. }
            | Self::StopCollect { port }
            | Self::SendDigits { port, .. }
            | Self::DigitCame { port, .. }
            | Self::HoldDigits { port, .. }
            | Self::Listen { port, .. }
            | Self::Record { port, .. }
            | Self::Recording { port, .. }
            | Self::Untap { port, .. }
            | Self::Settle { port }
            | Self::Move { port, .. }
            | Self::Close { port } => Some(*port),
        }
    }
}
