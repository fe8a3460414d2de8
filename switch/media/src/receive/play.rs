//! Whose turn it is.

use std::time::Duration;

use base::media::Codec;
use base::{Mono, limits};

use super::packets::{Held, Sound};
use super::ready::Change;
use super::voices::samples;
use super::{Pulled, Receiver};

/// After so much that was made up the rest is silence.
const GIVE_UP_MS: u32 = 100;
/// Timestamps may be off by so much between two packets in a row.
const SLACK_MS: u32 = 9;
/// A packet that has waited for so many pulls is played, whatever its timestamp says.
const PATIENCE: u8 = 25;
/// The delay may be so much longer than wanted, and so much shorter.
const LONGER_US: i64 = 15_000;
const SHORTER_US: i64 = 6_000;
/// So far from what is wanted, sounds that repeat themselves less are changed too.
const FAR_US: i64 = 40_000;
/// Likeness of neighbouring periods that makes a change inaudible, and what must do when it is urgent.
const ALIKE: f32 = 0.9;
const URGENT: f32 = 0.3;
/// Pulls between two changes.
const SHRINK_PULLS: u8 = 15;
const GROW_PULLS: u8 = 4;
/// Pulls before a change is tried again that found nothing alike.
const RETRY_PULLS: u8 = 3;
/// Milliseconds that a change would like to choose from.
const CHOICE_MS: u32 = 30;
/// Packets after a loss in which a codec with forward error correction gets time for it.
const LOSSY_PACKETS: u16 = 500;
/// All that can wait: a delay beyond it is a timestamp's jump that is not yet understood.
const LONGEST_MS: u32 = limits::JITTER_PACKETS as u32 * limits::AUDIO_PACKET_MS;

/// Where play-out stands.
#[derive(Debug)]
pub(super) struct Play {
    speaking: bool,
    /// The timestamp that follows what was decoded.
    cursor: u32,
    /// Milliseconds made up since the last packet, and how many of them are not yet known to stand for a lost one.
    made_up_ms: u32,
    unexplained_ms: u32,
    /// Pulls since the first packet waits in a rest.
    waited: u8,
    codec: Option<Codec>,
    packet_ms: u32,
    lossy: u16,
    /// Pulls until the length may be changed.
    hold: u8,
    pub(super) kind: Pulled,
    pub(super) delay_ms: u32,
}

/// What is to be done for the next samples.
enum Step {
    /// Nothing to be heard in it: next.
    Pass(Held),
    /// It waited too long: next.
    Drop(Held),
    Speak(Held),
    /// What is missing before it may be in it.
    Recover(Held, u32),
    Conceal,
    Rest,
}

impl Default for Play {
    fn default() -> Self {
        Self {
            speaking: false,
            cursor: 0,
            made_up_ms: 0,
            unexplained_ms: 0,
            waited: 0,
            codec: None,
            packet_ms: 0,
            lossy: 0,
            hold: 0,
            kind: Pulled::Silence,
            delay_ms: 0,
        }
    }
}

impl Play {
    /// The next packet begins anew.
    pub(super) fn rest(&mut self) {
        (self.speaking, self.waited, self.unexplained_ms) = (false, 0, 0);
    }

    /// Opus holds a copy of the last packet in the next one, which must be there in time.
    pub(super) fn least_delay(&self, least: Duration) -> Duration {
        if self.codec == Some(Codec::Opus) && self.lossy > 0 {
            least.max(Duration::from_millis(u64::from(self.packet_ms.min(100)) + 10))
        } else {
            least
        }
    }
}

impl Receiver {
    /// Makes some more samples ready.
    pub(super) fn produce(&mut self, now: Mono) -> Pulled {
        for _ in 0..=limits::JITTER_PACKETS {
            match self.step(now) {
                Step::Pass(held) => self.pass(held),
                Step::Drop(held) => self.drop_waiting(held),
                Step::Speak(held) => {
                    if self.speak(now, held) {
                        return Pulled::Speech;
                    }
                }
                Step::Recover(held, ms) => {
                    self.recover(held, ms);
                    return Pulled::Concealed;
                }
                Step::Conceal => {
                    self.conceal(10);
                    return Pulled::Concealed;
                }
                Step::Rest => return self.rest(),
            }
        }
        self.rest()
    }

