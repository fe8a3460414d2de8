//! A far end's packets made into even audio: ten milliseconds at each pull, whatever the network does.
//!
//! ```text
//!   take ──► packets by number ──► decoded in turn ──► ready ──► pull
//!                 │                                      │
//!            lateness ──► wanted delay ──► a pitch period less or more
//!
//!   Resting ── a packet has waited long enough ──► Speaking ── nothing came for GIVE_UP, or the far end pauses ──► Resting
//! ```
//!
//! While nothing comes, play-out stands still and something is made up: a packet that comes after all is played and the
//! delay has grown by as much, at once. It shrinks by pitch periods that are blended away. A far clock that is fast or
//! slow is met in the same way. A pause (silence suppression, RFC 3551 §4.1) is told from loss by sequence numbers.
//!
//! Nothing is allocated per packet once every slot was used. Deliberately absent: keypad events; whoever reads those
//! hands them in here too, because they share the numbers.

mod conceal;
mod lateness;
mod noise;
mod packets;
mod pitch;
mod play;
mod ready;
mod voices;

use base::media::Codec;
use base::{Mono, limits};

use self::conceal::Concealer;
use self::lateness::Lateness;
use self::noise::Noise;
use self::packets::{Held, Packets, Put, Sound};
use self::play::Play;
use self::ready::Ready;
use self::voices::Voices;
use crate::frame::{Frame, Rate};
use crate::rtp::Header;

/// So many packets in a row whose turn is over mean that the sender has begun anew with lower numbers.
const BEHIND_RUN: u8 = 10;

/// What a pulled frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// What the far end said.
    Speech,
    /// Made up for what was lost or is late.
    Concealed,
    /// Comfort noise in a pause.
    Noise,
    /// Nothing: no packet has come, or the far end pauses.
    Silence,
}

/// What became of the packets so far, and how long the next one waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Packets whose turn was over when they came, or that waited longer than any may.
    pub late: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that came after one with a higher number.
    pub reordered: u64,
    /// Packets that their codec could not read.
    pub damaged: u64,
    /// Milliseconds made up for what was lost or late.
    pub concealed_ms: u64,
    /// Milliseconds put in to let the delay grow, or because the far clock is slow.
    pub added_ms: u64,
    /// Milliseconds taken out to let it shrink, or because the far clock is fast.
    pub removed_ms: u64,
    /// How long after the fastest possible moment the latest audio plays.
    pub delay_ms: u32,
    /// How long it should be.
    pub wanted_ms: u32,
}

impl Figures {
    /// With those of a receiver that came after; the times are its own.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        Self {
            late: self.late + later.late,
            lost: self.lost + later.lost,
            duplicates: self.duplicates + later.duplicates,
            reordered: self.reordered + later.reordered,
            damaged: self.damaged + later.damaged,
            concealed_ms: self.concealed_ms + later.concealed_ms,
            added_ms: self.added_ms + later.added_ms,
            removed_ms: self.removed_ms + later.removed_ms,
            ..later
        }
    }
}

