//! What one leg's quality is told from: its reports, both ways, and what its packets are like.

use std::net::SocketAddr;
use std::time::Duration;

use base::media::{Codec, LegMedia, Payload};
use base::{Entropy, Mono};

use super::emodel::{Path, Rating, rate};
use super::trouble::{Heard, Pulse, Told, Troubles};
use crate::receive::Figures;
use crate::reception::Reception;
use crate::rtcp::{self, FarLoss, Listening, Metrics, Report, Session};

/// How often troubles are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// Looks from one telling of the figures to the next.
const TELL: u8 = 5;
/// One packet in so many is looked at for its sound.
const SAMPLE: u16 = 8;
/// Packets sent between two reports of a far end that must have brought it forward.
const SURELY: u64 = 50;
/// What a packet takes until it is full, and what a listener waits for others where we do not know.
const PACKET_MS: f32 = 20.0;
const WAITING_MS: f32 = 20.0;

/// One leg's reports, troubles and scores.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) session: Session,
    troubles: Troubles,
    heard: Heard,
    paused: bool,
    due: Option<Mono>,
    looks: u8,
    /// By the last look.
    sent: u64,
    received: u64,
    /// By the last telling.
    told: Counts,
    far: Far,
}

/// What came and what should have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    expected: u64,
    missing: u64,
}

/// What the far end reports of what we send.
#[derive(Clone, Copy, Debug, Default)]
struct Far {
    loss: FarLoss,
    /// In 256ths, since its report before.
    fraction: u8,
    jitter_us: u32,
    highest: u32,
    /// Packets sent by its last report.
    sent: u64,
    reports: bool,
    deaf: Option<bool>,
    metrics: Option<Metrics>,
    round_trip: Option<Duration>,
}

/// The state of the stream itself, for a look or a report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream<'a> {
    pub(crate) reception: &'a Reception,
    /// Of the receiver, where audio is worked on or was.
    pub(crate) played: Figures,
    pub(crate) sent: u64,
    pub(crate) spoken: Option<Codec>,
    pub(crate) speech: Option<Payload>,
    pub(crate) may_send: bool,
    pub(crate) may_receive: bool,
}

impl Watch {
    pub(crate) fn new(entropy: &mut dyn Entropy) -> Self {
        Self {
            session: Session::new(entropy),
            troubles: Troubles::default(),
            heard: Heard::default(),
            paused: false,
            due: None,
            looks: 0,
            sent: 0,
            received: 0,
            told: Counts::default(),
            far: Far::default(),
        }
    }

    /// Media was agreed.
    pub(crate) fn begin(&mut self, now: Mono, entropy: &mut dyn Entropy) {
        self.session.begin(now, entropy);
        self.due = self.due.or(Some(now + LOOK));
    }

    /// When there is next something to do.
    pub(crate) fn due(&self) -> Option<Mono> {
        self.session.due().into_iter().chain(self.due).min()
    }

    /// A packet of the far end came.
    pub(crate) fn packet(&mut self, codec: Codec, sequence: u16, payload: &[u8]) {
        self.paused = match codec {
            Codec::ComfortNoise => true,
            // Opus says with one or two octets that it says nothing (RFC 6716 §3.1, DTX).
            Codec::Opus => payload.len() <= 2,
            Codec::Pcmu | Codec::Pcma | Codec::G722 | Codec::Other(_) => false,
            Codec::TelephoneEvent => self.paused,
        };
        if sequence.is_multiple_of(SAMPLE)
            && let Some(silent) = is_silent(codec, payload)
        {
            self.sample(silent);
        }
    }

    /// Audio was looked at for its sound.
    pub(crate) fn sample(&mut self, silent: bool) {
        let count = if silent { &mut self.heard.silences } else { &mut self.heard.sounds };
        *count = count.saturating_add(1);
    }

    /// A packet that could be the far end's came from somebody else.
    pub(crate) fn stray(&mut self, from: SocketAddr) {
        self.troubles.stray(from);
    }

    /// A report of the far end came; `clock_hz` is that of what we send.
    pub(crate) fn report(&mut self, now: Mono, report: &Report, sent: u64, clock_hz: u32) {
        self.session.hear(now, report);
        self.far.report(now, report, sent, clock_hz);
    }

