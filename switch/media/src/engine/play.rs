//! What plays to far ends: prompts, tones, music.

use std::sync::Arc;

use base::Mono;
use base::media::{Play, PlayId};

use super::Engine;
use super::tick::Beat;
use crate::audio::Audio;
use crate::frame::Frame;

/// Whether a far end hears its sources beside what plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sources {
    Heard,
    Covered,
}

impl Engine {
    /// Begins a playing. What it adds to [`Audio`] makes [`Audio::is_wanted_out`] true; then `reconsider`.
    pub(super) fn play(&mut self, _now: Mono, _slot: u32, _play: Arc<Play>) {}

    /// Ends a playing, or all.
    pub(super) fn stop_play(&mut self, _now: Mono, _slot: u32, _play: Option<PlayId>) {}
}

/// Adds what plays to a far end in this beat to `out`, which is silent before.
pub(super) fn sound(_beat: &mut Beat<'_>, _audio: &mut Audio, _out: &mut Frame) -> Sources {
    Sources::Heard
}
