//! What plays to far ends: prompts, tones, music.

use std::sync::Arc;

use base::media::{MediaEvent, Over, Play, PlayEnd, PlayId};
use base::{Mono, limits};

use super::Beat;
use super::Engine;
use crate::audio::Audio;
use crate::frame::Frame;
use crate::play::{Clips, Player, Step};

/// Whether a far end hears its sources beside what plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sources {
    Heard,
    Covered,
}

/// All that plays on a port: at most `limits::PLAYS`, and those that fade out in the next beat.
#[derive(Debug, Default)]
pub(crate) struct Plays(Vec<Player>);

impl Plays {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn begin(&mut self, play: Arc<Play>) {
        self.stop(|playing| playing.id == play.id, &PlayEnd::Stopped);
        while self.0.iter().filter(|player| !player.is_stopping()).count() >= limits::PLAYS {
            let oldest = self.0.iter_mut().find(|player| !player.is_stopping());
            oldest.into_iter().for_each(|player| player.stop(PlayEnd::Stopped));
        }
        self.0.push(Player::new(play));
    }

    fn stop(&mut self, which: impl Fn(&Play) -> bool, end: &PlayEnd) {
        let running = self.0.iter_mut().filter(|player| !player.is_stopping());
        running.filter(|player| which(player.play())).for_each(|player| player.stop(end.clone()));
    }
}

impl Engine {
    /// With sounds to play. Without them every prompt and all music is missing.
    #[must_use]
    pub fn with_clips(mut self, clips: Arc<dyn Clips + Send + Sync>) -> Self {
        self.clips = clips;
        self
    }

    /// Begins a playing.
    pub(super) fn play(&mut self, now: Mono, slot: u32, play: Arc<Play>) {
        let Some(audio) = self.audio_mut(slot) else { return };
        audio.plays.begin(play);
        self.note_playing(now, slot);
        self.reconsider(now, slot);
        self.end_surplus(slot);
    }

    /// Ends a playing, or all: each fades out in the next beat.
    pub(super) fn stop_play(&mut self, _now: Mono, slot: u32, play: Option<PlayId>) {
        if let Some(audio) = self.port_mut(slot).and_then(|port| port.audio.as_deref_mut()) {
            audio.plays.stop(|playing| play.is_none_or(|play| playing.id == play), &PlayEnd::Stopped);
        }
    }

    /// Ends all at once, since there is no next beat.
    pub(super) fn end_plays(&mut self, slot: u32) {
        self.end_first(slot, usize::MAX);
    }

    /// Commands may come faster than beats: of those that fade out, the oldest end at once.
    fn end_surplus(&mut self, slot: u32) {
        let audio = self.port(slot).and_then(|port| port.audio.as_deref());
        let surplus = audio.map_or(0, |audio| audio.plays.0.len().saturating_sub(2 * limits::PLAYS));
        self.end_first(slot, surplus);
    }

    fn end_first(&mut self, slot: u32, count: usize) {
        let id = self.id(slot);
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.as_deref_mut()) else {
            return;
        };
        let Some(audio) = port.audio.as_deref_mut() else { return };
        let count = count.min(audio.plays.0.len());
        for player in audio.plays.0.drain(..count) {
            let play = player.play().id;
            let end = player.stopping().cloned().unwrap_or(PlayEnd::Stopped);
            self.events.push_back((port.shard, MediaEvent::Played { port: id, play, end }));
        }
    }
}

/// What a digit of the far end ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// What is to be ended by one.
    UntilDigit,
    /// All, since digits are collected that break in.
    All,
}

/// A digit of the far end ends what plays to it.
pub(super) fn interrupt(audio: &mut Audio, digit: char, ended: Ended) {
    audio.plays.stop(|play| play.until_digit || ended == Ended::All, &PlayEnd::Digit(digit));
}

/// Adds what plays to a far end in this beat to `out`, which is silent before.
pub(super) fn sound(beat: &mut Beat<'_>, audio: &mut Audio, out: &mut Frame) -> Sources {
    let mut sources = Sources::Heard;
    let mut part = Frame::silent(out.rate());
    audio.plays.0.retain_mut(|player| {
        let step = player.frame(beat.clips, &mut part);
        for (sum, sample) in out.samples_mut().iter_mut().zip(part.samples()) {
            *sum = sum.saturating_add(*sample);
        }
        if player.play().over == Over::Alone {
            sources = Sources::Covered;
        }
        let Step::Over(end) = step else { return true };
        beat.tell(MediaEvent::Played { port: beat.port, play: player.play().id, end });
        false
    });
    sources
}