/// Receives one far end's speech.
#[derive(Debug)]
pub struct Receiver {
    rate: Rate,
    stream: Option<Stream>,
    packets: Packets,
    lateness: Lateness,
    voices: Voices,
    ready: Ready,
    concealer: Concealer,
    noise: Noise,
    play: Play,
    behind_run: (u16, u8),
    figures: Figures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stream {
    ssrc: u32,
    clock_hz: u32,
}

impl Receiver {
    /// For audio at `rate`.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            stream: None,
            packets: Packets::new(),
            lateness: Lateness::new(),
            voices: Voices::new(rate),
            ready: Ready::new(rate),
            concealer: Concealer::new(rate.hz()),
            noise: Noise::new(),
            play: Play::default(),
            behind_run: (0, 0),
            figures: Figures::default(),
        }
    }

    /// Takes a packet of the far end, in whatever order; also those that carry no speech, for their numbers' sake.
    pub fn take(&mut self, now: Mono, header: &Header, codec: Codec, payload: &[u8]) {
        let sound = self.sound(codec, payload);
        let clock_hz = clock(codec).or_else(|| self.stream.map(|stream| stream.clock_hz));
        let Some(clock_hz) = clock_hz else { return };
        let stream = Stream { ssrc: header.ssrc, clock_hz };
        if self.stream != Some(stream) {
            self.stream = Some(stream);
            self.begin(header.sequence, clock_hz);
        }
        let Some(sound) = sound else {
            self.figures.damaged += 1;
            return;
        };
        let held = Held { sequence: header.sequence, timestamp: header.timestamp, sound };
        let before = self.packets.highest();
        match self.packets.put(held, payload) {
            Put::Taken => {
                let behind = header.sequence.wrapping_sub(before).cast_signed() < 0;
                self.figures.reordered += u64::from(behind);
                self.behind_run = (0, 0);
            }
            Put::Twice => {
                self.figures.duplicates += 1;
                self.come_behind(held, payload);
                return;
            }
            Put::Late => {
                self.figures.late += 1;
                // It was counted among the lost when its turn was over.
                self.figures.lost = self.figures.lost.saturating_sub(1);
                self.come_behind(held, payload);
            }
            Put::Beyond => {
                self.begin(header.sequence, clock_hz);
                self.packets.put(held, payload);
            }
        }
        if matches!(sound, Sound::Speech { .. }) {
            self.lateness.measure(now, header.timestamp);
        }
    }

    /// The next ten milliseconds. `out` is of the receiver's rate.
    pub fn pull(&mut self, now: Mono, out: &mut Frame) -> Pulled {
        let wanted = out.samples().len();
        while self.ready.len() < wanted {
            self.play.kind = self.produce(now);
        }
        self.keep_delay(now);
        self.ready.take(out.samples_mut());
        self.play.kind
    }

    /// Its audio has another rate from now on. Packets that wait and all counts stay; what was ready goes.
    pub fn retune(&mut self, rate: Rate) {
        if rate == self.rate {
            return;
        }
        self.rate = rate;
        self.voices = Voices::new(rate);
        self.ready = Ready::new(rate);
        self.concealer = Concealer::new(rate.hz());
        self.play.rest();
    }

    /// What became of the packets so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures { delay_ms: self.play.delay_ms, wanted_ms: (self.target_us() / 1_000) as u32, ..self.figures }
    }

    /// What a payload is for the ear; `None` when it is damaged.
    fn sound(&mut self, codec: Codec, payload: &[u8]) -> Option<Sound> {
        match codec {
            Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::Opus => {
                let samples = self.voices.samples_in(codec, payload)? as u64;
                let ticks = samples * u64::from(clock(codec)?) / u64::from(self.rate.hz());
                Some(Sound::Speech { codec, ticks: u32::try_from(ticks).ok()? })
            }
            Codec::ComfortNoise => Some(Sound::Noise { level: payload.first()? & 0x7f }),
            Codec::TelephoneEvent | Codec::Other(_) => Some(Sound::Nothing),
        }
    }

    fn begin(&mut self, first: u16, clock_hz: u32) {
        self.packets.begin(first);
        self.lateness.begin(clock_hz);
        self.fall_silent();
        self.behind_run = (0, 0);
    }

    /// Its turn is over. When nothing else comes any more, the stream has begun anew there.
    fn come_behind(&mut self, held: Held, payload: &[u8]) {
        let (last, run) = self.behind_run;
        let goes_on = held.sequence == last.wrapping_add(1);
        self.behind_run = (held.sequence, if goes_on { run.saturating_add(1) } else { 1 });
        if self.behind_run.1 >= BEHIND_RUN
            && let Some(stream) = self.stream
        {
            self.begin(held.sequence, stream.clock_hz);
            self.packets.put(held, payload);
        }
    }

    fn target_us(&self) -> i64 {
        self.lateness.target_us(self.play.least_delay(limits::JITTER_LEAST))
    }
}

/// The RTP clock of a codec (RFC 3551 §4.5, RFC 7587 §4.1, RFC 3389 §4); events have that of their stream.
fn clock(codec: Codec) -> Option<u32> {
    match codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => Some(8_000),
        Codec::Opus => Some(48_000),
        Codec::ComfortNoise | Codec::TelephoneEvent | Codec::Other(_) => None,
    }
}

#[cfg(test)]
mod tests;
