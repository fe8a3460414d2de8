//! What far ends say: from their packets to a frame in each beat.

use std::collections::BTreeMap;

use base::media::{Codec, Payload};
use base::{Mono, RoomId};

use super::beat::Bench;
use super::{Engine, digits};
use crate::audio::Audio;
use crate::frame::Rate;
use crate::receive::{Pulled, Receiver};
use crate::room::Room;
use crate::rtp::{self, Header};
use crate::speech::best_rate;

/// The rate for those who only overhear: recordings, taps.
const EAR: Rate = Rate::Hz16000;
/// Mean square, full scale being 1, below which nobody hears anything: −70 dBov.
const NO_SOUND: f32 = 1e-7;

impl Engine {
    /// A packet whose audio may be wanted.
    pub(super) fn take_in(
        &mut self,
        now: Mono,
        slot: u32,
        header: &Header,
        payload: &Payload,
        packet: &[u8],
    ) {
        let Some(port) = self.port_mut(slot) else { return };
        let (heard, wanted) = (port.may_be_heard(), port.hearing.wanted > 0);
        let Some(audio) = port.audio.as_deref_mut() else { return };
        if !heard || !(wanted || audio.is_wanted_in()) {
            return;
        }
        let Some(content) = rtp::payload(packet) else { return };
        let rate = audio.wanted_rate;
        let receiver = audio.receiver.get_or_insert_with(|| {
            audio.said.reset(rate);
            Box::new(Receiver::new(rate))
        });
        receiver.take(now, header, payload.codec, content);
    }

    /// What the far end said.
    pub(super) fn listen_to(
        &mut self,
        now: Mono,
        slot: u32,
        rooms: &BTreeMap<RoomId, Room>,
        bench: &mut Bench,
    ) {
        let wanted = self.wanted_rate(slot, rooms);
        let mute = self.mute_of(slot);
        let Some(mut audio) = self.port_mut(slot).and_then(|port| port.audio.take()) else { return };
        (audio.part, audio.served) = (None, false);
        audio.follow(wanted);
        audio.pull(now);
        self.weigh(now, slot, &audio);
        if let Some(mut beat) = self.turn(slot) {
            let keys = digits::listen(&mut beat, &mut audio, mute);
            bench.keys.extend(keys.into_iter().map(|key| (slot, key)));
        }
        self.give_back(slot, audio);
    }

    /// Whether there is a sound in what needs decoding to tell; now and then is enough.
    fn weigh(&mut self, now: Mono, slot: u32, audio: &Audio) {
        if !(now.0 / 10_000).is_multiple_of(16) || audio.kind != Pulled::Speech {
            return;
        }
        let Some(port) = self.port_mut(slot) else { return };
        if matches!(port.spoken().map(|spoken| spoken.codec), Some(Codec::G722 | Codec::Opus)) {
            port.watch.sample(audio.power < NO_SOUND);
        }
    }

    /// The best rate that anybody has use for.
    fn wanted_rate(&self, slot: u32, rooms: &BTreeMap<RoomId, Room>) -> Rate {
        let Some((entry, port)) = self.slots.get(slot as usize).and_then(|e| Some((e, e.port.as_deref()?)))
        else {
            return Rate::default();
        };
        let best = best_rate(port.spoken());
        let ears = if port.hearing.ears > 0 { EAR } else { Rate::default() };
        let room = port.hearing.speaks.and_then(|(id, _)| rooms.get(&id)).filter(|room| room.wanted > 0);
        let listeners = entry.heard_by.iter().filter_map(|listener| {
            let holds = self.port(*listener).is_some_and(|port| port.hearing.holds);
            holds.then(|| self.hearing_rate(*listener, rooms))
        });
        let wanted = listeners.chain(room.map(|room| room.rate)).fold(ears, Rate::max);
        wanted.min(best)
    }
}