    /// Looks for troubles when it is time; also says whether the figures are to be told.
    pub(crate) fn look(&mut self, now: Mono, stream: &Stream<'_>) -> Option<(Told, bool)> {
        self.due.filter(|due| *due <= now)?;
        self.due = Some(now + LOOK);
        let received = stream.reception.packets;
        let pulse = Pulse {
            may_send: stream.may_send,
            may_receive: stream.may_receive,
            sent: stream.sent.saturating_sub(std::mem::replace(&mut self.sent, stream.sent)),
            received: received.saturating_sub(std::mem::replace(&mut self.received, received)),
            paused: self.paused,
            heard: std::mem::take(&mut self.heard),
            far_deaf: self.far.deaf.take(),
        };
        let told = self.troubles.look(&pulse);
        self.looks += 1;
        let tells = self.looks >= TELL;
        if tells {
            self.looks = 0;
        }
        Some((told, tells))
    }

    /// Adds what reports and play-out tell to the figures; scores are of the time since the last telling, and that time
    /// ends now.
    pub(crate) fn tell(&mut self, stream: &Stream<'_>, media: &mut LegMedia) {
        let counts = stream.counts();
        let since = Counts {
            expected: counts.expected.saturating_sub(self.told.expected),
            missing: counts.missing.saturating_sub(self.told.missing),
        };
        self.told = counts;
        self.fill(stream, since, f32::from(self.far.fraction) / 256.0, media);
    }

    /// The same, with scores of the whole call so far.
    pub(crate) fn sum_up(&self, stream: &Stream<'_>, media: &mut LegMedia) {
        let far_loss = share(self.far.loss.total(), stream.sent);
        self.fill(stream, stream.counts(), far_loss, media);
    }

    /// Percent of our packets that the far end lost lately, as its last report says.
    pub(crate) fn far_loss_percent(&self) -> u8 {
        (u16::from(self.far.fraction) * 100 / 256) as u8
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.far.round_trip
    }

    /// What an extended report says of what we hear.
    pub(crate) fn listening(&self, stream: &Stream<'_>) -> Listening {
        let counts = stream.counts();
        let loss = share(counts.missing, counts.expected);
        let shape = stream.reception.bursts().shape();
        let Rating { rating, mos_centi } = self.rating(stream, counts);
        let octet = |share: f32| (share * 256.0).min(255.0) as u8;
        let ms = |packets: f32| (packets * PACKET_MS).min(65_535.0) as u16;
        let waiting = stream.waiting_ms() as u16;
        Listening {
            loss: octet(loss),
            discarded: octet(share(stream.played.late, counts.expected)),
            burst_density: octet(shape.burst_density),
            gap_density: octet(shape.gap_density),
            burst_ms: ms(shape.burst),
            gap_ms: ms(shape.gap),
            round_trip_ms: self.far.round_trip.map_or(0, |time| time.as_millis().min(65_535) as u16),
            end_system_ms: waiting.saturating_add(PACKET_MS as u16),
            rating,
            mos_tenths: (mos_centi / 10) as u8,
            waiting_ms: waiting,
            waiting_most_ms: base::limits::JITTER_MOST.as_millis() as u16,
        }
    }

    fn fill(&self, stream: &Stream<'_>, counts: Counts, far_loss: f32, media: &mut LegMedia) {
        media.far_lost = self.far.loss.total();
        media.far_jitter_us = self.far.jitter_us;
        media.round_trip_us = self.far.round_trip.map_or(0, |time| time.as_micros() as u32);
        media.late = stream.played.late;
        media.duplicates = stream.played.duplicates;
        media.concealed_ms = stream.played.concealed_ms;
        if counts.expected > 0 {
            media.mos_centi = self.rating(stream, counts).mos_centi;
        }
        if self.far.reports && stream.sent > 0 {
            media.far_mos_centi = self.far_rating(stream, far_loss).mos_centi;
        }
    }

    fn rating(&self, stream: &Stream<'_>, counts: Counts) -> Rating {
        let loss = share(counts.missing, counts.expected);
        rate(&Path {
            codec: stream.spoken.unwrap_or(Codec::Pcmu),
            loss,
            burst: stream.reception.bursts().ratio(loss),
            delay_ms: self.far.one_way_ms() + PACKET_MS + stream.waiting_ms(),
        })
    }

