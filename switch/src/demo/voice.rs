//! One end of a call's audio: sends its tone every 20 ms and listens to what comes.

use std::net::SocketAddr;
use std::time::Duration;

use base::{Entropy, Mono};
use media::codec::{Decoder, Encoder};
use media::rtp;

use super::coding::Coding;
use super::cue::{Hold, Kind, Speech};
use super::tone::{self, Heard, PITCHES, Pitch, Side};

const HEADER: usize = 12;
/// Octets of 20 ms in each codec spoken here, and ticks of its RTP clock.
const OCTETS: usize = 160;
/// Samples of 20 ms at the highest rate.
const SAMPLES: usize = 320;
/// Samples of the longest packet that is listened to: 60 ms.
const LONGEST: usize = 3 * SAMPLES;
const PACKET: Duration = Duration::from_millis(20);
/// A sender later than this gives up the packets it missed.
const LATE: Duration = Duration::from_millis(500);
/// What the first packet of a stream bears beside its payload type (RFC 3551 §4.1).
const MARKER: u8 = 0x80;
/// Moments of 20 ms that somebody is heard at least who talks.
const TALKS: u64 = 25;

/// A stream out and a stream in.
#[derive(Debug)]
pub(super) struct Voice {
    speech: Speech,
    pitch: Pitch,
    encoder: Box<dyn Encoder>,
    ear: Ear,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    began: Mono,
    next: Mono,
    sent: u64,
    /// Since when the other end waits.
    holds: Option<Mono>,
    held: Duration,
    held_at: Option<Mono>,
}

/// Moments of 20 ms in which something was heard.
#[derive(Debug)]
struct Ear {
    decoder: Box<dyn Decoder>,
    tones: [u64; PITCHES],
    sound: u64,
    last: Option<Pitch>,
}

/// What one end says about its audio when the call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hearing {
    /// Which end.
    pub(super) side: Side,
    /// Of what kind of call.
    pub(super) kind: Kind,
    /// Its codec.
    pub(super) coding: Coding,
    /// The tone it sent.
    pub(super) ours: Pitch,
    /// The tone it heard most.
    pub(super) theirs: Option<Pitch>,
    /// Packets sent.
    pub(super) sent: u64,
    /// Moments of 20 ms in which that tone was heard.
    pub(super) heard: u64,
    /// Moments in which its own tone came back.
    pub(super) echo: u64,
    /// Moments of speech, music and the like.
    pub(super) sound: u64,
    /// Others whose tones were heard for half a second or more.
    pub(super) others: usize,
    /// How long it let the other end wait.
    pub(super) held: Duration,
    /// Since when, the first time.
    pub(super) held_at: Option<Mono>,
    /// From the first packet sent to the end.
    pub(super) lasted: Duration,
}

impl Voice {
    /// Speaks from `now` on; its tone is the one of this `turn`.
    pub(super) fn new(now: Mono, entropy: &mut dyn Entropy, speech: Speech, turn: usize) -> Self {
        let (encoder, decoder) = speech.coding.coders();
        Self {
            pitch: Pitch::of(speech.side, turn),
            speech,
            encoder,
            ear: Ear { decoder, tones: [0; PITCHES], sound: 0, last: None },
            ssrc: entropy.next_u32(),
            sequence: entropy.next_u32() as u16,
            timestamp: entropy.next_u32(),
            began: now,
            next: now,
            sent: 0,
            holds: None,
            held: Duration::ZERO,
            held_at: None,
        }
    }

