//! What a far end is told, in packets of the length it wishes.

use base::media::{Codec, Payload, Wishes};

use crate::codec::{self, Encoder};
use crate::frame::{Frame, Rate, TICK_MS};
use crate::rtp;

/// Octets of the longest payload: 60 ms of Opus at its highest rate stay below.
pub(crate) const PAYLOAD_OCTETS: usize = 3_840;

/// Gathers frames and encodes them.
#[derive(Debug, Default)]
pub(crate) struct Speech {
    coder: Option<Coder>,
    pending: Vec<i16>,
}

#[derive(Debug)]
struct Coder {
    encoder: Box<dyn Encoder>,
    payload: Payload,
    wishes: Wishes,
    packet_ms: usize,
}

/// One packet's worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) payload: Payload,
    /// How long it is, in ticks of the payload's clock.
    pub(crate) ticks: u32,
    /// 0: nothing is to be sent for it.
    pub(crate) octets: usize,
}

impl Speech {
    /// Packets are of this kind from now on; another encoder is made when that changes.
    pub(crate) fn tune(&mut self, payload: Payload, wishes: &Wishes, rate: Rate) {
        let fits = |coder: &Coder| {
            coder.payload == payload && coder.wishes == *wishes && coder.encoder.rate() == rate
        };
        if self.coder.as_ref().is_some_and(fits) {
            return;
        }
        self.pending.clear();
        let packet_ms = usize::from(codec::packet_ms(payload.codec, wishes.packet_ms));
        self.pending.reserve(packet_ms / TICK_MS * rate.frame());
        self.coder = codec::encoder(payload.codec, wishes, rate).map(|encoder| Coder {
            encoder,
            payload,
            wishes: *wishes,
            packet_ms,
        });
    }

    /// Adds ten milliseconds, and encodes into `out` when a packet is full.
    pub(crate) fn add(&mut self, frame: &Frame, out: &mut [u8]) -> Option<Encoded> {
        let coder = self.coder.as_ref()?;
        self.pending.extend_from_slice(frame.samples());
        let full = coder.packet_ms / TICK_MS * coder.encoder.rate().frame();
        if self.pending.len() < full { None } else { self.flush(out) }
    }

    /// Encodes what there is of a packet.
    pub(crate) fn flush(&mut self, out: &mut [u8]) -> Option<Encoded> {
        let coder = self.coder.as_mut()?;
        let frames = self.pending.len() / coder.encoder.rate().frame();
        if frames == 0 {
            return None;
        }
        let ticks = rtp::ticks(coder.payload.clock_hz, (frames * TICK_MS) as u32);
        let encoded = coder.encoder.encode(&self.pending, out);
        self.pending.clear();
        // Lengths that the codec does not have, such as 30 ms of Opus, only come up when a stream ends: nothing is sent.
        Some(Encoded { payload: coder.payload, ticks, octets: encoded.unwrap_or(0) })
    }

    /// How much was gathered, in ticks of the payload's clock.
    pub(crate) fn gathered(&self) -> u32 {
        self.coder.as_ref().map_or(0, |coder| {
            let frames = self.pending.len() / coder.encoder.rate().frame();
            rtp::ticks(coder.payload.clock_hz, (frames * TICK_MS) as u32)
        })
    }

    /// What was gathered is not sent.
    pub(crate) fn clear(&mut self) {
        self.pending.clear();
    }

    /// The far end loses so many percent of our packets.
    pub(crate) fn expect_loss(&mut self, percent: u8) {
        if let Some(coder) = &mut self.coder {
            coder.encoder.expect_loss(percent);
        }
    }
}

/// The best rate that a payload type has any use for; narrow band for none.
pub(crate) fn best_rate(payload: Option<Payload>) -> Rate {
    match payload.map(|payload| payload.codec) {
        Some(Codec::G722) => Rate::Hz16000,
        Some(Codec::Opus) => Rate::Hz48000,
        Some(Codec::Pcmu | Codec::Pcma | Codec::TelephoneEvent | Codec::ComfortNoise | Codec::Other(_))
        | None => Rate::Hz8000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PCMU: Payload = Payload { number: 0, clock_hz: 8_000, codec: Codec::Pcmu };

    #[test]
    fn packets_are_as_long_as_wished() {
        for packet_ms in [10_u8, 20, 30, 60] {
            let mut speech = Speech::default();
            speech.tune(PCMU, &Wishes { packet_ms, ..Wishes::default() }, Rate::Hz8000);
            let mut out = [0; PAYLOAD_OCTETS];
            let packets: Vec<Encoded> =
                (0..12).filter_map(|_| speech.add(&Frame::silent(Rate::Hz8000), &mut out)).collect();
            let octets = usize::from(packet_ms) * 8;
            assert_eq!(packets.len(), 120 / usize::from(packet_ms));
            assert!(packets.iter().all(|packet| packet.octets == octets && packet.ticks == octets as u32));
        }
    }

    #[test]
    fn the_rest_of_a_packet_can_be_had_early() {
        let mut speech = Speech::default();
        speech.tune(PCMU, &Wishes { packet_ms: 40, ..Wishes::default() }, Rate::Hz8000);
        let mut out = [0; PAYLOAD_OCTETS];
        assert_eq!(speech.flush(&mut out), None);
        assert_eq!(speech.add(&Frame::silent(Rate::Hz8000), &mut out), None);
        assert_eq!(speech.flush(&mut out), Some(Encoded { payload: PCMU, ticks: 80, octets: 80 }));
    }
}
