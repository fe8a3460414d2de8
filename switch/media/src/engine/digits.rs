//! Digits of far ends, and what is listened for in their audio.

use std::time::Duration;

use base::Mono;
use base::media::{Collect, Listen, Payload};

use super::Beat;
use super::Engine;
use crate::audio::Audio;
use crate::rtp::Header;

impl Engine {
    /// Begins a collecting.
    pub(super) fn collect(&mut self, _now: Mono, _slot: u32, _collect: Collect) {}

    /// Ends it.
    pub(super) fn stop_collect(&mut self, _now: Mono, _slot: u32) {}

    /// Sends digits to the far end.
    pub(super) fn send_digits(&mut self, _now: Mono, _slot: u32, _digits: &str, _each: Duration) {}

    /// A digit came by signalling.
    pub(super) fn digit_came(&mut self, _now: Mono, _slot: u32, _digit: char, _lasted: Duration) {}

    /// Listens in the far end's audio; what asks for audio makes [`Audio::is_wanted_in`] true; then `reconsider`.
    pub(super) fn listen(&mut self, _now: Mono, _slot: u32, _listen: Listen) {}

    /// A packet of the far end was accepted, of any payload type.
    pub(super) fn digits_arrive(
        &mut self,
        _now: Mono,
        _slot: u32,
        _header: &Header,
        _payload: &Payload,
        _packet: &[u8],
    ) {
    }
}

/// Listens to what a far end said in this beat: `audio.said`.
pub(super) fn listen(_beat: &mut Beat<'_>, _audio: &mut Audio) {}

/// Lets what is sent as digits take the place of what the far end hears in this beat: `audio.heard`.
pub(super) fn press(_beat: &mut Beat<'_>, _audio: &mut Audio) {}
