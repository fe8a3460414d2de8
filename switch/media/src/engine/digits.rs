//! Keys of far ends: read, told, collected, and sent to those who hear them in the way that each takes them.
//!
//! ```text
//!   event, tone or INFO ─► down: what plays to the far end may end
//!                      └─► up: told, collected, and sent to each listener ── passed on with the packets that carry it
//!                                                                        ├── as events of the listener's clock
//!                                                                        └── as tones in its audio
//! ```

use std::time::Duration;

use base::Mono;
use base::media::{Codec, Collect, DigitBy, Gain, Listen, MediaEvent, Payload};
use smallvec::SmallVec;

use super::play::{self, Ended};
use super::{Beat, Channel, Engine};
use crate::audio::Audio;
use crate::departures::Sending;
use crate::detect::Listener;
use crate::digits::{Collector, EventPacket, Key, Mute, Press, Reader, ToneReader, Turn};
use crate::dsp::level;
use crate::hearing::Way;
use crate::port::Port;
use crate::rtp::{self, Header};

/// What a port has of its far end's keys.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    reader: Reader,
    /// Of the latest event.
    payload: Option<Payload>,
    collector: Collector,
    /// They are told and pass to nobody.
    held: bool,
}

impl Keys {
    /// Whether others get them from whoever is told.
    pub(crate) fn are_held(&self) -> bool {
        self.held
    }

    /// When there is next something to do.
    pub(crate) fn due(&self) -> Option<Mono> {
        self.reader.deadline().into_iter().chain(self.collector.deadline()).min()
    }
}

impl Engine {
    /// Begins a collecting.
    pub(super) fn collect(&mut self, now: Mono, slot: u32, collect: Collect) {
        let id = self.id(slot);
        let Some(port) = self.port_mut(slot) else { return };
        port.keys.get_or_insert_default();
        self.note_playing(now, slot);
        let Some(keys) = self.port_mut(slot).and_then(|port| port.keys.as_mut()) else { return };
        for ended in keys.collector.begin(now, collect) {
            self.tell(slot, ended.event(id));
        }
        self.queue_deadline(slot);
    }

    /// Ends it.
    pub(super) fn stop_collect(&mut self, _now: Mono, slot: u32) {
        let keys = self.port_mut(slot).and_then(|port| port.keys.as_mut());
        if let Some(ended) = keys.and_then(|keys| keys.collector.stop()) {
            self.tell(slot, ended.event(self.id(slot)));
        }
    }

    /// Sends digits to the far end.
    pub(super) fn send_digits(&mut self, now: Mono, slot: u32, digits: &str, each: Duration) {
        let Some(audio) = self.audio_mut(slot) else { return };
        audio.sender.get_or_insert_default().send(digits, each);
        self.reconsider(now, slot);
    }

    /// A digit came by signalling.
    pub(super) fn digit_came(&mut self, now: Mono, slot: u32, digit: char, lasted: Duration) {
        self.key(now, slot, Key::Down(digit));
        self.key(now, slot, Key::Up(Press { digit, lasted, by: DigitBy::Info }));
    }

    /// Digits of the far end pass to nobody any more, or to all who hear it as usual.
    pub(super) fn hold_digits(&mut self, now: Mono, slot: u32, held: bool) {
        let Some(port) = self.port_mut(slot) else { return };
        if port.keys.as_ref().is_some_and(|keys| keys.held) == held {
            return;
        }
        port.keys.get_or_insert_default().held = held;
        self.reconsider_around(now, slot);
    }

    /// Listens in the far end's audio.
    pub(super) fn listen(&mut self, now: Mono, slot: u32, listen: Listen) {
        let Some(audio) = self.audio_mut(slot) else { return };
        let rate = audio.said.rate();
        audio.tones =
            listen.digits.then(|| audio.tones.take().unwrap_or_else(|| Box::new(ToneReader::new(rate))));
        let others = Listen { digits: false, ..listen };
        audio.listener = (others != Listen::default()).then(|| match audio.listener.take() {
            None => Box::new(Listener::new(others, rate)),
            Some(mut listener) => {
                listener.listen(others);
                listener
            }
        });
        self.reconsider_around(now, slot);
    }

