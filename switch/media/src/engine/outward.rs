//! What far ends hear: from sums to packets.

use std::collections::BTreeMap;

use base::media::Payload;
use base::{Mono, RoomId};

use super::beat::Bench;
use super::play::Sources;
use super::{Channel, Engine, digits, play, tap};
use crate::audio::Audio;
use crate::departures::Sending;
use crate::digits::{Audio as Taken, Turn};
use crate::frame::TICK_MS;
use crate::hearing::Way;
use crate::lull::Filling;
use crate::mix::{self, Factor, Ramp};
use crate::port::Port;
use crate::room::Room;
use crate::rtp;
use crate::speech::Encoded;

impl Engine {
    /// What the far end hears.
    pub(super) fn speak_to(
        &mut self,
        now: Mono,
        slot: u32,
        rooms: &BTreeMap<RoomId, Room>,
        bench: &mut Bench,
    ) {
        let Some(port) = self.port_mut(slot) else { return };
        let (works, overheard) = (port.hearing.way == Way::Work, port.hearing.overheard > 0);
        // What plays goes on, and ends, also while nothing can be sent.
        let had_own = port.audio.as_ref().is_some_and(|audio| audio.is_wanted_out());
        if !works && !overheard && !had_own {
            return;
        }
        let Some(mut audio) = port.audio.take_if(|audio| !audio.served) else { return };
        port.sounds = had_own;
        let rate = self.hearing_rate(slot, rooms);
        if audio.heard.rate() != rate {
            audio.heard.reset(rate);
        }
        self.mix_for(slot, &mut audio, rooms, bench);
        if works {
            self.send_speech(now, slot, &mut audio, bench);
        } else {
            self.send_digits_alone(now, slot, &mut audio);
        }
        if (had_own && !audio.is_wanted_out()) || self.is_ready_to_return(slot, &mut audio) {
            bench.changed.push(slot);
        }
        if let Some(port) = self.port_mut(slot) {
            port.sounds = audio.is_wanted_out();
        }
        self.give_back(slot, audio);
    }

    /// The audio of a port, which was taken to work on it.
    pub(super) fn give_back(&mut self, slot: u32, audio: Box<Audio>) {
        if let Some(port) = self.port_mut(slot) {
            port.audio = Some(audio);
        }
    }

    fn mix_for(&mut self, slot: u32, audio: &mut Audio, rooms: &BTreeMap<RoomId, Room>, bench: &mut Bench) {
        let Bench { sum, played, .. } = bench;
        let Some(sum) = sum.get_mut(..audio.heard.rate().frame()) else { return };
        sum.fill(0);
        let own = audio.is_wanted_out();
        let mut sources = Factor::ONE;
        if own && let Some(mut beat) = self.turn(slot) {
            played.reset(audio.heard.rate());
            if play::sound(&mut beat, audio, played) == Sources::Covered {
                sources = Factor::ZERO;
            }
            tap::tapped_in(audio, played);
        }
        audio.sources = audio.sources.towards(sources);
        if !audio.sources.is_silent() {
            self.mix_sources(slot, audio, rooms, sum);
            if audio.sources != Ramp::ONE {
                mix::scale(sum, audio.sources);
            }
        }
        if own {
            mix::add(sum, played.samples(), Ramp::ONE);
        }
        audio.limiter.limit(sum, audio.heard.samples_mut());
    }

    /// Packs what the far end of `slot` hears in this beat, and sends what is full.
    fn send_speech(&mut self, now: Mono, slot: u32, audio: &mut Audio, bench: &mut Bench) {
        let held = self.is_held(audio);
        let Some(port) = self.port(slot) else { return };
        let turn = if held { Turn::NONE } else { digits::press(port, audio) };
        let Some(payload) = port.speech().filter(|_| port.may_hear() && !held) else {
            return audio.speech.clear();
        };
        audio.speech.tune(payload, port.wishes(), audio.heard.rate());
        if turn.audio == Taken::Withheld
            && let Some(encoded) = audio.speech.flush(&mut bench.payload)
        {
            self.send_encoded(now, slot, encoded, &bench.payload);
        }
        if let Some(packet) = turn.packet {
            self.send_event(now, slot, audio, packet);
        }
        if turn.audio == Taken::Withheld {
            let ticks = rtp::ticks(payload.clock_hz, TICK_MS as u32);
            return self.port_mut(slot).into_iter().for_each(|port| port.out.pause(ticks));
        }
        if let Some(noise) = self.port(slot).and_then(Port::noise) {
            let filling = audio.lull.note(&audio.heard);
            if filling != Filling::Audio {
                return self.send_noise(now, slot, audio, noise, filling, bench);
            }
        }
        if let Some(encoded) = audio.speech.add(&audio.heard, &mut bench.payload) {
            self.send_encoded(now, slot, encoded, &bench.payload);
        }
    }

    fn send_noise(
        &mut self,
        now: Mono,
        slot: u32,
        audio: &mut Audio,
        noise: Payload,
        filling: Filling,
        bench: &mut Bench,
    ) {
        if let Some(encoded) = audio.speech.flush(&mut bench.payload) {
            self.send_encoded(now, slot, encoded, &bench.payload);
        }
        let ticks = rtp::ticks(noise.clock_hz, TICK_MS as u32);
        let (octets, level) = match filling {
            Filling::Noise(level) => (1, level),
            Filling::Audio | Filling::Nothing => (0, 0),
        };
        self.send_encoded(now, slot, Encoded { payload: noise, ticks, octets }, &[level]);
    }

    /// Sends a packet of our own; nothing goes out for one without content, but the clock runs on.
    pub(super) fn send_encoded(&mut self, now: Mono, slot: u32, encoded: Encoded, content: &[u8]) {
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.as_deref_mut()) else {
            return;
        };
        let Encoded { payload, ticks, octets } = encoded;
        let content = content.get(..octets).unwrap_or(&[]);
        if content.is_empty() {
            return port.out.pause(ticks);
        }
        let Some(to) = port.send_rtp(now) else { return };
        let numbers = port.out.own(now, ticks, payload.clock_hz);
        port.sent_payload(content.len());
        let sending = Sending { slot, channel: Channel::Rtp, to };
        self.departures.add(sending, |out, begin| {
            out.extend_from_slice(&numbers.header(payload.number));
            out.extend_from_slice(content);
            Self::sealed(port, out, begin)
        });
    }
}
