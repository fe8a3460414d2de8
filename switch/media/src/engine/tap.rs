//! Taps: a leg's audio out, and other audio in.

use base::Mono;
use base::media::{Tap, TapId};

use super::Beat;
use super::Engine;
use crate::audio::Audio;
use crate::frame::Frame;

impl Engine {
    /// Sets a tap. It says whom it listens to by [`Engine::attach`].
    pub(super) fn tap(&mut self, _now: Mono, _tap: Tap) {}

    /// Ends one.
    pub(super) fn untap(&mut self, _now: Mono, _slot: u32, _tap: TapId) {}

    /// The port closes: what hangs on it ends.
    pub(super) fn end_taps(&mut self, _now: Mono, _slot: u32) {}

    /// After all ports have said and heard what they do in this beat: [`overhear`](super::ears::overhear) gives it.
    pub(super) fn tap_beat(&mut self, _now: Mono) {}
}

/// Adds what comes in by taps to what the far end hears in this beat.
pub(super) fn tapped_in(_beat: &mut Beat<'_>, _audio: &mut Audio, _out: &mut Frame) {}
