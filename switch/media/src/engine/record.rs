//! Recordings.

use base::media::{Recorder, RecordingAct};
use base::{Mono, RecordingId};

use super::Engine;

impl Engine {
    /// Begins a recording that hangs on `slot`. It says whom it listens to by [`Engine::attach`].
    pub(super) fn record(&mut self, _now: Mono, _slot: u32, _recorder: Recorder) {}

    /// Pauses, resumes or stops one.
    pub(super) fn act_on_recording(
        &mut self,
        _now: Mono,
        _slot: u32,
        _recording: RecordingId,
        _act: RecordingAct,
    ) {
    }

    /// The port closes: what hangs on it ends.
    pub(super) fn end_recordings(&mut self, _now: Mono, _slot: u32) {}

    /// After all ports have said and heard what they do in this beat: see [`Engine::overhear`].
    pub(super) fn record_beat(&mut self, _now: Mono) {}
}