    fn far_rating(&self, stream: &Stream<'_>, loss: f32) -> Rating {
        let waiting = WAITING_MS + 2.0 * self.far.jitter_us as f32 / 1_000.0;
        let there = self.far.metrics.map_or(waiting, |metrics| f32::from(metrics.end_system_ms) / 2.0);
        let discarded = self.far.metrics.map_or(0.0, |metrics| f32::from(metrics.discarded) / 256.0);
        rate(&Path {
            codec: stream.speech.map_or(Codec::Pcmu, |payload| payload.codec),
            loss: loss + discarded,
            burst: 1.0,
            delay_ms: self.far.one_way_ms() + PACKET_MS + there,
        })
    }
}

impl Stream<'_> {
    fn counts(&self) -> Counts {
        let missing = self.reception.lost() + self.played.late;
        Counts { expected: self.reception.expected(), missing }
    }

    /// How long packets wait at our end: in our buffer, or, of what is only relayed, at the listener's.
    fn waiting_ms(&self) -> f32 {
        match self.played.delay_ms {
            0 => WAITING_MS + 2.0 * self.reception.jitter_us() as f32 / 1_000.0,
            delay => delay as f32,
        }
    }
}

impl Far {
    fn report(&mut self, now: Mono, report: &Report, sent: u64, clock_hz: u32) {
        let back = report.last_reference.and_then(|back| rtcp::round_trip(now, back));
        let Some(reception) = &report.reception else {
            self.round_trip = back.or(self.round_trip);
            // It has heard us before, and now it hears nobody.
            if self.reports && !report.reports && !report.bye && sent.saturating_sub(self.sent) >= SURELY {
                (self.deaf, self.sent) = (Some(true), sent);
            }
            return;
        };
        self.round_trip = reception.round_trip(now).or(back).or(self.round_trip);
        self.loss.take(reception);
        (self.fraction, self.metrics) = (reception.fraction, report.metrics.or(self.metrics));
        let us = u64::from(reception.jitter_ticks) * 1_000_000 / u64::from(clock_hz.max(1));
        self.jitter_us = u32::try_from(us).unwrap_or(u32::MAX);
        if self.reports && reception.highest == self.highest && sent.saturating_sub(self.sent) >= SURELY {
            self.deaf = Some(true);
        } else if reception.highest != self.highest {
            self.deaf = Some(false);
        }
        (self.highest, self.sent, self.reports) = (reception.highest, sent, true);
    }

    fn one_way_ms(&self) -> f32 {
        self.round_trip.map_or(0.0, |time| time.as_secs_f32() * 500.0)
    }
}

fn share(part: u64, whole: u64) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// Whether a packet has no sound in it; `None` where it would have to be decoded for that.
fn is_silent(codec: Codec, payload: &[u8]) -> Option<bool> {
    let least: fn(u8) -> bool = match codec {
        Codec::Pcmu => |octet| octet & 0x7f >= 0x7e,
        Codec::Pcma => |octet| (octet ^ 0x55) & 0x7f <= 1,
        Codec::G722 | Codec::Opus | Codec::TelephoneEvent | Codec::ComfortNoise | Codec::Other(_) => {
            return None;
        }
    };
    let first = *payload.first()?;
    // The same again and again, or nothing but the smallest steps.
    Some(payload.iter().all(|octet| *octet == first) || payload.iter().all(|octet| least(*octet)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_of_g711_is_seen_without_decoding() {
        assert_eq!(is_silent(Codec::Pcmu, &[0xff, 0x7f, 0xfe, 0x7e]), Some(true));
        assert_eq!(is_silent(Codec::Pcma, &[0xd5, 0x55, 0xd4, 0x54]), Some(true));
        assert_eq!(is_silent(Codec::Pcma, &[0x12; 160]), Some(true), "a constant has no sound");
        assert_eq!(is_silent(Codec::Pcmu, &[0x60, 0xff, 0xff]), Some(false));
        assert_eq!(is_silent(Codec::Pcma, &[0xd5, 0x30]), Some(false));
        assert_eq!((is_silent(Codec::Opus, &[1]), is_silent(Codec::Pcmu, &[])), (None, None));
    }
}
