//! Two halves of a message: its file, which a writing thread closes, and what its call wants of it. Either may be first.

use std::collections::HashMap;

use base::RecordingId;
use base::limits::RECORDING_ENTRIES;
use media_io::recordings::Entry;

/// What a call wants of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Keep { urgent: bool, silent_ms: u32 },
    Drop,
}

/// Halves that wait for the other.
#[derive(Debug, Default)]
pub(super) struct Halves {
    closed: HashMap<RecordingId, Entry>,
    fates: HashMap<RecordingId, Fate>,
}

impl Halves {
    /// A file is closed. What an earlier process left behind is kept: nobody will say anything of it any more.
    pub(super) fn closed(&mut self, entry: Entry) -> Option<(Entry, Fate)> {
        if entry.left_behind {
            return Some((entry, Fate::Keep { urgent: false, silent_ms: 0 }));
        }
        match self.fates.remove(&entry.recording) {
            Some(fate) => Some((entry, fate)),
            None => {
                if self.closed.len() >= RECORDING_ENTRIES {
                    tracing::warn!(recording = %entry.recording, "a message waits for the next start");
                } else {
                    self.closed.insert(entry.recording, entry);
                }
                None
            }
        }
    }

    /// A call has said what it wants.
    pub(super) fn decided(&mut self, recording: RecordingId, fate: Fate) -> Option<(Entry, Fate)> {
        match self.closed.remove(&recording) {
            Some(entry) => Some((entry, fate)),
            None => {
                if self.fates.len() >= RECORDING_ENTRIES {
                    tracing::warn!(%recording, "what is wanted of a message is forgotten; it is kept");
                } else {
                    self.fates.insert(recording, fate);
                }
                None
            }
        }
    }
}