    /// A packet of the far end was accepted, of any payload type.
    pub(super) fn digits_arrive(
        &mut self,
        now: Mono,
        slot: u32,
        header: &Header,
        payload: &Payload,
        packet: &[u8],
    ) {
        if payload.codec != Codec::TelephoneEvent {
            return;
        }
        let Some(port) = self.port_mut(slot).filter(|port| port.may_be_heard()) else { return };
        let Some(content) = rtp::payload(packet) else { return };
        let keys = port.keys.get_or_insert_default();
        keys.payload = Some(*payload);
        let told = keys.reader.take(now, header, payload.clock_hz, content);
        for key in told {
            self.key(now, slot, key);
        }
        self.queue_deadline(slot);
    }

    /// Keys that were heard in this beat.
    pub(super) fn take_keys(&mut self, now: Mono) {
        while let Some((slot, key)) = self.bench.as_mut().and_then(|bench| {
            let any = !bench.keys.is_empty();
            any.then(|| bench.keys.remove(0))
        }) {
            self.at_work = Some(slot);
            self.key(now, slot, key);
        }
    }

    /// Ends what waited too long for a packet or a digit.
    pub(super) fn keys_due(&mut self, now: Mono, slot: u32) {
        let id = self.id(slot);
        let Some(keys) = self.port_mut(slot).and_then(|port| port.keys.as_mut()) else { return };
        let (press, ended) = (keys.reader.tick(now), keys.collector.tick(now));
        if let Some(press) = press {
            self.key(now, slot, Key::Up(press));
        }
        if let Some(ended) = ended {
            self.tell(slot, ended.event(id));
        }
    }

    /// The time to the first digit counts from the end of what plays.
    pub(super) fn note_playing(&mut self, now: Mono, slot: u32) {
        let Some(port) = self.port_mut(slot) else { return };
        let playing = port.audio.as_ref().is_some_and(|audio| !audio.plays.is_empty());
        if let Some(keys) = &mut port.keys {
            keys.collector.playing(now, playing);
            self.queue_deadline(slot);
        }
    }

    /// Whether keypad tones of `slot` are kept from those who hear it.
    pub(super) fn mute_of(&self, slot: u32) -> Mute {
        let reads = self.port(slot).and_then(|port| port.audio.as_ref()).is_some_and(|it| it.tones.is_some());
        let held = self.port(slot).is_some_and(Port::holds_digits);
        let told = || self.listeners(slot).iter().any(|it| self.port(*it).is_some_and(Port::is_told_digits));
        if reads && (held || told()) { Mute::Yes } else { Mute::No }
    }

    /// Whether what `listener` hears of `source` has to be worked on so that keypad tones can be taken out.
    pub(super) fn must_lose_tones(&self, source: u32, listener: &Port) -> bool {
        let reads = |port: &Port| port.audio.as_ref().is_some_and(|audio| audio.tones.is_some());
        let loses = |port: &Port| reads(port) && (listener.is_told_digits() || port.holds_digits());
        self.port(source).is_some_and(loses)
    }

    fn key(&mut self, now: Mono, slot: u32, key: Key) {
        match key {
            Key::Down(digit) => self.key_down(slot, digit),
            Key::Up(press) => self.key_up(now, slot, press),
        }
    }

    fn key_down(&mut self, slot: u32, digit: char) {
        let Some(port) = self.port_mut(slot) else { return };
        let breaks_in = port.keys.as_ref().is_some_and(|keys| keys.collector.barges_in());
        if let Some(audio) = &mut port.audio {
            play::interrupt(audio, digit, if breaks_in { Ended::All } else { Ended::UntilDigit });
        }
    }

    fn key_up(&mut self, now: Mono, slot: u32, press: Press) {
        let id = self.id(slot);
        let Press { digit, lasted, by } = press;
        self.tell(slot, MediaEvent::Digit { port: id, digit, lasted, by });
        let Some(port) = self.port_mut(slot) else { return };
        if let Some(ended) = port.keys.get_or_insert_default().collector.digit(now, digit) {
            self.tell(slot, ended.event(id));
        }
        self.pass_key(now, slot, press);
        self.queue_deadline(slot);
    }

