//! From packets that pass as they are to audio that is worked on, and back, without a gap or a repetition.
//!
//! ```text
//!   passed  │1│2│3│          into work: packets from 4 on go through the jitter buffer; nothing is sent until 4 comes
//!   worked        │4│5│6│    out of it, and then with the numbers and timestamps that follow 3
//!   passed              │7│  out of work: what waits in the buffer (6) is sent at once, and 7 follows it
//! ```

use base::Mono;

use super::Engine;
use super::beat::Bench;
use super::tick::BEAT;
use crate::audio::{Audio, Hold, QUIET};
use crate::hearing::{Crowd, Way};
use crate::port::Port;
use crate::receive::Pulled;

/// Beats for which what is heard next is waited for.
const PATIENCE: u8 = 12;
/// Beats for which a quiet moment is waited for.
const PATIENT: u16 = 300;
/// Beats that may come out of a jitter buffer at once.
const DRAINED: u32 = 25;

impl Engine {
    /// The way of `slot` has changed.
    pub(super) fn change_way(&mut self, slot: u32, before: Way, way: Way) {
        match (before, way) {
            (Way::Relay(source), Way::Work) => self.begin_work(slot, source),
            (Way::Work, Way::Relay(source)) => self.seams.push((slot, source)),
            (Way::Nothing, Way::Relay(_) | Way::Work) => {
                if let Some(port) = self.port_mut(slot) {
                    port.out.begin();
                }
            }
            (Way::Relay(_), Way::Relay(_) | Way::Nothing)
            | (Way::Work, Way::Work | Way::Nothing)
            | (Way::Nothing, Way::Nothing) => {}
        }
    }

    fn begin_work(&mut self, slot: u32, source: u32) {
        let receiver = self.port(source).and_then(|port| port.audio.as_ref()?.receiver.as_ref());
        let running = receiver.map(|receiver| receiver.figures().delay_ms);
        // One that runs already is behind what was passed on by its delay.
        let beats = running.map_or(PATIENCE, |delay_ms| (delay_ms / 10).min(PATIENCE.into()) as u8);
        let hold = Hold { source, beats, until_speech: running.is_none() };
        if let Some(audio) = self.audio_mut(slot)
            && !audio.is_wanted_out()
        {
            audio.hold = Some(hold);
        }
        if let Some(port) = self.port_mut(slot) {
            port.out.begin();
        }
    }

    /// The way that `slot` should have, unless it is better to wait with that: what is on its way through the jitter buffer
    /// of somebody who is recorded stays there, so who hears that one goes back to its packets in a quiet moment.
    pub(super) fn way_for_now(&mut self, slot: u32) -> Way {
        let way = self.way_of(slot);
        let Way::Relay(source) = way else { return self.end_waiting(slot, way) };
        let others = |port: &Port| {
            let audio = port.audio.as_deref().filter(|audio| audio.receiver.is_some());
            audio.is_some_and(|audio| port.hearing.ears > 0 || audio.is_wanted_in())
        };
        let works = self.port(slot).is_some_and(|port| port.hearing.way == Way::Work);
        if !works || source == slot || !self.port(source).is_some_and(others) {
            return self.end_waiting(slot, way);
        }
        let quiet = self.is_quiet(source);
        let Some(audio) = self.audio_mut(slot) else { return way };
        let left = audio.returns.unwrap_or(PATIENT);
        audio.returns = (left > 0 && !quiet).then_some(left);
        if audio.returns.is_some() { Way::Work } else { way }
    }

    fn end_waiting(&mut self, slot: u32, way: Way) -> Way {
        if let Some(audio) = self.port_mut(slot).and_then(|port| port.audio.as_deref_mut()) {
            audio.returns = None;
        }
        way
    }

    /// Whether the moment has come for one that waits to go back to relaying.
    pub(super) fn is_ready_to_return(&self, slot: u32, audio: &mut Audio) -> bool {
        let Some(left) = &mut audio.returns else { return false };
        *left = left.saturating_sub(1);
        let Some(port) = self.port(slot) else { return false };
        let Crowd::One(source, _) = self.crowd(slot, port) else { return true };
        *left == 0 || self.is_quiet(source)
    }

    fn is_quiet(&self, source: u32) -> bool {
        self.port(source).and_then(|port| port.audio.as_ref()).is_none_or(|audio| audio.power < QUIET)
    }

    /// Whether packets are still held back in this beat.
    pub(super) fn is_held(&self, audio: &mut Audio) -> bool {
        let Some(hold) = &mut audio.hold else { return false };
        let speaks = || {
            let source = self.port(hold.source).and_then(|port| port.audio.as_ref());
            source.is_some_and(|source| source.kind == Pulled::Speech)
        };
        let over = hold.beats == 0 || (hold.until_speech && speaks());
        hold.beats = hold.beats.saturating_sub(1);
        if over {
            audio.hold = None;
        }
        !over
    }

    /// Sends what still waits for those who get packets as they are from now on. Who is wanted by others too keeps what
    /// waits for them.
    pub(super) fn close_seams(&mut self, now: Mono) {
        while let Some((listener, source)) = self.seams.pop() {
            let goes_on = self.port(listener).is_some_and(|port| port.hearing.way == Way::Relay(source));
            let Some(mut bench) = self.bench.take() else { return };
            if let Some(mut audio) = self.port_mut(listener).and_then(|port| port.audio.take()) {
                let alone = self.port(source).is_some_and(|port| port.hearing.wanted == 0);
                if goes_on && alone && source != listener {
                    self.drain(now, listener, source, &mut audio, &mut bench);
                }
                if let Some(encoded) = audio.speech.flush(&mut bench.payload) {
                    self.send_encoded(now, listener, encoded, &bench.payload);
                }
                self.give_back(listener, audio);
            }
            self.bench = Some(bench);
        }
    }

    fn drain(&mut self, now: Mono, listener: u32, source: u32, audio: &mut Audio, bench: &mut Bench) {
        let begin = self.next_beat.unwrap_or(now);
        let rate = audio.heard.rate();
        for beat in 0..DRAINED {
            self.stamp += 1;
            let stamp = self.stamp;
            let Some(other) = self.port_mut(source).and_then(|port| port.audio.as_deref_mut()) else {
                return;
            };
            other.pull(begin + BEAT * beat);
            if other.kind != Pulled::Speech {
                return;
            }
            audio.heard.reset(rate);
            if let Some(said) = other.said_at(stamp, rate) {
                audio.heard.samples_mut().copy_from_slice(said.samples());
            }
            if let Some(encoded) = audio.speech.add(&audio.heard, &mut bench.payload) {
                self.send_encoded(now, listener, encoded, &bench.payload);
            }
        }
    }
}
