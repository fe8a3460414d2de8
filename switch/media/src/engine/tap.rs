//! Taps: a leg's audio out, and other audio in.

use base::limits::TAPS;
use base::media::{Ear, MediaEvent, Tap, TapId};
use base::{Mono, ShardId};

use super::Engine;
use super::ears::overhear;
use crate::audio::Audio;
use crate::frame::Frame;
use crate::tap::{Inlet, Outlet, Tapped, rate_of};

/// A tap that is set.
#[derive(Debug)]
pub(super) struct Set {
    tap: Tap,
    shard: ShardId,
    outlet: Outlet,
}

impl Engine {
    /// The next thing that comes out of a tap.
    pub fn poll_tapped(&mut self) -> Option<(TapId, Tapped)> {
        self.tapped.pop_front()
    }

    /// Audio for the far end of a tap's port, at the tap's rate. Nothing happens to an unknown one.
    pub fn speak_into(&mut self, tap: TapId, audio: &[i16]) {
        if let Some(inlet) = self.inlet(tap) {
            inlet.add(audio);
        }
    }

    /// What was said into a tap and is not played yet is not to be played.
    pub fn hush(&mut self, tap: TapId) {
        self.inlet(tap).into_iter().for_each(Inlet::clear);
    }

    /// Ends a tap whose other end is gone.
    pub fn drop_tap(&mut self, now: Mono, tap: TapId) {
        self.end_taps_where(now, |set| set.tap.id == tap);
    }

    /// Sets a tap; it is over at once where there is nobody to listen to, or as many are set as may.
    pub(super) fn tap(&mut self, now: Mono, tap: Tap) {
        let Some(shard) = self.port(tap.port.slot).map(|port| port.shard) else { return };
        let is_known = self.taps.iter().any(|set| set.tap.id == tap.id || set.tap.port == tap.port);
        let rate = rate_of(tap.hz).filter(|_| self.taps.len() < TAPS && !is_known && self.is_there(tap.ear));
        let Some(rate) = rate else { return self.tap_is_over(shard, tap) };
        self.taps.push(Set { tap, shard, outlet: Outlet::new(rate) });
        if let Some(audio) = self.audio_mut(tap.port.slot) {
            audio.inlet = Some(Box::new(Inlet::new(rate)));
        }
        self.attach(now, tap.ear);
        self.reconsider(now, tap.port.slot);
    }

    /// Ends one.
    pub(super) fn untap(&mut self, now: Mono, slot: u32, tap: TapId) {
        self.end_taps_where(now, |set| set.tap.id == tap && set.tap.port.slot == slot);
    }

    /// The port closes: what hangs on it ends, and what listens to it.
    pub(super) fn end_taps(&mut self, now: Mono, slot: u32) {
        self.end_taps_where(now, |set| {
            let heard = match set.tap.ear {
                Ear::From(port) | Ear::To(port) => port.slot == slot,
                Ear::Room(_) => false,
            };
            heard || set.tap.port.slot == slot
        });
    }

    /// After all ports have said and heard what they do in this beat.
    pub(super) fn tap_beat(&mut self, _now: Mono) {
        let Self { taps, tapped, slots, rooms, .. } = self;
        for Set { tap, outlet, .. } in taps {
            let block = outlet.take(overhear(slots, rooms, tap.ear));
            tapped.extend(block.map(|block| (tap.id, Tapped::Audio(block))));
        }
    }

    fn end_taps_where(&mut self, now: Mono, ends: impl Fn(&Set) -> bool) {
        while let Some(index) = self.taps.iter().position(&ends) {
            let Set { tap, shard, .. } = self.taps.swap_remove(index);
            self.detach(now, tap.ear);
            if let Some(audio) = self.port_mut(tap.port.slot).and_then(|port| port.audio.as_deref_mut()) {
                audio.inlet = None;
            }
            self.reconsider(now, tap.port.slot);
            self.tap_is_over(shard, tap);
        }
    }

    fn tap_is_over(&mut self, shard: ShardId, tap: Tap) {
        self.tapped.push_back((tap.id, Tapped::Over));
        self.events.push_back((shard, MediaEvent::TapEnded { port: tap.port, tap: tap.id }));
    }

    fn inlet(&mut self, tap: TapId) -> Option<&mut Inlet> {
        let slot = self.taps.iter().find(|set| set.tap.id == tap)?.tap.port.slot;
        self.port_mut(slot)?.audio.as_deref_mut()?.inlet.as_deref_mut()
    }
}

/// Adds what comes in by a tap to what the far end hears in this beat.
pub(super) fn tapped_in(audio: &mut Audio, out: &mut Frame) {
    if let Some(inlet) = &mut audio.inlet {
        inlet.sound(out);
    }
}
