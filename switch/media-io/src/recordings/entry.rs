//! What is known of a recording beside its audio, kept in a file beside it until it is in the database.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base::mail::MailSlip;
use base::media::{Recorder, RecordingFile};
use base::{CallId, RecordingId, TenantId};
use media::record::Opening;
use serde::{Deserialize, Serialize};

use super::archive::{Shared, Shelving};
use super::name;

/// A recording for the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Which.
    pub recording: RecordingId,
    /// Of which call.
    pub call: CallId,
    /// Whose.
    pub tenant: TenantId,
    /// The policy that asked for it.
    pub policy: String,
    /// For how many days it is kept; 0 for good.
    pub keep_days: u16,
    /// The process that wrote it ended before it was closed: its last second is missing.
    pub cut: bool,
    /// The file.
    pub file: RecordingFile,
    /// For which mailbox it is; `None` where a call was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSlip>,
    /// An earlier process wrote it: nobody says anything of it any more.
    #[serde(skip)]
    pub left_behind: bool,
    /// Samples a second.
    pub(crate) hz: u32,
    /// Which process writes it; `None` once it is closed.
    pub(crate) writer: Option<u64>,
}

impl Entry {
    pub(crate) fn of(opening: &Opening, writer: u64) -> Self {
        let recorder: &Recorder = &opening.recorder;
        Self {
            recording: recorder.id,
            call: recorder.call,
            tenant: recorder.tenant,
            policy: recorder.policy.to_string(),
            keep_days: recorder.keep_days,
            cut: false,
            file: RecordingFile {
                path: name::path_of(recorder),
                octets: 0,
                sha256: String::new(),
                audio_ms: 0,
                started_at: recorder.at,
                ended_at: recorder.at,
                gaps: Vec::new(),
                format: recorder.format,
                channels: opening.channels,
                encrypted: recorder.encrypted,
            },
            mail: recorder.mail.as_deref().cloned(),
            left_behind: false,
            hz: opening.rate.hz(),
            writer: Some(writer),
        }
    }

    /// Among what it is kept.
    #[must_use]
    pub fn shelving(&self) -> Shelving {
        if self.mail.is_some() { Shelving::Mail } else { Shelving::Call }
    }

    /// Writes it beside its audio; what was there before is replaced in one step.
    pub(crate) fn save(&self, shared: &Shared) -> io::Result<()> {
        let path = beside(shared.root(self.shelving()), &self.file.path);
        let draft = path.with_extension("draft");
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&text)?;
        if self.writer.is_none() {
            file.sync_all()?;
        }
        fs::rename(&draft, &path)
    }

    pub(crate) fn load(path: &Path) -> io::Result<Self> {
        serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
    }
}

/// The file beside the audio at `path` below `folder`.
pub(crate) fn beside(folder: &Path, path: &str) -> PathBuf {
    folder.join(format!("{path}.{}", name::ENTRY))
}