    /// The next packet that is due, and where it goes.
    pub(super) fn packet(&mut self, now: Mono) -> Option<([u8; HEADER + OCTETS], SocketAddr)> {
        if self.next > now || self.holds.is_some() {
            return None;
        }
        self.next = if now.since(self.next) > LATE { now } else { self.next } + PACKET;
        let marker = if self.sent == 0 { MARKER } else { 0 };
        let mut packet = [0; HEADER + OCTETS];
        packet[0] = 0x80;
        packet[1] = marker | self.speech.coding.payload_type();
        packet[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        packet[8..HEADER].copy_from_slice(&self.ssrc.to_be_bytes());
        self.sing(&mut packet[HEADER..]);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(OCTETS as u32);
        self.sent += 1;
        Some((packet, self.speech.to))
    }

    /// When the next packet is due; `None` while the other end waits.
    pub(super) fn deadline(&self) -> Option<Mono> {
        self.holds.is_none().then_some(self.next)
    }

    /// Lets the other end wait, or no longer.
    pub(super) fn hold(&mut self, now: Mono, hold: Hold) {
        match hold {
            Hold::On => {
                self.holds = self.holds.or(Some(now));
                self.held_at = self.held_at.or(Some(now));
            }
            Hold::Off => {
                self.held += self.waits(now);
                self.holds = None;
                self.next = now;
            }
        }
    }

    /// Takes a packet.
    pub(super) fn hear(&mut self, packet: &[u8]) {
        let Some(header) = rtp::read(packet) else { return };
        let payload = packet.len().checked_sub(header.payload_octets).and_then(|at| packet.get(at..));
        if header.payload_type == self.speech.coding.payload_type() {
            self.ear.hear(payload.unwrap_or_default(), self.speech.coding.rate().hz());
        }
    }

    /// Ends the call's audio.
    pub(super) fn finish(self, now: Mono) -> Hearing {
        let Speech { side, kind, coding, .. } = self.speech;
        let count = |pitch: Pitch| self.ear.tones[pitch.index()];
        let others = || Pitch::all().filter(|pitch| *pitch != self.pitch && count(*pitch) > 0);
        let theirs = others().max_by_key(|pitch| count(*pitch));
        Hearing {
            side,
            kind,
            coding,
            ours: self.pitch,
            theirs,
            sent: self.sent,
            heard: theirs.map_or(0, count),
            echo: count(self.pitch),
            sound: self.ear.sound,
            others: others().filter(|pitch| count(*pitch) >= TALKS).count(),
            held: self.held + self.waits(now),
            held_at: self.held_at,
            lasted: now.since(self.began),
        }
    }

    fn waits(&self, now: Mono) -> Duration {
        self.holds.map_or(Duration::ZERO, |since| now.since(since))
    }

    fn sing(&mut self, payload: &mut [u8]) {
        let rate = self.speech.coding.rate().hz();
        let mut audio = [0; SAMPLES];
        let audio = &mut audio[..rate as usize / 50];
        self.pitch.write(self.sent * audio.len() as u64, rate, audio);
        let octets = self.encoder.encode(audio, payload);
        debug_assert!(matches!(octets, Ok(OCTETS)), "20 ms are 160 octets in each of these codecs");
    }
}

impl Ear {
    fn hear(&mut self, payload: &[u8], rate: u32) {
        let mut audio = [0; LONGEST];
        let Ok(samples) = self.decoder.decode(payload, &mut audio) else { return };
        for moment in audio[..samples].chunks_exact(rate as usize / 50) {
            match tone::listen(moment, rate, self.last) {
                Heard::Silence => {}
                Heard::Sound => self.sound += 1,
                Heard::Tones(chord) => {
                    for pitch in chord.pitches() {
                        self.tones[pitch.index()] += 1;
                        self.last = Some(pitch);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base::testing::Seeded;

    use super::*;

    fn voice(side: Side, coding: Coding) -> Voice {
        let to = "127.0.0.1:4000".parse().unwrap();
        let speech = Speech { to, side, kind: Kind::Talk, coding };
        Voice::new(Mono(0), &mut Seeded::new(1), speech, 5)
    }

    #[test]
    fn two_ends_hear_each_other_fifty_times_a_second_in_every_codec() {
        for coding in [Coding::Pcmu, Coding::Pcma, Coding::G722] {
            let (mut caller, mut callee) = (voice(Side::Caller, coding), voice(Side::Callee, coding));
            for ms in 0..1_000 {
                let now = Mono(ms * 1_000);
                if let Some((packet, _)) = caller.packet(now) {
                    callee.hear(&packet);
                }
                if let Some((packet, _)) = callee.packet(now) {
                    caller.hear(&packet);
                }
            }
            let (caller, callee) = (caller.finish(Mono(1_000_000)), callee.finish(Mono(1_000_000)));
            assert_eq!((caller.sent, caller.others, caller.echo), (50, 1, 0));
            assert!(caller.heard >= 48 && callee.heard >= 48, "{caller:?} {callee:?}");
            assert_eq!((caller.theirs, callee.theirs), (Some(callee.ours), Some(caller.ours)));
            assert_eq!(caller.lasted, Duration::from_secs(1));
        }
    }

    #[test]
    fn an_end_that_hears_itself_hears_nobody_else() {
        let mut caller = voice(Side::Caller, Coding::Pcmu);
        let (packet, _) = caller.packet(Mono(0)).unwrap();
        caller.hear(&packet);
        caller.hear(b"no RTP");
        let hearing = caller.finish(Mono(1));
        assert_eq!((hearing.echo, hearing.heard, hearing.theirs), (1, 0, None));
    }

    #[test]
    fn what_was_missed_in_a_long_pause_is_not_sent_all_at_once() {
        let mut caller = voice(Side::Caller, Coding::Pcmu);
        let late = Mono(10_000_000);
        let burst = std::iter::from_fn(|| caller.packet(late)).count();
        assert_eq!(burst, 1);
        assert_eq!(caller.deadline(), Some(late + PACKET));
    }

    #[test]
    fn who_holds_the_other_end_sends_nothing_meanwhile() {
        let mut caller = voice(Side::Caller, Coding::Pcmu);
        caller.hold(Mono(0), Hold::On);
        assert!(caller.packet(Mono(500_000)).is_none() && caller.deadline().is_none());
        caller.hold(Mono(2_000_000), Hold::Off);
        assert!(caller.packet(Mono(2_000_000)).is_some());
        assert_eq!(caller.finish(Mono(3_000_000)).held, Duration::from_secs(2));
    }
}