    /// Keeps the delay near what is wanted.
    pub(super) fn keep_delay(&mut self, now: Mono) {
        self.play.hold = self.play.hold.saturating_sub(1);
        if !self.play.speaking || self.play.made_up_ms > 0 {
            return;
        }
        let Some(delay) = self.delay_us(now, self.play.cursor) else { return };
        self.play.delay_ms = shown_ms(delay);
        let off = delay - self.target_us();
        if self.play.hold > 0 || (-SHORTER_US..=LONGER_US).contains(&off) {
            return;
        }
        let (change, pulls) =
            if off > 0 { (Change::Shorter, SHRINK_PULLS) } else { (Change::Longer, GROW_PULLS) };
        if change == Change::Shorter {
            self.choose_from(now);
        }
        let least = if off.abs() > FAR_US { URGENT } else { ALIKE };
        let Some(changed) = self.ready.change(change, self.rate.hz(), least) else {
            self.play.hold = RETRY_PULLS;
            return;
        };
        self.play.hold = pulls;
        let ms = changed as u64 * 1_000 / u64::from(self.rate.hz());
        match change {
            Change::Shorter => self.figures.removed_ms += ms,
            Change::Longer => self.figures.added_ms += ms,
        }
    }

    /// Decodes ahead, as far as packets follow one another.
    fn choose_from(&mut self, now: Mono) {
        let frame = samples(self.rate, 10);
        while self.ready.len() < samples(self.rate, CHOICE_MS) + frame {
            match self.packets.first() {
                Some(held) if self.packets.missing_before(held) == 0 && self.gap(held) == 0 => {
                    if !matches!(held.sound, Sound::Speech { .. }) || !self.speak(now, held) {
                        return;
                    }
                }
                Some(_) | None => return,
            }
        }
    }

    fn step(&self, now: Mono) -> Step {
        let Some(first) = self.packets.first() else { return self.step_without() };
        let missing = self.packets.missing_before(first);
        let Sound::Speech { ticks, .. } = first.sound else { return Step::Pass(first) };
        let delay = self.delay_us(now, first.timestamp).unwrap_or(0);
        let held_us = i64::from(self.packets.ticks()) * 1_000_000 / i64::from(self.clock_hz());
        if delay > limits::JITTER_MOST.as_micros() as i64 && held_us > self.target_us() {
            return Step::Drop(first);
        }
        let gap = self.gap(first);
        let made_up = self.play.made_up_ms;
        if self.play.speaking && (gap <= self.ticks(made_up) || (missing == 0 && gap <= self.ticks(SLACK_MS)))
        {
            return Step::Speak(first);
        }
        // Timestamps that went on as much as the missing packets explain, give or take one: a loss.
        let explained = i64::from(missing) * i64::from(ticks.max(self.ticks(self.play.packet_ms) as u32));
        if !self.play.speaking
            || missing == 0
            || gap > explained + self.ticks(SLACK_MS)
            || made_up >= GIVE_UP_MS
        {
            let due = delay >= self.target_us() || self.play.waited >= PATIENCE;
            return if due { Step::Speak(first) } else { Step::Rest };
        }
        let left_ms = ((gap - self.ticks(made_up)) / self.ticks(1).max(1)) as u32;
        if (1..=self.play.packet_ms).contains(&left_ms) {
            Step::Recover(first, left_ms)
        } else {
            Step::Conceal
        }
    }

    fn step_without(&self) -> Step {
        if self.play.speaking && self.play.made_up_ms < GIVE_UP_MS { Step::Conceal } else { Step::Rest }
    }

    fn pass(&mut self, held: Held) {
        self.figures.lost += u64::from(self.packets.missing_before(held));
        self.packets.finish(held);
        match held.sound {
            Sound::Noise { level } => {
                self.noise.set(Some(level));
                self.fall_silent();
            }
            Sound::Nothing | Sound::Speech { .. } => {}
        }
    }

    fn drop_waiting(&mut self, held: Held) {
        self.figures.lost += u64::from(self.packets.missing_before(held));
        self.figures.late += 1;
        self.packets.finish(held);
        if let Sound::Speech { ticks, .. } = held.sound {
            self.play.cursor = held.timestamp.wrapping_add(ticks);
        }
    }