    /// Sends a key to all who hear `slot` and have not got it with its packets or its audio.
    fn pass_key(&mut self, now: Mono, slot: u32, press: Press) {
        if self.port(slot).is_some_and(Port::holds_digits) {
            return;
        }
        let muted = self.mute_of(slot) == Mute::Yes;
        let payload = self.port(slot).and_then(|port| port.keys.as_ref()?.payload);
        for listener in self.listeners(slot) {
            let Some(port) = self.port(listener).filter(|port| port.digit_way().is_some()) else { continue };
            let has_it = match press.by {
                DigitBy::Event => {
                    let passed = payload.and_then(|payload| port.same(&payload));
                    port.hearing.way == Way::Relay(slot) && passed.is_some()
                }
                DigitBy::Tone => !muted,
                DigitBy::Info => false,
            };
            if !has_it && let Some(audio) = self.audio_mut(listener) {
                audio.sender.get_or_insert_default().press(press);
                self.reconsider(now, listener);
            }
        }
    }

    /// Those who hear `slot` by name. In a room nobody hears another's keys.
    fn listeners(&self, slot: u32) -> SmallVec<[u32; 2]> {
        let hears = |listener: &u32| {
            *listener != slot
                && self.port(*listener).is_some_and(|port| {
                    let sources = &port.hearing.sources;
                    sources.iter().any(|heard| heard.slot == slot && heard.gain != Gain::OFF)
                })
        };
        let entry = self.slots.get(slot as usize);
        entry.map(|entry| entry.heard_by.iter().copied().filter(hears).collect()).unwrap_or_default()
    }

    /// Goes on with digits to a far end whose audio is not made here: as events beside what passes.
    pub(super) fn send_digits_alone(&mut self, now: Mono, slot: u32, audio: &mut Audio) {
        let Some(port) = self.port(slot) else { return };
        if let Some(packet) = press(port, audio).packet {
            self.send_event(now, slot, audio, packet);
        }
    }

    /// Sends a packet of an event, with the timestamp of its beginning.
    pub(super) fn send_event(&mut self, now: Mono, slot: u32, audio: &mut Audio, packet: EventPacket) {
        let Some(port) = self.slots.get_mut(slot as usize).and_then(|entry| entry.port.as_deref_mut()) else {
            return;
        };
        let Some(payload) = port.events() else { return };
        let speech_hz = port.speech().map_or(payload.clock_hz, |speech| speech.clock_hz);
        // Of an event with another clock, the timestamps still stand on the one of the stream (RFC 4733 §2.1).
        let scaled =
            |ticks: u32| u64::from(ticks) * u64::from(speech_hz) / u64::from(payload.clock_hz.max(1));
        if packet.marker {
            let frame_at = port.out.timestamp_after(now, audio.speech.gathered(), speech_hz);
            audio.event_at = frame_at.wrapping_sub(scaled(packet.ago) as u32);
        }
        let timestamp = audio.event_at.wrapping_add(scaled(packet.segment) as u32);
        let Some(to) = port.send_rtp(now) else { return };
        let numbers = port.out.beside(now, timestamp, packet.marker);
        port.sent_payload(packet.payload.len());
        self.departures.add(Sending { slot, channel: Channel::Rtp, to }, |out, begin| {
            out.extend_from_slice(&numbers.header(payload.number));
            out.extend_from_slice(&packet.payload);
            Self::sealed(port, out, begin)
        });
    }
}

/// Listens to what a far end said in this beat, and takes keypad tones out of it where others shall not hear them.
pub(super) fn listen(beat: &mut Beat<'_>, audio: &mut Audio, mute: Mute) -> SmallVec<[Key; 2]> {
    if let Some(listener) = &mut audio.listener {
        for what in listener.hear(&audio.said) {
            beat.tell(MediaEvent::Detected { port: beat.port, what });
        }
    }
    let Some(tones) = &mut audio.tones else { return SmallVec::new() };
    let keys = tones.hear(&mut audio.said, mute);
    if mute == Mute::Yes && audio.power > 0.0 {
        audio.power = level::mean_square(audio.said.samples());
    }
    keys
}

/// Lets digits on their way to a far end take the place of what it hears in this beat: `audio.heard`.
pub(super) fn press(port: &Port, audio: &mut Audio) -> Turn {
    let (Some(sender), way) = (&mut audio.sender, port.digit_way()) else { return Turn::NONE };
    let turn = way.map_or(Turn::NONE, |way| sender.turn(way, &mut audio.heard));
    if sender.is_idle() || way.is_none() {
        audio.sender = None;
    }
    turn
}
