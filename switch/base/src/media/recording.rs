//! What is recorded, and the file that comes of it.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::mail::MailSlip;
use crate::{CallId, PortId, RecordingId, RoomId, TenantId, Wall};

/// A recording to be made. One of the name of a running recording changes whom that one listens to, and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorder {
    /// Which.
    pub id: RecordingId,
    /// Whose.
    pub tenant: TenantId,
    /// Of which call.
    pub call: CallId,
    /// When it begins.
    pub at: Wall,
    /// The policy that asked for it.
    pub policy: Arc<str>,
    /// Who is recorded, at most `limits::RECORDING_EARS`; with [`Channels::Stereo`] the first is left, all others right.
    pub of: SmallVec<[Ear; 2]>,
    /// One channel or two.
    pub channels: Channels,
    /// The file's kind.
    pub format: RecordingFormat,
    /// What happens when the disk takes no more.
    pub when_full: WhenFull,
    /// Whether it is encrypted on disk.
    pub encrypted: bool,
    /// How much audio it holds at most; then it is closed.
    pub at_most: Duration,
    /// For how many days the file is kept; 0 for good.
    pub keep_days: u16,
    /// For which mailbox it is; `None` where a call is recorded.
    pub mail: Option<Box<MailSlip>>,
}

/// Whom a recording or a tap listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ear {
    /// What the far end of a port says.
    From(PortId),
    /// What the far end of a port hears.
    To(PortId),
    /// All that is said in a room.
    Room(RoomId),
}

/// Channels of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channels {
    /// The customer left, the agent right.
    #[default]
    Stereo,
    /// All in one.
    Mono,
}

/// Kinds of file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingFormat {
    /// 16 bit PCM in a WAV file.
    #[default]
    Wav,
    /// Opus in an Ogg file, some twentieth of the size.
    Opus,
}

/// What a recording does when the disk takes no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenFull {
    /// The call goes on unrecorded; an alert says so.
    #[default]
    GoOn,
    /// The call is ended: what must be recorded and cannot be does not happen.
    EndCall,
}

/// What is done with a running recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingAct {
    /// Nothing is written until `Resume`; the gap is marked.
    Pause,
    /// On again.
    Resume,
    /// The file is closed.
    Stop,
}

/// A finished file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingFile {
    /// Its path below the folder of recordings, `/` between the parts.
    pub path: String,
    /// Its size on disk.
    pub octets: u64,
    /// SHA-256 of the file as it stands on disk, in hexadecimal.
    pub sha256: String,
    /// Length of the audio in it, pauses left out.
    pub audio_ms: u64,
    /// When the first sample was taken.
    pub started_at: Wall,
    /// When it was closed.
    pub ended_at: Wall,
    /// What is left out, in order.
    pub gaps: Vec<Gap>,
    /// Its kind.
    pub format: RecordingFormat,
    /// How many channels it has.
    pub channels: u8,
    /// Whether it is encrypted on disk.
    pub encrypted: bool,
}

/// A stretch of time that was not recorded: a pause, or what the disk was too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Where in the audio of the file it lies.
    pub at_ms: u64,
    /// How long it lasted.
    pub ms: u64,
}

/// Why a recording came to nothing, or to an early end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingFault {
    /// The disk, or the budget that recordings have of it, is full.
    DiskFull,
    /// The file system refused.
    Disk,
    /// The disk is too slow: more waits to be written than may wait. The recording goes on; what is lost is a gap.
    TooSlow,
    /// No key to encrypt with.
    NoKey,
    /// Nobody to record: the port is closed or of another worker.
    NoSource,
    /// As many recordings run as may.
    TooMany,
}