    /// Decodes a packet; whether anything came of it.
    fn speak(&mut self, now: Mono, held: Held) -> bool {
        let Sound::Speech { codec, ticks } = held.sound else { return false };
        let missing = self.packets.missing_before(held);
        self.explain(held, missing);
        let length = (u64::from(ticks) * u64::from(self.rate.hz()) / u64::from(self.clock_hz())) as usize;
        self.packets.finish(held);
        self.play.codec = Some(codec);
        self.play.packet_ms = (ticks / self.ticks(1).max(1) as u32).max(1);
        (self.play.speaking, self.play.waited, self.play.made_up_ms) = (true, 0, 0);
        self.play.cursor = held.timestamp.wrapping_add(ticks);
        let room = self.ready.room(length);
        let Some(decoded) = self.voices.decode(codec, self.packets.payload(held.sequence), room) else {
            self.figures.damaged += 1;
            self.conceal(self.play.packet_ms.min(20));
            return true;
        };
        self.ready.commit(decoded);
        self.concealer.end(self.ready.tail_mut(decoded));
        self.noise.set(None);
        if let Some(delay) = self.delay_us(now, self.play.cursor) {
            self.play.delay_ms = shown_ms(delay);
        }
        decoded > 0
    }

    /// What was made up stood for packets that are lost or late, or for a pause of the far end.
    fn explain(&mut self, held: Held, missing: u16) {
        let paused = missing == 0 && self.gap(held) > self.ticks(SLACK_MS);
        let unexplained = std::mem::take(&mut self.play.unexplained_ms);
        if !paused {
            self.figures.concealed_ms += u64::from(unexplained);
        }
        self.figures.lost += u64::from(missing);
        self.play.lossy = if missing > 0 { LOSSY_PACKETS } else { self.play.lossy.saturating_sub(1) };
    }

    fn recover(&mut self, held: Held, ms: u32) {
        let Sound::Speech { codec, .. } = held.sound else { return };
        let wanted = samples(self.rate, ms);
        let lost = samples(self.rate, self.play.packet_ms);
        let room = self.ready.room(wanted);
        let payload = self.packets.payload(held.sequence);
        if room.len() == wanted && self.voices.recover(codec, payload, lost, room) {
            self.ready.commit(wanted);
            self.made_up(ms);
        } else {
            self.conceal(ms.min(10));
        }
    }

    fn conceal(&mut self, ms: u32) {
        let wanted = samples(self.rate, ms);
        let room = self.ready.room(wanted);
        let by_codec = self.play.codec.is_some_and(|codec| self.voices.conceal(codec, room));
        if !by_codec {
            self.conceal_by_pitch(wanted);
        }
        self.ready.commit(wanted);
        self.made_up(ms);
    }

    fn conceal_by_pitch(&mut self, wanted: usize) {
        let (past, room) = self.ready.past_and_room(wanted);
        self.concealer.fill(past, room);
    }

    fn made_up(&mut self, ms: u32) {
        self.play.made_up_ms = self.play.made_up_ms.saturating_add(ms);
        self.play.unexplained_ms = self.play.unexplained_ms.saturating_add(ms);
    }

    /// The far end pauses: what was said last ends softly.
    pub(super) fn fall_silent(&mut self) {
        if self.play.speaking {
            let wanted = samples(self.rate, 10);
            let (past, room) = self.ready.past_and_room(wanted);
            self.concealer.fade_out(past, room);
            self.ready.commit(wanted);
        }
        self.play.rest();
    }

    fn rest(&mut self) -> Pulled {
        if self.play.speaking {
            let unexplained = self.play.unexplained_ms;
            self.fall_silent();
            self.play.unexplained_ms = unexplained;
        } else {
            let wanted = samples(self.rate, 10);
            self.noise.fill(self.ready.room(wanted));
            self.ready.commit(wanted);
        }
        let waits = self.packets.first().is_some();
        self.play.waited = if waits { self.play.waited.saturating_add(1) } else { 0 };
        if self.noise.is_on() { Pulled::Noise } else { Pulled::Silence }
    }

    /// Ticks from the end of what was decoded to a packet.
    fn gap(&self, held: Held) -> i64 {
        i64::from(held.timestamp.wrapping_sub(self.play.cursor).cast_signed())
    }

    fn ticks(&self, ms: u32) -> i64 {
        i64::from(self.clock_hz()) * i64::from(ms) / 1_000
    }

    fn clock_hz(&self) -> u32 {
        self.stream.map_or(8_000, |stream| stream.clock_hz)
    }

    /// The delay of a sample that would follow what is ready.
    fn delay_us(&self, now: Mono, timestamp: u32) -> Option<i64> {
        let ready = Duration::from_micros(self.ready.len() as u64 * 1_000_000 / u64::from(self.rate.hz()));
        self.lateness.delay_us(now + ready, timestamp)
    }
}

/// A delay as figures have it: none below nothing, none longer than what can wait.
fn shown_ms(delay_us: i64) -> u32 {
    u32::try_from((delay_us / 1_000).clamp(0, i64::from(LONGEST_MS))).unwrap_or(LONGEST_MS)
}
