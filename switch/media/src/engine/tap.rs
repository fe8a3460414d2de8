//! Taps: a leg's audio out, and other audio in.

use base::limits::TAPS;
use base::media::{Ear, MediaEvent, Tap, TapId};
use base::{Mono, PortId, ShardId};

use super::Engine;
use super::ears::overhear;
use crate::audio::Audio;
use crate::frame::Frame;
use crate::tap::{Inlet, Outlet, Tapped, rate_of};

/// A tap that is set.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) tap: Tap,
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
        let Some(slot) = self.places.slot(tap.port) else { return };
        let Some(shard) = self.port(slot).map(|port| port.shard) else { return };
        let is_known = self.taps.iter().any(|set| set.tap.id == tap.id || set.tap.port == tap.port);
        let rate = rate_of(tap.hz).filter(|_| self.taps.len() < TAPS && !is_known && self.is_there(tap.ear));
        let Some(rate) = rate else { return self.tap_is_over(shard, tap) };
        self.taps.push(Set { tap, shard, outlet: Outlet::new(rate) });
        if let Some(audio) = self.audio_mut(slot) {
            audio.inlet = Some(Box::new(Inlet::new(rate)));
        }
        self.attach(now, tap.ear);
        self.reconsider(now, slot);
    }

    /// Ends one.
    pub(super) fn untap(&mut self, now: Mono, slot: u32, tap: TapId) {
        let port = self.id(slot);
        self.end_taps_where(now, |set| set.tap.id == tap && set.tap.port == port);
    }

    /// The port closes: what hangs on it ends, and what listens to it.
    pub(super) fn end_taps(&mut self, now: Mono, closed: PortId) {
        self.end_taps_where(now, |set| {
            let heard = match set.tap.ear {
                Ear::From(port) | Ear::To(port) => port == closed,
                Ear::Room(_) => false,
            };
            heard || set.tap.port == closed
        });
    }

    /// After all ports have said and heard what they do in this beat.
    pub(super) fn tap_beat(&mut self, _now: Mono) {
        let Self { taps, tapped, places, slots, rooms, .. } = self;
        for Set { tap, outlet, .. } in taps {
            let block = outlet.take(overhear(places, slots, rooms, tap.ear));
            tapped.extend(block.map(|block| (tap.id, Tapped::Audio(block))));
        }
    }

    fn end_taps_where(&mut self, now: Mono, ends: impl Fn(&Set) -> bool) {
        while let Some(index) = self.taps.iter().position(&ends) {
            let Set { tap, shard, .. } = self.taps.swap_remove(index);
            self.detach(now, tap.ear);
            if let Some(slot) = self.places.slot(tap.port) {
                if let Some(audio) = self.port_mut(slot).and_then(|port| port.audio.as_deref_mut()) {
                    audio.inlet = None;
                }
                self.reconsider(now, slot);
            }
            self.tap_is_over(shard, tap);
        }
    }

    fn tap_is_over(&mut self, shard: ShardId, tap: Tap) {
        self.tapped.push_back((tap.id, Tapped::Over));
        self.events.push_back((shard, MediaEvent::TapEnded { port: tap.port, tap: tap.id }));
    }

    fn inlet(&mut self, tap: TapId) -> Option<&mut Inlet> {
        let port = self.taps.iter().find(|set| set.tap.id == tap)?.tap.port;
        self.port_mut(self.places.slot(port)?)?.audio.as_deref_mut()?.inlet.as_deref_mut()
    }
}

/// Adds what comes in by a tap to what the far end hears in this beat.
pub(super) fn tapped_in(audio: &mut Audio, out: &mut Frame) {
    if let Some(inlet) = &mut audio.inlet {
        inlet.sound(out);
    }
}
